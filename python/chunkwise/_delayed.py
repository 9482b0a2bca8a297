"""Calls of any functions, made when their values are asked for."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import operator
import pickle
import sys
import types
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from . import _chunkwise as _native
from . import _session

__all__ = ["Delayed", "delayed"]


class _Task:
    """A call; its arguments may be tasks and `Delayed`."""

    __slots__ = ("args", "func", "kwargs")

    def __init__(self, func: Callable, *args: Any, **kwargs: Any) -> None:
        self.func, self.args, self.kwargs = func, args, kwargs


class _Value:
    """A value that is there."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class _Alias:
    """The native graph knows aliases; there are none here."""


class _Elements:
    """An array, which is computed in one run with all others."""

    __slots__ = ("array",)

    def __init__(self, array: Any) -> None:
        self.array = array


def _list(*items: Any) -> list:
    return list(items)


def _tuple(*items: Any) -> tuple:
    return items


def _set(*items: Any) -> set:
    return set(items)


def _frozenset(*items: Any) -> frozenset:
    return frozenset(items)


def _dict(*items: Any) -> dict:
    return dict(zip(items[::2], items[1::2], strict=True))


_CONTAINERS: dict[type, Callable] = {
    list: _list,
    tuple: _tuple,
    set: _set,
    frozenset: _frozenset,
}
_ITERATORS = (type(iter([])), type(iter(())), type(iter(set())))


def _is_array(thing: Any) -> bool:
    # Where there is an array, its module has been imported.
    module = sys.modules.get("chunkwise.array._array")
    return module is not None and isinstance(thing, module.Array)


def _unpack(thing: Any, inputs: list[Delayed]) -> Any:
    """What stands for an argument: itself, or what makes it of the `Delayed` in it, which are put
    into `inputs`."""
    if isinstance(thing, Delayed):
        inputs.append(thing)
        return thing
    if _is_array(thing):
        return _unpack(delayed(thing), inputs)
    kind = type(thing)
    if kind in _ITERATORS:
        return _unpack(list(thing), inputs)
    found: list[Delayed] = []
    if kind in _CONTAINERS:
        made = _Task(_CONTAINERS[kind], *[_unpack(part, found) for part in thing])
    elif kind is dict:
        flat = [part for pair in thing.items() for part in pair]
        made = _Task(_dict, *[_unpack(part, found) for part in flat])
    elif kind is slice:
        ends = (thing.start, thing.stop, thing.step)
        made = _Task(slice, *[_unpack(part, found) for part in ends])
    elif isinstance(thing, tuple) and hasattr(kind, "_fields"):
        made = _Task(kind, *[_unpack(part, found) for part in thing])
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = [f.name for f in dataclasses.fields(thing) if f.init]
        parts = {name: _unpack(getattr(thing, name), found) for name in fields}
        made = _Task(kind, **parts)
    else:
        return thing
    inputs += found
    return made if found else thing


class _Pickler(pickle.Pickler):
    """Writes what makes two arguments the same one."""

    def persistent_id(self, thing: Any) -> Any:
        if isinstance(thing, Delayed):
            return ("delayed", thing._key)
        if _is_array(thing):
            raise TypeError("whether two arrays are the same is not looked at")
        if isinstance(thing, types.FunctionType) and (
            "<" in thing.__qualname__ or thing.__module__ == "__main__"
        ):
            cells = [c.cell_contents for c in thing.__closure__ or ()]
            code = thing.__code__
            constants = [getattr(c, "co_code", c) for c in code.co_consts]
            parts = (code.co_code, code.co_names, constants, thing.__defaults__, cells)
            return ("function", thing.__qualname__, _token(*parts))
        return None


def _token(*things: Any) -> str:
    """The same text for the same things; another each time where that cannot be known."""
    file = io.BytesIO()
    try:
        _Pickler(file, protocol=5).dump(things)
    except Exception:
        return uuid.uuid4().hex
    return hashlib.blake2b(file.getbuffer(), digest_size=16).hexdigest()


def _name_of(function: Any) -> str:
    while not hasattr(function, "__name__") and hasattr(function, "func"):
        function = function.func
    name = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name


def _key(name: str, pure: bool | None, *things: Any) -> str:
    return f"{name}-{_token(*things) if pure else uuid.uuid4().hex}"


def _bytes(name: str, value: Any) -> int:
    if value is None:
        return 0
    if isinstance(value, str):
        return _native.parse_bytes(value)
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f'{name} must be a number of bytes or a text such as "8 MB", got {value!r}'
        ) from None
    if not 0 <= number < 2**64:
        raise ValueError(f"{name} must be from 0 to 2**64 - 1, got {number}")
    return number


