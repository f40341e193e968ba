// Reading a participant's visits by key: j and k move, v verifies the first form left in a visit, m marks it to be signed.
function current() {
  return document.activeElement?.closest("[data-reading]");
}

function go(step) {
  const readings = Array.from(document.querySelectorAll("[data-reading]"));
  const reading = current();
  const next = reading ? readings[readings.indexOf(reading) + step] : readings.at(step > 0 ? 0 : -1);
  if (!next) return;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function press(selector) {
  current()?.querySelector(selector)?.click();
}

const KEYS = new Map([
  ["j", () => go(1)],
  ["k", () => go(-1)],
  ["v", () => press("[data-verify]")],
  ["m", () => press("[data-mark]")],
]);

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input:not([type=checkbox]), select, textarea");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !KEYS.has(event.key)) return;
  event.preventDefault();
  KEYS.get(event.key)();
});

// A verified visit comes back in its place: the keyboard stays there, or goes on when nothing is left to verify.
document.addEventListener("htmx:afterSwap", (event) => {
  const reading = document.getElementById(event.detail.target.id);
  if (!reading?.matches("[data-reading]")) return;
  reading.focus({ preventScroll: true });
  if (!reading.querySelector("[data-verify]")) go(1);
});
