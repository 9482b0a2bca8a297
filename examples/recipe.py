"""The main job in Python: random arrays far larger than they need to be, and what is asked of them.

    python examples/recipe.py                # a tenth of the 1.1 TB array
    python examples/recipe.py --fraction 1   # the whole
    python examples/recipe.py --chart chart.svg

`chunkwise recipe` is the same in Rust. Every figure is measured when it is printed.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chunkwise
import chunkwise.array as da
import numpy as np
from chunkwise.diagnostics import ProgressBar, ResourceProfiler

SIDE = 10_000
FIRST = 100
ROWS, COLUMNS = 1_500_000, 100_000
MEAN, STD = 10.0, 0.1
#: Runs are repeated until they have filled this many seconds, or as often as told.
REPEAT, MOST = 0.5, 9


def memory(what: str) -> int | None:
    """Bytes of resident memory now (``VmRSS``) or at most (``VmHWM``), where the system tells."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(what)), None)


def forget_peak() -> bool:
    """Begins a new measurement of the most memory."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def measured(work: Callable[[], Any]) -> tuple[Any, float, int | None]:
    """A result, the median of the seconds it took, and the bytes by which memory rose."""
    known = forget_peak()
    before = memory("VmRSS")
    times: list[float] = []
    while not times or (sum(times) < REPEAT and len(times) < MOST):
        result = None  # two results at once would count twice
        begun = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - begun)
    peak = memory("VmHWM")
    rise = max(peak - before, 0) if known and peak and before else None
    return result, statistics.median(times), rise


def seconds(value: float) -> str:
    return f"{value * 1e3:.2f} ms" if value < 1 else f"{value:.2f} s"


def size(value: int | None) -> str:
    return "unknown" if value is None else f"+{value / 2**20:,.1f} MiB"


def check(ok: bool, text: str) -> None:
    print(f"  {'ok    ' if ok else 'FAILED'}  {text}")
    if not ok:
        raise SystemExit(1)


def normals(chunks: tuple[int, int]) -> Any:
    return da.random.default_rng(42).normal(MEAN, STD, size=(SIDE, SIDE), chunks=chunks)


def numpy_means() -> Any:
    x = np.random.default_rng(42).normal(MEAN, STD, size=(SIDE, SIDE))
    return x.mean(axis=0)[:FIRST]


def column_means() -> None:
    """The means of the first columns, under two chunk shapes and in NumPy."""
    x, took, rise = measured(lambda: normals((1000, 1000)))
    print(f"x = {x}\nmade in {seconds(took)}, {size(rise)}: nothing is computed yet\n")
    y = x.mean(axis=0)[0:FIRST]
    print(f"y = {y}\n\n{y.explain()}")
    rows = []
    for chunks in ((1000, 1000), (SIDE, FIRST)):
        y = normals(chunks).mean(axis=0)[0:FIRST]
        rows.append((f"chunkwise, chunks {chunks[0]} x {chunks[1]}", *measured(y.compute)))
    rows.append(("NumPy", *measured(numpy_means)))
    print(f"means of the first {FIRST} of {SIDE:,} columns")
    for what, _, took, rise in rows:
        print(f"  {what:<32}{seconds(took):>12}{size(rise):>16}")
    bound = 6 * STD / SIDE**0.5
    for what, means, _, _ in rows:
        far = float(np.abs(means - MEAN).max())
        check(far < bound, f"{what}: at most {far:.2e} from {MEAN:g}, bound {bound:.2e}")
    check(np.array_equal(rows[0][1], rows[1][1]), "the same bits under both chunk shapes")


def terabyte(fraction: float, chart: str | None) -> None:
    """The mean of an array of 1.1 TB, or of its first rows."""
    u = da.random.default_rng(7).random(size=(ROWS, COLUMNS), chunks=(1000, 1000))
    print(f"\nu = {u}")
    rows = max(int(ROWS * fraction), 1)
    mean = u[:rows].mean()
    count = rows * COLUMNS
    before = memory("VmRSS")
    forget_peak()
    with ProgressBar(), ResourceProfiler(dt=0.1) as resources:
        begun = time.perf_counter()
        value = float(mean.compute())
        took = time.perf_counter() - begun
    peak = memory("VmHWM")
    rise = max(peak - before, 0) if peak and before else None
    print(
        f"the mean of {count:,} values ({count * 8 / 1e12:.3f} TB) is {value:.7f}: "
        f"{seconds(took)}, {count / took / 1e6:,.0f} million values a second, memory {size(rise)}"
    )
    bound = 6 / (12 * count) ** 0.5
    check(abs(value - 0.5) < bound, f"{abs(value - 0.5):.2e} from 0.5, bound {bound:.2e}")
    if chart:
        resources.visualize(filename=chart)
        print(f"the chart of processors and memory is in {chart}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fraction", type=float, default=0.1, help="the share of the 1.1 TB")
    parser.add_argument("--chart", help="a file for the chart of processors and memory")
    parser.add_argument("--memory-limit", default="256MiB", help="what a run may hold at once")
    options = parser.parse_args()
    if not 0 < options.fraction <= 1:
        parser.error(f"--fraction must be above 0 and at most 1, got {options.fraction}")
    with chunkwise.config.set(memory_limit=options.memory_limit):
        column_means()
        terabyte(options.fraction, options.chart)


if __name__ == "__main__":
    main()
