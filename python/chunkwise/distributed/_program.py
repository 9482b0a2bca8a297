"""What every fragment of a computation reads: the arrays, from which each worker makes the plan."""

from __future__ import annotations

import hashlib
import pickle
import threading
from pathlib import Path
from typing import Any

import cloudpickle
from dask.sizeof import sizeof

from .. import _chunkwise as _native
from ..array import _pickle  # noqa: F401 - which registers how sources are pickled
from . import _values
from ._versions import identity, mismatch, same

__all__: list[str] = []


class Program:
    """Arrays and sinks as bytes, and the plan that they come to.

    The scheduler passes the bytes on without a look: only workers open files and load functions.
    """

    __slots__ = (
        "_cut",
        "_lock",
        "_plan",
        "build",
        "fingerprint",
        "folder",
        "limits",
        "payload",
        "values",
    )

    def __init__(
        self,
        payload: Any,
        limits: tuple,
        fingerprint: int,
        build: tuple,
        values: dict[str, Any],
        folder: str | None = None,
    ) -> None:
        self.payload, self.fingerprint, self.build = payload, fingerprint, build
        #: By their keys, values of the cluster that the arrays read: there on workers.
        self.values = values
        #: The memory limit of the plan; for how many at once, what room, how many picks it was cut.
        self.limits = limits
        #: Where exchanges go through files.
        self.folder = folder
        self._lock = threading.Lock()
        self._plan: _native.ClusterPlan | None = None
        self._cut: _native.Cut | None = None

    @staticmethod
    def of(
        exprs: list,
        sinks: list,
        limits: tuple,
        plan: _native.ClusterPlan,
        folder: Path | None = None,
    ) -> tuple[Program, dict[str, _values.Lying]]:
        """Of arrays and what sinks say of their parts; and what these read of the cluster."""
        # All in one, so that what they share is shared there too.
        with _values.pickled() as found:
            payload = _pickled((_native.encode(exprs), sinks))
        values = dict.fromkeys(found)
        within = None if folder is None else str(folder)
        program = Program(payload, limits, plan.fingerprint, identity(), values, within)
        return program, found

    def token(self, *more: Any) -> str:
        """The same text for the same work."""
        digest = hashlib.blake2b(self.payload, digest_size=16)
        digest.update(repr((self.limits, self.fingerprint, self.build, more)).encode())
        return digest.hexdigest()

    def plan(self) -> _native.ClusterPlan:
        """The plan; made once in a process."""
        with self._lock:
            if self._plan is None:
                if not same(self.build, identity()):
                    raise mismatch("this worker", identity(), self.build)
                with _values.come(self.values):
                    encoded, sinks = pickle.loads(self.payload)
                    exprs = _native.decode(*encoded)
                plan = _native.ClusterPlan(exprs, self.limits[0], sinks)
                if plan.fingerprint != self.fingerprint:
                    raise RuntimeError(
                        f"the plan made here is {plan.fingerprint:016x}, the client's "
                        f"{self.fingerprint:016x}: a source has changed, or the builds of "
                        "chunkwise differ"
                    )
                self._plan = plan
            return self._plan

    def cut(self) -> _native.Cut:
        """How it is cut, as the client has done it."""
        plan = self.plan()
        with self._lock:
            if self._cut is None:
                self._cut = plan.cut(*self.limits[1:])
            return self._cut

    def __sizeof__(self) -> int:
        return len(self.payload) + sizeof(self.values) + 200

    def __reduce_ex__(self, protocol: int) -> tuple:
        payload: Any = self.payload
        if protocol >= 5:
            payload = pickle.PickleBuffer(payload)
        elif not isinstance(payload, bytes):
            payload = bytes(payload)
        parts = (self.limits, self.fingerprint, self.build, self.values, self.folder)
        return Program, (payload, *parts)


def _pickled(thing: Any) -> bytes:
    try:
        return pickle.dumps(thing, protocol=5)
    except Exception:
        # Functions within functions; what neither can pickle raises the error that names it.
        return cloudpickle.dumps(thing, protocol=5)


def same_program(program: Program, *values: Any) -> Program:
    """The task by which a program reaches the workers, with the values that it reads."""
    program.values = dict(zip(program.values, values, strict=True))
    return program
