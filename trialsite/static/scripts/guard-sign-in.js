// Signing in without leaving the page: by the dialog, or because it was done in another tab.
import { hush, tell, text } from "./guard-notice.js";
import { post, renewCsrfToken } from "./server.js";

const dialog = document.getElementById("guard-sign-in");
let waiting = null; // what goes on after signing in

export const isOpen = () => dialog.open;

export const isMine = (step) => String(step.person) === text.person;

// Who is signed in by now, and a token for what is sent next.
export async function ask(data) {
  const answer = await (data ? post(text.againUrl, data) : fetch(text.againUrl, { credentials: "same-origin" }));
  if (answer.status === 429) throw new Error("locked out");
  if (!answer.ok && answer.status !== 422) throw new Error("no answer");
  const step = await answer.json();
  if (step.csrf) renewCsrfToken(step.csrf);
  return step;
}

export async function signIn(next) {
  waiting = next;
  try {
    const step = await ask();
    if (isMine(step)) enter();
    else open("password", "");
  } catch (error) {
    explain(error);
  }
}

// What waits for the sign-in already goes before `next`.
export function signInFor(next) {
  return signIn(waiting ?? next);
}

function say(sentence) {
  document.getElementById("guard-said").textContent = sentence;
}

function open(step, sentence) {
  for (const part of dialog.querySelectorAll("[data-ask]")) {
    const input = part.querySelector("input");
    part.hidden = part.dataset.ask !== step;
    input.value = "";
    input.disabled = part.hidden;
  }
  say(sentence);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("[data-ask]:not([hidden]) input").focus();
}

function explain(error) {
  if (!dialog.open) tell(text.signedOut, true);
  say(error.message === "locked out" ? text.lockedOut : text.noAnswer);
}

function enter() {
  const next = waiting;
  waiting = null;
  if (dialog.open) dialog.close();
  hush();
  next?.();
}

dialog?.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  event.stopPropagation();
  const data = new URLSearchParams(new FormData(event.target));
  try {
    await ask(); // The token may be an old one: another tab may have signed in and out.
    const step = await ask(data);
    if (isMine(step)) enter();
    else open(step.ask || "password", step.said || "");
  } catch (error) {
    explain(error);
  }
});
