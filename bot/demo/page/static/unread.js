// What was read is remembered in the browser, for each person; what came since then is unread.

const { who, channel } = document.body.dataset;
const key = (of) => `read:${who}:${of}`;
const readUntil = (of) => {
  const known = localStorage.getItem(key(of));
  if (known === null) localStorage.setItem(key(of), "0");
  return Number(known ?? 0);
};

export function markUnread() {
  let total = 0;
  for (const link of document.querySelectorAll(".sidebar a[data-times]")) {
    const times = link.dataset.times.split(" ").filter(Boolean).map(Number);
    const of = link.dataset.channel;
    if (of && of === channel && !document.hidden) {
      localStorage.setItem(key(of), String(Math.max(0, ...times)));
    }
    const count = of ? times.filter((at) => at > readUntil(of)).length : 0;
    total += count;
    link.classList.toggle("unread", count > 0);
    const badge = link.querySelector(".badge");
    badge.hidden = !count;
    badge.textContent = count ? `${count}` : "";
    badge.setAttribute("aria-label", count ? `${count} unread` : "");
  }
  document.title = document.title.replace(/^(\(\d+\) )?/, total ? `(${total}) ` : "");
}

// Only what is new is read out; a card that changes is not.
export function tell(messages) {
  const last = messages.at(-1);
  if (!last) return;
  const author = last.querySelector(".who b")?.textContent ?? "";
  const words = last.querySelector(".text, .b-header")?.textContent ?? "";
  document.getElementById("news").textContent = `${author}: ${words.slice(0, 200)}`;
}

document.addEventListener("visibilitychange", markUnread);
