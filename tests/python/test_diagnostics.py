"""Progress, profiles, charts."""

import io
import os
import re
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise import _chunkwise as native
from chunkwise.array import Array
from chunkwise.diagnostics import (
    Callback,
    Profiler,
    ProgressBar,
    ResourceProfiler,
    _progress,
    visualize,
)

SVG = "{http://www.w3.org/2000/svg}"


def slow(seconds=0.02, chunks=8, fail=False):
    """An array of which each chunk takes a while."""

    def read(start, stop):
        time.sleep(seconds)
        if fail:
            raise KeyError("no such chunk")
        return np.ones(tuple(b - a for a, b in zip(start, stop, strict=True)))

    # Chunks large enough to be tasks of their own.
    return Array(native.from_getter(read, "slow", (chunks, 200_000), "float64", (1, -1)))


def texts(picture):
    return [t.text for t in ET.fromstring(picture.svg).iter(f"{SVG}text")]


def test_a_profiler_sees_every_task_once():
    x = da.random.default_rng(1).normal(size=(2000, 2000), chunks=500)
    y = (x - x.mean(axis=0)).std()
    before = time.perf_counter()
    with Profiler() as prof:
        y.compute()
    after = time.perf_counter()
    (run,) = prof.runs
    assert run.ok
    assert before <= run.start < run.end <= after
    assert 0 < run.peak <= run.memory_limit
    assert (run.spilled, run.loaded) == (0, 0)
    tasks = prof.results
    assert len({(t.stage, t.number) for t in tasks}) == len(tasks)
    numbers = [{t.number for t in tasks if t.stage == s} for s in range(len(run.stages))]
    assert all(own == set(range(len(own))) and own for own in numbers)
    text = y.explain()
    assert f"{len(tasks)} tasks" in text.replace(",", "")
    for t in tasks:
        assert run.start <= t.start <= t.end <= run.end
        assert 0 <= t.thread < run.threads
        assert t.label == run.stages[t.stage]
        assert t.run == 0


def test_a_profiler_hears_what_is_within_it_and_forgets_on_the_next():
    x = da.ones(1000, chunks=100).sum()
    prof = Profiler()
    x.compute()
    assert prof.results == []
    with prof:
        x.compute()
        x.compute()
    assert len(prof.runs) == 2
    x.compute()
    assert len(prof.runs) == 2
    with prof:
        x.compute()
    assert len(prof.runs) == 1
    prof.clear()
    assert prof.runs == prof.results == []


def test_register_and_unregister():
    prof = Profiler()
    with pytest.raises(RuntimeError, match="this Profiler is not registered"):
        prof.unregister()
    prof.register()
    try:
        da.ones(3).sum().compute()
        assert len(prof.runs) == 1
    finally:
        prof.unregister()
    da.ones(3).sum().compute()
    assert len(prof.runs) == 1


