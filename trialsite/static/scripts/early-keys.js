// Not a module, since modules wait for the page: keys typed before rating.js listens are kept for it, which asks by an
// event. A digit that got lost would put all later ones on wrong items.
(() => {
  const keys = [];
  const keep = (event) => {
    if (event.target === document.body && !event.ctrlKey && !event.metaKey && !event.altKey) keys.push(event.key);
  };
  document.addEventListener("keydown", keep);
  document.addEventListener("early-keys", (event) => {
    document.removeEventListener("keydown", keep);
    event.detail.keys = keys.splice(0);
  });
})();
