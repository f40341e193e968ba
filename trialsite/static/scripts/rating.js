// Entry of a rating: keyboard, one item per screen on a phone. guard.js sends the form and keeps its draft.
// Nothing is summed here and nothing clinical is stored in the browser.
import { Grid } from "./rating-grid.js";
import { choiceGroups, clearChoices, isMissing, markMissing, why } from "./rating-row.js";

let grid;

function onChange(event) {
  const row = event.target.closest("[data-row]");
  if (!row) return;
  if (event.target.type === "radio") {
    why(row).value = "";
    markMissing(row, false);
  }
  if (event.target === why(row)) {
    markMissing(row, Boolean(event.target.value));
    if (event.target.value) clearChoices(row);
  }
  grid.repaint(row);
}

function onFocus(event) {
  const row = event.target.closest("[data-row]");
  if (row) grid.showRow(row);
}

function onClick(event) {
  const row = event.target.closest("[data-row]");
  const step = event.target.closest("[data-step]");
  if (step) grid.step(Number(step.dataset.step));
  if (!row) return;
  if (event.target.closest("[data-na]")) grid.toggleMissing(row, event.detail > 0);
  const option = event.target.closest("[data-switch]");
  if (option) grid.switchTo(row, option.dataset.switch);
}

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    grid.form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target.closest("[data-row]") ?? (event.target === document.body ? grid.row : null);
  if (!row) return;
  if (event.target === why(row)) {
    onReasonKey(event, row);
    return;
  }
  grid.showRow(row);
  if (act(row, event.key, event.target)) event.preventDefault();
}

function onReasonKey(event, row) {
  if (event.key === "Enter") {
    event.preventDefault();
    grid.onward();
  }
  if (event.key === "Escape" && isMissing(row)) grid.toggleMissing(row, false);
}

// Whether the key means something here.
function act(row, key, target) {
  if (/^[0-9]$/.test(key)) grid.chooseValue(row, key);
  else if (key === "ArrowDown") grid.step(1);
  else if (key === "ArrowUp") grid.step(-1);
  else if (key === "n" || key === "N") grid.toggleMissing(row, false);
  else if (key === "Enter" && target.type === "radio") grid.onward();
  else if (key === "Delete" || key === "Backspace") grid.clear(row);
  else if (/^[ab]$/i.test(key)) {
    const groups = choiceGroups(row);
    if (groups.length < 2) return false;
    grid.switchTo(row, groups[key.toLowerCase() === "a" ? 0 : 1].dataset.option);
  } else return false;
  return true;
}

// Two versions of one rating: a choice puts its value into the form below.
function onPick(event) {
  const pick = event.target;
  if (pick.dataset?.field !== undefined) grid.put(pick.dataset.field, pick.dataset.value);
}

// Links of the error list lead to their item, on a phone too.
function onLink(event) {
  const link = event.target.closest('.error-summary a[href^="#"], [data-ask-first] a[href^="#"]');
  if (!link) return;
  const target = document.getElementById(link.hash.slice(1));
  if (!target || !grid.form.contains(target)) return;
  event.preventDefault();
  const row = target.closest("[data-row]");
  if (row) grid.go(grid.rows.indexOf(row));
  else {
    grid.show(grid.rows.length);
    target.focus();
  }
}

function start() {
  const form = document.querySelector("[data-rating]");
  grid = new Grid(form);
  form.addEventListener("change", onChange);
  form.addEventListener("focusin", onFocus);
  form.addEventListener("click", onClick);
  grid.begin();
}

start();
document.addEventListener("keydown", onKey);
document.addEventListener("change", onPick);
document.addEventListener("click", onLink);
document.addEventListener("guard:swapped", start);

const early = { keys: [] };
document.dispatchEvent(new CustomEvent("early-keys", { detail: early }));
for (const key of early.keys) {
  if (grid.row) act(grid.row, key, document.body);
}
