"""chunkwise beside NumPy, Dask and loops in Numba: `python3 benches/compare.py [E1 E6 ...]`.

Needs numpy, dask and numba (`pip install numpy dask numba`) and cargo. Each figure comes from a
process of its own: one repetition to warm up, then the median of several. Prints milliseconds, and
how many times as long the peers take.
"""

import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def arrays(shape, count=1):
    import numpy as np

    rng = np.random.default_rng(1)
    return [rng.random(shape) for _ in range(count)]


def chunked(data, chunks=(1000, 1000)):
    import dask.array as da

    return [da.from_array(x, chunks=chunks) for x in data]


def normal(chunks):
    import dask.array as da

    return da.random.default_rng(42).standard_normal((10_000, 10_000), chunks=chunks)


def numpy_normal():
    import numpy as np

    return np.random.default_rng(42).standard_normal((10_000, 10_000))


def numpy_e1():
    return lambda: numpy_normal().mean(axis=0)[0:100]


def dask_e1():
    return lambda: normal((1000, 1000)).mean(axis=0)[0:100].compute()


def dask_e2():
    return lambda: normal((10_000, 100)).mean(axis=0)[0:100].compute()


def numpy_e3():
    def run():
        y = numpy_normal()
        return y.mean(axis=0), y.sum()

    return run


def dask_e3():
    import dask

    def run():
        y = normal((1000, 1000))
        return dask.compute(y.mean(axis=0), y.sum())

    return run


def polynomial(x):
    return ((x * 2 + 1) ** 2 - x / 3).sum()


def numpy_e6():
    (x,) = arrays((8000, 8000))
    return lambda: polynomial(x)


def dask_e6():
    (x,) = chunked(arrays((8000, 8000)))
    return lambda: polynomial(x).compute()


def numpy_e7():
    import numpy as np

    x, y = arrays((8000, 8000), 2)
    return lambda: np.sqrt(x * x + y * y) * np.exp(-x)


def dask_e7():
    import dask.array as da

    x, y = chunked(arrays((8000, 8000), 2))
    return lambda: (da.sqrt(x * x + y * y) * da.exp(-x)).compute()


def numpy_e8():
    (x,) = arrays((20_000, 2000))
    return lambda: (x - x.mean(0)) / x.std(0)


def dask_e8():
    (x,) = chunked(arrays((20_000, 2000)))
    return lambda: ((x - x.mean(0)) / x.std(0)).compute()


def numpy_e9():
    (x,) = arrays((10_000, 10_000))
    return lambda: (x + x.T).sum()


def dask_e9():
    (x,) = chunked(arrays((10_000, 10_000)))
    return lambda: (x + x.T).sum().compute()


def numpy_e10():
    (x,) = arrays((10_000, 10_000))
    return lambda: x.sum(axis=1)


def dask_e10():
    (x,) = chunked(arrays((10_000, 10_000)), (10_000, 100))
    return lambda: x.rechunk((100, 10_000)).sum(axis=1).compute()


def numpy_e11():
    x, y = arrays((4000, 4000), 2)
    return lambda: x @ y


def dask_e11():
    x, y = chunked(arrays((4000, 4000), 2))
    return lambda: (x @ y).compute()


def compiled(function):
    import numba

    return numba.njit(parallel=True)(function)


def numba_e6():
    import numba

    def loop(x):
        total = 0.0
        for i in numba.prange(x.size):
            v = x[i] * 2 + 1
            total += v * v - x[i] / 3
        return total

    (x,) = arrays(8000 * 8000)
    run = compiled(loop)
    return lambda: run(x)


