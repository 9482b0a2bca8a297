"""Arrays in files of other formats: `.npz`, raw elements, Parquet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session, config
from . import _dtypes
from ._array import Array
from ._convert import asarray

__all__ = ["from_npz", "from_parquet", "from_raw", "savez", "to_raw"]


def from_npz(path: Any, name: str | None = None, chunks: Any = None) -> Array:
    """An array of a ``.npz`` file, of which only what is needed is read, when it is needed.

    What `numpy.savez` writes is read at its place in the file. What `numpy.savez_compressed` writes
    cannot be read in parts: at its first use the array is unpacked, once and as a stream, into a
    file in the spill directory, which goes with the array.

    Parameters
    ----------
    path : path
    name : str, optional
        The array's name; not needed where the file has one array.
    chunks
        How the array is cut; by default by size.

    Raises
    ------
    FileNotFoundError
        Where there is no file.
    ValueError
        For a file that is no zip file or a part of one, a name that it does not have, and a member
        that is no array of numbers.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
    >>> np.savez(path, u=np.arange(4), v=np.ones((2, 3)))
    >>> da.from_npz(path, "v").sum(axis=0).compute()
    array([2., 2., 2.])
    """
    path = os.fspath(path)
    if name is None:
        names = _native.npz_names(path)
        if len(names) != 1:
            raise ValueError(f"{path} has {len(names)} arrays; name one of {', '.join(names)}")
        (name,) = names
    return Array(_native.from_npz(path, name, config.get("spill_directory", None), chunks))


def savez(file: Any, *args: Any, **kwds: Any) -> None:
    """Computes arrays, what they share once, and writes them to a ``.npz`` file, without holding
    any of them as a whole.

    As with `numpy.savez`, positional arrays are named ``arr_0``, ``arr_1``, ..., and ``.npz`` is
    put behind a name that lacks it. The file appears under its name once it is complete.

    Parameters
    ----------
    file : path
    *args, **kwds : array_like
        The arrays.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "run.npz")
    >>> x = da.arange(6, chunks=2)
    >>> da.savez(path, x, mean=x.mean())
    >>> with np.load(path) as file:
    ...     print(file["arr_0"], file["mean"])
    [0 1 2 3 4 5] 2.5
    """
    path = os.fspath(file)
    if not path.endswith(".npz"):
        path = f"{path}.npz"
    named = dict(kwds)
    for number, value in enumerate(args):
        name = f"arr_{number}"
        if name in named:
            raise ValueError(f"savez: the name {name!r} is given to an argument by position too")
        named[name] = value
    arrays = [_known(asarray(value))._expr for value in named.values()]
    _session.current().savez(arrays, list(named), path)


def _known(x: Array) -> Array:
    """The array, with lengths that are known."""
    return x.compute_chunk_sizes() if any(np.isnan(n) for n in x.shape) else x


def from_raw(
    path: Any,
    dtype: Any,
    shape: int | Sequence[int] | None = None,
    offset: int = 0,
    order: str = "C",
    chunks: Any = None,
) -> Array:
    """The array in a file of nothing but elements, as `numpy.ndarray.tofile` and C programs write
    it. Only what is needed is read, when it is needed.

    Parameters
    ----------
    path : path
    dtype : dtype
        With a byte order where it is not this machine's: ``">f4"``.
    shape : int or tuple of int, optional
        By default all elements up to the file's end, in one dimension.
    offset : int
        Bytes before the first element.
    order : {"C", "F"}
        Which axis varies fastest: the last, or the first.
    chunks
        How the array is cut; by default by size.

    Raises
    ------
    ValueError
        Where the file's length is not that of the offset and the elements; it says both.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.bin")
    >>> np.arange(6, dtype=">i2").tofile(path)
    >>> da.from_raw(path, ">i2", (2, 3)).compute()
    array([[0, 1, 2],
           [3, 4, 5]], dtype=int16)
    """
    if order not in ("C", "F"):
        raise ValueError(f"order must be 'C' or 'F', got {order!r}")
    if offset < 0:
        raise ValueError(f"offset must not be negative, got {offset}")
    name = _dtypes.name(dtype)
    code = np.dtype(dtype).str if np.dtype(dtype).itemsize > 1 else np.dtype(name).str
    if shape is not None:
        shape = [int(n) for n in ([shape] if np.isscalar(shape) else shape)]
        if any(n < 0 for n in shape):
            raise ValueError(f"negative lengths in shape {tuple(shape)}")
    expr = _native.from_raw(os.fspath(path), code, shape, offset, order == "F", chunks)
    return Array(expr)


def to_raw(file: Any, x: Array) -> None:
    """Computes an array and writes its elements to a file, in C order and without a header, as
    `numpy.ndarray.tofile` does, without holding the whole.

    The file appears under its name once it is complete.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.bin")
    >>> da.to_raw(path, da.arange(4, chunks=2))
    >>> np.fromfile(path, dtype="int64")
    array([0, 1, 2, 3])
    """
    _session.current().to_raw(_known(asarray(x))._expr, os.fspath(file))


def from_parquet(
    path: Any,
    columns: str | Sequence[str],
    fill_value: Any = None,
    chunks: Any = None,
) -> Any:
    """A column of numbers of a Parquet file as a 1-dimensional array, or several in a dict.

    The chunks are the file's row groups; each is decoded once, on a worker thread, when it is
    needed. Booleans, integers and floating point numbers keep their width; ``float16`` becomes
    ``float32``; dates, times and timestamps are the integers that the file has, in its unit, which
    ``chunkwise info`` tells (``int96`` timestamps: nanoseconds).

    Parameters
    ----------
    path : path
    columns : str, or sequence of str
        The column's name; for a sequence of names the answer is a dict of arrays.
    fill_value : number, optional
        What stands for nulls. By default they are NaN in columns of floating point numbers; in
        others they are an error.
    chunks
        How the arrays are cut; by default by row groups.

    Raises
    ------
    FileNotFoundError
        Where there is no file.
    ValueError
        For a file that is no Parquet file or a part of one, a column that it does not have, one
        that is nested or holds text or decimals, and one with nulls that nothing stands for.

    Examples
    --------
    >>> import os, tempfile
    >>> import pyarrow as pa, pyarrow.parquet as pq  # doctest: +SKIP
    >>> path = os.path.join(tempfile.mkdtemp(), "x.parquet")
    >>> pq.write_table(pa.table({"a": [1, 2], "b": [0.5, None]}), path)  # doctest: +SKIP
    >>> da.from_parquet(path, "b").compute()  # doctest: +SKIP
    array([0.5, nan])
    >>> sorted(da.from_parquet(path, ["a", "b"]))  # doctest: +SKIP
    ['a', 'b']
    """
    path = os.fspath(path)
    if fill_value is not None and hasattr(fill_value, "item"):
        fill_value = fill_value.item()
    if isinstance(columns, str):
        return Array(_native.from_parquet(path, columns, fill_value, chunks))
    names = list(columns)
    made = [Array(_native.from_parquet(path, name, fill_value, chunks)) for name in names]
    return dict(zip(names, made, strict=True))
