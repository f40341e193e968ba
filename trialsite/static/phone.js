// For phones: each cell of a table learns the name of its column, so that rows can stand as cards; filters fold.
(function () {
  "use strict";

  function cards(table) {
    var heads = Array.from(table.querySelectorAll(":scope > thead th"), function (head) {
      return head.textContent.trim().replace(/\s+/g, " ");
    });
    if (!heads.length || table.querySelector("[rowspan]")) return;
    table.setAttribute("role", "table");
    table.querySelectorAll(":scope > tbody > tr").forEach(function (row) {
      row.setAttribute("role", "row");
      Array.from(row.children).forEach(function (cell, place) {
        cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
        cell.dataset.column = heads[place] || "";
        wrap(cell);
      });
    });
    table.querySelectorAll(":scope > thead th").forEach(function (head) {
      head.setAttribute("role", "columnheader");
    });
    table.classList.add("is-cards");
  }
  function wrap(cell) {
    if (cell.querySelector(":scope > .cell")) return;
    var inner = document.createElement("div");
    inner.className = "cell";
    if (cell.textContent.trim() || cell.children.length) {
      while (cell.firstChild) inner.appendChild(cell.firstChild);
    }
    cell.replaceChildren(inner);
  }

  function fold(bar) {
    if (bar.dataset.folds) return;
    bar.dataset.folds = "yes";
    var used = Array.from(new FormData(bar)).filter(function (field) {
      return field[0] !== "sort" && field[1] && field[1] !== "all";
    }).length;
    var button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-outline-secondary filter-toggle";
    button.textContent = bar.getAttribute("aria-label") + (used ? " (" + used + ")" : "");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", function () {
      button.setAttribute("aria-expanded", String(!bar.classList.toggle("is-folded")));
    });
    bar.classList.add("is-folded");
    bar.before(button);
  }

  function all() {
    document.querySelectorAll("main .table").forEach(cards);
    document.querySelectorAll(".filter-bar").forEach(fold);
  }
  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("htmx:afterSwap", all);
})();
