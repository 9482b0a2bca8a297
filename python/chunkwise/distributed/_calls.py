"""Functions that workers call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._delayed import Delayed, _is_array, _key, _name_of
from . import _worker
from ._futures import Future

__all__ = ["Calls"]


class Calls:
    """The methods of a client that call functions."""

    client: Any
    _connection: Any
    _futures: Callable
    _submit: Callable

    def submit(
        self,
        func: Callable,
        *args: Any,
        key: str | None = None,
        pure: bool = False,
        priority: int = 0,
        workers: Any = None,
        **kwargs: Any,
    ) -> Future:
        """Calls a function on a worker soon.

        Parameters
        ----------
        func : callable
            The function.
        *args, **kwargs
            Its arguments. Futures, arrays and `Delayed` among them, in lists, tuples, sets and
            dicts too, arrive as their values.
        key : str, optional
            The future's name. A second call under the key of a living future is that future.
        pure : bool
            Whether a call with the same arguments is the same future.
        priority : int
            Higher ones first.
        workers : str or list of str, optional
            Where; anywhere by default.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     a = client.submit(int, "20")
        ...     client.submit(lambda a, x: a + int(x.sum()), a, da.arange(3)).result()
        23
        """
        if not callable(func):
            raise TypeError(f"{func!r} is no function")
        self._connection.ready()
        given = self._given((args, kwargs))
        name = key or _key(_name_of(func), pure, func, args, kwargs)
        part = self.client.submit(
            _worker.Guarded(func),
            *given[0],
            key=name,
            priority=priority,
            workers=workers,
            **given[1],
        )
        return Future(self, name, [part], _first)

    def map(self, func: Callable, *iterables: Iterable, **kwargs: Any) -> list[Future]:
        """A call for each element of one iterable, or for each tuple of several; the futures.

        Keywords are those of `submit`, and the function's.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.gather(client.map(pow, [2, 3], [3, 2]))
        [8, 9]
        """
        calls = list(zip(*iterables, strict=False))
        own = {"key", "pure"} & set(kwargs)
        if own or not calls or any(_holds(part) for call in calls for part in call):
            return [self.submit(func, *call, **kwargs) for call in calls]
        self._connection.ready()
        options = {name: kwargs.pop(name) for name in ("priority", "workers") if name in kwargs}
        kwargs = self._given(kwargs)
        # All of them at once, so that thousands take no longer than one by one.
        columns = [list(column) for column in zip(*calls, strict=True)]
        keys = [_key(_name_of(func), False) for _ in calls]
        parts = self.client.map(
            _worker.Guarded(func), *columns, key=keys, pure=False, **options, **kwargs
        )
        return [Future(self, part.key, [part], _first) for part in parts]

    def _given(self, thing: Any) -> Any:
        """Arguments with futures of `distributed` in the places of what is to arrive as a value."""
        if isinstance(thing, Delayed) or _is_array(thing):
            (future,) = self._futures([([thing], _first)], whole=True)
            return future._parts[0]
        if isinstance(thing, Future):
            return self._passed(thing)
        if type(thing) in (list, tuple, set, frozenset):
            return type(thing)(self._given(part) for part in thing)
        if type(thing) is dict:
            return {key: self._given(part) for key, part in thing.items()}
        return thing

    def _passed(self, future: Future) -> Any:
        """What stands for a future as an argument."""
        if future._needed() != future._parts:
            raise TypeError(f"{future}: what is being stored is no argument; wait for it first")
        things = getattr(future, "_things", None)
        if things is None:
            return future._parts[0]
        run, mine, rebuild = things
        tasks: dict[Any, Any] = {}
        keys = []
        for array, own in mine:
            if array is None:
                keys.append(own[0])
                continue
            key, tasks[key] = run.whole(array)
            keys.append(key)
        known = {part.key: part for part in future._parts}
        made = self._submit(run, tasks, list(tasks), {}) if tasks else {}
        return rebuild([made[key] if key in made else known[key] for key in keys])

    def scatter(self, data: Any) -> Any:
        """Futures of a value, or of each value of a list, tuple or dict, which travel with what
        reads them.

        They are not kept on a worker only: what was lost with it could not be made again.

        Examples
        --------
        >>> from chunkwise.distributed import Client
        >>> with Client(processes=False, dashboard_address=":0") as client:
        ...     client.submit(sum, client.scatter([1, 2])).result()
        3
        """
        if type(data) in (list, tuple):
            return type(data)(self.submit(_same, value) for value in data)
        if type(data) is dict:
            return {key: self.submit(_same, value) for key, value in data.items()}
        return self.submit(_same, data)


def _same(value: Any) -> Any:
    return value


def _first(values: list) -> Any:
    return values[0]


def _holds(thing: Any) -> bool:
    """Whether an argument has something in it that is to be computed."""
    if isinstance(thing, (Delayed, Future)) or _is_array(thing):
        return True
    if type(thing) in (list, tuple, set, frozenset):
        return any(map(_holds, thing))
    return type(thing) is dict and any(map(_holds, thing.values()))
