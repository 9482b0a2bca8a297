"""Arrays in Zarr stores: from them, and to them."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import _chunkwise as _native
from .. import _session
from ._array import Array
from ._convert import asarray
from ._foreign import _region, _Stored, from_array

__all__ = ["MemoryStore", "from_zarr", "to_zarr"]

#: What Zarr's own library writes where nothing else is asked for.
_DEFAULT = [{"name": "zstd", "configuration": {"level": 0, "checksum": False}}]


class MemoryStore:
    """A Zarr hierarchy in memory, for `to_zarr` and `from_zarr`.

    Its bytes are outside the memory limit.

    Examples
    --------
    >>> store = da.MemoryStore()
    >>> da.to_zarr(da.arange(4, chunks=2), store)
    >>> da.from_zarr(store).compute()
    array([0, 1, 2, 3])
    """

    __slots__ = ("_store",)

    def __init__(self) -> None:
        self._store = _native.Store.memory()


#: Names that the libraries s3fs, adlfs and gcsfs have for settings of services.
_SETTINGS = {
    "key": "aws_access_key_id",
    "secret": "aws_secret_access_key",
    "token": "aws_session_token",
    "anon": "aws_skip_signature",
    "endpoint_url": "aws_endpoint",
    "region_name": "aws_region",
    "account_name": "azure_storage_account_name",
    "account_key": "azure_storage_account_key",
    "sas_token": "azure_storage_sas_key",
}


def _settings(options: Mapping[str, Any] | None) -> tuple[list, float | None, int | None]:
    """A service's settings, and what is said of times and repetitions."""
    left = dict(options or {})
    left.update(left.pop("client_kwargs", None) or {})
    timeout, retries = left.pop("timeout", None), left.pop("retries", None)
    found = []
    for name, value in left.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        found.append((_SETTINGS.get(name, name), text))
        if _SETTINGS.get(name, name).endswith("endpoint") and text.startswith("http://"):
            found.append(("allow_http", "true"))
    return found, timeout, retries


def _store(url: Any, options: Mapping[str, Any] | None = None) -> tuple[_native.Store, str] | None:
    """The native store that something names, and the path of an array within it; `None` for an
    object that only its own library can read."""
    if options and not (isinstance(url, str) and "://" in url):
        raise ValueError(f"storage_options {sorted(options)}: they are for services, not {url!r}")
    if isinstance(url, MemoryStore):
        return url._store, ""
    if isinstance(url, str | os.PathLike):
        return _native.Store.parse(os.fspath(url), *_settings(options)), ""
    # Zarr's own arrays and stores, where they are folders.
    inner = getattr(url, "store", url)
    root = getattr(inner, "root", None)
    if type(inner).__name__ == "LocalStore" and root is not None:
        return _native.Store.parse(os.fspath(root), [], None, None), getattr(url, "path", "")
    return None


def _open(
    url: Any, component: str | None, options: Mapping[str, Any] | None
) -> _native.ZarrArray | None:
    found = _store(url, options)
    if found is None:
        return None
    store, path = found
    return _native.zarr_open(store, "/".join(filter(None, [path, component])))


