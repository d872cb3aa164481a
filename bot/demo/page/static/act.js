// What people do goes to the server as JSON; what Slack says about it comes back as a note.

let hiding;

export function note(words) {
  const toast = document.getElementById("toast");
  toast.hidePopover();
  toast.textContent = words;
  // Shown last, it lies above whatever dialog is open.
  toast.showPopover();
  clearTimeout(hiding);
  hiding = setTimeout(() => toast.hidePopover(), 6000);
}

export async function post(path, body) {
  let said = {};
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body ?? {}),
    });
    if (answer.status !== 204) said = await answer.json();
  } catch {
    said = { note: "The demo does not answer. Is it still running?" };
  }
  if (said.note) note(said.note);
  document.dispatchEvent(new Event("changed"));
  return said;
}

export const mine = (path) => `/as/${encodeURIComponent(document.body.dataset.who)}${path}`;

export async function during(button, work) {
  if (button.getAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
  }
}

export function sure(button) {
  const asked = button.querySelector("template[data-confirm]");
  if (!asked) return Promise.resolve(true);
  const dialog = document.getElementById("confirm");
  const [title, text, yes, no] = asked.content.children;
  dialog.querySelector("#confirm-title").textContent = title.textContent;
  dialog.querySelector("#confirm-text").replaceChildren(text.cloneNode(true));
  dialog.querySelector("#confirm-yes").textContent = yes.textContent;
  dialog.querySelector("#confirm-yes").classList.toggle("danger", asked.dataset.style === "danger");
  dialog.querySelector("#confirm-no").textContent = no.textContent;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { do: act, post: path, body, channel, ts, value, button: text } = button.dataset;
  if (path) await during(button, () => post(path, JSON.parse(body || "{}")));
  if (act === "click" && (await sure(button))) {
    await during(button, () => post(mine("/click"), { channel, ts, button: text, value }));
  }
});