#: For a function that is given later.
_LATER: Any = object()


def delayed(
    obj: Any = _LATER,
    name: str | None = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
    *,
    nbytes: int | str | None = None,
    scratch: int | str | None = None,
) -> Any:
    """Makes a function lazy, or an object whose attributes, methods and operators are.

    Parameters
    ----------
    obj
        A function, whose calls are then tasks; or anything else. Without it, what takes it: so that
        ``@delayed(nout=2)`` decorates. In lists, tuples, sets, dicts,
        slices, named tuples and dataclasses `Delayed` and arrays are found.
    name : str, optional
        The key. A function's name and something unique by default.
    pure : bool, optional
        Whether calls with the same arguments are the same task. False by default.
    nout : int, optional
        Into how many parts the values of the calls are taken apart by iterating.
    traverse : bool
        Whether to look into containers.
    nbytes : int or str, optional
        The most bytes of what one call of the function gives: ``8_000_000``, ``"8 MB"``. They are
        held from the call's begin until the last task that reads its value has ended.
    scratch : int or str, optional
        The most bytes that one call needs beside its value while it runs.

    Returns
    -------
    Delayed

    Raises
    ------
    TypeError
        Bytes that are neither a number nor a text, or of something that is no function.
    ValueError
        Bytes below zero, a text that says no number of them, or an `nout` that is no count.
    chunkwise.MemoryLimitError
        When it is computed, before any task runs: one thread that runs the tasks one after another
        would hold more declared bytes than the memory limit.

    Notes
    -----
    Signature and behaviour are those of ``dask.delayed``; `nbytes` and `scratch` are chunkwise's
    own. Tasks that declare bytes begin only where these fit into the memory limit beside what
    others hold; those that declare nothing count as nothing. `Delayed` and
    `chunkwise.array.Array` as arguments arrive as their values: an array as a NumPy array.

    Examples
    --------
    >>> @chunkwise.delayed
    ... def add(a, b):
    ...     return a + b
    >>> total = add(1, add(2, 3)) * 10
    >>> total.compute()
    60
    >>> chunkwise.delayed(max)(da.arange(5, chunks=2)).compute()
    np.int64(4)
    >>> low, high = chunkwise.delayed(divmod, nout=2)(17, 5)
    >>> chunkwise.compute(low, high)
    (3, 2)
    >>> load = chunkwise.delayed(bytes, nbytes="1 GiB")
    >>> with chunkwise.config.set(memory_limit="512 MiB"):
    ...     try:
    ...         load(2**30).compute()
    ...     except chunkwise.MemoryLimitError as error:
    ...         print(str(error).partition(";")[0])
    graph needs 1.00 GiB at once, more than the memory limit of 512.00 MiB
    """
    if nout is not None and (type(nout) is not int or nout < 0):
        raise ValueError(f"nout must be None or a non-negative integer, got {nout!r}")
    if obj is _LATER:
        return functools.partial(
            delayed,
            name=name,
            pure=pure,
            nout=nout,
            traverse=traverse,
            nbytes=nbytes,
            scratch=scratch,
        )
    needs = None
    if nbytes is not None or scratch is not None:
        if not callable(obj) or isinstance(obj, Delayed):
            raise TypeError(
                f"nbytes and scratch are of a function's calls, got {type(obj).__name__!r}"
            )
        needs = (_bytes("nbytes", nbytes), _bytes("scratch", scratch))
    if isinstance(obj, Delayed):
        return obj
    if _is_array(obj):
        return Delayed(name or _key("array", False), _Elements(obj), (), nout)
    if traverse:
        inputs: list[Delayed] = []
        node = _unpack(obj, inputs)
        if node is not obj and isinstance(node, _Task):
            key = name or _key(type(obj).__name__, pure, obj)
            return Delayed(key, node, tuple(inputs), nout)
        obj = node
    name = name or _key(getattr(obj, "__name__", type(obj).__name__), pure, obj)
    return DelayedLeaf(obj, name, pure, nout, needs)


