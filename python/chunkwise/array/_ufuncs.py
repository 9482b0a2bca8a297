"""Elementwise functions under NumPy's names: one `ufunc` for each row of the engine's table that
NumPy has a ufunc for."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array, _elementwise, _operand
from ._convert import asarray

_NO_VALUE = np._NoValue

#: The reduction, and the cumulative operation, that repeat a function of two arguments.
_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "fmax": "nanmax",
    "fmin": "nanmin",
    "logical_and": "all",
    "logical_or": "any",
}
_SCANS = {"add": "cumsum", "multiply": "cumprod", "maximum": "cummax", "minimum": "cummin"}


def _argument(value: Any) -> Any:
    """Anything that NumPy takes as an argument: an expression, or a number without a width."""
    operand = _operand(value)
    return asarray(value)._expr if operand is NotImplemented else operand


def _mask(name: str, where: Any) -> Array:
    """What `where` means: booleans, or a list of what can be true or not."""
    mask = asarray(where, dtype=bool) if isinstance(where, list | tuple) else asarray(where)
    if mask.dtype != bool:
        raise TypeError(f"{name}: where must be boolean, got {mask.dtype}")
    return mask


def _kind(operand: Any) -> Any:
    """What NumPy's promotion is asked about: a dtype, or the type of a number without a width."""
    if isinstance(operand, _native.Expr):
        return _dtypes.DTYPES[operand.dtype]
    return type(operand) if type(operand) is not bool else np.dtype(bool)


def _store(out: Any, result: Array, name: str, casting: str, *, exact: bool = False) -> Any:
    """Makes `out` the result: an array is given another expression, NumPy memory is written to."""
    if isinstance(out, tuple) and len(out) == 1:
        (out,) = out
    if not isinstance(out, Array | np.ndarray):
        raise TypeError(f"{name}: out must be an array, got {type(out).__name__}")
    if not np.can_cast(result.dtype, out.dtype, casting):
        raise TypeError(
            f"{name}: cannot cast the result from {result.dtype} to {out.dtype}, the dtype of out, "
            f"according to the rule {casting!r}"
        )
    if out.shape != result.shape:
        if exact or _broadcast(out.shape, result.shape) != out.shape:
            raise ValueError(
                f"{name}: the result of shape {result.shape} does not fit out, of shape {out.shape}"
            )
        result = Array(_native.broadcast_to(result._expr, list(out.shape)))
    if isinstance(out, np.ndarray):
        np.copyto(out, result.compute(), casting="unsafe")
    else:
        out._expr = _native.cast(result._expr, _dtypes.name(out.dtype))
    return out


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


class _Lazy:
    """An attribute made when it is asked for; asked of the class, the class's own."""

    def __init__(self, of_class: Any, of_instance: str) -> None:
        self._of_class = of_class
        self._of_instance = of_instance

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self._of_class
        return getattr(instance, self._of_instance)()


