// Drafts: kept by the server a few seconds after a change. Only typing counts as being there.
import { formData, guarded, postForm } from "./guard-form.js";
import { state, tell, text } from "./guard-notice.js";
import { ask, isMine } from "./guard-sign-in.js";

const EVERY = 5000; // ms
const PRESENCE = 60000; // ms
let keeping = false;
let heard = Date.now();

export function heardFromServer() {
  heard = Date.now();
}

export async function keepDraft() {
  if (!isDue()) return;
  const { form, changes } = guarded;
  const headers = guarded.active ? {} : { "X-Background": "1" };
  keeping = true;
  guarded.active = false;
  state(form, text.keeping);
  try {
    const answer = await postForm(form.dataset.draftUrl, formData(), headers);
    if (answer.status === 401 || answer.status === 403) throw new Error("refused");
    if (!answer.ok) throw new Error("not kept");
    const draft = await answer.json();
    guarded.kept = changes;
    heardFromServer();
    if (guarded.changes === changes && !guarded.sending) state(form, text.kept.replace("{time}", draft.saved));
  } catch (error) {
    await explain(error);
  } finally {
    keeping = false;
  }
}

function isDue() {
  if (!guarded.form?.dataset.draftUrl || !guarded.changes) return false;
  if (keeping || guarded.sending || guarded.leaving || guarded.retry) return false;
  return guarded.changes !== guarded.kept || (guarded.active && Date.now() - heard > PRESENCE);
}

// Signed in by another tab, the next attempt passes with the new token; else one is asked to sign in, and may type on.
async function explain(error) {
  if (guarded.sending || guarded.leaving) return;
  state(guarded.form, text.unkept, true);
  if (error.message !== "refused") return;
  const step = await ask().catch(() => null);
  if (!step || isMine(step)) return;
  state(guarded.form, text.draftRefused, true);
  tell(text.draftRefused, true);
}

export function keepDrafts() {
  window.setInterval(keepDraft, EVERY);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") keepDraft();
  });
}
