"""What a person sees of an array: text, HTML, pictures."""

import io
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import chunkwise
import chunkwise.array as da
import numpy as np
import pytest
from chunkwise import _chunkwise as native
from chunkwise import _session, _svg
from chunkwise.array import Array
from chunkwise.diagnostics import Picture

SVG = "{http://www.w3.org/2000/svg}"


def unreadable(shape, name="never read", chunks=-1):
    """An array that must not be computed."""

    def read(start, stop):
        raise AssertionError(f"{name} was computed")

    return Array(native.from_getter(read, name, shape, "float64", chunks))


def parsed(markup):
    return ET.fromstring(markup)


SHOWN = [
    (
        lambda: da.zeros((10, 20), chunks=(5, 7)),
        "shape=(10, 20), dtype=float64, chunksize=(5, 7), bytes=1.56 KiB",
    ),
    (
        lambda: da.zeros(3, dtype="int8", chunks=2),
        "shape=(3,), dtype=int8, chunksize=(2,), bytes=3 B",
    ),
    (lambda: da.asarray(1j), "shape=(), dtype=complex128, chunksize=(), bytes=16 B"),
    (
        lambda: da.zeros((0, 4)),
        "shape=(0, 4), dtype=float64, chunksize=(0, 4), bytes=0 B",
    ),
    (
        lambda: unreadable((1_500_000, 100_000), chunks=1000),
        "shape=(1500000, 100000), dtype=float64, chunksize=(1000, 1000), bytes=1.09 TiB",
    ),
]
NAMES = ["<script>alert('x')</script>", "a\"b'c & d", "tab\tnew\nline\x00", "é漢🙂"]


@pytest.mark.parametrize(("array", "text"), SHOWN)
def test_repr_is_one_line_with_the_facts(array, text):
    shown = repr(array())
    assert shown.startswith("chunkwise.array<")
    assert shown.endswith(f", {text}>")
    assert str(array()) == shown
    assert "\n" not in shown


def test_an_unknown_length_is_a_question_mark_and_stays_unknown():
    x = unreadable((10, 4), chunks=5)
    chosen = unreadable((10,)) > 0
    y = Array(native.compress(x._expr, chosen._expr, 0))
    assert "shape=(?, 4)" in repr(y)
    assert "chunksize=(?, 4)" in repr(y)
    assert "bytes=at most 320 B" in repr(y)
    html = y._repr_html_()
    assert "(?, 4)" in html
    assert ">?<" in html
    assert "shape=(?, 4)" in repr(y)


def test_nothing_is_computed_to_be_shown():
    x = (unreadable((100, 100), chunks=10) * 2 + 1).sum(axis=0)
    repr(x), x._repr_html_(), x.explain(), x.visualize().svg
    with pytest.raises(AssertionError, match="never read was computed"):
        x.compute()


@pytest.mark.parametrize("name", NAMES)
def test_names_are_escaped_everywhere(name):
    x = unreadable((4,), name=name)
    assert "\n" not in repr(x)
    html = x._repr_html_()
    assert "<script" not in html
    table = parsed(html)
    expected = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    told = [" ".join((cell.text or "").split()) for cell in table.iter("td")]
    assert any(expected in text for text in told), told
    picture = (x + 1).visualize()
    assert "<script" not in picture.svg
    assert "<script" not in picture._repr_html_()
    parsed(picture.svg)


