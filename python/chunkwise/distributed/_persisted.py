"""Arrays whose elements lie on workers."""

from __future__ import annotations

import weakref
from typing import Any

from .. import _chunkwise as _native

__all__: list[str] = []


class Kept:
    """Where the bundles of a persisted array are. As long as it lives, they stay."""

    def __init__(self, name: str, dtype: str, owner: tuple, parts: list) -> None:
        self.name, self.dtype = name, dtype
        #: Which bundle has what, as the native module says it.
        self.owner = owner
        #: Futures of `distributed`.
        self.parts = parts
        #: Of the expressions that are this array and nothing more.
        self.expr_keys: set[str] = set()

    @property
    def keys(self) -> list:
        return [part.key for part in self.parts]

    def expr(self, read: Any) -> _native.Expr:
        return _native.elsewhere(self.name, self.dtype, self.owner, read)

    def described(self) -> dict[str, Any]:
        """As plain data, for another client."""
        return {"name": self.name, "dtype": self.dtype, "owner": self.owner, "parts": self.parts}


class Reader:
    """Reads elements of a persisted array for a computation without its client, through it."""

    def __init__(self, client: Any, kept: Kept) -> None:
        # An array that is held must not keep a client that is not.
        self._client = weakref.ref(client)
        self.kept = kept

    def __call__(self, start: tuple, stop: tuple) -> Any:
        from ..array import Array

        client = self._client()
        if client is None or client.status == "closed":
            raise ConnectionError(f"the client is closed that persisted {self.kept.name}")
        part = Array(self.kept.expr(None))[tuple(map(slice, start, stop))]
        return client.compute(part).result()


class Shelf:
    """The persisted arrays that a client knows, by their name."""

    def __init__(self) -> None:
        self._kept: weakref.WeakValueDictionary[str, Kept] = weakref.WeakValueDictionary()

    def put(self, client: Any, kept: Kept) -> Any:
        from ..array import Array

        known = self._kept.get(kept.name)
        if known is None or known.parts[0].status == "cancelled":
            self._kept[kept.name] = known = kept
        expr = known.expr(Reader(client, known))
        known.expr_keys.add(expr.key)
        return Array(expr)

    def keys(self, names: set[str]) -> dict[str, list]:
        """The keys of the bundles of arrays by their name."""
        missing = sorted(name for name in names if name not in self._kept)
        if missing:
            raise LookupError(
                f"{missing[0]} was persisted by another client, or by one that is closed: publish "
                "it there, and get it here"
            )
        return {name: self._kept[name].keys for name in names}

    def of(self, array: Any) -> Kept | None:
        """What is known of an array that was persisted, and not changed since."""
        for kept in list(self._kept.values()):
            if array._expr.key in kept.expr_keys:
                return kept
        return None
