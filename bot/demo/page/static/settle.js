// Makes an element into its newer self, touching only what differs. Children of a [data-live] element are
// told apart by id; two of the same [data-mark] are the same, whatever was typed into one of them.

export function settle(old, now) {
  if (old.isEqualNode(now)) return;
  if (old.dataset.mark && old.dataset.mark === now.dataset.mark) return;
  if (!("live" in now.dataset)) {
    replace(old, now);
    return;
  }
  attributes(old, now);
  const kept = new Map([...old.children].map((child) => [child.id, child]));
  let place = old.firstElementChild;
  for (const child of [...now.children]) {
    const mine = kept.get(child.id);
    kept.delete(child.id);
    if (!mine) {
      old.insertBefore(document.adoptNode(child), place);
    } else {
      if (mine === place) place = place.nextElementSibling;
      else old.insertBefore(mine, place);
      settle(mine, child);
    }
  }
  for (const gone of kept.values()) gone.remove();
}

function attributes(old, now) {
  for (const { name } of [...old.attributes]) {
    if (name !== "open" && !now.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of now.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function replace(old, now) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const fresh = document.adoptNode(now);
  for (const typed of old.querySelectorAll("[data-typed], [role=combobox]")) {
    const same = typed.id && fresh.querySelector(`#${CSS.escape(typed.id)}`);
    if (same && same.localName === typed.localName) same.value = typed.value;
  }
  old.replaceWith(fresh);
  if (!focused?.id) return;
  const again = document.getElementById(focused.id);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (focused.selectionStart != null && again.setSelectionRange) {
    again.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }
}
