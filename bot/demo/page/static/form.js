// Forms: dialogs that the server draws. Every act carries along what was typed so far.
import { during, mine, post, sure } from "./act.js";

const dialogOf = (element) => element.closest("dialog[data-form]");

function typed(within) {
  const texts = {};
  for (const input of within?.querySelectorAll("[data-typed]") ?? []) texts[input.name] = input.value;
  return texts;
}

export function formPost(element, act, body = {}) {
  const dialog = dialogOf(element);
  const view = dialog ? dialog.dataset.form : "home";
  const id = dialog ? view : element.dataset.viewId;
  return post(mine(`/form/${view}/${act}`), { id, typed: typed(dialog), ...body });
}

export function showForms() {
  for (const dialog of document.querySelectorAll("dialog[data-form]")) {
    if (!dialog.open) {
      dialog.showModal();
      first(dialog)?.focus();
    }
    // Also where a form has become another one under the hands of who fills it in.
    if (!document.activeElement?.closest("dialog")) first(dialog)?.focus();
  }
  const wrong = document.querySelector("dialog[open] [aria-invalid=true]");
  if (wrong && document.activeElement?.type === "submit") wrong.focus();
}

const first = (dialog) => dialog.querySelector(".form-body :is(input, select, textarea, button)");

document.addEventListener("submit", async (event) => {
  const dialog = dialogOf(event.target);
  if (!dialog) return;
  event.preventDefault();
  const button = dialog.querySelector("footer [type=submit]");
  if (button) await during(button, () => formPost(dialog, "submit"));
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if ("typed" in field.dataset) formPost(field, "type", { field: field.name });
  if (field.dataset.do !== "choose") return;
  formPost(field, "choose", { field: field.name, value: field.value, date: "date" in field.dataset });
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { do: act, value, button: text } = button.dataset;
  if ("close" in button.dataset) formPost(button, "close");
  if (act === "press" && (await sure(button))) {
    await during(button, () => formPost(button, "press", { button: text, value }));
  }
});

// The server takes the form away; until then it stays, as its values are kept there.
document.addEventListener("cancel", (event) => {
  if (!event.target.matches("dialog[data-form]")) return;
  event.preventDefault();
  formPost(event.target, "close");
}, true);
