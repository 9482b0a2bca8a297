"""Zarr stores: what is written here Zarr's own library reads, and the other way round."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

zarr = pytest.importorskip("zarr", reason="the judge of what is written")
codecs = zarr.codecs

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def values(shape: tuple, dtype: str) -> np.ndarray:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 100, shape)
    if dtype == "bool":
        return x > 50
    if dtype.startswith("complex"):
        return (x + 1j * rng.integers(0, 9, shape)).astype(dtype)
    return x.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("version", [2, 3])
def test_written_here_read_there(tmp_path, dtype, version):
    x = values((13, 11), dtype)
    da.to_zarr(da.asarray(x, chunks=(4, 5)), tmp_path / "x", zarr_format=version)
    there = zarr.open_array(tmp_path / "x", mode="r")
    assert there.metadata.zarr_format == version
    assert there.chunks == (4, 5)
    assert there.dtype == x.dtype
    np.testing.assert_array_equal(there[:], x)


CODECS = {
    "default": dict(),
    "none": dict(compressors=None),
    "blosc lz4": dict(compressors=codecs.BloscCodec(cname="lz4", shuffle="shuffle")),
    "blosc zstd": dict(compressors=codecs.BloscCodec(cname="zstd", shuffle="bitshuffle")),
    "gzip": dict(compressors=codecs.GzipCodec(level=3)),
    "zstd": dict(compressors=codecs.ZstdCodec(level=5, checksum=True)),
    "crc32c": dict(compressors=[codecs.ZstdCodec(), codecs.Crc32cCodec()]),
    "transpose": dict(filters=codecs.TransposeCodec(order=(1, 0))),
    "shards": dict(shards=(8, 10)),
    "big-endian": dict(serializer=codecs.BytesCodec(endian="big")),
}


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("dtype", ["float64", "int16", "complex64", "bool"])
def test_written_there_read_here(tmp_path, name, dtype):
    x = values((21, 19), dtype)
    if name == "big-endian" and dtype == "bool":
        pytest.skip("one byte has no order")
    there = zarr.create_array(
        tmp_path / "x", shape=x.shape, chunks=(4, 5), dtype=dtype, **CODECS[name]
    )
    there[:] = x
    y = da.from_zarr(tmp_path / "x")
    np.testing.assert_array_equal(y.compute(), x)
    np.testing.assert_array_equal(y[3:17:2, ::-1].compute(), x[3:17:2, ::-1])
    assert y.chunks[0][0] == 4


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("separator", [".", "/"])
def test_version_2_written_there_read_here(tmp_path, order, separator):
    x = values((7, 9), "float32")
    there = zarr.create_array(
        tmp_path / "x",
        shape=x.shape,
        chunks=(3, 4),
        dtype=x.dtype,
        zarr_format=2,
        order=order,
        chunk_key_encoding={"name": "v2", "separator": separator},
        fill_value=7,
    )
    there[:5] = x[:5]
    x[5:] = 7
    np.testing.assert_array_equal(da.from_zarr(tmp_path / "x").compute(), x)


@pytest.mark.parametrize(
    "options",
    [
        dict(compressors=[{"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5,
              "shuffle": "shuffle", "typesize": 8, "blocksize": 0}}]),
        dict(compressors=codecs.GzipCodec(level=2)),
        dict(compressors=None),
        dict(shards=(8, 8), compressors=codecs.ZstdCodec(level=1)),
        dict(order="F"),
        dict(dimension_separator="."),
        dict(zarr_format=2, compressors={"id": "blosc", "cname": "lz4", "clevel": 3, "shuffle": 1}),
        dict(zarr_format=2, order="F", compressors=None, dimension_separator="/"),
        dict(fill_value=np.nan),
    ],
)  # fmt: skip
def test_options_are_what_zarr_reads(tmp_path, options):
    x = values((17, 12), "float64")
    da.to_zarr(da.asarray(x, chunks=(4, 4)), tmp_path / "x", **options)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "x", mode="r")[:], x)
    np.testing.assert_array_equal(da.from_zarr(tmp_path / "x").compute(), x)


def test_names_attributes_and_groups(tmp_path):
    x = da.ones((4, 6), chunks=2)
    da.to_zarr(
        x,
        tmp_path / "h",
        component="air/temperature",
        dimension_names=["time", "x"],
        attributes={"units": "K", "levels": [1, 2]},
    )
    group = zarr.open_group(tmp_path / "h", mode="r")
    array = group["air/temperature"]
    assert array.attrs.asdict() == {"units": "K", "levels": [1, 2]}
    assert array.metadata.dimension_names == ("time", "x")
    assert sorted(group["air"].array_keys()) == ["temperature"]
    with pytest.raises(ValueError, match=r"is a group, not an array \(it has air\)"):
        da.from_zarr(tmp_path / "h")


def test_a_region_and_its_edges(tmp_path):
    x = values((20, 20), "int64")
    da.to_zarr(da.asarray(x, chunks=(6, 7)), tmp_path / "x")
    part = values((9, 11), "int64") + 1000
    da.to_zarr(da.asarray(part, chunks=3), tmp_path / "x", region=(slice(4, 13), slice(8, 19)))
    x[4:13, 8:19] = part
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "x", mode="r")[:], x)
    with pytest.raises(ValueError, match="fit"):
        da.to_zarr(da.ones((3, 3)), tmp_path / "x", region=(slice(0, 4), slice(0, 3)))


def test_append(tmp_path):
    x = values((10, 5), "float32")
    da.to_zarr(da.asarray(x, chunks=(4, 5)), tmp_path / "x")
    for n in (3, 4, 1):
        more = values((n, 5), "float32") + n
        da.to_zarr(da.asarray(more), tmp_path / "x", append_dim=0)
        x = np.concatenate([x, more])
        np.testing.assert_array_equal(zarr.open_array(tmp_path / "x", mode="r")[:], x)
    with pytest.raises(ValueError, match="appending"):
        da.to_zarr(da.ones((3, 4)), tmp_path / "x", append_dim=0)


def test_what_is_there_stays_unless_it_is_to_be_replaced(tmp_path):
    path = tmp_path / "x"
    da.to_zarr(da.ones((4, 4)), path)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        da.to_zarr(da.zeros((2, 2)), path)

    def broken(block):
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        da.to_zarr(da.zeros((4, 4), chunks=2).map_blocks(broken, dtype=float), path, overwrite=True)
    assert da.from_zarr(path).sum().compute() == 16
    assert os.listdir(tmp_path) == ["x"]
    da.to_zarr(da.zeros((2, 2)), path, overwrite=True)
    assert da.from_zarr(path).shape == (2, 2)
    assert os.listdir(tmp_path) == ["x"]
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter-1.tex").write_text("It was a dark and stormy night")
    with pytest.raises(FileExistsError, match="no Zarr array"):
        da.to_zarr(da.zeros((2, 2)), tmp_path / "thesis", overwrite=True)


def test_an_interrupted_store_goes_on(tmp_path):
    path = tmp_path / "x"
    made = []

    def make(fail):
        def block(x, block_info=None):
            at = block_info[None]["chunk-location"]
            if fail and at == (3, 0):
                raise RuntimeError("the lights went out")
            made.append(at)
            return x + at[0]

        return da.ones((8, 4), chunks=(2, 4)).map_blocks(block, dtype=float)

    with chunkwise.config.set(num_threads=1):
        with pytest.raises(RuntimeError, match="lights"):
            da.to_zarr(make(True), path, resume=True)
        assert not path.exists()
        da.to_zarr(make(False), path, resume=True)
    want = np.repeat([1.0, 2, 3, 4], 2)[:, None] * np.ones((1, 4))
    np.testing.assert_array_equal(zarr.open_array(path, mode="r")[:], want)
    assert os.listdir(tmp_path) == ["x"]
    da.to_zarr(da.ones((8, 4), chunks=4), tmp_path / "y", resume=True)
    assert zarr.open_array(tmp_path / "y", mode="r")[:].sum() == 32


def test_a_resumed_store_must_be_the_same(tmp_path):
    def broken(x):
        raise RuntimeError("out")

    with pytest.raises(RuntimeError):
        da.to_zarr(
            da.ones((8, 4), chunks=4).map_blocks(broken, dtype=float), tmp_path / "x", resume=True
        )
    with pytest.raises(ValueError, match="other metadata"):
        da.to_zarr(da.ones((8, 4), chunks=2), tmp_path / "x", resume=True)


def test_objects_of_zarr(tmp_path):
    x = values((9, 9), "int32")
    there = zarr.create_array(tmp_path / "x", shape=x.shape, chunks=(4, 4), dtype=x.dtype)
    there[:] = x
    assert "zarr" in da.from_zarr(there).explain()
    np.testing.assert_array_equal(da.from_zarr(there).compute(), x)
    da.to_zarr(da.asarray(x + 1), there)
    np.testing.assert_array_equal(there[:], x + 1)
    memory = zarr.create_array({}, shape=x.shape, chunks=(4, 4), dtype=x.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        memory[:] = x
        np.testing.assert_array_equal(da.from_zarr(memory).compute(), x)


def test_stores_of_zarr_that_are_not_folders():
    store = zarr.storage.MemoryStore()
    x = values((30, 20), "float64")
    a = da.from_array(x, chunks=(10, 20))
    da.to_zarr(a, store, component="g/x", dimension_names=["t", "x"], attributes={"units": "K"})
    z = zarr.open_array(store, path="g/x", mode="r")
    assert z.chunks == (10, 20) and z.attrs["units"] == "K"
    assert z.metadata.dimension_names == ("t", "x")
    np.testing.assert_array_equal(z[:], x)
    np.testing.assert_array_equal(da.from_zarr(store, component="g/x").compute(), x)
    da.to_zarr(a[:5] * 0, store, component="g/x", region=(slice(3, 8), slice(None)))
    x[3:8] = 0
    np.testing.assert_array_equal(da.from_zarr(store, component="g/x").compute(), x)
    with pytest.raises(zarr.errors.ContainsArrayError):
        da.to_zarr(a, store, component="g/x")
    with pytest.raises(ValueError, match="no array"):
        da.from_zarr(store, component="g")
    with pytest.raises(NotImplementedError, match="append_dim"):
        da.to_zarr(a, store, component="g/x", append_dim=0)


def test_mode_says_whether_to_replace(tmp_path):
    path = tmp_path / "x.zarr"
    da.to_zarr(da.ones(3), path, mode="w-")
    with pytest.raises(FileExistsError):
        da.to_zarr(da.zeros(3), path, mode="w-")
    da.to_zarr(da.zeros(3), path, mode="w")
    assert da.from_zarr(path).sum().compute() == 0
    with pytest.raises(ValueError, match="mode='r'"):
        da.to_zarr(da.zeros(3), path, mode="r")


def test_errors_say_what_is_wrong(tmp_path):
    with pytest.raises(FileNotFoundError, match="no Zarr array"):
        da.from_zarr(tmp_path / "nothing")
    da.to_zarr(da.ones((8, 8), chunks=4), tmp_path / "x")
    chunk = tmp_path / "x" / "c" / "1" / "0"
    good = chunk.read_bytes()
    for bad in (b"", good[: len(good) // 2], b"\x00" * len(good), good + b"more"):
        chunk.write_bytes(bad)
        with pytest.raises(ValueError, match=r"x/c/1/0.*corrupt chunk"):
            da.from_zarr(tmp_path / "x").compute()
    chunk.unlink()
    assert da.from_zarr(tmp_path / "x").sum().compute() == 48
    text = (tmp_path / "x" / "zarr.json").read_text()
    for bad in ("", "{", "[]", text.replace("float64", "string"), text.replace("zstd", "magic")):
        (tmp_path / "x" / "zarr.json").write_text(bad)
        with pytest.raises(ValueError, match=r"zarr\.json"):
            da.from_zarr(tmp_path / "x")


def test_only_touched_chunks_are_read(tmp_path):
    da.to_zarr(da.ones((40, 40), chunks=10), tmp_path / "x")
    for row in range(4):
        for column in range(1, 4):
            (tmp_path / "x" / "c" / str(row) / str(column)).write_bytes(b"broken")
    x = da.from_zarr(tmp_path / "x")
    np.testing.assert_array_equal(x[..., :10].mean(0).compute(), np.ones(10))
    with pytest.raises(ValueError, match="corrupt"):
        x[..., :11].mean(0).compute()


@pytest.mark.parametrize("limit", ["4MiB", "64MiB"])
def test_rechunk_both_ways(tmp_path, limit):
    x = values((700, 900), "float64")
    da.to_zarr(da.asarray(x, chunks=(7, 900)), tmp_path / "rows")
    with chunkwise.config.set(memory_limit=limit):
        da.to_zarr(da.from_zarr(tmp_path / "rows"), tmp_path / "columns", chunks=(700, 9))
        da.to_zarr(da.from_zarr(tmp_path / "columns").T, tmp_path / "back", chunks=(90, 70))
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "columns", mode="r")[:], x)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "back", mode="r")[:], x.T)


def test_a_shard_is_read_by_its_chunks(tmp_path):
    x = values((64, 64), "float32")
    da.to_zarr(da.asarray(x), tmp_path / "x", chunks=(8, 8), shards=(32, 32))
    y = da.from_zarr(tmp_path / "x")
    assert y.chunks == ((8,) * 8, (8,) * 8)
    np.testing.assert_array_equal(y[5:50:3, 7].compute(), x[5:50:3, 7])
    np.testing.assert_array_equal(y.compute(), x)
    np.testing.assert_array_equal(zarr.open_array(tmp_path / "x", mode="r")[:], x)


def test_0_d_and_empty(tmp_path):
    da.to_zarr(da.asarray(3.5), tmp_path / "zero")
    assert zarr.open_array(tmp_path / "zero", mode="r")[()] == 3.5
    assert da.from_zarr(tmp_path / "zero").compute() == 3.5
    da.to_zarr(da.zeros((0, 4)), tmp_path / "empty")
    assert da.from_zarr(tmp_path / "empty").compute().shape == (0, 4)


def test_compute_later(tmp_path):
    later = da.to_zarr(da.ones(4), tmp_path / "x", compute=False)
    assert not (tmp_path / "x").exists()
    later.compute()
    stored = da.to_zarr(da.ones(4) * 2, tmp_path / "y", return_stored=True)
    assert stored.sum().compute() == 8


def test_what_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    x = da.ones((4000, 4000), chunks=(4000, 4000))
    refused = pytest.raises(MemoryError, match="the smallest limit that would do is")
    with chunkwise.config.set(memory_limit="64MiB"), refused:
        da.to_zarr(x, tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_an_array_that_is_opened_twice_is_read_once(tmp_path: Path) -> None:
    from chunkwise.diagnostics import Profiler

    values = np.arange(400.0).reshape(20, 20)
    path = tmp_path / "x.zarr"
    da.to_zarr(da.from_array(values, chunks=(5, 20)), path)
    first, second = da.from_zarr(path), da.from_zarr(os.fspath(path), chunks=(20, 5))
    with Profiler() as prof:
        total, means = chunkwise.compute(first.sum(), (first + da.from_zarr(path)).mean(axis=0))
    assert total == values.sum() and np.array_equal(means, 2 * values.mean(axis=0))
    assert prof.runs[0].read == values.nbytes
    assert second.chunks == ((20,), (5, 5, 5, 5)) and np.array_equal(second.compute(), values)
    # What is written since is seen, by arrays that were there too.
    da.to_zarr(da.zeros((5, 20)), path, region=(slice(0, 5), slice(None)))
    values[:5] = 0
    assert np.array_equal(first.compute(), values)
    assert np.array_equal(da.from_zarr(path).compute(), values)
    # Another array in its place is another array.
    da.to_zarr(da.ones((20, 20), dtype="i2"), path, overwrite=True)
    assert da.from_zarr(path).sum().compute() == 400
    da.to_zarr(da.full((3,), 7.0), path, overwrite=True)
    assert da.from_zarr(path).compute().tolist() == [7.0] * 3
    for n in range(70):
        da.to_zarr(da.full((2,), n), tmp_path / f"{n}.zarr")
        assert da.from_zarr(tmp_path / f"{n}.zarr")[0].compute() == n
    assert da.from_zarr(path).compute().tolist() == [7.0] * 3
