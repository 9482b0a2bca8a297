"""Bits as bytes against NumPy's."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import DTYPES, assert_same, assert_same_error, outcome, values


@pytest.mark.parametrize("dtype", [d for d in DTYPES if np.dtype(d).kind in "biu"])
@pytest.mark.parametrize("order", ["big", "little"])
def test_packbits(dtype, order):
    for shape in [(5, 6), (3, 16), (0, 3), (3, 0), (17,), ()]:
        x = values(dtype, shape) if np.prod(shape) > 1 else np.ones(shape, dtype)
        a = da.asarray(x, chunks=2) if x.ndim else da.asarray(x)
        for axis in [None, *range(-x.ndim, x.ndim)]:
            assert_same(da.packbits(a, axis, order), np.packbits(x, axis, order))


@pytest.mark.parametrize("order", ["big", "little"])
def test_unpackbits(order):
    x = values("uint8")
    a = da.asarray(x, chunks=(2, 5))
    for axis in (None, 0, 1, -1):
        for count in (None, 0, 3, 21, 1000, -1, -40):
            options = {"axis": axis, "count": count, "bitorder": order}
            assert_same(da.unpackbits(a, **options), np.unpackbits(x, **options))
    assert_same(da.unpackbits(a[:0], axis=1), np.unpackbits(x[:0], axis=1))
    assert_same(da.unpackbits(np.uint8(9)), np.unpackbits(np.uint8(9)))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("packbits", ([1.5],)),
        ("packbits", ([1j],)),
        ("packbits", ([1], 1)),
        ("packbits", ([1], None, "middle")),
        ("unpackbits", ([1],)),
        ("unpackbits", (np.zeros(2, np.uint8), 0, -17)),
        ("unpackbits", (np.zeros(2, np.uint8), 2)),
        ("unpackbits", (np.zeros(2, np.uint8), 0, 1.5)),
    ],
)
def test_mistakes(name, arguments):
    _, theirs = outcome(getattr(np, name), *arguments)
    _, ours = outcome(getattr(da, name), *arguments)
    assert_same_error(ours, theirs)
