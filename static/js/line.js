// The line to the house: says when it is down, catches up when it is back, and posts what the other scripts have to say.
const house = (() => {
  const live = document.getElementById("live"), mark = document.getElementById("line");
  const headers = () => ({ ...JSON.parse(document.body.getAttribute("hx-headers:inherited")), "HX-Request": "true" });
  const show = (text) => htmx.swap({ sourceElement: live, target: live, swap: "none", text, transition: false });

  const post = (path, fields, keepalive = false) => fetch(path, {
    method: "POST", headers: headers(), body: new URLSearchParams(fields), keepalive,
    signal: keepalive ? undefined : AbortSignal.timeout(15000),
  });

  // A frame that comes while a page part is on its way may be newer than that part: it is shown again afterwards.
  let underWay = 0, kept = [];
  async function arrived() {
    underWay -= 1;
    if (underWay) return;
    const frames = kept;
    kept = [];
    for (const text of frames) await show(text);
  }
  const isGet = (event) => event.detail.ctx?.request?.method === "GET";
  document.addEventListener("htmx:before:request", (event) => { if (isGet(event)) underWay += 1; });
  document.addEventListener("htmx:finally:request", (event) => { if (isGet(event)) arrived(); });

  let wanted = false, taking = false;
  async function catchUp() {
    wanted = true;
    if (taking) return;
    taking = true;
    while (wanted) {
      wanted = false;
      underWay += 1;
      try {
        const open = document.getElementById("conversation")?.dataset.open;
        const path = live.dataset.snapshot ?? (open ? `/conversations/${open}` : "/") + location.search;
        const answer = await fetch(path, { headers: { ...headers(), "HX-Snapshot": "true" }, signal: AbortSignal.timeout(15000) });
        if (answer.redirected || answer.status === 404 || answer.status === 401) location.reload();
        else if (answer.ok) await show(await answer.text());
        else throw new Error(answer.status);
      } catch {
        await new Promise((after) => setTimeout(after, 1000));
        wanted = true;
      }
      await arrived();
    }
    taking = false;
  }

  let heard = 0, since = 0, connection = null, wasOpen = false, downSince = 0;
  document.addEventListener("htmx:ws:before:connection", (event) => {
    connection = event.detail.connection;
    since = Date.now();
    connection.config.reconnectMaxDelay = downSince && Date.now() - downSince > 60000 ? 10000 : 400;
  });
  document.addEventListener("htmx:ws:after:connection", () => {
    heard = Date.now();
    downSince = 0;
    mark.textContent = "";
    if (wasOpen) catchUp();
    wasOpen = true;
  });
  document.addEventListener("htmx:ws:close", (event) => {
    if (event.detail.code === 1008) return location.reload();
    downSince ||= Date.now();
    setTimeout(() => { if (downSince) mark.textContent = mark.dataset.down; }, 400);
  });
  document.addEventListener("htmx:ws:before:message:incoming", (event) => {
    heard = Date.now();
    const text = event.detail.message.data;
    if (!text.startsWith("{")) {
      if (underWay) kept.push(text);
      return;
    }
    const said = JSON.parse(text);
    if (said.reload) location.reload();
    if (said.version !== undefined && said.version !== Number(live.dataset.version) && !live.dataset.greeted) catchUp();
    if (said.version !== undefined) live.dataset.greeted = "yes";
  });
  // A line can die without a word: no sign of life, or a door that nobody opens.
  setInterval(() => {
    const socket = connection?.socket, now = Date.now();
    if (socket?.readyState === WebSocket.OPEN && now - heard > 12000) socket.close();
    if (socket?.readyState === WebSocket.CONNECTING && now - since > 6000) socket.close();
  }, 1000);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  function complain(words) {
    const toast = document.getElementById("toast").content.firstElementChild.cloneNode(true);
    toast.setAttribute("role", "alert");
    toast.querySelector(".banner__text").textContent = words;
    document.getElementById("toasts").replaceChildren(toast);
  }
  document.addEventListener("click", (event) => event.target.closest?.("[data-close]")?.parentNode.remove());
  const failed = () => complain(live.dataset.failed);
  document.addEventListener("htmx:error", failed);
  document.addEventListener("htmx:response:error", (event) => { if (event.detail.ctx.response.status !== 422) failed(); });

  return { post, complain };
})();
