"""Writes docs/names.md: the names of Dask's arrays, of NumPy and of the array API standard, and how
each is done here.

    python tools/names.py           writes it
    python tools/names.py --check   fails where it is out of date, or no reason is given

How a function is done is read from the source of the package: which native functions it reaches.
The names of the others are lists in tools/names, reasons for what is absent in absent.toml there.
"""

from __future__ import annotations

import ast
import importlib
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LISTS = Path(__file__).resolve().parent / "names"
PAGE = ROOT / "docs" / "names.md"
PACKAGE = ROOT / "python" / "chunkwise" / "array"

#: Native functions that run a user's function, or one of NumPy's, on chunks.
CALLBACKS = {"call", "call_many", "from_getter", "calls"}
#: Native functions that describe or convert, and so say nothing of how an operation is done.
PLUMBING = {"cast", "full", "from_buffer", "promote", "broadcast_to", "Expr", "Chunk", "Session"}

NATIVE, COMPOSED, CALLBACK, ABSENT = "native", "composed", "Python callback", "absent"


@dataclass
class Definition:
    """What a function's source names."""

    native: set[str] = field(default_factory=set)
    ours: set[str] = field(default_factory=set)


def definitions() -> dict[str, Definition]:
    """Every function, class and method of the array modules as `module:name`; a method of any class
    as `:.name` too."""
    found: dict[str, Definition] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.parent.name if path.stem == "__init__" else path.stem
        tree = ast.parse(path.read_text())
        meant = _meanings(module, tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                _read(node, found.setdefault(f"{module}:{node.name}", Definition()), meant)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = f"{module}:{node.targets[0].id}"
                _read(node.value, found.setdefault(name, Definition()), meant)
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef):
                        for name in (f":{node.name}.{method.name}", f":.{method.name}"):
                            _read(method, found.setdefault(name, Definition()), meant)
    return found


def _meanings(module: str, tree: ast.Module) -> dict[str, str]:
    """What a module's own and imported names stand for."""
    meant = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            for alias in node.names:
                home = (node.module or "").rpartition(".")[2]
                meant[alias.asname or alias.name] = f"{home}:{alias.name}"
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            meant[node.name] = f"{module}:{node.name}"
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            meant[node.targets[0].id] = f"{module}:{node.targets[0].id}"
    return meant


def _read(node: ast.AST, into: Definition, meant: dict[str, str]) -> None:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            owner = part.value.id
            if owner == "_native":
                into.native.add(part.attr)
            elif owner == "self":
                into.ours.add(f":.{part.attr}")
            elif owner in meant:
                into.ours.add(f"{meant[owner].rpartition(':')[2]}:{part.attr}")
        elif isinstance(part, ast.Name) and part.id in meant:
            into.ours.add(meant[part.id])


def reached(name: str, known: dict[str, Definition], *, private: bool = False) -> set[str]:
    """The native functions that a function may call, itself or through others: only through private
    helpers, or through any."""
    seen: set[str] = set()
    native: set[str] = set()
    rest = [name]
    while rest:
        one = rest.pop()
        if one in seen or one not in known:
            continue
        seen.add(one)
        native |= known[one].native
        for other in known[one].ours:
            own = other.rpartition(":")[2].lstrip(".")
            # A class is a name for a check of types more often than for its methods.
            if own in ("Array", "asarray", "asanyarray") or own.startswith("__"):
                continue
            if not private or own.startswith("_"):
                rest.append(other)
    return native


