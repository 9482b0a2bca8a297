"""Arrays in xarray: each operation gives what it gives with NumPy, and computes nothing before."""

from __future__ import annotations

import inspect
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import chunkwise.array as da
import entry_points
import numpy as np
import pytest
from test_docs import run

pytest.importorskip("xarray", reason="xarray is not installed")
pd = pytest.importorskip("pandas", reason="pandas is not installed")

import chunkwise.xarray  # noqa: E402
import xarray as xr  # noqa: E402
from chunkwise.xarray import _dispatch  # noqa: E402
from chunkwise.xarray._manager import AUTO_BYTES  # noqa: E402
from xarray.namedarray.parallelcompat import list_chunkmanagers  # noqa: E402

CHUNKWISE = {"chunked_array_type": "chunkwise"}
T, Y, X = 36, 5, 7


@pytest.fixture(autouse=True)
def _chosen() -> Any:
    entry_points.register()
    with xr.set_options(chunk_manager="chunkwise"):
        yield


class Counted:
    """A source that counts how often it is read, and how many elements."""

    def __init__(self, elements: np.ndarray) -> None:
        self.elements, self.shape, self.dtype = elements, elements.shape, elements.dtype
        self.reads = self.read = 0

    def __getitem__(self, index: Any) -> np.ndarray:
        part = self.elements[index]
        self.reads += 1
        self.read += part.size
        return part


def dataset() -> xr.Dataset:
    rng = np.random.default_rng(0)
    t = rng.normal(size=(T, Y, X))
    t[rng.random(t.shape) < 0.1] = np.nan
    t[3:6, 0, 0] = np.nan
    t[:, 1, 1] = np.nan
    dims = ("time", "y", "x")
    return xr.Dataset(
        {
            "t": (dims, t, {"units": "K"}),
            "f": (dims, t.astype("f4")),
            "i": (dims, rng.integers(-50, 50, t.shape).astype("i4")),
            "s": ("time", np.arange(T) * 1.5),
        },
        coords={
            "time": pd.date_range("2000-01-15", periods=T, freq="20D"),
            "y": np.arange(Y) * 10.0,
            "x": np.arange(X) * 2.0,
            "area": (("y", "x"), np.cos(np.arange(Y * X)).reshape(Y, X) + 1.5),
            "station": ("y", list("abcde")),
        },
    )


def lazy(ds: xr.Dataset) -> tuple[xr.Dataset, list[Counted]]:
    cut = {"time": 8, "y": 3, "x": 4}
    sources, made = [], {}
    for name, array in ds.data_vars.items():
        sources.append(Counted(array.values))
        data = da.from_array(sources[-1], chunks=tuple(cut[d] for d in array.dims))
        made[name] = array.copy(data=data)
    return ds.assign(made), sources


def whole(array: Any, **dims: int) -> Any:
    """One chunk along some dimensions, as xarray asks for in these functions."""
    return array.chunk(dims) if isinstance(array.data, da.Array) else array


def assigned(array: xr.DataArray, value: float, **where: Any) -> xr.DataArray:
    array = array.copy()
    array[where] = value
    return array


POINTS = {"time": xr.DataArray([0, 9, 30], dims="p"), "x": xr.DataArray([1, 2, 3], dims="p")}
SIX = slice(0, 6)

