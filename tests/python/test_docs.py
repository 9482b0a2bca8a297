"""Every example in a docstring or on a page runs, and gives what it says."""

from __future__ import annotations

import doctest
from pathlib import Path
from typing import Any

import chunkwise
import chunkwise.array as da
import documentation
import entry_points
import numpy as np
import pytest

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def run(text: str, globs: dict[str, Any], name: str, file: str, line: int) -> int:
    """Runs the examples with a prompt in a text; how many there were."""
    test = doctest.DocTestParser().get_doctest(text, globs, name, file, line)
    # The parser has made a copy: what a block defines is for those after it too.
    test.globs = globs
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)
    return len(test.examples)


def names() -> dict[str, str]:
    found = {name: thing.__doc__ or "" for name, thing in documentation.namespaces().items()}
    for name, thing in documentation.public_names():
        if documentation.has_documentation(thing):
            found[name] = thing.__doc__ or ""
    return {name: text for name, text in found.items() if ">>>" in text}


DOCSTRINGS = names()


@pytest.fixture(autouse=True)
def a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples may write files."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", DOCSTRINGS)
def test_docstring(name: str) -> None:
    globs = {"da": da, "np": np, "chunkwise": chunkwise, "__name__": "example"}
    assert run(DOCSTRINGS[name], globs, name, name, 0)


@pytest.mark.parametrize("page", documentation.pages(), ids=str)
def test_page(page: Path) -> None:
    """The blocks of a page follow one on another: with a prompt, what is said is compared."""
    globs: dict[str, Any] = {"__name__": "example"}
    text = (documentation.ROOT / page).read_text()
    if "import xarray" in text:
        pytest.importorskip("xarray")
        entry_points.register()
    for line, block in documentation.blocks(text):
        if ">>>" in block:
            run(block, globs, str(page), str(page), line)
        else:
            exec(compile("\n" * line + block, str(page), "exec"), globs)


def test_the_collector_finds_examples_and_their_mistakes() -> None:
    assert len(DOCSTRINGS) > 20
    page = "a\n```python\n>>> 1 + 1\n3\n```\n\n```text\n>>> no\n```\n"
    ((line, block),) = documentation.blocks(page)
    assert line == 2
    with pytest.raises(AssertionError, match=r"Expected:\s+3\s+Got:\s+2"):
        run(block, {}, "page", "page", line)
