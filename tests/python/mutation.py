"""Calls that are almost right: those of the docstrings' examples, with one argument changed.

    python tests/python/mutation.py GROUP GROUPS SEED PER_ARGUMENT

runs one group of the public functions, and prints each call that ends otherwise than with a result
or with an exception that names a mistake of the caller's.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import faulthandler
import io
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import Any

import chunkwise
import chunkwise.array as da
import documentation
import numpy as np

#: What a caller may have to catch. Files that are not there are mistakes too.
EXPECTED = (
    TypeError,
    ValueError,
    IndexError,
    KeyError,
    OverflowError,
    MemoryError,
    NotImplementedError,
    ZeroDivisionError,
    OSError,
)
#: What makes a list as long as a number that it is told, or takes as long.
LONG = {
    "array_split",
    "split",
    "hsplit",
    "vsplit",
    "dsplit",
    "spawn",
    "matrix_power",
    "diag_indices",
}
#: What NumPy's functions of these names raise too.
NUMPYS = {"cov": RuntimeError, "corrcoef": RuntimeError, "from_dlpack": BufferError}
#: What acts on the process, or blocks.
SKIPPED = {
    "chunkwise.config.set",
    "chunkwise.array.Array.to_npy",
    # It raises what the tasks of a graph raise.
    "chunkwise.get",
    # Their examples' client ends with them.
    "chunkwise.futures.as_completed",
    "chunkwise.futures.wait",
}
#: What would start a cluster for each call.
SKIPPED_MODULES = ("chunkwise.distributed",)

_x = np.arange(24.0).reshape(4, 6)


class Odd:
    """Says that it is an array, and is none."""

    shape, dtype, ndim = (3,), "f8", 1

    def __getitem__(self, index: Any) -> Any:
        raise KeyError(index)


def mutants(value: Any) -> list[Any]:
    """What may stand in the place of a value."""
    x = da.asarray(_x, chunks=(3, 2))
    numbers = [True, 0, -1, 3, 2**31, 2**62, -(2**63), 2**200, 0.5, np.nan, np.inf, 1j, np.int8(-7)]
    others = [None, "", "auto", "float64", "x" * 300, b"a", {}, {0: 1}, {"a": x}, slice(None)]
    others += [
        Ellipsis,
        object(),
        int,
        np.float32,
        np.dtype("U5"),
        Odd(),
        len,
        lambda *a, **k: None,
    ]
    nested = [(), [], set(), [[1], [2, 3]], [None], [[[[[1]]]]], (-1, 5), (2**62, 2**62), [np.nan]]
    nested += [[value], (value, value), [value] * 7, [x, 1], range(3), iter([1])]
    arrays = [x, x[:0], x > 3, x + 1j, x[x > 30], x.astype("int8"), x[0, 0], da.ones((1,) * 7)]
    arrays += [da.full((2, 2), np.nan), da.asarray([2**63], dtype="uint64"), da.zeros((0, 3))]
    arrays += [np.zeros((0, 2)), np.array(None), np.array(["a"]), np.zeros(3, "M8[s]")]
    arrays += [np.ma.masked_array([1, 2], [0, 1]), np.zeros(2, "i4,f4"), np.ones((4, 6), ">i4")]
    made = numbers + others + nested + arrays
    if isinstance(value, int | float) and not isinstance(value, bool):
        made += [-value, value * 1000, float(value), str(value)]
    if isinstance(value, list | tuple) and value:
        made += [value[:-1], value + value[:1], value[::-1], [list(value)], type(value)([None])]
    if isinstance(value, str):
        made += [value.upper(), value + "x", value[:-1], value.encode()]
    if isinstance(value, da.Array):
        made += [value[..., :0], value[None], value > 0] if value.ndim else []
    return made


def calls(name: str, thing: Any) -> Iterator[tuple[Any, list, dict]]:
    """Valid calls of a public function: those in its examples."""
    own = name.rpartition(".")[2]
    space: dict[str, Any] = {"da": da, "np": np, "chunkwise": chunkwise}
    found = 0
    for example in doctest.DocTestParser().get_examples(thing.__doc__ or ""):
        if doctest.SKIP in example.options:
            continue
        wanted = [n for n in ast.walk(ast.parse(example.source)) if _calls(n, own)]
        # Names may be bound in the example itself.
        for run in (False, True):
            if run:
                exec(example.source, space)
            for node in list(wanted):
                with contextlib.suppress(NameError, AttributeError):
                    yield _evaluated(node, space)
                    wanted.remove(node)
                    found += 1
    if not found:
        yield from _guessed(name, own, thing)


def _calls(node: ast.AST, own: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == own


def _evaluated(node: ast.Call, space: dict) -> tuple[Any, list, dict]:
    def value(part: ast.expr) -> Any:
        return eval(compile(ast.Expression(part), "example", "eval"), space)

    args: list = []
    for part in node.args:
        args += value(part.value) if isinstance(part, ast.Starred) else [value(part)]
    return value(node.func), args, {k.arg: value(k.value) for k in node.keywords if k.arg}


def _guessed(name: str, own: str, thing: Any) -> Iterator[tuple[Any, list, dict]]:
    """Where there is no example: elementwise functions, and methods that are functions too."""
    if name.startswith("chunkwise.array.Array."):
        function = getattr(da, own, None)
        if function is not None:
            for _, args, named in calls(f"chunkwise.array.{own}", function):
                if args and isinstance(args[0], da.Array):
                    yield getattr(args[0], own), args[1:], named
                else:
                    with contextlib.suppress(TypeError, ValueError, IndexError):
                        yield getattr(da.asarray(args[0]), own), args[1:], named
    elif isinstance(thing, da.ufunc):
        yield thing, [da.asarray([1, 2, 3])] * thing.nin, {}


def changed(function: Any, args: list, named: dict, per: int, chance: random.Random) -> Iterator:
    """The call with one argument changed, left out or too many."""
    places = [*range(len(args)), *named]
    for place in places:
        own = args[place] if isinstance(place, int) else named[place]
        choices = mutants(own)
        for other in chance.sample(choices, min(per, len(choices))):
            if isinstance(place, int):
                yield [*args[:place], other, *args[place + 1 :]], named
            else:
                yield args, named | {place: other}
    yield args[:-1], named
    yield [*args, chance.choice(mutants(0))], named
    yield args, named | {"bogus": 1}
    try:
        import inspect

        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    for parameter in list(parameters)[len(args) :]:
        if parameter not in named:
            for other in chance.sample(mutants(0), min(per, 3)):
                yield args, named | {parameter: other}


def use(result: Any) -> None:
    """What a caller would do with it next."""
    for part in result if isinstance(result, tuple | list) else [result]:
        if isinstance(part, da.Array) and part.nbytes < 1e5:
            part.compute()
            repr(part)


def main() -> None:
    group, groups, seed, per = map(int, sys.argv[1:5])
    with contextlib.suppress(ImportError):
        import resource

        # A mistake of ours is not to take the machine's memory.
        resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    faulthandler.enable()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    chunkwise.config.set(memory_limit="64MiB", num_threads=1)
    chance = random.Random(seed)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    count = refused = 0
    os.chdir(tempfile.mkdtemp())
    names = [
        (n, t)
        for n, t in documentation.public_names()
        if documentation.has_documentation(t)
        and documentation.is_function(t)
        and n not in SKIPPED
        and not n.startswith(SKIPPED_MODULES)
    ]
    for name, thing in names[group::groups]:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            given = list(calls(name, thing))
        for function, args, named in given:
            for new_args, new_named in changed(function, args, named, per, chance):
                long = name.rpartition(".")[2] in LONG
                if long and any(_large(v) for v in [*new_args, *new_named.values()]):
                    continue
                count += 1
                # The last line, where the interpreter dies.
                sys.stderr.write(f"{name} {_text(new_args, new_named)}\n")
                try:
                    with contextlib.redirect_stdout(io.StringIO()):
                        use(function(*new_args, **new_named))
                except EXPECTED as error:
                    refused += 1
                    if "panicked" in str(error):
                        out.write(f"WRONG {name} {_text(new_args, new_named)}: {error!r}\n")
                except BaseException as error:
                    if type(error) is NUMPYS.get(name.rpartition(".")[2]):
                        refused += 1
                        continue
                    text = f"{type(error).__mro__[-3].__name__} {error!r}"[:300]
                    out.write(f"WRONG {name} {_text(new_args, new_named)}: {text}\n")
    out.write(f"{len(names[group::groups])} {count} {refused}\n")
    out.flush()


def _large(value: Any) -> bool:
    if isinstance(value, da.Array):
        return value.dtype == np.uint64
    if isinstance(value, list | tuple):
        return any(map(_large, value))
    return isinstance(value, int | float) and not abs(value) < 1000


def _text(args: list, named: dict) -> str:
    parts = [repr(a)[:80] for a in args] + [f"{k}={v!r}"[:80] for k, v in named.items()]
    return "(" + " ".join(", ".join(parts).split()) + ")"


if __name__ == "__main__":
    main()
