// The live stream as events of the document: `callcenter:<kind>`, detail {at, ticket, data}. One connection a browser.
import { say, syncServer } from "./app.js";

const words = document.getElementById("words").dataset;
let downAt = 0;

const heard = (message) => {
  if (message.kind === "down") { downAt ||= setTimeout(() => say("stream", words.down, { href: location.href, text: words.refresh }), 1500); return; }
  clearTimeout(downAt);
  if (message.kind === "up") {
    downAt = 0;
    say("stream", null);
    document.dispatchEvent(new CustomEvent("callcenter:up")); // whoever shows something asks now for what it missed
    return;
  }
  if (message.kind === "beat") syncServer(message.at);
  document.dispatchEvent(new CustomEvent(`callcenter:${message.kind}`, { detail: message }));
};

/** A shared worker where there are any; else one tab leads and the others hear it; else each its own. */
const connect = async () => {
  if (typeof SharedWorker !== "undefined") {
    const { port } = new SharedWorker(words.worker, { type: "module", name: "callcenter-live" });
    port.onmessage = ({ data }) => heard(data);
    port.postMessage("hello");
    addEventListener("pagehide", () => port.postMessage("bye"));
    addEventListener("pageshow", (event) => { if (event.persisted) port.postMessage("hello"); });
    return;
  }
  const alone = async (tell) => (await import("./live-worker.js")).join({ postMessage: tell });
  if (!navigator.locks || typeof BroadcastChannel === "undefined") return alone(heard);
  const air = new BroadcastChannel("callcenter-live");
  air.onmessage = ({ data }) => heard(data);
  await navigator.locks.request("callcenter-live", async () => {
    await alone((message) => { heard(message); air.postMessage(message); });
    await new Promise(() => {}); // leads until the tab is closed
  });
};
connect();
