// Fields that search: what is typed goes to the bot, and what it suggests is offered, as a combobox does it.
import { formPost } from "./form.js";

const waiting = new WeakMap();

const parts = (input) => ({
  list: document.getElementById(input.getAttribute("aria-controls")),
  get options() { return [...this.list.querySelectorAll("[role=option]")]; },
});

function open(input, on) {
  parts(input).list.hidden = !on;
  input.setAttribute("aria-expanded", String(on));
  if (!on) input.removeAttribute("aria-activedescendant");
}

function line(list, words) {
  const item = document.createElement("li");
  item.className = "none";
  item.textContent = words;
  list.replaceChildren(item);
}

function offer(list, options) {
  if (!options.length) return line(list, "No results");
  list.replaceChildren(...options.map((option, number) => {
    const item = document.createElement("li");
    item.id = `${list.id}-${number}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    item.dataset.value = option.value;
    item.textContent = option.text.text;
    return item;
  }));
}

async function ask(input, query) {
  const { list } = parts(input);
  if (list.hidden) line(list, "Searching…");
  open(input, true);
  const turn = {};
  waiting.set(input, turn);
  const said = await formPost(input, "suggest", { field: input.name, query });
  if (waiting.get(input) === turn && document.activeElement === input) offer(list, said.options ?? []);
}

function move(input, by) {
  const { options } = parts(input);
  if (!options.length) return;
  const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const next = options[(at + by + options.length + (at < 0 && by < 0 ? 1 : 0)) % options.length];
  options.forEach((one) => one.setAttribute("aria-selected", String(one === next)));
  input.setAttribute("aria-activedescendant", next.id);
  next.scrollIntoView({ block: "nearest" });
}

function choose(input, option) {
  input.value = input.dataset.chosen = option?.textContent ?? "";
  waiting.delete(input);
  open(input, false);
  return formPost(input, "choose", { field: input.name, value: option?.dataset.value ?? "" });
}

const search = (event) => (event.target.matches?.("[data-search] [role=combobox]") ? event.target : null);

document.addEventListener("click", (event) => {
  const input = search(event);
  if (input && parts(input).list.hidden) ask(input, "");
  if (input) input.select();
  const clear = event.target.closest("[data-clear]");
  if (clear) choose(clear.parentElement.querySelector("[role=combobox]"), null);
});

document.addEventListener("mousedown", (event) => {
  const option = event.target.closest("[data-search] [role=option]");
  if (!option) return;
  event.preventDefault();
  choose(option.closest("[data-search]").querySelector("[role=combobox]"), option);
});

document.addEventListener("input", (event) => {
  const input = search(event);
  if (!input) return;
  clearTimeout(input.asking);
  input.asking = setTimeout(() => ask(input, input.value), 150);
});

document.addEventListener("focusout", (event) => {
  const input = search(event);
  if (!input) return;
  clearTimeout(input.asking);
  input.value = input.dataset.chosen ?? "";
  open(input, false);
});

document.addEventListener("keydown", (event) => {
  const input = search(event);
  if (!input) return;
  const { list } = parts(input);
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) {
    event.preventDefault();
    if (list.hidden) ask(input, "");
    else move(input, steps[event.key]);
  } else if (!list.hidden && event.key === "Enter") {
    event.preventDefault();
    const option = parts(input).options.find((one) => one.getAttribute("aria-selected") === "true");
    if (option) choose(input, option);
  } else if (!list.hidden && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    input.value = input.dataset.chosen ?? "";
    open(input, false);
  }
}, true);
