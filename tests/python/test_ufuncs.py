"""Elementwise functions against NumPy's."""

import copy
import operator
import pickle

import chunkwise.array as da
import numpy as np
import pytest
from cases import (
    CHUNKINGS,
    DTYPES,
    assert_all_same,
    assert_same,
    assert_same_error,
    layouts,
    outcome,
    quiet,
    values,
)
from chunkwise.array._ufuncs import _OURS

UFUNCS = sorted(_OURS, key=lambda f: f.__name__)
UNARY = [f for f in UFUNCS if f.nin == 1]
BINARY = [f for f in UFUNCS if f.nin == 2]

#: Results that are further from NumPy's than the usual bound: what is lost to cancellation.
TOLERANCE = {"tan": 1e-13, "arctanh": 1e-13, "arcsinh": 1e-13, "log1p": 1e-13, "expm1": 1e-13}


def name(f):
    return f.__name__


def ours(f):
    return getattr(da, f.__name__)


def sample(f, dtype, shape=(5, 6)):
    """Values on which the function is no cliff edge, so that one rounding shows as one."""
    if f.__name__ in ("left_shift", "right_shift") and np.dtype(dtype).kind in "iu":
        return values(dtype, shape, specials=False) % 7
    if f.__name__ == "reciprocal" and np.dtype(dtype).kind in "iu":
        # What an integer divided by zero gives is not defined there, and 0 here.
        return np.where(values(dtype, shape) == 0, 1, values(dtype, shape)).astype(dtype)
    if f.__name__ in ("power", "float_power"):
        # Complex powers of infinities differ in which parts are NaN.
        return values(dtype, shape, specials=np.dtype(dtype).kind != "f")
    return values(dtype, shape)


def exponent(f, y, kind):
    """The second argument: no negative power of integers, which NumPy refuses when it meets it."""
    if f.__name__ == "power" and kind in "biu":
        return (np.abs(y.astype(np.int64)) % 5).astype(y.dtype) if y.dtype.kind in "biu" else y
    return y


def pairs(f, got, args, note):
    """Our results beside NumPy's, with how near they must be."""
    with quiet():
        theirs = f(*args)
        results = theirs if f.nout > 1 else (theirs,)
        if any(r.dtype == np.float16 for r in results):
            wider = [a.astype(np.float32) for a in args[:1]]
            wider += [a if f.__name__ == "ldexp" else a.astype(np.float32) for a in args[1:]]
            theirs = f(*wider)
            results = theirs if f.nout > 1 else (theirs,)
    got = got if f.nout > 1 else (got,)
    for g, r in zip(got, results, strict=True):
        tolerance = TOLERANCE.get(f.__name__)
        if r.dtype in (np.float32, np.complex64):
            tolerance = 2e-5 if f.__name__ in TOLERANCE or f.__name__ == "power" else 5e-6
        if r.dtype == np.complex128:
            tolerance = 1e-12
        scale = 1e-5 if r.dtype == np.complex64 else 1e-14
        atol = scale if r.dtype.kind == "c" else 0.0
        yield g, r, {"rtol": tolerance, "atol": atol, "note": note}


def test_every_ufunc_of_numpy_is_there():
    # Those that are not elementwise, not of our dtypes, or under another helper's care.
    others = {"matmul", "matvec", "vecdot", "vecmat", "isnat"}
    theirs = {f.__name__ for f in vars(np).values() if isinstance(f, np.ufunc)}
    assert theirs - others == {f.__name__ for f in UFUNCS}
    for alias, f in vars(np).items():
        if isinstance(f, np.ufunc) and f.__name__ not in others:
            assert getattr(da, alias) is _OURS[f]
            assert alias in da.__all__


@pytest.mark.parametrize("f", UNARY, ids=name)
def test_unary_dtypes(f):
    found = []
    for dtype in DTYPES:
        x = sample(f, dtype)
        got, raised = outcome(ours(f), da.asarray(x, chunks=(3, 4)))
        _, expected = outcome(f, x)
        if expected is not None:
            assert_same_error(raised, expected, note=dtype)
        else:
            assert raised is None, f"{dtype}: {raised!r}"
            found += pairs(f, got, [x], dtype)
    assert_all_same(found)


