"""Computations on stored arrays many times the memory limit: peak memory, time and bits.

    python benches/out_of_core.py [--folder F] [--scale S] [--limits 128MiB,512MiB,2GiB]
        [--threads 1,2] [--only NAME,...]

Each runs in a fresh process. Its peak is what the kernel says (VmHWM), less what the process held
before the run. A line fails where the peak is over the limit plus ALLOWANCE, or where bits differ
from those under the first limit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

#: Bytes beyond the limit that a process may hold: the code, threads' stacks and tile registers, the
#: codecs' buffers that threads keep, allocators' slack.
ALLOWANCE = 64 << 20

JOBS: dict[str, Callable] = {}


def job(f: Callable) -> Callable:
    JOBS[f.__name__] = f
    return f


def make(folder: str, scale: float) -> None:
    """The stores: wind over time, latitude, longitude (float32); a matrix; a tall one; a line."""
    import chunkwise.array as da

    def store(name: str, shape: tuple, chunks: tuple, seed: int, dtype: str) -> None:
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            rng = da.random.default_rng(seed)
            rng.standard_normal(shape, chunks=chunks, dtype=dtype).to_zarr(path)

    time_ = max(60, int(2400 * scale) // 60 * 60)
    for seed, name in enumerate(["u", "v"]):
        store(name, (time_, 360, 720), (60, 90, 180), seed, "float32")
    store("matrix", (int(6000 * scale**0.5), 6000), (1000, 500), 3, "float64")
    store("tall", (int(4_000_000 * scale), 32), (100_000, 32), 4, "float64")
    store("line", (int(100_000_000 * scale),), (1_000_000,), 5, "float64")


class Data:
    """The stores as arrays, and a place for results."""

    def __init__(self, folder: str, out: str) -> None:
        self.folder, self.out = folder, out

    def __getattr__(self, name: str):
        import chunkwise.array as da

        return da.from_zarr(os.path.join(self.folder, name))

    def store(self, x, **options):
        import chunkwise.array as da

        da.to_zarr(x, self.out, **options)
        stored = da.from_zarr(self.out)
        # Where elements came to lie counts, not only which there are.
        weights = da.arange(stored.shape[-1], dtype="float64")
        return [(stored * weights).sum(axis=-1).sum(), stored.min(), stored.max()]


@job
def mean_over_time(d):
    return [d.u.mean(axis=0)]


@job
def mean_over_latitude(d):
    return [d.u.mean(axis=1)]


@job
def mean_over_longitude(d):
    return [d.u.mean(axis=2)]


@job
def std_over_time(d):
    return [d.u.std(axis=0), d.u.std()]


@job
def median_over_time(d):
    import chunkwise.array as da

    return [da.median(d.u[:, :90], axis=0)]


@job
def median_over_longitude(d):
    import chunkwise.array as da

    return [da.median(d.u, axis=2)]


@job
def anomalies_stored(d):
    u = d.u
    return d.store((u - u.mean(axis=0)) / u.std(axis=0))


@job
def rechunk_to_series(d):
    return d.store(d.u, chunks=(d.u.shape[0], 20, 20))


@job
def rechunk_to_maps(d):
    return d.store(d.u, chunks=(1, 360, 720))


@job
def transpose_stored(d):
    return d.store(d.u.transpose(2, 1, 0), chunks=(90, 90, 60))


@job
def matrix_by_its_transpose(d):
    m = d.matrix
    return [(m @ m.T).mean(axis=0)]


@job
def svd_of_a_tall_matrix(d):
    import chunkwise.array as da

    return [da.linalg.svdvals(d.tall)]


@job
def vorticity_stored(d):
    u, v = d.u, d.v
    dv = v[:, 1:-1, 2:] - v[:, 1:-1, :-2]
    du = u[:, 2:, 1:-1] - u[:, :-2, 1:-1]
    return d.store(dv - du, chunks=(60, 90, 180))


@job
def quadratic_means(d):
    u, v = d.u, d.v
    return [(u * u).mean(axis=0), (u * v).mean(axis=0), (v * v).mean(axis=0)]


@job
def cumulative_sum_stored(d):
    return d.store(d.u.cumsum(axis=0), chunks=(60, 90, 180))


@job
def monthly_means(d):
    u = d.u
    n = u.shape[0] // 30
    return [u[: 30 * n].reshape((n, 30, *u.shape[1:])).mean(axis=1)]


@job
def sort_stored(d):
    import chunkwise.array as da

    return d.store(da.sort(d.line), chunks=(1_000_000,))


@job
def median_of_all(d):
    import chunkwise.array as da

    return [da.median(d.line, axis=0)]


@job
def boolean_mask(d):
    line = d.line
    return [line[line > 2].sum(), (line > 2).sum()]


@job
def overlap_50(d):
    import chunkwise.array as da

    def smooth(block):
        import numpy as np

        total = np.cumsum(block)
        return np.concatenate([total[:101], total[101:] - total[:-101]]) / 101

    return [da.map_overlap(smooth, d.line, depth=50, boundary="nearest", dtype=float).sum()]


@job
def argmax_over_time(d):
    return [d.u.argmax(axis=0)]


@job
def histogram(d):
    import chunkwise.array as da

    return [da.histogram(d.line, bins=1000, range=(-6, 6))[0]]


@job
def clipped_stored(d):
    import chunkwise.array as da

    return d.store(da.where(d.u > 0, d.u, da.exp(d.u)))


@job
def correlation_of_two(d):
    import chunkwise.array as da

    u, v = d.u, d.v
    du, dv = u - u.mean(axis=0), v - v.mean(axis=0)
    return [da.sqrt((du * dv).mean(axis=0) ** 2)]


def resident(field: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field):
                return int(line.split()[1]) << 10
    raise RuntimeError(f"no {field} in /proc/self/status")


def one(name: str, folder: str, limit: str, threads: int) -> None:
    """Runs a job in this process, and prints what it took."""
    import chunkwise
    import numpy as np

    scratch = tempfile.mkdtemp(dir=folder)
    try:
        chunkwise.config.set(memory_limit=limit, num_threads=threads, spill_directory=scratch)
        data = Data(folder, os.path.join(scratch, "out.zarr"))
        # What only the first run loads is not what a run takes.
        chunkwise.compute(chunkwise.array.ones(3).sum())
        before = resident("VmRSS")
        begun = time.perf_counter()
        results = chunkwise.compute(*JOBS[name](data))
        elapsed = time.perf_counter() - begun
        peak = resident("VmHWM") - before
    except MemoryError as refused:
        print(json.dumps({"refused": str(refused)}))
        return
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    bits = hashlib.sha256()
    for result in results:
        bits.update(np.ascontiguousarray(result).tobytes())
    print(json.dumps({"seconds": elapsed, "peak": peak, "bits": bits.hexdigest()[:12]}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "chunkwise-bench"))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--limits", default="128MiB,512MiB,2GiB")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--only", default=",".join(JOBS))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        name, limit, threads = options.one
        one(name, options.folder, limit, int(threads))
        return 0
    os.makedirs(options.folder, exist_ok=True)
    make(options.folder, options.scale)
    failed = 0
    print(f"{'':24} {'limit':>8} {'threads':>7} {'seconds':>8} {'peak':>9}  bits")
    for name in options.only.split(","):
        bits = None
        for limit in options.limits.split(","):
            for threads in options.threads.split(","):
                command = [sys.executable, __file__, "--folder", options.folder]
                command += ["--one", name, limit, threads]
                run = subprocess.run(command, capture_output=True, text=True)
                if run.returncode:
                    print(f"{name:24} {limit:>8} {threads:>7} {run.stderr.splitlines()[-1]}")
                    failed += 1
                    continue
                said = json.loads(run.stdout)
                if "refused" in said:
                    print(f"{name:24} {limit:>8} {threads:>7} refused: {said['refused']}")
                    continue
                bits = bits or said["bits"]
                over = said["peak"] > size(limit) + ALLOWANCE
                wrong = said["bits"] != bits
                failed += over or wrong
                print(
                    f"{name:24} {limit:>8} {threads:>7} {said['seconds']:8.2f} "
                    f"{said['peak'] >> 20:6} MiB  {said['bits']}"
                    f"{'  OVER THE LIMIT' * over}{'  OTHER BITS' * wrong}",
                    flush=True,
                )
    return 1 if failed else 0


def size(text: str) -> int:
    for unit, factor in (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)):
        if text.endswith(unit):
            return int(float(text.removesuffix(unit)) * factor)
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
