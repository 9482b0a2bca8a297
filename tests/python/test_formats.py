"""Files of NumPy, raw elements, Parquet: what others write is read here, and the reverse."""

from __future__ import annotations

import os
import pickle
import zipfile

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

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


SLICES = [np.s_[...], np.s_[3:9, ::-2], np.s_[5], np.s_[:, 2], np.s_[0:0]]


# .npz


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", DTYPES)
def test_npz_of_numpy(tmp_path, save, dtype):
    x, y = values((13, 11), dtype), np.asfortranarray(values((13, 11), dtype))
    other = values((7,), dtype)
    swapped = other.astype(other.dtype.newbyteorder(">"))
    save(tmp_path / "x.npz", x=x, y=y, zero=x[0, 0], empty=x[:0], swapped=swapped)
    for name, expected in [("x", x), ("y", y)]:
        lazy = da.from_npz(tmp_path / "x.npz", name, chunks=5)
        assert lazy.dtype == dtype
        for part in SLICES:
            np.testing.assert_array_equal(lazy[part].compute(), expected[part])
    for name, expected in [("zero", x[0, 0]), ("empty", x[:0]), ("swapped", swapped)]:
        got = da.from_npz(tmp_path / "x.npz", name)
        assert got.shape == expected.shape
        np.testing.assert_array_equal(got.compute(), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_savez_is_read_by_numpy(tmp_path, dtype):
    x = values((13, 11), dtype)
    lazy = da.asarray(x, chunks=4)
    da.savez(tmp_path / "x", lazy, lazy[2], t=lazy.T, zero=lazy[0, 0], empty=lazy[:0])
    with np.load(tmp_path / "x.npz") as file:
        expected = {"t": x.T, "zero": x[0, 0], "empty": x[:0], "arr_0": x, "arr_1": x[2]}
        assert set(file.files) == set(expected)
        for name, array in expected.items():
            assert file[name].dtype == dtype
            np.testing.assert_array_equal(file[name], array)
    with zipfile.ZipFile(tmp_path / "x.npz") as file:
        assert file.testzip() is None
    assert os.listdir(tmp_path) == ["x.npz"]


def test_savez_has_numpys_names_and_mistakes(tmp_path):
    x = da.ones(3, chunks=2)
    with pytest.raises(ValueError, match="arr_0"):
        da.savez(tmp_path / "x.npz", x, arr_0=x)
    mask = x[x > 0]
    da.savez(tmp_path / "x.npz", mask)
    assert np.load(tmp_path / "x.npz")["arr_0"].tolist() == [1, 1, 1]

    def broken(block):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        da.savez(tmp_path / "x.npz", a=x, b=x.map_blocks(broken, dtype="f8"))
    assert np.load(tmp_path / "x.npz").files == ["arr_0"]
    assert os.listdir(tmp_path) == ["x.npz"]


def test_npz_that_is_not_whole(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, a=np.arange(1000), b=np.arange(3), c=np.array(["text"]))
    with pytest.raises(ValueError, match="has 3 arrays; name one of a, b, c"):
        da.from_npz(path)
    with pytest.raises(ValueError, match='no array "d"; it has a, b, c'):
        da.from_npz(path, "d")
    with pytest.raises(ValueError, match="cannot be read; known are bool"):
        da.from_npz(path, "c")
    whole = path.read_bytes()
    for size in [0, 100, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="not a whole zip file"):
            da.from_npz(path, "a")
    with pytest.raises(FileNotFoundError):
        da.from_npz(tmp_path / "y.npz", "a")


def test_npz_of_many_members_needs_wide_fields(tmp_path):
    path = tmp_path / "x.npz"
    count = 70_000
    with zipfile.ZipFile(path, "w") as file:
        with file.open("a.npy", "w", force_zip64=True) as member:
            np.save(member, np.arange(10))
        for number in range(count):
            file.writestr(str(number), b"")
    assert da.from_npz(path).sum().compute() == 45


def test_packed_members_are_unpacked_where_it_is_asked(tmp_path):
    x = np.arange(100_000).reshape(100, 1000)
    np.savez_compressed(tmp_path / "x.npz", x=x)
    with chunkwise.config.set(spill_directory=tmp_path / "none"):
        lazy = da.from_npz(tmp_path / "x.npz")
    with pytest.raises(FileNotFoundError, match="unpacking into"):
        lazy.sum().compute()
    (tmp_path / "spill").mkdir()
    with chunkwise.config.set(spill_directory=tmp_path / "spill", memory_limit="2MiB"):
        assert da.from_npz(tmp_path / "x.npz").sum().compute() == x.sum()
    assert os.listdir(tmp_path / "spill") == []


# Raw elements


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_raw_elements(tmp_path, dtype, order, byte_order):
    x = values((13, 11), dtype)
    stored = x.astype(x.dtype.newbyteorder(byte_order))
    path = tmp_path / "x.bin"
    path.write_bytes(b"seven b" + stored.tobytes(order))
    kind = f"{byte_order}{x.dtype.str[1:]}"
    lazy = da.from_raw(path, kind, x.shape, offset=7, order=order, chunks=(4, 6))
    assert lazy.dtype == dtype and lazy.chunks == ((4, 4, 4, 1), (6, 5))
    for part in SLICES:
        np.testing.assert_array_equal(lazy[part].compute(), x[part])
    flat = da.from_raw(path, kind, offset=7)
    np.testing.assert_array_equal(flat.compute(), x.ravel(order))
    da.to_raw(tmp_path / "y.bin", lazy)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "y.bin", dtype).reshape(x.shape), x)


