// Ctrl+K finds and goes; ? shows the keys; G and a letter goes to a page. Characters are shortcuts only where nothing is typed.
import { bare, composing } from "./app.js";
import { finder } from "./finder.js";

const palette = document.getElementById("palette");
const keys = document.getElementById("keys");
const text = document.getElementById("palette-text");
const list = document.getElementById("palette-hits");
const pages = [...document.querySelectorAll(".rail a[data-key]")];
let going = -Infinity;

const hash = { ticket: (one) => `/tickets/${one.ticket}`, account: (one) => `/customers/${one.account}`, contact: (one) => (one.account ? `/customers/${one.account}` : null), asset: (one) => `/customers/${one.account}` };
const open = () => { if (palette.open) return; text.value = ""; list.replaceChildren(); list.hidden = true; palette.showModal(); text.focus(); offer(); };
/** Pages whose name, initials or key begin so come with what the service finds. */
const offer = () => {
  const wanted = text.value.trim().toLowerCase();
  for (const old of list.querySelectorAll("[data-href]")) old.remove();
  const fitting = pages.filter((one) => !wanted || one.textContent.trim().toLowerCase().includes(wanted));
  list.append(...fitting.slice(0, wanted ? 3 : 11).map((one, index) => {
    const item = document.createElement("li");
    item.setAttribute("role", "option"); item.id = `page-${index}`; item.setAttribute("aria-selected", "false");
    item.dataset.href = one.getAttribute("href"); item.textContent = one.textContent.trim();
    return item;
  }));
  list.hidden = !list.children.length;
  text.setAttribute("aria-expanded", String(!list.hidden));
};
if (palette) {
  finder(text, list, {
    more: "&all", found: offer,
    picked: (one) => { const href = one.href ?? hash[one.kind]?.(one); if (href) location.href = href; },
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-act=palette]")) open(); });
  document.addEventListener("keydown", (event) => {
    if (composing(event)) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); return; }
    if (!bare(event)) return;
    if (event.key === "?") { event.preventDefault(); keys.showModal(); return; }
    if (performance.now() - going < 1200) {
      going = -Infinity;
      const page = pages.find((one) => one.dataset.key === event.key.toLowerCase());
      if (page) { event.preventDefault(); event.stopImmediatePropagation(); location.href = page.href; return; }
    }
    going = event.key.toLowerCase() === "g" ? performance.now() : -Infinity;
  }, true);
}
