"""Where xarray asks by type for Dask's arrays and takes all others for NumPy's.

Few of its functions do, and they would compute our arrays without being asked, or refuse them.
Where one of our arrays is concerned, ours are called in their place; everything else goes to
xarray's. What a version of xarray lacks is left out.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from xarray.core import nputils
from xarray.core.indexing import VectorizedIndexer

from .. import array as da
from ..array import Array
from . import _folds, _groups, _windows


class Instead(NamedTuple):
    """What is called instead of a function of xarray's, and when."""

    #: The modules, or the class of a module, that have the function.
    places: tuple[str, ...]
    name: str
    #: Whether a call concerns our arrays.
    concerns: Callable[..., bool]
    #: Called with xarray's function and the arguments.
    ours: Callable[..., Any]


def _first(array: Any, *args: Any, **kwargs: Any) -> bool:
    return isinstance(array, Array)


def _second(first: Any, array: Any, *args: Any, **kwargs: Any) -> bool:
    return isinstance(array, Array)


def _wrapped(adapter: Any, *args: Any) -> bool:
    return isinstance(adapter.array, Array)


def _pointed(adapter: Any, indexer: Any) -> bool:
    return any(isinstance(part, Array) for part in indexer.tuple)


def _grouped(groups: Any, *args: Any, **kwargs: Any) -> bool:
    obj = groups._obj
    variables = obj._variables.values() if hasattr(obj, "_variables") else [obj.variable]
    return any(isinstance(v._data, Array) for v in variables)


def _windowed(windows: Any, *args: Any, **kwargs: Any) -> bool:
    return isinstance(windows.obj.variable._data, Array) and "dim" not in kwargs


def _points(theirs: Any, adapter: Any, indexer: Any) -> Array:
    """Elements at points: xarray asks only Dask's arrays and NumPy's for them."""
    return adapter.array.vindex[indexer.tuple]


def _set_points(theirs: Any, adapter: Any, indexer: Any, value: Any) -> None:
    """The same for assignment."""
    nputils.NumpyVIndexAdapter(adapter.array)[indexer.tuple] = value


def _computed_points(theirs: Any, adapter: Any, indexer: Any) -> Any:
    """Elements of a NumPy array at points of ours, which are computed: dates, for instance, are
    never ours."""
    computed = tuple(np.asarray(p) if isinstance(p, Array) else p for p in indexer.tuple)
    return theirs(adapter, VectorizedIndexer(computed))


def _push(theirs: Any, array: Array, n: int | None = None, axis: int = -1) -> Array:
    """The last element that was not NaN. What xarray calls (numbagg, bottleneck) is called with
    chunks, and with as many elements before each as it may look back at."""
    axis = axis % array.ndim
    if array.dtype.kind not in "fc" or not array.size:
        return array
    if n is not None and n < array.shape[axis]:
        depth = {axis: (int(n), 0)}
        call = functools.partial(theirs, n=n, axis=axis)
        return da.map_overlap(call, array, depth=depth, boundary="none", dtype=array.dtype)
    call = functools.partial(_pushed, theirs)
    return _folds.scan(call, _filled, np.nan, array, axis, array.dtype)


def _pushed(theirs: Any, block: np.ndarray, axis: int) -> np.ndarray:
    return theirs(block, axis=axis)


def _filled(before: np.ndarray, block: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(block), before, block)


def _groups_reduced(theirs: Any, groups: Any, *args: Any, **kwargs: Any) -> Any:
    """A reduction of groups by flox, which is told of our arrays when it is needed."""
    _install(FLOX)
    return theirs(groups, *args, **kwargs)


def _yes(theirs: Any, array: Any) -> bool:
    """Whether to go the way that does not look at elements."""
    return True


def _least_squares(
    theirs: Any, lhs: np.ndarray, rhs: Array, rcond: float | None = None, skipna: bool = False
) -> tuple[Array, Array]:
    """Coefficients and residuals of a fit along the first axis; xarray would look at elements."""
    rows, terms = lhs.shape
    tall = rhs.reshape(rows, -1)
    if skipna:
        tall = tall.rechunk({0: -1})
        cut = ((terms + 1,), tall.chunks[1])
        fitted = da.map_blocks(_fit_each, tall, lhs, rcond, dtype="float64", chunks=cut)
        coefficients, residuals = fitted[:-1], fitted[-1]
    else:
        rank = np.linalg.lstsq(lhs, np.zeros(rows), rcond=rcond)[2]
        nputils.warn_on_deficient_rank(rank, terms)
        coefficients = da.matmul(np.linalg.pinv(lhs, rcond=rcond), tall)
        over = da.asarray(lhs) @ coefficients - tall
        residuals = da.sum(da.real(over * da.conj(over)), axis=0)
        if rank != terms or rows <= terms:
            residuals = residuals * np.nan
    return coefficients.reshape(-1, *rhs.shape[1:]), residuals.reshape(rhs.shape[1:])


def _fit_each(columns: np.ndarray, lhs: np.ndarray, rcond: float | None) -> np.ndarray:
    """xarray's fit of a column without its NaN, for every column."""
    if not columns.shape[1]:
        return np.empty((lhs.shape[1] + 1, 0))
    return np.apply_along_axis(nputils._nanpolyfit_1d, 0, columns, lhs, rcond=rcond)


INSTEAD = (
    Instead(("xarray.core.indexing:ArrayApiIndexingAdapter",), "_vindex_get", _wrapped, _points),
    Instead(
        ("xarray.core.indexing:ArrayApiIndexingAdapter",), "_vindex_set", _wrapped, _set_points
    ),
    Instead(
        ("xarray.core.indexing:NumpyIndexingAdapter",), "_vindex_get", _pointed, _computed_points
    ),
    Instead(("xarray.core.duck_array_ops",), "_push", _first, _push),
    Instead(("xarray.core.groupby:GroupBy",), "_flox_reduce", _grouped, _groups_reduced),
    Instead(("xarray.core.groupby:GroupBy",), "_flox_scan", _grouped, _groups_reduced),
    Instead(("xarray.computation.fit",), "least_squares", _second, _least_squares),
    Instead(
        ("xarray.computation.fit", "xarray.computation.weighted"),
        "is_duck_dask_array",
        _first,
        _yes,
    ),
    Instead(
        ("xarray.computation.rolling:DataArrayRolling",),
        "_array_reduce",
        _windowed,
        _windows.reduce,
    ),
    Instead(("xarray.computation.rolling:DataArrayRolling",), "count", _windowed, _windows.reduce),
)


#: The same for flox.
FLOX = (
    Instead(("flox.xarray",), "groupby_reduce", _first, _groups.reduce),
    Instead(("flox",), "groupby_scan", _first, _groups.scan),
)


def install() -> None:
    """Puts ours before xarray's, once."""
    _install(INSTEAD)


def _install(replaced: tuple[Instead, ...]) -> None:
    for instead in replaced:
        for place in instead.places:
            module, _, owner = place.partition(":")
            try:
                holder: Any = importlib.import_module(module)
                holder = getattr(holder, owner) if owner else holder
                theirs = getattr(holder, instead.name)
            except (ImportError, AttributeError):
                continue
            if not hasattr(theirs, "instead"):
                setattr(holder, instead.name, _chosen(theirs, instead))


def _chosen(theirs: Any, instead: Instead) -> Any:
    @functools.wraps(theirs)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        if instead.concerns(*args, **kwargs):
            return instead.ours(theirs, *args, **kwargs)
        return theirs(*args, **kwargs)

    chosen.instead = instead  # type: ignore[attr-defined]
    return chosen
