"""What the stubs take from Rust source."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from documentation import ROOT

sys.path.insert(0, str(ROOT / "tools"))
from rust import Function, Source

TEXT = """
/// fn commented(x: u8) -> PyResult<u8> {}
type Pairs = Vec<(String, Option<f64>)>;
type Nodes<'py> = (Vec<Bound<'py, PyDict>>, usize);

macro_rules! pairs {
    ($($name:ident),*) => {$(
        #[pyfunction]
        fn $name(py: Python<'_>, a: &PyThing, b: &PyThing) -> PyResult<PyThing> {
            build(py, || a.$name(b))
        }
    )*};
}

pairs!(first, second);

#[pyclass(frozen, name = "Thing", module = "chunkwise._chunkwise")]
pub(crate) struct PyThing {
    inner: u8,
}

impl PyThing {
    fn hidden(&self, unknown: Unheard) -> Unheard { todo(|x| -> u8 { 1 }) }
}

#[pymethods]
impl PyThing {
    #[getter]
    fn shape<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, [1])
    }

    fn many(
        &self,
        parts: Vec<(usize, Option<f64>)>,
        path: std::path::PathBuf,
    ) -> PyResult<Vec<PyThing>> {
        make(parts)
    }

    fn nothing(&self) {}
}

impl<'a> Trait for PyThing {
    fn records(&self, unknown: &Unheard<'a>) -> Unheard { self }
}

#[pyfunction]
fn records(name: &str, function: Py<PyAny>) -> Pairs {
    vec![]
}

#[pyfunction]
fn nodes<'py>(py: Python<'py>) -> PyResult<Nodes<'py>> {
    draw(py)
}

fn first(helper: Unheard) -> Unheard { helper }

#[pyfunction]
#[pyo3(signature = (x, *args))]
fn strange(x: Unheard) -> PyResult<()> {
    Ok(())
}
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "lib.rs").write_text(TEXT)
    return Source(tmp_path)


def test_functions_and_methods(source: Source) -> None:
    assert source.function("shape", "Thing") == Function({}, "tuple[Any, ...]")
    assert source.function("many", "Thing") == Function(
        {"parts": "Sequence[tuple[int, float | None]]", "path": "str | PathLike[str]"},
        "list[Thing]",
    )
    assert source.function("nothing", "Thing") == Function({}, "None")


def test_aliases_are_followed(source: Source) -> None:
    assert source.function("records") == Function(
        {"name": "str", "function": "Any"}, "list[tuple[str, float | None]]"
    )
    assert source.function("nodes") == Function({}, "tuple[list[dict[str, Any]], int]")


def test_macros_are_written_out(source: Source) -> None:
    for name in ("first", "second"):
        assert source.function(name) == Function({"a": "Thing", "b": "Thing"}, "Thing")


def test_an_unknown_type_is_named(source: Source) -> None:
    with pytest.raises(LookupError, match="strange.*'Unheard'"):
        source.function("strange")


def test_comments_declare_nothing(source: Source) -> None:
    assert "commented" not in source.functions
