// Log a call: one form, several calls as tabs. Fragments bring what the server knows; the fields are the draft's.
import { bare, composing, place, post, say, serverNow, SignedOut } from "./app.js";
import * as drafts from "./drafts.js";
import { finder } from "./finder.js";

const form = document.getElementById("log");
const tabs = document.getElementById("tabs");
const kept = document.getElementById("kept");
const PICKED = ["phone", "contact", "account", "asset", "site", "contract"];
let open = [];
let saving = false;
let current = null;
let asked = 0;

// Fields -------------------------------------------------------------------------------------------------------------
const read = () => Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
/** What the server works out again each time; a draft does not keep it. */
const derived = (field) => field.type === "hidden" && ["zone", "contract", "coverage"].includes(field.name);
const fill = (data) => {
  for (const one of form.elements) {
    if (!one.name || derived(one)) continue;
    if (one.type === "radio") { if (data[one.name] !== undefined) one.checked = one.value === data[one.name]; }
    else if (data[one.name] !== undefined) { if (one.value !== data[one.name]) one.value = data[one.name]; }
    else if (one.tagName !== "SELECT") one.value = "";
  }
};
const told = (where) => {
  say("out", where === "out" ? form.dataset.out : null, { href: "/sign-in?next=/", text: "→" });
  const at = new Date(serverNow()).toLocaleTimeString("sv-SE", { timeZone: form.elements.zone?.value || undefined });
  kept.textContent = where === "kept" ? `${form.dataset.keptAt} ${at}` : form.dataset.here;
};
const changed = () => {
  current.data = read();
  drafts.keep(current, told);
  label();
};

// Tabs ---------------------------------------------------------------------------------------------------------------
const name = (draft) => draft.data.who || draft.data.phone || draft.data.what?.slice(0, 12) || tabs.dataset.unnamed;
const empty = (draft) => !["who", "what", "phone", "account", "call"].some((field) => draft.data[field]);
const label = () => {
  tabs.replaceChildren(...open.flatMap((draft, index) => {
    const tab = document.createElement("button");
    tab.type = "button"; tab.className = "tab"; tab.textContent = name(draft);
    tab.setAttribute("aria-pressed", String(draft === current));
    if (index < 9) tab.title = `Alt ${index + 1}`;
    tab.addEventListener("click", () => show(draft));
    const close = document.createElement("button");
    close.type = "button"; close.className = "close"; close.textContent = "×"; close.ariaLabel = `${tabs.dataset.close}: ${name(draft)}`;
    close.addEventListener("click", () => discard(draft));
    return empty(draft) && open.length === 1 ? [] : [tab, close];
  }));
  tabs.hidden = !tabs.children.length;
};
const show = async (draft, focus = "what") => {
  if (!saving) document.getElementById("saved").replaceChildren();
  current = draft;
  asked += 1;
  document.getElementById("problems").replaceChildren();
  form.reset();
  fill({ ...draft.data, draft: draft.id });
  into(draft.data.into ?? "", draft.data);
  promising(Boolean(draft.data.promised || draft.data.promised_at));
  label();
  const field = form.elements[focus] ?? form.elements.what;
  field.focus();
  await card();
};
export const begin = (data = {}, focus = "who") => {
  let draft = open.find(empty);
  if (!draft) { draft = drafts.fresh({}, serverNow()); open.push(draft); }
  draft.data = { started_at: new Date(serverNow()).toISOString(), ...data };
  if (Object.keys(data).length) drafts.keep(draft, told);
  return show(draft, focus);
};
const discard = (draft) => {
  if (!empty(draft) && !confirm(form.dataset.throw)) return;
  open = open.filter((one) => one !== draft);
  drafts.drop(draft);
  if (draft === current) { if (open.length) show(open.at(-1)); else begin(); } else label();
};

