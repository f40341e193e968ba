// One row of a rating: its choices, its reason for a missing value, and how they look.
export const choiceGroups = (row) => Array.from(row.querySelectorAll(".item-choices"));

export const option = (row) => row.querySelector(".item-choices:not(.is-other)");

export const radios = (row) => Array.from(option(row).querySelectorAll("input"));

export const checked = (row) => row.querySelector(".item-choices input:checked");

export const anchor = (input) => input.nextElementSibling.querySelector(".choice-anchor").textContent;

export const why = (row) => row.querySelector(".item-why");

export const isDone = (row) => Boolean(checked(row) || why(row).value);

export const isMissing = (row) => row.classList.contains("is-missing");

export function markMissing(row, missing) {
  row.classList.toggle("is-missing", missing);
}

export function clearChoices(row) {
  for (const input of row.querySelectorAll(".item-choices input")) input.checked = false;
}

export function showOption(row, code) {
  for (const group of choiceGroups(row)) group.classList.toggle("is-other", group.dataset.option !== code);
}

// What is shown follows from the inputs.
export function paintRow(row) {
  const input = checked(row);
  row.querySelector("[data-na]").setAttribute("aria-pressed", String(isMissing(row)));
  if (!row.classList.contains("has-error")) {
    row.querySelector("[data-said]").textContent = input ? anchor(input) : "";
  }
  for (const group of choiceGroups(row)) {
    const button = row.querySelector(`[data-switch="${group.dataset.option}"]`);
    button?.setAttribute("aria-pressed", String(!group.classList.contains("is-other")));
  }
}

// The anchors of the row's item, beside the rows; `choose` is called with the input of the one that is clicked.
export function paintGuide(guide, row, choose) {
  const name = document.createElement("p");
  const list = document.createElement("ol");
  name.className = "guide-name";
  name.textContent = option(row).getAttribute("aria-label");
  for (const input of radios(row)) {
    const line = document.createElement("li");
    for (const text of [input.value, anchor(input)]) {
      const part = document.createElement("span");
      part.textContent = text;
      line.append(part);
    }
    line.classList.toggle("is-chosen", input.checked);
    line.addEventListener("click", () => choose(input));
    list.append(line);
  }
  guide.replaceChildren(name, list);
}
