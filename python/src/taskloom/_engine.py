"""The WebAssembly module, as a compiled library or in wasmtime. Both give the same bits."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Protocol

import numpy as np
import numpy.typing as npt

from .errors import EngineError, InvalidOptionError

__all__ = ["ENGINES", "Instance", "engine_name", "instantiate"]

FOLDER = Path(__file__).parent
WASM = FOLDER / "kernel.wasm"
LIBRARY = FOLDER / {"win32": "_kernel.dll", "darwin": "_kernel.dylib"}.get(sys.platform, "_kernel.so")
ABI_VERSION = 2
ENGINES = ("compiled", "wasmtime")

#: Arguments of each function: "I" is u32, "Q" is u64. Results are u32, or none.
SIGNATURES = {
    "abiVersion": "",
    "heapBase": "",
    "normalTable": "",
    "plan": "I",
    "begin": "",
    "add": "QI",
    "drawAdded": "",
    "draw": "QI",
    "weave": "II",
}


class Instance(Protocol):
    """An instance of the module with a memory of its own. It serves one thread at a time."""

    def function(self, name: str) -> Callable[..., int]:
        """An exported function; see docs/module.md. Other threads run while it does."""
        ...

    def memory(self) -> npt.NDArray[np.uint8]:
        """The whole memory, uint8. A view is stale once the memory has grown, as it does in `plan`."""
        ...

    def grow(self, pages: int) -> bool:
        """Adds pages of 64 KiB. Returns False where there is no room."""
        ...


def engine_name(name: str | None = None) -> str:
    """The engine that `instantiate` takes: the one named, that of TASKLOOM_ENGINE, or the first that is there.

    Raises InvalidOptionError for another name, and EngineError where there is no engine.
    """
    name = name or os.environ.get("TASKLOOM_ENGINE") or None
    if name is not None:
        if name not in ENGINES:
            raise InvalidOptionError("engine", name, " or ".join(map(repr, ENGINES)))
        return name
    if LIBRARY.exists():
        return "compiled"
    try:
        import wasmtime  # noqa: F401
    except ImportError:
        raise EngineError(
            f"this installation has no compiled module ({LIBRARY.name}), and there is no wasmtime: "
            "pip install 'taskloom[wasmtime]', or install a C compiler and then taskloom once more"
        ) from None
    return "wasmtime"


def instantiate(name: str | None = None) -> Instance:
    """A fresh instance, in the engine of this name or the best one that is there. Raises EngineError."""
    instance: Instance = _Compiled() if engine_name(name) == "compiled" else _Wasmtime()
    version = instance.function("abiVersion")()
    if version != ABI_VERSION:
        raise EngineError(f"the module has interface version {version}, this package is for {ABI_VERSION}; install it anew")
    return instance


def _view(address: int, size: int, owner: object) -> npt.NDArray[np.uint8]:
    view: Any = (ctypes.c_uint8 * size).from_address(address)
    # The view keeps the instance, whose memory it shows.
    view._taskloom_owner = owner
    return np.frombuffer(view, np.uint8)


_lock = threading.Lock()
_library: ctypes.CDLL | None = None
_module: Any = None


def _load_library() -> ctypes.CDLL:
    global _library
    if _library is not None:
        return _library
    try:
        library = ctypes.CDLL(str(LIBRARY))
    except OSError as error:
        problem = f"the compiled module cannot be loaded ({error})"
        raise EngineError(f"{problem}; install taskloom anew, or take the other engine: TASKLOOM_ENGINE=wasmtime") from error
    library.taskloom_new.restype = ctypes.c_void_p
    library.taskloom_delete.argtypes = [ctypes.c_void_p]
    library.taskloom_memory.argtypes = [ctypes.c_void_p]
    library.taskloom_memory.restype = ctypes.c_void_p
    library.taskloom_size.argtypes = [ctypes.c_void_p]
    library.taskloom_size.restype = ctypes.c_uint64
    library.taskloom_grow.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.taskloom_grow.restype = ctypes.c_uint32
    kinds: dict[str, Any] = {"I": ctypes.c_uint32, "Q": ctypes.c_uint64}
    for name, arguments in SIGNATURES.items():
        function = getattr(library, f"taskloom_{name}")
        function.argtypes = [ctypes.c_void_p, *(kinds[kind] for kind in arguments)]
        function.restype = ctypes.c_uint64
    _library = library
    return library


class _Compiled:
    def __init__(self) -> None:
        with _lock:
            self._library = _load_library()
            self._kernel = self._library.taskloom_new()
        if not self._kernel:
            raise EngineError("out of memory: an instance of the module takes 8 GiB of addresses (ulimit -v bounds them)")

    def __del__(self) -> None:
        if getattr(self, "_kernel", None):
            self._library.taskloom_delete(self._kernel)

    def function(self, name: str) -> Callable[..., int]:
        call = getattr(self._library, f"taskloom_{name}")

        def checked(*args: int) -> int:
            result: int = call(self._kernel, *args)
            if result >> 32:
                raise EngineError(f"the module stopped in {name}{args}: a defect; please report it")
            return result

        return checked

    def memory(self) -> npt.NDArray[np.uint8]:
        return _view(self._library.taskloom_memory(self._kernel), self._library.taskloom_size(self._kernel), self)

    def grow(self, pages: int) -> bool:
        return bool(self._library.taskloom_grow(self._kernel, pages) != 0xFFFFFFFF)


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


class _Wasmtime:
    def __init__(self) -> None:
        global _module
        try:
            import wasmtime
        except ImportError:
            raise EngineError("there is no wasmtime: pip install 'taskloom[wasmtime]'") from None
        with _lock:
            if _module is None:
                engine = wasmtime.Engine()
                _module = (engine, wasmtime.Module.from_file(engine, str(WASM)))
        engine, module = _module
        self._errors = (wasmtime.WasmtimeError, wasmtime.Trap)
        try:
            self._store = wasmtime.Store(engine)
            self._exports: Any = wasmtime.Instance(self._store, module, []).exports(self._store)
        except self._errors as error:
            raise EngineError(f"wasmtime cannot make an instance of the module: {error}") from error

    def function(self, name: str) -> Callable[..., int]:
        call, store, errors = self._exports[name], self._store, self._errors
        bits = [64 if kind == "Q" else 32 for kind in SIGNATURES[name]]

        def checked(*args: int) -> int:
            try:
                return (call(store, *map(_signed, args, bits)) or 0) & 0xFFFFFFFF
            except errors as error:
                raise EngineError(f"the module stopped in {name}{args}: {error}") from error

        return checked

    def memory(self) -> npt.NDArray[np.uint8]:
        memory = self._exports["memory"]
        address = ctypes.addressof(memory.data_ptr(self._store).contents)
        return _view(address, memory.data_len(self._store), self)

    def grow(self, pages: int) -> bool:
        try:
            self._exports["memory"].grow(self._store, pages)
        except self._errors:
            return False
        return True