def test_raw_files_of_a_wrong_length(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(100))
    with pytest.raises(ValueError, match="100 bytes behind the offset of 0 are no whole number of"):
        da.from_raw(path, "f8")
    with pytest.raises(ValueError, match="are 96 bytes, behind the offset of 0 the file has 100"):
        da.from_raw(path, "f8", (3, 4))
    assert da.from_raw(path, "f8", (3, 4), offset=4).sum().compute() == 0
    assert da.from_raw(path, "u1", 100).shape == (100,)
    for bad in [{"offset": -1}, {"order": "A"}, {"shape": (-1, 2)}]:
        with pytest.raises(ValueError):
            da.from_raw(path, "u1", **bad)
    with pytest.raises(TypeError, match="not supported"):
        da.from_raw(path, "f2")
    with pytest.raises(FileNotFoundError):
        da.from_raw(tmp_path / "y.bin", "f8")


# Parquet

pa = pytest.importorskip("pyarrow", reason="who writes Parquet")
pq = pytest.importorskip("pyarrow.parquet")


def column(dtype: str, n: int) -> np.ndarray:
    x = values((n,), "int64")
    return x > 50 if dtype == "bool" else x.astype(dtype)


NUMBERS = [d for d in DTYPES if not d.startswith("complex")] + ["float16"]


@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("dictionary", [False, True])
@pytest.mark.parametrize("page_version", ["1.0", "2.0"])
def test_parquet_columns_of_every_dtype(tmp_path, compression, dictionary, page_version):
    n = 1000
    table = pa.table({d: column(d, n) for d in NUMBERS})
    path = tmp_path / "x.parquet"
    pq.write_table(
        table,
        path,
        compression=compression,
        use_dictionary=dictionary,
        data_page_version=page_version,
        data_page_size=500,
        row_group_size=300,
    )
    columns = da.from_parquet(path, NUMBERS)
    for dtype, x in columns.items():
        expected = column(dtype, n)
        assert x.dtype == ("float32" if dtype == "float16" else dtype)
        assert x.chunks == ((300, 300, 300, 100),)
        np.testing.assert_array_equal(x.compute(), expected)
        for part in [np.s_[5:17], np.s_[290:610], np.s_[::-7], np.s_[999:], np.s_[4:4]]:
            np.testing.assert_array_equal(x[part].compute(), expected[part])


def test_encodings_of_parquet(tmp_path):
    x = values((5000,), "int64")
    floats = np.sin(x) * np.arange(5000)
    table = pa.table({"i": x, "s": x.astype("int32"), "f": floats, "g": floats.astype("f4")})
    for name, encoding in [
        ("i", "DELTA_BINARY_PACKED"),
        ("s", "DELTA_BINARY_PACKED"),
        ("f", "BYTE_STREAM_SPLIT"),
        ("g", "BYTE_STREAM_SPLIT"),
    ]:
        path = tmp_path / f"{name}.parquet"
        pq.write_table(
            table.select([name]), path, use_dictionary=False, column_encoding={name: encoding}
        )
        np.testing.assert_array_equal(
            da.from_parquet(path, name)[100:].compute(), table[name].to_numpy()[100:]
        )


