"""The table of names is up to date, and nothing is missing without a reason."""

from __future__ import annotations

import sys

import pytest
from documentation import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import names


@pytest.fixture(scope="module")
def known() -> names.Names:
    return names.Names()


def test_the_page_is_up_to_date(known: names.Names) -> None:
    text, wrong = names.page(known)
    assert not wrong
    assert names.PAGE.read_text() == text, "docs/names.md is out of date: run `make names`"


def test_how_a_name_is_done_follows_from_its_source(known: names.Names) -> None:
    assert known.how("sin") == names.NATIVE
    assert known.how("transpose") == names.NATIVE
    assert known.how("map_blocks") == names.CALLBACK
    assert known.how("no_such_name") == names.ABSENT


def test_a_name_without_a_reason_is_found(known: names.Names, tmp_path, monkeypatch) -> None:
    for file in names.TABLES:
        (tmp_path / f"{file}.txt").write_text("# one\nno_such_name\n")
    monkeypatch.setattr(names, "LISTS", tmp_path)
    assert "NumPy: no_such_name is absent without a reason" in names.page(known)[1]
