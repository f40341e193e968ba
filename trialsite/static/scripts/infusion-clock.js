// What is next and when, also while what was typed still waits for the network: the due steps of the page, and over them
// those that follow from the entries that wait. The same rules as assessments/domain/infusion_day.py.
const MINUTE = 60000; // ms
const page = document.getElementById("infusion");
const skew = Number(page?.dataset.now) - Date.now();
const number = (name) => Number(page.dataset[name]);

export const now = () => Date.now() + skew;

// The clock of the site, also on the day on which it is put forward or back.
const clock =
  page &&
  new Intl.DateTimeFormat("en-GB", {
    timeZone: page.dataset.zone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
export const clockOf = (moment) => clock.format(moment);
const minutesOf = (text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

// A time as it was typed, of the day of the page.
function momentOf(entry) {
  const names = ["item_CAPSULE_TIME", "item_START", "item_STOP", "item_TIME", "item_DISCHARGED"];
  const typed = entry.fields.find(([name, value]) => names.includes(name) && value)?.[1] ?? "";
  const match = /(\d{1,2})[:.]?(\d{2})\s*$/.exec(typed);
  if (!match) return null;
  const minutes = Number(match[1]) * 60 + Number(match[2]);
  const moment = number("midnight") + minutes * MINUTE;
  return moment + (minutes - minutesOf(clockOf(moment))) * MINUTE;
}

function titleOf(code) {
  return document.querySelector(`[data-step="${code}"]`)?.dataset.title ?? code;
}

function due(code, moment = null, tolerance = 0) {
  return { code, title: titleOf(code), moment, tolerance, url: `#step-${code}` };
}

function ratingsAfter(start) {
  return [...document.querySelectorAll("[data-rating]")].map((part) => ({
    code: "rating",
    title: part.dataset.rating,
    moment: start + Number(part.dataset.minutes) * MINUTE,
    tolerance: Number(part.dataset.tolerance),
    url: part.dataset.url,
  }));
}

function nextVitalSigns(start, measured) {
  const after = Math.round((measured - start) / MINUTE);
  for (let minute = number("every"); minute <= number("until"); minute += number("every")) {
    if (minute - number("everyTolerance") > after) {
      return [due("vital_signs", start + minute * MINUTE, number("everyTolerance"))];
    }
  }
  return [];
}

function startOf(entries) {
  const waiting = entries.filter((entry) => entry.step === "start").map(momentOf);
  return waiting.at(-1) ?? (Number(document.getElementById("step-start")?.dataset.moment) || null);
}

// The list after one entry more.
function after(list, entry, entries) {
  const moment = momentOf(entry);
  const rest = list.filter((step) => step.code !== entry.step);
  if (entry.step === "vital_signs") {
    const start = startOf(entries);
    return start && moment ? [...rest, ...nextVitalSigns(start, moment)] : list;
  }
  if (entry.step === "capsule" && moment) {
    const at = moment + number("capsuleMinutes") * MINUTE;
    return rest.map((step) => (step.code === "start" ? due("start", at, number("capsuleTolerance")) : step));
  }
  if (entry.step === "start" && moment) {
    const stop = due("stop", moment + number("infusionMinutes") * MINUTE, number("infusionTolerance"));
    return [stop, ...nextVitalSigns(moment, moment), ...ratingsAfter(moment), ...rest, due("discharge")];
  }
  return entry.step === "discharge" ? [] : rest;
}

export function dueSteps(entries) {
  const own = entries.filter((entry) => entry.visit === page.dataset.visit);
  const listed = [...document.querySelectorAll("[data-due]")].map((line) => ({
    code: line.dataset.due,
    title: line.dataset.title,
    moment: Number(line.dataset.moment) || null,
    tolerance: Number(line.dataset.tolerance),
    url: line.dataset.url,
  }));
  const list = own.reduce((steps, entry) => after(steps, entry, own), listed);
  if (!startOf(own)) return list;
  const timed = list.filter((step) => step.moment).sort((one, other) => one.moment - other.moment);
  return [...timed, ...list.filter((step) => !step.moment)];
}

function lengthOf(distance) {
  const seconds = Math.abs(Math.round(distance / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

function rangeOf(step) {
  if (!step?.moment || !step.tolerance) return "";
  const away = step.tolerance * MINUTE;
  return page.dataset.textRange
    .replace("{at}", clockOf(step.moment))
    .replace("{from}", clockOf(step.moment - away))
    .replace("{until}", clockOf(step.moment + away));
}

export function showNext(entries) {
  const [step] = dueSteps(entries);
  const title = document.querySelector("[data-next-title]");
  if (step) {
    if (title.textContent !== step.title) title.textContent = step.title;
    title.href = step.url;
  }
  document.querySelector("[data-next-range]").textContent = rangeOf(step);
  document.querySelector("[data-clock]").textContent =
    `${clockOf(now())}:${String(Math.floor(now() / 1000) % 60).padStart(2, "0")}`;
  const countdown = document.querySelector("[data-countdown]");
  const section = countdown.closest(".infusion-next");
  const left = step?.moment ? step.moment - now() : null;
  section.classList.toggle("is-late", left !== null && -left > step.tolerance * MINUTE);
  section.classList.toggle("is-due", left !== null && Math.abs(left) <= step.tolerance * MINUTE);
  if (left === null) countdown.textContent = step ? page.dataset.textNow : "";
  else if (!("today" in page.dataset)) countdown.textContent = clockOf(step.moment);
  else countdown.textContent = page.dataset[left >= 0 ? "textIn" : "textLate"].replace("{time}", lengthOf(left));
}
