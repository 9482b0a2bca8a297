//! Our memory for others.

use chunkwise::{Chunk, DType};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

/// Computed elements. NumPy shares their memory: `numpy.asarray(chunk)` copies nothing.
#[pyclass(frozen, name = "Chunk", module = "chunkwise._chunkwise")]
pub(crate) struct PyChunk {
    chunk: Chunk,
    writable: bool,
    /// Shown as a line of bytes.
    bytes: bool,
}

impl PyChunk {
    /// Elements that nobody else sees.
    pub(crate) fn owned(chunk: Chunk) -> PyChunk {
        PyChunk {
            chunk,
            writable: true,
            bytes: false,
        }
    }

    /// Elements that others see too.
    pub(crate) fn shared(chunk: Chunk) -> PyChunk {
        PyChunk {
            chunk,
            writable: false,
            bytes: false,
        }
    }

    /// The bytes of elements in C order without gaps.
    pub(crate) fn bytes(chunk: Chunk) -> PyChunk {
        PyChunk {
            chunk,
            writable: false,
            bytes: true,
        }
    }
}

#[pymethods]
impl PyChunk {
    /// NumPy's array interface, version 3.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let interface = PyDict::new(py);
        let address = self.chunk.view().as_ptr() as usize;
        interface.set_item("version", 3)?;
        if self.bytes {
            interface.set_item("shape", (self.chunk.nbytes(),))?;
            interface.set_item("typestr", typestr(DType::U8))?;
        } else {
            interface.set_item("shape", PyTuple::new(py, self.chunk.shape())?)?;
            interface.set_item("strides", PyTuple::new(py, self.chunk.strides())?)?;
            interface.set_item("typestr", typestr(self.chunk.dtype()))?;
        }
        interface.set_item("data", (address, !self.writable))?;
        Ok(interface)
    }
}

/// NumPy's code for a dtype in this machine's byte order.
fn typestr(dtype: DType) -> String {
    use chunkwise_core::Kind;
    let order = match (dtype.size(), cfg!(target_endian = "little")) {
        (1, _) => '|',
        (_, true) => '<',
        (_, false) => '>',
    };
    let kind = match dtype.kind() {
        Kind::Bool => 'b',
        Kind::Signed => 'i',
        Kind::Unsigned => 'u',
        Kind::Float => 'f',
        Kind::Complex => 'c',
    };
    format!("{order}{kind}{}", dtype.size())
}
