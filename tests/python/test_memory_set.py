"""The computations of `benches/out_of_core.py` at a small scale: peak memory, values and bits.

Each runs in a fresh process, once per number of threads. What the kernel says was its peak, less
what it held before the run, may be over the memory limit by `ALLOWANCE` and no more. The arrays are
larger than the two together.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

BENCHES = Path(__file__).parents[2] / "benches"
PACKAGE = os.path.dirname(os.path.dirname(chunkwise.__file__))
LIMIT = 64 << 20

pytestmark = [
    pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads /proc"),
    pytest.mark.skipif(
        getattr(chunkwise._chunkwise, "DEBUG", False), reason="minutes without optimization"
    ),
]

sys.path.insert(0, str(BENCHES))
try:
    from out_of_core import ALLOWANCE, JOBS
finally:
    sys.path.remove(str(BENCHES))

STORES = {
    "u": ((180, 360, 720), (60, 90, 180), "float32"),
    "v": ((180, 360, 720), (60, 90, 180), "float32"),
    "matrix": ((2800, 6000), (1000, 500), "float64"),
    "tall": ((560_000, 32), (100_000, 32), "float64"),
    "line": ((18_000_000,), (1_000_000,), "float64"),
}


class Arrays:
    """The stores as NumPy arrays, one at a time."""

    def __init__(self, folder: str) -> None:
        self.folder, self.kept = folder, {}

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in self.kept:
            if name not in ("u", "v") or not self.kept.keys() <= {"u", "v"}:
                self.kept.clear()
            self.kept[name] = da.from_zarr(os.path.join(self.folder, name)).compute()
        return self.kept[name]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = str(tmp_path_factory.mktemp("stores"))
    for seed, (name, (shape, chunks, dtype)) in enumerate(STORES.items()):
        rng = da.random.default_rng(seed)
        # Compressing noise is work without an end.
        x = rng.standard_normal(shape, chunks=chunks, dtype=dtype)
        da.to_zarr(x, os.path.join(made, name), compressors=None if dtype == "float64" else "auto")
    return made


@pytest.fixture(scope="module")
def arrays(folder):
    return Arrays(folder)


def stored(x: np.ndarray) -> list:
    """What is asked of a stored array: a sum in which places count, and the range; with it what is
    left of the sum by rounding."""
    weights = np.arange(x.shape[-1], dtype="float64")
    total = np.einsum("...i,i->...", x, weights).sum()
    # Rounded elements: half a unit in the last place of each.
    squares = np.einsum("...i,i->...", x.astype("f8") ** 2, weights**2).sum()
    slack = np.finfo(x.dtype).eps * np.sqrt(squares)
    return [(total, 20 * slack), x.min(), x.max()]


def mean(x: np.ndarray, axis: int) -> np.ndarray:
    return x.mean(axis=axis, dtype="float64")


def smoothed(line: np.ndarray) -> float:
    padded, size, total = np.pad(line, 50, mode="edge"), STORES["line"][1][0], 0.0
    for start in range(0, len(line), size):
        sums = np.cumsum(padded[start : start + size + 100])
        sums = np.concatenate([sums[:101], sums[101:] - sums[:-101]]) / 101
        total += sums[50:-50].sum()
    return total


def standard(u: np.ndarray) -> np.ndarray:
    return (u - mean(u, 0).astype("f4")) / u.std(axis=0, dtype="f8").astype("f4")


def vorticity(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (v[:, 1:-1, 2:] - v[:, 1:-1, :-2]) - (u[:, 2:, 1:-1] - u[:, :-2, 1:-1])


def correlation(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.abs(mean((u - mean(u, 0)) * (v - mean(v, 0)), 0))


#: The same by NumPy.
NUMPY = {
    "mean_over_time": lambda d: [mean(d.u, 0)],
    "mean_over_latitude": lambda d: [mean(d.u, 1)],
    "mean_over_longitude": lambda d: [mean(d.u, 2)],
    "std_over_time": lambda d: [d.u.std(axis=0, dtype="f8"), d.u.std(dtype="f8")],
    "median_over_time": lambda d: [np.median(d.u[:, :90], axis=0)],
    "median_over_longitude": lambda d: [np.median(d.u, axis=2)],
    "anomalies_stored": lambda d: stored(standard(d.u)),
    "rechunk_to_series": lambda d: stored(d.u),
    "rechunk_to_maps": lambda d: stored(d.u),
    "transpose_stored": lambda d: stored(d.u.transpose(2, 1, 0)),
    "matrix_by_its_transpose": lambda d: [d.matrix @ d.matrix.mean(axis=0)],
    "svd_of_a_tall_matrix": lambda d: [np.sqrt(np.linalg.eigvalsh(d.tall.T @ d.tall))[::-1]],
    "vorticity_stored": lambda d: stored(vorticity(d.u, d.v)),
    "quadratic_means": lambda d: [mean(d.u * d.u, 0), mean(d.u * d.v, 0), mean(d.v * d.v, 0)],
    "cumulative_sum_stored": lambda d: stored(d.u.cumsum(axis=0, dtype="f8").astype("f4")),
    "monthly_means": lambda d: [mean(d.u.reshape(6, 30, 360, 720), 1)],
    "sort_stored": lambda d: stored(np.sort(d.line)),
    "median_of_all": lambda d: [np.median(d.line)],
    "boolean_mask": lambda d: [d.line[d.line > 2].sum(), (d.line > 2).sum()],
    "overlap_50": lambda d: [smoothed(d.line)],
    "argmax_over_time": lambda d: [d.u.argmax(axis=0)],
    "histogram": lambda d: [np.histogram(d.line, bins=1000, range=(-6, 6))[0]],
    "clipped_stored": lambda d: stored(np.where(d.u > 0, d.u, np.exp(d.u))),
    "correlation_of_two": lambda d: [correlation(d.u, d.v)],
}

PROGRAM = """
import json, os, shutil, sys, tempfile
benches, folder, name, limit, threads, kept = sys.argv[1:]
sys.path.insert(0, benches)
import numpy as np
import chunkwise
from out_of_core import JOBS, Data, resident

