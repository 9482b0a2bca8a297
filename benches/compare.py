"""chunkwise beside NumPy and Dask, in one run: `python3 benches/compare.py [E1 E6 ...]`.

Needs numpy and dask (`pip install numpy dask`) and cargo. Each figure comes from a process of its
own: one repetition to warm up, then the median of several. Prints milliseconds, and how many times
as long the peers take.
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


ROWS = {
    "E1": ("column means [0:100] of 10,000 x 10,000 normals", numpy_e1, dask_e1),
    "E2": ("the same in chunks of 10,000 x 100", None, dask_e2),
    "E3": ("all column means and the sum of it", numpy_e3, dask_e3),
    "E6": ("((x*2+1)**2 - x/3).sum(), 8000 x 8000", numpy_e6, dask_e6),
    "E7": ("sqrt(x*x+y*y)*exp(-x), 8000 x 8000", numpy_e7, dask_e7),
    "E8": ("(x - x.mean(0))/x.std(0), 20,000 x 2000", numpy_e8, dask_e8),
    "E9": ("(x + x.T).sum(), 10,000 x 10,000", numpy_e9, dask_e9),
    "E10": ("rechunk columns to rows, sum(1), 10,000 x 10,000", numpy_e10, dask_e10),
    "E11": ("x @ y, 4000 x 4000", numpy_e11, dask_e11),
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
    rows = [line for line in rows if "1 threads" not in line]
    return float(re.search(r"([\d.]+) ms", rows[0]).group(1))


def main():
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], int(sys.argv[3]))
        return
    names = sys.argv[1:] or list(ROWS)
    print(f"{'':5}{'':52}{'chunkwise':>11}{'NumPy':>18}{'Dask':>18}")
    for name in names:
        ours, theirs = own(name), (peer(name, 1), peer(name, 2))
        cells = ["-" if t is None else f"{t:.1f} ({t / ours:.1f}x)" for t in theirs]
        print(f"{name:5}{ROWS[name][0]:52}{ours:11.2f}{cells[0]:>18}{cells[1]:>18}", flush=True)


if __name__ == "__main__":
    main()
