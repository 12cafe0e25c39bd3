// What every page does: server time, remaining times, keys. Each page's own script builds on this.
// It is loaded without a version, so that a page's `import "./app.js"` is this same module and not a second one.

const serverAtLoad = Date.parse(document.body.dataset.now ?? "");

/** Milliseconds since the epoch by the server's clock; right after the machine slept, because Date goes on and is compared. */
let offset = Number.isNaN(serverAtLoad) ? 0 : serverAtLoad - Date.now();
export const serverNow = () => Date.now() + offset;
export const syncServer = (iso) => { offset = Date.parse(iso) - Date.now(); paint(); };

/** True while an input method is composing; its keys are not ours (WebKit sends keyCode 229, or Enter right after). */
let composedAt = -Infinity;
document.addEventListener("compositionend", () => { composedAt = performance.now(); }, true);
export const composing = (event) =>
  event.isComposing || event.keyCode === 229 || (event.key === "Enter" && performance.now() - composedAt < 50);

export const shortcutsOn = () => document.body.dataset.shortcuts !== "off";
export const typing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
/** True for a single character key that may be a shortcut here: nothing is typed, composed, or held down with it. */
export const bare = (event) => shortcutsOn() && !composing(event) && !event.ctrlKey && !event.metaKey && !event.altKey &&
  !typing(event.target) && !document.querySelector("dialog[open]");

// Remaining times: any element with data-due="<instant>" says how much is left of it, or how much it is over.
const words = document.getElementById("words")?.dataset ?? { d: "d", h: "h", min: "min", s: "s", left: "{time}", over: "-{time}" };
export const span = (ms) => {
  const s = Math.floor(Math.abs(ms) / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  if (d) return `${d} ${words.d} ${h % 24} ${words.h}`;
  if (h) return `${h} ${words.h} ${String(m % 60).padStart(2, "0")} ${words.min}`;
  return m ? `${m} ${words.min}` : `${s} ${words.s}`;
};
export const paint = (root = document) => {
  const now = serverNow();
  for (const one of root.querySelectorAll("[data-due]")) {
    const left = Date.parse(one.dataset.due) - now;
    const text = (left < 0 ? words.over : words.left).replace("{time}", span(left));
    if (one.textContent !== text) one.textContent = text;
    const state = left < 0 ? "late" : left < (one.dataset.soon ?? 1800) * 1000 ? "risk" : "ok";
    if (!one.classList.contains(state)) { one.classList.remove("ok", "risk", "late"); one.classList.add(state); }
  }
};
paint();
setInterval(paint, 1000);
for (const event of ["visibilitychange", "pageshow", "focus"]) addEventListener(event, () => paint());
document.addEventListener("htmx:afterSettle", () => paint());

/** Replaces every element of the page that the answer has a newer one of, by id. */
export const place = (html) => {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const fresh of [...parsed.body.children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    if (old) old.replaceWith(fresh);
  }
  paint();
};

/** Thrown when the session is over; what was typed is the caller's to keep. */
export class SignedOut extends Error {}
/** Posts fields and gives the answer's text; `ok` is false where it was refused, other trouble is thrown. */
export const post = async (path, fields) => {
  const headers = { "HX-Request": "true" };
  const answer = await fetch(path, { method: "POST", headers, body: new URLSearchParams(fields) });
  if (answer.headers.get("HX-Redirect")) throw new SignedOut(path);
  if (!answer.ok && answer.status !== 422) throw new Error(`${answer.status} ${path}`);
  return { ok: answer.ok, html: await answer.text() };
};

const banner = document.getElementById("banner");
const standing = new Map();
/** Says something above the page until it is told `null`; `kind` tells one message from another. */
export const say = (kind, text, link = null) => {
  if (text === null) standing.delete(kind); else standing.set(kind, { text, link });
  const last = [...standing.values()].pop();
  banner.hidden = !last;
  banner.replaceChildren();
  if (!last) return;
  banner.append(last.text);
  if (last.link) { const a = document.createElement("a"); a.href = last.link.href; a.textContent = last.link.text; banner.append(" ", a); }
};

// On a phone the rail scrolls: the page one is on is in sight.
document.querySelector(".rail .here")?.scrollIntoView({ block: "nearest", inline: "center" });

// What every page has besides, once somebody is signed in; loaded last, so that these find everything above.
if (document.body.dataset.login) {
  import("./ring.js").then(() => import("./live.js"));
  import("./palette.js");
}
