// Runs before the first paint: the chosen theme, or the one of the system. Only the theme's name is kept.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      var kept = window.localStorage.getItem("theme");
      return kept === "light" || kept === "dark" ? kept : "auto";
    } catch (refused) {
      return "auto";
    }
  }

  function show() {
    var choice = chosen();
    root.setAttribute("data-bs-theme", choice === "auto" ? (system.matches ? "dark" : "light") : choice);
    document.querySelectorAll("[data-theme-choice]").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    });
  }

  root.classList.add("js");
  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      if (button.dataset.themeChoice === "auto") window.localStorage.removeItem("theme");
      else window.localStorage.setItem("theme", button.dataset.themeChoice);
    } catch (refused) {
      root.setAttribute("data-bs-theme", button.dataset.themeChoice);
      return;
    }
    show();
  });
})();
