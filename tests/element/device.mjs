// One device of somebody: a client of the library below Element, with its keys in memory. Each method is a command.
import * as sdk from "matrix-js-sdk";
import {
  AllDevicesIsolationMode, OnlySignedDevicesIsolationMode, decodeRecoveryKey, deriveRecoveryKeyFromPassphrase,
} from "matrix-js-sdk/lib/crypto-api/index.js";
import { Verification } from "./verification.mjs";

const password = (user, secret) => ({ type: "m.login.password", identifier: { type: "m.id.user", user }, password: secret });

export class Device {
  #client; #crypto; #secret = null; #storageKey = null; #verifications = new Map();

  constructor(tell) { this.tell = tell; }

  // Getting in and out

  // With a password, or with the token that a homeserver gives whoever signed in on its own page.
  async signIn({ homeserver, user, secret, token, name = "Far side" }) {
    const door = sdk.createClient({ baseUrl: homeserver });
    const who = token ? { type: "m.login.token", token } : password(user, secret);
    const opened = await door.loginRequest({ ...who, initial_device_display_name: name });
    this.#secret = password(user, secret);
    this.#client = sdk.createClient({
      baseUrl: homeserver, userId: opened.user_id, deviceId: opened.device_id, accessToken: opened.access_token,
      cryptoCallbacks: {
        getSecretStorageKey: async ({ keys }) => this.#storageKey && [Object.keys(keys)[0], this.#storageKey],
        cacheSecretStorageKey: (_id, _info, key) => { this.#storageKey = key; },
      },
    });
    await this.#client.initRustCrypto({ useIndexedDB: false });
    this.#crypto = this.#client.getCrypto();
    this.#client.on("crypto.verificationRequestReceived", (request) => this.#keep(request));
    const synced = new Promise((go) => this.#client.once("sync", go));
    await this.#client.startClient({ initialSyncLimit: 20 });
    await synced;
    return { user: opened.user_id, device: opened.device_id };
  }

  async signOut() {
    this.#client.stopClient();
    await this.#client.logout(true);
  }

  leave() { this.#client?.stopClient(); }

  // Rooms

  async createRoom({ name, invite = [], encrypted = true, direct = false }) {
    const state = encrypted
      ? [{ type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } }] : [];
    const made = await this.#client.createRoom({ name, invite, is_direct: direct, preset: "private_chat", initial_state: state });
    return made.room_id;
  }