// Fragments ----------------------------------------------------------------------------------------------------------
/** Asks for a fragment of the current draft; null when another was asked for meanwhile, or nobody answers. */
const fragment = async (path) => {
  const draft = current, mine = asked;
  try {
    const { html } = await post(path, read());
    say("away", null);
    return draft === current && mine === asked ? html : null;
  } catch (error) {
    if (error instanceof SignedOut) told("out"); else say("away", form.dataset.away);
    return null;
  }
};
const card = async () => {
  asked += 1;
  const html = await fragment("/log/card");
  if (html === null) return;
  const before = document.activeElement?.name;
  place(html);
  if (!form.elements.zone?.value && form.elements.zone) form.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  fill({ ...current.data, draft: current.id });
  if (before && document.activeElement === document.body) form.elements[before]?.focus();
  into(current.data.into ?? "", current.data);
  promise();
};
const promise = async () => {
  const html = await fragment("/log/promise");
  if (html === null || document.activeElement?.matches("#promise [type=datetime-local]")) return; // half a date is not taken away
  const before = document.activeElement;
  const field = before?.closest("#promise") ? before.name : null;
  place(html);
  if (current.data.corrected_at) form.elements.corrected_at.value = current.data.corrected_at;
  if (field) document.querySelector(`#promise [name="${field}"]`)?.focus();
};

// An open ticket -----------------------------------------------------------------------------------------------------
/** The call goes into this ticket; the empty number means a new one. */
const into = (number, data = {}) => {
  form.elements.into.value = number;
  for (const id of ["opening", "grading", "place"]) document.getElementById(id).hidden = Boolean(number);
  document.getElementById("promise").hidden = Boolean(number);
  for (const one of document.querySelectorAll(".offer")) one.classList.toggle("chosen", one.dataset.number === number);
  const visiting = document.getElementById("visiting");
  visiting.replaceChildren();
  const visit = number && document.querySelector(`.offer[data-number="${number}"] template[data-visit]`);
  if (visit) { visiting.append(visit.content.cloneNode(true)); fill({ visit: data.visit ?? "yes", ...read(), ...data }); }
};
const promising = (on) => { document.getElementById("promising").hidden = !on; };

// Saving -------------------------------------------------------------------------------------------------------------
const save = async (next) => {
  if (saving) return;
  saving = true;
  const draft = current;
  try {
    drafts.keep(draft, told);
    const { ok, html } = await post("/log", { ...read(), draft: draft.id });
    say("away", null);
    place(html);
    if (!ok) return refuse();
    drafts.drop(draft, { saved: true });
    open = open.filter((one) => one !== draft);
    const more = next && document.querySelector("#rings [data-act=take]");
    await (open.length && !next ? show(open.at(-1)) : begin());
    if (more) more.click(); else if (!next) document.querySelector("#saved section").focus();
  } catch (error) {
    if (error instanceof SignedOut) { told("out"); location.href = "/sign-in?next=/"; } else say("away", form.dataset.away);
  } finally { saving = false; }
};
const refuse = () => {
  const first = document.querySelector("#problems [data-field]")?.dataset.field;
  const field = { promised_until: "promised_at", reported_at: "corrected_at" }[first] ?? first;
  const found = form.elements[field] ?? form.elements[`fact.${field}`] ?? form.elements.what;
  (found instanceof RadioNodeList ? found[0] : found).focus();
};

