import "./press.js";
import { composing } from "./app.js";

document.addEventListener("keydown", (event) => {
  const form = event.target instanceof Element && document.querySelector("[data-act-form]");
  if (form && event.key === "Enter" && (event.ctrlKey || event.metaKey) && !composing(event)) { event.preventDefault(); form.requestSubmit(); }
});
