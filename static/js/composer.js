// Writing: Enter, a draft that is kept, "is typing", and sending in order. Without this script the form is a plain form.
(() => {
  const form = () => document.getElementById("composer"), field = () => document.getElementById("composer-text");
  const TYPING = 4000, DRAFT = 500, SENDING_TRIES = [300, 600, 1200, 2500, 5000];
  let last = Promise.resolve(), unsent = 0, draft = null, typingAt = 0;

  const inOrder = (work) => (last = last.then(work, work));
  const base = (composer) => composer.getAttribute("action").replace(/\/messages$/, "");
  const opened = (composer) => (form()?.getAttribute("action") === composer.getAttribute("action") ? form() : null);
  const pause = (time) => new Promise((after) => setTimeout(after, time));

  function newKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function saveDraft(keepalive = false) {
    if (!draft) return;
    const { path, body, timer } = draft;
    clearTimeout(timer);
    draft = null;
    if (keepalive) house.post(path, { body }, true).catch(() => {});
    else inOrder(() => house.post(path, { body }).catch(() => {}));
  }

  function tellTyping(composer, typing) {
    if (!("typing" in composer.dataset) || (typing ? Date.now() - typingAt < TYPING : !typingAt)) return;
    typingAt = typing ? Date.now() : 0;
    house.post(`${base(composer)}/typing`, { typing: typing ? "yes" : "" }).catch(() => {});
  }

  function grow() {
    const input = field();
    if (!input || CSS.supports("field-sizing", "content")) return;
    input.style.blockSize = "auto";
    input.style.blockSize = `${input.scrollHeight}px`;
  }

  function say(composer, content) {
    if (composer.isConnected) composer.querySelector("#composer-alert").replaceChildren(...content);
  }

  function notice(words, role) {
    const banner = Object.assign(document.createElement("p"), { className: "banner", textContent: words });
    banner.setAttribute("role", role);
    return [banner];
  }

  async function insist(path, fields, meanwhile = () => {}) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await house.post(path, fields());
        if (answer.status < 500) return answer;
      } catch { /* no line: try again */ }
      meanwhile();
      await pause(SENDING_TRIES[Math.min(attempt, SENDING_TRIES.length - 1)]);
    }
  }

  // The key makes it safe to ask again: the same key is the same message, however often it is posted.
  async function send(composer, body, key) {
    const waits = () => say(composer, notice(composer.dataset.waiting, "status"));
    const answer = await insist(composer.getAttribute("action"), () => ({ body, key }), waits);
    if (answer.ok && !answer.redirected) { unsent -= 1; return say(composer, []); }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const reason = answer.status === 422 && page.getElementById("composer-alert");
    return giveBack(composer, body, reason ? [...reason.children] : notice(composer.dataset.failed, "alert"));
  }

  // What was refused stands in its field again, and becomes the draft behind whatever is to be saved already.
  function giveBack(composer, body, why) {
    const here = opened(composer) ?? composer, input = here.querySelector("textarea");
    input.value = input.value ? `${body}\n${input.value}` : body;
    say(here, why);
    grow();
    inOrder(() => keep(here, input, body, why));
  }

  async function keep(composer, input, body, why) {
    const answer = await insist(`${base(composer)}/draft`, () => ({ body: input.value }));
    unsent -= 1;
    if (composer.isConnected) return;
    // Who has gone elsewhere is told, and whoever came back before this was saved gets it all the same.
    if (opened(composer) && !field().value.includes(body)) { unsent += 1; return giveBack(composer, body, why); }
    if (!answer.ok) return house.complain(`${composer.dataset.failed} ${input.value}`);
    if (!opened(composer)) house.complain(`${composer.dataset.kept} ${why.map((one) => one.textContent.trim()).join(" ")}`);
  }

  document.addEventListener("submit", (event) => {
    const composer = event.target;
    if (composer !== form()) return;
    event.preventDefault();
    const input = field(), body = input.value, key = composer.elements.key.value;
    if (!body.trim()) return;
    if (draft) clearTimeout(draft.timer);
    draft = null;
    input.value = "";
    composer.elements.key.value = newKey();
    typingAt = 0;
    unsent += 1;
    grow();
    input.focus();
    document.getElementById("timeline").scrollTop = 0;
    inOrder(() => send(composer, body, key));
  });

  document.addEventListener("input", (event) => {
    if (event.target !== field()) return;
    const composer = form(), body = event.target.value;
    if (draft) clearTimeout(draft.timer);
    draft = { path: `${base(composer)}/draft`, body, timer: setTimeout(saveDraft, DRAFT) };
    tellTyping(composer, Boolean(body.trim()));
    grow();
  });

  document.addEventListener("keydown", (event) => {
    if (event.target !== field() || event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    const sends = event.ctrlKey || event.metaKey || event.shiftKey !== ("enterSends" in form().dataset);
    if (!sends) return;
    event.preventDefault();
    form().requestSubmit();
  });

  document.addEventListener("htmx:before:request", () => saveDraft());
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") saveDraft(true); });
  addEventListener("pagehide", () => saveDraft(true));
  addEventListener("beforeunload", (event) => { if (unsent) event.preventDefault(); });
})();
