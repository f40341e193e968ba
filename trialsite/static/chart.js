// Charts: the line under the pointer steps forward; what is open stays open when new figures come in.
(function () {
  "use strict";
  var open = [];
  var focused = null;

  function light(target) {
    var drawing = target.closest && target.closest(".chart-drawing");
    document.querySelectorAll(".chart-drawing.has-lit").forEach(function (other) {
      if (other !== drawing) unlight(other);
    });
    if (!drawing) return;
    var series = target.closest("[data-series]");
    unlight(drawing);
    if (!series || drawing.querySelectorAll("[data-series]").length < 2) return;
    drawing.classList.add("has-lit");
    drawing.querySelectorAll("[data-series]").forEach(function (one) {
      if (one.dataset.series === series.dataset.series) one.classList.add("is-lit");
    });
  }
  function unlight(drawing) {
    drawing.classList.remove("has-lit");
    drawing.querySelectorAll(".is-lit").forEach(function (one) {
      one.classList.remove("is-lit");
    });
  }
  document.addEventListener("pointerover", function (event) {
    light(event.target);
  });
  document.addEventListener("focusin", function (event) {
    light(event.target);
  });

  document.addEventListener("htmx:beforeSwap", function () {
    open = Array.from(document.querySelectorAll("details[data-keep][open]"), function (one) {
      return one.dataset.keep;
    });
    var place = document.activeElement && document.activeElement.closest("details[data-keep]");
    focused = place ? place.dataset.keep : null;
  });
  document.addEventListener("htmx:afterSwap", function () {
    open.forEach(function (name) {
      var one = document.querySelector('details[data-keep="' + name + '"]');
      if (one) one.open = true;
    });
    var place = focused && document.querySelector('details[data-keep="' + focused + '"] summary');
    if (place) place.focus({ preventScroll: true });
  });
})();