class Names:
    """The public names here, and how each is done."""

    def __init__(self) -> None:
        self.array = importlib.import_module("chunkwise.array")
        self.known = definitions()
        self.said = tomllib.loads((LISTS / "how.toml").read_text())
        absent = tomllib.loads((LISTS / "absent.toml").read_text())
        self.absent: dict[str, str] = {}
        for group in absent["because"]:
            for name in group["names"].split():
                if name in self.absent:
                    raise SystemExit(f"absent.toml: {name!r} has two reasons")
                self.absent[name] = group["reason"]

    def find(self, name: str) -> Any:
        """What a dotted name stands for, or `None`."""
        thing: Any = self.array
        for part in name.split("."):
            public = getattr(thing, "__all__", None)
            if public is not None and part not in public:
                return None
            thing = getattr(thing, part, None)
            if thing is None:
                return None if part != "newaxis" else ...
        return thing

    def how(self, name: str) -> str:
        """How a name is done: one of four words."""
        thing = self.find(name)
        if thing is None:
            return ABSENT
        for how, names in self.said.items():
            if {name, name.removeprefix("random.Generator.")} & set(names.split()):
                return how
        own = name.rpartition(".")[2]
        if name.startswith("Array.") and own in self.array.__all__:
            return self.how(own)
        row = getattr(thing, "_row", None)
        if row is not None or not callable(thing) or type(thing).__module__ == "numpy":
            return NATIVE
        if getattr(thing, "__module__", "") == "numpy":
            return NATIVE
        home = getattr(thing, "__module__", "").rpartition(".")[2]
        function = f"{home}:{getattr(thing, '__name__', own)}"
        if name.startswith(("Array.", "random.")):
            function = f":{name}" if f":{name}" in self.known else f":.{own}"
        if reached(function, self.known) & CALLBACKS:
            return CALLBACK
        return NATIVE if reached(function, self.known, private=True) - PLUMBING else COMPOSED

    def note(self, name: str) -> str:
        """Why a name is absent."""
        return self.absent.get(name) or self.absent.get(name.rpartition(".")[2], "")


TABLES = {
    "dask": ("dask.array", "The names of `dask.array` and its sub-modules.", ""),
    "dask_array": ("Arrays", "The attributes and methods of `dask.array.Array`.", "Array."),
    "array_api": (
        "The array API standard",
        "The names of the standard's version 2024.12, which 2025.12 keeps, with its extensions "
        "`linalg` and `fft`.",
        "",
    ),
    "numpy": ("NumPy", "The names of NumPy's main namespace.", ""),
}

INTRODUCTION = """\
# Names, one by one

What of Dask's, NumPy's and the array API standard's names is here, and how it is done:

- **native**: the engine's own operation, on many threads and in bounded memory.
- **composed**: made of such operations, without work of its own.
- **Python callback**: calls a Python function, the user's or one of NumPy's, on chunks.
- **absent**: not here, for the reason given.

This page is generated from the package and tested against it.
"""


def page(names: Names) -> tuple[str, list[str]]:
    """The page, and what is wrong."""
    parts, wrong = [INTRODUCTION], []
    used: set[str] = set()
    counts, tables = [], []
    for file, (title, text, prefix) in TABLES.items():
        listed = [n for n in (LISTS / f"{file}.txt").read_text().splitlines() if n[0] != "#"]
        rows, count = [], dict.fromkeys((NATIVE, COMPOSED, CALLBACK, ABSENT), 0)
        for name in listed:
            how = names.how(prefix + name)
            count[how] += 1
            note = names.note(prefix + name) if how == ABSENT else ""
            if how == ABSENT:
                used |= {prefix + name, (prefix + name).rpartition(".")[2]}
                if not note:
                    wrong.append(f"{title}: {name} is absent without a reason")
            rows.append(f"| `{name}` | {how if how != ABSENT else '**absent**'} | {note} |")
        counts.append(f"| {title} | {len(listed)} | " + " | ".join(map(str, count.values())) + " |")
        table = "\n".join(["| name | how | why not |", "|---|---|---|", *rows])
        tables.append(f"## {title}\n\n{text}\n\n{table}\n")
    head = "| | names | native | composed | Python callback | absent |\n|---|---|---|---|---|---|"
    parts.append("\n".join([head, *counts]) + "\n")
    wrong += [
        f"absent.toml: {n!r} is not absent, or in no list" for n in names.absent.keys() - used
    ]
    return "\n".join(parts + tables), wrong


def prune() -> None:
    """Takes the names that are there by now from the list of what is absent."""
    names = Names()
    path = LISTS / "absent.toml"
    lines = []
    for line in path.read_text().splitlines():
        if line[:1] not in ("#", "[", "") and not line.startswith(("reason", "names", '"""')):
            line = " ".join(n for n in line.split() if names.find(n) is None)
            if not line:
                continue
        lines.append(line)
    path.write_text("\n".join(lines) + "\n")


def main() -> None:
    if "--check" not in sys.argv:
        prune()
    text, wrong = page(Names())
    if "--check" not in sys.argv:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        wrong.append("docs/names.md is out of date: run `make names`")
    if wrong:
        raise SystemExit("\n".join(sorted(wrong)))


if __name__ == "__main__":
    main()
