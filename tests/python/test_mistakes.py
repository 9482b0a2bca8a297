"""Calls that are almost right end with a result or with an exception that says what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

GROUPS = 4


@pytest.mark.parametrize("group", range(GROUPS))
def test_calls_that_are_almost_right(group):
    program = Path(__file__).with_name("mutation.py")
    done = subprocess.run(
        [sys.executable, str(program), *map(str, (group, GROUPS, 11, 6))],
        capture_output=True,
        text=True,
        timeout=120,
    )
    last = done.stderr[-2000:]
    assert done.returncode == 0, f"the interpreter ended with {done.returncode} in {last}"
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("WRONG")] == []
    functions, calls, refused = map(int, lines[-1].split())
    assert functions > 100 and calls > 10 * functions
    # Most of them are mistakes, and some mean something.
    assert calls / 2 < refused < calls
