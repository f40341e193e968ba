// Keys typed before rating.js listens are kept for it: a digit that got lost would put all later ones on wrong items.
(function () {
  "use strict";
  var early = [];
  function keep(event) {
    if (event.target === document.body && !event.ctrlKey && !event.metaKey && !event.altKey) early.push(event.key);
  }
  document.addEventListener("keydown", keep);
  window.takeEarlyKeys = function () {
    document.removeEventListener("keydown", keep);
    return early.splice(0);
  };
})();