def test_nulls_of_parquet(tmp_path):
    path = tmp_path / "x.parquet"
    floats = [0.5, None, float("inf"), None, -1.0] * 100
    ints = [None, 2, 3, None, -5] * 100
    half = pa.array(floats, pa.float32()).cast(pa.float16())
    flags = pa.array([True, None, False, False, True] * 100)
    table = pa.table({"f": floats, "i": ints, "h": half, "b": flags, "all": [None] * 500})
    table = table.set_column(4, "all", pa.array([None] * 500, pa.int16()))
    pq.write_table(table, path, row_group_size=120)
    expected = np.array([0.5, np.nan, np.inf, np.nan, -1.0] * 100)
    for name in "fh":
        got = da.from_parquet(path, name)
        np.testing.assert_array_equal(got.compute(), expected)
        np.testing.assert_array_equal(got[3:250:3].compute(), expected[3:250:3])
    filled = da.from_parquet(path, "f", fill_value=7).compute()
    np.testing.assert_array_equal(filled, np.where(np.isnan(expected), 7, expected))
    with pytest.raises(ValueError, match='column "i" has 200 nulls, which int64 does not'):
        da.from_parquet(path, "i")
    filled = da.from_parquet(path, "i", fill_value=-9).compute()
    np.testing.assert_array_equal(filled, [-9, 2, 3, -9, -5] * 100)
    filled = da.from_parquet(path, "b", fill_value=True).compute()
    np.testing.assert_array_equal(filled, [True, True, False, False, True] * 100)
    assert da.from_parquet(path, "all", fill_value=np.int16(3)).sum().compute() == 1500
    with pytest.raises(OverflowError):
        da.from_parquet(path, "all", fill_value=40_000)
    # Without statistics the nulls show when they are read.
    pq.write_table(table, path, write_statistics=False)
    lazy = da.from_parquet(path, "i")
    with pytest.raises(ValueError, match="give a fill_value"):
        lazy.sum().compute()


def test_times_and_unusual_numbers_of_parquet(tmp_path):
    path = tmp_path / "x.parquet"
    days = np.array(["2020-01-02", "1969-12-31"], "datetime64[D]")
    halves = np.array([6e-8, 65504.0], "float16")
    table = pa.table(
        {
            "day": days,
            "ms": days.astype("datetime64[ms]"),
            "us": days.astype("datetime64[us]"),
            "ns": days.astype("datetime64[ns]"),
            "span": np.array([5, -5], "timedelta64[ns]"),
            "u64": np.array([2**64 - 1, 1], "uint64"),
            "u32": np.array([2**32 - 1, 1], "uint32"),
            "half": halves,
        }
    )
    pq.write_table(table, path)
    got = {name: x.compute() for name, x in da.from_parquet(path, table.column_names).items()}
    assert got["day"].dtype == "int32"
    for name, unit in [("day", "D"), ("ms", "ms"), ("us", "us"), ("ns", "ns")]:
        expected = days.astype(f"datetime64[{unit}]").astype("int64")
        np.testing.assert_array_equal(got[name], expected)
    for name in ["u64", "u32", "half"]:
        np.testing.assert_array_equal(got[name], table[name].to_numpy())
    np.testing.assert_array_equal(got["span"], [5, -5])
    pq.write_table(table.select(["ns"]), path, use_deprecated_int96_timestamps=True)
    ns = da.from_parquet(path, "ns").compute()
    np.testing.assert_array_equal(ns, days.astype("datetime64[ns]").astype("int64"))


