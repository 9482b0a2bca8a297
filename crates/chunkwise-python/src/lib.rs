//! `chunkwise._chunkwise`: the engine as a Python module. Conversions only: what an operation means is
//! decided in the crates below, and what it is called in the Python package above.
//!
//! - [`expr`]: the handle of a lazy array, and where in the user's program it was made.
//! - [`arguments`]: chunks, axes, indices and numbers as Python writes them.
//! - One file for each family of operations: [`creation`], [`elementwise`], [`reduction`], [`shapes`],
//!   [`indexing`], [`order`], [`products`], [`linalg`], [`fft`], [`random`], [`functions`].
//! - [`data`]: memory and objects of others as arrays. [`zarr`]: arrays in Zarr stores.
//!   [`formats`]: in files of other formats. [`results`]: our memory for others.
//! - [`pickling`]: expressions as plain data.
//! - [`graph`]: Python functions as tasks. [`session`]: running. [`diagnostics`]: who is told of runs. [`outline`]: expressions and plans as
//!   plain data, for pictures.
//! - [`cluster`]: plans that run in several processes.
//! - [`runs`]: what runs, and that nothing does when the interpreter goes down.
//! - [`errors`]: the one place where an error becomes a Python exception.
#![deny(unsafe_code)]

mod arguments;
mod cluster;
mod creation;
mod data;
mod diagnostics;
mod elementwise;
mod errors;
mod expr;
mod fft;
mod formats;
mod functions;
mod graph;
mod indexing;
mod linalg;
mod order;
mod outline;
mod pickling;
mod products;
mod random;
mod reduction;
mod results;
mod runs;
mod session;
mod shapes;
mod zarr;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _chunkwise {
    use super::*;

    #[pymodule_export]
    use super::expr::PyExpr;
    #[pymodule_export]
    use super::results::PyChunk;
    #[pymodule_export]
    use super::session::PySession;
    #[pymodule_export]
    use super::zarr::{PyStore, PyZarrArray, PyZarrSink};

    #[pymodule_init]
    fn init(m: &Bound<'_, PyModule>) -> PyResult<()> {
        m.add("__version__", env!("CARGO_PKG_VERSION"))?;
        // Timed and large tests need a build in release mode.
        m.add("DEBUG", cfg!(debug_assertions))?;
        errors::register(m)?;
        cluster::register(m)?;
        creation::register(m)?;
        data::register(m)?;
        diagnostics::register(m)?;
        elementwise::register(m)?;
        fft::register(m)?;
        formats::register(m)?;
        functions::register(m)?;
        graph::register(m)?;
        indexing::register(m)?;
        outline::register(m)?;
        order::register(m)?;
        linalg::register(m)?;
        pickling::register(m)?;
        products::register(m)?;
        random::register(m)?;
        reduction::register(m)?;
        runs::register(m)?;
        session::register(m)?;
        shapes::register(m)?;
        zarr::register(m)
    }
}
