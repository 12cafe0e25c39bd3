// One key presses a button: what carries data-press, in the row that has the focus first. Never while somebody types.

import { bare } from "./app.js";

const seen = (one) => one.matches("input") || one.getClientRects().length > 0;

function press(one) {
  if (one.matches("select, input:not([type=radio])")) one.focus();
  else one.click();
}

let afterG = -Infinity;
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || !bare(event)) return;
  const key = event.key.toLowerCase();
  if (key === "g") { afterG = performance.now(); return; } // what follows names a page
  if (performance.now() - afterG < 1500) { afterG = -Infinity; return; }
  const row = document.activeElement?.closest("tr, [data-rowlike]") ?? document.querySelector("[data-row]")?.closest("tr, [data-rowlike]");
  const find = (root) => [...(root?.querySelectorAll(`[data-press="${CSS.escape(key)}"]`) ?? [])].find(seen);
  const one = find(row) ?? [...document.querySelectorAll(`[data-press="${CSS.escape(key)}"]`)].find((each) => seen(each) && !each.closest("tr, [data-rowlike]"));
  if (!one || one.disabled) return;
  event.preventDefault();
  press(one);
});

// Rows: up and down (or J and K) go from one to the next; Enter is the link's own.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (!step || event.defaultPrevented || !bare(event)) return;
  if (event.target instanceof Element && event.target.closest("[role=radiogroup], .seg")) return;
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((one) => one.closest("tr, [data-rowlike]")?.contains(document.activeElement));
  event.preventDefault();
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? (step > 0 ? 0 : rows.length - 1) : at + step))].focus();
});

// A form that answers 409 or 422 says why; that is an answer like any other.
document.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) { event.detail.shouldSwap = true; event.detail.isError = false; }
});