def test_columns_that_are_no_numbers(tmp_path):
    path = tmp_path / "x.parquet"
    import decimal

    table = pa.table(
        {
            "text": ["a", "b"],
            "list": [[1, 2], [3]],
            "point": [{"x": 1}, {"x": 2}],
            "money": [decimal.Decimal("1.5"), decimal.Decimal("2.5")],
            "n": [1, 2],
        }
    )
    pq.write_table(table, path)
    for name, reason in [
        ("text", "text or bytes"),
        ("list.list.element", "nested"),
        ("point.x", "nested"),
        ("money", "decimal"),
        ("none", "no column .*it has text"),
    ]:
        with pytest.raises(ValueError, match=reason):
            da.from_parquet(path, name)
    assert da.from_parquet(path, "n").sum().compute() == 3
    whole = path.read_bytes()
    for size in [0, 3, 11, len(whole) // 2, len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="no whole Parquet file"):
            da.from_parquet(path, "n")
    with pytest.raises(FileNotFoundError):
        da.from_parquet(tmp_path / "y.parquet", "n")


def test_no_rows_and_broken_pages(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"n": pa.array([], pa.float64())}), path)
    assert da.from_parquet(path, "n").shape == (0,)
    assert da.from_parquet(path, "n").sum().compute() == 0
    x = np.random.default_rng(1).random(10_000)
    pq.write_table(pa.table({"n": x}), path, compression="zstd", use_dictionary=False)
    whole = path.read_bytes()
    rng = np.random.default_rng(2)
    read = 0
    for _ in range(60):
        broken = bytearray(whole)
        for place in rng.integers(4, len(whole), 20):
            broken[place] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        try:
            da.from_parquet(path, "n").compute()
            read += 1
        except (ValueError, OverflowError, MemoryError):
            pass
    assert read < 60


@pytest.mark.parametrize("kind", ["npz", "npz_compressed", "raw", "raw_swapped", "parquet"])
def test_pickles_name_the_file(tmp_path, kind):
    x = values((50,), "int32")
    path = tmp_path / kind
    if kind.startswith("npz"):
        (np.savez if kind == "npz" else np.savez_compressed)(f"{path}.npz", x=x)
        lazy = da.from_npz(f"{path}.npz", "x", chunks=20)
    elif kind.startswith("raw"):
        code = ">i4" if kind == "raw_swapped" else "<i4"
        x.astype(code).tofile(path)
        lazy = da.from_raw(path, code, (10, 5), order="F", chunks=4)
        x = x.reshape((10, 5), order="F")
    else:
        pq.write_table(pa.table({"x": pa.array(x, mask=x > 90)}), path)
        lazy = da.from_parquet(path, "x", fill_value=-1)
        x = np.where(x > 90, -1, x)
    data = pickle.dumps(lazy * 2)
    assert len(data) < 1500
    np.testing.assert_array_equal(pickle.loads(data).compute(), x * 2)


# Arrow in memory


@pytest.mark.parametrize("dtype", [d for d in NUMBERS if d not in ("float16", "bool")])
def test_arrow_arrays_share_their_memory(dtype):
    x = column(dtype, 100)
    arrow = pa.array(x)
    lazy = da.from_array(arrow, chunks=30)
    assert lazy.dtype == dtype and lazy.chunks == ((30, 30, 30, 10),)
    np.testing.assert_array_equal(lazy.compute(), x)
    # What NumPy lent to Arrow, Arrow lends on.
    x[3] = 99
    assert lazy[3].compute() == 99
    parts = pa.chunked_array([x[:40], x[40:45], x[45:]])
    lazy = da.from_array(parts, chunks=-1)
    assert lazy.chunks == ((40, 5, 55),)
    np.testing.assert_array_equal(lazy[30:60].compute(), x[30:60])
    x[42] = 98
    assert lazy[42].compute() == 98
    np.testing.assert_array_equal(da.from_array(arrow.slice(7, 50), chunks=9).compute(), x[7:57])


def test_arrow_nulls_and_other_kinds():
    with_nulls = da.from_array(pa.array([1, None, 3]), chunks=2).compute()
    np.testing.assert_array_equal(with_nulls, [1, np.nan, 3])
    flags = da.from_array(pa.array([True, False, True]), chunks=2)
    assert flags.dtype == bool and flags.compute().tolist() == [True, False, True]
    assert da.from_array(pa.chunked_array([], pa.float32()), chunks=2).shape == (0,)
    with pytest.raises(TypeError):
        da.from_array(pa.array(["a", "b"]))
