use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{DType, Error, Grid, Region, Result, View, ViewMut};

/// What makes two sources the same one: equal ids mean equal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u64);

impl SourceId {
    /// An id that no other source of this process has.
    pub fn unique() -> SourceId {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        SourceId(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Where an array comes from: data that can be asked for any region.
///
/// Called from several threads at once. A region is asked for when a task needs it, never before.
pub trait Source: Any + Debug + Send + Sync {
    /// Equal ids mean equal data.
    fn id(&self) -> SourceId;

    /// A short name for plans and errors: `"npy heights.npy"`.
    fn name(&self) -> String;

    /// The whole array's shape.
    fn shape(&self) -> &[usize];

    /// The elements' dtype.
    fn dtype(&self) -> DType;

    /// The chunks in which the data lies, where there are such.
    fn grid(&self) -> Option<Grid> {
        None
    }

    /// The axis along which elements follow each other where they are stored: regions that are long
    /// along it are read fast.
    fn fast_axis(&self) -> Option<usize> {
        self.shape().len().checked_sub(1)
    }

    /// Fills `out` with the elements of a region, which fits the shape and is shaped as `out` is.
    fn read(&self, region: &Region, out: ViewMut<'_>) -> Result<()>;

    /// The whole array, where it already lies in memory: tasks then read it in place.
    fn in_memory(&self) -> Option<View<'_>> {
        None
    }

    /// Bytes that a call of [`read`](Self::read) for this region allocates beside `out`.
    fn scratch_bytes(&self, region: &Region) -> usize {
        let _ = region;
        0
    }

    /// Whether a read waits for a service, so that it is worth [asking ahead](Self::prefetch).
    fn waits(&self) -> bool {
        false
    }

    /// Asks for what a later [`read`](Self::read) of a region needs, and comes back at once. What arrives
    /// is held until that read, or until it is [forgotten](Self::forget); together at most `room` bytes.
    /// `false` where there is no room at present.
    fn prefetch(&self, region: &Region, room: usize) -> bool {
        let _ = (region, room);
        false
    }

    /// Gives up what was asked for ahead for a region, if it is still held: once for each time that it was
    /// asked for, so that another run keeps what it has asked for itself.
    fn forget(&self, region: &Region) {
        let _ = region;
    }

    /// The cells in which other processes hold the data, where that is so. A plan that is made for them has
    /// the cells brought, and never calls [`read`](Self::read).
    fn elsewhere(&self) -> Option<&Elsewhere> {
        None
    }

    /// About how many nanoseconds of one core a byte takes. Where it is more than a copy, a chunk of
    /// [`grid`](Self::grid) is read as a whole if it can be, and not again and again.
    fn byte_cost(&self) -> f32 {
        0.05
    }
}

/// Data that other processes hold, cell by cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// What it is called among those processes; equal names mean equal data.
    pub name: Arc<str>,
    /// The cells.
    pub grid: Grid,
    /// For each cell, in C order, the number of the parcel that it lies in.
    pub parcels: Arc<[u32]>,
    /// What the parcels call it: a stage of the plan that made it, and which of its outputs.
    pub output: (usize, usize),
}

impl Elsewhere {
    /// Cells in parcels.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] where there is not one parcel's number for each cell.
    pub fn new(
        name: impl Into<Arc<str>>,
        grid: Grid,
        parcels: impl Into<Arc<[u32]>>,
        output: (usize, usize),
    ) -> Result<Elsewhere> {
        let parcels = parcels.into();
        if parcels.len() != grid.count() {
            return Err(Error::ShapeMismatch {
                operation: "cells of an array that lies elsewhere",
                expected: vec![grid.count()],
                got: vec![parcels.len()],
            });
        }
        Ok(Elsewhere {
            name: name.into(),
            grid,
            parcels,
            output,
        })
    }
}

/// Where an array goes: regions in any order, from several threads, each element once.
pub trait Sink: Debug + Send + Sync {
    /// A short name for plans and errors.
    fn name(&self) -> String;

    /// The cuts that writes should respect, where it matters: no stored chunk is then written twice.
    fn grid(&self) -> Option<Grid> {
        None
    }

    /// Bytes that a call of [`write`](Self::write) allocates beside the data.
    fn scratch_bytes(&self) -> usize {
        0
    }

    /// Whether a region was written already, by an earlier run that this one continues.
    fn holds(&self, region: &Region) -> Result<bool> {
        let _ = region;
        Ok(false)
    }

    /// What other processes need to write regions of it; `None` where they cannot. It is committed, or
    /// aborted, here.
    fn part(&self) -> Option<Vec<u8>> {
        None
    }

    /// Stores the elements of a region.
    fn write(&self, region: &Region, data: View<'_>) -> Result<()>;

    /// Everything was written: makes it durable and visible under its name.
    fn commit(&self) -> Result<()>;

    /// The run failed: removes what was written.
    fn abort(&self);
}