class Delayed:
    """A value that is made when it is asked for. `chunkwise.delayed` makes them.

    Attributes, indexing, calls and operators give further ones.

    Examples
    --------
    >>> x = chunkwise.delayed([1, 2, 3])
    >>> (x[0] + x.count(3)).compute()
    2
    """

    __slots__ = ("__weakref__", "_inputs", "_key", "_length", "_needs", "_node")

    def __init__(
        self,
        key: str,
        node: Any,
        inputs: tuple[Delayed, ...],
        length: int | None = None,
        needs: tuple[int, int] | None = None,
    ) -> None:
        set_ = object.__setattr__
        set_(self, "_key", key)
        set_(self, "_node", node)
        set_(self, "_inputs", inputs)
        set_(self, "_length", length)
        set_(self, "_needs", needs)

    @property
    def key(self) -> str:
        """Its name: one task runs for each."""
        return self._key

    def compute(self, **kwargs: Any) -> Any:
        """The value. `chunkwise.compute` makes several, what they share once."""
        return _compute([self])[0]

    def persist(self, **kwargs: Any) -> Delayed:
        """The same with its value, which is computed now and kept."""
        return _persisted(self, _compute([self])[0])

    def visualize(self, filename: Any = None, format: str | None = None, **kwargs: Any) -> Any:
        """A picture of the graph, as `chunkwise.visualize` gives it."""
        from ._collections import visualize

        return visualize(self, filename=filename, format=format)

    def __repr__(self) -> str:
        return f"Delayed({self._key!r})"

    def __hash__(self) -> int:
        return hash(self._key)

    def __reduce__(self) -> tuple:
        return _restore, (type(self), {s: getattr(self, s) for s in _slots(type(self))})

    def __dir__(self) -> list[str]:
        return dir(type(self))

    def __getattr__(self, attr: str) -> Delayed:
        if attr.startswith("_"):
            raise AttributeError(f"Attribute {attr} not found")
        return DelayedAttr(self, attr)

    def __setattr__(self, attr: str, value: Any) -> None:
        raise TypeError("Delayed objects are immutable")

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError("Delayed objects are immutable")

    def __iter__(self) -> Iterator[Delayed]:
        if self._length is None:
            raise TypeError("Delayed objects of unspecified length are not iterable")
        return (self[n] for n in range(self._length))

    def __len__(self) -> int:
        if self._length is None:
            raise TypeError("Delayed objects of unspecified length have no len()")
        return self._length

    def __bool__(self) -> bool:
        raise TypeError("Truth of Delayed objects is not supported")

    def __call__(self, *args: Any, pure: bool | None = None, **kwargs: Any) -> Delayed:
        return _call(_apply, "apply", (self, *args), kwargs, pure, None)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


