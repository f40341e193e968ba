// For phones: each cell of a table learns the name of its column, so that rows can stand as cards; filters fold.
function makeCards(table) {
  const heads = Array.from(table.querySelectorAll(":scope > thead th"));
  const names = heads.map((head) => head.textContent.trim().replace(/\s+/g, " "));
  if (!heads.length || table.querySelector("[rowspan]")) return;
  table.setAttribute("role", "table");
  for (const row of table.querySelectorAll(":scope > tbody > tr")) {
    row.setAttribute("role", "row");
    for (const [place, cell] of Array.from(row.children).entries()) {
      cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      cell.dataset.column = names[place] ?? "";
      wrap(cell);
    }
  }
  for (const head of heads) head.setAttribute("role", "columnheader");
  table.classList.add("is-cards");
}

function wrap(cell) {
  if (cell.querySelector(":scope > .cell")) return;
  const inner = document.createElement("div");
  inner.className = "cell";
  if (cell.textContent.trim() || cell.children.length) inner.append(...cell.childNodes);
  cell.replaceChildren(inner);
}

function fold(bar) {
  if (bar.dataset.folds) return;
  bar.dataset.folds = "yes";
  const used = Array.from(new FormData(bar)).filter(([name, value]) => name !== "sort" && value && value !== "all");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-outline-secondary filter-toggle";
  button.textContent = bar.getAttribute("aria-label") + (used.length ? ` (${used.length})` : "");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    button.setAttribute("aria-expanded", String(!bar.classList.toggle("is-folded")));
  });
  bar.classList.add("is-folded");
  bar.before(button);
}

function prepare() {
  // A month stays a grid: its columns are days, not values.
  for (const table of document.querySelectorAll("main .table:not(.calendar)")) makeCards(table);
  for (const bar of document.querySelectorAll(".filter-bar")) fold(bar);
}

prepare();
document.addEventListener("htmx:afterSwap", prepare);
