"""A cluster on this machine beside this process: seconds, tasks, and bytes between workers.

    python benches/cluster_rows.py [--rounds 3] [--only ROW,...]

Rows: `mean`, the mean of 150,000 x 100,000 uniform numbers (1.5e10) here, on as many threads as
there are processors, and by a cluster of as many workers of one thread each; `tasks`, how many
tasks a mean of 10^6 chunks has on the cluster, and seconds until they are submitted; `move`, 100 MB
from a worker to another, as one chunk that is kept on the first and read by the second; `exchange`,
1 GB of rows that are read as columns; `files`, 1 GB in 64 x 64 pieces, as tasks and through files;
`beside`, a function on chunks of 32 MB, 2 GB in all, and the mean of its rows, by this package and
by dask.array on the same workers, with the bytes that these have sent. Each figure is a median.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import chunkwise.array as da
import numpy as np
from chunkwise.distributed import Client, _exchange


def median(rounds: int, run) -> float:
    """Seconds of the middle one of some runs, after one that is not counted."""
    times = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return statistics.median(times[1:])


def mean(client: Client, rounds: int) -> None:
    seeds = iter(range(1000))

    def numbers():
        # Another seed each time: a cluster keeps results by what they are of.
        return da.random.default_rng(next(seeds)).random((150_000, 100_000), chunks=1000).mean()

    here = median(rounds, lambda: numbers().compute())
    there = median(rounds, lambda: client.compute(numbers()).result())
    print(f"mean      here {here:.3f} s, cluster {there:.3f} s, {there / here:.3f} times")


def tasks(client: Client, rounds: int) -> None:
    x = da.random.default_rng(1).random((1_000_000, 1_000_000), chunks=1000)
    times = []
    for n in range(rounds + 1):
        begun = time.perf_counter()
        future = client.compute((x + n).mean())
        times.append(time.perf_counter() - begun)
        future.cancel()
    first = client.explain((x + n).mean()).split("cluster: ")[1].splitlines()[0]
    print(f"tasks     10^6 chunks: {first}; submitted in {statistics.median(times[1:]):.3f} s")


def move(client: Client, rounds: int) -> None:
    from distributed import wait

    workers = sorted(client.scheduler_info()["workers"])
    plain = client.client
    times = {"chunkwise": [], "numpy": []}
    for n in range(rounds + 1):
        x = client.persist(da.ones(100_000_000 // 8, chunks=-1) * (n + 2), workers=[workers[0]])
        client.compute(x[:1]).result()
        begun = time.perf_counter()
        client.compute(x[-1:] + n, workers=[workers[1]]).result()
        times["chunkwise"].append(time.perf_counter() - begun)
        y = plain.submit(np.ones, 100_000_000 // 8, workers=[workers[0]], pure=False)
        with plain.as_current():
            wait(y)
        begun = time.perf_counter()
        plain.submit(lambda y: float(y[-1]), y, workers=[workers[1]], pure=False).result()
        times["numpy"].append(time.perf_counter() - begun)
    medians = {name: statistics.median(t[1:]) for name, t in times.items()}
    print("move      100 MB: " + ", ".join(f"{k} {v:.3f} s" for k, v in medians.items()))


def exchange(client: Client, rounds: int) -> None:
    seeds = iter(range(1000))

    def columns():
        x = da.random.default_rng(next(seeds)).random((10_000, 12_500), chunks=(100, 12_500))
        return da.cumsum(da.cumsum(x, axis=1), axis=0)[-1].sum()

    here = median(rounds, lambda: columns().compute())
    there = median(rounds, lambda: client.compute(columns()).result())
    print(f"exchange  1 GB: here {here:.3f} s, cluster {there:.3f} s")


def files(client: Client, rounds: int) -> None:
    seeds = iter(range(1000))

    def columns():
        x = da.random.default_rng(next(seeds)).random((11_200, 11_200), chunks=(175, 11_200))
        rows = x.map_blocks(np.negative, dtype="f8")
        return rows.rechunk((11_200, 175)).map_blocks(np.negative, dtype="f8").max(axis=0)

    picks = _exchange.PICKS
    try:
        taken = {}
        for _exchange.PICKS in (1 << 20, 8):
            how = "files" if "spread" in client.explain(columns()) else "picks"
            taken[how] = median(rounds, lambda: client.compute(columns()).result())
    finally:
        _exchange.PICKS = picks
    print("files     1 GB: " + ", ".join(f"{k} {v:.3f} s" for k, v in taken.items()))


def sent(client: Client) -> int:
    """Bytes that the workers have sent, to each other or here."""
    told = client.client.run(lambda dask_worker: dask_worker.transfer_outgoing_bytes_total)
    return sum(told.values())


def beside(client: Client, rounds: int) -> None:
    import dask.array

    def ours(n):
        x = da.full((16_000, 16_000), float(n), chunks=2000)
        return client.compute(x.map_blocks(np.sqrt, dtype="f8").mean(axis=1))

    def dasks(n):
        x = dask.array.full((16_000, 16_000), float(n), chunks=2000)
        return client.client.compute(x.map_blocks(np.sqrt, dtype="f8").mean(axis=1))

    told = []
    for name, begin in ("chunkwise", ours), ("dask.array", dasks):
        numbers, moved = iter(range(1000)), []

        def run(begin=begin, numbers=numbers, moved=moved) -> None:
            before = sent(client)
            begin(next(numbers)).result()
            moved.append(sent(client) - before)

        seconds = median(rounds, run)
        told.append(f"{name} {seconds:.3f} s, {statistics.median(moved[1:]) / 1e6:.1f} MB moved")
    print("beside    2 GB: " + "; ".join(told))


ROWS = {
    "mean": mean,
    "tasks": tasks,
    "move": move,
    "exchange": exchange,
    "files": files,
    "beside": beside,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(ROWS))
    arguments = parser.parse_args()
    with Client(n_workers=os.cpu_count(), threads_per_worker=1, dashboard_address=":0") as client:
        for row in arguments.only.split(","):
            ROWS[row](client, arguments.rounds)


if __name__ == "__main__":
    main()
