import "./left.js";

// A signature on the glass. What is sent is the picture; nothing is sent while the glass is empty.
const form = document.querySelector("[data-sign]");
if (form) {
  const glass = form.querySelector("canvas"), pen = glass.getContext("2d");
  let marked = false, at = null;
  const clear = () => { pen.fillStyle = "#fff"; pen.fillRect(0, 0, glass.width, glass.height); pen.strokeStyle = pen.fillStyle = "#111"; pen.lineWidth = 2.5; pen.lineCap = pen.lineJoin = "round"; marked = false; };
  const place = (event) => {
    const box = glass.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * glass.width, ((event.clientY - box.top) / box.height) * glass.height];
  };
  clear();
  glass.addEventListener("pointerdown", (event) => { glass.setPointerCapture(event.pointerId); at = place(event); });
  glass.addEventListener("pointermove", (event) => {
    if (!at) return;
    const to = place(event);
    pen.beginPath(); pen.moveTo(...at); pen.lineTo(...to); pen.stroke();
    at = to; marked = true;
  });
  for (const end of ["pointerup", "pointercancel"]) glass.addEventListener(end, () => { at = null; });
  form.querySelector("[data-wipe]").addEventListener("click", clear);
  form.querySelector("[data-write]").addEventListener("click", () => {
    clear();
    pen.font = "italic 64px cursive";
    pen.fillText(form.elements.who.value, 24, 150, glass.width - 48);
    marked = form.elements.who.value.trim() !== "";
  });
  form.addEventListener("submit", () => { form.elements.drawing.value = marked ? glass.toDataURL("image/png") : ""; });
}
document.querySelector("[role=alert]")?.scrollIntoView({ block: "center" });
