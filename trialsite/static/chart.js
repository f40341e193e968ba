// Charts: the line under the pointer steps forward; what is open stays open when new figures come in.
(function () {
  "use strict";
  var open = [];
  var focused = null;

  function light(target) {
    var drawing = target.closest && target.closest(".chart-drawing");
    document.querySelectorAll(".chart-drawing.has-lit").forEach(function (other) {
      if (other !== drawing) restore(other);
    });
    if (!drawing) return;
    var series = target.closest("[data-series]");
    restore(drawing);
    if (!series || drawing.querySelectorAll("[data-series]").length < 2) return;
    drawing.classList.add("has-lit");
    drawing.querySelectorAll("[data-series]").forEach(function (line) {
      line.classList.toggle("is-lit", line.dataset.series === series.dataset.series);
    });
  }
  // Whom somebody chose by the form stays lit while the pointer is elsewhere.
  function restore(drawing) {
    drawing.classList.toggle("has-lit", drawing.querySelector("[data-lit]") !== null);
    drawing.querySelectorAll("[data-series]").forEach(function (line) {
      line.classList.toggle("is-lit", line.hasAttribute("data-lit"));
    });
  }
  document.addEventListener("pointerover", function (event) {
    light(event.target);
  });
  document.addEventListener("focusin", function (event) {
    light(event.target);
  });

  // PNG: the SVG drawn on a canvas, twice as large. Only a browser can, so the button comes with the script.
  function offer() {
    document.querySelectorAll("[data-png][hidden]").forEach(function (button) {
      button.hidden = false;
    });
  }
  function draw(text, name) {
    var picture = new Image();
    picture.addEventListener("load", function () {
      var canvas = document.createElement("canvas");
      canvas.width = 2 * picture.naturalWidth;
      canvas.height = 2 * picture.naturalHeight;
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (blob) {
        var link = document.createElement("a");
        link.href = URL.createObjectURL(blob);
        link.download = name;
        link.click();
        URL.revokeObjectURL(link.href);
      }, "image/png");
    });
    picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-png]");
    if (!button) return;
    fetch(button.dataset.png, { credentials: "same-origin" })
      .then(function (answer) {
        return answer.text();
      })
      .then(function (text) {
        draw(text, button.dataset.name);
      });
  });
  document.addEventListener("htmx:afterSwap", offer);
  offer();

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
