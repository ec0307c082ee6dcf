// One verification by emoji, seen from the far side.
import { VerificationPhase, VerificationRequestEvent, VerifierEvent } from "matrix-js-sdk/lib/crypto-api/verification.js";

export class Verification {
  #request; #verifier = null; #shown = null; #failed = null;

  constructor(request) {
    this.#request = request;
    request.on(VerificationRequestEvent.Change, () => this.#watch(request.verifier));
    this.#watch(request.verifier);
  }

  // When they start, their verifier turns up by itself; it runs until both sides are done.
  #watch(verifier) {
    if (!verifier || verifier === this.#verifier) return;
    this.#verifier = verifier;
    verifier.on(VerifierEvent.ShowSas, (callbacks) => { this.#shown = callbacks; });
    this.#shown = verifier.getShowSasCallbacks();
    verifier.verify().catch((error) => { this.#failed = String(error.message ?? error); });
  }

  look() {
    return {
      phase: VerificationPhase[this.#request.phase], emoji: this.#shown?.sas.emoji ?? null,
      numbers: this.#shown?.sas.decimal ?? null, failed: this.#failed, code: this.#request.cancellationCode,
    };
  }

  async accept() { await this.#request.accept(); }
  async start() { this.#watch(await this.#request.startVerification("m.sas.v1")); }
  async confirm() { await this.#shown.confirm(); }
  mismatch() { this.#shown.mismatch(); }
  async cancel() { await this.#request.cancel(); }
}