@pytest.mark.parametrize("f", BINARY, ids=name)
def test_binary_dtypes(f):
    found = []
    for a in DTYPES:
        for b in DTYPES:
            x, y = sample(f, a, (7,)), sample(f, b, (7,))[::-1].copy()
            y = exponent(f, y, x.dtype.kind)
            note = f"{a}, {b}"
            got, raised = outcome(ours(f), da.asarray(x, chunks=3), da.asarray(y, chunks=2))
            _, expected = outcome(f, x, y)
            if expected is not None:
                assert_same_error(raised, expected, note=note)
            else:
                assert raised is None, f"{note}: {raised!r}"
                found += pairs(f, got, [x, y], note)
    assert_all_same(found)


NUMBERS = [True, 3, -3, 2.5, 1 + 2j, 300, 2**40, -(2**70)]


@pytest.mark.parametrize("f", BINARY, ids=name)
def test_python_numbers_have_no_width(f):
    found = []
    for dtype in DTYPES:
        x = sample(f, dtype, (4,))
        for number in NUMBERS:
            if abs(number) > 2**32 and (dtype == "bool" or f.__name__[:5] in ("ldexp", "logic")):
                # NumPy stops at the width of a C integer, where ours need not.
                continue
            if f.__name__ in ("left_shift", "right_shift") and number not in (True, 3):
                continue
            # NumPy gives a number scaled by integers the width of those.
            for swapped in (False, True) if f.__name__ != "ldexp" else (False,):
                args = [number, x] if swapped else [x, number]
                mine = [da.asarray(a, chunks=3) if a is x else a for a in args]
                note = f"{[type(a).__name__ if a is x else a for a in args]} {dtype}"
                if f.__name__ == "power":
                    if swapped and x.dtype.kind in "i":
                        continue
                    if abs(number) > 300 and x.dtype.kind not in "fc":
                        continue
                theirs, expected = outcome(f, *args)
                if expected is None and np.asarray(theirs).dtype == object:
                    # Integers beyond 64 bits are Python objects there, and an error here.
                    continue
                got, raised = outcome(ours(f), *mine)
                if expected is not None:
                    assert_same_error(raised, expected, note=note)
                    continue
                assert raised is None, f"{note}: {raised!r}"
                results = got if f.nout > 1 else (got,)
                wanted = theirs if f.nout > 1 else (theirs,)
                for g, t in zip(results, wanted, strict=True):
                    rtol = 2e-3 if t.dtype == np.float16 else 1e-5 if t.itemsize <= 8 else 1e-12
                    atol = 1e-4 if t.dtype == np.complex64 else 1e-12
                    if t.dtype == np.float16 or not np.isfinite(t).all():
                        assert g.dtype == (np.float32 if t.dtype == np.float16 else t.dtype), note
                        continue
                    atol = atol if t.dtype.kind == "c" else 0
                    found.append((g, t, {"rtol": rtol, "atol": atol, "note": note}))
    assert_all_same(found)


def test_numpy_scalars_have_a_width():
    x = da.asarray(np.ones(3, "float32"))
    assert (x * np.float64(2)).dtype == np.float64
    assert (np.float64(2) * x).dtype == np.float64
    assert (x * 2.0).dtype == np.float32
    assert (da.asarray(np.ones(3, "int8")) + np.int16(3)).dtype == np.int16
    assert da.add(1, 2).dtype == np.int64
    assert da.add(1, 2.5).compute() == 3.5


@pytest.mark.parametrize("chunks", CHUNKINGS, ids=str)
def test_chunkings_and_layouts(chunks):
    for dtype in ("int16", "float64", "complex64"):
        for layout, x in layouts(values(dtype, specials=False)):
            if layout in ("transposed", "stepped", "empty") and chunks not in ("auto", 1, 2):
                continue
            a = da.asarray(x, chunks=chunks)
            assert_same(a * 2 + a, x * 2 + x, note=f"{layout} {dtype}", exact=True)
            with quiet():
                assert_same(da.sqrt(da.abs(a)), np.sqrt(np.abs(x)), note=f"{layout} {dtype}")


