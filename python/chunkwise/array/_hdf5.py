"""Arrays in HDF5 files, NetCDF-4's too: h5py says where elements lie, the engine reads them."""

from __future__ import annotations

import itertools
import json
import math
import os
import sys
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from . import _dtypes
from ._array import Array
from ._foreign import Lock, from_array
from ._zarr import _plain

__all__ = ["from_hdf5"]

#: HDF5's numbers of filters, and the codecs that undo them.
_DEFLATE, _SHUFFLE, _FLETCHER32, _ZSTD = 1, 2, 3, 32015

#: Bytes of the pieces that are read of a dataset which lies in one piece; of a large one, as many
#: that there are no more pieces than this.
_PIECE, _PIECES = 1 << 20, 1 << 16


def from_hdf5(path: Any, dataset: str, chunks: Any = None) -> Array:
    """The array in a dataset of an HDF5 file: lazy, nothing but its metadata is read.

    NetCDF-4 files are HDF5 files, and their variables are datasets; elements are what is stored,
    without `_FillValue` or `scale_factor` applied, which is what xarray is for.

    The library h5py (which must be installed) says where the chunks lie, and by which filters they
    were made. They are then read from the file and decoded by all threads at once: HDF5's own
    library, which lets one thread in at a time, takes no part. Chunks that were never written are
    the fill value. This is how datasets in one piece are read, and chunks with any of the filters
    gzip, shuffle, Fletcher's checksum and Zstandard. Others (compact ones, virtual ones, those with
    data in other files, other filters, filters left out of single chunks) are read through h5py, by
    one thread at a time.

    Parameters
    ----------
    path : path or str
        The file. Where it is changed after this call, reading it is an error.
    dataset : str
        The dataset's path within the file, as ``"group/name"``.
    chunks : optional
        How the array is cut; by default as it is stored, by size where it lies in one piece.

    Returns
    -------
    Array
        Of the dataset's shape and dtype, in the machine's byte order.

    Raises
    ------
    ImportError
        Where h5py is not installed.
    FileNotFoundError
        Where there is no such file.
    OSError
        For a file that is no HDF5 file.
    KeyError
        Where the file has no such dataset.
    ValueError
        For a group, and for a dataset without elements (a null dataspace).
    TypeError
        For strings, compounds and other elements that arrays cannot have.

    Examples
    --------
    >>> import h5py, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.h5")
    >>> with h5py.File(path, "w") as file:
    ...     x = np.arange(12.0).reshape(3, 4)
    ...     _ = file.create_dataset("deep/x", data=x, chunks=(2, 3), compression="gzip")
    >>> x = da.from_hdf5(path, "deep/x")
    >>> x.chunks
    ((2, 1), (3, 1))
    >>> x.sum(axis=0).compute()
    array([12., 15., 18., 21.])
    """
    try:
        import h5py
    except ImportError as error:
        raise ImportError("from_hdf5 needs the library h5py, which is not installed") from error
    path = os.path.abspath(path)
    os.stat(path)  # a missing file is told plainly
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise OSError(f"{path} cannot be opened as an HDF5 file: {error}") from error
    with file:
        # Where this process has it open for writing too, what was written must be there.
        file.flush()
        stamp = _stamp(path)
        found = _find(file, path, dataset)
        about = f"{path}: {dataset}"
        if found.shape is None:
            raise ValueError(f"{about} has no elements: its dataspace is null")
        try:
            dtype = _dtypes.DTYPES[_dtypes.name(found.dtype)]
        except TypeError as error:
            raise TypeError(f"{about}: {error}") from error
        store = _references(h5py, found, path, dataset, dtype)
        whole = _Dataset(path, dataset, found.shape, dtype, found.chunks, stamp)
    if store is None:
        return from_array(whole, chunks="auto" if chunks is None else chunks, lock=Lock(_TOKEN))
    if chunks is None and whole.chunks is None and whole.shape:
        chunks = "auto"
    return Array(_native.zarr_open(store, dataset).expr(chunks))


#: One lock for all that is read through h5py, as HDF5's library has one.
_TOKEN = "hdf5"


def _stamp(path: str) -> tuple[int, int]:
    """What tells that a file is as it was."""
    status = os.stat(path)
    return status.st_size, status.st_mtime_ns


def _find(file: Any, path: str, name: str) -> Any:
    """The dataset of a name."""
    import h5py

    try:
        found = file[name]
    except KeyError as error:
        raise KeyError(
            f"{path} has no dataset {name!r}; at its root it has {list(file)}"
        ) from error
    if not isinstance(found, h5py.Dataset):
        kind = type(found).__name__.lower()
        holds = f" (it has {', '.join(found)})" if isinstance(found, h5py.Group) else ""
        raise ValueError(f"{path}: {name} is a {kind}, not a dataset{holds}")
    return found


class _Dataset:
    """A dataset that is read through h5py; its file is opened when something is read."""

    def __init__(
        self, path: str, name: str, shape: tuple, dtype: np.dtype, chunks: Any, stamp: tuple
    ) -> None:
        self.path, self.name, self.stamp = path, name, stamp
        self.shape, self.dtype, self.chunks = shape, dtype, chunks
        self._opened: Any = None

    def __getitem__(self, index: tuple) -> np.ndarray:
        if self._opened is None:
            import h5py

            self._opened = h5py.File(self.path, "r")[self.name]
        if _stamp(self.path) != self.stamp:
            raise OSError(f"{self.path} changed since it was opened")
        return np.asarray(self._opened[index])

    def __reduce__(self) -> tuple:
        given = self.path, self.name, self.shape, self.dtype, self.chunks, self.stamp
        return _Dataset, given


