"""Stores and disks that fail: no crash, no hang, no wrong data, and errors that name the object."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import textwrap
import time

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest

PACKAGE = os.path.dirname(os.path.dirname(chunkwise.__file__))
unix = pytest.mark.skipif(os.name != "posix", reason="signals, users, links and limits of Unix")


@pytest.fixture
def folder():
    """A folder that other users can reach, which pytest's own is not."""
    made = tempfile.mkdtemp(prefix="chunkwise-faults-")
    os.chmod(made, 0o777)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def program(text: str, *arguments: object) -> list[str]:
    return [sys.executable, "-W", "error", "-c", textwrap.dedent(text), *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": PACKAGE, "PYTHONDONTWRITEBYTECODE": "1"}


def run(text: str, *arguments: object, **options) -> subprocess.CompletedProcess:
    """A program in an interpreter of its own."""
    return subprocess.run(
        program(text, *arguments),
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        **options,
    )


def files(below: str) -> list[str]:
    return sorted(
        os.path.relpath(os.path.join(at, name), below)
        for at, _, names in os.walk(below)
        for name in names
    )


def temporaries(below: str) -> list[str]:
    return [name for name in files(below) if ".tmp" in name or "unfinished" in name]


# Shards

SHAPE, SHARDS, CHUNKS = (32, 32), (16, 16), (4, 4)


def sharded(path: str, **options) -> tuple[np.ndarray, str]:
    """A store of shards, and the file of its second shard."""
    x = np.random.default_rng(1).random(SHAPE)
    da.to_zarr(da.asarray(x), path, chunks=CHUNKS, shards=SHARDS, **options)
    return x, os.path.join(path, "c", "0", "1")


def is_refused(x: da.Array, index: object = ...) -> None:
    """Reading says which shard is wrong."""
    with pytest.raises((ValueError, OSError), match=r"x\.zarr/c/0/1"):
        x[index].compute()


@pytest.mark.parametrize("keep", [0, 1, 16, 100, "half", "index", -1])
def test_a_shard_that_was_cut_off(tmp_path, keep):
    path = str(tmp_path / "x.zarr")
    want, shard = sharded(path)
    size = os.path.getsize(shard)
    index = 16 * math.prod(s // c for s, c in zip(SHARDS, CHUNKS, strict=True)) + 4
    keep = {"half": size // 2, "index": index}.get(keep, keep)
    with open(shard, "rb") as file:
        bytes_ = file.read()
    # The index is at the end: cut off at either end, and with the middle missing.
    for damaged in (bytes_[:keep], bytes_[size - keep :] if keep > 0 else b"x" * index):
        if len(damaged) == size:
            continue
        with open(shard, "wb") as file:
            file.write(damaged)
        x = da.from_zarr(path)
        is_refused(x)
        is_refused(x, (slice(0, 4), slice(16, 20)))
        np.testing.assert_array_equal(x[:, :16].compute(), want[:, :16])


@pytest.mark.parametrize(
    "entry",
    [(2**40, 10), (0, 2**40), (2**64 - 2, 10), (10, 2**64 - 2), (2**64 - 1, 5), (2**63, 2**63)],
)
def test_an_index_that_points_outside(tmp_path, entry):
    zarr = pytest.importorskip("zarr")
    codecs = zarr.codecs
    path = str(tmp_path / "x.zarr")
    want = np.random.default_rng(1).random(SHAPE)
    serializer = codecs.ShardingCodec(
        chunk_shape=CHUNKS, codecs=[codecs.BytesCodec()], index_codecs=[codecs.BytesCodec()]
    )
    made = zarr.create_array(path, shape=SHAPE, chunks=SHARDS, dtype="f8", serializer=serializer,
                             compressors=None)  # fmt: skip
    made[:] = want
    shard = os.path.join(path, "c", "0", "1")
    with open(shard, "r+b") as file:
        file.seek(-16 * 16, os.SEEK_END)
        file.write(struct.pack("<QQ", *entry))
    x = da.from_zarr(path)
    is_refused(x)
    part = (slice(0, 4), slice(16, 20))
    if entry[0] == 0:
        # The chunk begins where it should, and no more of it is read than it has.
        np.testing.assert_array_equal(x[part].compute(), want[part])
    else:
        is_refused(x, part)
    np.testing.assert_array_equal(x[:, :16].compute(), want[:, :16])


def test_a_shard_that_was_written_again(tmp_path):
    """An array that was read before sees the new shard, whole or in parts."""
    path = str(tmp_path / "x.zarr")
    want, _ = sharded(path)
    x = da.from_zarr(path)
    np.testing.assert_array_equal(x[:4, 16:20].compute(), want[:4, 16:20])
    # Zeros are packed to next to nothing: chunks behind them are elsewhere.
    da.to_zarr(da.zeros((8, 16)), path, region=(slice(0, 8), slice(16, 32)))
    want[:8, 16:] = 0
    np.testing.assert_array_equal(x[8:12, 16:20].compute(), want[8:12, 16:20])
    np.testing.assert_array_equal(x.compute(), want)


# Things in the place of chunks


@unix
def test_a_folder_and_links_in_the_place_of_a_chunk(tmp_path):
    path = tmp_path / "x.zarr"
    da.to_zarr(da.ones((4, 4), chunks=2), path)
    chunk = path / "c" / "1" / "0"
    chunk.unlink()
    chunk.mkdir()
    with pytest.raises(OSError, match=r"x\.zarr/c/1/0"):
        da.from_zarr(path).compute()
    chunk.rmdir()
    # Opening a pipe would wait for ever.
    os.mkfifo(chunk)
    with pytest.raises(OSError, match=r"x\.zarr/c/1/0.*not a regular file"):
        da.from_zarr(path).compute()
    chunk.unlink()
    chunk.symlink_to("0")
    with pytest.raises(OSError, match=r"x\.zarr/c/1/0"):
        da.from_zarr(path).compute()
    chunk.unlink()
    # A link to nothing is as missing as nothing.
    chunk.symlink_to("nowhere")
    assert da.from_zarr(path).sum().compute() == 12
    chunk.unlink()
    (path / "zarr.json").unlink()
    (path / "zarr.json").symlink_to("zarr.json")
    with pytest.raises(OSError, match=r"zarr\.json"):
        da.from_zarr(path)
    (path / "zarr.json").unlink()
    (path / "zarr.json").mkdir()
    with pytest.raises(OSError, match=r"zarr\.json"):
        da.from_zarr(path)


@unix
def test_a_store_that_is_a_loop_of_links(tmp_path):
    os.symlink(tmp_path / "b", tmp_path / "a")
    os.symlink(tmp_path / "a", tmp_path / "b")
    with pytest.raises(OSError, match=r"/a"):
        da.from_zarr(tmp_path / "a")
    with pytest.raises(OSError, match=r"/a"):
        da.to_zarr(da.ones(3), tmp_path / "a")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


# Metadata

GOOD = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [8, 8],
    "data_type": "float64",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0.0,
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    "attributes": {},
}
GOOD_2 = {
    "zarr_format": 2,
    "shape": [8, 8],
    "chunks": [4, 4],
    "dtype": "<f8",
    "compressor": None,
    "fill_value": 0,
    "order": "C",
    "filters": None,
}


def chunk_shape(lengths: list) -> dict:
    return {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": lengths}}}


BYTES = GOOD["codecs"][0]
ABSURD = {
    "a shape of 2^63": {"shape": [2**63, 8]},
    "a shape of 2^64": {"shape": [2**64, 8]},
    "a shape of 1e30": {"shape": [1e30, 8]},
    "a product over 2^64": {"shape": [2**40, 2**40]},
    "a negative shape": {"shape": [-1, 8]},
    "a fraction": {"shape": [1.5, 8]},
    "a shape of text": {"shape": ["8", 8]},
    "a shape that is none": {"shape": None},
    "one axis too many": {"shape": [8, 8, 8]},
    "no axes, two of chunks": {"shape": []},
    "chunks of 0": chunk_shape([0, 4]),
    "negative chunks": chunk_shape([-4, 4]),
    "chunks of 2^64": chunk_shape([2**64, 4]),
    "no chunks": chunk_shape([]),
    "another grid": {"chunk_grid": {"name": "rectilinear", "configuration": {}}},
    "a grid that is a list": {"chunk_grid": []},
    "a dtype that is a number": {"data_type": 8},
    "a dtype of nothing": {"data_type": ""},
    "a dtype of 10^9 bits": {"data_type": "r1000000000"},
    "a fill value of text": {"fill_value": "many"},
    "a fill value of another kind": {"fill_value": {"a": 1}},
    "a fill value of too many bits": {"fill_value": "0x7ff80000000000000"},
    "no codecs": {"codecs": []},
    "codecs of nothing": {"codecs": [None]},
    "10000 codecs to bytes": {"codecs": [BYTES] * 10_000},
    "a codec twice": {"codecs": [BYTES, BYTES]},
    "a transposition of other axes": {
        "codecs": [{"name": "transpose", "configuration": {"order": [0, 7]}}, BYTES]
    },
    "a transposition of one axis twice": {
        "codecs": [{"name": "transpose", "configuration": {"order": [0, 0]}}, BYTES]
    },
    "shards of other axes": {
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [2], "codecs": [BYTES], "index_codecs": [BYTES]}}]
    },
    "shards that do not divide": {
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [3, 3], "codecs": [BYTES], "index_codecs": [BYTES]}}]
    },
    "chunks of shards of 0": {
        "codecs": [{"name": "sharding_indexed", "configuration": {
            "chunk_shape": [0, 0], "codecs": [BYTES], "index_codecs": [BYTES]}}]
    },
    "an unknown encoding of keys": {"chunk_key_encoding": {"name": "magic"}},
    "a separator of another kind": {
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "../"}}
    },
    "names for other axes": {"dimension_names": ["a"]},
    "attributes that are a list": {"attributes": [1, 2]},
    "another format": {"zarr_format": 4},
    "a node of another type": {"node_type": "tree"},
    "something that must be understood": {"magic": {"must_understand": True}},
}  # fmt: skip
ABSURD_2 = {
    "a shape of 2^63": {"shape": [2**63, 8]},
    "chunks of 0": {"chunks": [0, 4]},
    "negative chunks": {"chunks": [-4, 4]},
    "chunks of 2^64": {"chunks": [2**64, 4]},
    "other axes": {"chunks": [4]},
    "a dtype of objects": {"dtype": "|O"},
    "a dtype of nothing": {"dtype": ""},
    "a dtype of one byte order too many": {"dtype": "<<f8"},
    "a dtype of 3 bytes": {"dtype": "<f3"},
    "a structure": {"dtype": [["a", "<f8"]]},
    "another order": {"order": "Z"},
    "another compressor": {"compressor": {"id": "magic"}},
    "a compressor without a name": {"compressor": {"level": 1}},
    "a fill value of text": {"fill_value": "many"},
    "filters of nothing": {"filters": [None]},
}