class ufunc:  # noqa: N801 - NumPy's name
    __doc__ = _Lazy(
        """An elementwise function: called with arrays, numbers and what NumPy makes arrays of.

        The arguments are broadcast together and promoted as NumPy 2 does; Python numbers take the
        dtype of the arrays beside them. The result is lazy. Attributes and methods are those of
        `numpy.ufunc`: ``nin``, ``nout``, ``nargs``, ``types``, ``identity``, ``outer``, and, where
        the engine can repeat the function along an axis, ``reduce`` and ``accumulate``.

        Examples
        --------
        >>> da.add.outer([1, 2], [10, 20]).compute()
        array([[11, 21],
               [12, 22]])
        """,
        "_documentation",
    )
    __signature__ = _Lazy(None, "_signature")

    def __init__(self, rows: tuple[str, ...], like: np.ufunc, summary: str) -> None:
        self.__name__ = self.__qualname__ = like.__name__
        self._row = rows[0]
        self._rows = rows
        self._numpy = like
        self._summary = summary
        self.nin = like.nin
        self.nout = like.nout
        self.nargs = like.nargs
        self.identity = like.identity
        self.signature = None

    @property
    def types(self) -> list[str]:
        """NumPy's signatures by character code, those of dtypes that arrays can have."""
        return [t for t in self._numpy.types if set(t) <= set("?bhilqBHILQfdFD->")]

    @property
    def ntypes(self) -> int:
        """The number of `types`."""
        return len(self.types)

    def __repr__(self) -> str:
        return f"<ufunc '{self.__name__}'>"

    def __reduce__(self) -> str:
        return self.__name__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != self.nin:
            return self._general(args, **kwargs)
        operands = [a._expr if type(a) is Array else _argument(a) for a in args]
        return (
            Array(_elementwise(self._row, *operands)) if self.nout == 1 else self._apply(operands)
        )

    def _apply(self, operands: list) -> Any:
        return Array(_elementwise(self._row, *operands))

    def _general(
        self,
        args: tuple,
        *,
        out: Any = None,
        where: Any = True,
        dtype: Any = None,
        casting: str = "same_kind",
        order: str = "K",
        subok: bool = True,
    ) -> Any:
        """A call with more than arguments."""
        if not self.nin <= len(args) <= self.nargs:
            some = f"from {self.nin} to {self.nargs}"
            raise TypeError(f"{self.__name__}() takes {some} positional arguments, got {len(args)}")
        if len(args) > self.nin:
            if out is not None:
                raise TypeError(f"{self.__name__}: out is given by position and by name")
            args, out = args[: self.nin], args[self.nin :]
        operands = [_argument(a) for a in args]
        names: list[str | None] = [None] * self.nout
        if dtype is not None or casting != "same_kind":
            operands, names = self._loop(operands, dtype, casting)
        results = self._apply(operands)
        results = [results] if self.nout == 1 else list(results)
        results = [
            r if name is None else Array(_native.cast(r._expr, name))
            for r, name in zip(results, names, strict=True)
        ]
        outs = out if isinstance(out, tuple) else (out,)
        outs += (None,) * (self.nout - len(outs))
        if len(outs) != self.nout:
            raise ValueError(f"{self.__name__}: out must name {self.nout} arrays, got {len(outs)}")
        answers = [self._place(r, o, where, casting) for r, o in zip(results, outs, strict=True)]
        return answers[0] if self.nout == 1 else tuple(answers)

    def _loop(self, operands: list, dtype: Any, casting: str) -> tuple[list, list]:
        """The arguments in the dtypes of NumPy's loop, and the dtypes of the results."""
        wanted = None if dtype is None else _dtypes.DTYPES[_dtypes.name(dtype)]
        signature = None
        if wanted is not None:
            signature = (None,) * self.nin + (wanted,) * self.nout
        kinds = tuple(_kind(o) for o in operands) + (None,) * self.nout
        loop = self._numpy.resolve_dtypes(kinds, signature=signature, casting=casting)
        names = ["float32" if d == np.float16 else _dtypes.name(d) for d in loop]
        cast = [
            _native.cast(o, name) if isinstance(o, _native.Expr) else _native.full((), o, name, -1)
            for o, name in zip(operands, names[: self.nin], strict=True)
        ]
        return cast, names[self.nin :]

    def _place(self, result: Array, out: Any, where: Any, casting: str) -> Any:
        if where is not True:
            # NumPy leaves what is not asked for undefined where there is no `out`.
            other = False if out is None else _argument(out)
            mask = _mask(self.__name__, where)
            dtype = result._expr.dtype
            if not isinstance(other, _native.Expr):
                other = _native.full((), other, dtype, -1)
            chosen = _elementwise("where", mask._expr, result._expr, other)
            result = Array(chosen if out is not None else _native.cast(chosen, dtype))
        return result if out is None else _store(out, result, self.__name__, casting)

    def outer(self, a: Any, b: Any, /, **kwargs: Any) -> Any:
        """The function of each element of `a` with each of `b`: of shape ``a.shape + b.shape``.

        Examples
        --------
        >>> da.multiply.outer([1, 2, 3], [1, 2]).compute()
        array([[1, 2],
               [2, 4],
               [3, 6]])
        """
        if self.nin != 2:
            raise ValueError(f"{self.__name__}: outer is for functions of two arguments")
        x, y = asarray(a), asarray(b)
        if y.ndim:
            x = Array(_native.expand_dims(x._expr, list(range(x.ndim, x.ndim + y.ndim))))
        return self(x, y, **kwargs)

    def reduce(
        self,
        array: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = _NO_VALUE,
        where: Any = True,
    ) -> Any:
        """The function repeated along an axis, or several, until one element is left.

        There for ``add``, ``multiply``, ``maximum``, ``minimum``, ``fmax``, ``fmin``,
        ``logical_and`` and ``logical_or``; others raise `TypeError`.

        Examples
        --------
        >>> da.add.reduce([[1, 2], [3, 4]]).compute()
        array([4, 6])
        """
        from . import _nan_reductions, _reductions

        name = self._repeated(_REDUCTIONS, "reduce")
        function = getattr(_reductions, name, None) or getattr(_nan_reductions, name)
        kwargs: dict[str, Any] = {"axis": axis, "out": out, "keepdims": keepdims, "where": where}
        if name not in ("any", "all"):
            kwargs["initial"] = initial
        if dtype is None:
            return function(array, **kwargs)
        if name in ("sum", "prod"):
            return function(array, dtype=dtype, **kwargs)
        return function(asarray(array, dtype=dtype), **kwargs)

    def accumulate(self, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
        """The function repeated along an axis, with every result on the way.

        There for ``add``, ``multiply``, ``maximum`` and ``minimum``; others raise `TypeError`.

        Examples
        --------
        >>> da.maximum.accumulate([1, 3, 2, 5, 4]).compute()
        array([1, 3, 3, 5, 5])
        """
        from ._cumulative import _scan

        name = self._repeated(_SCANS, "accumulate")
        return _scan(name, array, axis, dtype, out)

    def _repeated(self, table: dict[str, str], method: str) -> str:
        if self.nin != 2:
            raise ValueError(f"{method} is only for functions of two arguments, not {self}")
        if self.__name__ not in table:
            raise TypeError(
                f"{self.__name__}.{method} is not supported; functions that have it are "
                f"{', '.join(table)}"
            )
        return table[self.__name__]

    def _signature(self) -> inspect.Signature:
        names = ["x"] if self.nin == 1 else ["x1", "x2"]
        p = inspect.Parameter
        options = {"where": True, "dtype": None, "casting": "same_kind"}
        return inspect.Signature(
            [p(n, p.POSITIONAL_ONLY) for n in names]
            + [p("out", p.POSITIONAL_OR_KEYWORD, default=None)]
            + [p(n, p.KEYWORD_ONLY, default=d) for n, d in options.items()]
        )

    def _documentation(self) -> str:
        args = "x" if self.nin == 1 else "x1, x2"
        examples = _EXAMPLES.get(self.__name__, _USUAL[self.nin - 1])
        call = f"da.{self.__name__}({', '.join(map(repr, examples))})"
        shown = self._numpy(*examples)
        if self.nout == 1:
            example = f">>> {call}.compute()\n{shown!r}"
        else:
            example = f">>> [y.compute() for y in {call}]\n{list(shown)!r}"
        returns = "Array" if self.nout == 1 else "tuple of Array"
        return f"""{self._summary}

Parameters
----------
{args} : array_like
    Arrays, numbers, or what NumPy makes arrays of; broadcast together.
out : Array or numpy.ndarray, or a tuple of one for each result
    What becomes the result: an `Array` is given another expression, NumPy memory is computed into.
where : array_like of bool
    Where the function is applied; elsewhere the result is that of `out`, or zero.
dtype
    The dtype to compute in; arguments are cast to it as `casting` allows.
casting : {{"no", "equiv", "safe", "same_kind", "unsafe"}}
    Which casts of arguments and results are allowed.

Returns
-------
{returns}
    The broadcast shape; the dtype of NumPy's result, with `float32` where that is `float16`.

Raises
------
TypeError
    Dtypes for which the function has no meaning.
ValueError
    Shapes that do not broadcast.

Examples
--------
{example}
"""


class _Pair(ufunc):
    # A function of two results, each a row of the table.
    __doc__ = ufunc.__dict__["__doc__"]

    def _apply(self, operands: list) -> tuple[Array, Array]:
        first, second = self._rows
        return Array(_elementwise(first, *operands)), Array(_elementwise(second, *operands))


#: Arguments of the examples in the documentation.
_USUAL = (([0.25, 0.5],), ([1.5, 4.0], [2.0, 3.0]))
_INTEGERS = ([6, 9], [2, 3])
_TRUTHS = ([True, False], [True, True])
_EXAMPLES: dict[str, tuple] = {
    "arccosh": ([1.0, 2.0],),
    "bitwise_and": _INTEGERS,
    "bitwise_count": ([6, 7],),
    "bitwise_or": _INTEGERS,
    "bitwise_xor": _INTEGERS,
    "frexp": ([3.0, 0.5],),
    "gcd": _INTEGERS,
    "heaviside": ([-1.0, 0.0, 2.0], 0.5),
    "invert": ([0, 1],),
    "lcm": _INTEGERS,
    "ldexp": ([0.5, 1.5], [1, 2]),
    "left_shift": _INTEGERS,
    "logical_and": _TRUTHS,
    "logical_not": _TRUTHS[:1],
    "logical_or": _TRUTHS,
    "logical_xor": _TRUTHS,
    "modf": ([1.5, -2.25],),
    "right_shift": _INTEGERS,
}
#: Ours for NumPy's.
_OURS: dict[np.ufunc, ufunc] = {}


def _register(like: np.ufunc, rows: tuple[str, ...], summary: str) -> None:
    kind = ufunc if like.nout == 1 else _Pair
    _OURS[like] = kind(rows, like, summary)


for _name, _arity, _doc in _native.FUNCTIONS:
    _like = getattr(np, _name, None)
    if isinstance(_like, np.ufunc):
        _register(_like, (_name,), _doc)
_DOCS = {name: doc for name, _, doc in _native.FUNCTIONS}
_register(np.degrees, ("rad2deg",), _DOCS["rad2deg"])
_register(np.radians, ("deg2rad",), _DOCS["deg2rad"])
_register(
    np.divmod,
    ("floor_divide", "remainder"),
    "The quotient rounded down, and the remainder with the sign of the second argument.",
)
_register(
    np.modf,
    ("modf_fraction", "modf_integer"),
    "What is behind and what is before the decimal point, both with the argument's sign.",
)
_register(
    np.frexp,
    ("frexp_mantissa", "frexp_exponent"),
    "The argument as m * 2**e: m with its size in [0.5, 1), and e as `int32`.",
)

__all__ = ["ufunc"]
# Every name that NumPy has for one of these: `abs` and `absolute`, `pow` and `power`.
for _name, _like in vars(np).items():
    if isinstance(_like, np.ufunc) and _like in _OURS:
        globals()[_name] = _OURS[_like]
        __all__.append(_name)
del _name, _arity, _doc, _like
