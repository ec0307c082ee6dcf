// The open conversation: which row it is, where one stands in it, and what has been read.
(() => {
  const at = (id) => document.getElementById(id);
  const A_MOMENT = 150;
  // Where one stands is remembered: asking would make the browser lay out the page before every message.
  let opened = null, held = null, told = "", telling = 0, stands = 0;
  const isAtEnd = () => stands > -48;

  function sync() {
    const conversation = at("conversation"), open = conversation?.dataset.open;
    document.body.dataset.pane = open ? "conversation" : at("rows").querySelector("[data-conversation]") ? "list" : "welcome";
    for (const link of at("rows").querySelectorAll("[aria-current]"))
      if (link.parentNode.dataset.conversation !== open) link.removeAttribute("aria-current");
    if (open) at(`row-${open}`)?.firstElementChild.setAttribute("aria-current", "page");
    if (conversation === opened) return;
    const first = opened === null;
    opened = conversation;
    told = conversation?.dataset.unread === "0" ? newestOfOthers() + invitation() : "";
    stands = 0;
    at("timeline")?.addEventListener("scroll", moved, { passive: true });
    if (!first && matchMedia("(min-width: 45rem) and (pointer: fine)").matches) at("composer-text")?.focus();
    tell();
  }

  const newestOfOthers = () =>
    [...at("conversation").querySelectorAll("article[data-message]:not([data-own])")].pop()?.dataset.message ?? "";

  const invitation = () => (at("conversation").querySelector('[data-kind="invited"]') ? " invitation" : "");

  // What one sees and looks at is read. A lively group is told of a few times a second, not with every message.
  function tell() {
    telling ||= setTimeout(() => { telling = 0; tellNow(); }, A_MOMENT);
  }

  function tellNow() {
    const timeline = at("timeline");
    if (!timeline || document.visibilityState !== "visible" || !document.hasFocus() || !isAtEnd()) return;
    const message = newestOfOthers(), seen = message + invitation();
    if (!seen || seen === told) return;
    told = seen;
    house.post(`/conversations/${opened.dataset.open}/read`, message ? { message } : {}).catch(() => { told = ""; });
  }

  function moved() {
    stands = at("timeline").scrollTop;
    if (isAtEnd()) at("to-end").hidden = true;
    tell();
  }

  // Whatever is put in above or below: what one reads stays where it is.
  document.addEventListener("place:before", (event) => {
    const timeline = event.target.closest("#timeline");
    held = null;
    if (!timeline || isAtEnd()) return;
    const top = timeline.getBoundingClientRect().top;
    const seen = [...event.target.children].find((one) => one.id && !("end" in one.dataset) && one.getBoundingClientRect().bottom > top);
    held = seen && { id: seen.id, top: seen.getBoundingClientRect().top, last: event.target.lastElementChild?.id };
  });
  document.addEventListener("place:after", (event) => {
    const timeline = event.target.closest?.("#timeline");
    if (timeline && isAtEnd()) {
      if (stands) timeline.scrollTop = 0;
    } else if (timeline && held) {
      const seen = at(held.id);
      if (seen) timeline.scrollTop += seen.getBoundingClientRect().top - held.top;
      if (event.target.lastElementChild?.id !== held.last) at("to-end").hidden = false;
    }
    held = null;
    sync();
    tell();
  });

  // Taking away what has the focus makes the browser lay out the old page and the new one together: twice the wait.
  document.addEventListener("htmx:before:swap", (event) => {
    const going = event.detail.tasks.find((task) => task.target?.id === "conversation")?.target;
    if (going?.contains(document.activeElement)) document.activeElement.blur();
  });
  document.addEventListener("htmx:after:swap", sync);
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#to-end")) { at("timeline").scrollTop = 0; moved(); }
  });
  document.addEventListener("visibilitychange", tell);
  addEventListener("focus", tell);
  sync();
})();