def opened(path, file: str, document: object) -> da.Array:
    path.mkdir(exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document)
    (path / file).write_text(text)
    return da.from_zarr(path)


@pytest.mark.parametrize("what", ABSURD)
def test_absurd_metadata(tmp_path, what):
    with pytest.raises((ValueError, OverflowError, TypeError), match=r"zarr\.json"):
        opened(tmp_path / "x.zarr", "zarr.json", GOOD | ABSURD[what])


@pytest.mark.parametrize("what", ABSURD_2)
def test_absurd_metadata_of_version_2(tmp_path, what):
    with pytest.raises((ValueError, OverflowError, TypeError), match=r"\.zarray"):
        opened(tmp_path / "x.zarr", ".zarray", GOOD_2 | ABSURD_2[what])


@pytest.mark.parametrize(
    "text",
    ["null", "3", '"zarr"', "[" * 100_000, '{"a":' * 100_000, "{}", json.dumps(GOOD)[:-1],
     json.dumps(GOOD) * 2, "\x00", json.dumps(GOOD | {"attributes": {"a": 1}}) + "x"],
)  # fmt: skip
def test_what_is_no_document(tmp_path, text):
    with pytest.raises(ValueError, match=r"zarr\.json"):
        opened(tmp_path / "x.zarr", "zarr.json", text)


