"""The package as a whole: what is public, what it says of itself, what it imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import chunkwise
import chunkwise.array as da
import documentation
import pytest

PACKAGE = Path(chunkwise.__file__).parent

#: What a module of each layer may import when it is loaded: itself, and the layers named.
LAYERS = {
    "_svg": set(),
    "config": {"_chunkwise"},
    "_session": {"_chunkwise", "config"},
    "array": {"_chunkwise", "config", "_session", "_svg"},
    "diagnostics": {"_chunkwise", "config", "_session", "_svg"},
    "_dask": {"_chunkwise", "_session"},
    "_delayed": {"_chunkwise", "_session"},
    "_collections": {
        "_chunkwise",
        "config",
        "_session",
        "_svg",
        "_delayed",
        "array",
        "diagnostics",
    },
    "_futures": set(),
    "_queue": {"_collections", "_futures"},
    "futures": {"_session", "_delayed", "_futures", "_queue"},
    "distributed": {
        "__version__",
        "_chunkwise",
        "MemoryLimitError",
        "_collections",
        "_delayed",
        "_futures",
        "_session",
        "array",
        "config",
        "diagnostics",
    },
    "xarray": {"_collections", "array"},
}


def documented() -> dict[str, object]:
    return {n: t for n, t in documentation.public_names() if documentation.has_documentation(t)}


@pytest.mark.parametrize("name", documented())
def test_a_public_name_is_documented(name: str) -> None:
    assert (documented()[name].__doc__ or "").strip(), f"{name} has no docstring"


def functions() -> list[str]:
    """What is to have an example: the names of modules, and the array's methods.

    A method may leave it to the function of its name; a record says what its fields are.
    """
    chosen = []
    for name, thing in documented().items():
        home, _, own = name.rpartition(".")
        record = isinstance(thing, type) and issubclass(thing, tuple)
        method = home == "chunkwise.array.Array" and own not in da.__all__
        wanted = documentation.is_function(thing) and not record
        if wanted and (method or home in documentation.namespaces()):
            chosen.append(name)
    return chosen


@pytest.mark.parametrize("name", functions())
def test_a_public_function_has_an_example(name: str) -> None:
    doc = documented()[name].__doc__ or ""
    assert "Examples\n" in doc and ">>>" in doc.partition("Examples\n")[2], f"{name}: no example"


@pytest.mark.parametrize("name", documentation.namespaces())
def test_dir_lists_what_is_public(name: str) -> None:
    module = documentation.namespaces()[name]
    assert sorted(set(module.__all__)) == sorted(module.__all__), "listed twice"
    extra = {n for n in dir(module) if not n.startswith("_")} - set(module.__all__)
    assert not extra, f"in dir({name}), but not public: {sorted(extra)}"
    assert set(module.__all__) <= set(dir(module))


def test_import_loads_little_beside_numpy() -> None:
    """What takes time to load is other people's packages: there is to be none."""
    code = """
import sys, numpy
before = set(sys.modules)
import chunkwise.array
print(*{name.partition('.')[0] for name in set(sys.modules) - before})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    foreign = set(done.stdout.split()) - {"chunkwise"} - set(sys.stdlib_module_names)
    assert not foreign
    # Loading a diagram, a server or a browser is for who asks for one.
    assert not set(done.stdout.split()) & {"asyncio", "http", "unittest", "xml", "tkinter"}


def imports(path: Path) -> set[str]:
    """The modules of the package that a file imports when it is loaded, by their first name."""
    package = path.relative_to(PACKAGE).parts[:-1]
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(part, ast.If) and ast.unparse(part.test) == "TYPE_CHECKING":
                continue
            if isinstance(part, ast.ImportFrom) and part.level:
                base = package[: len(package) - part.level + 1]
                whole = [*base, *(part.module.split(".") if part.module else [])]
                found.update({whole[0]} if whole else {alias.name for alias in part.names})
            elif isinstance(part, ast.Import):
                names = [a.name.split(".") for a in part.names]
                found.update(n[1] for n in names if n[0] == "chunkwise" and len(n) > 1)
            visit(part)

    visit(ast.parse(path.read_text()))
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_go_one_way(layer: str) -> None:
    single = PACKAGE / f"{layer}.py"
    files = [single] if single.exists() else sorted((PACKAGE / layer).rglob("*.py"))
    assert files
    for path in files:
        wrong = imports(path) - LAYERS[layer] - {layer}
        assert not wrong, f"{path.relative_to(PACKAGE)} imports {sorted(wrong)}"


def test_every_module_has_a_layer() -> None:
    found = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert found - {"__init__"} == set(LAYERS)