def test_runs_of_several_threads_are_kept_apart():
    def work():
        for _ in range(5):
            da.ones((300, 300), chunks=100).sum().compute()

    with Profiler() as prof, ResourceProfiler(dt=0.002) as rprof:
        threads = [threading.Thread(target=work) for _ in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
    runs = prof.runs
    assert len(runs) == 20
    assert all(r.ok and r.end is not None for r in runs)
    for t in prof.results:
        assert runs[t.run].start <= t.start <= t.end <= runs[t.run].end
    ET.fromstring(visualize([prof, rprof]).svg)


def test_a_failed_run_is_recorded_as_one():
    with Profiler() as prof, pytest.raises(KeyError):
        slow(fail=True).sum().compute()
    assert [r.ok for r in prof.runs] == [False]
    refused = pytest.raises(chunkwise.MemoryLimitError)
    with Profiler() as prof, chunkwise.config.set(memory_limit="1MiB"), refused:
        da.ones((10_000, 1000)).compute()
    assert prof.runs == []


def test_samples_of_resources():
    with ResourceProfiler(dt=0.01) as rprof, chunkwise.config.set(memory_limit="300MiB"):
        time.sleep(0.05)
        x = da.random.default_rng(1).normal(size=(2000, 4000), chunks=1000).compute()
    samples = rprof.results
    assert len(samples) >= 4
    assert all(a.time <= b.time for a, b in zip(samples, samples[1:], strict=False))
    assert samples[0].cpu is None
    assert samples[0].limit is None
    last = samples[-1]
    assert last.limit == 300 << 20
    assert last.arrays >= x.nbytes
    if sys.platform == "linux":
        assert last.memory > x.nbytes
        assert all(0 <= s.cpu < 100 * 1.5 * (os.cpu_count() + 2) for s in samples[1:])
        assert any(s.cpu > 1 for s in samples[1:])
    assert len(rprof.results) == len(samples)


def test_a_registered_resource_profiler_samples_runs_only():
    rprof = ResourceProfiler(dt=0.005)
    rprof.register()
    try:
        time.sleep(0.03)
        assert rprof.results == []
        slow().sum().compute()
        during = len(rprof.results)
        assert during >= 3
        time.sleep(0.03)
        assert len(rprof.results) == during
    finally:
        rprof.unregister()


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_times_are_checked(wrong):
    with pytest.raises(ValueError, match="dt must be a time in seconds"):
        ResourceProfiler(dt=wrong)
    with pytest.raises(ValueError, match="minimum must be a time in seconds"):
        ProgressBar(minimum=wrong)


def test_charts_are_well_formed_and_share_the_axis_of_time(tmp_path):
    limit = chunkwise.config.set(memory_limit="300MiB")
    with limit, Profiler() as prof, ResourceProfiler(dt=0.005) as rprof:
        da.random.default_rng(1).normal(size=(2000, 4000), chunks=1000).compute()
    both = visualize([prof, rprof], filename=tmp_path / "both.svg")
    shown = texts(both)
    assert {"tasks", "memory", "processors at work, % of one", "thread 0"} <= set(shown)
    assert any(t.startswith("limit for arrays 300.00 MiB") for t in shown)
    assert any(t.startswith("time, ") for t in shown)
    assert "nan" not in both.svg
    assert ET.parse(tmp_path / "both.svg").getroot().tag == f"{SVG}svg"
    root = ET.fromstring(both.svg)
    bars = [r for r in root.iter(f"{SVG}rect") if r.find(f"{SVG}title") is not None]
    assert bars
    for r in bars:
        assert float(r.get("x")) >= 80
        assert float(r.get("x")) + float(r.get("width")) <= both._width
    assert "tasks" in texts(prof.visualize())
    assert "tasks" not in texts(rprof.visualize())


def test_a_limit_far_above_is_noted_at_the_edge():
    with chunkwise.config.set(memory_limit="100TiB"), ResourceProfiler(dt=0.01) as rprof:
        da.ones(10).sum().compute()
    assert any("far above" in t for t in texts(rprof.visualize()))


def test_charts_of_nothing():
    assert texts(visualize([])) == ["nothing was recorded"]
    assert "no tasks" in texts(Profiler().visualize())
    assert "no samples" in texts(ResourceProfiler().visualize())
    with pytest.raises(TypeError, match="got ProgressBar"):
        visualize([ProgressBar()])


def test_many_tasks_make_a_small_picture():
    with Profiler() as prof:
        for _ in range(300):
            da.ones((50, 50), chunks=10).sum().compute()
    assert len(prof.results) >= 300
    assert len(prof.visualize().svg) < 400_000


def test_callbacks_hear_the_parts_of_a_run_in_order():
    heard = []

    class Mine(Callback):
        def start(self, stages, threads, memory_limit):
            heard.append(("start", len(stages), threads >= 1, memory_limit > 0))

        def task(self, stage, number, thread, start, end):
            heard.append(("task", 0 <= start <= end))

        def finish(self, ok, elapsed, peak):
            heard.append(("finish", ok, elapsed > 0))

    with Mine():
        da.ones(10).sum().compute()
    assert heard[0] == ("start", 1, True, True)
    assert heard[-1] == ("finish", True, True)
    assert set(heard[1:-1]) == {("task", True)}


def test_an_exception_in_a_callback_is_reported_and_the_run_goes_on(monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda r: reported.append(r.exc_value))

    def fails(*args):
        raise RuntimeError("mine")

    with Callback(start=fails):
        assert da.ones(10).sum().compute() == 10
    assert [str(e) for e in reported] == ["mine"]


SUMMARY = re.compile(r"done in \d+:\d\d(, [\d.]+( billion| million| thousand)? values/s)?\n")


def test_progress_in_a_log_is_one_line_for_each_run():
    out = io.StringIO()
    with ProgressBar(out=out):
        for _ in range(2):
            slow(0.01).sum().compute()
    first, second = out.getvalue().splitlines(keepends=True)
    assert SUMMARY.fullmatch(first)
    assert SUMMARY.fullmatch(second)


def test_a_short_run_is_not_shown_and_a_failed_one_says_how_far_it_came():
    out = io.StringIO()
    with ProgressBar(minimum=100, out=out):
        slow(0.01).sum().compute()
    assert out.getvalue() == ""
    with ProgressBar(out=out), pytest.raises(KeyError):
        slow(fail=True).sum().compute()
    assert re.fullmatch(r"stopped at \d+% after 0:0\d(, .*)?\n", out.getvalue())


def test_progress_within_a_run_is_not_shown_twice():
    out = io.StringIO()

    def read(start, stop):
        inner = slow(0.001, chunks=2).sum().compute()
        return np.full((stop[0] - start[0],), inner)

    outer = Array(native.from_getter(read, "outer", (4,), "float64", -1))
    with ProgressBar(out=out):
        outer.sum().compute()
    assert SUMMARY.fullmatch(out.getvalue())


def test_an_output_that_is_closed_does_no_harm():
    out = io.StringIO()
    with ProgressBar(out=out):
        out.close()
        assert slow(0.001).sum().compute() == 8 * 200_000


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal_is_one_line_drawn_over_again():
    out = Terminal()
    with ProgressBar(out=out, dt=0.02, width=12):
        slow(0.05).sum().compute()
    drawn = out.getvalue().split("\r\x1b[2K")
    assert drawn[0] == ""
    *lines, summary = drawn[1:]
    assert len(lines) >= 3
    for line in lines:
        assert re.fullmatch(
            r"\x1b\[\?7l *\d+% \[[=> ]{12}\] .*\d:\d\d < [-\d:]+\x1b\[\?7h", line
        ), line
    assert SUMMARY.fullmatch(summary)
    assert out.getvalue().count("\n") == 1


PROGRAM = """
import time, numpy as np
from chunkwise import _chunkwise as native
from chunkwise.array import Array
from chunkwise.diagnostics import ProgressBar
def read(start, stop):
    time.sleep(0.05)
    return np.ones(tuple(b - a for a, b in zip(start, stop)))
x = Array(native.from_getter(read, "slow", (8, 200_000), "float64", (1, -1)))
with ProgressBar(dt=0.02):
    print(float(x.sum().compute()), flush=True)
"""


def test_progress_in_a_pipe_is_plain_text_on_standard_error():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1600000.0\n"
    assert SUMMARY.fullmatch(done.stderr)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_progress_in_a_pseudo_terminal():
    import pty

    primary, secondary = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=secondary, stdin=secondary
    )
    os.close(secondary)
    said = b""
    while True:
        try:
            part = os.read(primary, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    assert process.communicate()[0] == b"1600000.0\n"
    assert process.returncode == 0
    os.close(primary)
    text = said.decode()
    assert text.count("\r\x1b[2K") >= 3
    assert "[" in text.replace("\x1b[", "")
    assert SUMMARY.search(text.replace("\r\n", "\n"))


class Display:
    """What IPython offers in a notebook, as far as it is used."""

    def __init__(self):
        self.shown = []

    def display(self, bundle, raw, display_id):
        assert raw
        assert display_id
        self.shown.append(bundle)
        return self

    def update(self, bundle, raw):
        assert raw
        self.shown.append(bundle)


def test_progress_in_a_notebook_is_a_bar_that_is_updated_in_place(monkeypatch):
    import types

    screen = Display()
    module = types.ModuleType("IPython.display")
    module.display = screen.display
    package = types.ModuleType("IPython")
    package.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    with ProgressBar(dt=0.02):
        slow(0.05).sum().compute()
    assert len(screen.shown) >= 3
    for bundle in screen.shown:
        ET.fromstring(bundle["text/html"])
        assert "\x1b" not in bundle["text/plain"]
    assert "width:100.0%" in screen.shown[-1]["text/html"]
    assert SUMMARY.fullmatch(screen.shown[-1]["text/plain"] + "\n")


def test_the_bar_of_a_notebook_is_escaped():
    html = _progress._html(0.5, "<b>&", 40, failed=False)
    assert "&lt;b&gt;&amp;" in html
    assert ET.fromstring(html).find(".//div/div").get("style").startswith("width:50.0%")


def test_a_run_that_nobody_hears_is_not_delayed():
    """A law, not a time: without listeners a quick run stays on the calling thread."""
    seen = []
    x = Array(
        native.from_getter(
            lambda start, stop: seen.append(threading.get_ident()) or np.ones(3),
            "here",
            (3,),
            "float64",
            -1,
        )
    )
    x.sum().compute()
    assert set(seen) == {threading.get_ident()}


def test_a_trace_is_valid_and_its_times_are_those_of_the_tasks(tmp_path):
    import json

    with ResourceProfiler(dt=0.005) as rprof, Profiler() as prof:
        slow(0.02, 6).sum().compute()
    prof.trace(tmp_path / "run.json", rprof)
    trace = json.loads((tmp_path / "run.json").read_text())
    events = trace["traceEvents"]
    # Trace Event Format: complete events, counters and metadata, each with what it must have.
    needed = {"X": {"ts", "dur", "tid", "cat"}, "C": {"ts", "args"}, "M": {"args"}}
    for event in events:
        assert needed[event["ph"]] | {"name", "pid"} <= set(event)
        assert event.get("ts", 0) >= 0 and event.get("dur", 0) >= 0
    tasks = sorted((e for e in events if e.get("cat") == "task"), key=lambda e: e["args"]["number"])
    known = sorted(prof.results, key=lambda t: t.number)
    assert len(tasks) == len(known)
    origin = known[0].start - tasks[0]["ts"] / 1e6
    by_place = {(e["args"]["stage"], e["args"]["number"]): e for e in tasks}
    for task in known:
        event = by_place[task.stage, task.number]
        assert event["name"] == task.label
        assert event["dur"] == pytest.approx((task.end - task.start) * 1e6, abs=1)
        assert event["ts"] == pytest.approx((task.start - origin) * 1e6, abs=1)
    # Six chunks of 20 ms.
    assert sum(e["dur"] for e in tasks) >= 6 * 20_000
    # On a row, one ends before the next begins.
    for tid in {e["tid"] for e in tasks}:
        own = sorted((e["ts"], e["ts"] + e["dur"]) for e in tasks if e["tid"] == tid)
        assert all(a[1] <= b[0] + 0.002 for a, b in zip(own, own[1:], strict=False))
    rows = {e["tid"] for e in events if e["name"] == "thread_name"}
    assert {e["tid"] for e in tasks} <= rows
    (run,) = [e for e in events if e.get("cat") == "run"]
    assert run["args"]["ok"] is True
    assert run["args"]["read"] == prof.runs[0].read == 6 * 200_000 * 8
    counters = {e["name"] for e in events if e["ph"] == "C"}
    assert counters >= {"arrays", "memory limit", "processors"}
    assert prof.to_trace(rprof) == trace
    with pytest.raises(TypeError, match="int"):
        prof.trace(tmp_path / "x.json", 3)


def test_runs_count_what_they_write(tmp_path):
    with Profiler() as prof:
        da.to_npy_stack(tmp_path / "x", da.ones((40, 50), chunks=10))
        da.ones((40, 50), chunks=10).to_zarr(str(tmp_path / "y.zarr"))
    assert prof.runs[-1].written == 40 * 50 * 8
    assert prof.runs[-1].read == 0
