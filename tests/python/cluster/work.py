"""What most failure tests compute, and on which workers."""

from __future__ import annotations

import blocks
import chunkwise.array as da

#: Workers of so little room that small arrays come in many fragments. What Python itself needs is
#: far more than such a worker is said to have: nothing is to be done about that.
TINY = {
    "worker.memory.target": False,
    "worker.memory.spill": False,
    "worker.memory.pause": False,
    "worker.memory.terminate": False,
}
MEMORY = "16MiB"


def work(seconds: float = 0.01) -> da.Array:
    """Leaves, which take so long, an exchange, a reduction with its merges, and what brings them
    together."""
    x = da.random.default_rng(3).normal(size=(640, 2000), chunks=(20, 2000))
    s = x.map_blocks(blocks.slow, seconds, dtype="f8")
    t = s.rechunk((640, 100)).map_blocks(blocks.brief, dtype="f8")
    return t - s.mean(axis=0)


#: A name of its own for each kind of its fragments.
KINDS = ["slow", "pick", "brief", "mean", "merge", "subtract"]