// Hands --------------------------------------------------------------------------------------------------------------
const pick = (data) => {
  for (const field of PICKED) if (form.elements[field] && field !== "phone") form.elements[field].value = "";
  for (const [field, value] of Object.entries(data)) if (form.elements[field] && value) form.elements[field].value = value;
  form.elements.into.value = "";
  changed();
  Object.assign(current.data, Object.fromEntries(Object.entries(data).filter(([, value]) => value)));
  return card();
};
const who = form.elements.who;
finder(who, document.getElementById("hits"), {
  query: (text) => text,
  picked: async (hit) => {
    who.value = hit.label;
    await pick({ who: hit.label, contact: hit.contact, account: hit.account, asset: hit.asset, phone: form.elements.phone.value || hit.phone });
    onward();
  },
});
/** After it is known who calls: the open ticket first, else what is wrong. */
const onward = () => {
  if (form.elements.what.value) return; // somebody is typing already
  (document.querySelector("#offer [data-into].primary") ?? form.elements.what).focus();
};
let dialled = 0; // the timer after the last digit
who.addEventListener("input", () => {
  const digits = who.value.replace(/[^\d+]/g, "");
  clearTimeout(dialled);
  if (digits.length >= 7 && /^[\d+\s()./-]+$/.test(who.value)) dialled = setTimeout(() => pick({ phone: who.value }), 150);
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", (event) => { if (event.target.type !== "radio") changed(); });
document.addEventListener("change", (event) => {
  if (event.target.form !== form) return;
  changed();
  if (event.target.matches("[data-reload]")) card();
  else if (event.target.matches("[type=radio], select, [name=severity_reason], [name=corrected_at]")) promise();
});
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const act = button.dataset.act;
  if (act === "save" || act === "save-next") save(act === "save-next");
  else if (act === "promise") { promising(true); form.elements.promised.focus(); }
  else if (button.dataset.into) { into(button.dataset.into); changed(); form.elements.what.focus(); }
  else if (act === "new-ticket") { into(""); changed(); form.elements.what.focus(); }
  else if ("pick" in button.dataset) { who.value = button.dataset.label; await pick({ who: button.dataset.label, contact: button.dataset.contact, account: button.dataset.account }); onward(); }
  else if (button.dataset.in) { soon(Number(button.dataset.in)); changed(); }
});
/** The wall-clock time in the contract's zone so many minutes from now, as the field writes it. */
const soon = (minutes) => {
  const zone = form.elements.zone?.value || undefined;
  const at = new Date(serverNow() + minutes * 60000);
  form.elements.promised_at.value = at.toLocaleString("sv-SE", { timeZone: zone }).slice(0, 16).replace(" ", "T");
};
document.addEventListener("keydown", (event) => {
  if (composing(event) || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(event.shiftKey); return; }
  if (event.altKey && !event.ctrlKey && event.code === "KeyP") { event.preventDefault(); promising(true); form.elements.promised.focus(); return; }
  if (event.altKey && !event.ctrlKey && /^Digit[1-9]$/.test(event.code)) {
    const draft = open[Number(event.code.at(-1)) - 1];
    if (draft && draft !== current) { event.preventDefault(); show(draft); }
    return;
  }
  const group = event.target.closest("[data-digits]");
  if (group && /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const choice = group.querySelectorAll("input[type=radio]")[Number(event.key) - 1];
    if (choice) { event.preventDefault(); choice.focus(); choice.click(); }
    return;
  }
  if (event.key === "Enter" && event.target.form === form && event.target.matches("input, select")) { event.preventDefault(); return; }
  if (bare(event) && event.key.toLowerCase() === "n" && document.querySelector("#offer [data-into]")) {
    event.preventDefault(); into(""); changed(); form.elements.what.focus();
  }
});
addEventListener("pagehide", () => { if (current) drafts.flush(current); });

// Start --------------------------------------------------------------------------------------------------------------
open = drafts.all(JSON.parse(form.dataset.kept)).map((one) => ({ id: one.id, at: one.at, begun: one.begun, data: one.data ?? {} }));
document.addEventListener("callcenter:take", (event) => begin(event.detail, "what").then(onward));
const early = read(); // typed before this script was there
const taken = sessionStorage.getItem("take"); // from a ring on another page
sessionStorage.removeItem("take");
if (taken) begin(JSON.parse(taken), "what").then(onward);
else if (early.who || early.what) {
  current = { ...drafts.fresh({}, serverNow()), data: { started_at: new Date(serverNow()).toISOString() } };
  open.push(current);
  for (const field of ["draft", "started_at"]) form.elements[field].value = field === "draft" ? current.id : current.data.started_at;
  changed();
  who.dispatchEvent(new Event("input", { bubbles: true }));
} else if (open.length) show(open.at(-1)); else begin();
