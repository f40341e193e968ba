// Forms whose typing must not be lost (data-guarded): sent without leaving the page. It is left only for where a saved form
// leads. A refusal is shown in place; who was signed out signs in here; what had no answer is sent again, and the form's
// token or version makes the server save it once. With data-draft-url a draft is kept on the server while one types.
import { heardFromServer, keepDraft, keepDrafts } from "./guard-draft.js";
import { formData, guarded, postForm } from "./guard-form.js";
import { hush, onSignInOffered, state, tell, text } from "./guard-notice.js";
import { ask, isMine, isOpen, signIn, signInFor } from "./guard-sign-in.js";

const RETRY = 5000; // ms
const AWAY = [502, 503, 504];

function start() {
  guarded.form = document.querySelector("form[data-guarded]");
  if (!guarded.form) return;
  guarded.changes = guarded.form.hasAttribute("data-unsent") ? 1 : 0;
  guarded.kept = 0;
  // "touched": what a script changed in the form, without an event of its own.
  for (const kind of ["input", "change", "touched"]) guarded.form.addEventListener(kind, onChange);
  guarded.form.addEventListener("submit", onSubmit);
}

function onChange() {
  guarded.changes += 1;
  guarded.active = true;
  if (guarded.retry) {
    stopRetrying();
    tell(text.changed);
  }
  state(guarded.form, text.unsaved);
}

function onSubmit(event) {
  event.preventDefault();
  if (guarded.sending || isOpen()) return;
  stopRetrying();
  send(event.submitter);
}

function stopRetrying() {
  window.clearTimeout(guarded.retry);
  guarded.retry = 0;
}

async function send(submitter, isRenewed = false) {
  guarded.sending = true;
  guarded.retry = 0;
  state(guarded.form, text.sending);
  let next;
  try {
    next = await attempt(submitter, isRenewed);
  } catch {
    next = "again";
  }
  guarded.sending = false;
  state(guarded.form, "");
  if (next === "renewed") send(submitter, true);
  if (next === "sign in") {
    tell(text.signedOut, true);
    signIn(() => {
      heardFromServer();
      send(submitter);
    });
  }
  if (next === "again" && !guarded.leaving) {
    tell(text.away);
    guarded.retry = window.setTimeout(() => {
      if (!guarded.leaving) send(submitter);
    }, RETRY);
  }
}

// What comes next: nothing, a second attempt with a new token, or signing in first. Raises when nobody answered.
async function attempt(submitter, isRenewed) {
  const changes = guarded.changes;
  const answer = await postForm(guarded.form.action, formData(submitter));
  if (answer.status === 401) return "sign in";
  if (answer.status === 403 && !isRenewed) return isMine(await ask()) ? "renewed" : "sign in";
  if (AWAY.includes(answer.status)) throw new Error("away");
  take(answer, await answer.text(), changes);
  return "";
}

function take(answer, content, changes) {
  const type = answer.headers.get("Content-Type") ?? "";
  if (answer.ok && type.startsWith("application/json")) {
    leave(JSON.parse(content).to);
    return;
  }
  const main = new DOMParser().parseFromString(content, "text/html").getElementById("main");
  const isForm = answer.ok || answer.status === 409 || answer.status === 422;
  if (isForm && main?.querySelector("form[data-guarded]")) {
    if (guarded.changes === changes) swap(main);
    else tell(text.typedOn);
    return;
  }
  tell(answer.status >= 500 ? text.failed : text.refused.replace("{status}", answer.status));
}

function leave(address) {
  guarded.leaving = true;
  hush();
  const to = new URL(address, window.location.href);
  if (to.pathname + to.search === window.location.pathname + window.location.search) {
    window.location.replace(to);
    window.location.reload();
  } else window.location.assign(to);
}

// The form again, with all that is wrong and all that was typed. No step of the browser's history is made.
function swap(main) {
  hush();
  document.getElementById("main").replaceWith(document.adoptNode(main));
  window.htmx?.process(main);
  start();
  guarded.changes += 1;
  document.dispatchEvent(new CustomEvent("guard:swapped"));
  const errors = main.querySelector("[data-error-summary]");
  window.scrollTo(0, 0);
  if (errors && !errors.hasAttribute("data-jump") && !main.querySelector("[data-ask-first]")) errors.focus();
}

function watch() {
  for (const kind of ["keydown", "pointerdown"]) {
    document.addEventListener(kind, () => {
      guarded.active = true;
    });
  }
  window.addEventListener("pageshow", () => {
    guarded.leaving = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (guarded.form && !guarded.leaving && guarded.changes !== guarded.kept) event.preventDefault();
  });
  onSignInOffered(() =>
    signInFor(() => {
      heardFromServer();
      keepDraft();
    }),
  );
}

if (text) {
  watch();
  keepDrafts();
  start();
}