@pytest.mark.parametrize(
    "shapes",
    [((5, 6), (6,)), ((5, 1), (1, 6)), ((), (5, 6)), ((5, 6), (1, 1)), ((0, 6), (6,)), ((), ())],
    ids=str,
)
def test_broadcasting(shapes):
    x, y = (values("float64", s, specials=False) if s else np.float64(1.5) for s in shapes)
    a, b = da.asarray(x), da.asarray(y)
    for f in (np.add, np.arctan2, np.less, np.copysign):
        assert_same(ours(f)(a, b), f(x, y))
        assert_same(ours(f)(a, y), f(x, y))
        assert_same(ours(f)(x, b), f(x, y))


def test_shapes_that_do_not_broadcast():
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        da.add(da.asarray(np.ones(3)), da.asarray(np.ones(4)))


# out, where, dtype, casting


def test_out_is_rebound():
    x = values("float64", specials=False)
    a, out = da.asarray(x), da.asarray(np.zeros((5, 6)))
    other = out
    assert da.exp(a, out=out) is out
    assert_same(other, np.exp(x))
    assert da.exp(a, out) is out
    assert np.add(a, 1, out=(out,)) is out
    assert_same(out, x + 1)


def test_out_may_be_larger_and_of_another_kind():
    out = da.asarray(np.zeros((2, 3), "float32"))
    da.add(da.asarray([1.0, 2.0, 3.0]), 1, out=out)
    assert out.dtype == np.float32
    assert_same(out, np.array([[2, 3, 4], [2, 3, 4]], "float32"))


def test_numpy_memory_as_out_is_computed_into():
    x = values("float64", specials=False)
    memory = np.zeros((5, 6))
    assert da.exp(da.asarray(x), out=memory) is memory
    np.testing.assert_allclose(memory, np.exp(x))
    memory += da.asarray(x)
    np.testing.assert_allclose(memory, np.exp(x) + x)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.add(x, 1.5, out=np.zeros(3, "int64")),
        lambda m, x: m.add(x, 1.5, out=np.zeros(2)),
        lambda m, x: m.add(x, 1.5, out=[1]),
        lambda m, x: m.add(x, x, casting="unheard"),
        lambda m, x: m.add(x),
        lambda m, x: m.add(x, x, x, x),
        lambda m, x: m.add(x, x, flavour="mild"),
        lambda m, x: m.add(x, 1.5, dtype="int64"),
        lambda m, x: m.less(x, 1.5, dtype="float64"),
        lambda m, x: m.add(x, x, casting="no", dtype="float32"),
        lambda m, x: m.bitwise_and(x, x),
        lambda m, x: m.add(x, 1, where=np.ones(3)),
        lambda m, x: m.negative(x > 0),
        lambda m, x: m.subtract(x > 0, x > 0),
        lambda m, x: m.power(np.arange(3), -1),
        lambda m, x: m.add(np.arange(3, dtype="int8"), 128),
        lambda m, x: m.left_shift(x, 1),
        lambda m, x: m.sin.outer(x, x),
        lambda m, x: m.sin.reduce(x),
        lambda m, x: m.add.reduce(x, axis=1),
        lambda m, x: m.add.accumulate(x, axis=1),
        lambda m, x: m.logical_and.reduce(x, axis=(0, 0)),
    ],
)
def test_errors_are_those_of_numpy(call):
    x = np.array([0.5, 1.5, 2.5])
    _, expected = outcome(call, np, x)
    _, raised = outcome(call, da, da.asarray(x))
    assert expected is not None
    assert_same_error(raised, expected)