def from_zarr(
    url: Any,
    component: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    chunks: Any = None,
    name: Any = None,
    inline_array: bool = False,
    **kwargs: Any,
) -> Array:
    """The array in a Zarr store, version 2 or 3: lazy, nothing but its metadata is read.

    A computation reads the stored chunks that it needs, each once where that can be: of
    ``from_zarr(path)[..., :100].mean(0)`` those that hold the first 100 columns.

    Parameters
    ----------
    url : path, str, `MemoryStore`, or an array or store of the library ``zarr``
        Where the hierarchy is: a folder, a zip file, or a URL (``s3://``, ``gs://``, ``az://``,
        ``http://``, ``https://``). An array or store of ``zarr`` that is not a folder, as
        Icechunk's, is read through its own library.
    component : str, optional
        The path of the array within the hierarchy.
    storage_options : mapping, optional
        Settings of a service, as ``{"aws_endpoint": ..., "aws_skip_signature": True}`` or by the
        names of the library s3fs (``key``, ``secret``, ``anon``, ``endpoint_url``); ``timeout`` in
        seconds and ``retries`` of a request. What is not given is taken from the environment.
    chunks : optional
        How the array is cut; by default as it is stored, by the chunks of a shard where there are
        shards.
    name, inline_array
        Accepted as in Dask, without effect.

    Raises
    ------
    FileNotFoundError
        Where there is no array.
    ValueError
        For metadata that is wrong, or of a dtype or codec that cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.zarr")
    >>> da.to_zarr(da.ones((6, 4), chunks=(3, 4)), path)
    >>> x = da.from_zarr(path)
    >>> x.chunks
    ((3, 3), (4,))
    >>> x.sum(axis=0).compute()
    array([6., 6., 6., 6.])
    """
    if kwargs:
        raise TypeError(f"from_zarr: unexpected options {', '.join(sorted(kwargs))}")
    array = _open(url, component, storage_options)
    if array is None:
        if not hasattr(url, "shape"):
            import zarr

            url = zarr.open(url, path=component or "", mode="r")
        elif component is not None:
            url = url[component]
        if not hasattr(url, "shape"):
            raise ValueError(f"from_zarr: {url!r} is no array; component= names one in it")
        return from_array(url, chunks="auto" if chunks is None else chunks)
    return Array(_known(array.expr(chunks)))


#: Arrays of folders that were opened lately, by their place and metadata. They hold no data.
_opened: OrderedDict[bytes, _native.Source] = OrderedDict()
_OPENED = 64
_opened_lock = threading.Lock()


def _known(expr: _native.Expr) -> _native.Expr:
    """The same array over the source of an earlier opening, where place and metadata are the same:
    so that what a run reads of both is read once. Chunks are read when they are needed in any case,
    so that those that were written since are seen by both."""
    data, sources, functions = _native.encode([expr])
    try:
        ((kind, parts),) = [source.parts() for source in sources]
    except (TypeError, ValueError):
        # A store in memory; an array without elements reads nothing.
        return expr
    # A zip file is read through the file that was opened, and a service may forget its requests.
    if kind != "zarr" or "folder" not in json.loads(parts[0])["store"]:
        return expr
    with _opened_lock:
        known = _opened.setdefault(parts[0], sources[0])
        _opened.move_to_end(parts[0])
        if len(_opened) > _OPENED:
            _opened.popitem(last=False)
    return expr if known is sources[0] else _native.decode(data, [known], functions)[0]


