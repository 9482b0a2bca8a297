"""Zarr beside other libraries: seconds and peak memory, each in a fresh process, median of some.

    python benches/zarr_rows.py [--folder F] [--rounds 3] [--large] [--only ROW,...]

Rows: `write` 10000 x 10000 standard normals (made beforehand for libraries that store arrays in
memory); `read` it and take the mean over axis 0; `slice`, the same of 100 columns. `codec` is the
bare codec on as many threads as there are processors: `write` compresses the same chunks and `read`
unpacks them, in memory, and that is all. With `--large`: `moments`, mean and std over axis 0 of
6 GB at a limit of 256 MiB, and `rechunk`, 6 GB from rows to columns at 512 MiB. Libraries that are
not installed are left out; rechunker needs Zarr before version 3, so `--only rechunk --library
rechunker` is run with a Python that has these.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

LIBRARIES = ["chunkwise", "dask", "zarr", "tensorstore"]
MODULES = {"dask": ["dask.array", "zarr"], "codec": ["numcodecs", "zarr"]}
SHAPE, CHUNKS = (10_000, 10_000), (1000, 1000)
LARGE = (150_000, 10_000)


def codec(row: str, path: str):
    """The codec alone, over the chunks of a store, on all processors."""
    from concurrent.futures import ThreadPoolExecutor

    import numcodecs
    import numpy as np
    import zarr

    z = zarr.open_array(path, mode="r")
    unit = numcodecs.Zstd(level=0)
    chunks = [
        np.ascontiguousarray(z[i : i + CHUNKS[0], j : j + CHUNKS[1]])
        for i in range(0, SHAPE[0], CHUNKS[0])
        for j in range(0, SHAPE[1], CHUNKS[1])
    ]
    if row == "read":
        packed = [unit.encode(c) for c in chunks]
        # Into memory that is there: what is measured is not how pages are made.
        out = [np.empty_like(chunks[0]) for _ in range(os.cpu_count())]
        chunks = []

    def each(n: int) -> None:
        if row == "write":
            unit.encode(chunks[n])
        else:
            unit.decode(packed[n], out[n % len(out)])

    count = len(chunks) or len(packed)
    pool = ThreadPoolExecutor(os.cpu_count())
    return lambda: list(pool.map(each, range(count)))


def write(library: str, path: str):
    if library == "codec":
        return codec("write", os.path.join(os.path.dirname(path), "small.zarr"))
    if library in ("chunkwise", "dask"):
        da = array(library)
        x = da.random.default_rng(1).standard_normal(SHAPE, chunks=CHUNKS)
        return lambda: x.to_zarr(path)
    import numpy as np

    x = np.random.default_rng(1).standard_normal(SHAPE)
    if library == "zarr":
        import zarr

        def run():
            z = zarr.create_array(path, shape=SHAPE, chunks=CHUNKS, dtype="f8")
            z[:] = x

        return run
    import tensorstore as ts

    grid = {"name": "regular", "configuration": {"chunk_shape": CHUNKS}}
    codecs = [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "zstd", "configuration": {"level": 0}},
    ]
    metadata = {"shape": SHAPE, "data_type": "float64", "chunk_grid": grid, "codecs": codecs}
    spec = {"driver": "zarr3", "kvstore": f"file://{path}", "metadata": metadata}
    return lambda: ts.open(spec, create=True).result().write(x).result()


def read(library: str, path: str, part: tuple = (slice(None), slice(None))):
    if library == "codec":
        return codec("read", path)
    if library in ("chunkwise", "dask"):
        da = array(library)
        return lambda: da.from_zarr(path)[part].mean(axis=0).compute()
    if library == "zarr":
        import zarr

        return lambda: zarr.open_array(path, mode="r")[part].mean(axis=0)
    import tensorstore as ts

    spec = {"driver": "zarr3", "kvstore": f"file://{path}"}
    return lambda: ts.open(spec).result()[part].read().result().mean(axis=0)


def moments(library: str, path: str):
    da = array(library)

    def run():
        x = da.from_zarr(path)
        return da.compute(x.mean(axis=0), x.std(axis=0))

    return run


def rechunk(library: str, source: str, target: str):
    if library == "cubed":
        import cubed

        work = os.path.join(os.path.dirname(target), "cubed")
        spec = cubed.Spec(work_dir=work, allowed_mem="512MB", reserved_mem="100MB")

        def run():
            x = cubed.from_zarr(source, spec=spec)
            cubed.to_zarr(x.rechunk((15_000, 100)), target)
            shutil.rmtree(work)

        return run
    if library == "rechunker":
        import dask
        import rechunker
        import zarr

        dask.config.set(scheduler="threads")
        work = os.path.join(os.path.dirname(target), "rechunker")
        shutil.rmtree(work, ignore_errors=True)
        # It measures a task's memory; several run at once.
        memory = (512 << 20) // os.cpu_count()
        z = zarr.open_array(source, mode="r")
        plan = rechunker.rechunk(z, (15_000, 100), memory, target, temp_store=work)

        def run():
            plan.execute()
            shutil.rmtree(work, ignore_errors=True)

        return run
    da = array(library)
    return lambda: da.from_zarr(source).to_zarr(target, chunks=(15_000, 100))


def array(library: str):
    if library == "chunkwise":
        import chunkwise.array as da
    else:
        import dask.array as da
    return da


def one(row: str, library: str, folder: str) -> None:
    out = os.path.join(folder, "out.zarr")
    shutil.rmtree(out, ignore_errors=True)
    small, large = os.path.join(folder, "small.zarr"), os.path.join(folder, "large.zarr")
    # rechunker reads version 2 only.
    rows = os.path.join(folder, "rows2.zarr" if library == "rechunker" else "rows.zarr")
    if library == "chunkwise" and row in ("moments", "rechunk"):
        import chunkwise

        limit = "256MiB" if row == "moments" else "512MiB"
        chunkwise.config.set(memory_limit=limit, spill_directory=folder)
    job = {
        "write": lambda: write(library, out),
        "read": lambda: read(library, small),
        "slice": lambda: read(library, small, (slice(None), slice(0, 100))),
        "moments": lambda: moments(library, large),
        "rechunk": lambda: rechunk(library, rows, out),
    }[row]()
    before = resident("VmRSS")
    begun = time.perf_counter()
    job()
    elapsed = time.perf_counter() - begun
    print(json.dumps({"seconds": elapsed, "peak": resident("VmHWM") - before}))
    shutil.rmtree(out, ignore_errors=True)


def resident(field: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) << 10
    raise RuntimeError(f"no {field} in /proc/self/status")


def prepare(folder: str, large: bool) -> None:
    import chunkwise.array as da

    def make(name: str, shape: tuple, chunks: tuple, dtype: str) -> None:
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            rng = da.random.default_rng(1)
            rng.standard_normal(shape, chunks=chunks, dtype=dtype).to_zarr(path)

    make("small.zarr", SHAPE, CHUNKS, "float64")
    rows = os.path.join(folder, "rows2.zarr")
    if large and not os.path.exists(rows):
        x = da.random.default_rng(1).standard_normal(LARGE, chunks=(100, 10_000), dtype="float32")
        x.to_zarr(rows, zarr_format=2, compressors={"id": "zstd", "level": 1})
    if large:
        make("large.zarr", LARGE, (1000, 1000), "float32")
        make("rows.zarr", LARGE, (100, 10_000), "float32")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "chunkwise-zarr"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--library")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one, options.folder)
        return
    os.makedirs(options.folder, exist_ok=True)
    if importlib.util.find_spec("chunkwise") is not None:
        prepare(options.folder, options.large)
    rows = {"write": [*LIBRARIES, "codec"], "read": [*LIBRARIES, "codec"], "slice": LIBRARIES}
    if options.large:
        # Dask has no limit to be told; rechunking from rows to columns it holds as it can.
        rows |= {"moments": ["chunkwise", "dask"], "rechunk": ["chunkwise", "cubed", "rechunker"]}
    for row, libraries in rows.items():
        if options.only and row not in options.only.split(","):
            continue
        for library in libraries:
            if options.library and library not in options.library.split(","):
                continue
            needed = MODULES.get(library, [library])
            if any(importlib.util.find_spec(m.partition(".")[0]) is None for m in needed):
                continue
            runs = []
            for _ in range(options.rounds):
                command = [sys.executable, __file__, "--folder", options.folder]
                command += ["--one", row, library]
                run = subprocess.run(command, capture_output=True, text=True, check=True)
                runs.append(json.loads(run.stdout.splitlines()[-1]))
            seconds = statistics.median(r["seconds"] for r in runs)
            peak = statistics.median(r["peak"] for r in runs)
            print(f"{row:10} {library:12} {seconds:7.2f} s {int(peak) >> 20:6} MiB", flush=True)


if __name__ == "__main__":
    main()
