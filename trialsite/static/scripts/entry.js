// The page of a form while somebody fills it in: the server says which parts are shown, required, calculated, wrong and asked
// about, each time a field is left; digits choose among buttons. Sending and drafts are guard.js's.
import { post } from "./server.js";

const form = document.querySelector("form[data-entry]");
const PAUSE = 150;
let waiting = 0;
let turn = 0;
const left = new Set();

function items() {
  return [...form.querySelectorAll("[data-item]")];
}

function fieldOf(name) {
  const named = form.elements[name];
  return named instanceof RadioNodeList ? named[0] : named;
}

function ask() {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(check, PAUSE);
}

async function check() {
  const mine = ++turn;
  const body = new FormData(form);
  body.delete("csrfmiddlewaretoken");
  try {
    const answer = await post(form.dataset.draftUrl, body);
    if (answer.ok && mine === turn) apply(await answer.json());
  } catch {
    // Without a network the page works on: what is hidden comes when the server is back, and saving checks everything.
  }
}

function apply(live) {
  const shown = new Set(live.shown);
  const kept = new Set(live.kept);
  const required = new Set(live.required);
  for (const item of items()) {
    const code = item.dataset.item;
    item.hidden = !shown.has(code) && !kept.has(code);
    item.classList.toggle("is-kept", kept.has(code));
    const mark = item.querySelector("[data-required]");
    if (mark) mark.hidden = !required.has(code);
  }
  for (const section of form.querySelectorAll("[data-section]")) {
    section.hidden = ![...section.querySelectorAll("[data-item]")].some((item) => !item.hidden);
  }
  for (const output of form.querySelectorAll("[data-calculated]")) {
    output.textContent = live.calculated[output.dataset.calculated] ?? "–";
  }
  for (const place of form.querySelectorAll("[data-error-of]")) showError(place, live.errors);
  for (const place of form.querySelectorAll("[data-questions]")) {
    showQuestions(place, live.questions[place.dataset.questions] ?? []);
  }
  count();
}

// A field is not called wrong while somebody is typing into it for the first time.
function showError(place, errors) {
  const name = place.dataset.errorOf;
  const error = left.has(name) ? errors[name] : undefined;
  if (!error && !left.has(name)) return;
  place.textContent = error ?? "";
  place.hidden = !error;
  const field = fieldOf(name);
  if (field) field.toggleAttribute("aria-invalid", Boolean(error));
}

function showQuestions(place, questions) {
  const present = new Map([...place.children].map((line) => [line.querySelector("input").name, line]));
  const wanted = new Set(questions.map((question) => question.field));
  for (const [name, line] of present) if (!wanted.has(name)) line.remove();
  for (const question of questions) {
    if (present.has(question.field)) continue;
    const line = document.createElement("div");
    line.className = "entry-question";
    const label = document.createElement("label");
    label.htmlFor = `id_${question.field}`;
    label.textContent = question.text;
    const input = document.createElement("input");
    input.className = "form-control";
    input.id = label.htmlFor;
    input.name = question.field;
    input.maxLength = 500;
    line.append(label, input);
    place.append(line);
  }
}

function isAnswered(item) {
  const name = `item_${item.dataset.item}`;
  const reason = form.elements[`missing_${item.dataset.item}`];
  if (reason?.value) return true;
  return new FormData(form).getAll(name).some((value) => String(value).trim());
}

function count() {
  const place = form.querySelector("[data-progress]");
  const asked = items().filter((item) => !item.hidden && item.querySelector("[name^=item_]"));
  const done = asked.filter(isAnswered).length;
  place.textContent = place.dataset.pattern.replace("{done}", done).replace("{all}", asked.length);
}

function changed(element) {
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

form.addEventListener("change", (event) => {
  const scale = event.target.dataset.scaleOf;
  if (scale) fieldOf(scale).value = event.target.value;
  if (event.target.name) left.add(event.target.name);
  const clear = form.querySelector(`[data-clear="${event.target.name}"]`);
  if (clear) clear.hidden = false;
  ask();
});
form.addEventListener("input", (event) => {
  const scale = event.target.dataset.scaleOf;
  if (scale) fieldOf(scale).value = event.target.value;
});
// A draft that is on its way when the form is sent is not sent after it.
form.addEventListener("submit", () => window.clearTimeout(waiting));
form.addEventListener("focusout", (event) => {
  if (event.target.name) left.add(event.target.name);
});
form.addEventListener("click", (event) => {
  const clear = event.target.closest("[data-clear]");
  if (!clear) return;
  for (const radio of form.querySelectorAll(`input[name="${clear.dataset.clear}"]`)) radio.checked = false;
  clear.hidden = true;
  changed(clear);
});
form.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  const group = event.target.closest(".entry-buttons");
  if (!group || event.ctrlKey || event.metaKey || event.altKey) return;
  const choice = group.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!choice) return;
  event.preventDefault();
  choice.checked = choice.type === "radio" || !choice.checked;
  choice.focus();
  changed(choice);
});
document.addEventListener("change", (event) => {
  const name = event.target.dataset.pick;
  if (!name) return;
  const values = event.target.dataset.value.split(",");
  for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
    else field.value = event.target.dataset.value;
  }
  changed(form);
});
count();
