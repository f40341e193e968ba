// How many questions of the checklist have an answer, as it is filled in.
function count() {
  const bar = document.querySelector("[data-answered-bar]");
  if (!bar) return;
  const place = document.querySelector("[data-answered]");
  const n = document.querySelectorAll(".checklist input[value=yes]:checked, .checklist input[value=no]:checked").length;
  bar.value = n;
  const text = place.dataset.answered.replace("{n}", n).replace("{all}", bar.max);
  if (place.textContent !== text) place.textContent = text;
}

document.addEventListener("change", count);
document.addEventListener("guard:swapped", count);
