// Entry of a rating: keyboard, one item per screen on a phone. guard.js sends the form and keeps its draft.
// Nothing is summed here and nothing clinical is stored in the browser.
(function () {
  "use strict";
  var phone = window.matchMedia("(width < 48rem)");
  var form, rows, guide, current;

  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (all, name) {
      return values[name];
    });
  }
  function option(row) {
    return row.querySelector(".item-choices:not(.is-other)");
  }
  function radios(row) {
    return Array.from(option(row).querySelectorAll("input"));
  }
  function checked(row) {
    return row.querySelector(".item-choices input:checked");
  }
  function anchor(input) {
    return input.nextElementSibling.querySelector(".choice-anchor").textContent;
  }
  function why(row) {
    return row.querySelector(".item-why");
  }
  function done(row) {
    return Boolean(checked(row) || why(row).value);
  }

  // What is shown follows from the inputs.
  function paint(row) {
    var input = checked(row);
    var said = row.querySelector("[data-said]");
    row.classList.toggle("is-rated", Boolean(input));
    row.querySelector("[data-na]").setAttribute("aria-pressed", String(row.classList.contains("is-missing")));
    if (!row.classList.contains("has-error")) said.textContent = input ? anchor(input) : "";
    row.querySelectorAll(".item-choices").forEach(function (choices) {
      var other = choices.classList.contains("is-other");
      var button = row.querySelector('[data-switch="' + choices.dataset.option + '"]');
      if (button) button.setAttribute("aria-pressed", String(!other));
    });
    if (rows[current] === row) paintGuide(row);
  }
  function paintGuide(row) {
    var name = document.createElement("p");
    var list = document.createElement("ol");
    name.className = "guide-name";
    name.textContent = option(row).getAttribute("aria-label");
    radios(row).forEach(function (input) {
      var line = document.createElement("li");
      [input.value, anchor(input)].forEach(function (text) {
        var part = document.createElement("span");
        part.textContent = text;
        line.append(part);
      });
      line.classList.toggle("is-chosen", input.checked);
      line.addEventListener("click", function () {
        choose(row, input);
      });
      list.append(line);
    });
    guide.replaceChildren(name, list);
  }
  function paintProgress() {
    var rated = rows.filter(checked).length;
    form.querySelector("[data-count]").textContent = fill(form.dataset.progress, { done: rated, all: rows.length });
    form.querySelector("[data-bar]").value = rated;
  }

  // Moving about.
  function show(index) {
    form.classList.toggle("on-finish", index >= rows.length);
    form.querySelector('[data-step="-1"]').disabled = index <= 0;
    form.querySelector('[data-step="1"]').hidden = index >= rows.length;
    form.querySelector("[data-where]").textContent =
      index < rows.length ? fill(form.dataset.progress, { done: index + 1, all: rows.length }) : "";
    if (rows[current]) rows[current].classList.remove("is-current");
    current = Math.min(index, rows.length);
    if (!rows[current]) return;
    rows[current].classList.add("is-current");
    paintGuide(rows[current]);
  }
  function go(index) {
    if (index < 0) return;
    show(index);
    if (index >= rows.length) {
      var empty = Array.from(form.querySelectorAll(".finish .rating-meta input, #id_reason")).find(function (input) {
        return !input.value && input.id !== "id_lookback_days";
      });
      (empty || form.querySelector(".rating-save button")).focus();
      return;
    }
    var row = rows[index];
    if (row.classList.contains("is-missing")) row.querySelector("[data-na]").focus();
    else (checked(row) || radios(row)[0]).focus({ preventScroll: phone.matches });
    if (phone.matches) window.scrollTo(0, 0);
    else row.scrollIntoView({ block: "nearest" });
  }
  function onward() {
    if (current < rows.length - 1) go(current + 1);
    else {
      var gap = rows.findIndex(function (row) {
        return !done(row);
      });
      go(gap < 0 ? rows.length : gap);
    }
  }

  // Changing a row.
  function choose(row, input) {
    input.checked = true;
    input.focus();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function unrate(row) {
    row.querySelectorAll(".item-choices input").forEach(function (input) {
      input.checked = false;
    });
  }
  function toggleMissing(row, unfold) {
    var opening = !row.classList.contains("is-missing");
    row.classList.toggle("is-missing", opening);
    if (!opening) why(row).value = "";
    else unrate(row);
    touched(row);
    if (!opening) radios(row)[0].focus();
    else {
      why(row).focus();
      // By keyboard the closed list is quicker: arrows choose, Enter moves on.
      if (unfold && why(row).showPicker) why(row).showPicker();
    }
  }
  function switchTo(row, code) {
    if (option(row).dataset.option === code) return;
    unrate(row);
    row.querySelectorAll(".item-choices").forEach(function (choices) {
      choices.classList.toggle("is-other", choices.dataset.option !== code);
    });
    touched(row);
    radios(row)[0].focus();
  }
  function touched(row) {
    form.dispatchEvent(new CustomEvent("touched"));
    repaint(row);
  }
  function repaint(row) {
    row.classList.remove("has-error");
    paint(row);
    paintProgress();
  }
  function digit(row, value) {
    var choices = radios(row);
    var input = choices.find(function (choice) {
      return choice.value === value;
    });
    if (input) {
      choose(row, input);
      onward();
      return;
    }
    var number = row.querySelector(".item-number").textContent;
    var text = fill(form.dataset.range, { number: number, max: choices.length - 1 });
    form.querySelector("[data-say]").textContent = text;
    row.querySelector("[data-said]").textContent = text;
  }

  function onChange(event) {
    var row = event.target.closest("[data-row]");
    if (!row) return;
    if (event.target.type === "radio") {
      why(row).value = "";
      row.classList.remove("is-missing");
    }
    if (event.target === why(row)) {
      row.classList.toggle("is-missing", Boolean(event.target.value));
      if (event.target.value) unrate(row);
    }
    repaint(row);
  }
  function onFocus(event) {
    var row = event.target.closest("[data-row]");
    if (row && rows[current] !== row) show(rows.indexOf(row));
  }
  function onClick(event) {
    var row = event.target.closest("[data-row]");
    var step = event.target.closest("[data-step]");
    if (step) go(Math.min(current, rows.length) + Number(step.dataset.step));
    if (!row) return;
    if (event.target.closest("[data-na]")) toggleMissing(row, event.detail > 0);
    var to = event.target.closest("[data-switch]");
    if (to) switchTo(row, to.dataset.switch);
  }

  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var row = event.target.closest("[data-row]") || (event.target === document.body ? rows[current] : null);
    if (!row) return;
    if (event.target === why(row)) {
      if (event.key === "Enter") {
        event.preventDefault();
        onward();
      }
      if (event.key === "Escape" && row.classList.contains("is-missing")) toggleMissing(row, false);
      return;
    }
    if (rows[current] !== row) show(rows.indexOf(row));
    if (act(row, event.key, event.target)) event.preventDefault();
  });

  function act(row, key, target) {
    if (/^[0-9]$/.test(key)) digit(row, key);
    else if (key === "ArrowDown") go(current + 1);
    else if (key === "ArrowUp") go(current - 1);
    else if (key === "n" || key === "N") toggleMissing(row, false);
    else if (key === "Enter" && target.type === "radio") onward();
    else if (key === "Delete" || key === "Backspace") {
      unrate(row);
      touched(row);
    } else if (/^[ab]$/i.test(key)) {
      var options = row.querySelectorAll(".item-choices");
      if (options.length < 2) return false;
      switchTo(row, options[key.toLowerCase() === "a" ? 0 : 1].dataset.option);
    } else return false;
    return true;
  }

  // Two versions of one rating: a choice puts its value into the form below.
  document.addEventListener("change", function (event) {
    var pick = event.target;
    if (!pick.dataset || pick.dataset.field === undefined) return;
    put(pick.dataset.field, pick.dataset.value);
  });
  function put(name, value) {
    var inputs = Array.from(form.querySelectorAll('[name="' + name + '"]'));
    if (!inputs.length) return;
    inputs.forEach(function (input) {
      if (input.type === "radio") input.checked = input.value === value;
      else input.value = value;
    });
    var row = inputs[0].closest("[data-row]");
    if (row) {
      var choices = inputs[0].closest(".item-choices");
      if (choices && value !== "") {
        row.querySelectorAll(".item-choices").forEach(function (each) {
          each.classList.toggle("is-other", each !== choices);
        });
      }
      row.classList.toggle("is-missing", Boolean(why(row).value));
      touched(row);
    } else form.dispatchEvent(new CustomEvent("touched"));
  }

  // Links of the error list lead to their item, on a phone too.
  document.addEventListener("click", function (event) {
    var link = event.target.closest('.error-summary a[href^="#"], [data-ask-first] a[href^="#"]');
    if (!link) return;
    var target = document.getElementById(link.hash.slice(1));
    if (!target || !form.contains(target)) return;
    event.preventDefault();
    var row = target.closest("[data-row]");
    if (row) go(rows.indexOf(row));
    else {
      show(rows.length);
      target.focus();
    }
  });

  // Also when the form came back with what is wrong with it.
  function start() {
    form = document.querySelector("[data-rating]");
    rows = Array.from(form.querySelectorAll("[data-row]"));
    guide = form.querySelector("[data-guide]");
    current = -1;
    form.addEventListener("change", onChange);
    form.addEventListener("focusin", onFocus);
    form.addEventListener("click", onClick);
    var first = rows.findIndex(function (row) {
      return row.classList.contains("has-error");
    });
    if (first < 0) {
      first = rows.findIndex(function (row) {
        return !done(row);
      });
    }
    show(Math.max(first, 0));
    var question = form.querySelector("[data-ask-first] input");
    var summary = document.querySelector("[data-error-summary]");
    if (question) question.focus();
    else if (summary ? summary.hasAttribute("data-jump") : !phone.matches) go(Math.max(first, 0));
  }
  start();
  document.addEventListener("guard:swapped", start);
  window.takeEarlyKeys().forEach(function (key) {
    if (rows[current]) act(rows[current], key, document.body);
  });
})();
