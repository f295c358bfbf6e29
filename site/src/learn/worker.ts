import type { FromTrainer, ToTrainer } from "./messages.js";
import { Trainer } from "./trainer.js";

const scope = globalThis as unknown as {
  postMessage(message: FromTrainer): void;
  onmessage: (event: { data: ToTrainer }) => void;
};
const trainer = new Trainer((message) => scope.postMessage(message));
scope.onmessage = ({ data }) => trainer.take(data);
