"""The array: a thin handle of a lazy expression."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session
from . import _operators
from ._dtypes import DTYPES

_NUMBERS = (int, float, bool, complex)
_elementwise = _native.elementwise


def _result(chunk: _native.Chunk) -> Any:
    """Computed elements as NumPy's, without a copy; a scalar where there are no axes."""
    array = np.asarray(chunk)
    return array if array.ndim else array[()]


def _operand(value: Any) -> Any:
    """What stands beside an array in an operation: an expression, or a number without a width;
    `NotImplemented` for what is neither."""
    kind = type(value)
    if kind is Array:
        return value._expr
    if kind in _NUMBERS:
        return value
    if isinstance(value, Array):
        return value._expr
    if isinstance(value, np.generic | np.ndarray):
        return asarray(value)._expr
    if isinstance(value, _NUMBERS):
        # A subclass, such as an IntEnum.
        return next(t(value) for t in (bool, int, float, complex) if isinstance(value, t))
    if isinstance(value, list | tuple):
        return asarray(value)._expr
    return NotImplemented


class Array:
    """A lazy chunked array: a description of what to compute, with a shape, a dtype and chunks.

    Made by the functions of `chunkwise.array`. Operations make new arrays and compute nothing;
    `compute` gives a NumPy array.

    Examples
    --------
    >>> x = da.arange(12, chunks=5).reshape(3, 4)
    >>> y = (x * 2 + 1).sum(axis=0)
    >>> y.compute()
    array([27, 33, 39, 45])
    """

    __slots__ = ("_expr", "__weakref__")

    #: NumPy's arrays leave operators to this class.
    __array_priority__ = 11.0

    def __init__(self, expr: _native.Expr) -> None:
        if not isinstance(expr, _native.Expr):
            raise TypeError(
                "arrays are made by functions of chunkwise.array, such as asarray and zeros"
            )
        self._expr = expr

    # What it is.

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis.

        The length of an axis that a boolean index has made depends on data: asking for it computes
        the index.
        """
        expr = self._expr
        if expr.unknown_axis is not None:
            expr = self._resolve()
        return expr.shape

    def _resolve(self) -> _native.Expr:
        """The expression with every length known: for one that is not, the mask of the boolean
        index is computed, once, and not the elements."""
        selection = _native.selection(self._expr)
        if selection is not None:
            whole, mask, axis = selection
            (places,) = _session.current().compute([_native.flatnonzero(mask)])
            parts = [slice(None)] * axis + [np.asarray(places)]
            self._expr = _native.advanced_index(whole, parts, False)
        return self._expr

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._expr.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._expr.size if self._expr.unknown_axis is None else self._resolve().size

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the elements."""
        return DTYPES[self._expr.dtype]

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes that the elements would fill in memory."""
        return self.size * self.itemsize

    @property
    def chunks(self) -> tuple[tuple[int, ...], ...]:
        """The lengths of the chunks along each axis."""
        return self._expr.chunks

    @property
    def chunksize(self) -> tuple[int, ...]:
        """The length of the longest chunk along each axis."""
        return self._expr.chunksize

    @property
    def numblocks(self) -> tuple[int, ...]:
        """The number of chunks along each axis."""
        return self._expr.numblocks

    @property
    def npartitions(self) -> int:
        """The number of chunks."""
        count = 1
        for n in self._expr.numblocks:
            count *= n
        return count

    @property
    def name(self) -> str:
        """A text that is the same for arrays that are made alike."""
        return self._expr.key

    @property
    def device(self) -> str:
        """`"cpu"`, the only device."""
        return "cpu"

    # Running.

    def compute(self) -> Any:
        """The elements as a NumPy array; a NumPy scalar where the array has no axes.

        Raises
        ------
        MemoryLimitError
            What cannot run within the memory limit, before anything is computed.

        Examples
        --------
        >>> da.ones((2, 3), chunks=2).sum().compute()
        np.float64(6.0)
        """
        return _result(_session.current().compute([self._expr])[0])

    def persist(self) -> Array:
        """The array with its elements computed and kept in memory.

        Examples
        --------
        >>> x = da.ones((4, 4), chunks=2).persist()
        >>> float(x.sum())
        16.0
        """
        return Array(_session.current().persist([self._expr])[0])

    def explain(self) -> str:
        """What `compute` would do: stages, tasks, bytes, and the predicted peak of memory.

        Examples
        --------
        >>> print(da.ones((4, 4), chunks=2).sum().explain())
        plan: 1 stage, 1 task, at most ... per task
        expression
          sum  float64[]  chunks ()
        ...
        """
        return _session.current().explain([self._expr])

    # Parts of it.

    def __getitem__(self, key: Any) -> Array:
        return _indexing.getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        _indexing.setitem(self, key, value)

    @property
    def vindex(self) -> _indexing.PointIndexer:
        """Indexing by points: arrays of positions along several axes, element by element.

        Examples
        --------
        >>> x = da.arange(12, chunks=5).reshape(3, 4)
        >>> x.vindex[[0, 2], [1, 3]].compute()
        array([ 1, 11])
        """
        return _indexing.PointIndexer(self)

    @property
    def blocks(self) -> _indexing.BlockIndexer:
        """The array as an array of its chunks.

        Examples
        --------
        >>> da.arange(10, chunks=4).blocks[1:].compute()
        array([4, 5, 6, 7, 8, 9])
        """
        return _indexing.BlockIndexer(self)

    @property
    def partitions(self) -> _indexing.BlockIndexer:
        """The same as `blocks`."""
        return _indexing.BlockIndexer(self)

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise") -> Array:
        """The elements at positions along an axis; see `chunkwise.array.take`."""
        return _selecting.take(self, indices, axis=axis, mode=mode)

    def compress(self, condition: Any, axis: int | None = None) -> Array:
        """The elements where a condition is true; see `chunkwise.array.compress`."""
        return _selecting.compress(condition, self, axis)

    def choose(self, choices: Any, mode: str = "raise") -> Array:
        """The elements of numbered choices; see `chunkwise.array.choose`."""
        return _selecting.choose(self, choices, mode=mode)

    def nonzero(self) -> tuple[Array, ...]:
        """Where elements are not zero; see `chunkwise.array.nonzero`."""
        return _selecting.nonzero(self)

    def compute_chunk_sizes(self) -> Array:
        """The array itself, once the length that a boolean index gave it is known.

        Examples
        --------
        >>> x = da.arange(10)
        >>> x[x > 6].compute_chunk_sizes().chunks
        ((3,),)
        """
        self._resolve()
        return self

    # Users' functions, and objects of others.

    def map_blocks(self, func: Any, *args: Any, **kwargs: Any) -> Array:
        """A function on each chunk; see `chunkwise.array.map_blocks`."""
        return _functions.map_blocks(func, self, *args, **kwargs)

    def map_overlap(
        self, func: Any, depth: Any, boundary: Any = None, trim: bool = True, **kwargs: Any
    ) -> Array:
        """A function on each chunk with some of its neighbours' elements; see
        `chunkwise.array.map_overlap`."""
        return overlap.map_overlap(func, self, depth=depth, boundary=boundary, trim=trim, **kwargs)

    def to_delayed(self, optimize_graph: bool = True) -> np.ndarray:
        """Each chunk as a `chunkwise.delayed` value, in an array of objects of shape `numblocks`.

        Chunks that are asked for together are computed in one run.

        Examples
        --------
        >>> da.arange(6, chunks=2).to_delayed()[1].compute()
        array([2, 3])
        """
        return _tasks.to_delayed(self)

    def store(self, targets: Any, **kwargs: Any) -> Any:
        """Computes and writes into an object with slice assignment; see `chunkwise.array.store`."""
        return _foreign.store(self, targets, **kwargs)

    def to_npy(self, file: Any) -> None:
        """Computes and writes a ``.npy`` file; see `chunkwise.array.to_npy`."""
        _foreign.to_npy(file, self)

    def to_zarr(self, *args: Any, **kwargs: Any) -> Any:
        """Computes and stores in a Zarr store; see `chunkwise.array.to_zarr`."""
        return _zarr.to_zarr(self, *args, **kwargs)

    # What a person sees.

    # What draws is loaded when it is asked for, so that `import chunkwise.array` stays quick.

    def __repr__(self) -> str:
        from . import _html

        return _html.array_repr(self._expr)

    def _repr_html_(self) -> str:
        from . import _html

        return _html.array_html(self._expr)

    def _repr_inline_(self, max_width: int) -> str:
        # What xarray shows beside a variable's name, shape and dtype.
        text = f"chunkwise.array<chunksize={self.chunksize}>"
        return text if len(text) <= max_width else text[: max(max_width - 3, 0)] + "..."

    def visualize(self, filename: Any = None, format: str | None = None) -> Any:
        """A picture of what the array is made of, and of the plan to compute it.

        Parameters
        ----------
        filename : path, optional
            A file to write it to: SVG, PNG or HTML by its ending.
        format : {"svg", "png", "html"}, optional
            Where the file's name does not tell.

        Returns
        -------
        chunkwise.diagnostics.Picture
            Shows itself in a notebook.

        Examples
        --------
        >>> (da.asarray([1, 2, 3]) + 1).visualize()
        <picture of the expression and the plan of an array, ...>
        """
        from .._collections import visualize

        return visualize(self, filename=filename, format=format)

    # Python's protocols.

    def __reduce__(self) -> tuple:
        from . import _pickle  # noqa: F401 - which registers how an expression is pickled

        return Array, (self._expr,)

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self):
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        for i in range(len(self)):
            yield self[i]

    def _only(self, what: str) -> Any:
        if self.size != 1:
            raise TypeError(
                f"only arrays of one element can be converted to {what}, got shape {self.shape}"
            )
        return np.asarray(self.compute()).reshape(())[()]

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. "
                f"Use a.any() or a.all(). The shape is {self.shape}."
            )
        return bool(self._only("bool"))

    def __int__(self) -> int:
        return int(self._only("int"))

    def __float__(self) -> float:
        return float(self._only("float"))

    def __complex__(self) -> complex:
        return complex(self._only("complex"))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu" or self.ndim:
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        return int(self._only("int"))

    def item(self, *args: int) -> Any:
        """The only element, or the one at an index, as a Python number.

        Examples
        --------
        >>> da.arange(3).sum().item()
        3
        """
        return np.asarray(self.compute()).item(*args)

    def tolist(self) -> Any:
        """The elements as nested lists.

        Examples
        --------
        >>> da.eye(2, dtype=int).tolist()
        [[1, 0], [0, 1]]
        """
        return np.asarray(self.compute()).tolist()

    def __copy__(self) -> Array:
        return Array(self._expr)

    def __deepcopy__(self, memo: dict) -> Array:
        return Array(self._expr)

    def copy(self) -> Array:
        """The same array as another handle: assigning to one leaves the other.

        Examples
        --------
        >>> x = da.arange(3)
        >>> x.copy().tolist()
        [0, 1, 2]
        """
        return Array(self._expr)

    def __hash__(self) -> int:
        raise TypeError("unhashable type: 'Array'")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("a lazy array has no memory to share: its elements are computed")
        array = np.asarray(self.compute())
        return array if dtype is None else array.astype(dtype, copy=False)

    def __buffer__(self, flags: int) -> memoryview:
        return memoryview(np.asarray(self.compute()))

    # The array API standard.

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from .. import array

        if api_version not in (None, "2021.12", "2022.12", "2023.12", "2024.12", "2025.12"):
            raise ValueError(f"unknown version {api_version!r} of the array API standard")
        return array

    def to_device(self, device: str, /, *, stream: Any = None) -> Array:
        """The array on a device, of which `"cpu"` is the only one.

        Examples
        --------
        >>> da.arange(3).to_device("cpu").device
        'cpu'
        """
        if stream is not None:
            raise ValueError("the only device has no streams")
        _check_device(device)
        return self

    def __dlpack_device__(self) -> tuple[int, int]:
        return np.empty(0).__dlpack_device__()

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        # The memory that the elements are computed into is handed over: that is never a copy of it.
        return np.asarray(self.compute()).__dlpack__(
            stream=stream, max_version=max_version, dl_device=dl_device, copy=copy
        )

    def astype(self, dtype: Any, *, copy: bool = True, casting: str = "unsafe") -> Array:
        """The elements converted to another dtype; see `chunkwise.array.astype`."""
        return _standard.astype(self, dtype, copy=copy, casting=casting)

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _protocols.array_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _protocols.array_function(func, types, args, kwargs)

    # Operators.

    __add__, __radd__, __iadd__ = _operators.arithmetic("add", "add")
    __sub__, __rsub__, __isub__ = _operators.arithmetic("sub", "subtract")
    __mul__, __rmul__, __imul__ = _operators.arithmetic("mul", "multiply")
    __truediv__, __rtruediv__, __itruediv__ = _operators.arithmetic("truediv", "divide")
    __floordiv__, __rfloordiv__, __ifloordiv__ = _operators.arithmetic("floordiv", "floor_divide")
    __mod__, __rmod__, __imod__ = _operators.arithmetic("mod", "remainder")
    __pow__, __rpow__, __ipow__ = _operators.arithmetic("pow", "pow")
    __lshift__, __rlshift__, __ilshift__ = _operators.arithmetic("lshift", "bitwise_left_shift")
    __rshift__, __rrshift__, __irshift__ = _operators.arithmetic("rshift", "bitwise_right_shift")
    __and__, __rand__, __iand__ = _operators.arithmetic("and", "bitwise_and")
    __or__, __ror__, __ior__ = _operators.arithmetic("or", "bitwise_or")
    __xor__, __rxor__, __ixor__ = _operators.arithmetic("xor", "bitwise_xor")

    __eq__ = _operators.binary("eq", "equal")  # type: ignore[assignment]
    __ne__ = _operators.binary("ne", "not_equal")  # type: ignore[assignment]
    __lt__ = _operators.binary("lt", "less")
    __le__ = _operators.binary("le", "less_equal")
    __gt__ = _operators.binary("gt", "greater")
    __ge__ = _operators.binary("ge", "greater_equal")

    __neg__ = _operators.unary("neg", "negative")
    __pos__ = _operators.unary("pos", "positive")
    __abs__ = _operators.unary("abs", "abs")
    __invert__ = _operators.unary("invert", "bitwise_invert")

    def __divmod__(self, other: Any) -> tuple[Array, Array]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Array, Array]:
        return other // self, other % self

    def __matmul__(self, other: Any) -> Array:
        other = _operand(other)
        if not isinstance(other, _native.Expr):
            return NotImplemented
        return Array(_native.matmul(self._expr, other))

    def __rmatmul__(self, other: Any) -> Array:
        other = _operand(other)
        if not isinstance(other, _native.Expr):
            return NotImplemented
        return Array(_native.matmul(other, self._expr))

    # Elementwise functions.

    @property
    def real(self) -> Array:
        """The real part."""
        return Array(_elementwise("real", self._expr))

    @property
    def imag(self) -> Array:
        """The imaginary part."""
        return Array(_elementwise("imag", self._expr))

    def conj(self) -> Array:
        """The complex conjugate."""
        return Array(_elementwise("conj", self._expr))

    conjugate = conj

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        """The same as `chunkwise.array.clip`."""
        return _functions_of_elements.clip(self, min, max, out)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """The same as `chunkwise.array.round`."""
        return _functions_of_elements.round(self, decimals, out)

    # Reductions.

    def sum(
        self,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.sum`."""
        return _reductions.sum(self, axis, dtype, keepdims, split_every, out, **options)

    def prod(
        self,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.prod`."""
        return _reductions.prod(self, axis, dtype, keepdims, split_every, out, **options)

    def mean(
        self,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.mean`."""
        return _reductions.mean(self, axis, dtype, keepdims, split_every, out, **options)

    def var(
        self,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        ddof: float = 0,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.var`."""
        return _reductions.var(self, axis, dtype, keepdims, ddof, split_every, out, **options)

    def std(
        self,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        ddof: float = 0,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.std`."""
        return _reductions.std(self, axis, dtype, keepdims, ddof, split_every, out, **options)

    def min(
        self,
        axis: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.min`."""
        return _reductions.min(self, axis, keepdims, split_every, out, **options)

    def max(
        self,
        axis: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.max`."""
        return _reductions.max(self, axis, keepdims, split_every, out, **options)

    def any(
        self,
        axis: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.any`."""
        return _reductions.any(self, axis, keepdims, split_every, out, **options)

    def all(
        self,
        axis: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
        **options: Any,
    ) -> Any:
        """The same as `chunkwise.array.all`."""
        return _reductions.all(self, axis, keepdims, split_every, out, **options)

    def argmin(
        self,
        axis: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
    ) -> Any:
        """The same as `chunkwise.array.argmin`."""
        return _reductions.argmin(self, axis, keepdims, split_every, out)

    def argmax(
        self,
        axis: Any = None,
        keepdims: bool = False,
        split_every: Any = None,
        out: Any = None,
    ) -> Any:
        """The same as `chunkwise.array.argmax`."""
        return _reductions.argmax(self, axis, keepdims, split_every, out)

    def moment(
        self,
        order: int,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        ddof: float = 0,
        split_every: Any = None,
        out: Any = None,
    ) -> Any:
        """The same as `chunkwise.array.moment`."""
        return _statistics.moment(self, order, axis, dtype, keepdims, ddof, split_every, out)

    def trace(
        self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
    ) -> Any:
        """The same as `chunkwise.array.trace`."""
        return _reductions.trace(self, offset, axis1, axis2, dtype, out)

    def cumsum(
        self, axis: Any = None, dtype: Any = None, out: Any = None, method: str = "sequential"
    ) -> Any:
        """The same as `chunkwise.array.cumsum`."""
        return _cumulative.cumsum(self, axis, dtype, out)

    def cumprod(
        self, axis: Any = None, dtype: Any = None, out: Any = None, method: str = "sequential"
    ) -> Any:
        """The same as `chunkwise.array.cumprod`."""
        return _cumulative.cumprod(self, axis, dtype, out)

    def topk(self, k: int, axis: int = -1, split_every: Any = None) -> Array:
        """The same as `chunkwise.array.topk`."""
        return _cumulative.topk(self, k, axis)

    def argtopk(self, k: int, axis: int = -1, split_every: Any = None) -> Array:
        """The same as `chunkwise.array.argtopk`."""
        return _cumulative.argtopk(self, k, axis)

    # Other shapes of the same elements.

    @property
    def T(self) -> Array:
        """The axes in reverse order."""
        return Array(_native.transpose(self._expr, None))

    @property
    def mT(self) -> Array:
        """The last two axes exchanged: the transposes of matrices."""
        return _shapes.matrix_transpose(self)

    def reshape(
        self,
        *shape: Any,
        order: str = "C",
        copy: bool | None = None,
        merge_chunks: bool = True,
        limit: Any = None,
    ) -> Array:
        """The elements in another shape: see `chunkwise.array.reshape`."""
        return _shapes.reshape(self, _several(shape), order, copy=copy)

    def ravel(self, order: str = "C") -> Array:
        """The elements along one axis: see `chunkwise.array.ravel`."""
        return _shapes.ravel(self, order)

    def flatten(self, order: str = "C") -> Array:
        """The elements along one axis: the same as `ravel`.

        Examples
        --------
        >>> da.eye(2, dtype=int).flatten().tolist()
        [1, 0, 0, 1]
        """
        return _shapes.ravel(self, order)

    def transpose(self, *axes: Any) -> Array:
        """The axes in another order: see `chunkwise.array.transpose`."""
        return _shapes.transpose(self, _several(axes) if axes else None)

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        """Two axes exchanged: see `chunkwise.array.swapaxes`."""
        return _shapes.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Array:
        """Without axes of length 1: see `chunkwise.array.squeeze`."""
        return _shapes.squeeze(self, axis)

    def repeat(self, repeats: Any, axis: int | None = None) -> Array:
        """Each element several times: see `chunkwise.array.repeat`."""
        return _shapes.repeat(self, repeats, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        """A diagonal: see `chunkwise.array.diagonal`."""
        return _creation.diagonal(self, offset, axis1, axis2)

    def rechunk(
        self,
        chunks: Any = "auto",
        threshold: Any = None,
        block_size_limit: Any = None,
        balance: bool = False,
        method: Any = None,
    ) -> Array:
        """The same elements cut otherwise: see `chunkwise.array.rechunk`."""
        return _chunks.rechunk(self, chunks, threshold, block_size_limit, balance, method)

    def shuffle(self, indexer: list[list[int]], axis: int, chunks: str = "auto") -> Array:
        """Groups of elements along an axis: see `chunkwise.array.shuffle`."""
        return _chunks.shuffle(self, indexer, axis, chunks)

    def dot(self, other: Any) -> Array:
        """The matrix product or its like: see `chunkwise.array.dot`."""
        return _products.dot(self, other)


def _several(arguments: tuple) -> Any:
    """What was given as one sequence or as several arguments."""
    if len(arguments) == 1 and (arguments[0] is None or isinstance(arguments[0], tuple | list)):
        return arguments[0]
    return arguments


# The functions that methods stand for; at the end, because they need the class.
from . import (  # noqa: E402
    _chunks,
    _creation,
    _cumulative,
    _foreign,
    _functions,
    _indexing,
    _products,
    _protocols,
    _reductions,
    _selecting,
    _shapes,
    _standard,
    _statistics,
    _tasks,
    _zarr,
    overlap,
)
from . import _elementwise as _functions_of_elements  # noqa: E402
from ._convert import _check_device, asarray  # noqa: E402
