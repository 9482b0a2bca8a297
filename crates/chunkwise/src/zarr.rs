//! Arrays in Zarr stores.

use std::sync::Arc;

use chunkwise_core::{Region, Result, Sink};
use chunkwise_exec::Target;
use chunkwise_zarr::{Layout, Location, ZarrArray, ZarrSink, ZarrSource};

use crate::session::default_session;
use crate::{Array, Chunks, Session};

impl Array {
    /// The Zarr array at a path or URL; lazy: nothing but its metadata is read.
    ///
    /// Its chunks are those of the store, and the chunks of a shard where there are shards. What is
    /// computed reads the chunks that it needs, each once where that can be.
    ///
    /// ```
    /// use chunkwise::{Array, Layout, Random};
    /// # let path = std::env::temp_dir().join(format!("chunkwise-doc-{}.zarr", std::process::id()));
    /// # let path = path.to_str().unwrap();
    /// let x = Random::new(1).standard_normal([300, 200], 100)?;
    /// x.to_zarr(path, &Layout::new(&[100, 100]))?;
    /// let y = Array::from_zarr(path)?;
    /// assert_eq!(y.shape(), [300, 200]);
    /// assert!(y.subtract(&x)?.abs()?.max(..)?.compute()?.item::<f64>()? == 0.0);
    /// # std::fs::remove_dir_all(path).ok();
    /// # Ok::<_, chunkwise::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) where there is no array, [`Error::InvalidFile`](crate::Error::InvalidFile) for one that cannot be read.
    pub fn from_zarr(at: &str) -> Result<Array> {
        let location = Location::parse(at)?;
        let array = ZarrArray::open(Arc::clone(&location.store), &location.full())?;
        Array::of_zarr(array, None)
    }

    /// The elements of an open Zarr array, in its own chunks or in others.
    pub fn of_zarr(array: impl Into<Arc<ZarrArray>>, chunks: Option<Chunks>) -> Result<Array> {
        Array::from_source(Arc::new(ZarrSource::new(array)), chunks)
    }

    /// Computes the array and stores it as a new Zarr array, with the default [`Session`].
    ///
    /// It appears under its name once it is complete.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) where something is there already, and where the store cannot be written.
    pub fn to_zarr(&self, at: &str, layout: &Layout) -> Result<()> {
        let session = default_session()?;
        let known = session.known(self)?;
        let array = known.as_ref().unwrap_or(self);
        let expr = array.expr()?;
        let location = Location::parse(at)?;
        let sink = ZarrSink::create(location, layout, expr.shape(), expr.dtype(), false, false)?;
        session.store(&[array], vec![Arc::new(sink)])
    }

    /// Computes the array and stores it in a region of a Zarr array that is there, with the default
    /// [`Session`]: elements from `start` on.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) where it does not fit, [`Error::DTypeMismatch`](crate::Error::DTypeMismatch).
    pub fn to_zarr_region(&self, to: Arc<ZarrArray>, start: &[usize]) -> Result<()> {
        let session = default_session()?;
        let known = session.known(self)?;
        let array = known.as_ref().unwrap_or(self);
        let region = Region::new(start, array.shape());
        session.store(&[array], vec![Arc::new(ZarrSink::region(to, &region)?)])
    }
}

impl Session {
    /// The array computed, where lengths of it are unknown until then.
    fn known(&self, array: &Array) -> Result<Option<Array>> {
        match array.expr()?.unknown_axis() {
            None => Ok(None),
            Some(_) => Ok(self.persist(&[array])?.pop()),
        }
    }

    /// What storing an array would do, as text.
    ///
    /// # Errors
    /// As planning.
    pub fn explain_store(&self, array: &Array, sink: Arc<dyn Sink>) -> Result<String> {
        Ok(self.plan_for(&[array], &[Target::Sink(sink)])?.explain())
    }
}
