// The page of an infusion day. A step that is saved is kept in the browser first, and sent by infusion-queue.js; when the
// server has it, the parts of the page that changed are put in. What is half typed is kept as well, and comes back.
import { onSignInOffered, tell } from "./guard-notice.js";
import { signInFor } from "./guard-sign-in.js";
import { clockOf, now, showNext } from "./infusion-clock.js";
import { queue, refused, sendWaiting, startQueue, waiting } from "./infusion-queue.js";
import { post } from "./server.js";
import { dropEntry, dropTyped, keepEntry, keepTyped, typedOf } from "./waiting-entries.js";

const page = document.getElementById("infusion");
const { user, visit } = page.dataset;
const NOT_KEPT = /^(csrfmiddlewaretoken|second_)/;
const typing = new Set(); // steps with something typed that is not saved

const newToken = () =>
  window.crypto.randomUUID?.() ??
  "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (digit) =>
    (Number(digit) ^ (window.crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (Number(digit) / 4)))).toString(16),
  );

const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => !NOT_KEPT.test(name));
const formOf = (step) => page.querySelector(`[data-step-form="${step}"]`);

// --- what is saved -----------------------------------------------------------------------------------------------------

function onSubmit(event) {
  const form = event.target;
  if (form.hasAttribute("data-check-form")) {
    event.preventDefault();
    checkDose(form);
  }
  const step = form.dataset.stepForm;
  if (!step) return;
  event.preventDefault();
  showErrors(form, {});
  const token = newToken();
  const last = waiting().findLast((entry) => entry.visit === visit && entry.step === step);
  const fields = fieldsOf(form).map(([name, value]) => {
    if (name === "token") return [name, token];
    // Held against what the page was shown, or against the entry of this step that waits before this one.
    return [name, last && name.startsWith("was_") ? answerOf(last, name.slice(4)) : value];
  });
  const title = form.closest("[data-step]").dataset.title;
  if (!keepEntry(user, { token, visit, step, title, url: form.getAttribute("action"), fields })) {
    form.removeAttribute("data-step-form"); // A browser that keeps nothing: sent at once, by leaving the page.
    form.requestSubmit();
    return;
  }
  typing.delete(step);
  dropTyped(user, visit, step);
  if (step === "vital_signs" || step === "interruption") form.reset();
  showConditional(form);
  show();
  sendWaiting();
}

// Several choices as the server joins them.
const answerOf = (entry, name) =>
  entry.fields
    .filter(([field]) => field === name)
    .map(([, value]) => value)
    .join(",");

// The server has this entry: what is typed next in its step is held against it.
function onSaved(entry) {
  const form = entry.visit === visit && formOf(entry.step);
  if (!form) return;
  for (const was of form.querySelectorAll('[name^="was_"]')) was.value = answerOf(entry, was.name.slice(4));
}

async function checkDose(form) {
  showErrors(form, {});
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await post(form.getAttribute("action"), body, { "X-In-Place": user });
    if (answer.ok) {
      form.reset();
      refresh();
    } else showErrors(form, (await answer.json()).errors ?? {});
  } catch {
    showErrors(form, { __all__: page.dataset.textNetwork });
  }
}

function showErrors(form, errors) {
  const left = { ...errors };
  for (const place of form.querySelectorAll("[data-error]")) {
    const message = left[place.dataset.error] ?? "";
    delete left[place.dataset.error];
    place.hidden = !message;
    place.textContent = message;
    const field = form.elements[place.dataset.error];
    if (field?.setAttribute) field.setAttribute("aria-invalid", message ? "true" : "false");
  }
  const rest = form.querySelector('[data-error="__all__"]');
  const others = Object.values(left).join(" ");
  if (rest && others) {
    rest.hidden = false;
    rest.textContent = `${rest.textContent} ${others}`.trim();
  }
}

// --- what is shown -----------------------------------------------------------------------------------------------------

function stateText() {
  const count = waiting().length;
  if (queue.state === "signed out") return page.dataset.textSignedOut;
  if (!count) return page.dataset.textAllSaved;
  if (queue.state === "sending") return page.dataset.textSending;
  return count === 1 ? page.dataset.textOneWaits : page.dataset.textWait.replace("{count}", count);
}

function show() {
  const place = page.querySelector("[data-queue-state]");
  const text = stateText();
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("is-waiting", waiting().length > 0);
  showNext(waiting());
  markWaiting();
  showRefused();
}

function markWaiting() {
  const steps = new Set(waiting().map((entry) => entry.step));
  for (const section of page.querySelectorAll("[data-step]")) {
    section.classList.toggle("is-waiting", steps.has(section.dataset.step));
  }
}

function showRefused() {
  const list = page.querySelector("[data-refused-list]");
  const entries = refused();
  const shown = entries.map((entry) => entry.key).join(" ");
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...entries.map(refusedLine));
  page.querySelector("[data-refused]").hidden = !entries.length;
}

