// The page is drawn on the server. This reads it again whenever the server says that something has changed,
// and puts what differs into place: what somebody types, focuses or scrolls stays as it is.
import { settle } from "./settle.js";
import { mine, post } from "./act.js";
import { showForms } from "./form.js";
import "./box.js";
import "./search.js";
import { markUnread, tell } from "./unread.js";

let busy = false;
let again = false;
let source = null;

const roots = () => [...document.querySelectorAll("[data-root]")];
const sticky = () => [...document.querySelectorAll("[data-stick]")];
const atEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
const toEnd = (log) => { log.scrollTop = log.scrollHeight; };

async function refresh() {
  again = true;
  if (busy) return;
  busy = true;
  while (again) {
    again = false;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The server is gone; the event source finds out when it is back.
    }
  }
  busy = false;
}

function put(fresh) {
  const follow = sticky().filter(atEnd);
  const seen = new Set([...document.querySelectorAll("li.message")].map((one) => one.id));
  for (const root of roots()) {
    const now = fresh.getElementById(root.id);
    if (now) settle(root, now);
  }
  showForms();
  follow.forEach(toEnd);
  tell([...document.querySelectorAll("li.message")].filter((one) => !seen.has(one.id)));
  markUnread();
}

function connected(on) {
  document.body.classList.toggle("live", on);
  document.getElementById("lost").hidden = on;
}

function listen() {
  // A browser keeps six connections to a server: a page that nobody looks at holds none.
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    source = new EventSource("/live");
    source.onmessage = refresh;
    source.onopen = () => connected(true);
    source.onerror = () => connected(false);
  }
}

document.addEventListener("visibilitychange", listen);
document.addEventListener("changed", refresh);
// What stands beside the conversation: on a wide window it can be hidden, on a narrow one it can be shown.
const wide = matchMedia("(min-width: 1151px)");

function drawers() {
  for (const toggle of document.querySelectorAll("[data-toggle]")) {
    const list = document.body.classList;
    const { toggle: name } = toggle.dataset;
    toggle.setAttribute("aria-expanded", String(wide.matches ? !list.contains(`hide-${name}`) : list.contains(`show-${name}`)));
  }
}

function shut() {
  document.body.classList.remove("show-sidebar", "show-console");
  drawers();
}

document.addEventListener("click", (event) => {
  const name = event.target.closest("[data-toggle]")?.dataset.toggle;
  if (name) document.body.classList.toggle(`${wide.matches ? "hide" : "show"}-${name}`);
  else if (!event.target.closest(".sidebar, .console, dialog")) shut();
  drawers();
});
wide.addEventListener("change", drawers);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") shut();
});

if (document.body.dataset.slug === "home") post(mine("/home"));
sticky().forEach(toEnd);
showForms();
markUnread();
drawers();
listen();
