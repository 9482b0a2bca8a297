"""`Delayed` as tasks of Dask's."""

from __future__ import annotations

from typing import Any

from dask._task_spec import DataNode, Task, TaskRef

from .._delayed import Delayed, _Elements, _needed, _Task, _Value
from ._values import Lying, lying
from ._worker import Guarded

__all__: list[str] = []


def inner_arrays(wanted: list[Delayed]) -> dict[str, Any]:
    """The arrays that some read, by the key of the `Delayed` that stands for each."""
    needed = _needed(wanted)
    return {k: d._node.array for k, d in needed.items() if isinstance(d._node, _Elements)}


def persisted(wanted: list[Delayed]) -> dict[str, Lying]:
    """What some need that lies in the cluster, by its key there."""
    found = {key: lying(one) for key, one in _needed(wanted).items()}
    return {key: one for key, one in found.items() if one is not None}


def tasks(wanted: list[Delayed], elements: dict[str, Any]) -> dict[str, Any]:
    """A graph of all that some need and that does not lie in the cluster. `elements` has the keys
    of the tasks that give the elements of arrays."""
    made: dict[str, Any] = {}
    for key, one in _needed(wanted).items():
        if lying(one) is not None:
            # Its task is known there by this key.
            continue
        if key in elements:
            made[key] = Task(key, _same, TaskRef(elements[key]))
        elif isinstance(one._node, _Value):
            made[key] = DataNode(key, one._node.value)
        else:
            made[key] = _node(key, one._node)
    return made


def _same(value: Any) -> Any:
    return value


def _node(key: Any, node: Any) -> Any:
    if isinstance(node, Delayed):
        return Task(key, _same, TaskRef(node._key)) if key is not None else TaskRef(node._key)
    if isinstance(node, _Value):
        return DataNode(key, node.value)
    if isinstance(node, _Task):
        function = _node(None, node.func) if isinstance(node.func, Delayed) else node.func
        args = [_node(None, a) for a in node.args]
        kwargs = {name: _node(None, a) for name, a in node.kwargs.items()}
        if isinstance(function, TaskRef):
            return Task(key, _called, function, *args, **kwargs)
        return Task(key, Guarded(function) if key is not None else function, *args, **kwargs)
    return node


def _called(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    return Guarded(function)(*args, **kwargs)