def numba_e8():
    import numba
    import numpy as np

    def loop(x, out):
        rows, cols = x.shape
        parts = 64
        sums = np.zeros((parts, cols))
        for p in numba.prange(parts):
            for i in range(p * rows // parts, (p + 1) * rows // parts):
                for j in range(cols):
                    sums[p, j] += x[i, j]
        mean = sums.sum(0) / rows
        squares = np.zeros((parts, cols))
        for p in numba.prange(parts):
            for i in range(p * rows // parts, (p + 1) * rows // parts):
                for j in range(cols):
                    squares[p, j] += (x[i, j] - mean[j]) ** 2
        std = np.sqrt(squares.sum(0) / rows)
        for i in numba.prange(rows):
            for j in range(cols):
                out[i, j] = (x[i, j] - mean[j]) / std[j]

    (x,) = arrays((20_000, 2000))
    out = np.empty_like(x)
    run = compiled(loop)
    return lambda: run(x, out)


def numba_e9():
    import numba

    def loop(x):
        n, side, total = x.shape[0], 32, 0.0
        for block in numba.prange((n + side - 1) // side):
            for j0 in range(0, n, side):
                for i in range(block * side, min(n, (block + 1) * side)):
                    for j in range(j0, min(n, j0 + side)):
                        total += x[i, j] + x[j, i]
        return total

    (x,) = arrays((10_000, 10_000))
    run = compiled(loop)
    return lambda: run(x)


def stencil(x):
    return x[2:, 1:-1] + x[:-2, 1:-1] + x[1:-1, 2:] + x[1:-1, :-2] - x[1:-1, 1:-1] * 4.0


def numpy_e12():
    (x,) = arrays((8000, 8000))
    return lambda: stencil(x)


def dask_e12():
    (x,) = chunked(arrays((8000, 8000)))

    def laplacian(c):
        import numpy as np

        return np.pad(stencil(c), 1)

    return lambda: x.map_overlap(laplacian, depth=1, boundary=0.0, dtype=x.dtype).compute()


def numba_e12():
    import numba
    import numpy as np

    def loop(x, out):
        for i in numba.prange(1, x.shape[0] - 1):
            for j in range(1, x.shape[1] - 1):
                out[i, j] = x[i - 1, j] + x[i + 1, j] + x[i, j - 1] + x[i, j + 1] - 4.0 * x[i, j]

    (x,) = arrays((8000, 8000))
    out = np.zeros_like(x)
    run = compiled(loop)
    return lambda: run(x, out)


ROWS = {
    "E1": ("column means [0:100] of 10,000 x 10,000 normals", numpy_e1, dask_e1, None),
    "E2": ("the same in chunks of 10,000 x 100", None, dask_e2, None),
    "E3": ("all column means and the sum of it", numpy_e3, dask_e3, None),
    "E6": ("((x*2+1)**2 - x/3).sum(), 8000 x 8000", numpy_e6, dask_e6, numba_e6),
    "E7": ("sqrt(x*x+y*y)*exp(-x), 8000 x 8000", numpy_e7, dask_e7, None),
    "E8": ("(x - x.mean(0))/x.std(0), 20,000 x 2000", numpy_e8, dask_e8, numba_e8),
    "E9": ("(x + x.T).sum(), 10,000 x 10,000", numpy_e9, dask_e9, numba_e9),
    "E10": ("rechunk columns to rows, sum(1), 10,000 x 10,000", numpy_e10, dask_e10, None),
    "E11": ("x @ y, 4000 x 4000", numpy_e11, dask_e11, None),
    "E12": ("5-point Laplacian, 8000 x 8000", numpy_e12, dask_e12, numba_e12),
}


def measure(name, column):
    """Milliseconds of one peer, in this process."""
    run = ROWS[name][column]()
    run()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        result = run()
        times.append((time.perf_counter() - start) * 1e3)
        del result
    print(statistics.median(times))


def peer(name, column):
    """Milliseconds of one peer, in a process of its own; None where there is none."""
    if ROWS[name][column] is None:
        return None
    command = [sys.executable, __file__, "--measure", name, str(column)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def own(name):
    """Milliseconds of chunkwise: the row of its own benchmark that uses all threads."""
    command = ["cargo", "bench", "-q", "-p", "chunkwise", "--bench", "engine", "--", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("  chunkwise")]
    rows = [line for line in rows if "1 threads" not in line and "map_overlap" not in line]
    return float(re.search(r"([\d.]+) ms", rows[0]).group(1))


def main():
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], int(sys.argv[3]))
        return
    names = sys.argv[1:] or list(ROWS)
    print(f"{'':5}{'':52}{'chunkwise':>11}{'NumPy':>18}{'Dask':>18}{'Numba':>18}")
    for name in names:
        ours = own(name)
        theirs = [peer(name, column) for column in (1, 2, 3)]
        cells = ["-" if t is None else f"{t:.1f} ({t / ours:.1f}x)" for t in theirs]
        line = f"{name:5}{ROWS[name][0]:52}{ours:11.2f}"
        print(line + "".join(f"{cell:>18}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
