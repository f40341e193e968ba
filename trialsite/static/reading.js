// Reading a participant's visits by key: j and k move, v verifies the first form left in a visit, m marks it to be signed.
(function () {
  "use strict";

  function readings() {
    return Array.from(document.querySelectorAll("[data-reading]"));
  }
  function current() {
    var active = document.activeElement;
    return active && active.closest ? active.closest("[data-reading]") : null;
  }
  function go(step) {
    var all = readings();
    var at = all.indexOf(current());
    var next = all[at === -1 ? (step > 0 ? 0 : all.length - 1) : at + step];
    if (!next) return;
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  }
  function press(selector) {
    var reading = current();
    var control = reading && reading.querySelector(selector);
    if (control) control.click();
  }

  document.addEventListener("keydown", function (event) {
    var typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    var keys = {
      j: function () { go(1); },
      k: function () { go(-1); },
      v: function () { press("[data-verify]"); },
      m: function () { press("[data-mark]"); },
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // A verified visit comes back in its place: the keyboard stays there, or goes on when nothing is left to verify.
  document.addEventListener("htmx:afterSwap", function (event) {
    var reading = document.getElementById(event.detail.target.id);
    if (!reading || !reading.matches("[data-reading]")) return;
    reading.focus({ preventScroll: true });
    if (!reading.querySelector("[data-verify]")) go(1);
  });
})();
