"""Arrays that this process writes, piece by piece, as workers make them."""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Iterator
from itertools import accumulate, product
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session
from ._futures import gathered

__all__: list[str] = []

#: Bytes of the elements that are taken out of a bundle at once.
_PIECE = 64 << 20


class Lies:
    """An array in bundles: which are its, what each has of it, and what writes a region of it."""

    def __init__(self, dtype: np.dtype, owner: tuple, keys: list, writer: Callable) -> None:
        self.dtype, self.owner, self.keys, self.writer = dtype, owner, keys, writer
        self.boxes = boxes(owner, dtype.itemsize)

    def write(self, parcel: int, bundle: _native.Bundle) -> None:
        """Writes all that one of its bundles has."""
        for start, stop in self.boxes.get(parcel, ()):
            self.writer(start, stop, self._elements(bundle, start, stop))

    def _elements(self, bundle: _native.Bundle, start: tuple, stop: tuple) -> Any:
        whole = _native.elsewhere("piece", self.dtype.name, self.owner, None)
        part = _native.basic_index(whole, tuple(map(slice, start, stop)))
        session = _session.current()
        limit = session.memory_limit + bundle.nbytes
        plan = _native.ClusterPlan([part], limit, [None])
        cut = plan.cut(1, limit)
        made: list = []

        def read(reads: list) -> list:
            # What is no fragment's is the bundle's: all of a piece lies in one.
            return [made[r] if isinstance(r, int) else bundle for r in reads]

        for fragment in cut.fragments:
            token = _native.CancelToken()
            given = read(fragment.reads)
            made.append(plan.run(session, fragment.spec, given, limit, token)[0])
        return cut.collect(0, read(cut.results[0]))


def boxes(owner: tuple, itemsize: int) -> dict[int, list[tuple[tuple, tuple]]]:
    """What each bundle of an array has, as regions: begins and ends."""
    shape, cuts, parcels, _ = owner
    edges = [_edges(n, cut) for n, cut in zip(shape, cuts, strict=True)]
    if 0 in shape:
        return {}
    owners = np.frombuffer(parcels, "<u4").reshape([len(e) - 1 for e in edges])
    cells: dict[int, list[tuple]] = {}
    for cell, parcel in np.ndenumerate(owners):
        cells.setdefault(int(parcel), []).append(cell)
    return {
        parcel: [
            (
                tuple(e[a] for e, a in zip(edges, low, strict=True)),
                tuple(e[b] for e, b in zip(edges, high, strict=True)),
            )
            for low, high in _joined(set(found), edges, itemsize)
        ]
        for parcel, found in cells.items()
    }


def _edges(length: int, cut: Any) -> list[int]:
    if isinstance(cut, int):
        return [*range(0, length, max(cut, 1)), length]
    return list(accumulate(cut, initial=0))


def _joined(cells: set[tuple], edges: list, itemsize: int) -> Iterator[tuple[tuple, tuple]]:
    """Cells joined to boxes of cells, along the last axes first."""
    for low in sorted(cells):
        if low not in cells:
            continue
        high = [a + 1 for a in low]

        for axis in reversed(range(len(low))):
            while high[axis] < len(edges[axis]) - 1:
                spans = list(map(range, low, high))
                spans[axis] = range(high[axis], high[axis] + 1)
                lengths = [e[b] - e[a] for e, a, b in zip(edges, low, high, strict=True)]
                lengths[axis] = edges[axis][high[axis] + 1] - edges[axis][low[axis]]
                if math.prod(lengths) * itemsize > _PIECE or not cells.issuperset(product(*spans)):
                    break
                high[axis] += 1
        cells.difference_update(product(*map(range, low, high)))
        yield low, tuple(high)


class Pieces:
    """Writes arrays in a thread of its own: each bundle when it is there, which is let go then."""

    def __init__(self, client: Any, arrays: list[Lies], parts: dict) -> None:
        self._client = client
        #: By the key of a bundle: for which arrays, and as which of their bundles.
        self._wanted: dict[Any, list[tuple[Lies, int]]] = {}
        for lies in arrays:
            for parcel, key in enumerate(lies.keys):
                self._wanted.setdefault(key, []).append((lies, parcel))
        self.parts = [parts[key] for key in self._wanted]
        self._arrived: queue.SimpleQueue = queue.SimpleQueue()
        self._stopped = False

    def start(self, written: Callable[[Any], Any], end: Callable[[Any], Any]) -> None:
        """Begins. `written` is told of each part that is not needed any more, `end` at the end: of
        an error, or of `None`."""
        for part in self.parts:
            part.add_done_callback(self._arrived.put)
        work = threading.Thread(
            target=self._write, args=(written, end), name="chunkwise-store", daemon=True
        )
        work.start()

    def stop(self) -> None:
        """Nothing more is written."""
        self._stopped = True
        self._arrived.put(None)

    def _write(self, written: Callable[[Any], Any], end: Callable[[Any], Any]) -> None:
        try:
            for _ in self.parts:
                part = self._arrived.get()
                if self._stopped:
                    return
                (bundle,) = gathered(self._client, [part])
                for lies, parcel in self._wanted[part.key]:
                    lies.write(parcel, bundle)
                del bundle
                written(part)
        except BaseException as error:
            end(error)
        else:
            end(None)