@pytest.mark.parametrize("ndim", range(9))
@pytest.mark.parametrize("length", [0, 1, 2, 1000])
def test_the_picture_of_any_number_of_axes_is_well_formed_and_small(ndim, length):
    x = unreadable((length,) * min(ndim, 5) + (3,) * max(ndim - 5, 0), chunks=max(length // 3, 1))
    html = x._repr_html_()
    assert len(html) < 40_000
    root = parsed(html)
    svg = root.find(f".//{SVG}svg")
    assert svg is not None
    numbers = [float(n) for n in svg.get("viewBox").split()]
    assert all(np.isfinite(numbers))
    assert 0 < numbers[2] < 700
    assert 0 < numbers[3] < 300
    for label in {str(n) for n in x.shape[-3:] if n < 1000}:
        assert any(t.text == label for t in svg.iter(f"{SVG}text"))


def test_the_lines_of_a_picture_are_where_the_chunks_are():
    x = da.zeros((100,), chunks=((10, 40, 50),))
    svg = parsed(x._repr_html_()).find(f".//{SVG}svg")
    cuts = sorted(float(line.get("x1")) for line in svg.iter(f"{SVG}line"))
    edges = [p.get("d") for p in svg.iter(f"{SVG}path")]
    assert cuts == [13.0, 65.0]
    assert "M0 0 L130 0" in edges


def test_many_chunks_make_no_longer_a_picture():
    few = unreadable((10_000, 10_000), chunks=100)._repr_html_()
    many = unreadable((10_000_000, 10_000), chunks=10)._repr_html_()
    assert len(many) < 2 * len(few)


def test_only_what_is_asked_for_is_in_the_table():
    x = da.ones((10, 20), chunks=(5, 7))
    cells = [cell.text for cell in parsed(x._repr_html_()).iter("td")]
    assert cells[:2] == ["1.56 KiB", "280 B"]
    assert cells[2:4] == ["(10, 20)", "(5, 7)"]
    assert cells[4:6] == ["200 elements", "6 chunks (2 × 3)"]
    assert "float64" in cells


def test_pictures_take_their_colours_from_the_page():
    html = da.ones((10, 20), chunks=5)._repr_html_() + da.ones(3).visualize()._repr_html_()
    assert "currentColor" in html
    assert "<style" not in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "")
    alone = da.ones(3).visualize().svg
    assert "prefers-color-scheme: dark" in alone


def texts(picture):
    return [t.text for t in parsed(picture.svg).iter(f"{SVG}text")]


def test_visualize_shows_the_expression_and_the_plan():
    x = unreadable((100, 100), chunks=10)
    picture = ((x * 2 + 1).sum(axis=0) / 3).visualize()
    assert isinstance(picture, Picture)
    shown = texts(picture)
    assert {"Expression", "Plan", "sum(axis=0)", "multiply (2.0)", "result"} <= set(shown)
    assert any(t.startswith("stage 0") for t in shown)
    assert any("task" in t for t in shown)


def test_visualize_of_several_arrays_shows_what_they_share_once():
    x = unreadable((100, 100), name="heights", chunks=10)
    shown = texts(chunkwise.visualize(x.sum(), [x.max(), {"a": x.min()}]))
    assert {"result 0", "result 1", "result 2"} <= set(shown)
    assert shown.count("heights") == 2  # in the expression and in the plan
    with pytest.raises(ValueError, match="no arrays"):
        chunkwise.visualize(1, "x")


def test_pictures_of_large_graphs_stay_readable():
    x = unreadable((10, 10), chunks=5)
    long = x
    for k in range(1000):
        long = long * 2 + k
    wide = sum((x + k).sum() * k for k in range(300))
    for picture in (long.visualize(), wide.visualize()):
        assert len(texts(picture)) < 400
        assert picture._width < 3000
        assert picture._height < 4000
        assert len(picture.svg) < 150_000
    assert any("more" in t for t in texts(long.visualize()))


def test_boxes_hold_their_letters():
    x = unreadable((10**6, 10**6), name="m" * 200, chunks=1000)
    svg = parsed((x + 1).mean(axis=0).visualize().svg)
    widest = max(float(r.get("width")) for r in svg.iter(f"{SVG}rect") if r.get("rx"))
    for text in svg.iter(f"{SVG}text"):
        assert _svg.text_width(text.text, float(text.get("font-size"))) <= widest


def test_pictures_are_saved_in_each_format(tmp_path, monkeypatch):
    picture = da.ones(3).visualize(tmp_path / "a.svg")
    assert parsed((tmp_path / "a.svg").read_bytes()).tag == f"{SVG}svg"
    picture.save(tmp_path / "b.html")
    assert (tmp_path / "b.html").read_text().startswith("<!DOCTYPE html>")
    da.ones(3).visualize(tmp_path / "c", format="svg")
    assert (tmp_path / "c.svg").exists()
    with pytest.raises(ValueError, match="got 'pdf'"):
        picture.save(tmp_path / "d.pdf")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(RuntimeError, match="rsvg-convert"):
        picture.save(tmp_path / "e.png")
    assert not (tmp_path / "e.png").exists()


def test_a_png_where_something_can_make_one(tmp_path):
    picture = da.ones(3).visualize()
    try:
        picture.save(tmp_path / "a.png")
    except RuntimeError:
        pytest.skip("nothing here makes PNGs")
    assert io.BytesIO((tmp_path / "a.png").read_bytes()).read(4) == b"\x89PNG"


def test_explain_names_stages_bytes_and_the_peak():
    x = unreadable((1000, 1000), name="heights", chunks=100)
    text = (x * 2).mean(axis=0).explain()
    for word in ("mean(axis=0)", "heights", "stage 0: reduce", "memory per task", "plan: 1 stage"):
        assert word in text


def test_what_draws_is_not_loaded_with_the_package():
    program = "import sys, chunkwise.array; print([m for m in sys.modules if 'diagnostics' in m])"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_repeats_in_a_picture_are_drawn_once():
    from chunkwise.diagnostics._plan import _expression

    x = unreadable((100, 100), chunks=50)
    for _ in range(100):
        x = da.cumsum(x - x.mean(axis=0), axis=0)
    boxes = _expression([x._expr])
    names = [box.lines[0] for box in boxes]
    assert any(re.fullmatch(r"the same [\d,]+ times more", name) for name in names)
    # The first and the last are there.
    assert sum("mean" in name for name in names) >= 2
    assert len(boxes) < 41


def test_a_loop_of_rolls_has_a_small_plan_and_picture():
    x = da.ones((1000, 1000), chunks=100)
    for _ in range(100):
        x = da.roll(x, 1, 0) + x
    stages, _ = native.plan_outline(_session.current(), [x._expr])
    assert len(stages) < 40
    assert sum(len(stage["operations"]) for stage in stages) < 1000
    assert len(x.visualize().svg) < 100_000


def test_siblings_in_a_picture_are_one_box():
    parts = [unreadable((10, 10), name=f"part {k}", chunks=5) for k in range(60)]
    shown = texts(da.concatenate([(p * 2).sum(axis=0) for p in parts]).visualize())
    assert any(t.startswith("60 × ") for t in shown)
    assert len(shown) < 100


def test_folded_graphs_have_no_cycles_and_keep_their_results():
    from chunkwise.diagnostics._fold import folded
    from chunkwise.diagnostics._graph import Box

    rng = np.random.default_rng(7)
    for count in (1, 30, 60, 200, 500):
        for kinds in (1, 3, 40):
            boxes = []
            for n in range(count):
                inputs = sorted({int(i) for i in rng.integers(max(0, n - 9), n, 2)} if n else ())
                boxes.append(Box([f"op {chr(97 + int(rng.integers(kinds)))}"], inputs))
            out = folded(boxes, [count - 1], 40)
            assert 0 < len(out) <= 41
            assert all(i < n for n, box in enumerate(out) for i in box.inputs)
