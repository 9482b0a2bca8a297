"""What Python adds for each call; sorting, counting, transforms, factorizations beside NumPy.

Run with the package installed: ``python benches/python_rows.py``. Each row is a fresh process; the
ratio is NumPy's time over ours in that process, both the best of several runs.
``--size`` is the number of elements that are sorted and counted.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import timeit
from collections.abc import Callable


def best(run: Callable[[], object], repeat: int = 3) -> float:
    """Seconds of the fastest of several runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def each(run: Callable[[], object], number: int = 1000) -> float:
    """Seconds of one of many runs."""
    return min(timeit.repeat(run, number=number, repeat=10)) / number


def overhead(size: int) -> None:
    """Building a node, computing ten elements, a chain of 1000 operations."""
    import chunkwise.array as da
    import numpy as np

    a, b = da.asarray(np.arange(10.0)), da.asarray(np.arange(10.0))
    small = da.asarray(np.ones((10, 10)))

    def chain() -> object:
        y = small
        for _ in range(1000):
            y = y + 1
        return y.compute()

    print(f"a + b, a node                  {each(lambda: a + b) * 1e6:10.2f} us")
    print(f"(a + b).compute(), 10 elements {each(lambda: (a + b).compute()) * 1e6:10.2f} us")
    print(f"1000 operations and compute    {best(chain, 10) * 1e3:10.2f} ms")


def beside(name: str, numpy: Callable[[], object], ours: Callable[[], object]) -> None:
    """One line: both times and their ratio."""
    theirs, mine = best(numpy), best(ours)
    print(
        f"{name:22} NumPy {theirs:8.3f} s   ours {mine:8.3f} s   {theirs / mine:6.2f} x", flush=True
    )


def order(size: int) -> None:
    """Sorting and counting uniform numbers."""
    import chunkwise.array as da
    import numpy as np

    x = np.random.default_rng(0).random(size)
    a = da.asarray(x)
    beside(
        "histogram, 100 bins",
        lambda: np.histogram(x, 100, (0, 1)),
        lambda: da.histogram(a, 100, (0, 1))[0].compute(),
    )
    beside("median", lambda: np.median(x), lambda: da.median(a).compute())
    beside("sort", lambda: np.sort(x), lambda: da.sort(a).compute())
    beside("unique", lambda: np.unique(x), lambda: da.unique(a).compute())


def transforms(size: int) -> None:
    """Fourier transforms of 4096 x 4096."""
    import chunkwise.array as da
    import numpy as np

    x = np.random.default_rng(0).random((4096, 4096)) + 0j
    a = da.asarray(x)
    beside("fft of rows", lambda: np.fft.fft(x), lambda: da.fft.fft(a).compute())
    beside("fft of columns", lambda: np.fft.fft(x, axis=0), lambda: da.fft.fft(a, axis=0).compute())


def factors(size: int) -> None:
    """Factorizations of a tall matrix, a tenth of the rows of the row P7."""
    import chunkwise
    import chunkwise.array as da
    import numpy as np

    x = np.random.default_rng(0).standard_normal((100_000, 64))
    a = da.asarray(x, chunks=(10_000, 64))
    beside(
        "qr, 100,000 x 64",
        lambda: np.linalg.qr(x),
        lambda: chunkwise.compute(*da.linalg.qr(a)),
    )
    beside(
        "svd, 100,000 x 64",
        lambda: np.linalg.svd(x, full_matrices=False),
        lambda: chunkwise.compute(*da.linalg.svd(a, full_matrices=False)),
    )


ROWS = {row.__name__: row for row in (overhead, order, transforms, factors)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="by default all")
    parser.add_argument("--size", type=int, default=30_000_000)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.rows or ROWS:
        if options.here:
            ROWS[name](options.size)
        else:
            command = [sys.executable, __file__, name, "--size", str(options.size), "--here"]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