def _apply(function: Callable, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _slots(kind: type) -> list[str]:
    names = [s for c in kind.__mro__ for s in getattr(c, "__slots__", ())]
    return [n for n in names if n != "__weakref__"]


def _restore(kind: type, slots: dict[str, Any]) -> Delayed:
    made = object.__new__(kind)
    for name, value in slots.items():
        object.__setattr__(made, name, value)
    return made


def _call(
    function: Callable,
    token: Any,
    args: tuple,
    kwargs: dict[str, Any],
    pure: bool | None,
    nout: int | None,
    needs: tuple[int, int] | None = None,
) -> Delayed:
    """A call as a task; it needs bytes for its value, and beside it."""
    key = kwargs.pop("dask_key_name", None)
    if key is None:
        key = _key(_name_of(function), pure, token, args, kwargs)
    inputs: list[Delayed] = []
    given = [_unpack(a, inputs) for a in args]
    named = {name: _unpack(a, inputs) for name, a in kwargs.items()}
    task = _Task(function, *given)
    # A keyword may have any name.
    task.kwargs = named
    return Delayed(key, task, tuple(inputs), nout, needs)


class DelayedLeaf(Delayed):
    """A function or another object, wrapped."""

    __slots__ = ("_call_needs", "_nout", "_obj", "_pure")

    def __init__(
        self,
        obj: Any,
        key: str,
        pure: bool | None,
        nout: int | None,
        needs: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(key, _Value(obj), (), nout)
        set_ = object.__setattr__
        set_(self, "_obj", obj)
        set_(self, "_pure", pure)
        set_(self, "_nout", nout)
        set_(self, "_call_needs", needs)

    def __call__(self, *args: Any, pure: bool | None = None, **kwargs: Any) -> Delayed:
        pure = self._pure if pure is None else pure
        return _call(self._obj, self._key, args, kwargs, pure, self._nout, self._call_needs)

    @property
    def __name__(self) -> str:
        return self._obj.__name__

    @property
    def __doc__(self) -> str | None:
        return self._obj.__doc__

    @property
    def __wrapped__(self) -> Any:
        return self._obj


class DelayedAttr(Delayed):
    """An attribute of another; called, a method."""

    __slots__ = ("_attr", "_obj")

    def __init__(self, obj: Delayed, attr: str) -> None:
        key = _key("getattr", True, obj, attr)
        super().__init__(key, _Task(getattr, obj, attr), (obj,))
        object.__setattr__(self, "_obj", obj)
        object.__setattr__(self, "_attr", attr)

    def __getattr__(self, attr: str) -> Delayed:
        # NumPy asks a dtype for its dtype without end.
        if attr == "dtype" and self._attr == "dtype":
            raise AttributeError("Attribute dtype not found")
        return super().__getattr__(attr)

    def __call__(self, *args: Any, pure: bool | None = None, **kwargs: Any) -> Delayed:
        return _call(_Method(self._attr), self._attr, (self._obj, *args), kwargs, pure, None)


class _Method:
    """Calls a method of its first argument."""

    __slots__ = ("__name__",)

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __call__(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(obj, self.__name__)(*args, **kwargs)

    def __reduce__(self) -> tuple:
        return _Method, (self.__name__,)


_BINARY = ["add", "sub", "mul", "matmul", "floordiv", "truediv", "mod", "pow"]
_BINARY += ["and_", "or_", "xor", "lshift", "rshift"]
_COMPARE = ["eq", "ne", "lt", "le", "gt", "ge"]
_UNARY = ["abs", "neg", "pos", "invert"]


def _swapped(function: Callable) -> Callable:
    def swapped(a: Any, b: Any) -> Any:
        return function(b, a)

    swapped.__name__ = swapped.__qualname__ = function.__name__
    return swapped


def _operator(function: Callable, token: str) -> Callable:
    def method(self: Delayed, *others: Any) -> Delayed:
        return _call(function, token, (self, *others), {}, True, None)

    return method


for _op in (*_BINARY, *_COMPARE, *_UNARY, "getitem"):
    _function = getattr(operator, _op)
    _plain = _op.rstrip("_")
    setattr(Delayed, f"__{_plain}__", _operator(_function, _op))
    if _op in _BINARY:
        setattr(Delayed, f"__r{_plain}__", _operator(_swapped(_function), f"r{_op}"))


def _persisted(made: Delayed, value: Any) -> Delayed:
    return Delayed(made._key, _Value(value), (), made._length)


def _needed(wanted: list[Delayed]) -> dict[str, Delayed]:
    """By key, everything that some need; without recursion, since chains may be long."""
    found: dict[str, Delayed] = {}
    rest = list(reversed(wanted))
    while rest:
        one = rest.pop()
        if one._key not in found:
            found[one._key] = one
            rest.extend(one._inputs)
    return found


def _compute(wanted: list[Delayed], arrays: list[Any] | None = None) -> Any:
    """The values of some; with `arrays`, theirs too, as a pair. All arrays are computed in one
    run."""
    from ._collections import _compute_arrays

    needed = _needed(wanted)
    inner = {k: d._node.array for k, d in needed.items() if isinstance(d._node, _Elements)}
    elements = _compute_arrays([*inner.values(), *(arrays or [])])
    values = dict(zip(inner, elements, strict=False))
    graph = {
        key: _Value(values[key]) if key in values else one._node for key, one in needed.items()
    }
    keys = list(dict.fromkeys(one._key for one in wanted))
    classes = [Delayed, _Value, _Alias, _Task, _Task]
    made: dict[str, Any] = {}
    if keys:
        declared = {key: one._needs for key, one in needed.items() if one._needs is not None}
        native = _native.Graph(graph, keys, None, classes, None, declared)
        made = dict(zip(keys, _session.current().run_graph(native), strict=True))
    results = [made[one._key] for one in wanted]
    return results if arrays is None else (results, elements[len(inner) :])


def _picture(wanted: list[Delayed]) -> Any:
    """Boxes and arrows, inputs before what reads them."""
    from ._svg import Drawing
    from .diagnostics._fold import folded
    from .diagnostics._graph import Box, draw

    needed = _needed(wanted)
    order: list[str] = []
    done: set[str] = set()
    stack = [d._key for d in reversed(wanted)]
    while stack:
        key = stack[-1]
        rest = [i._key for i in needed[key]._inputs if i._key not in done]
        if key in done or not rest:
            stack.pop()
            if key not in done:
                done.add(key)
                order.append(key)
        else:
            stack.extend(rest)
    place = {key: n for n, key in enumerate(order)}
    boxes = []
    for key in order:
        one = needed[key]
        name = key.rpartition("-")[0] or key
        inputs = list(dict.fromkeys(place[i._key] for i in one._inputs))
        boxes.append(Box([name], inputs, round=not inputs, title=key))
    roots = [place[one._key] for one in wanted]
    drawing, width, height = draw(folded(boxes, roots, 60))
    whole = Drawing()
    whole.group(drawing, 16, 16)
    count = f"{len(order):,} task" + ("s" if len(order) != 1 else "")
    return whole.picture(width + 32, height + 32, f"a graph of {count}")