def to_zarr(
    arr: Any,
    url: Any,
    component: str | None = None,
    storage_options: Mapping[str, Any] | None = None,
    region: Any = None,
    compute: bool = True,
    return_stored: bool = False,
    *,
    overwrite: bool = False,
    resume: bool = False,
    append_dim: int | None = None,
    zarr_format: int = 3,
    chunks: Any = None,
    shards: Any = None,
    compressors: Any = "auto",
    filters: Any = None,
    fill_value: Any = None,
    order: str = "C",
    dimension_names: Any = None,
    attributes: Mapping[str, Any] | None = None,
    dimension_separator: str | None = None,
    **kwargs: Any,
) -> Any:
    """Computes an array and stores it in a Zarr store, without holding the whole.

    A new array appears under its name once it is complete; until then, and if the run fails, what
    was there stays. Every stored chunk is made by one task and written in one step.

    Parameters
    ----------
    arr : Array
    url : path, str, `MemoryStore`, or an array or store of the library ``zarr``
        Where to. An array of ``zarr`` is written into: it exists already. Stores of ``zarr`` that
        are not folders, as Icechunk's, are written through their own library.
    component : str, optional
        The path of the array within the hierarchy; the groups above it are made.
    storage_options : mapping, optional
        Settings of a service, as in `from_zarr`.
    region : tuple of slices, optional
        Where in an array that is there to write. Chunks which the region covers in part are read,
        changed and written.
    compute : bool
        Whether to store now; otherwise an object is answered whose `compute` does it.
    return_stored : bool
        Whether to answer the array over what was stored.
    overwrite : bool
        Whether to replace an array that is there, once this one is complete.
    resume : bool
        Whether to keep what is written if the run is interrupted, and to begin with what an
        interrupted run with `resume` has kept.
    append_dim : int, optional
        The axis along which to write behind the end of an array that is there.
    zarr_format : {3, 2}
    chunks : optional
        The stored chunks; by default those of the array, of the length of the longest where they
        are not equal.
    shards : tuple of int, optional
        The lengths of a shard, multiples of those of a chunk; ``zarr_format=3``.
    compressors : optional
        ``None``, a codec or a list of codecs: mappings as in Zarr's metadata, or codecs of the
        libraries ``zarr`` and ``numcodecs``. Zstandard by default.
    filters : optional
        Codecs before these, as above.
    fill_value : optional
        What was never written; 0 by default.
    order : {"C", "F"}
        The order of elements within a chunk.
    dimension_names : sequence of str, optional
    attributes : mapping, optional
    dimension_separator : {"/", "."}, optional
        What stands between the numbers of a chunk's key.

    Raises
    ------
    FileExistsError
        Where something is there already that may not be replaced.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.zarr")
    >>> da.to_zarr(da.zeros((4, 4), chunks=2), path, component="a/b", dimension_names=["t", "x"])
    >>> da.to_zarr(da.ones((2, 4)), path, component="a/b", region=(slice(1, 3), slice(None)))
    >>> da.from_zarr(path, component="a/b").sum(axis=1).compute()
    array([0., 4., 4., 0.])
    """
    mode = kwargs.pop("mode", None)
    if mode not in (None, "a", "w", "w-", "x"):
        raise ValueError(f"to_zarr: mode={mode!r}; 'w' replaces what is there, 'w-' does not")
    overwrite = overwrite or mode == "w"
    if kwargs.pop("compressor", None) is not None:
        raise TypeError("to_zarr: give compressors=, not compressor=")
    if kwargs:
        raise TypeError(f"to_zarr: unexpected options {', '.join(sorted(kwargs))}")
    x = asarray(arr)
    if any(np.isnan(n) for n in x.shape):
        x = x.compute_chunk_sizes()
    found = _store(url, storage_options)
    # An array of Zarr's own library is there already.
    is_array = hasattr(url, "metadata") and hasattr(url, "shape")
    if found is None:
        from ._foreign import store

        if not is_array:
            if not hasattr(url, "supports_writes"):
                raise TypeError(f"to_zarr: {type(url).__name__} is no place to write to")
            if resume or append_dim is not None:
                raise NotImplementedError("to_zarr: resume and append_dim need a store of our own")
            import zarr

            if region is not None:
                url = zarr.open_array(url, path=component or "", mode="r+")
            else:
                url = zarr.create_array(
                    url,
                    name=component,
                    shape=x.shape,
                    dtype=x.dtype,
                    chunks=tuple(_stored_chunks(x, chunks)),
                    shards=shards,
                    filters="auto" if filters is None else filters,
                    compressors=compressors,
                    fill_value=fill_value,
                    zarr_format=zarr_format,
                    dimension_names=dimension_names,
                    attributes=None if attributes is None else dict(attributes),
                    overwrite=overwrite,
                )
        return store(x, url, regions=region, compute=compute, return_stored=return_stored)
    store, path = found
    path = "/".join(filter(None, [path, component]))

    def begin() -> _native.ZarrSink:
        if append_dim is not None:
            there = _native.zarr_open(store, path)
            return _native.zarr_append(there, list(x.shape), int(append_dim) % x.ndim)
        if region is not None or is_array:
            there = _native.zarr_open(store, path)
            places = _region(there, x, region)
            if any(not isinstance(p, slice) or p.step != 1 for p in places):
                raise NotImplementedError(f"to_zarr: a region of slices of step 1, not {region}")
            return _native.zarr_region(there, [p.start for p in places], list(x.shape))
        return _native.zarr_create(
            store,
            path,
            list(x.shape),
            x.dtype.name,
            version=zarr_format,
            chunks=_stored_chunks(x, chunks),
            shards=None if shards is None else list(shards),
            codecs=_codecs(x, zarr_format, filters, compressors, order),
            fill_value=None if fill_value is None else json.dumps(_plain(fill_value)),
            dimension_names=None if dimension_names is None else list(dimension_names),
            attributes=None if attributes is None else json.dumps(dict(attributes)),
            separator=dimension_separator,
            fortran_order=order == "F",
            overwrite=overwrite,
            resume=resume,
        )

    def run() -> Any:
        _session.current().store([x._expr], [begin()])
        if return_stored:
            return Array(_native.zarr_open(store, path).expr(None))
        return None

    return run() if compute else _Begun(run, x, begin)


