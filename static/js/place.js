// Two ways of putting pushed elements into an ordered list, for hx-swap:
//   place   by data-key; an element whose id is there already is replaced, so the same push twice is one push.
//   renew   the same with a snapshot of the newest part: what it should hold and does not is taken away.
//   differ  replace the target only when data-kind is another one.
// data-order="down": the highest key is on top. [data-end] stands at the old end: what would come after it is not
// loaded yet and is left out.
(() => {
  const keyed = (list) => [...list.children].filter((one) => one.dataset.key);
  const end = (list) => list.querySelector(":scope > [data-end]");
  const isDown = (list) => list.dataset.order === "down";

  function insert(list, element) {
    const key = element.dataset.key, last = end(list);
    if ("end" in element.dataset) return isDown(list) ? list.append(element) : list.prepend(element);
    if (last && key < last.dataset.key) return undefined;
    const newestFirst = keyed(list).filter((one) => one !== last);
    if (!isDown(list)) newestFirst.reverse();
    const neighbour = newestFirst.find((one) => one.dataset.key <= key);
    if (neighbour) return isDown(list) ? neighbour.before(element) : neighbour.after(element);
    if (last) return isDown(list) ? last.before(element) : last.after(element);
    return isDown(list) ? list.append(element) : list.prepend(element);
  }

  function put(list, element) {
    const old = element.id && document.getElementById(element.id);
    const focused = old && old.contains(document.activeElement);
    if (old && old.parentNode === list && old.dataset.key === element.dataset.key) old.replaceWith(element);
    else { if (old) old.remove(); insert(list, element); }
    if (focused) element.querySelector("a, button")?.focus({ preventScroll: true });
  }

  function place(list, elements) {
    // The end first: it says how far the list reaches.
    const inOrder = [...elements].sort((a, b) => ("end" in b.dataset) - ("end" in a.dataset));
    inOrder.forEach((element) => put(list, element));
    return elements.filter((element) => element.isConnected);
  }

  function renew(list, elements) {
    const news = elements.filter((one) => !("end" in one.dataset)), ids = new Set(news.map((one) => one.id));
    const olds = keyed(list).filter((one) => !("end" in one.dataset) && !("keep" in one.dataset));
    const complete = news.length === elements.length;
    const from = complete ? "" : news.map((one) => one.dataset.key).sort()[0] ?? "";
    const meets = complete || olds.some((one) => ids.has(one.id));
    olds.filter((one) => !ids.has(one.id) && (!meets || one.dataset.key >= from)).forEach((one) => one.remove());
    const reachesFurther = meets && olds.some((one) => one.isConnected && one.dataset.key < from);
    if (!reachesFurther) end(list)?.remove();
    return place(list, reachesFurther ? news : elements);
  }

  function differ(target, elements) {
    if (target.dataset.kind === elements[0].dataset.kind) return true;
    target.replaceWith(elements[0]);
    return elements;
  }

  htmx.registerExtension("place", {
    handle_swap: (style, target, fragment) => {
      const verb = { place, renew, differ }[style];
      if (!verb) return false;
      const elements = [...fragment.children];
      target.dispatchEvent(new CustomEvent("place:before", { bubbles: true }));
      const placed = elements.length || style === "renew" ? verb(target, elements) : [];
      (target.isConnected ? target : document.body).dispatchEvent(
        new CustomEvent("place:after", { bubbles: true, detail: { placed } }));
      return placed;
    },
  });
})();
