"""The types that the native module's functions are declared with, read from its Rust source."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

#: What each type of an argument or result is to Python. Sequences and options are taken apart.
TYPES = {
    "()": "None",
    "bool": "bool",
    "char": "str",
    "f64": "float",
    "str": "str",
    "String": "str",
    "PathBuf": "str | PathLike[str]",
    "Complex64": "complex",
    "Number": "complex",
    "Argument": "Expr | complex",
    "Arrays": "Iterable[Expr]",
    "Cut": "Any",
    "BasicIndex": "Any",
    "Parts": "Any",
    "[u8]": "bytes",
    "Order": "float | str",
    "PyFollow": "int | tuple[int, int, int, int]",
    "PyAny": "Any",
    "PyTuple": "tuple[Any, ...]",
    "PyList": "list[Any]",
    "PyDict": "dict[str, Any]",
    "PyString": "str",
    "PyBytes": "bytes",
    "PyType": "type",
} | dict.fromkeys(["u8", "u16", "u32", "u64", "usize", "i32", "i64", "i128", "isize"], "int")


class Function(NamedTuple):
    """A function's types by argument, as Python writes them, and that of its result."""

    arguments: dict[str, str]
    result: str


class Source:
    """What the sources of a folder declare."""

    def __init__(self, folder: Path) -> None:
        self.functions: dict[str, tuple[str, str]] = {}
        self.methods: dict[tuple[str, str], tuple[str, str]] = {}
        self.types = dict(TYPES)
        self.aliases: dict[str, str] = {}
        texts = [_without_comments(p.read_text()) for p in sorted(folder.rglob("*.rs"))]
        texts = [_expanded(text) for text in texts]
        classes = {}
        for text in texts:
            pattern = r'#\[pyclass\([^]]*?name = "(\w+)"[^]]*?\)\].*?\bstruct (\w+)'
            for name, struct in re.findall(pattern, text, re.DOTALL):
                classes[struct] = name
                self.types[struct] = name
            self.aliases |= dict(re.findall(r"\btype (\w+)(?:<[^>]*>)? = ([^;]+);", text))
        for text in texts:
            rest = text
            for found in re.finditer(r"^impl\b(?:<[^>]*>)?([^{;]*)\{", text, re.MULTILINE):
                body = _balanced(text, found.end() - 1)
                # A trait's methods are not Python's.
                if (struct := found[1].strip()) in classes:
                    for name, *declared in _declared(body):
                        self.methods.setdefault((classes[struct], name), tuple(declared))
                rest = rest.replace(body, "")
            for marked in rest.split("#[pyfunction")[1:]:
                # What a macro stamps has no name of its own.
                if re.search(r"\bfn (\$?)", marked)[1] == "":
                    name, *declared = next(_declared(marked))
                    self.functions[name] = tuple(declared)

    def function(self, name: str, owner: str | None = None) -> Function:
        """The types of a function, or of a class's method."""
        key = (owner, name)
        arguments, result = self.methods[key] if owner else self.functions[name]
        types = {}
        for argument in _split(arguments):
            argument, _, kind = argument.partition(":")
            # The interpreter's token, and the receiver, are no arguments to Python.
            if kind and not kind.strip().startswith("Python<"):
                argument = argument.split()[-1]
                types[argument.lstrip("_")] = self._python(kind, "Sequence", f"{key}, {argument}")
        return Function(types, self._python(result or "()", "list", f"{key}, its result"))

    def _python(self, rust: str, sequence: str, where: str) -> str:
        rust = rust.strip().removeprefix("&").strip()
        rust = re.sub(r"'\w+\s*,?\s*|\bmut\b|\bdyn\b", "", rust).strip()
        rust = re.sub(r"\w+::|<>", "", rust)
        if rust == "()":
            return "None"
        if rust.startswith("("):
            parts = [self._python(part, sequence, where) for part in _split(rust[1:-1])]
            return f"tuple[{', '.join(parts)}]"
        generic = re.fullmatch(r"(\w+)<(.*)>", rust, re.DOTALL)
        if generic is None:
            if rust in self.aliases:
                return self._python(self.aliases[rust], sequence, where)
            if rust not in self.types:
                raise LookupError(f"{where}: no Python type for {rust!r} in tools/rust.py")
            return self.types[rust]
        outer, inner = generic[1], generic[2].strip().rstrip(",")
        if outer in ("PyResult", "Py", "Bound", "PyRef", "Borrowed", "Cow"):
            return self._python(inner, sequence, where)
        if outer == "Option":
            return f"{self._python(inner, sequence, where)} | None"
        if outer == "Vec":
            return f"{sequence}[{self._python(inner, sequence, where)}]"
        if outer == "HashMap":
            parts = [self._python(part, sequence, where) for part in _split(inner)]
            return f"dict[{', '.join(parts)}]"
        raise LookupError(f"{where}: no Python type for {rust!r} in tools/rust.py")


def _without_comments(text: str) -> str:
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def _expanded(text: str) -> str:
    """With macros that stamp functions from a list of names written out."""
    pattern = r"macro_rules! (\w+) \{\s*\(\$\(\$(\w+):ident\),\*\) => \{\$\((.*?)\)\*\};\s*\}"
    for macro, variable, body in re.findall(pattern, text, re.DOTALL):
        for call in re.findall(rf"\b{macro}!\((.*?)\);", text, re.DOTALL):
            for name in call.replace(",", " ").split():
                text += body.replace(f"${variable}", name)
    return text


def _balanced(text: str, start: int) -> str:
    """From a bracket to its end."""
    ends = {"{": "}", "(": ")"}
    open_, close = text[start], ends[text[start]]
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == open_) - (text[place] == close)
        if depth == 0:
            return text[start : place + 1]
    raise ValueError("brackets do not match")


def _declared(text: str):
    """Each function: its name, its arguments, its result."""
    for found in re.finditer(r"\bfn (\w+)(?:<[^(]*>)?\(", text):
        arguments = _balanced(text, found.end() - 1)
        after = text[found.end() - 1 + len(arguments) :]
        result = re.match(r"\s*->\s*([^{;]+?)\s*(?:where\b[^{]*)?\{", after)
        yield found[1], arguments[1:-1], result[1] if result else ""


def _split(text: str) -> list[str]:
    """At the commas outside brackets."""
    parts, depth, part = [], 0, ""
    for letter in text.replace("->", "  "):
        depth += (letter in "(<[") - (letter in ")>]")
        if letter == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += letter
    return [p.strip() for p in [*parts, part] if p.strip()]