def test_where():
    x = values("float64", specials=False)
    mask = x > 0
    before = np.full((5, 6), -7.0)
    out = da.asarray(before.copy())
    da.sqrt(da.asarray(x), out=out, where=da.asarray(mask))
    assert_same(out, np.sqrt(x, out=before.copy(), where=mask))
    # Without `out` NumPy promises nothing elsewhere.
    got = da.sqrt(da.asarray(x), where=mask)
    assert got.dtype == np.float64
    np.testing.assert_allclose(got.compute()[mask], np.sqrt(x[mask]))
    row = da.add(da.asarray(x), 1, out=da.asarray(before.copy()), where=mask[0])
    assert_same(row, np.add(x, 1, out=before.copy(), where=mask[0]))


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64", "complex128"])
def test_dtype(dtype):
    x = values("int8", specials=False)
    for f in (np.add, np.multiply, np.maximum):
        assert_same(ours(f)(da.asarray(x), 2, dtype=dtype), f(x, 2, dtype=dtype))
    if dtype != "int64":
        assert_same(da.sin(da.asarray(x), dtype=dtype), np.sin(x, dtype=dtype), atol=1e-6)
    assert_same(
        da.add(da.asarray(values("float64", specials=False)), 1, dtype=dtype, casting="unsafe"),
        np.add(values("float64", specials=False), 1, dtype=dtype, casting="unsafe"),
        rtol=1e-6,
    )


def test_two_results():
    x = values("float32")
    for f in (np.modf, np.frexp):
        first, second = (da.asarray(np.zeros((5, 6), r.dtype)) for r in f(np.ones(1, "float32")))
        assert ours(f)(da.asarray(x), out=(first, second)) == (first, second)
        for got, want in zip((first, second), f(x), strict=True):
            assert_same(got, want, exact=True)
    tiny = np.array([5e-324, -1e-310, 2.0**-1022, 0.0, -0.0, 1.7e308, 0.5, 1.0])
    for got, want in zip(da.frexp(tiny), np.frexp(tiny), strict=True):
        assert_same(got, want, exact=True)
    for got, want in zip(da.modf([-0.0, -1.5]), np.modf([-0.0, -1.5]), strict=True):
        np.testing.assert_array_equal(np.signbit(got.compute()), np.signbit(want))


# Methods and attributes.


def test_outer():
    x, y = values("int16", (2, 3), specials=False), values("int32", (4,), specials=False)
    a, b = da.asarray(x, chunks=2), da.asarray(y, chunks=3)
    for f in (np.add, np.less, np.hypot):
        assert_same(ours(f).outer(a, b), f.outer(x, y))
        assert_same(f.outer(a, b), f.outer(x, y))
        assert_same(ours(f).outer(a, 3), f.outer(x, 3))
        assert_same(ours(f).outer(3, b), f.outer(3, y))


REDUCED = ["add", "multiply", "maximum", "minimum", "fmax", "fmin", "logical_and", "logical_or"]


@pytest.mark.parametrize("f", REDUCED)
def test_reduce(f):
    theirs = getattr(np, f)
    for dtype in ("bool", "int8", "uint16", "float32", "complex128"):
        x = values(dtype, (3, 4), specials=False)
        a = da.asarray(x, chunks=2)
        for axis in (0, -1, (0, 1), None):
            for keepdims in (False, True):
                got = getattr(da, f).reduce(a, axis=axis, keepdims=keepdims)
                want = theirs.reduce(x, axis=axis, keepdims=keepdims)
                assert_same(got, want, rtol=1e-5, note=f"{dtype} {axis}")
        assert_same(theirs.reduce(a), theirs.reduce(x), rtol=1e-5)


@pytest.mark.parametrize("f", ["add", "multiply", "maximum", "minimum"])
def test_accumulate(f):
    theirs = getattr(np, f)
    for dtype in ("bool", "int8", "uint16", "float64"):
        x = values(dtype, (3, 4), specials=False)
        for axis in (0, 1, -1):
            got = getattr(da, f).accumulate(da.asarray(x, chunks=2), axis=axis)
            want = theirs.accumulate(x, axis=axis)
            if f in ("maximum", "minimum") or dtype != "bool":
                assert_same(got, want, note=f"{dtype} {axis}")
    with pytest.raises(TypeError, match="not supported"):
        da.hypot.reduce(da.asarray([1.0]))