class _Begun(_Stored):
    """What is stored later, here or by the workers of a cluster."""

    def __init__(self, run: Any, array: Array, begin: Any) -> None:
        super().__init__(run)
        self.array, self.begin = array, begin


def _pending(*args: Any, **kwargs: Any) -> _Stored:
    """What `to_zarr` would do; others do it."""
    for name in ("compute", "return_stored", "resume"):
        if kwargs.get(name):
            raise TypeError(f"to_zarr: {name}= is for computations of this process")
    return to_zarr(*args, **{**kwargs, "compute": False})


def _stored_chunks(x: Array, chunks: Any) -> list[int]:
    """The chunk to store by: along each axis the longest of those asked for, or of the array's."""
    cuts = x.chunks if chunks is None else _native.rechunk(x._expr, chunks).chunks
    return [max(1, *c) for c in cuts]


def _codecs(x: Array, version: int, filters: Any, compressors: Any, order: str) -> str | None:
    """The codecs as the metadata has them, or `None` for the default."""
    if compressors == "auto" and filters is None:
        return None
    filters, compressors = _list(filters), _list(compressors, _DEFAULT)
    if version == 2:
        if len(compressors) > 1:
            raise ValueError(f"to_zarr: one compressor in version 2, not {len(compressors)}")
        old = [_codec_2(c) for c in filters]
        new = [_codec_2(c) for c in compressors]
        return json.dumps({"filters": old or None, "compressor": new[0] if new else None})
    codecs = [_codec_3(c, x.dtype.itemsize) for c in filters]
    if order == "F" and x.ndim > 1:
        axes = list(range(x.ndim))[::-1]
        codecs.append({"name": "transpose", "configuration": {"order": axes}})
    to_bytes: dict[str, Any] = {"name": "bytes"}
    if x.dtype.itemsize > 1:
        to_bytes["configuration"] = {"endian": "little"}
    codecs.append(to_bytes)
    codecs += [_codec_3(c, x.dtype.itemsize) for c in compressors]
    return json.dumps(codecs)


def _list(codecs: Any, default: list | None = None) -> list:
    if isinstance(codecs, str) and codecs == "auto":
        return default or []
    if codecs is None:
        return []
    return list(codecs) if isinstance(codecs, list | tuple) else [codecs]


def _codec_3(codec: Any, itemsize: int) -> dict:
    """A codec of version 3."""
    if hasattr(codec, "to_dict"):
        codec = codec.to_dict()
    elif hasattr(codec, "get_config"):
        codec = codec.get_config()
    if not isinstance(codec, Mapping):
        raise TypeError(f"to_zarr: {codec!r} is no codec")
    if "name" in codec:
        return _plain(dict(codec))
    # As version 2 writes them.
    given = dict(codec)
    name = given.pop("id", None)
    if name == "blosc":
        kinds = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle", -1: "bitshuffle"}
        given["shuffle"] = kinds.get(given.get("shuffle", 1), "shuffle")
        given["typesize"] = itemsize
        given.setdefault("blocksize", 0)
    elif name == "zstd":
        given = {"level": given.get("level", 0), "checksum": bool(given.get("checksum", False))}
    elif name is None:
        raise TypeError(f"to_zarr: {codec!r} is no codec")
    return {"name": name, "configuration": _plain(given)}


def _codec_2(codec: Any) -> dict:
    """A codec of version 2."""
    if hasattr(codec, "get_config"):
        codec = codec.get_config()
    elif hasattr(codec, "to_dict"):
        codec = codec.to_dict()
    if not isinstance(codec, Mapping):
        raise TypeError(f"to_zarr: {codec!r} is no codec")
    if "id" in codec:
        return _plain(dict(codec))
    given = dict(codec.get("configuration", {}))
    if codec.get("name") == "blosc":
        kinds = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
        given["shuffle"] = kinds.get(given.get("shuffle"), 1)
        given.pop("typesize", None)
    return _plain({"id": codec["name"], **given})


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers that JSON lacks as Zarr writes them."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if hasattr(value, "value") and not isinstance(value, str | int | float | bool):
        return value.value
    return value