OPERATIONS: dict[str, Callable[[xr.Dataset], Any]] = {
    "arithmetic": lambda d: (d[["t", "f", "i"]] * 2 + 1) / 3 - d.t,
    "comparison": lambda d: (d.t > 0) & (d.f < d.i),
    "ufunc": lambda d: np.exp(d.t),
    "anomaly": lambda d: (d.t - d.t.mean("time")) / d.t.std("time"),
    "sum min_count": lambda d: d.t.sum("time", min_count=30),
    "sum of all": lambda d: d.t.sum("time", skipna=False),
    "mean of two": lambda d: d.t.mean(["time", "x"]),
    "reduce": lambda d: d.t.reduce(np.nanmax, "time", keepdims=True),
    "any": lambda d: (d[["t", "i"]] > 2).any("time"),
    "all": lambda d: (d[["t", "i"]] > -2).all("x"),
    "argmax": lambda d: d.i.argmax("time"),
    "idxmax": lambda d: d.i.idxmax("x"),
    "idxmin of NaN": lambda d: d.t.idxmin("x"),
    "cumsum": lambda d: d[["t", "i"]].cumsum("time"),
    "cumprod": lambda d: d.f.cumprod("time"),
    "diff": lambda d: d[["t", "i"]].diff("time", 2),
    "shift": lambda d: d[["t", "i"]].shift(time=3, x=-1),
    "roll": lambda d: d.t.roll(time=5, roll_coords=True),
    "where": lambda d: d.where(d.t > 0),
    "where other": lambda d: d.t.where(d.t > 0, d.f),
    "where drop": lambda d: d.t.where(d.x > 4, drop=True),
    "xr.where": lambda d: xr.where(d.t > 0, 1, d.i),
    "fillna": lambda d: d[["t", "f"]].fillna(0),
    "fillna of array": lambda d: d.t.fillna(d.f.mean("time")),
    "interpolate_na": lambda d: whole(d.t, time=-1).interpolate_na("time"),
    "isnull": lambda d: d.t.isnull(),
    "isin": lambda d: d.i.isin([1, 2, 3]),
    "clip": lambda d: d.t.clip(-1, 1),
    "round": lambda d: d.t.round(1),
    "astype": lambda d: d.t.astype("f4"),
    "isel": lambda d: d.isel(time=3, x=slice(None, None, -1)),
    "isel of positions": lambda d: d.isel(time=[3, 1, 20], x=[0, 5]),
    "isel of truths": lambda d: d.isel(time=np.arange(T) % 2 == 0),
    "isel of points": lambda d: d.isel(POINTS),
    "sel": lambda d: d.sel(time="2000-06", x=4),
    "sel nearest": lambda d: d.sel(x=[3.1, 8.8], method="nearest"),
    "sel slice": lambda d: d.sel(time=slice("2000-03", "2001-02")),
    "sortby": lambda d: d.sortby("x", ascending=False),
    "transpose": lambda d: d.t.transpose("x", "time", "y"),
    "expand_dims": lambda d: d.t.expand_dims(z=3),
    "broadcast": lambda d: xr.broadcast(d.s, d.t)[0],
    "stack": lambda d: d.t.stack(p=("y", "x")),
    "unstack": lambda d: d.t.stack(p=("y", "x")).isel(p=slice(0, 30)).unstack("p"),
    "to_dataarray": lambda d: d[["t", "f"]].to_dataarray(),
    "coarsen": lambda d: d[["t", "i"]].coarsen(time=5, x=2, boundary="trim").mean(),
    "coarsen construct": lambda d: d.t.coarsen(time=12).construct(time=("year", "month")),
    "rolling center": lambda d: d.t.rolling(time=5, center=True, min_periods=2).mean(),
    "rolling two": lambda d: d.t.rolling(time=3, x=2).mean(),
    "rolling long": lambda d: d.t.rolling(time=20).sum(),
    "rolling construct": lambda d: d.t.rolling(time=3).construct("w", stride=2),
    "rolling reduce": lambda d: d.t.rolling(time=3).reduce(np.nanmean),
    "weighted mean": lambda d: d[["t", "f"]].weighted(d.area).mean(("y", "x")),
    "weighted by lazy": lambda d: d.t.weighted(abs(d.f.fillna(0))).mean("time"),
    "weighted quantile": lambda d: (
        whole(d.t, y=-1, x=-1).weighted(d.area).quantile([0.3], dim=("y", "x"))
    ),
    "quantile": lambda d: whole(d.t, time=-1).quantile([0.1, 0.9], "time"),
    "rank": lambda d: whole(d.t, time=-1).rank("time"),
    "polyfit": lambda d: d.t.fillna(0).polyfit("time", 2, skipna=False),
    "polyfit of NaN": lambda d: d.t.drop_isel(y=1).polyfit("time", 1),
    "polyfit of a line": lambda d: d[["s"]].polyfit("time", 1),
    "differentiate": lambda d: d.t.differentiate("x"),
    "integrate": lambda d: d.t.integrate("x"),
    "interp": lambda d: d.t.interp(x=[0.5, 3.3], y=[5.0, 12.0]),
    "interp of dates": lambda d: d.t.interp(
        time=pd.date_range("2000-02-01", periods=4, freq="30D")
    ),
    "interp of points": lambda d: d.t.interp(
        x=xr.DataArray([0.5, 3.3], dims="p"), y=xr.DataArray([5.0, 12.0], dims="p")
    ),
    "interp cubic": lambda d: d.t.fillna(0).interp(x=[0.5, 3.3], method="cubic"),
    "reindex": lambda d: d.t.reindex(x=[0.0, 1.0, 2.0, 3.0], y=[0.0, 5.0]),
    "reindex nearest": lambda d: d[["t", "i"]].reindex(x=[0.0, 1.0, 3.0], method="nearest"),
    "align": lambda d: xr.align(d.t, d.f.isel(x=slice(2, None)), join="outer")[1],
    "concat": lambda d: xr.concat([d[["t", "i"]], d[["t", "i"]].isel(time=SIX)], "time"),
    "concat anew": lambda d: xr.concat([d.t, d.f], "z"),
    "merge": lambda d: xr.merge([d[["t"]], d[["i"]]]),
    "combine_nested": lambda d: xr.combine_nested(
        [d[["t"]].isel(time=SIX), d[["t"]].isel(time=slice(6, None))], "time"
    ),
    "combine_first": lambda d: d.t.combine_first(d.f),
    "dot": lambda d: xr.dot(d.t.fillna(0), d.area, dim=("y", "x")),
    "corr": lambda d: xr.corr(d.t, d.f, "time"),
    "apply_ufunc": lambda d: xr.apply_ufunc(lambda a: a * 2, d.t, dask="parallelized"),
    "apply_ufunc along": lambda d: xr.apply_ufunc(
        lambda a, k: a.mean(-1) + k,
        d.t,
        d.area,
        input_core_dims=[["time"], []],
        dask="parallelized",
        output_dtypes=[float],
        dask_gufunc_kwargs={"allow_rechunk": True},
    ),
    "apply_ufunc of two": lambda d: xr.merge(
        part.rename(name)
        for name, part in zip(
            "ab",
            xr.apply_ufunc(
                lambda a: (a.min(-1), a.max(-1)),
                whole(d.t, time=-1),
                input_core_dims=[["time"]],
                output_core_dims=[[], []],
                dask="parallelized",
                output_dtypes=[float, float],
            ),
            strict=True,
        )
    ),
    "apply_ufunc of dates": lambda d: xr.apply_ufunc(
        lambda a, w: a + w.astype("datetime64[M]").astype(int) % 12,
        d.t,
        d.time,
        dask="parallelized",
        output_dtypes=[float],
    ),
    "xr.map_blocks": lambda d: xr.map_blocks(lambda part: part.t * 2 + part.i, d),
    "groupby of text": lambda d: d.t.groupby("station").mean(),
    "groupby of places": lambda d: d.t.groupby((d.area > 1.5).rename("big")).mean(),
    "groupby_bins": lambda d: d.t.groupby_bins("x", [0, 4, 20]).mean(),
    "groupby difference": lambda d: d.t.groupby("time.month") - d.t.groupby("time.month").mean(),
    "groupby map": lambda d: d.t.groupby("time.season").map(lambda g: g - g.mean("time")),
    "groupby quantile": lambda d: d.t.groupby("time.month").quantile([0.2, 0.5]),
    "groupby shuffle": lambda d: d.t.groupby("time.month").shuffle_to_chunks().sum("x"),
    "resample up": lambda d: d.t.isel(time=SIX).resample(time="10D").asfreq(),
    "resample nearest": lambda d: d.t.isel(time=SIX).resample(time="10D").nearest(),
    "resample map": lambda d: d.t.resample(time="QS").map(lambda g: g.max("time")),
    "full_like": lambda d: xr.full_like(d.i, 3.5, dtype=float),
    "zeros_like": lambda d: xr.zeros_like(d[["t", "i"]]),
    "copy": lambda d: d.copy(deep=True),
    "chunk": lambda d: d.chunk(time=5) if isinstance(d.t.data, da.Array) else d,
    "unify_chunks": lambda d: xr.unify_chunks(d)[0],
    "assign": lambda d: assigned(d.t, 5.0, time=0),
    "assign at points": lambda d: assigned(d.t, 7.0, **POINTS),
}
OPERATIONS |= {
    f"{name} of {dims}": lambda d, name=name, dims=dims: getattr(d[["t", "f", "i"]], name)(dims)
    for name in ("sum", "mean", "min", "max", "std", "var", "prod", "median", "count")
    for dims in ("time", ...)
}
OPERATIONS |= {
    f"{kind} {name}": lambda d, kind=kind, name=name: getattr(GROUPINGS[kind](d), name)()
    for kind in ("groupby", "resample", "rolling")
    for name in ("sum", "mean", "min", "max", "std", "median", "count", "first", "last")
    if kind != "rolling" or name not in ("first", "last")
}
GROUPINGS: dict[str, Callable[[xr.Dataset], Any]] = {
    "groupby": lambda d: d[["t", "i"]].groupby("time.month"),
    "resample": lambda d: d[["t", "i"]].resample(time="2MS"),
    "rolling": lambda d: d[["t", "i"]].rolling(time=4),
}
OPERATIONS |= {
    f"pad {mode}": lambda d, mode=mode: d.t.fillna(0).pad(time=(2, 3), mode=mode)
    for mode in ("constant", "edge", "reflect", "wrap")
}
FILLS: dict[str, Callable[[xr.Dataset], Any]] = {
    "ffill": lambda d: d.t.ffill("time"),
    "bfill": lambda d: d.t.bfill("time"),
    "ffill limit": lambda d: d.t.ffill("time", limit=1),
    "ffill far": lambda d: d.t.ffill("time", limit=11),
}


