// What every page shares: the CSRF token on htmx requests, dialogs, menus, notices that can be closed, forms sent once.
import { csrfToken } from "./server.js";
import { dropAll, entriesOf } from "./waiting-entries.js";

const SENT_FOR = 4000; // ms

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
});

// A refusal with a page of its own (409 conflict, 422 form errors) is shown, not swallowed.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { status } = event.detail.xhr;
  if (status === 409 || status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

function showConnectionLost(isLost) {
  const bar = document.getElementById("connection");
  if (bar) bar.hidden = !isLost;
}
document.addEventListener("htmx:sendError", () => showConnectionLost(true));
document.addEventListener("htmx:afterOnLoad", () => showConnectionLost(false));

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpen);
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
  }
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  event.target.closest("[data-dismiss]")?.closest(".notice").remove();
});

// A menu made of <details> closes when one leaves it.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A form is sent once: a second press while the first is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || form.hasAttribute("hx-post") || form.hasAttribute("data-guarded")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // A download answers without leaving the page.
  window.setTimeout(() => delete form.dataset.sent, SENT_FOR);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.querySelector("[data-error-summary]")?.focus();

// Signing out leaves nothing of the participants in this browser. What still waits for the network is lost with it: asked once.
const signOut = document.querySelector("form[data-sign-out]");
signOut?.addEventListener(
  "submit",
  (event) => {
    const warning = signOut.querySelector("[data-sign-out-warning]");
    if (entriesOf(signOut.dataset.signOut).length && warning.hidden) {
      event.preventDefault();
      event.stopImmediatePropagation();
      warning.hidden = false;
    } else dropAll(signOut.dataset.signOut);
  },
  true,
);
