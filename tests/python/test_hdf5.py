"""HDF5 and NetCDF-4 files: what h5py and netCDF4 write is read here, by region."""

from __future__ import annotations

import os
import pickle
import re

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="it says where elements lie")

DTYPES = ["?", "i1", "u1", "<i2", ">i2", "<u4", ">i4", "<i8", ">u8", "<f4", ">f4", "<f8", ">f8"]
DTYPES += ["<c8", ">c8", "<c16", ">c16"]

FILTERS = {
    "none": {},
    "gzip": dict(compression="gzip"),
    "gzip and shuffle": dict(compression="gzip", shuffle=True),
    "checksum": dict(fletcher32=True),
    "shuffle": dict(shuffle=True),
    "all": dict(compression="gzip", compression_opts=9, shuffle=True, fletcher32=True),
    "lzf": dict(compression="lzf"),
    "scaleoffset": dict(scaleoffset=0),
}


def values(shape: tuple, dtype: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 100, shape)
    if dtype == "?":
        return x > 50
    if "c" in dtype:
        return (x + 1j * rng.integers(0, 9, shape)).astype(dtype)
    return x.astype(dtype)


def is_direct(x: da.Array) -> bool:
    """Whether the engine reads, not h5py."""
    return "zarr" in x.explain()


def check(path, name: str, want: np.ndarray) -> None:
    x = da.from_hdf5(path, name)
    assert x.shape == want.shape
    assert x.dtype == want.dtype.newbyteorder("=")
    np.testing.assert_array_equal(x.compute(), want)
    index = tuple(slice(n // 3, None, 2) for n in want.shape[:-1])
    index += (slice(None, None, -1),) * (want.ndim > 0)
    np.testing.assert_array_equal(x[index].compute(), want[index])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FILTERS)
def test_every_dtype_through_every_filter(tmp_path, dtype, name):
    if name == "scaleoffset" and (dtype == "?" or "c" in dtype):
        pytest.skip("of integers and floats")
    for shape in [(21, 19), (20, 15)]:
        want = values(shape, dtype)
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file.create_dataset("x", data=want, dtype=want.dtype, chunks=(4, 5), **FILTERS[name])
        check(tmp_path / "x.h5", "x", want)
        x = da.from_hdf5(tmp_path / "x.h5", "x")
        # Whether chunks over the edge were shuffled cannot be seen where nothing else was done.
        unclear = shape == (21, 19) and name == "shuffle"
        assert is_direct(x) == (name not in ("lzf", "scaleoffset") and not unclear)
        assert x.chunks[0][0] == 4 or not is_direct(x)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (5, 3), (2, 3, 4, 5)])
def test_in_one_piece(tmp_path, dtype, shape):
    want = values(shape, dtype)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=want, dtype=want.dtype)
    check(tmp_path / "x.h5", "x", want)
    assert is_direct(da.from_hdf5(tmp_path / "x.h5", "x"))


@pytest.mark.parametrize(
    "shape", [(3_000_001,), (1_000_001, 3), (5, 1_200_003), (3, 2, 700_001), (2_000_000, 1, 2)]
)
def test_one_large_piece_is_read_in_parts(tmp_path, shape):
    want = np.arange(np.prod(shape), dtype="int32").reshape(shape)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=want)
    x = da.from_hdf5(tmp_path / "x.h5", "x")
    # Less than the whole would need.
    with chunkwise.config.set(memory_limit="9MiB"):
        assert int(x.sum(dtype="int64").compute()) == int(want.sum(dtype="int64"))
        np.testing.assert_array_equal(x[-1, ...].compute(), want[-1, ...])
    np.testing.assert_array_equal(x[..., -3:].compute(), want[..., -3:])


@pytest.mark.parametrize(
    ("shape", "chunks"),
    [((10,), (10,)), ((10,), (3,)), ((10,), (1,)), ((6, 8), (6, 8)), ((6, 8), (4, 3)),
     ((5, 4, 3), (2, 4, 1)), ((3, 3, 3, 3), (2, 2, 2, 2)), ((1, 1), (1, 1))],
)  # fmt: skip
def test_chunks_of_every_shape(tmp_path, shape, chunks):
    want = values(shape, "<f8")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=want, chunks=chunks, compression="gzip", fletcher32=True)
    check(tmp_path / "x.h5", "x", want)
    assert da.from_hdf5(tmp_path / "x.h5", "x", chunks=-1).numblocks == (1,) * len(shape)