def test_attributes():
    for f in UFUNCS:
        mine = ours(f)
        for attribute in ("nin", "nout", "nargs", "identity", "signature", "__name__"):
            assert getattr(mine, attribute) == getattr(f, attribute), (f, attribute)
        assert set(mine.types) <= set(f.types)
        assert mine.ntypes == len(mine.types) > 0
        assert pickle.loads(pickle.dumps(mine)) is mine
        assert copy.copy(mine) is mine
        assert repr(mine) == repr(f)
        assert "Examples" in mine.__doc__


# Operators.

OPERATORS = [
    operator.add,
    operator.sub,
    operator.mul,
    operator.truediv,
    operator.floordiv,
    operator.mod,
    operator.pow,
    operator.lshift,
    operator.rshift,
    operator.and_,
    operator.or_,
    operator.xor,
    operator.eq,
    operator.ne,
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    divmod,
]


@pytest.mark.parametrize("op", OPERATORS, ids=name)
def test_operators(op):
    for dtype in ("int32", "uint8", "float64", "bool"):
        x = values(dtype, (6,), specials=False)
        y = (np.arange(6) % 3).astype(dtype)
        a, b = da.asarray(x, chunks=4), da.asarray(y, chunks=3)
        listed = y.tolist()
        for left, right, beside in ((a, b, y), (a, y, y), (x, b, y), (a, listed, listed)):
            want, expected = outcome(op, x, beside)
            got, raised = outcome(op, left, right)
            if expected is not None:
                assert_same_error(raised, expected)
                continue
            assert raised is None, repr(raised)
            results = (r if isinstance(r, tuple) else (r,) for r in (got, want))
            for g, w in zip(*results, strict=True):
                assert_same(g, w, rtol=1e-13 if w.dtype != np.float16 else 2e-3)