  async join({ room }) { await this.#client.joinRoom(room); }
  async leaveRoom({ room }) { await this.#client.leave(room); }
  async invite({ room, user }) { await this.#client.invite(room, user); }
  rooms() { return this.#client.getRooms().map((room) => ({ id: room.roomId, membership: room.getMyMembership() })); }
  members({ room }) {
    return (this.#client.getRoom(room)?.getMembers() ?? []).map((one) => ({ user: one.userId, membership: one.membership }));
  }

  async say({ room, body }) { return (await this.#client.sendTextMessage(room, body)).event_id; }
  async send({ room, type, content }) { return (await this.#client.sendEvent(room, type, content)).event_id; }

  // What this device can read of a room: the newest messages, each with how far its encryption is believed.
  async messages({ room, older = 0 }) {
    const found = this.#client.getRoom(room);
    if (!found) return [];
    if (older) await this.#client.scrollback(found, older);
    return Promise.all(found.getLiveTimeline().getEvents().filter(isMessage).map((event) => this.#message(event)));
  }

  async #message(event) {
    if (event.isEncrypted()) await this.#client.decryptEventIfNeeded(event);
    const shield = event.isEncrypted() && !event.isDecryptionFailure() && await this.#crypto.getEncryptionInfoForEvent(event);
    return {
      id: event.getId(), sender: event.getSender(), body: event.getContent().body ?? null, content: event.getContent(),
      encrypted: event.isEncrypted(), failure: event.isDecryptionFailure() ? event.decryptionFailureReason : null,
      shield: shield ? shield.shieldReason : null,
    };
  }

  // Keys

  async setUpKeys({ passphrase } = {}) {
    await this.#crypto.bootstrapCrossSigning({
      setupNewCrossSigning: true, authUploadDeviceSigningKeys: async (make) => make(this.#secret),
    });
    const key = await this.#crypto.createRecoveryKeyFromPassphrase(passphrase);
    this.#storageKey = key.privateKey;
    await this.#crypto.bootstrapSecretStorage({
      createSecretStorageKey: async () => key, setupNewSecretStorage: true, setupNewKeyBackup: true,
    });
    return key.encodedPrivateKey;
  }

  // What Element does with a recovery key: takes the identity, signs this device, reads the backup.
  async unlock({ recoveryKey, passphrase }) {
    this.#storageKey = recoveryKey ? decodeRecoveryKey(recoveryKey) : await this.#derived(passphrase);
    await this.#crypto.userHasCrossSigningKeys(this.#client.getUserId(), true); // without the public ones it takes nothing
    await this.#crypto.bootstrapCrossSigning({});
    await this.#crypto.loadSessionBackupPrivateKeyFromSecretStorage();
    await this.#crypto.checkKeyBackupAndEnable();
    const { total, imported } = await this.#crypto.restoreKeyBackup();
    return { total, imported };
  }

  async #derived(passphrase) {
    const [, info] = await this.#client.secretStorage.getKey();
    return deriveRecoveryKeyFromPassphrase(passphrase, info.passphrase.salt, info.passphrase.iterations);
  }

  async status() {
    return {
      crossSigning: await this.#crypto.isCrossSigningReady(), secretStorage: await this.#crypto.isSecretStorageReady(),
      backup: await this.#crypto.getActiveSessionBackupVersion(),
    };
  }

  // How many room keys the backup on the server has; they get there some seconds after they were used first.
  async backedUp() { return (await this.#client.http.authedRequest("GET", "/room_keys/version")).count; }

  async exportKeys() { return JSON.parse(await this.#crypto.exportRoomKeysAsJson()); }
  async importKeys({ keys }) { await this.#crypto.importRoomKeysAsJson(JSON.stringify(keys)); }
  async forgetOutbound({ room }) { await this.#crypto.forceDiscardSession(room); }
  onlySigned({ on }) {
    this.#crypto.setDeviceIsolationMode(on ? new OnlySignedDevicesIsolationMode() : new AllDevicesIsolationMode(true));
  }

  // How this device sees others

  async devicesOf({ user }) {
    const devices = (await this.#crypto.getUserDeviceInfo([user], true)).get(user) ?? new Map();
    return Promise.all([...devices.keys()].map(async (id) => {
      const seen = await this.#crypto.getDeviceVerificationStatus(user, id);
      return { id, signedByOwner: seen.signedByOwner, verified: seen.crossSigningVerified };
    }));
  }

  async identityOf({ user }) {
    const seen = await this.#crypto.getUserVerificationStatus(user);
    return { known: seen.known, verified: seen.isCrossSigningVerified(), needsApproval: seen.needsUserApproval };
  }

  // Verification

  async askToVerify({ user, room, device }) {
    const request = room ? await this.#crypto.requestVerificationDM(user, room)
      : device ? await this.#crypto.requestDeviceVerification(user, device)
        : await this.#crypto.requestOwnUserVerification();
    return this.#keep(request);
  }

  async verification({ id, step = "look" }) {
    const one = this.#verifications.get(id);
    if (!one) throw new Error("no such verification");
    return one[step]();
  }

  #keep(request) {
    const id = request.transactionId;
    if (!this.#verifications.has(id)) {
      this.#verifications.set(id, new Verification(request));
      this.tell({ asked: id, from: request.otherUserId, room: request.roomId ?? null });
    }
    return id;
  }
}

const isMessage = (event) => !event.isState() && ["m.room.message", "m.room.encrypted"].includes(event.getWireType());
