"""NumPy's own functions called with lazy arrays, and random programs with a NumPy twin."""

import warnings

import chunkwise.array as da
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from cases import assert_same, quiet, values
from hypothesis import given, settings

UFUNC_CALLS = [
    lambda x: np.sin(x),
    lambda x: np.add(x, 1),
    lambda x: np.add(np.ones(6), x),
    lambda x: np.float32(2) * x,
    lambda x: np.arange(6.0) - x,
    lambda x: np.multiply.outer(x, np.arange(3)),
    lambda x: np.add.reduce(x, axis=1),
    lambda x: np.maximum.accumulate(x, axis=0),
    lambda x: np.greater(x, 0.0, dtype=bool),
    lambda x: np.divmod(x, 2.0)[1],
    lambda x: np.clip(x, -1, 1),
]
FUNCTION_CALLS = [
    lambda x: np.sum(x, axis=0),
    lambda x: np.mean(x, axis=1, keepdims=True),
    lambda x: np.var(x, ddof=1),
    lambda x: np.argmax(x, axis=0),
    lambda x: np.nansum(x),
    lambda x: np.cumsum(x, axis=1),
    lambda x: np.diff(x, axis=0),
    lambda x: np.gradient(x, axis=0),
    lambda x: np.where(x > 0, x, 0),
    lambda x: np.round(x, 1),
    lambda x: np.real(x),
    lambda x: np.isclose(x, 0.5),
    lambda x: np.any(x > 1, axis=0),
    lambda x: np.count_nonzero(x > 0, axis=0),
    lambda x: np.ptp(x, axis=0),
    lambda x: np.amax(x, axis=0),
    lambda x: np.average(x, axis=0, weights=np.arange(5)),
    lambda x: np.nan_to_num(x),
    lambda x: np.trace(x),
]


@pytest.mark.parametrize("call", UFUNC_CALLS + FUNCTION_CALLS)
def test_numpy_functions_stay_lazy(call):
    x = values("float64", specials=False)
    assert_same(call(da.asarray(x, chunks=2)), call(x), rtol=1e-12, atol=1e-14)


def test_a_function_of_the_same_name_in_another_module_is_another():
    # numpy.linalg.norm must not find chunkwise.array.norm, nor numpy.sum numpy.ma's.
    from chunkwise.array._protocols import _function

    assert _function(np.sum) is da.sum
    assert _function(np.amax) is da.max
    assert _function(np.ma.sum) is None
    assert _function(np.select) is getattr(da, "select", None)


def test_unknown_functions_compute_with_a_warning():
    x = values("float64", specials=False)
    with pytest.warns(UserWarning, match=r"numpy.trapezoid is not a function of chunkwise.array"):
        got = np.trapezoid(da.asarray(x), axis=0)
    assert type(got) is np.ndarray
    np.testing.assert_allclose(got, np.trapezoid(x, axis=0))


def test_what_is_not_supported_is_a_type_error():
    x = da.asarray([1.0, 2.0])
    for call in (
        lambda: np.hypot.reduce(x),
        lambda: np.add.reduceat(x, [0, 1]),
        lambda: np.add.at(x, [0], 1),
        lambda: np.add(np.ma.masked_array([1.0, 2.0], [True, False]), x),
        lambda: np.add(x, np.array(["a", "b"])),
    ):
        with pytest.raises(TypeError):
            call()


def test_strangers_with_a_protocol_go_first():
    class Stranger:
        def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
            return "mine"

        def __array_function__(self, func, types, args, kwargs):
            return "mine"

    assert np.add(da.asarray([1.0]), Stranger()) == "mine"
    assert np.append(da.asarray([1.0]), Stranger()) == "mine"


def test_numpy_arrays_leave_operators_to_lazy_ones():
    x = np.arange(4.0)
    for got in (x + da.asarray(x), x[1] * da.asarray(x), x @ da.asarray(x)):
        assert isinstance(got, da.Array)


def test_overlapping_use_of_one_array():
    x = values("float64", specials=False)
    a = da.asarray(x, chunks=2)
    centred = (a - a.mean(axis=0)) / a.std(axis=0)
    assert_same(centred, (x - x.mean(axis=0)) / x.std(axis=0), rtol=1e-11, atol=1e-13)
    np.add(a, 1, out=a)
    a += a
    assert_same(a, (x + 1) * 2)


# Random programs: a tree of operations with the same operations on NumPy arrays beside it.

UNARY = ["negative", "absolute", "square", "sqrt", "exp", "floor", "sign", "isfinite", "conj"]
BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "less", "logical_or", "hypot"]
REDUCTIONS = ["sum", "max", "min", "mean", "any", "argmin", "count_nonzero"]
KINDS = ["bool", "int8", "uint16", "int64", "float32", "float64"]


@st.composite
def leaves(draw):
    dtype = draw(st.sampled_from(KINDS))
    shape = draw(st.sampled_from([(4, 6), (1, 6), (4, 1), (6,), ()]))
    elements = {"min_value": -3, "max_value": 3} if dtype[0] in "if" else None
    x = draw(hnp.arrays(dtype, shape, elements=elements))
    if draw(st.booleans()):
        x = x[..., ::-1] if x.ndim else x
    chunks = draw(st.sampled_from(["auto", 1, 2, 4]))
    return da.asarray(x, chunks=chunks), x


@st.composite
def programs(draw, depth=3):
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(leaves())
    kind = draw(st.sampled_from(["unary", "binary", "number", "reduction", "scan", "where"]))
    a, x = draw(programs(depth=depth - 1))
    if kind == "unary":
        name = draw(st.sampled_from(UNARY))
        if x.dtype == bool and name in ("negative", "sign"):
            name = "absolute"
        return getattr(da, name)(a), getattr(np, name)(_wide(x, name))
    if kind == "number":
        name = draw(st.sampled_from(["add", "multiply", "maximum", "true_divide"]))
        number = draw(st.sampled_from([True, 2, 1.5]))
        return getattr(da, name)(a, number), getattr(np, name)(x, number)
    if kind == "reduction":
        name = draw(st.sampled_from(REDUCTIONS))
        axis = draw(st.sampled_from([None, *range(-x.ndim, x.ndim)]))
        options = {"axis": axis, "keepdims": draw(st.booleans())}
        return getattr(da, name)(a, **options), np.asarray(getattr(np, name)(x, **options))
    if kind == "scan":
        axis = draw(st.sampled_from([None, *range(x.ndim)]))
        return da.cumsum(a, axis=axis), np.cumsum(x, axis=axis)
    b, y = draw(programs(depth=depth - 1))
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return a, x
    if kind == "where":
        return da.where(a > 0, a, b), np.where(x > 0, x, y)
    name = draw(st.sampled_from(BINARY))
    if x.dtype == y.dtype == bool and name == "subtract":
        name = "not_equal"
    small = name == "hypot" and np.result_type(x, y).itemsize < 2
    if small:
        return getattr(da, name)(a, b), np.hypot(x.astype("float32"), y.astype("float32"))
    return getattr(da, name)(a, b), getattr(np, name)(x, y)


def _wide(x, name):
    """What makes `float16` there is `float32` here, from the start."""
    return x.astype("float32") if x.itemsize == 1 and name in ("sqrt", "exp") else x


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_programs(data):
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got, want = data.draw(programs())
    if want.dtype == np.float16:
        return
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    single = want.dtype == np.float32
    with quiet():
        largest = np.nanmax(np.abs(want[np.isfinite(want)]), initial=1) if want.size else 1
    assert_same(
        got, want, rtol=1e-4 if single else 1e-11, atol=largest * (1e-5 if single else 1e-12)
    )
