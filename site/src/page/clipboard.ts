import { say } from "./dom.js";

/** Copies text, and says so on the button. */
export async function copy(button: HTMLButtonElement, text: string): Promise<void> {
  const before = button.textContent ?? "";
  const done = await write(text);
  const result = done ? "Copied" : "Not allowed here";
  button.textContent = result;
  say(result);
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}

async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writeBySelection(text);
  }
}

/** The way of pages that are neither on https: nor on localhost. */
function writeBySelection(text: string): boolean {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/** Saves bytes or text as a file of the visitor. */
export function download(name: string, contents: BlobPart[], type = "application/octet-stream"): void {
  const url = URL.createObjectURL(new Blob(contents, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
