// Type-ahead in a text field: a list below it, arrows and Enter, the field keeps the focus.
import { composing } from "./app.js";

const WAIT = 90;

/** The field finds as one types; `picked` is given what was chosen (the option's data). */
export const finder = (field, list, { picked, found = () => {}, path = "/find", more = "" }) => {
  let timer = 0, turn = 0, at = -1;
  const options = () => [...list.querySelectorAll("[role=option]")];
  const mark = (index) => {
    const all = options();
    at = all.length ? (index + all.length) % all.length : -1;
    all.forEach((one, place) => one.setAttribute("aria-selected", String(place === at)));
    if (at >= 0) { field.setAttribute("aria-activedescendant", all[at].id); all[at].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  };
  const close = () => { turn += 1; clearTimeout(timer); list.hidden = true; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); at = -1; };
  const look = async () => {
    const mine = ++turn, text = field.value.trim();
    if (!text) { close(); found(); return; }
    try {
      const answer = await fetch(`${path}?q=${encodeURIComponent(text)}${more}`, { headers: { "HX-Request": "true" } });
      if (!answer.ok || mine !== turn) return;
      const html = await answer.text();
      if (mine !== turn) return;
      list.innerHTML = html;
      list.hidden = !options().length;
      field.setAttribute("aria-expanded", String(!list.hidden));
      at = -1;
      found();
    } catch { close(); }
  };
  const choose = (option) => { if (!option) return; close(); picked({ ...option.dataset }); };
  field.addEventListener("input", (event) => { if (event.isComposing) return; clearTimeout(timer); timer = setTimeout(look, WAIT); });
  field.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(look, WAIT); });
  field.addEventListener("keydown", (event) => {
    if (composing(event) || list.hidden) return;
    if (event.key === "ArrowDown") { event.preventDefault(); mark(at + 1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); mark(at < 0 ? -1 : at - 1); }
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) { event.preventDefault(); choose(options()[Math.max(at, 0)]); }
    else if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
  });
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
  list.addEventListener("click", (event) => choose(event.target.closest("[role=option]")));
  field.addEventListener("blur", () => close());
  return { close };
};