@pytest.mark.parametrize("attributes", [{"a": [[[]]] * 1000}, {str(n): n for n in range(10_000)}])
def test_what_is_odd_and_right(tmp_path, attributes):
    x = opened(tmp_path / "x.zarr", "zarr.json", GOOD | {"attributes": attributes})
    assert x.sum().compute() == 0


@pytest.mark.parametrize(
    ("spelled", "value"),
    [("NaN", math.nan), ("Infinity", math.inf), ("-Infinity", -math.inf), (1, 1.0),
     ("0x7ff8000000000000", math.nan), ("0x3ff0000000000000", 1.0), (-0.0, -0.0), (1e308, 1e308)],
)  # fmt: skip
@pytest.mark.parametrize("version", [2, 3])
def test_spellings_of_fill_values(tmp_path, spelled, value, version):
    if version == 2 and isinstance(spelled, str) and spelled.startswith("0x"):
        pytest.skip("version 3 alone has them")
    good, file = (GOOD, "zarr.json") if version == 3 else (GOOD_2, ".zarray")
    x = opened(tmp_path / "x.zarr", file, good | {"fill_value": spelled}).compute()
    np.testing.assert_array_equal(x, np.full((8, 8), value))
    assert np.signbit(x).all() == (math.copysign(1, value) < 0)


