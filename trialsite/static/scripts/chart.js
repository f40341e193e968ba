// Charts: the line under the pointer steps forward; what is open stays open when new figures come in.
const lines = (drawing) => drawing.querySelectorAll("[data-series]");

function light(target) {
  const drawing = target.closest(".chart-drawing");
  for (const other of document.querySelectorAll(".chart-drawing.has-lit")) {
    if (other !== drawing) restore(other);
  }
  if (!drawing) return;
  restore(drawing);
  const series = target.closest("[data-series]");
  if (!series || lines(drawing).length < 2) return;
  drawing.classList.add("has-lit");
  for (const line of lines(drawing)) line.classList.toggle("is-lit", line.dataset.series === series.dataset.series);
}

// Whom somebody chose by the form stays lit while the pointer is elsewhere.
function restore(drawing) {
  drawing.classList.toggle("has-lit", drawing.querySelector("[data-lit]") !== null);
  for (const line of lines(drawing)) line.classList.toggle("is-lit", line.hasAttribute("data-lit"));
}

document.addEventListener("pointerover", (event) => light(event.target));
document.addEventListener("focusin", (event) => light(event.target));

// PNG: the SVG drawn on a canvas, twice as large. Only a browser can, so the button comes with the script.
function offerPng() {
  for (const button of document.querySelectorAll("[data-png][hidden]")) button.hidden = false;
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

async function downloadPng(address, name) {
  const answer = await fetch(address, { credentials: "same-origin" });
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await answer.text())}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = 2 * picture.naturalWidth;
  canvas.height = 2 * picture.naturalHeight;
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => download(blob, name), "image/png");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-png]");
  if (button) downloadPng(button.dataset.png, button.dataset.name);
});
document.addEventListener("htmx:afterSwap", offerPng);
offerPng();

// New figures replace the old ones: what was open is opened again, and the keyboard stays where it was.
let open = [];
let focused;
document.addEventListener("htmx:beforeSwap", () => {
  open = Array.from(document.querySelectorAll("details[data-keep][open]"), (details) => details.dataset.keep);
  focused = document.activeElement?.closest("details[data-keep]")?.dataset.keep;
});
document.addEventListener("htmx:afterSwap", () => {
  for (const details of document.querySelectorAll("details[data-keep]")) {
    if (open.includes(details.dataset.keep)) details.open = true;
    if (details.dataset.keep === focused) details.querySelector("summary").focus({ preventScroll: true });
  }
});
