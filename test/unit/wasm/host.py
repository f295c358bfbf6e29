"""A host of the WebAssembly module in Python, written from docs/module.md alone: python host.py kernel.wasm jobs.json

Each job is a folder with plan.json (the fields of the struct by name; schedules as lists of [step, share]), examples.bin and
labels.bin (u16). The host makes items [first, first + count) and writes inputs.bin, targets.bin and labels-given.bin.
"""
import json
import struct
import sys
from pathlib import Path

import wasmtime

FIELDS = """version mode seed taskCount taskOffset replacement itemsPerTask itemCount length examples features outFeatures
exampleClasses classes specialTokens startToken labelLayout labelFormat generator exampleDtype grayOffset scale identityScale
matrixScale dtype ways shots queries relabel fixed fixedTask fixedPool tasksPerStep""".split()
FORMAT = "<IIQQIIQQ" + "I" * 12 + "ifff" + "I" * 8 + "Q"
SCHEDULES, SCHEDULES_AT, HOST_AT, RESULTS_AT, BYTES = ("identityProjection", "identityPermutation", "fixedShare"), 152, 176, 192, 288
RESULTS = struct.Struct("<IIIIQQQQ" + "I" * 12)
PROBLEM, MAX_ITEMS, _, ROW, INPUTS_BYTES, TARGETS_BYTES, LABELS_BYTES, END, LABELS_AT, EXAMPLES_AT, _, _, INPUTS, TARGETS, LABELS = range(15)


def weave(module, engine, folder):
    store = wasmtime.Store(engine)
    exports = wasmtime.Instance(store, module, []).exports(store)
    call = lambda name, *args: exports[name](store, *args)
    memory = exports["memory"]
    assert call("abiVersion") == 1, "this host is for version 1"

    plan = json.loads((folder / "plan.json").read_text())
    start = (call("heapBase") + 63) // 64 * 64
    fields = bytearray(struct.pack(FORMAT, *(int(plan[f]) if f == "seed" else plan[f] for f in FIELDS)))
    points = b""
    for name in SCHEDULES:
        fields += struct.pack("<II", len(plan[name]), start + BYTES + len(points))
        points += b"".join(struct.pack("<dd", *point) for point in plan[name])
    heap = start + BYTES + len(points)
    fields += struct.pack("<IIII", plan.get("mostPositions", 0), 1, 0, heap)
    if heap > memory.data_len(store):
        memory.grow(store, 1)
    memory.write(store, fields + bytes(BYTES - len(fields)) + points, start)

    status = call("plan", start)
    read = lambda at, size: bytes(memory.read(store, at, at + size))
    sizes = RESULTS.unpack(read(start + RESULTS_AT, RESULTS.size))
    assert status == 0, f"status {status}, problem {sizes[PROBLEM]}"
    memory.write(store, (folder / "labels.bin").read_bytes(), sizes[LABELS_AT])
    memory.write(store, (folder / "examples.bin").read_bytes(), sizes[EXAMPLES_AT])

    results = [("inputs.bin", INPUTS, INPUTS_BYTES), ("targets.bin", TARGETS, TARGETS_BYTES), ("labels-given.bin", LABELS, LABELS_BYTES)]
    files = [(open(folder / name, "wb"), at, size) for name, at, size in results]
    first, end = plan["first"], plan["first"] + plan["count"]
    while first < end:
        made = call("fill", first, end - first)
        assert made > 0, "fill made nothing"
        for file, at, size in files:
            file.write(read(sizes[at], made * sizes[size]))
        first += made
    for file, _, _ in files:
        file.close()


if __name__ == "__main__":
    engine = wasmtime.Engine()
    module = wasmtime.Module.from_file(engine, sys.argv[1])
    for path in json.load(open(sys.argv[2])):
        weave(module, engine, Path(path))
