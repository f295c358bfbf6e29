// The Chromium of the package @sparticuz/chromium, for Linux x64: the browser, SwiftShader, a Vulkan loader, a font and the
// system libraries that the browser needs. It needs no root and no download of its own. Its own code unpacks into the temporary
// folder; this unpacks into build/.
import { createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";
import { root } from "./ensure.mjs";

/** The places of the unpacked browser, its libraries and the driver. */
export const unpackedFolder = join(root, "build", "chromium");

/** Starts the browser with its system libraries, which must not reach any other program. */
export const unpackedBrowser = join(unpackedFolder, "start.sh");

const START = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
# Without any settings of fonts the browser ends where a page needs a second font, for the button of a file input.
[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
`;

/** The settings of fonts, in place of the package's, which name folders of another machine. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/** The package's archives; undefined where npm did not install it, or on another platform. */
function archives() {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  try {
    const main = createRequire(import.meta.url).resolve("@sparticuz/chromium");
    return join(dirname(main), "..", "..", "bin");
  } catch {
    return undefined;
  }
}

/** Unpacks the package into build/; answers whether it lies there now. */
export async function unpackChromium() {
  const from = archives();
  if (!from) return false;
  const done = join(unpackedFolder, "complete-with-fonts");
  // npm gives files of packages an old date, so the time of the package's folder tells nothing; its version does.
  const { version } = createRequire(join(from, "..", "package.json"))("./package.json");
  if (existsSync(`${done}-${version}`)) return true;
  console.log(`unpacking Chromium ${version} of @sparticuz/chromium into build/ ...`);
  const partial = `${unpackedFolder}-${process.pid}`;
  try {
    const { extract } = await import("tar-fs");
    mkdirSync(partial, { recursive: true });
    const unpack = (name, to) => pipeline(createReadStream(join(from, name)), createBrotliDecompress(), to);
    await Promise.all([
      unpack("chromium.br", createWriteStream(join(partial, "chromium"), { mode: 0o755 })),
      unpack("swiftshader.tar.br", extract(partial)),
      unpack("al2023.tar.br", extract(partial)),
      unpack("fonts.tar.br", extract(partial)),
    ]);
    writeFileSync(join(partial, "fonts.conf"), FONTS);
    writeFileSync(join(partial, "start.sh"), START, { mode: 0o755 });
    writeFileSync(join(partial, `complete-with-fonts-${version}`), "");
    rmSync(unpackedFolder, { recursive: true, force: true });
    renameSync(partial, unpackedFolder);
    return true;
  } catch (error) {
    console.log(`it cannot be unpacked: ${error.message}`);
    return false;
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
