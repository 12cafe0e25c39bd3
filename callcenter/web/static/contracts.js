// The contract's text: line numbers with the errors marked, and what was typed kept in this browser until it is saved.
import { composing } from "./app.js";

const form = document.querySelector("[data-contract]");
const text = document.getElementById("source");
const gutter = document.querySelector(".gutter");
const checked = document.getElementById("checked");

function number() {
  const bad = new Set([...checked.querySelectorAll("[data-line]")].map((one) => Number(one.dataset.line)));
  const lines = text.value.split("\n").length;
  gutter.replaceChildren(...Array.from({ length: lines }, (_, at) => {
    const line = document.createElement("span");
    line.textContent = (bad.has(at + 1) ? "! " : "") + (at + 1);
    line.classList.toggle("bad", bad.has(at + 1));
    return line;
  }));
  gutter.scrollTop = text.scrollTop;
}

function jump(line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
  text.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(text).lineHeight));
}

if (form && text) {
  const key = `contract:${document.body.dataset.login}:${form.dataset.contract}`;
  const given = text.value;
  const forget = () => localStorage.removeItem(key);
  const kept = JSON.parse(localStorage.getItem(key) ?? "null");
  const refused = document.getElementById("refused");
  if (kept && kept.stored === form.dataset.stored && kept.text !== given && !refused) {
    text.value = kept.text;
    const note = document.getElementById("restored");
    const away = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: form.dataset.forget });
    note.replaceChildren(form.dataset.restored + " ", away);
    away.addEventListener("click", () => { forget(); text.value = given; note.replaceChildren(); tell(); text.focus(); });
    queueMicrotask(() => tell());
  }
  const tell = () => { text.dispatchEvent(new Event("input", { bubbles: true })); };
  text.addEventListener("input", () => {
    number();
    if (text.value === given) forget();
    else localStorage.setItem(key, JSON.stringify({ stored: form.dataset.stored, text: text.value }));
  });
  form.addEventListener("submit", () => sessionStorage.setItem("contract-saving", key));
  text.addEventListener("scroll", () => { gutter.scrollTop = text.scrollTop; });
  checked.addEventListener("click", (event) => {
    const line = event.target.closest("[data-line]");
    if (line) jump(Number(line.dataset.line));
  });
  document.addEventListener("htmx:afterSettle", number);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !composing(event)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  number();
}

// The editor led to the contract's page: its text was stored, and what was kept of it here is not needed.
const saving = sessionStorage.getItem("contract-saving");
if (saving && document.querySelector("[data-stored-contract]")) localStorage.removeItem(saving);
if (saving) sessionStorage.removeItem("contract-saving");

// A customer picked among the hits stays when the next one is looked for.
document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-pick]")) document.getElementById("chosen").append(event.target.closest("label"));
});
