// The mark of now on the clocks' bars, and messages that go away again. Time left itself is app.js's.
import { serverNow } from "./app.js";

export function marks(root = document) {
  const now = serverNow();
  for (const mark of root.querySelectorAll("[data-now-from]")) {
    const from = Date.parse(mark.dataset.nowFrom), to = Date.parse(mark.dataset.nowTo);
    mark.setAttribute("x", String(Math.max(0, Math.min(997, ((now - from) / (to - from)) * 1000 - 1.5))));
  }
}

let goneAt = Infinity;
function tidy() {
  const done = document.querySelector("#toast [data-gone-after]");
  if (!done) { goneAt = Infinity; return; }
  if (goneAt === Infinity) goneAt = performance.now() + done.dataset.goneAfter * 1000;
  if (performance.now() >= goneAt) { done.remove(); goneAt = Infinity; }
}
document.addEventListener("htmx:oobAfterSwap", () => { goneAt = Infinity; });
document.addEventListener("htmx:afterSettle", () => marks());
document.addEventListener("visibilitychange", () => marks());
marks();
setInterval(() => { marks(); tidy(); }, 1000);

// What moved elsewhere is asked for again, soon but not with every event; a ticket's page heeds its own ticket only.
const own = document.getElementById("ticket-poll")?.dataset.ticket;
let asked = 0;
const again = ({ detail }) => {
  if (asked || (own && detail?.ticket && String(detail.ticket) !== own)) return;
  asked = setTimeout(() => { asked = 0; globalThis.htmx?.trigger(document.body, "refresh"); }, 700);
};
for (const kind of ["logged", "opened", "changed", "acknowledged", "ended", "up", "reset"]) document.addEventListener(`callcenter:${kind}`, again);
