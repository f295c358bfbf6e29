import { afterEach, beforeEach } from "vitest";

/** Listens to notices, which are warnings of the process, during each test of a file. The result gives those so far. */
export function listenToNotices(): () => Promise<string[]> {
  let notices: string[] = [];
  const listen = ({ name, message }: Error) => {
    if (name === "TaskloomNotice") notices.push(message);
  };
  beforeEach(() => {
    notices = [];
    process.on("warning", listen);
  });
  afterEach(() => {
    process.off("warning", listen);
  });
  return async () => {
    // Node says them in the next tick.
    await new Promise((resolve) => setTimeout(resolve));
    return notices;
  };
}
