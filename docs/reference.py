"""Writes the pages of the API reference, one for each family, from the modules' own lists."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType

import chunkwise
import chunkwise.array as da


def titles(module: ModuleType) -> str:
    """A family's heading: its docstring's first sentence, cut at the first colon or full stop."""
    text = inspect.getdoc(module) or module.__name__
    first = " ".join(text.split("\n\n")[0].split())
    for end in (". ", ": ", "; "):
        first = first.partition(end)[0]
    return first.rstrip(".")


def families() -> dict[str, list[str]]:
    """The names of `chunkwise.array` by the private module that lists them."""
    found: dict[str, list[str]] = {}
    folder = Path(da.__file__).parent
    left = set(da.__all__) - {"Array"}
    for path in sorted(folder.glob("_[a-z]*.py")):
        module = importlib.import_module(f"chunkwise.array.{path.stem}")
        names = sorted(left & set(getattr(module, "__all__", ())))
        left -= set(names)
        if names:
            found[path.stem] = names
    modules = {name for name in left if inspect.ismodule(getattr(da, name))}
    # A name of a public module that is one of ours too stands on that module's page.
    left = {n for n in left if not any(n in getattr(da, m).__all__ for m in modules)}
    if left - modules:
        raise LookupError(f"in no family: {', '.join(sorted(left - modules))}")
    return found


#: Classes that have a page.
_described: set[type] = set()


def page(title: str, module: str, names: list[str], text: str = "") -> str:
    """A page with a table of names, and each in full."""
    functions, constants, classes = [], [], []
    space = importlib.import_module(module)
    for name in names:
        thing = getattr(space, name)
        kind = type(thing).__module__.partition(".")[0]
        if inspect.isclass(thing) and thing.__module__.partition(".")[0] == "chunkwise":
            classes.append(name)
        elif callable(thing) and kind != "numpy" and not inspect.isclass(thing):
            functions.append(name)
        else:
            constants.append(name)
    lines = [title, "=" * len(title), "", text, "", f".. currentmodule:: {module}", ""]
    if functions + classes:
        lines += [".. autosummary::", "", *[f"   {n}" for n in functions + classes], ""]
    if constants:
        lines += ["Also " + ", ".join(f"``{n}``" for n in constants) + ".", ""]
    for name in functions:
        lines += [f".. autofunction:: {name}", ""]
    for name in classes:
        lines += [f".. autoclass:: {name}", "   :members:"]
        kind = getattr(space, name)
        if kind in _described:
            # Public in two modules: links go to the first.
            lines.append("   :no-index:")
        _described.add(kind)
        bases = kind.__mro__[1:-1]
        if all(base.__module__.startswith("chunkwise.") for base in bases):
            # Some classes are put together from parts.
            lines.append("   :inherited-members:")
        lines.append("")
    return "\n".join(lines)


def write(folder: Path) -> None:
    """Writes every page, and the list of them."""
    folder.mkdir(exist_ok=True)
    pages = {
        "array": page("The array", "chunkwise.array", ["Array"]),
        "chunkwise": page(
            "Running and settings",
            "chunkwise",
            [n for n in chunkwise.__all__ if callable(getattr(chunkwise, n))],
        )
        + page_settings(),
    }
    for family, names in families().items():
        module = importlib.import_module(f"chunkwise.array.{family}")
        pages[family.strip("_")] = page(titles(module), "chunkwise.array", names)
    for name in sorted(da.__all__):
        if inspect.ismodule(getattr(da, name)):
            module = getattr(da, name)
            pages[name] = page(titles(module), module.__name__, list(module.__all__))
    diagnostics = importlib.import_module("chunkwise.diagnostics")
    if names := list(getattr(diagnostics, "__all__", ())):
        pages["diagnostics"] = page(titles(diagnostics), "chunkwise.diagnostics", names)
    futures = importlib.import_module("chunkwise.futures")
    pages["futures"] = page(titles(futures), "chunkwise.futures", list(futures.__all__))
    distributed = importlib.import_module("chunkwise.distributed")
    names = list(distributed.__all__)
    pages["distributed"] = page(titles(distributed), "chunkwise.distributed", names)
    listed = ["array", "chunkwise", *sorted(set(pages) - {"array", "chunkwise"})]
    pages["index"] = "\n".join(
        ["API reference", "=============", "", ".. toctree::", "   :maxdepth: 1", ""]
        + [f"   {name}" for name in listed]
    )
    for old in folder.glob("*.rst"):
        if old.stem not in pages:
            old.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        # A page that is as it was is not built again.
        if not path.exists() or path.read_text() != text + "\n":
            path.write_text(text + "\n")


def page_settings() -> str:
    """The settings, under the page on running."""
    return "\n".join(
        [
            "",
            ".. currentmodule:: chunkwise.config",
            "",
            ".. autofunction:: get",
            "",
            ".. autoclass:: set",
            "",
        ]
    )
