"""NumPy's own functions called with lazy arrays, and random programs with a NumPy twin."""

import chunkwise.array as da
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from cases import assert_same, quiet, values
from hypothesis import HealthCheck, given, settings

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
    with pytest.warns(UserWarning, match=r"numpy.polyval is not a function of chunkwise.array"):
        got = np.polyval([2.0, 1.0], da.asarray(x))
    assert type(got) is np.ndarray
    np.testing.assert_allclose(got, np.polyval([2.0, 1.0], x))


def test_the_ufunc_of_a_stranger_is_called_by_chunk():
    # NumPy's inner one, which is no public function, stands for those of scipy.special.
    from numpy._core.umath import clip

    x = values("float32", specials=False)
    y = np.linspace(0, 2, 6)
    a, b = da.asarray(x, chunks=2), da.asarray(y, chunks=4)
    assert_same(clip(a, 0.5, b), clip(x, 0.5, y))
    assert_same(clip(a, -1, 1.5), clip(x, -1, 1.5))
    with pytest.raises(TypeError):
        clip(a, 1)


def test_functions_that_return_several():
    x = values("float64", specials=False)
    a = da.asarray(x, chunks=2)
    for got, want in zip(np.where(a > 0), np.where(x > 0), strict=True):
        assert_same(got, want)
    assert_same(x @ da.asarray(x.T), x @ x.T, rtol=1e-12)
    assert (np.shape(a), np.ndim(a), np.size(a)) == ((5, 6), 2, 30)


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
    for got in (x + da.asarray(x), x[1] * da.asarray(x), x == da.asarray(x)):
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
#: Where a result is rounded otherwise than NumPy's, a step makes of it a difference of any size.
STEPS = {"floor", "sign", "less", "logical_or", "any", "argmin", "count_nonzero"}
ROUNDED = {"sqrt", "exp", "mean", "hypot", "true_divide"}


@st.composite
def leaves(draw):
    dtype = draw(st.sampled_from(KINDS))
    shape = draw(st.sampled_from([(4, 6), (1, 6), (4, 1), (6,), ()]))
    # Quarters, so that sums and products are exact.
    x = draw(hnp.arrays("int8", shape, elements={"min_value": -12, "max_value": 12}))
    x = (x / 4).astype(dtype) if dtype[0] == "f" else (x // 4).astype(dtype)
    if draw(st.booleans()):
        x = x[..., ::-1] if x.ndim else x
    return da.asarray(x, chunks=draw(st.sampled_from(["auto", 1, 2, 4]))), x, True


def both(name, exact, ours, theirs, **options):
    """A function of ours and of NumPy's, and whether their results can be told apart."""
    exact = exact and name not in ROUNDED and (name != "square" or theirs[0].dtype != np.float32)
    want = np.asarray(getattr(np, name)(*theirs, **options))
    return getattr(da, name)(*ours, **options), want, exact


@st.composite
def programs(draw, depth=3):
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        return draw(leaves())
    kind = draw(st.sampled_from(["unary", "binary", "number", "reduction", "scan", "where"]))
    a, x, exact = draw(programs(depth=depth - 1))
    if kind == "unary":
        name = draw(st.sampled_from(UNARY))
        if (x.dtype == bool and name in ("negative", "sign")) or (name in STEPS and not exact):
            name = "absolute"
        if name in ("sqrt", "exp") and x.itemsize == 1:
            # There the result would be float16.
            a, x = da.astype(a, np.float32), x.astype(np.float32)
        return both(name, exact, [a], [x])
    if kind == "number":
        name = draw(st.sampled_from(["add", "multiply", "maximum", "true_divide"]))
        number = draw(st.sampled_from([True, 2, 1.5]))
        return both(name, exact, [a, number], [x, number])
    if kind == "reduction":
        name = draw(st.sampled_from(REDUCTIONS))
        if name in STEPS and not exact:
            name = "max"
        axis = draw(st.sampled_from([None, *range(-x.ndim, x.ndim)]))
        return both(name, exact, [a], [x], axis=axis, keepdims=draw(st.booleans()))
    if kind == "scan":
        return both("cumsum", exact, [a], [x], axis=draw(st.sampled_from([None, *range(x.ndim)])))
    b, y, other = draw(programs(depth=depth - 1))
    try:
        np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return a, x, exact
    if kind == "where" and exact:
        return both("where", other, [a > 0, a, b], [x > 0, x, y])
    name = draw(st.sampled_from(BINARY))
    if name in STEPS and not (exact and other):
        name = "add"
    if x.dtype == y.dtype == bool and name == "subtract":
        name = "maximum"
    if name == "hypot" and np.result_type(x, y).itemsize == 1:
        name = "multiply"
    return both(name, exact and other, [a, b], [x, y])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_random_programs(data):
    with quiet():
        got, want, exact = data.draw(programs())
        largest = np.max(np.abs(want[np.isfinite(want)]), initial=1)
    rtol = 1e-12 if exact else 1e-4
    assert_same(got, want, rtol=rtol, atol=rtol * largest)
