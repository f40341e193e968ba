// The rows of a rating as one grid: where one is in it, and what happens to a row.
import * as rows from "./rating-row.js";

const phone = window.matchMedia("(width < 48rem)");

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export class Grid {
  constructor(form) {
    this.form = form;
    this.rows = Array.from(form.querySelectorAll("[data-row]"));
    this.guide = form.querySelector("[data-guide]");
    this.current = -1;
  }

  get row() {
    return this.rows[this.current];
  }

  // Moving about.
  show(index) {
    const { form, rows: all } = this;
    form.classList.toggle("on-finish", index >= all.length);
    form.querySelector('[data-step="-1"]').disabled = index <= 0;
    form.querySelector('[data-step="1"]').hidden = index >= all.length;
    form.querySelector("[data-where]").textContent =
      index < all.length ? fill(form.dataset.progress, { done: index + 1, all: all.length }) : "";
    this.row?.classList.remove("is-current");
    this.current = Math.min(index, all.length);
    if (!this.row) return;
    this.row.classList.add("is-current");
    this.paintGuide();
  }

  showRow(row) {
    if (this.row !== row) this.show(this.rows.indexOf(row));
  }

  go(index) {
    if (index < 0) return;
    this.show(index);
    if (index >= this.rows.length) this.focusFinish();
    else this.focusRow(this.rows[index]);
  }

  focusRow(row) {
    if (rows.isMissing(row)) row.querySelector("[data-na]").focus();
    else (rows.checked(row) ?? rows.radios(row)[0]).focus({ preventScroll: phone.matches });
    if (phone.matches) window.scrollTo(0, 0);
    else row.scrollIntoView({ block: "nearest" });
  }

  focusFinish() {
    const inputs = Array.from(this.form.querySelectorAll(".finish .rating-meta input, #id_reason"));
    const empty = inputs.find((input) => !input.value && input.id !== "id_lookback_days");
    (empty ?? this.form.querySelector(".rating-save button")).focus();
  }

  step(by) {
    this.go(this.current + by);
  }

  onward() {
    if (this.current < this.rows.length - 1) this.step(1);
    else {
      const gap = this.rows.findIndex((row) => !rows.isDone(row));
      this.go(gap < 0 ? this.rows.length : gap);
    }
  }

  // Also when the form came back with what is wrong with it.
  begin() {
    let first = this.rows.findIndex((row) => row.classList.contains("has-error"));
    if (first < 0) first = this.rows.findIndex((row) => !rows.isDone(row));
    this.show(Math.max(first, 0));
    const question = this.form.querySelector("[data-ask-first] input");
    const summary = document.querySelector("[data-error-summary]");
    if (question) question.focus();
    else if (summary ? summary.hasAttribute("data-jump") : !phone.matches) this.go(Math.max(first, 0));
  }

  // Changing a row.
  choose(input) {
    input.checked = true;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  chooseValue(row, value) {
    const choices = rows.radios(row);
    const input = choices.find((choice) => choice.value === value);
    if (input) {
      this.choose(input);
      this.onward();
      return;
    }
    const number = row.querySelector(".item-number").textContent;
    const text = fill(this.form.dataset.range, { number, max: choices.length - 1 });
    this.form.querySelector("[data-say]").textContent = text;
    row.querySelector("[data-said]").textContent = text;
  }

  clear(row) {
    rows.clearChoices(row);
    this.touch(row);
  }

  toggleMissing(row, unfold) {
    const opening = !rows.isMissing(row);
    const why = rows.why(row);
    rows.markMissing(row, opening);
    if (opening) rows.clearChoices(row);
    else why.value = "";
    this.touch(row);
    if (!opening) rows.radios(row)[0].focus();
    else {
      why.focus();
      // By keyboard the closed list is quicker: arrows choose, Enter moves on.
      if (unfold) why.showPicker?.();
    }
  }

  switchTo(row, code) {
    if (rows.option(row).dataset.option === code) return;
    rows.clearChoices(row);
    rows.showOption(row, code);
    this.touch(row);
    rows.radios(row)[0].focus();
  }

  // A value from outside the rows: into the field of this name, wherever it is in the form.
  put(name, value) {
    const inputs = Array.from(this.form.querySelectorAll(`[name="${name}"]`));
    if (!inputs.length) return;
    for (const input of inputs) {
      if (input.type === "radio") input.checked = input.value === value;
      else input.value = value;
    }
    const row = inputs[0].closest("[data-row]");
    if (!row) {
      this.form.dispatchEvent(new CustomEvent("touched"));
      return;
    }
    const group = inputs[0].closest(".item-choices");
    if (group && value !== "") rows.showOption(row, group.dataset.option);
    rows.markMissing(row, Boolean(rows.why(row).value));
    this.touch(row);
  }

  touch(row) {
    this.form.dispatchEvent(new CustomEvent("touched"));
    this.repaint(row);
  }

  repaint(row) {
    row.classList.remove("has-error");
    rows.paintRow(row);
    if (this.row === row) this.paintGuide();
    const rated = this.rows.filter(rows.checked).length;
    const progress = fill(this.form.dataset.progress, { done: rated, all: this.rows.length });
    this.form.querySelector("[data-count]").textContent = progress;
    this.form.querySelector("[data-bar]").value = rated;
  }

  paintGuide() {
    if (this.guide) rows.paintGuide(this.guide, this.row, (input) => this.choose(input));
  }
}