def check(expected: Any, got: Any) -> None:
    assert type(expected) is type(got)
    tolerance = {"rtol": 1e-5, "atol": 1e-6}
    xr.testing.assert_allclose(expected, got.compute(), **tolerance)
    pairs = [(expected, got)]
    if isinstance(expected, xr.Dataset):
        assert set(expected.data_vars) == set(got.data_vars)
        pairs = [(expected[name], got[name]) for name in expected.data_vars]
    for one, other in pairs:
        assert one.dtype == other.dtype, one.name
        assert one.attrs == other.attrs
        assert set(one.coords) == set(other.coords)


def held(x: Any) -> list[Any]:
    arrays = x.data_vars.values() if isinstance(x, xr.Dataset) else [x]
    return [a.variable._data for a in arrays]


def compare(operation: Callable[[xr.Dataset], Any]) -> None:
    made, sources = lazy(dataset())
    with warnings.catch_warnings():
        # Means of nothing, in NumPy.
        warnings.simplefilter("ignore")
        expected = operation(dataset())
        got = operation(made)
    assert all(isinstance(data, da.Array) for data in held(got))
    assert not any(s.reads for s in sources), "computed before it was asked for"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(expected, got)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name: str) -> None:
    if "interp" in name or "rank" in name:
        pytest.importorskip("scipy" if "interp" in name else "bottleneck")
    compare(OPERATIONS[name])


