"""Arrays made larger at their edges, against NumPy."""

import chunkwise.array as da
import numpy as np
import pytest
from cases import assert_same, quiet
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

MODES = [
    ("constant", {}),
    ("constant", {"constant_values": 5}),
    ("constant", {"constant_values": (3, -4)}),
    ("edge", {}),
    ("linear_ramp", {}),
    ("linear_ramp", {"end_values": (7, 3)}),
    ("maximum", {}),
    ("maximum", {"stat_length": 2}),
    ("minimum", {"stat_length": (1, 3)}),
    ("mean", {}),
    ("mean", {"stat_length": 2}),
    ("reflect", {}),
    ("reflect", {"reflect_type": "odd"}),
    ("symmetric", {}),
    ("symmetric", {"reflect_type": "odd"}),
    ("wrap", {}),
]
if hasattr(da, "median"):
    MODES += [("median", {}), ("median", {"stat_length": 3})]


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float64", "complex64"])
@pytest.mark.parametrize("mode, options", MODES)
def test_modes(mode, options, dtype):
    if dtype == "complex64" and mode in ("maximum", "minimum", "median"):
        pytest.skip("complex numbers have no order that the statistics agree on")
    for shape in [(5,), (1,), (3, 4), (2, 3, 2)]:
        x = (np.arange(int(np.prod(shape))) ** 2 % 17 + 1).astype(dtype).reshape(shape)
        for width in (0, 1, 2, (3, 1), 12):
            with quiet():
                want = np.pad(x, width, mode, **options)
                ours = da.pad(da.asarray(x, chunks=2), width, mode, **options)
            assert_same(ours, want, atol=1e-12, note=f"{shape} {width}")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_widths(data):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=4))
    x = np.arange(int(np.prod(shape))).reshape(shape) ** 2
    widths = [(data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))) for _ in shape]
    mode, options = data.draw(st.sampled_from(MODES))
    chunks = data.draw(st.integers(1, 4))
    ours = da.pad(da.asarray(x, chunks=chunks), widths, mode, **options)
    assert_same(ours, np.pad(x, widths, mode, **options), atol=1e-12, note=mode)


def test_forms_of_widths_and_values():
    x = np.arange(6).reshape(2, 3)
    for width in (
        1,
        (1, 2),
        [(1, 2)],
        [(1, 2), (0, 3)],
        ((1,), (2,)),
        np.array([1, 2]),
        np.int8(2),
    ):
        assert_same(da.pad(x, width), np.pad(x, width))
    values = ((1, 2), (3, 4))
    assert_same(
        da.pad(x, 1, "constant", constant_values=values),
        np.pad(x, 1, "constant", constant_values=values),
    )
    assert_same(da.pad(x, 1, constant_values=2.7), np.pad(x, 1, constant_values=2.7))
    assert_same(da.pad(x, {1: (1, 2)}), np.pad(x, ((0, 0), (1, 2))))
    assert da.pad(x, 2, "empty").shape == (6, 7)
    assert_same(da.pad(np.array(5), 1), np.pad(np.array(5), 1))


def test_empty_arrays():
    x = np.zeros((0, 3))
    assert_same(da.pad(x, 2), np.pad(x, 2))
    assert_same(da.pad(x, ((0, 0), (1, 1)), "edge"), np.pad(x, ((0, 0), (1, 1)), "edge"))
    for mode in ("edge", "mean", "reflect", "wrap", "linear_ramp"):
        for name in (np.pad, da.pad):
            with pytest.raises(ValueError):
                name(x, 1, mode)


@pytest.mark.parametrize(
    "arguments, options",
    [
        ((3, "mirror"), {}),
        ((-1,), {}),
        ((1.5,), {}),
        (([1, 2, 3],), {}),
        ((1, "edge"), {"constant_values": 1}),
        ((1, "maximum"), {"stat_length": 0}),
        ((1, "mean"), {"stat_length": -1}),
    ],
)
def test_refused(arguments, options):
    x = np.arange(4.0)
    with pytest.raises(Exception) as numpys:
        np.pad(x, *arguments, **options)
    with pytest.raises(numpys.type):
        da.pad(x, *arguments, **options)


def test_not_a_number():
    x = np.array([np.nan, 1.0, np.inf])
    for mode in ("edge", "reflect", "wrap", "maximum", "mean"):
        with quiet():
            assert_same(da.pad(x, 2, mode), np.pad(x, 2, mode))
