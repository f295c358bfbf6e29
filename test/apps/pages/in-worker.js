// A dedicated, shared or service worker that weaves for the page that asks.
import "/count-workers.js";
import * as taskloom from "/dist/index.js";
import { report } from "/weave.js";

const answer = async (port) => port.postMessage(await report(taskloom));
globalThis.onconnect = ({ ports: [port] }) => answer(port);
globalThis.onmessage = ({ ports: [port] }) => port && answer(port);
