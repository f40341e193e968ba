// Sends what waits, one after the other, in the order in which it was typed. The entry's token makes the server save it once,
// whatever was lost on the way; a lock of the browser lets one tab send at a time.
import { isMine, ask as whoIsSignedIn } from "./guard-sign-in.js";
import { post } from "./server.js";
import { changeEntry, dropEntry, entriesOf } from "./waiting-entries.js";

const RETRY = 3000; // ms
const AWAY = [502, 503, 504];
const LOCK = "trialsite.infusion";

let user = "";
let listener = () => {};
let saved = () => {};
let timer = 0;
export const queue = { state: "idle" };

export const waiting = () => entriesOf(user).filter((entry) => !entry.errors);
export const refused = () => entriesOf(user).filter((entry) => entry.errors);

// `onChange(isSaved)`: something else waits now; `onSaved(entry)`: the server has this entry.
export function startQueue(person, onChange, onSaved) {
  user = person;
  listener = onChange;
  saved = onSaved;
  window.addEventListener("online", sendWaiting);
  window.addEventListener("storage", () => listener(false));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") sendWaiting();
  });
  sendWaiting();
}

export async function sendWaiting() {
  window.clearTimeout(timer);
  timer = 0;
  if (!waiting().length) {
    say("idle");
    return;
  }
  if (navigator.locks) await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? drain() : null));
  else await drain();
  if (waiting().length && queue.state !== "signed out") timer = window.setTimeout(sendWaiting, RETRY);
}

async function drain() {
  say("sending");
  let next = waiting()[0];
  let sent = false;
  while (next) {
    const outcome = await send(next).catch(() => "away");
    if (outcome === "away" || outcome === "signed out") {
      say(outcome);
      if (sent) listener(true);
      return;
    }
    sent = true;
    [next] = waiting();
  }
  say("idle");
  listener(true);
}

const isOf = (entry, visit, step) => entry.visit === visit && entry.step === step;

// The server takes "stopped" for "not interrupted", unless an interruption is here that it would not have.
const sentFields = (entry) =>
  entry.step === "stop" && refused().some((other) => isOf(other, entry.visit, "interruption"))
    ? [...entry.fields, ["interruption_refused", "1"]]
    : entry.fields;

// What was typed after a refused entry was held against it; it is held against what the refused one was, now.
function rebase(entry) {
  const next = waiting().find((other) => other.key > entry.key && isOf(other, entry.visit, entry.step));
  if (!next) return;
  const was = new Map(entry.fields.filter(([name]) => name.startsWith("was_")));
  changeEntry(next, { fields: next.fields.map(([name, value]) => [name, was.get(name) ?? value]) });
}

async function send(entry, isRenewed = false) {
  const answer = await post(entry.url, new URLSearchParams(sentFields(entry)), { "X-In-Place": user });
  if (answer.status === 401) return "signed out";
  if (answer.status === 403 && !isRenewed) {
    return isMine(await whoIsSignedIn()) ? send(entry, true) : "signed out";
  }
  if (AWAY.includes(answer.status)) return "away";
  if (answer.ok) {
    dropEntry(entry.key);
    saved(entry);
    return "saved";
  }
  const said = await answer.json().catch(() => ({}));
  rebase(entry);
  changeEntry(entry, { errors: said.errors ?? {}, status: answer.status });
  return "refused";
}

function say(state) {
  queue.state = state;
  listener(false);
}