@pytest.mark.parametrize("name", FILLS)
def test_fill(name: str) -> None:
    pytest.importorskip("bottleneck", reason="xarray fills by bottleneck or numbagg")
    with xr.set_options(use_bottleneck=True):
        compare(FILLS[name])


@pytest.mark.parametrize("name", [n for n in OPERATIONS if n.startswith(("groupby", "resample"))])
def test_groups_without_flox(name: str) -> None:
    with xr.set_options(use_flox=False):
        compare(OPERATIONS[name])


@pytest.mark.parametrize("by", ["time.month", "time.year", "time.dayofyear"])
@pytest.mark.parametrize("name", ["mean", "max", "std"])
def test_groups_read_what_they_need_once(by: str, name: str) -> None:
    pytest.importorskip("flox")
    made, sources = lazy(dataset())
    getattr(made.t.groupby(by), name)().compute()
    assert sources[0].read <= sources[0].elements.size * 1.5
    assert sources[0].reads <= 2 * len(made.t.data.chunks[0]) * 4


def test_states_of_chunks_are_combined() -> None:
    pytest.importorskip("flox")
    rng = np.random.default_rng(1)
    values = rng.normal(size=(800, 3)) * 1e3
    values[rng.random(values.shape) < 0.2] = np.nan
    values[5, 0] = np.inf
    codes = ("time", rng.integers(0, 3, 800))
    for kind in ("f8", "f4", "i8", "u1"):
        data = (
            np.nan_to_num(values, posinf=3).astype("i8").astype(kind)
            if kind in "i8u1"
            else (values.astype(kind))
        )
        eager = xr.DataArray(data, dims=("time", "x"), coords={"k": codes})
        made = eager.copy(data=da.from_array(data, chunks=(100, 2)))
        for name in ("sum", "mean", "min", "max", "count", "prod"):
            for options in ({}, {"skipna": False}) if kind[0] == "f" and name != "count" else ({},):
                if name == "prod":
                    eager, made = eager * 0 + 1, made * 0 + 1
                with np.errstate(all="ignore"):
                    expected = getattr(eager.groupby("k"), name)(**options)
                got = getattr(made.groupby("k"), name)(**options)
                assert got.dtype == expected.dtype, (kind, name)
                np.testing.assert_allclose(got, expected, rtol=1e-4 if kind == "f4" else 1e-10)