def _references(
    h5py: Any, found: Any, path: str, name: str, dtype: np.dtype
) -> _native.Store | None:
    """The dataset as a Zarr array of references into the file; `None` where it cannot be one."""
    created = found.id.get_create_plist()
    layout = created.get_layout()
    codecs = _codecs(created, found.dtype)
    # What is stored must be what NumPy has, in this file (links lead to others), and at positions
    # that count from its beginning.
    same = found.id.get_type().equal(h5py.h5t.py_create(found.dtype, logical=True))
    here = os.path.samefile(found.file.filename, path)
    if codecs is None or not same or not here or found.file.userblock_size:
        return None
    if layout == h5py.h5d.CHUNKED:
        cut = tuple(found.chunks)
        ranges = _stored_chunks(found, cut, len(codecs) > 1)
    elif layout == h5py.h5d.CONTIGUOUS and not created.get_external_count() and len(codecs) == 1:
        cut = _pieces(found.shape, dtype.itemsize)
        ranges = _cut_range(found.id.get_offset(), found.shape, cut, dtype.itemsize)
    else:
        return None
    if ranges is None:
        return None
    prefix = name.strip("/")
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": found.shape,
        "data_type": dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": cut}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": _plain(found.fillvalue),
        "codecs": codecs,
    }
    values = [(f"{prefix}/zarr.json", json.dumps(document).encode())]
    keys = (("/".join((prefix, "c", *map(str, index))), *range_) for index, *range_ in ranges)
    return _native.Store.references(path, values, list(keys))


def _codecs(created: Any, dtype: np.dtype) -> list[dict] | None:
    """Zarr's codecs for a dataset's filters; `None` where there are none for one of them."""
    codecs: list[dict] = [{"name": "bytes"}]
    if dtype.itemsize > 1:
        swapped = dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big")
        codecs[0]["configuration"] = {"endian": "big" if swapped else "little"}
    for n in range(created.get_nfilters()):
        kind, _, values, _ = created.get_filter(n)
        if kind == _DEFLATE:
            codec = {"name": "numcodecs.zlib", "configuration": {"level": 1}}
        elif kind == _SHUFFLE:
            size = values[0] if values else dtype.itemsize
            codec = {"name": "numcodecs.shuffle", "configuration": {"elementsize": size}}
        elif kind == _FLETCHER32:
            codec = {"name": "numcodecs.fletcher32", "configuration": {}}
        elif kind == _ZSTD:
            codec = {"name": "zstd", "configuration": {"level": 1, "checksum": False}}
        else:
            return None
        codecs.append(codec)
    return codecs


def _stored_chunks(found: Any, cut: tuple, is_filtered: bool) -> list[tuple] | None:
    """Indices of chunks, first bytes, numbers of bytes and of those missing; `None` where one was
    not made by all of the filters."""
    ranges: list[tuple] = []
    as_it_is = math.prod(cut) * found.dtype.itemsize
    whole = True

    def visit(chunk: Any) -> None:
        nonlocal whole
        start, mask, offset, size = chunk
        # Chunks over the array's edge may be left without filters, which no mask shows.
        over = any(a + c > n for a, c, n in zip(start, cut, found.shape, strict=True))
        whole &= not mask and not (is_filtered and over and size == as_it_is)
        index = tuple(a // c for a, c in zip(start, cut, strict=True))
        ranges.append((index, offset, size, 0))

    if hasattr(found.id, "chunk_iter"):
        found.id.chunk_iter(visit)
    else:
        for n in range(found.id.get_num_chunks()):
            visit(found.id.get_chunk_info(n))
    return ranges if whole else None


def _pieces(shape: tuple, itemsize: int) -> tuple:
    """Chunks of an array in one piece, each of which is one stretch of it."""
    wanted = max(_PIECE, math.prod(shape) * itemsize // _PIECES)
    inner = itemsize
    for axis in reversed(range(len(shape))):
        if inner * shape[axis] > wanted:
            rows = max(1, wanted // inner)
            return (1,) * axis + (rows,) + shape[axis + 1 :]
        inner *= shape[axis]
    return tuple(max(n, 1) for n in shape)


def _cut_range(offset: int | None, shape: tuple, cut: tuple, itemsize: int) -> list[tuple]:
    """The same of an array in one piece, which may not have been written."""
    if offset is None or 0 in shape:
        return []
    strides = [math.prod(shape[axis + 1 :]) * itemsize for axis in range(len(shape))]
    whole = math.prod(cut) * itemsize
    ranges = []
    for index in itertools.product(*(range(-(-n // c)) for n, c in zip(shape, cut, strict=True))):
        start = sum(i * c * s for i, c, s in zip(index, cut, strides, strict=True))
        # Zeros stand for what is over the edge.
        inside = (min(c, n - i * c) for i, c, n in zip(index, cut, shape, strict=True))
        size = math.prod(inside) * itemsize
        ranges.append((index, offset + start, size, whole - size))
    return ranges
