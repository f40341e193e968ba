// Not a module, since modules wait for the page: the theme is set before the first paint, as somebody chose it or as the
// system has it. Only the theme's name is kept.
(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      const kept = window.localStorage.getItem("theme");
      return kept === "light" || kept === "dark" ? kept : "auto";
    } catch {
      return "auto";
    }
  }

  function show() {
    const theme = choice();
    root.setAttribute("data-bs-theme", theme === "auto" ? (system.matches ? "dark" : "light") : theme);
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  }

  root.classList.add("js");
  show();
  system.addEventListener("change", show);
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    try {
      if (button.dataset.themeChoice === "auto") window.localStorage.removeItem("theme");
      else window.localStorage.setItem("theme", button.dataset.themeChoice);
    } catch {
      root.setAttribute("data-bs-theme", button.dataset.themeChoice);
      return;
    }
    show();
  });
})();