@pytest.mark.parametrize("op", ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"])
def test_in_place_operators_keep_the_dtype(op):
    in_place = getattr(operator, op)
    for dtype in ("int8", "float32", "complex128"):
        for other in (2, 1.5, np.ones(5, "int64"), np.full(5, 2.0), np.ones((2, 5))):
            x = values(dtype, (5,), specials=False)
            a = da.asarray(x.copy(), chunks=2)
            kept = a
            want, expected = outcome(in_place, x.copy(), other)
            got, raised = outcome(in_place, a, other)
            if expected is not None:
                assert_same_error(raised, expected, note=f"{dtype} {other}")
            else:
                assert_same(got, want, rtol=1e-5, note=f"{dtype} {other}")
                # Another handle keeps what it was.
                assert_same(kept, x, exact=True)


def test_an_operator_leaves_strangers_to_themselves():
    class Stranger:
        def __radd__(self, other):
            return "mine"

    assert da.asarray([1]) + Stranger() == "mine"
    with pytest.raises(TypeError):
        da.asarray([1]) + object()


# Functions that are no ufuncs.

PLAIN = ["real", "imag", "iscomplex", "isreal", "fix", "isposinf", "isneginf", "nan_to_num", "sinc"]


@pytest.mark.parametrize("f", [*PLAIN, "angle", "i0"])
def test_plain_functions(f):
    for dtype in DTYPES:
        x = values(dtype, (4, 5))
        if f in ("sinc", "i0"):
            # NumPy has NaN for i0(inf).
            x = values(dtype, (4, 5), specials=False)
            x = x if x.dtype.kind != "c" else x / 4
        got, raised = outcome(getattr(da, f), da.asarray(x, chunks=3))
        want, expected = outcome(getattr(np, f), x)
        if expected is not None:
            assert_same_error(raised, expected, note=dtype)
            continue
        assert raised is None, f"{dtype}: {raised!r}"
        rtol = 1e-5 if want.dtype.itemsize < 8 or want.dtype == np.complex64 else 1e-12
        assert_same(got, want, rtol=rtol, atol=1e-15 if f == "sinc" else 0, note=dtype)


@pytest.mark.parametrize("decimals", [0, 1, 2, -1, -2])
def test_round(decimals):
    for dtype in DTYPES[1:]:
        x = values(dtype, specials=False)
        x = x * 10 if x.dtype.kind in "fc" else x
        for f in ("round", "around"):
            got = getattr(da, f)(da.asarray(x, chunks=4), decimals)
            assert_same(got, getattr(np, f)(x, decimals), note=dtype)
        assert_same(da.asarray(x).round(decimals), x.round(decimals))


LIMITS = [(2, 5), (None, 3), (1, None), (None, None), (5, 2), (0.5, 2.5), (-1, 300), (3, [4] * 6)]


@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_clip(limits):
    for dtype in DTYPES[1:]:
        x = values(dtype)
        want, expected = outcome(np.clip, x, *limits)
        got, raised = outcome(da.clip, da.asarray(x, chunks=2), *limits)
        if expected is not None:
            assert_same_error(raised, expected, note=dtype)
            continue
        assert_same(got, want, exact=True, note=dtype)
        assert_same(da.clip(da.asarray(x), min=limits[0], max=limits[1]), want, exact=True)
        assert_same(da.asarray(x).clip(*limits), want, exact=True)
    with pytest.raises(OverflowError):
        da.clip(np.ones(3, "uint8"), 300, 400)


def test_where_function():
    x, y = values("float32", specials=False), values("int8", specials=False)
    a, b = da.asarray(x, chunks=2), da.asarray(y, chunks=3)
    assert_same(da.where(a > 0, a, b), np.where(x > 0, x, y))
    assert_same(da.where(a > 0, a, 0), np.where(x > 0, x, 0))
    assert_same(da.where(a > 0, 1.5, b), np.where(x > 0, 1.5, y))
    assert_same(da.where(a > 0, 1, 2.5), np.where(x > 0, 1, 2.5))
    assert_same(da.where(b, a, da.asarray(y[:1])), np.where(y, x, y[:1]))
    assert_same(da.where(True, a, b), np.where(True, x, y))
    with pytest.raises(ValueError):
        da.where(a, b)


@pytest.mark.parametrize("equal_nan", [False, True])
def test_isclose(equal_nan):
    for dtype in ("int8", "uint64", "float32", "float64", "complex64"):
        x = values(dtype)
        y = x.copy()
        y[::2] = x[::2] + (0 if x.dtype.kind in "iu" else 1e-7)
        y[0, 0] = 3
        a, b = da.asarray(x, chunks=4), da.asarray(y, chunks=2)
        with quiet():
            want = np.isclose(x, y, equal_nan=equal_nan)
            alike = np.allclose(x, y, equal_nan=equal_nan)
        assert_same(da.isclose(a, b, equal_nan=equal_nan), want, note=dtype)
        assert_same(da.allclose(a, b, equal_nan=equal_nan), alike)
        assert_same(da.allclose(a, a, equal_nan=True), True)
        with quiet():
            assert_same(da.isclose(a, 1, rtol=0.5, atol=0), np.isclose(x, 1, rtol=0.5, atol=0))


def test_nan_to_num():
    x = np.array([np.nan, np.inf, -np.inf, 1.5])
    for dtype in ("float32", "float64", "complex64", "complex128"):
        z = x.astype(dtype)
        if z.dtype.kind == "c":
            z.imag = np.roll(x, 1)
        for options in ({"nan": 7.0}, {"posinf": 2.0}, {"neginf": -3.0, "nan": 1.0}):
            assert_same(da.nan_to_num(z, **options), np.nan_to_num(z, **options), note=dtype)


def test_equality_of_whole_arrays():
    x = values("float64", specials=False)
    y = x.copy()
    y[1, 1] = np.nan
    for a, b in ((x, x), (x, x + 1), (x, x[0]), (y, y), (x, np.ones(4))):
        assert bool(da.array_equal(a, b)) == np.array_equal(a, b)
        assert bool(da.array_equiv(a, b)) == np.array_equiv(a, b)
        same = da.array_equal(da.asarray(a), da.asarray(b), equal_nan=True)
        assert bool(same) == np.array_equal(a, b, equal_nan=True)


def test_nulls():
    x = np.array([1.0, np.nan])
    assert_same(da.isnull(x), np.isnan(x))
    assert_same(da.notnull(x), ~np.isnan(x))
    assert da.iscomplexobj(da.asarray([1j])) and da.isrealobj(da.asarray([1.0]))