@pytest.mark.parametrize("fill", [None, 7, -1.5, np.nan, np.inf])
@pytest.mark.parametrize("chunks", [None, (3, 3)])
def test_what_was_never_written_is_the_fill_value(tmp_path, fill, chunks):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        x = file.create_dataset("x", shape=(10, 7), dtype="f4", chunks=chunks, fillvalue=fill)
        file.create_dataset("none", shape=(10, 7), dtype="f4", chunks=chunks, fillvalue=fill)
        x[3:5, 2] = 9
        want, none = x[:], file["none"][:]
    check(tmp_path / "x.h5", "x", want)
    check(tmp_path / "x.h5", "none", none)


@pytest.mark.parametrize(
    ("dtype", "fill"), [("?", True), ("i8", -(2**63)), ("u8", 2**64 - 1), ("c16", 1 - 2j)]
)
def test_fill_values_are_exact(tmp_path, dtype, fill):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", shape=(4,), dtype=dtype, chunks=(2,), fillvalue=fill)
    x = da.from_hdf5(tmp_path / "x.h5", "x").compute()
    assert x.tolist() == [fill] * 4


@pytest.mark.parametrize("shape", [(0,), (0, 4), (3, 0, 2)])
@pytest.mark.parametrize("is_chunked", [True, False])
def test_empty(tmp_path, shape, is_chunked):
    more = dict(maxshape=(None,) * len(shape), chunks=(2,) * len(shape)) if is_chunked else {}
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", shape=shape, dtype=">i2", **more)
    x = da.from_hdf5(tmp_path / "x.h5", "x").compute()
    assert (x.shape, x.dtype) == (shape, np.dtype("i2"))


def test_chunks_left_without_a_filter_are_read_through_h5py(tmp_path):
    want = values((8, 6), "<f8")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        x = file.create_dataset("x", data=want, chunks=(4, 6), compression="gzip", shuffle=True)
        x.id.write_direct_chunk((4, 0), want[4:].tobytes(), filter_mask=3)
    check(tmp_path / "x.h5", "x", want)
    assert not is_direct(da.from_hdf5(tmp_path / "x.h5", "x"))


def test_edges_left_without_filters_are_read_through_h5py(tmp_path):
    want = np.arange(10, dtype="<i4")
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_chunk((4,))
    created.set_shuffle()
    if not hasattr(created, "set_chunk_opts"):
        pytest.skip("this h5py cannot ask for it")
    created.set_chunk_opts(1)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        space = h5py.h5s.create_simple(want.shape)
        made = h5py.h5d.create(file.id, b"x", h5py.h5t.NATIVE_INT32, space, created)
        h5py.Dataset(made)[:] = want
    check(tmp_path / "x.h5", "x", want)