function refusedLine(entry) {
  const line = page.querySelector("[data-refused-line]").content.firstElementChild.cloneNode(true);
  const messages = Object.values(entry.errors);
  line.querySelector("[data-refused-title]").textContent = entry.title;
  line.querySelector("[data-refused-text]").textContent = messages.length
    ? messages.join(" ")
    : page.dataset.textStatus.replace("{status}", entry.status);
  line.querySelector("[data-refused-edit]").addEventListener("click", () => edit(entry));
  line.querySelector("[data-refused-drop]").addEventListener("click", () => {
    dropEntry(entry.key);
    show();
  });
  return line;
}

// Back into the form of its step, with what is wrong beside it.
function edit(entry) {
  const form = formOf(entry.step);
  if (!form || entry.visit !== visit) return;
  if (typing.has(entry.step)) {
    const fold = form.closest("details");
    if (fold) fold.open = true;
    showErrors(form, { __all__: page.dataset.textTyping });
    form.querySelector('[data-error="__all__"]').scrollIntoView({ block: "center" });
    return;
  }
  const typed = entry.fields.filter(([name]) => !name.startsWith("was_") && name !== "token");
  fill(form, typed);
  keepTyped(user, visit, entry.step, typed);
  typing.add(entry.step);
  dropEntry(entry.key);
  show();
  const fold = form.closest("details");
  if (fold) fold.open = true;
  showErrors(form, entry.errors);
  (form.querySelector('[aria-invalid="true"]') ?? form.querySelector("input:not([type=hidden])")).focus();
}

function fill(form, fields) {
  for (const box of form.querySelectorAll("input[type=checkbox], input[type=radio]")) {
    box.checked = fields.some(([name, value]) => name === box.name && value === box.value);
  }
  for (const [name, value] of fields) {
    const field = form.elements[name];
    if (field && "value" in field && !(field instanceof RadioNodeList) && field.type !== "checkbox")
      field.value = value;
  }
  showConditional(form);
}

// Whether a form says something else than the page did.
function isTyped(form) {
  return [...form.elements].some((field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const first = [...field.options].findIndex((option) => option.defaultSelected);
      return field.selectedIndex !== Math.max(0, first);
    }
    return "defaultValue" in field && field.value !== field.defaultValue;
  });
}

function showConditional(form) {
  const answers = new FormData(form);
  for (const part of form.querySelectorAll("[data-when]")) {
    const isAsked = part.dataset.when.split("|").some((condition) => {
      const [name, value] = condition.split("=");
      return answers.getAll(name).includes(value);
    });
    part.hidden = !isAsked;
  }
}

// The page as the server has it now; a step in which somebody types stays.
async function refresh() {
  const answer = await fetch(window.location.href, { credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const active = document.activeElement?.closest?.("[data-part]")?.dataset.part;
  for (const part of page.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other || typing.has(part.dataset.step)) continue;
    const name = part.contains(document.activeElement) ? document.activeElement.getAttribute("name") : null;
    part.replaceWith(document.adoptNode(other));
    if (part.dataset.part === active) refocus(other, name);
  }
  prepare();
  show();
}

function refocus(part, name) {
  const field = name && part.querySelector(`[name="${name}"]`);
  const heading = part.querySelector("h2");
  if (field && !field.closest("details:not([open])")) field.focus();
  else if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

function prepare() {
  for (const form of page.querySelectorAll("[data-step-form]")) {
    const typed = typedOf(user, visit, form.dataset.stepForm);
    if (typed) {
      typing.add(form.dataset.stepForm);
      fill(form, typed);
    } else showConditional(form);
  }
  for (const button of page.querySelectorAll("[data-now-for]")) button.hidden = !("today" in page.dataset);
}

page.addEventListener("submit", onSubmit);
page.addEventListener("input", (event) => {
  const form = event.target.closest("[data-step-form]");
  if (!form) return;
  showConditional(form);
  if (!isTyped(form)) {
    typing.delete(form.dataset.stepForm);
    dropTyped(user, visit, form.dataset.stepForm);
    return;
  }
  typing.add(form.dataset.stepForm);
  keepTyped(
    user,
    visit,
    form.dataset.stepForm,
    fieldsOf(form).filter(([name]) => !name.startsWith("was_") && name !== "token"),
  );
});
page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-now-for]");
  if (!button) return;
  const field = document.getElementById(button.dataset.nowFor);
  field.value = clockOf(now());
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
onSignInOffered(() => signInFor(sendWaiting));
prepare();
startQueue(
  user,
  (isSaved) => {
    if (queue.state === "signed out") tell(page.dataset.textSignedOut, true);
    show();
    if (isSaved) refresh();
  },
  onSaved,
);
window.setInterval(() => showNext(waiting()), 1000);
show();
