// What every page does: server time, remaining times, keys. Each page's own script builds on this.

const serverAtLoad = Date.parse(document.body.dataset.now ?? "");

/** Milliseconds since the epoch by the server's clock; right after the machine slept, because Date goes on and is compared. */
let offset = Number.isNaN(serverAtLoad) ? 0 : serverAtLoad - Date.now();
export const serverNow = () => Date.now() + offset;
export const syncServer = (iso) => { offset = Date.parse(iso) - Date.now(); };

/** True while an input method is composing; its keys are not ours (WebKit sends keyCode 229, or Enter right after). */
let composedAt = -Infinity;
document.addEventListener("compositionend", () => { composedAt = performance.now(); }, true);
export const composing = (event) =>
  event.isComposing || event.keyCode === 229 || (event.key === "Enter" && performance.now() - composedAt < 50);

export const shortcutsOn = () => document.body.dataset.shortcuts !== "off";
export const typing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]");
