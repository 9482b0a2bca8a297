"""Arrays to test with, and what it means that a result equals NumPy's."""

import warnings
from contextlib import contextmanager

import chunkwise
import chunkwise.array as da
import numpy as np

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

#: How an array of two axes may be cut.
CHUNKINGS = ["auto", 1, 2, (3, 2), ((1, 4), (2, 1, 3))]


def values(dtype, shape=(5, 6), *, specials=True):
    """All sorts of values, none of them alike where the dtype allows it."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape))
    rng = np.random.default_rng(size + ord(dtype.char))
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        x = rng.permutation(size).astype(dtype)
        x = x - dtype.type(size // 3) if dtype.kind == "i" else x
        special = [limits.max, limits.min, 0, 1]
    else:
        x = rng.normal(size=size) * 3
        special = [np.nan, np.inf, -np.inf, -0.0, 0.0, 1.0, -1.0]
        if dtype.kind == "c":
            x = x + 1j * rng.normal(size=size)
            special = [0, 1, 1j]
        x = x.astype(dtype)
    if specials:
        for place, value in zip(rng.permutation(size), special, strict=False):
            x[place] = value
    return x.reshape(shape)


def layouts(x):
    """The same elements, or some of them, laid out in other ways."""
    yield "c", x
    yield "fortran", np.asfortranarray(x)
    yield "transposed", x.T
    yield "backwards", x[::-1]
    if x.ndim > 1:
        yield "stepped", x[::2, ::-2]
        yield "broadcast", np.broadcast_to(x[:1], x.shape)
        yield "empty", x[:0]


@contextmanager
def quiet():
    """NumPy warns of what is no error here: NaN made, empty means."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def assert_same(ours, theirs, **options):
    """A lazy array has NumPy's shape, dtype (`float32` for `float16`) and values."""
    assert_all_same([(ours, theirs, options)])


def assert_all_same(pairs):
    """The same for several, computed in one run: (ours, NumPy's, options)."""
    checked = [(ours, np.asarray(theirs), options) for ours, theirs, options in pairs]
    for ours, theirs, options in checked:
        note = options.get("note", "")
        assert isinstance(ours, da.Array), f"{note}: {type(ours)}"
        assert ours.shape == theirs.shape, f"{note}: shape {ours.shape}, NumPy {theirs.shape}"
        dtype = np.dtype("float32") if theirs.dtype == np.float16 else theirs.dtype
        assert ours.dtype == dtype, f"{note}: dtype {ours.dtype}, NumPy {dtype}"
    computed = chunkwise.compute(*(ours for ours, _, _ in checked))
    for got, (ours, theirs, options) in zip(computed, checked, strict=True):
        _assert_values(np.asarray(got), ours, theirs, **options)


def _assert_values(got, ours, theirs, *, rtol=None, atol=0.0, exact=False, note=""):
    dtype = ours.dtype
    assert got.dtype == dtype, f"{note}: computed {got.dtype}, promised {dtype}"
    assert got.shape == theirs.shape, f"{note}: computed {got.shape}, promised {theirs.shape}"
    if exact or dtype.kind in "biu":
        np.testing.assert_array_equal(got, theirs, err_msg=note)
        return
    if rtol is None:
        rtol = {"float32": 2e-6, "complex64": 4e-6}.get(dtype.name, 2e-14)
    if theirs.dtype == np.float16:
        rtol = 2e-3
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, theirs, rtol=rtol, atol=atol, err_msg=note)


def outcome(function, *args, **kwargs):
    """What a call gives: its result, or the type of its exception."""
    try:
        with quiet():
            return function(*args, **kwargs), None
    except Exception as error:
        return None, error


def assert_same_error(ours, theirs, *, note=""):
    """Where NumPy raises, ours raises what an `except` of Python's own classes would catch."""
    assert ours is not None, f"{note}: NumPy raises {theirs!r}, ours does not"
    for kind in (TypeError, ValueError, IndexError, OverflowError, ZeroDivisionError):
        if isinstance(theirs, kind):
            assert isinstance(ours, kind), f"{note}: {ours!r}, NumPy {theirs!r}"
