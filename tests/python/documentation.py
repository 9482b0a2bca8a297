"""What has documentation: the public names, and the pages with their examples."""

from __future__ import annotations

import importlib.util
import inspect
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chunkwise
import chunkwise.array
import chunkwise.diagnostics

ROOT = Path(__file__).resolve().parents[2]


def namespaces() -> dict[str, types.ModuleType]:
    """The public modules by name: the package, its sub-packages, and theirs that are listed."""
    found: dict[str, types.ModuleType] = {}

    def visit(module: types.ModuleType) -> None:
        if module.__name__ in found:
            return
        found[module.__name__] = module
        for name in module.__all__:
            part = getattr(module, name)
            if isinstance(part, types.ModuleType):
                visit(part)

    visit(chunkwise)
    if importlib.util.find_spec("distributed"):
        # Not among the package's names, since it needs what may not be installed.
        visit(chunkwise.distributed)
    return found


def public_names() -> Iterator[tuple[str, Any]]:
    """Every public name, the public members of classes included, with what it stands for."""
    seen: set[int] = set()
    for module_name, module in namespaces().items():
        for name in module.__all__:
            thing = getattr(module, name)
            if isinstance(thing, types.ModuleType) or id(thing) in seen:
                continue
            seen.add(id(thing))
            yield f"{module_name}.{name}", thing
            if ours(thing) and isinstance(thing, type):
                for member, value in members(thing).items():
                    if not member.startswith("_") and has_documentation(value):
                        yield f"{module_name}.{name}.{member}", value


def members(kind: type) -> dict[str, Any]:
    """What a class defines, itself or in those of ours of which it is put together."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if ours(base):
            found.update(vars(base))
    return found


def ours(thing: Any) -> bool:
    """Whether it is defined here, and not NumPy's or Python's."""
    module = getattr(thing, "__module__", None) or type(thing).__module__
    return module.split(".")[0] == "chunkwise"


def has_documentation(thing: Any) -> bool:
    """Whether it is of a kind that has a docstring of its own: constants have none."""
    return ours(thing) and (
        callable(thing)
        or isinstance(thing, property | classmethod | staticmethod)
        or inspect.isdatadescriptor(thing)
        or not isinstance(thing, int | float | str | tuple | type(None))
    )


def is_function(thing: Any) -> bool:
    """Whether it is called for what it gives: properties and exceptions are not."""
    if isinstance(thing, type):
        return not issubclass(thing, BaseException)
    return callable(thing) or isinstance(thing, classmethod | staticmethod)


def pages() -> list[Path]:
    """The written pages, relative to the root."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [p.relative_to(ROOT) for p in found if "_build" not in p.parts]


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """The Python examples of a page that are run, each with its line."""
    for found in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start()) + 1, found[1]