@pytest.mark.parametrize("lengths", [[2**40, 2**20], [2**31, 2**31], [8, 2**33]])
def test_chunks_that_no_memory_holds(tmp_path, lengths):
    """They are refused when something is computed, and allocate nothing."""
    shape = {"shape": lengths} if math.prod(lengths) * 8 < 2**63 else {}
    path = tmp_path / "x.zarr"
    codecs = [BYTES, {"name": "gzip", "configuration": {"level": 1}}]
    with pytest.raises((MemoryError, ValueError)):
        x = opened(path, "zarr.json", GOOD | chunk_shape(lengths) | shape | {"codecs": codecs})
        (path / "c" / "0").mkdir(parents=True)
        (path / "c" / "0" / "0").write_bytes(b"\x1f\x8b")
        x[:2, :2].compute()


# Disks


@pytest.fixture
def small_disk(folder):
    """A disk of 2 MiB."""
    at = os.path.join(folder, "disk")
    os.mkdir(at)
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", at], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield at
    subprocess.run(["umount", "-l", at], capture_output=True)


NOISE = "da.random.default_rng(1).random((1000, 1000), chunks=(100, 1000))"


@unix
def test_a_full_disk(small_disk):
    x = da.random.default_rng(1).random((1000, 1000), chunks=(100, 1000))
    was = da.arange(1000, chunks=100)
    path, npy = os.path.join(small_disk, "x.zarr"), os.path.join(small_disk, "x.npy")
    da.to_zarr(was, path)
    da.to_npy(npy, was)
    before = files(small_disk)
    for store in (
        lambda: da.to_zarr(x, path, overwrite=True),
        lambda: da.to_zarr(x, os.path.join(small_disk, "new.zarr")),
        lambda: da.to_zarr(
            x, os.path.join(small_disk, "s.zarr"), chunks=(50, 50), shards=(500, 500)
        ),
        lambda: da.to_npy(npy, x),
        lambda: da.to_npy(os.path.join(small_disk, "new.npy"), x),
    ):
        with pytest.raises(OSError, match=r"(?i)no space left") as raised:
            store()
        assert small_disk in str(raised.value)
        # What was there is there, and nothing else.
        assert files(small_disk) == before
        assert bool((da.from_zarr(path) == was).all().compute())
        np.testing.assert_array_equal(np.load(npy), np.arange(1000))
    with pytest.raises(OSError, match=r"(?i)no space left"):
        da.to_zarr(x, os.path.join(small_disk, "r.zarr"), resume=True)
    # Room again: what was written counts.
    assert not os.path.exists(os.path.join(small_disk, "r.zarr"))
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    da.to_zarr(x, os.path.join(small_disk, "r.zarr"), resume=True)
    assert bool((da.from_zarr(os.path.join(small_disk, "r.zarr")) == x).all().compute())
    assert temporaries(small_disk) == []


@unix
def test_a_full_disk_for_scratch_files(small_disk):
    x = da.random.default_rng(1).random((8_000_000,), chunks=100_000)
    with chunkwise.config.set(memory_limit="48MiB", spill_directory=small_disk):
        with pytest.raises(OSError, match=r"(?i)no space left"):
            da.to_zarr(da.sort(x), da.MemoryStore())
        assert files(small_disk) == []
        assert da.arange(10).sum().compute() == 45


