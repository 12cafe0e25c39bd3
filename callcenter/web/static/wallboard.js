// Six numbers asked for every five seconds. What is older than fifteen says so, in a word and a colour; so does what was
// read before the clock jumped or the machine slept, at once.
const EVERY = 5_000, STALE = 15_000, JUMP = 2_500;
const body = document.body, fresh = document.getElementById("fresh"), w = body.dataset;
let offset = Date.parse(w.at) - Date.now();   // server time less ours
let readAt = performance.now();               // when the numbers came
let doubted = false;                          // the clock moved under them
let asking = false;

const spoken = (ms) => {
  const s = Math.max(0, Math.floor(ms / 1000)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
  if (d) return `${d} ${w.d} ${h % 24} ${w.h}`;
  if (h) return `${h}:${String(m % 60).padStart(2, "0")} ${w.h}`;
  return `${m}:${String(s % 60).padStart(2, "0")}`;
};
const figure = (name) => document.querySelector(`[data-figure="${name}"]`);
/** As large as its box allows: how wide the text is, in letters as wide as they are high. */
function fit(one) {
  const ems = [...one.textContent].reduce((sum, sign) => sum + (sign > "\u2e7f" ? 1 : sign === " " ? 0.35 : 0.66), 0);
  one.style.setProperty("--ems", String(Math.max(ems, 1.4)));
}
function put(name, text, state = "") {
  const one = figure(name);
  one.querySelector("dd").firstChild.data = text;
  fit(one.querySelector("dd"));
  one.className = `figure ${state}`;
}
function show(said) {
  put("overdue", String(said.overdue), said.overdue ? "late" : "");
  put("waiting", String(said.waiting), said.waiting ? "risk" : "");
  put("answer_rate", said.answer_rate === null ? "–" : `${said.answer_rate} %`);
  put("nobodys", `${said.open} `, said.nobodys ? "risk" : "");
  figure("nobodys").querySelector("small").textContent = `/ ${said.nobodys}`;
  figure("next").querySelector("dd").dataset.until = said.next_due ?? "";
  figure("oldest").querySelector("dd").dataset.since = said.oldest_waiting ?? "";
  const hour = new Intl.DateTimeFormat("en-GB", { timeZone: said.zone, hour: "2-digit", minute: "2-digit" });
  fresh.querySelector("time").textContent = hour.format(Date.parse(said.at));
}
async function ask() {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch(w.from, { cache: "no-store", signal: AbortSignal.timeout(EVERY) });
    if (!answer.ok) return;
    const said = await answer.json();
    show(said);
    offset = Date.parse(said.at) - Date.now();
    readAt = performance.now();
    doubted = false;
  } catch { /* it shows as stale soon enough */ } finally { asking = false; paint(); }
}
function paint() {
  const now = Date.now() + offset, age = performance.now() - readAt, stale = doubted || age > STALE;
  const next = figure("next").querySelector("dd"), oldest = figure("oldest").querySelector("dd");
  const left = next.dataset.until ? Date.parse(next.dataset.until) - now : null;
  next.firstChild.data = left === null ? "–" : spoken(left);
  fit(next);
  figure("next").className = `figure ${left !== null && left < 300_000 ? "risk" : ""}`;
  oldest.firstChild.data = oldest.dataset.since ? spoken(now - Date.parse(oldest.dataset.since)) : "–";
  fit(oldest);
  body.classList.toggle("stale", stale);
  const word = stale ? fresh.dataset.stale : fresh.dataset.live;
  if (fresh.firstElementChild.textContent !== word) fresh.firstElementChild.textContent = word;
  fresh.querySelector("span").textContent = stale && !doubted ? spoken(age) : "";
}
document.querySelectorAll(".figure dd").forEach(fit);
paint();
let wall = Date.now(), steady = performance.now(), askedAt = steady;
setInterval(() => {
  const movedWall = Date.now() - wall, movedSteady = performance.now() - steady;
  wall += movedWall; steady += movedSteady;
  if (Math.abs(movedWall - movedSteady) > JUMP || movedWall > STALE) doubted = true;
  paint();
  if (doubted || steady - askedAt >= EVERY) { askedAt = steady; ask(); }
}, 1000);
document.addEventListener("visibilitychange", () => { paint(); if (!document.hidden) ask(); });
