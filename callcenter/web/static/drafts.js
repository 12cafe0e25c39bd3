// Drafts of a form: on every change in this browser, a moment later on the server. A draft is one call's and nobody else's.
import { post, SignedOut } from "./app.js";

const mine = `draft:${document.body.dataset.login}:`;
const waiting = new Map();
const LATER = 400;

/** An id that may be made where crypto.randomUUID may not (plain http). */
const uuid = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64; bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};
export const fresh = (data = {}, begun = Date.now()) => ({ id: uuid(), at: 0, begun, data });

/** All drafts of this person, from the server and from this browser, whichever is newer; oldest first. */
export const all = (kept) => {
  const found = new Map(kept.map((one) => [one.id, one]));
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(mine)) continue;
    try {
      const here = JSON.parse(localStorage.getItem(key));
      if (here.gone) { found.delete(here.id); continue; }
      if (!(found.get(here.id)?.at >= here.at)) found.set(here.id, here);
    } catch { localStorage.removeItem(key); }
  }
  return [...found.values()].sort((a, b) => a.begun - b.begun);
};

/** Kept in this browser at once and on the server soon; `told` hears where it is kept. */
export const keep = (draft, told) => {
  draft.at = Date.now();
  try { localStorage.setItem(mine + draft.id, JSON.stringify(draft)); } catch { /* full or forbidden: the server has it */ }
  clearTimeout(waiting.get(draft.id));
  waiting.set(draft.id, setTimeout(() => send(draft, told), LATER));
};

const send = async (draft, told) => {
  waiting.delete(draft.id);
  try {
    const { ok } = await post(`/drafts/log/${draft.id}`, { data: JSON.stringify(draft) });
    told(ok ? "kept" : "here");
  } catch (error) { told(error instanceof SignedOut ? "out" : "here"); }
};

/** Whatever was not sent yet is; for a page that is being left. */
export const flush = (draft) => {
  if (!waiting.has(draft.id)) return;
  clearTimeout(waiting.get(draft.id));
  waiting.delete(draft.id);
  navigator.sendBeacon(`/drafts/log/${draft.id}`, new URLSearchParams({ data: JSON.stringify(draft) }));
};

/** The draft was saved, or is thrown away: no copy of it is left, here or there. */
export const drop = async (draft, { saved = false } = {}) => {
  clearTimeout(waiting.get(draft.id));
  waiting.delete(draft.id);
  if (saved) { localStorage.removeItem(mine + draft.id); return; }
  localStorage.setItem(mine + draft.id, JSON.stringify({ id: draft.id, gone: true }));
  try { await post(`/drafts/log/${draft.id}/drop`, {}); localStorage.removeItem(mine + draft.id); } catch { /* told at the next start */ }
};
