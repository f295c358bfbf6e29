import type { Dropped } from "../data/dropped.js";
import { filesOfDrop } from "../data/dropped-files.js";
import type { Reading } from "../data/place.js";
import { byId } from "../page/dom.js";
import { onReading, readReading, resetReading, showReading } from "./reading.js";

interface Calls {
  readonly take: (dropped: Dropped, reading: Reading) => void;
  readonly reset: () => void;
  readonly fail: (error: unknown) => void;
}

const READING = "Reading\u2026";

/**
 * Takes files or a folder that are chosen, or dropped anywhere on the page. The readers are loaded with the first of them.
 * Files are read again when the options of the readers change; of several readings under way only the last one counts.
 */
export function startDrop({ take, reset, fail }: Calls): void {
  const zone = byId("w-drop", HTMLElement);
  const inputs = [byId("w-files", HTMLInputElement), byId("w-folder", HTMLInputElement)];
  const said = byId("w-dataset", HTMLElement);
  let kept: readonly File[] = [];
  let turn = 0;
  let before: string | null = null;
  const read = async (find: () => Promise<readonly File[]>) => {
    const mine = ++turn;
    if (said.textContent !== READING) before = said.textContent;
    said.textContent = READING;
    byId("w-mnist", HTMLButtonElement).hidden = false;
    try {
      const files = await find();
      const reading = readReading();
      const { datasetFromFiles } = await import("../data/dropped.js");
      if (mine !== turn) return;
      kept = files;
      const dropped = await datasetFromFiles(files, reading);
      if (mine === turn) take(dropped, reading);
    } catch (error) {
      if (mine !== turn) return;
      said.textContent = before;
      fail(error);
    }
    showReading(true);
  };
  const takeNew = (find: () => Promise<readonly File[]>) => {
    resetReading(true);
    void read(find);
  };
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      // The same file can be chosen again after it was changed.
      input.value = "";
      if (files.length > 0) takeNew(async () => files);
    });
  }
  onReading(() => void read(async () => kept));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const transfer = event.dataTransfer;
    if (!transfer?.types.includes("Files")) return;
    // The entries are taken within the event: afterwards the transfer is empty.
    const files = filesOfDrop(transfer);
    takeNew(() => files);
  });
  byId("w-mnist", HTMLButtonElement).addEventListener("click", () => {
    turn++;
    kept = [];
    resetReading(false);
    reset();
    byId("w-task", HTMLInputElement).focus();
  });
}
