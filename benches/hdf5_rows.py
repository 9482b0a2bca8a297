"""Reading HDF5 here, by h5py, and by Dask over h5py, in one process.

    python benches/hdf5_rows.py [--folder F] [--mebibytes N] [--times N]

For each way in which 2-d arrays of float64 lie in a file: the mean over the first axis, in seconds,
the median of some runs after a first one.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable

import chunkwise
import chunkwise.array as da
import dask
import dask.array
import h5py
import numpy as np

WAYS = {
    "one piece": dict(),
    "chunks": dict(chunks=(256, 1024)),
    "gzip": dict(chunks=(256, 1024), compression="gzip", compression_opts=4),
    "gzip, shuffle": dict(chunks=(256, 1024), compression="gzip", compression_opts=4, shuffle=True),
    "gzip, shuffle, checksum": dict(
        chunks=(256, 1024), compression="gzip", compression_opts=4, shuffle=True, fletcher32=True
    ),
}


def timed(f: Callable[[], np.ndarray], times: int, want: np.ndarray) -> float:
    np.testing.assert_allclose(f(), want, rtol=1e-12)
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        f()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--folder", default=tempfile.gettempdir())
    parser.add_argument("--mebibytes", type=int, default=400)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    path = os.path.join(options.folder, "chunkwise-hdf5-rows.h5")
    rows = (options.mebibytes << 20) // (8 * 4096) // 256 * 256
    # As measured quantities are: noise in the last digits only.
    x = np.round(np.random.default_rng(1).normal(280, 15, (rows, 4096)), 1)
    with h5py.File(path, "w") as file:
        for name, how in WAYS.items():
            file.create_dataset(name, data=x, **how)
    want = x.mean(axis=0)
    chunkwise.config.set(num_threads=options.threads)
    dask.config.set(scheduler="threads", num_workers=options.threads)
    print(f"{'':26} {'here':>8} {'h5py':>8} {'dask':>8}   {x.nbytes >> 20} MiB each")
    with h5py.File(path, "r") as file:
        for name in WAYS:
            ours = da.from_hdf5(path, name)
            theirs = dask.array.from_array(file[name], chunks=(2048, 1024))
            took = [
                timed(lambda: ours.mean(axis=0).compute(), options.times, want),  # noqa: B023
                timed(lambda: file[name][:].mean(axis=0), options.times, want),  # noqa: B023
                timed(lambda: theirs.mean(axis=0).compute(), options.times, want),  # noqa: B023
            ]
            print(f"{name:26} " + " ".join(f"{t:8.3f}" for t in took), flush=True)
    os.remove(path)


if __name__ == "__main__":
    main()
