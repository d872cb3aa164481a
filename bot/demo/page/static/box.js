// The message box: Enter sends, a slash brings suggestions, lines to try are put into it.
import { mine, post } from "./act.js";

const hints = document.getElementById("hints");
const all = [...hints.children];
const shown = () => all.filter((one) => !one.hidden);
const chosen = () => shown().find((one) => one.getAttribute("aria-selected") === "true");
let box = null;

function grow(area) {
  area.rows = Math.min(6, Math.max(area.value.split("\n").length, Math.ceil(area.value.length / 90)));
}

function fill(area, text) {
  area.value = text;
  area.focus();
  grow(area);
  suggest(area);
}

function suggest(area) {
  const text = area.value.toLowerCase();
  const wanted = text.startsWith("/") && text.length < 40;
  for (const one of all) {
    const offered = one.dataset.fill.toLowerCase();
    one.hidden = !(wanted && offered.startsWith(text) && offered.trim() !== text.trim());
    one.setAttribute("aria-selected", "false");
  }
  box = area;
  hints.hidden = !shown().length;
  if (hints.hidden) return;
  const at = area.closest("form").getBoundingClientRect();
  area.closest("form").before(hints);
  hints.style.setProperty("max-height", `${Math.min(360, at.top - 60)}px`);
}

function hide() {
  hints.hidden = true;
}

function move(by) {
  const options = shown();
  const at = options.indexOf(chosen());
  const next = options[at < 0 && by < 0 ? options.length - 1 : (at + by + options.length) % options.length];
  options.forEach((one) => one.setAttribute("aria-selected", String(one === next)));
  box.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

async function send(form) {
  const area = form.elements.text;
  const text = area.value.trim();
  if (!text) return;
  area.value = "";
  grow(area);
  hide();
  await post(mine("/say"), { text, channel: form.dataset.channel, thread: form.dataset.thread });
}

document.addEventListener("submit", (event) => {
  if (!("box" in event.target.dataset)) return;
  event.preventDefault();
  send(event.target);
});

document.addEventListener("input", (event) => {
  if (!event.target.closest("form[data-box]")) return;
  grow(event.target);
  suggest(event.target);
});

document.addEventListener("keydown", (event) => {
  const form = event.target.closest("form[data-box]");
  if (!form) return;
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (!hints.hidden && event.key in steps) {
    event.preventDefault();
    move(steps[event.key]);
  } else if (!hints.hidden && event.key === "Escape") {
    hide();
  } else if (!hints.hidden && (event.key === "Enter" || event.key === "Tab") && chosen()) {
    event.preventDefault();
    fill(box, chosen().dataset.fill);
  } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send(form);
  }
});

document.addEventListener("mousedown", (event) => {
  const hint = event.target.closest("#hints [role=option]");
  if (!hint) return;
  event.preventDefault();
  fill(box, hint.dataset.fill);
});

document.addEventListener("click", (event) => {
  const line = event.target.closest("button[data-fill]");
  if (line) fill(document.getElementById("box"), line.dataset.fill);
});

document.addEventListener("focusout", (event) => {
  if (event.target === box) hide();
});