scratch = tempfile.mkdtemp(dir=os.path.dirname(kept))
threads = [int(n) for n in threads.split(",")]
chunkwise.config.set(memory_limit=int(limit), spill_directory=scratch, num_threads=threads[0])
# What only the first run loads is not what a run takes.
chunkwise.compute(chunkwise.array.ones(3).sum())
bits, said = [], {}
for n in threads:
    chunkwise.config.set(num_threads=n)
    before = resident("VmRSS")
    results = chunkwise.compute(*JOBS[name](Data(folder, os.path.join(scratch, f"{n}.zarr"))))
    # Of the first run: a process' peak does not fall again.
    said.setdefault("peak", resident("VmHWM") - before)
    bits.append([np.asarray(r).tobytes() for r in results])
    shutil.rmtree(os.path.join(scratch, f"{n}.zarr"), ignore_errors=True)
said["same"] = all(b == bits[0] for b in bits)
np.savez(kept, *results)
print(json.dumps(said))
"""


def run(name: str, folder: str, threads: str, kept: Path) -> tuple[int, bool, list[np.ndarray]]:
    """A job in a process of its own: its peak with the first number of threads, whether the bits
    are the same for all, and the results."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), str(BENCHES), folder, name, str(LIMIT),
         threads, str(kept)],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"PYTHONPATH": PACKAGE},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    with np.load(kept) as loaded:
        results = [loaded[key] for key in loaded.files]
    return said["peak"], said["same"], results


@pytest.mark.parametrize("name", JOBS)
def test_a_job_within_its_limit(name, folder, arrays, tmp_path):
    one, _, results = run(name, folder, "1", tmp_path / "1.npz")
    two, same, others = run(name, folder, "2,4", tmp_path / "2.npz")
    assert same, "other bits with 4 threads than with 2"
    for result, other in zip(results, others, strict=True):
        assert result.tobytes() == other.tobytes(), "other bits with 2 threads than with 1"
    for result, want in zip(results, NUMPY[name](arrays), strict=True):
        want, slack = want if isinstance(want, tuple) else (want, 1e-6)
        # float32 results are rounded once.
        np.testing.assert_allclose(result, want, rtol=2e-6, atol=slack)
    peaks = {1: one >> 20, 2: two >> 20}
    most = LIMIT + ALLOWANCE >> 20
    assert max(peaks.values()) <= most, f"{peaks} MiB, {most} are allowed"
    print(f"{name}: {peaks} MiB")


def test_every_job_has_a_judge():
    assert JOBS.keys() == NUMPY.keys()
