"""Builds the module as a shared library where wasm2c and a C compiler are there; else the wheel is pure Python."""

import os
import re
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from compile_kernel import LIBRARY, compile_library, generate, missing  # noqa: E402

# TASKLOOM_COMPILED=1: a wheel without the library is an error. =0: the library is left out.
CHOICE = os.environ.get("TASKLOOM_COMPILED", "")


def version():
    return re.search(r'__version__ = "([^"]+)"', (HERE / "src/taskloom/__init__.py").read_text())[1]


class BuildPy(build_py):
    def run(self):
        super().run()
        folder = HERE / "src/taskloom" if self.editable_mode else Path(self.build_lib) / "taskloom"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LIBRARY).unlink(missing_ok=True)
        problem = "TASKLOOM_COMPILED is 0" if CHOICE == "0" else compile_library(folder)
        if problem and CHOICE == "1":
            raise SystemExit(f"taskloom: {problem}")
        if problem:
            print(f"taskloom: {problem}; without a compiled module the package needs wasmtime: "
                  "pip install 'taskloom[wasmtime]'", file=sys.stderr)


class BdistWheel(bdist_wheel):
    """A wheel with the library is for this platform and for any Python, as the library does not use Python's API."""

    def finalize_options(self):
        super().finalize_options()
        self.root_is_pure = CHOICE == "0" or missing() is not None

    def get_tag(self):
        tag = super().get_tag()
        return tag if self.root_is_pure else ("py3", "none", tag[2])


class Sdist(sdist):
    def run(self):
        problem = generate()
        if problem:
            raise SystemExit(f"taskloom: an sdist carries the generated C; {problem}")
        super().run()


setup(version=version(), cmdclass={"build_py": BuildPy, "bdist_wheel": BdistWheel, "sdist": Sdist})
