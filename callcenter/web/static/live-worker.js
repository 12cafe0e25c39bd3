// The one connection of this browser to the live stream, shared by its tabs. It comes back by itself, to where it stopped.
const ports = new Set();
let source = null, last = "", heard = 0, down = null, wait = 1000, again = 0;
const QUIET = 16000; // three beats missed

const tell = (message) => { for (const port of ports) port.postMessage(message); };
const state = (now) => { if (now !== down) { down = now; tell({ kind: down ? "down" : "up" }); } };
const connect = () => {
  clearTimeout(again);
  source?.close();
  heard = Date.now();
  source = new EventSource(`/live${last ? `?after=${last}` : ""}`);
  source.onmessage = (event) => {
    heard = Date.now();
    wait = 1000;
    if (event.lastEventId) last = event.lastEventId;
    const told = JSON.parse(event.data);
    state(told.kind === "beat" && Boolean(told.data?.away));
    tell({ ...told, id: event.lastEventId });
  };
  source.onerror = () => {
    source.close();
    again = setTimeout(connect, wait);
    wait = Math.min(wait * 2, 15000);
    state(true);
  };
};
const leave = (port) => { ports.delete(port); if (!ports.size) { source?.close(); source = null; down = null; clearTimeout(again); } };
const join = (port) => {
  ports.add(port);
  if (!source) connect(); else if (down !== null) port.postMessage({ kind: down ? "down" : "up" });
};
// timers stop with the machine; what woke up after a while asks anew
setInterval(() => { if (source && ports.size && Date.now() - heard > QUIET) { state(true); connect(); } }, 2000);

if (typeof SharedWorkerGlobalScope !== "undefined") {
  self.onconnect = ({ ports: [port] }) => {
    port.onmessage = ({ data }) => (data === "bye" ? leave(port) : join(port));
    port.start();
  };
}
export { join };