def test_large_integers_of_groups_keep_their_digits() -> None:
    pytest.importorskip("flox")
    values = 2**60 + np.arange(800)
    eager = xr.DataArray(values, dims="time", coords={"k": ("time", np.arange(800) % 3)})
    made = eager.copy(data=da.from_array(values, chunks=100))
    for name in ("max", "min"):
        expected = getattr(eager.groupby("k"), name)()
        np.testing.assert_array_equal(getattr(made.groupby("k"), name)(), expected)


@pytest.mark.filterwarnings("ignore::numpy.exceptions.RankWarning")
@pytest.mark.parametrize("full", [False, True])
def test_fits_of_less_than_full_rank(full: bool) -> None:
    eager = xr.DataArray(np.arange(6.0).reshape(3, 2), dims=("x", "y"), coords={"x": [0, 1, 2]})
    for degree in (1, 2, 3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = eager.polyfit("x", degree, skipna=False, full=full)
            made = eager.copy(data=da.from_array(eager.values, chunks=(2, 1)))
            got = made.polyfit("x", degree, skipna=False, full=full)
            assert isinstance(got.polyfit_coefficients.data, da.Array)
            xr.testing.assert_allclose(got.compute(), expected, atol=1e-9)


def test_weights_with_nan_are_an_error_once_they_are_computed() -> None:
    made, _ = lazy(dataset())
    mean = made.i.weighted(made.t).mean("time")
    with pytest.raises(ValueError, match="missing values"):
        mean.compute()


def test_other_arrays_are_not_claimed() -> None:
    manager = list_chunkmanagers()["chunkwise"]
    assert manager.is_chunked_array(da.ones(3))
    assert not manager.is_chunked_array(np.ones(3))
    assert not hasattr(da.ones(3), "__dask_graph__")
    dask = pytest.importorskip("dask.array")
    assert not manager.is_chunked_array(dask.ones(3))
    theirs = xr.DataArray(dask.ones((4, 4), chunks=2)).rolling(dim_0=2).mean()
    assert isinstance(theirs.data, dask.Array)


def test_each_replaced_function_is_there() -> None:
    """In this version of xarray; one that is gone in another would be left out."""
    import importlib

    for instead in _dispatch.INSTEAD:
        for place in instead.places:
            module, _, owner = place.partition(":")
            holder = importlib.import_module(module)
            holder = getattr(holder, owner) if owner else holder
            assert getattr(holder, instead.name).instead == instead


def test_dtypes_that_arrays_cannot_have_stay_as_they_are() -> None:
    ds = dataset().assign(
        when=("time", np.arange(T).astype("m8[s]")),
        name=("y", list("abcde")),
        half=("x", np.ones(7, "f2")),
    )
    made = ds.chunk(time=6, y=2)
    assert made.t.chunks == ((6,) * 6, (2, 2, 1), (7,))
    for name in ("when", "name", "half"):
        assert isinstance(made[name].variable._data, np.ndarray)
    xr.testing.assert_identical(made.compute(), ds)
    with pytest.raises(TypeError, match="timedelta64"):
        made.when.where(made.t > 0)


def test_choices_of_chunks() -> None:
    manager = list_chunkmanagers()["chunkwise"]
    assert manager.get_auto_chunk_size() == AUTO_BYTES
    cut = manager.normalize_chunks
    assert cut(("auto", 2), (10, 4), dtype="f8", limit=8 * 2 * 6, previous_chunks=(3, 2)) == (
        (6, 4),
        (2, 2),
    )
    assert cut("auto", (10, 4), dtype="O", previous_chunks=(3, 2)) == ((10,), (4,))
    assert cut((5, -1), (10, 4)) == ((5, 5), (4,))


def test_scan_and_reduction() -> None:
    manager = list_chunkmanagers()["chunkwise"]
    values = np.arange(60.0).reshape(20, 3)
    x = da.from_array(values, chunks=(3, 2))
    got = manager.scan(np.cumsum, np.add, 0, x, axis=0, dtype="f8")
    np.testing.assert_array_equal(got, np.cumsum(values, 0))
    got = manager.reduction(
        da.from_array(values, chunks=(1, 2)), np.sum, aggregate_func=np.sum, axis=0, dtype="f8"
    )
    np.testing.assert_array_equal(got, values.sum(0))


ENGINES = {"h5netcdf": "h5netcdf", "netcdf4": "netCDF4", "scipy": "scipy"}


def stored() -> xr.Dataset:
    ds = (
        dataset()
        .drop_vars("station")
        .assign(
            bounds=(("time", "n"), pd.date_range("2000", periods=2 * T).values.reshape(T, 2)),
            label=("y", np.array(list("abcde"))),
            scale=((), np.int32(3)),
        )
    )
    ds.t.encoding = {"dtype": "i2", "scale_factor": 0.001, "_FillValue": -32768}
    return ds


def read_back(opened: xr.Dataset, expected: xr.Dataset) -> None:
    assert isinstance(opened.t.data, da.Array)
    assert isinstance(opened.time.variable._data, type(expected.time.variable._data))
    for name in ("bounds", "label"):
        data = opened[name].variable._data
        assert not isinstance(data, da.Array | np.ndarray), "is read when it is asked for"
    xr.testing.assert_allclose(opened.compute(), expected)
    assert all(opened[n].dtype == expected[n].dtype for n in expected.variables)


@pytest.mark.parametrize("chunks", [{}, "auto", {"time": 12}])
@pytest.mark.parametrize("engine", ENGINES)
def test_netcdf(engine: str, chunks: Any, tmp_path: Path) -> None:
    pytest.importorskip(ENGINES[engine])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stored().to_netcdf(tmp_path / "a.nc", engine=engine)
        with xr.open_dataset(tmp_path / "a.nc", engine=engine, chunks=None) as opened:
            expected = opened.load()
        with xr.open_dataset(tmp_path / "a.nc", engine=engine, chunks=chunks, **CHUNKWISE) as ds:
            read_back(ds, expected)
            ds.to_netcdf(tmp_path / "b.nc", engine=engine)
        with xr.open_dataset(tmp_path / "b.nc", engine=engine, chunks={}, **CHUNKWISE) as ds:
            read_back(ds, expected)


def test_zarr(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    encoding = {"t": {**stored().t.encoding, "chunks": (12, 5, 7)}, "f": {"chunks": (12, 5, 7)}}
    options = {"consolidated": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stored().to_zarr(tmp_path / "a", encoding=encoding, **options)
        expected = xr.open_zarr(tmp_path / "a", chunks=None, **options).load()
        for chunks in ({}, "auto", {"time": 24}):
            ds = xr.open_zarr(tmp_path / "a", chunks=chunks, **options, **CHUNKWISE)
            read_back(ds, expected)
        ds = xr.open_zarr(tmp_path / "a", chunks={}, **options, **CHUNKWISE)
        assert ds.t.chunks == ((12, 12, 12), (5,), (7,))
        ds.to_zarr(tmp_path / "b", **options)
        read_back(xr.open_zarr(tmp_path / "b", chunks={}, **options, **CHUNKWISE), expected)
        later = ds[["f"]].assign_coords(time=ds.time + np.timedelta64(3000, "D"))
        ds[["f"]].to_zarr(tmp_path / "d", **options)
        later.to_zarr(tmp_path / "d", append_dim="time", **options)
        longer = xr.open_zarr(tmp_path / "d", chunks={}, **options, **CHUNKWISE).f
        np.testing.assert_array_equal(longer, np.concatenate([expected.f, expected.f]))
        part = (ds[["f"]].isel(time=slice(12, 24)) * 0 + 1).drop_vars(["x", "y", "area"])
        part.to_zarr(tmp_path / "b", region={"time": slice(12, 24)}, **options)
        written = xr.open_zarr(tmp_path / "b", chunks={}, **options, **CHUNKWISE).f
    ones = expected.f.isel(time=slice(12, 24)) * 0 + 1
    np.testing.assert_array_equal(written.isel(time=slice(12, 24)), ones)
    np.testing.assert_array_equal(written.isel(time=11), expected.f.isel(time=11))
    with pytest.raises(ValueError, match="chunks"):
        ds[["f"]].chunk(time=7).to_zarr(tmp_path / "c", **options)


PACKED = {
    "plain": {},
    "packed": {"dtype": "i2", "scale_factor": 0.01, "add_offset": 3.0, "_FillValue": -32768},
    "filled": {"_FillValue": 1e20},
    "big": {"dtype": ">f4"},
}


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("format", ["zarr2", "zarr3", "h5netcdf", "netcdf4"])
def test_files_are_read_by_the_engine_itself(format: str, encoding: str, tmp_path: Path) -> None:
    encoded = dict(PACKED[encoding])
    if encoding == "big" and format == "zarr3":
        pytest.skip("version 3 has no dtypes of the other byte order")
    rng = np.random.default_rng(3)
    x = rng.normal(0, 10, (40, 30)).astype("float32")
    x[rng.random(x.shape) < 0.1] = np.nan if encoding in ("packed", "filled") else 5
    times = np.datetime64("2001-01-01") + np.arange(40)
    given = xr.Dataset({"t": (("time", "x"), x), "when": (("x",), times[:30])}, {"time": times})
    encodings = {"t": encoded | {"chunks" if "zarr" in format else "chunksizes": (16, 10)}}
    path = tmp_path / "x"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if "zarr" in format:
            given.to_zarr(path, encoding=encodings, zarr_format=int(format[-1]), consolidated=False)
            options = {"engine": "zarr", "consolidated": False}
        else:
            given.to_netcdf(path, engine=format, encoding=encodings)
            options = {"engine": format}
        eager = xr.open_dataset(path, **options)
        lazy = xr.open_dataset(path, chunks={}, chunked_array_type="chunkwise", **options)
    assert "read zarr" in lazy.t.data.explain()
    assert lazy.t.chunks == ((16, 16, 8), (10, 10, 10))
    xr.testing.assert_identical(lazy.compute(), eager.load())
    part = eager.isel(time=slice(3, 37, 2), x=4)
    xr.testing.assert_identical(lazy.isel(time=slice(3, 37, 2), x=4).compute(), part)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = xr.open_dataset(path, **options).isel(time=slice(3, 37, 2), x=4)
        chunked = before.chunk(time=5, chunked_array_type="chunkwise", from_array_kwargs={})
    xr.testing.assert_identical(chunked.compute(), part)
    # Neither packing nor masks call functions of Python's.
    assert "map_blocks" not in lazy.t.data.explain()


def test_groups_of_a_netcdf_file_are_read_by_the_engine(tmp_path: Path) -> None:
    given = xr.Dataset({"t": (("x",), np.arange(5.0))})
    given.to_netcdf(tmp_path / "x.nc", engine="h5netcdf", group="a/b")
    lazy = xr.open_dataset(
        tmp_path / "x.nc", engine="h5netcdf", group="a/b", chunks={}, chunked_array_type="chunkwise"
    )
    assert "read zarr" in lazy.t.data.explain()
    xr.testing.assert_identical(lazy.compute(), given)


def test_an_unlimited_dimension_that_a_variable_does_not_fill(tmp_path: Path) -> None:
    netCDF4 = pytest.importorskip("netCDF4")
    with netCDF4.Dataset(tmp_path / "x.nc", "w") as file:
        file.createDimension("t", None)
        file.createVariable("long", "f4", ("t",))[:] = np.arange(6)
        file.createVariable("short", "f4", ("t",), fill_value=-1)[:3] = np.arange(3)
    for engine in ("h5netcdf", "netcdf4"):
        options = {"engine": engine, "decode_times": False}
        lazy = xr.open_dataset(
            tmp_path / "x.nc", chunks={}, chunked_array_type="chunkwise", **options
        )
        eager = xr.open_dataset(tmp_path / "x.nc", **options)
        xr.testing.assert_identical(lazy.compute(), eager.load())


def test_what_is_written_later(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    pytest.importorskip("dask")
    made, sources = lazy(dataset()[["f", "s"]].drop_vars("station"))
    waiting = made.chunk(time=12, x=-1, y=-1).to_zarr(
        tmp_path / "a", compute=False, consolidated=False
    )
    assert not any(s.reads for s in sources)
    waiting.compute()
    opened = xr.open_zarr(tmp_path / "a", chunks=None, consolidated=False)
    np.testing.assert_array_equal(opened.f, made.f)


def test_decoding_of_chunked_numbers(tmp_path: Path) -> None:
    raw = xr.Dataset(
        {
            "t": ("time", np.array([1, 2, -9], "i2"), {"scale_factor": 0.5, "_FillValue": -9}),
            "when": ("time", np.arange(3), {"units": "days since 2000-01-01"}),
        }
    )
    made = xr.decode_cf(raw.chunk(time=2))
    assert isinstance(made.t.data, da.Array)
    xr.testing.assert_identical(made.compute(), xr.decode_cf(raw).load())


def test_results_are_numpys_and_what_is_kept_is_ours() -> None:
    made, sources = lazy(dataset())
    assert isinstance(made.t.mean().compute().data, np.ndarray)
    assert isinstance(made.copy().load().t.variable._data, np.ndarray)
    kept = made.persist()
    assert isinstance(kept.t.data, da.Array)
    before = [s.reads for s in sources]
    kept.t.sum().compute()
    assert before == [s.reads for s in sources]
    xr.testing.assert_identical(pickle.loads(pickle.dumps(kept)).compute(), dataset())


def test_a_picture_of_it_computes_nothing() -> None:
    made, sources = lazy(dataset())
    assert "chunkwise.array<chunksize=(8, 3, 4)>" in repr(made)
    assert "chunksize=(8, 3, 4)" in repr(made.t)
    assert "chunkwise.array" in made._repr_html_() and made.t._repr_html_()
    assert not any(s.reads for s in sources)


@pytest.mark.parametrize("thing", [chunkwise.xarray, chunkwise.xarray.ChunkwiseManager])
def test_example(thing: Any) -> None:
    text = inspect.getdoc(thing) or ""
    assert run(text, {"np": np, "da": da, "__name__": "example"}, "xarray", "xarray", 0)
