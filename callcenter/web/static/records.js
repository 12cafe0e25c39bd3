// Forms that open in place: keys, focus, and the page fetching itself again once something was saved.
import { composing } from "./app.js";

let opener = "";
const main = () => document.getElementById("main");

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens) opener = opens.id;
  if (event.target.closest("form[data-record] [data-act=cancel]")) again();
});

/** The page as it is stored now; the focus goes back to where the form was opened. */
function again() {
  htmx.ajax("GET", location.href, { target: "#main", select: "#main", swap: "outerHTML" }).then(() => {
    (document.getElementById(opener) ?? main()).focus();
  });
}

document.addEventListener("record-saved", again);
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});
document.addEventListener("htmx:afterSettle", (event) => {
  event.target.querySelector?.("form[data-record] [aria-invalid=true], form[data-record] [autofocus]")?.focus();
});
document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("form[data-record]");
  if (!form || composing(event)) return;
  if (event.key === "Escape") {
    event.preventDefault();
    again();
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});
