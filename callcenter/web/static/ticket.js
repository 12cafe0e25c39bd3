import "./left.js";
import "./press.js";
import { composing } from "./app.js";

const act = document.getElementById("act");
let opener = null;

// The form of an act takes the focus when it is asked for, and gives it back when it is left.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.matches("[hx-target='#act'][hx-get]")) opener = event.detail.elt.dataset.press ?? null;
});
const first = () => act.querySelector(".error ~ *, [aria-invalid]") ?? act.querySelector("form [name]:not([type=hidden])");
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target === act && act.querySelector("form")) { first()?.focus(); act.scrollIntoView({ block: "nearest" }); }
  restore();
});
function leave() {
  act.replaceChildren();
  (document.querySelector(`#ticket-side [data-press="${opener ?? ""}"]`) ?? document.getElementById("main")).focus({ preventScroll: true });
}
document.addEventListener("click", (event) => {
  const close = event.target instanceof Element && event.target.closest("[data-close-act]");
  if (close) { event.preventDefault(); leave(); }
  const open = event.target instanceof Element && event.target.closest("[data-open]");
  if (open) {
    const all = [...document.querySelectorAll(open.dataset.open)], one = all.every((each) => each.open);
    for (const each of all) each.open = !one;
  }
});
document.addEventListener("keydown", (event) => {
  if (composing(event)) return;
  const form = event.target instanceof Element && event.target.closest("[data-act-form]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  if (event.key === "Escape" && act.querySelector("form") && !document.querySelector("dialog[open]")) { event.preventDefault(); leave(); }
});

// Parts of the page are exchanged while somebody reads; what they had opened stays open. The question names the version
// shown, so that nothing is sent where nothing moved.
const kept = new Set();
document.addEventListener("toggle", (event) => {
  const name = event.target.dataset?.keep;
  if (name) { if (event.target.open) kept.add(name); else if (event.target.isConnected) kept.delete(name); }
}, true);
function restore() { for (const one of document.querySelectorAll("[data-keep]")) if (kept.has(one.dataset.keep)) one.open = true; }
document.addEventListener("htmx:oobAfterSwap", restore);
let drawnAt = performance.now();
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.elt.id !== "ticket-poll" || performance.now() - drawnAt > 60_000) { drawnAt = performance.now(); return; }
  event.detail.parameters.since = document.getElementById("ticket-head").dataset.version;
});
if (act.querySelector("form")) first()?.focus();
