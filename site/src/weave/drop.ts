import { type Dropped, datasetFromFiles } from "../data/dropped.js";
import { byId } from "../page/dom.js";

interface Calls {
  readonly take: (dropped: Dropped) => void;
  readonly reset: () => void;
  readonly fail: (error: unknown) => void;
}

/** Takes files that are chosen, or dropped anywhere on the page. */
export function startDrop({ take, reset, fail }: Calls): void {
  const zone = byId("w-drop", HTMLElement);
  const input = byId("w-files", HTMLInputElement);
  const open = async (files: FileList | null | undefined) => {
    if (!files?.length) return;
    try {
      take(await datasetFromFiles([...files]));
    } catch (error) {
      fail(error);
    }
  };
  input.addEventListener("change", () => void open(input.files));
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
    void open(event.dataTransfer?.files);
  });
  byId("w-mnist", HTMLButtonElement).addEventListener("click", () => {
    input.value = "";
    reset();
    byId("w-task", HTMLInputElement).focus();
  });
}
