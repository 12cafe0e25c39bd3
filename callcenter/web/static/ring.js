// Rings: shown beside whatever is being done, taken with F2 or a click, never taking the focus or a key.
import { composing } from "./app.js";

const rings = document.getElementById("rings");
const me = document.body.dataset.login;
const waved = new Set(JSON.parse(sessionStorage.getItem("waved") ?? "[]"));

const fetched = async (path) => {
  const answer = await fetch(path, { headers: { "HX-Request": "true" } });
  return answer.ok && !answer.headers.get("HX-Redirect") ? new DOMParser().parseFromString(await answer.text(), "text/html").body.children : [];
};
const show = (articles) => {
  for (const one of [...articles]) {
    if (waved.has(one.dataset.call)) continue;
    const old = document.getElementById(one.id);
    if (old) { one.className = old.className; old.replaceWith(one); } else rings.append(one);
  }
};
const away = (call) => document.getElementById(`ring-${call}`)?.remove();
const mine = (data) => !data.to?.length || data.to.includes(me);

const ringing = async ({ detail: { data } }) => { if (mine(data)) show(await fetched(`/rings/${data.call}`)); };
const answered = async ({ detail: { data } }) => {
  if (data.direction === "out" || !data.to?.includes(me)) { if (data.to?.length) away(data.call); return; }
  if (!document.getElementById(`ring-${data.call}`)) show(await fetched(`/rings/${data.call}`));
  document.getElementById(`ring-${data.call}`)?.classList.add("answered");
};
const ended = ({ detail: { data } }) => {
  const ring = document.getElementById(`ring-${data.call}`);
  if (ring && !ring.classList.contains("answered")) ring.remove();
};
/** What rings by now: asked for once the stream is there, so that nothing falls between the two. */
const all = async () => {
  const before = [...rings.children]; // what rings while this is asked for is not in the answer, and stays
  const now = [...await fetched("/rings")], ids = new Set(now.map((one) => one.id));
  for (const old of before) if (!ids.has(old.id) && !old.classList.contains("answered")) old.remove();
  show(now);
};

/** The call is this person's to take down: on the form if it is here, else there. */
const take = (ring) => {
  const { call, phone, label, started } = ring.dataset;
  waved.add(call);
  sessionStorage.setItem("waved", JSON.stringify([...waved].slice(-50)));
  ring.remove();
  const detail = { call, phone, who: label, started_at: started };
  if (document.getElementById("log")) document.dispatchEvent(new CustomEvent("callcenter:take", { detail }));
  else { sessionStorage.setItem("take", JSON.stringify(detail)); location.href = "/"; }
};
if (rings) {
  document.addEventListener("callcenter:ring", ringing);
  document.addEventListener("callcenter:answered", answered);
  document.addEventListener("callcenter:ended", ended);
  document.addEventListener("callcenter:reset", all);
  document.addEventListener("callcenter:up", all);
  rings.addEventListener("click", (event) => {
    const act = event.target.closest("button")?.dataset.act, ring = event.target.closest(".ring");
    if (act === "take") take(ring);
    if (act === "wave") { waved.add(ring.dataset.call); sessionStorage.setItem("waved", JSON.stringify([...waved].slice(-50))); ring.remove(); }
  });
  document.addEventListener("keydown", (event) => {
    const first = rings.querySelector(".ring.answered") ?? rings.querySelector(".ring");
    if (event.key === "F2" && !composing(event) && first && !document.querySelector("dialog[open]")) { event.preventDefault(); take(first); }
  });
}
