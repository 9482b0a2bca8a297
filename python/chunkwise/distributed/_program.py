"""What every fragment of a computation reads: the arrays, from which each worker makes the plan."""

from __future__ import annotations

import hashlib
import pickle
import threading
from typing import Any

import cloudpickle

from .. import _chunkwise as _native
from ..array import _pickle  # noqa: F401 - which registers how expressions are pickled
from ._versions import identity, mismatch, same

__all__: list[str] = []


class Program:
    """Arrays and sinks as bytes, and the plan that they come to.

    The scheduler passes the bytes on without a look: only workers open files and load functions.
    """

    __slots__ = ("_loaded", "_lock", "build", "fingerprint", "limit", "payload")

    def __init__(self, payload: bytes, limit: int, fingerprint: int, build: tuple) -> None:
        self.payload, self.limit, self.fingerprint, self.build = payload, limit, fingerprint, build
        self._lock = threading.Lock()
        self._loaded: tuple[_native.ClusterPlan, list] | None = None

    @staticmethod
    def of(exprs: list, sinks: list, limit: int, plan: _native.ClusterPlan) -> Program:
        """Of arrays and of the sinks that some of them go to."""
        return Program(_pickled((exprs, sinks)), limit, plan.fingerprint, identity())

    def token(self, *more: Any) -> str:
        """The same text for the same work."""
        digest = hashlib.blake2b(self.payload, digest_size=16)
        digest.update(repr((self.limit, self.fingerprint, self.build, more)).encode())
        return digest.hexdigest()

    def loaded(self) -> tuple[_native.ClusterPlan, list]:
        """The plan, and the sinks; made once in a process."""
        with self._lock:
            if self._loaded is None:
                if not same(self.build, identity()):
                    raise mismatch("this worker", identity(), self.build)
                exprs, sinks = pickle.loads(self.payload)
                plan = _native.ClusterPlan(exprs, self.limit)
                if plan.fingerprint != self.fingerprint:
                    raise RuntimeError(
                        f"the plan made here is {plan.fingerprint:016x}, the client's "
                        f"{self.fingerprint:016x}: a source has changed, or the builds of "
                        "chunkwise differ"
                    )
                self._loaded = plan, sinks
            return self._loaded

    def __sizeof__(self) -> int:
        return len(self.payload) + 200

    def __reduce_ex__(self, protocol: int) -> tuple:
        payload: Any = self.payload
        if protocol >= 5:
            payload = pickle.PickleBuffer(payload)
        elif not isinstance(payload, bytes):
            payload = bytes(payload)
        return Program, (payload, self.limit, self.fingerprint, self.build)


def _pickled(thing: Any) -> bytes:
    try:
        return pickle.dumps(thing, protocol=5)
    except Exception:
        # Functions within functions; what neither can pickle raises the error that names it.
        return cloudpickle.dumps(thing, protocol=5)


def same_program(program: Program) -> Program:
    """The task by which a program reaches the workers."""
    return program