def test_other_layouts_are_read_through_h5py(tmp_path):
    want = np.arange(24.0).reshape(4, 6)
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple(want.shape)
        made = h5py.h5d.create(file.id, b"compact", h5py.h5t.NATIVE_DOUBLE, space, compact)
        h5py.Dataset(made)[:] = want
        outside = [(str(tmp_path / "raw"), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("external", data=want, external=outside)
        file.create_dataset("part", data=want, chunks=(2, 2))
        virtual = h5py.VirtualLayout((4, 6), "f8")
        virtual[:, :] = h5py.VirtualSource(tmp_path / "x.h5", "part", (4, 6))
        file.create_virtual_dataset("virtual", virtual)
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["there"] = h5py.ExternalLink(str(tmp_path / "x.h5"), "part")
        file["here"] = h5py.SoftLink("/deep/x")
        file.create_dataset("deep/x", data=want)
    with h5py.File(tmp_path / "block.h5", "w", userblock_size=512) as file:
        file.create_dataset("x", data=want)
        file.create_dataset("y", data=want, chunks=(2, 2), compression="gzip")
    for name in ("compact", "external", "virtual"):
        check(tmp_path / "x.h5", name, want)
        assert not is_direct(da.from_hdf5(tmp_path / "x.h5", name))
    check(tmp_path / "links.h5", "there", want)
    check(tmp_path / "links.h5", "here", want)
    check(tmp_path / "block.h5", "x", want)
    check(tmp_path / "block.h5", "y", want)
    later = pickle.loads(pickle.dumps(da.from_hdf5(tmp_path / "x.h5", "compact")))
    np.testing.assert_array_equal(later.compute(), want)


@pytest.mark.parametrize("bits", [12, 24])
def test_integers_of_fewer_bits_are_read_through_h5py(tmp_path, bits):
    want = np.arange(10, dtype="<i4") - 5
    kind = h5py.h5t.STD_I32LE.copy()
    kind.set_precision(bits)
    kind.set_offset(4)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        made = h5py.h5d.create(file.id, b"x", kind, h5py.h5s.create_simple((10,)))
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, want)
    check(tmp_path / "x.h5", "x", want)
    assert not is_direct(da.from_hdf5(tmp_path / "x.h5", "x"))


def test_enumerations_are_their_integers(tmp_path):
    kind = h5py.enum_dtype({"RED": 1, "GREEN": 5}, basetype="i2")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=[1, 5, 1], dtype=kind)
    assert da.from_hdf5(tmp_path / "x.h5", "x").compute().tolist() == [1, 5, 1]


def test_what_arrays_cannot_hold(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["text"] = ["a", "b"]
        file["fixed"] = np.array([b"a", b"b"])
        file["pair"] = np.zeros(3, dtype=[("a", "i4"), ("b", "f8")])
        file["half"] = np.zeros(3, dtype="f2")
        file.create_dataset("ragged", shape=(2,), dtype=h5py.vlen_dtype("i4"))
        file["null"] = h5py.Empty("f8")
        file["group/x"] = 1.0
    for name in ("text", "fixed", "pair", "half", "ragged"):
        with pytest.raises(TypeError, match=rf"x\.h5: {name}: .* are not supported"):
            da.from_hdf5(tmp_path / "x.h5", name)
    with pytest.raises(ValueError, match=r"null has no elements"):
        da.from_hdf5(tmp_path / "x.h5", "null")
    with pytest.raises(ValueError, match=r"group is a group, not a dataset \(it has x\)"):
        da.from_hdf5(tmp_path / "x.h5", "group")
    with pytest.raises(KeyError, match="no dataset 'nothing'.*half"):
        da.from_hdf5(tmp_path / "x.h5", "nothing")
    with pytest.raises(FileNotFoundError, match="nothing.h5"):
        da.from_hdf5(tmp_path / "nothing.h5", "x")
    (tmp_path / "not.h5").write_bytes(b"CDF\x01 of another kind")
    with pytest.raises(OSError, match=r"not\.h5 cannot be opened as an HDF5 file"):
        da.from_hdf5(tmp_path / "not.h5", "x")


@pytest.mark.parametrize("compression", ["gzip", "lzf"])
def test_a_file_that_was_changed(tmp_path, compression):
    path = tmp_path / "x.h5"
    want = values((20, 20), "<f8")
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=want, chunks=(5, 5), compression=compression)
    x = da.from_hdf5(path, "x")
    os.utime(path, (1, 1))
    with pytest.raises(OSError, match=r"x\.h5 changed since it was opened"):
        x.sum().compute()
    np.testing.assert_array_equal(da.from_hdf5(path, "x").compute(), want)


