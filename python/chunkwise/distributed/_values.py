"""Values of `Delayed` that lie in the cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._delayed import Delayed, _Task

__all__: list[str] = []


class Lying:
    """A function whose value lies in the cluster, as that of a task there."""

    __name__ = "persisted"

    def __init__(self, future: Any) -> None:
        self.future = future

    def __call__(self) -> Any:
        return self.future.result()

    def __reduce__(self) -> tuple:
        found = getattr(_pickled, "found", None)
        if found is None:
            raise TypeError(
                f"{self.future} is persisted: its value goes to workers as an argument, or as the "
                "elements of from_delayed, not within a function or another object"
            )
        found[self.future.key] = self
        return _come, (self.future.key,)


class _Come:
    """The same where the value has come along."""

    __name__ = "persisted"

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self) -> Any:
        return self.value


#: Of each thread: what is persisted of all that is just being pickled, and the values that have
#: come with what is just being read.
_pickled = threading.local()
_values = threading.local()


def _come(key: str) -> _Come:
    try:
        return _Come(_values.known[key])
    except (AttributeError, KeyError):
        raise LookupError(f"{key} is the name of a value that has not come along") from None


@contextmanager
def pickled() -> Iterator[dict[str, Lying]]:
    """While something is pickled: what it reads of the cluster, by its key there."""
    before = getattr(_pickled, "found", None)
    _pickled.found = found = {}
    try:
        yield found
    finally:
        _pickled.found = before


@contextmanager
def come(values: dict[str, Any]) -> Iterator[None]:
    """While something is read, the values that came with it."""
    before = getattr(_values, "known", None)
    _values.known = values
    try:
        yield
    finally:
        _values.known = before


def kept(made: Delayed, future: Any) -> Delayed:
    """The same with a value that lies in the cluster."""
    return Delayed(made._key, _Task(Lying(future)), (), made._length)


def lying(thing: Any) -> Lying | None:
    """What gives the value of a `Delayed` that is persisted."""
    node = thing._node if isinstance(thing, Delayed) else None
    function = node.func if isinstance(node, _Task) else None
    return function if isinstance(function, Lying) else None


def check(client: Any, found: Any) -> None:
    """Raises where a client does not have what is persisted, or no more."""
    for one in found:
        future = one.future
        if future._client is not client or future.status == "cancelled":
            raise LookupError(
                f"{future.key} was persisted by another client, or is no longer in the cluster: "
                "publish it there and get it here, or persist it again"
            )
