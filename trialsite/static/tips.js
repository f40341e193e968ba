// Values on hover and focus, for strips and charts: whatever has data-tip shows it beside itself.
// Ticks of one strip are one stop for Tab; arrows go from tick to tick.
(function () {
  "use strict";
  var tip = null;
  var owner = null;

  function show(target) {
    owner = target;
    if (!tip) {
      tip = document.createElement("div");
      tip.className = "tip";
      // The same text is the accessible name of its owner.
      tip.setAttribute("aria-hidden", "true");
      document.body.append(tip);
    }
    tip.hidden = false;
    tip.textContent = target.dataset.tip;
    var box = target.getBoundingClientRect();
    var size = tip.getBoundingClientRect();
    var left = Math.max(8, Math.min(box.left + box.width / 2 - size.width / 2, window.innerWidth - size.width - 8));
    var above = box.top - size.height - 8;
    var moved = "translate(" + Math.round(left) + "px," + Math.round(above > 4 ? above : box.bottom + 8) + "px)";
    tip.animate([{ transform: moved }, { transform: moved }], { duration: 0, fill: "forwards" });
  }
  function hide() {
    owner = null;
    if (tip) tip.hidden = true;
  }

  document.addEventListener("pointerover", function (event) {
    var target = event.target.closest("[data-tip]");
    if (target && target !== owner) show(target);
    else if (!target && owner && owner !== document.activeElement) hide();
  });
  document.addEventListener("focusin", function (event) {
    var target = event.target.closest("[data-tip]");
    if (target && target.matches(":focus-visible")) show(target);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") hide();
    rove(event);
  });

  // One stop for Tab in each group of [data-tick]; arrows, Home and End move within it.
  function group(element) {
    return Array.from(element.closest("[data-strip]").querySelectorAll("[data-tick]"));
  }
  function prepare(root) {
    root.querySelectorAll("[data-strip]").forEach(function (strip) {
      strip.querySelectorAll("[data-tick]").forEach(function (tick, index) {
        tick.setAttribute("tabindex", index ? "-1" : "0");
      });
      var line = strip.querySelector(".strip-today");
      if (line && strip.scrollWidth > strip.clientWidth) {
        var share = parseFloat(line.getAttribute("x1")) / 100;
        strip.scrollLeft = share * strip.scrollWidth - strip.clientWidth / 2;
      }
    });
  }
  function rove(event) {
    var tick = event.target.closest && event.target.closest("[data-tick]");
    if (!tick) return;
    var all = group(tick);
    var at = all.indexOf(tick);
    var to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined || !all[to]) return;
    event.preventDefault();
    tick.setAttribute("tabindex", "-1");
    all[to].setAttribute("tabindex", "0");
    all[to].focus();
  }
  prepare(document);
  document.addEventListener("htmx:afterSettle", function (event) {
    prepare(event.target);
  });
})();