def test_a_file_that_is_open_for_writing(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", shape=(10,), dtype="f4", chunks=(5,))
        file.create_dataset("y", shape=(10,), dtype="f4")
        file["x"][:], file["y"][:] = 1, 2
        x, y = da.from_hdf5(path, "x"), da.from_hdf5(path, "y")
        assert x.sum().compute() == 10
        assert y.sum().compute() == 20
    assert da.from_hdf5(path, "x").sum().compute() == 10


@pytest.mark.parametrize("compression", ["gzip", None])
def test_a_file_that_was_cut_off(tmp_path, compression):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values((200, 200), "<f8"), chunks=(50, 50),
                            compression=compression)  # fmt: skip
    x = da.from_hdf5(path, "x")
    os.truncate(path, os.path.getsize(path) // 2)
    with pytest.raises(OSError, match=r"x\.h5"):
        x.sum().compute()
    with pytest.raises(OSError, match=r"x\.h5"):
        da.from_hdf5(path, "x")


@pytest.mark.parametrize("filters", [dict(compression="gzip"), dict(fletcher32=True)])
def test_a_corrupt_chunk_names_the_dataset(tmp_path, filters):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        x = file.create_dataset("deep/x", data=values((8, 8), "<f8"), chunks=(4, 4), **filters)
        place = x.id.get_chunk_info_by_coord((4, 0))
    with open(path, "r+b") as file:
        file.seek(place.byte_offset + place.size // 2)
        file.write(b"\xff\x00\xff\x00\xff")
    x = da.from_hdf5(path, "deep/x")
    with pytest.raises(ValueError, match=r"x\.h5/deep/x/c/1/0.*corrupt chunk"):
        x.compute()
    assert x[:4].compute().shape == (4, 8)


def test_only_touched_chunks_are_read(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        x = file.create_dataset("x", data=np.ones((40, 40)), chunks=(10, 10), compression="gzip")
        places = [x.id.get_chunk_info(n) for n in range(16)]
    with open(path, "r+b") as file:
        for place in places:
            if place.chunk_offset[1] > 0:
                file.seek(place.byte_offset)
                file.write(b"broken")
    x = da.from_hdf5(path, "x")
    np.testing.assert_array_equal(x[..., :10].mean(0).compute(), np.ones(10))
    with pytest.raises(ValueError, match="corrupt"):
        x[..., :11].mean(0).compute()


def test_into_other_formats(tmp_path):
    want = values((30, 20), ">f4")
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file.create_dataset("x", data=want, chunks=(7, 6), compression="gzip")
    x = da.from_hdf5(tmp_path / "x.h5", "x")
    da.to_zarr(x, tmp_path / "x.zarr")
    np.testing.assert_array_equal(da.from_zarr(tmp_path / "x.zarr").compute(), want)


@pytest.mark.parametrize(
    "options",
    [dict(), dict(zlib=True), dict(zlib=True, shuffle=True, fletcher32=True),
     dict(fletcher32=True), dict(compression="zstd", shuffle=True), dict(contiguous=True)],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["i2", "f4", "f8"])
def test_netcdf4(tmp_path, options, kind):
    netcdf = pytest.importorskip("netCDF4")
    want = values((21, 10), kind)
    with netcdf.Dataset(tmp_path / "x.nc", "w") as file:
        # What is written later than its chunks are filled, along a dimension without a length.
        file.createDimension("time", 21 if "contiguous" in options else None)
        file.createDimension("x", 10)
        more = {} if "contiguous" in options else dict(chunksizes=(16, 8))
        made = file.createVariable("air", kind, ("time", "x"), **options, **more)
        made[:10] = want[:10]
        made[10:] = want[10:]
    check(tmp_path / "x.nc", "air", want)
    assert is_direct(da.from_hdf5(tmp_path / "x.nc", "air"))


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_netcdf_of_xarray_is_read_as_it_is_stored(tmp_path, engine):
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("netCDF4" if engine == "netcdf4" else engine)
    x = np.linspace(200, 300, 60).reshape(6, 10)
    x[2, 3] = np.nan
    dataset = xarray.Dataset({"air": (("time", "x"), x)})
    encoding = {"air": dict(dtype="int16", scale_factor=0.01, add_offset=250, _FillValue=-32768,
                            zlib=True, chunksizes=(4, 4))}  # fmt: skip
    dataset.to_netcdf(tmp_path / "x.nc", engine=engine, encoding=encoding)
    stored = da.from_hdf5(tmp_path / "x.nc", "air")
    assert stored.dtype == "int16"
    assert stored[2, 3].compute() == -32768
    decoded = da.where(stored == -32768, np.nan, stored * 0.01 + 250)
    np.testing.assert_allclose(decoded.compute(), x, atol=0.01)


def test_without_h5py(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(ImportError, match=re.escape("from_hdf5 needs the library h5py")):
        da.from_hdf5("x.h5", "x")
