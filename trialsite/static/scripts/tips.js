// Values on hover and focus, for strips and charts: whatever has data-tip shows it beside itself.
// Ticks of one strip are one stop for Tab; arrows go from tick to tick.
const GAP = 8; // px
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("aria-hidden", "true"); // The same text is the accessible name of its owner.
document.body.append(tip);
let owner = null;

function show(target) {
  owner = target;
  tip.hidden = false;
  tip.textContent = target.dataset.tip;
  const box = target.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const centred = box.left + box.width / 2 - size.width / 2;
  const left = Math.max(GAP, Math.min(centred, window.innerWidth - size.width - GAP));
  const above = box.top - size.height - GAP;
  const top = above > GAP / 2 ? above : box.bottom + GAP;
  // By an animation: the content security policy allows no inline style.
  const transform = `translate(${Math.round(left)}px,${Math.round(top)}px)`;
  tip.animate([{ transform }, { transform }], { duration: 0, fill: "forwards" });
}

function hide() {
  owner = null;
  tip.hidden = true;
}

document.addEventListener("pointerover", (event) => {
  const target = event.target.closest("[data-tip]");
  if (target && target !== owner) show(target);
  else if (!target && owner && owner !== document.activeElement) hide();
});
document.addEventListener("focusin", (event) => {
  const target = event.target.closest("[data-tip]");
  if (target?.matches(":focus-visible")) show(target);
});
document.addEventListener("focusout", hide);
document.addEventListener("scroll", hide, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hide();
  rove(event);
});

// One stop for Tab in each group of [data-tick]; arrows, Home and End move within it.
function prepare(root) {
  for (const strip of root.querySelectorAll("[data-strip]")) {
    for (const [index, tick] of strip.querySelectorAll("[data-tick]").entries()) {
      tick.setAttribute("tabindex", index ? "-1" : "0");
    }
    const line = strip.querySelector(".strip-today");
    if (line && strip.scrollWidth > strip.clientWidth) {
      const share = Number.parseFloat(line.getAttribute("x1")) / 100;
      strip.scrollLeft = share * strip.scrollWidth - strip.clientWidth / 2;
    }
  }
}

function rove(event) {
  const tick = event.target.closest("[data-tick]");
  if (!tick) return;
  const ticks = Array.from(tick.closest("[data-strip]").querySelectorAll("[data-tick]"));
  const place = ticks.indexOf(tick);
  const next = { ArrowRight: place + 1, ArrowLeft: place - 1, Home: 0, End: ticks.length - 1 }[event.key];
  if (!ticks[next]) return;
  event.preventDefault();
  tick.setAttribute("tabindex", "-1");
  ticks[next].setAttribute("tabindex", "0");
  ticks[next].focus();
}

prepare(document);
document.addEventListener("htmx:afterSettle", (event) => prepare(event.target));
