import "./left.js";
import "./press.js";

// The list is exchanged under the person's hands; the row they were at stays the one.
let at = null;
document.addEventListener("htmx:beforeSwap", () => { at = document.activeElement?.id || null; });
document.addEventListener("htmx:afterSettle", () => {
  if (at && document.activeElement === document.body) document.getElementById(at)?.focus({ preventScroll: true });
});
document.querySelector("[data-row]")?.focus({ preventScroll: true });
