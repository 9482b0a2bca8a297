"""What is persisted under names, for other clients."""

from __future__ import annotations

from typing import Any

from .._delayed import Delayed, _is_array
from . import _values
from ._calls import _first
from ._futures import Future
from ._persisted import Kept, Shelf

__all__ = ["Published"]


class Published:
    """The methods of a client that keep arrays under names."""

    client: Any
    _connection: Any
    _shelf: Shelf
    #: Names under which something is published that may have to be made again from files.
    _published: set[str]

    def publish(self, name: str, array: Any, override: bool = False) -> None:
        """Keeps what is persisted under a name, for other clients and after this one is closed.

        Parameters
        ----------
        name : str
        array : Array or Delayed
            What `persist` has given, as it is; or lists, tuples and dicts of such.
        override : bool
            Whether to take the place of what is published under the name.

        Raises
        ------
        KeyError
            The name is taken.
        ValueError
            An array or a `Delayed` that was not persisted.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.publish("squares", client.persist(da.arange(4) ** 2))
        ...     client.get("squares").compute()
        array([0, 1, 4, 9])
        """
        self._connection.ready()

        self.client.publish_dataset(self._described(array), name=name, override=override)
        self._published.add(name)

    def unpublish(self, name: str) -> None:
        """Forgets a name; what nobody holds any more is dropped."""
        self._connection.ready()
        self.client.unpublish_dataset(name)
        self._published.discard(name)

    def get(self, name: str) -> Any:
        """What was published under a name, by this client or another.

        Raises
        ------
        KeyError
            Nothing was.
        """
        self._connection.ready()

        return self._found(self.client.get_dataset(name))

    def _described(self, thing: Any) -> Any:
        """What is persisted as plain data."""
        if isinstance(thing, Delayed):
            lying = _values.lying(thing)
            if lying is None:
                raise ValueError("publish: a Delayed that is not persisted: persist it first")
            (part,) = lying.future._parts
            return {"chunkwise": {"delayed": thing.key, "length": thing._length, "part": part}}
        if _is_array(thing):
            kept = self._shelf.of(thing)
            if kept is None:
                raise ValueError("publish: an array that is not persisted: persist it first")
            return {"chunkwise": kept.described()}
        if type(thing) in (list, tuple):
            return type(thing)(self._described(part) for part in thing)
        if type(thing) is dict:
            return {key: self._described(part) for key, part in thing.items()}
        return thing

    def _found(self, thing: Any) -> Any:
        """What `_described` has described."""
        if type(thing) is dict and set(thing) == {"chunkwise"}:
            if "delayed" in (about := thing["chunkwise"]):
                made = Delayed(about["delayed"], None, (), about["length"])
                return _values.kept(made, Future(self, made.key, [about["part"]], _first))
            return self._shelf.put(self, Kept(**thing["chunkwise"]))
        if type(thing) in (list, tuple):
            return type(thing)(self._found(part) for part in thing)
        if type(thing) is dict:
            return {key: self._found(part) for key, part in thing.items()}
        return thing