@unix
@pytest.mark.parametrize("what", ["zarr", "shards", "npy", "scratch"])
def test_files_that_may_not_grow(folder, what):
    """The other way of a full disk: writes beyond a size fail."""
    done = run(
        f"""
        import resource, signal, sys
        import chunkwise
        import chunkwise.array as da
        folder, what = sys.argv[1:]
        x = {NOISE}
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            if what == "zarr":
                da.to_zarr(x, folder + "/x.zarr")
            elif what == "shards":
                da.to_zarr(x, folder + "/x.zarr", chunks=(10, 10), shards=(500, 500))
            elif what == "npy":
                da.to_npy(folder + "/x.npy", x)
            else:
                with chunkwise.config.set(memory_limit="48MiB", spill_directory=folder):
                    x = da.random.default_rng(1).random(8_000_000, chunks=100_000)
                    da.to_zarr(da.sort(x), da.MemoryStore())
        except OSError as error:
            print(error)
        assert da.arange(10).sum().compute() == 45
        """,
        folder,
        what,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "File too large" in done.stdout
    assert what == "scratch" or folder in done.stdout
    assert files(folder) == []


@unix
def test_no_permission(folder):
    path = os.path.join(folder, "x.zarr")
    da.to_zarr(da.arange(8, chunks=4), path)
    da.to_npy(os.path.join(folder, "x.npy"), da.arange(8))
    os.chmod(os.path.join(path, "c", "1"), 0)
    os.mkdir(os.path.join(folder, "closed"), 0o700 if os.geteuid() == 0 else 0)
    os.chmod(os.path.join(folder, "x.npy"), 0)
    os.chmod(folder, 0o755 if os.geteuid() == 0 else 0o555)
    before = files(folder)
    try:
        done = run(
            """
            import os, pathlib, sys
            import chunkwise
            import chunkwise.array as da
            folder = sys.argv[1]
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            def fails(what, f):
                try:
                    f()
                except PermissionError as error:
                    assert folder in str(error), error
                    print(what)
            x = da.from_zarr(folder + "/x.zarr")
            assert x[:4].sum().compute() == 6
            fails("chunk", lambda: x.compute())
            fails("npy", lambda: da.from_npy(folder + "/x.npy"))
            fails("open", lambda: da.from_zarr(folder + "/closed/x.zarr"))
            fails("create", lambda: da.to_zarr(da.ones(3), folder + "/new.zarr"))
            fails("inside", lambda: da.to_zarr(da.ones(3), folder + "/closed/new.zarr"))
            fails("replace", lambda: da.to_zarr(da.ones(3), folder + "/x.zarr", overwrite=True))
            fails("region", lambda: da.to_zarr(
                da.ones(4, dtype=int), folder + "/x.zarr", region=slice(0, 4)))
            fails("append", lambda: da.to_zarr(
                da.ones(4, dtype=int), folder + "/x.zarr", append_dim=0))
            fails("to_npy", lambda: da.to_npy(folder + "/new.npy", da.ones(3)))
            def spill():
                with chunkwise.config.set(memory_limit="48MiB", spill_directory=folder):
                    x = da.random.default_rng(1).random(8_000_000, chunks=100_000)
                    da.to_zarr(da.sort(x), da.MemoryStore())
            fails("spill", spill)
            """,
            folder,
        )
    finally:
        os.chmod(folder, 0o777)
    assert done.returncode == 0, done.stderr[-2000:]
    expected = "chunk npy open create inside replace region append to_npy spill"
    assert done.stdout.split() == expected.split()
    assert files(folder) == before


def test_a_scratch_folder_that_goes_away(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    x = da.random.default_rng(1).random((8_000_000,), chunks=400_000)
    seen = []

    def look(block, block_info=None):
        seen.append(1)
        if len(seen) == 10:
            shutil.rmtree(scratch)
        return block

    store = da.MemoryStore()
    with chunkwise.config.set(memory_limit="48MiB", spill_directory=str(scratch), num_threads=1):
        try:
            da.to_zarr(da.sort(x.map_blocks(look, dtype=float)), store)
        except OSError as error:
            assert str(tmp_path) in str(error)  # noqa: PT017
        else:
            # Files that are open stay readable without their names.
            assert bool((da.from_zarr(store)[1:] >= da.from_zarr(store)[:-1]).all().compute())
    assert len(seen) >= 10
    assert da.arange(10).sum().compute() == 45


@pytest.mark.parametrize("resume", [False, True])
def test_a_store_that_goes_away_while_it_is_written(tmp_path, resume):
    path = tmp_path / "deep" / "x.zarr"
    path.parent.mkdir()
    x = da.arange(100, chunks=5)

    def look(block, block_info=None):
        if block_info[None]["chunk-location"] == (10,):
            shutil.rmtree(path.parent)
        return block

    with chunkwise.config.set(num_threads=1), pytest.raises(OSError, match=r"x\.zarr"):
        da.to_zarr(x.map_blocks(look, dtype=x.dtype), path, resume=resume)
    assert not path.exists()
    shutil.rmtree(path.parent, ignore_errors=True)
    da.to_zarr(x, path, resume=resume)
    np.testing.assert_array_equal(da.from_zarr(path).compute(), np.arange(100))
    assert os.listdir(path.parent) == ["x.zarr"]


def test_a_store_that_goes_away_while_it_is_read(tmp_path):
    path = tmp_path / "x.zarr"
    da.to_zarr(da.ones(100, chunks=5), path)
    x = da.from_zarr(path)
    shutil.rmtree(path)
    # Chunks that are missing are the fill value, so that the array itself must be looked for.
    with pytest.raises(OSError, match=r"x\.zarr"):
        x.sum().compute()


# Interruptions

WRITER = """
import sys, time
import chunkwise.array as da
path, resume, wait = sys.argv[1], sys.argv[2] == "True", float(sys.argv[3])

def slow(block):
    time.sleep(wait)
    return block

x = da.random.default_rng(5).standard_normal((400, 100), chunks=(10, 100))
x = (x - x.mean(axis=0)).map_blocks(slow, dtype=float)
print("started", flush=True)
da.to_zarr(x, path, resume=resume, {options})
print("stored", flush=True)
"""


def staged(path: str) -> str:
    """Where a new array is written that can be resumed."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.unfinished")


def interrupted(path: str, signal_: int, options: str, chunks: int) -> subprocess.Popen:
    """A writer that gets a signal when it has written some chunks."""
    writer = subprocess.Popen(
        program(WRITER.replace("{options}", options), path, True, 0.02),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and writer.poll() is None:
        # The metadata is there first.
        if len(files(staged(path))) > chunks:
            break
        time.sleep(0.005)
    writer.send_signal(signal_)
    writer.wait(60)
    return writer


@unix
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
@pytest.mark.parametrize("options", ["", "chunks=(10, 50), shards=(20, 100)", "zarr_format=2"])
def test_an_interrupted_store_is_resumed(folder, name, options):
    signal_ = getattr(signal, name)
    path = os.path.join(folder, "x.zarr")
    whole = run(WRITER.replace("{options}", options), os.path.join(folder, "whole.zarr"), False, 0)
    assert whole.returncode == 0, whole.stderr[-2000:]
    for chunks in (1, 4):
        writer = interrupted(path, signal_, options, chunks)
        assert "stored" not in writer.stdout.read()
        assert writer.returncode == -signal_ or "KeyboardInterrupt" in writer.stderr.read()
        assert not os.path.exists(path)
        writer.stdout.close()
        writer.stderr.close()
    # What a process leaves that is killed as it writes.
    for at, _, names in os.walk(staged(path)):
        if names:
            with open(os.path.join(at, f".{names[0]}.4194305-7.tmp"), "wb") as file:
                file.write(b"half a chu")
    assert temporaries(folder)
    done = run(WRITER.replace("{options}", options), path, True, 0)
    assert done.returncode == 0, done.stderr[-2000:]
    assert files(path) == files(os.path.join(folder, "whole.zarr"))
    for file in files(path):
        got, want = (os.path.join(at, file) for at in (path, os.path.join(folder, "whole.zarr")))
        with open(got, "rb") as got, open(want, "rb") as want:
            assert got.read() == want.read(), file
    assert sorted(os.listdir(folder)) == ["whole.zarr", "x.zarr"]


@unix
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_what_was_there_survives_an_interruption(folder, name):
    signal_ = getattr(signal, name)
    path = os.path.join(folder, "x.zarr")
    da.to_zarr(da.arange(10, chunks=5), path)
    writer = interrupted(path, signal_, "overwrite=True", 5)
    assert writer.returncode != 0
    assert "Traceback" not in writer.stderr.read() or signal_ == signal.SIGINT
    writer.stdout.close()
    writer.stderr.close()
    np.testing.assert_array_equal(da.from_zarr(path).compute(), np.arange(10))
    assert run(WRITER.replace("{options}", "overwrite=True"), path, True, 0).returncode == 0
    assert da.from_zarr(path).shape == (400, 100)
    assert os.listdir(folder) == ["x.zarr"]


# Values that a file system keeps for itself


def test_odd_names(tmp_path):
    for name in ("with space", "ünïcode", "a%2Fb", "per%cent", "new\nline", "x" * 200, "-rf"):
        da.to_zarr(da.arange(4), tmp_path / name)
        assert da.from_zarr(tmp_path / name).sum().compute() == 6, name
    for path in ("../out", "a/../../out"):
        with pytest.raises((OSError, ValueError)):
            da.to_zarr(da.arange(4), tmp_path / "h.zarr", component=path)
    assert not (tmp_path.parent / "out").exists()
