use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{Chunk, DType, Dims, Error, Grid, Pool, Region, Result, Sink, View};
use serde_json::Value;

use crate::array::{object, prefix};
use crate::hierarchy::write_group;
use crate::store::{Store, read_only};
use crate::{Layout, Location, Version, ZarrArray};

/// The name of the metadata while an array is unfinished: no reader takes it for one.
const UNFINISHED: &str = ".unfinished.json";

/// Locks of chunks that are written in parts, by a hash of their keys.
static LOCKS: [Mutex<()>; 64] = [const { Mutex::new(()) }; 64];

/// An array on its way into a store.
///
/// A new array is written beside its place, which it takes in one step at the
/// [`commit`](Sink::commit); until then what was there stays as it was. A region of an array that is
/// there is written chunk by chunk, each in one step; chunks that the region covers in part are read,
/// changed and written under a lock of this process.
#[derive(Debug)]
pub struct ZarrSink {
    array: Arc<ZarrArray>,
    /// Where element 0 of what is written lies in the array.
    start: Dims,
    shape: Dims,
    end: End,
    state: AtomicU8,
}

const OPEN: u8 = 0;
const COMMITTED: u8 = 1;
const ABORTED: u8 = 2;

/// What is left to do at the end.
#[derive(Debug)]
enum End {
    /// The array takes its place.
    Replace {
        location: Location,
        version: Version,
        resume: bool,
    },
    /// The metadata says the new shape.
    Describe,
    /// Nothing.
    Nothing,
}

impl ZarrSink {
    /// Begins a new array.
    ///
    /// With `overwrite`, an array that is there is replaced, at the end. With `resume`, what an
    /// interrupted run with `resume` has written is taken over, and what this one writes is kept if
    /// it is interrupted.
    ///
    /// # Errors
    /// [`Error::Io`] where something is there that may not be overwritten: an array without
    /// `overwrite`, or anything that is no array; and where the store cannot be written.
    /// [`Error::InvalidArgument`] where the layout does not fit, and where an interrupted run wrote
    /// another array.
    pub fn create(
        location: Location,
        layout: &Layout,
        shape: &[usize],
        dtype: DType,
        overwrite: bool,
        resume: bool,
    ) -> Result<ZarrSink> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let document = layout.document(shape, dtype)?;
        let store = &*location.store;
        let target = location.full();
        check_writable(store, &target)?;
        check_target(store, &target, overwrite)?;
        let (parent, name) = target.rsplit_once('/').unwrap_or(("", &target));
        let staging = match resume {
            true => format!("{}.{name}.unfinished", prefix(parent)),
            false => {
                let n = NEXT.fetch_add(1, Ordering::Relaxed);
                format!(
                    "{}.{name}.{}-{n}.unfinished",
                    prefix(parent),
                    std::process::id()
                )
            }
        };
        let array = ZarrArray::new(Arc::clone(&location.store), &staging, document)?;
        let key = format!("{staging}/{UNFINISHED}");
        let failed = |e| Error::io("writing", object(store, &target), e);
        match store.get(&key).map_err(failed)? {
            Some(there) => {
                let there: Option<Value> = serde_json::from_slice(&there).ok();
                if there.as_ref() != Some(array.document()) {
                    return Err(Error::argument(
                        "to_zarr",
                        "resume",
                        "true",
                        format!(
                            "the interrupted run wrote an array of other metadata; remove {}",
                            object(store, &staging).display()
                        ),
                    ));
                }
                store.remove_leftovers(&prefix(&staging)).map_err(failed)?;
            }
            None => {
                // What has no description cannot be trusted.
                store.remove_all(&prefix(&staging)).map_err(failed)?;
                store
                    .write(&key, array.document().to_string().as_bytes())
                    .map_err(failed)?;
            }
        }
        Ok(ZarrSink {
            array: Arc::new(array),
            start: smallvec::smallvec![0; shape.len()],
            shape: shape.into(),
            end: End::Replace {
                location,
                version: layout.version,
                resume,
            },
            state: AtomicU8::new(OPEN),
        })
    }

    /// Writes into a region of an array that is there.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] where the region does not fit the array.
    pub fn region(array: Arc<ZarrArray>, region: &Region) -> Result<ZarrSink> {
        check_writable(&**array.store(), array.prefix())?;
        if region.ndim() != array.shape().len() || !region.fits(array.shape()) {
            return Err(Error::ShapeMismatch {
                operation: "writing a region of a Zarr array",
                expected: array.shape().to_vec(),
                got: (0..region.ndim()).map(|a| region.end(a)).collect(),
            });
        }
        Ok(ZarrSink {
            array,
            start: region.start.clone(),
            shape: region.shape.clone(),
            end: End::Nothing,
            state: AtomicU8::new(OPEN),
        })
    }

    /// Writes behind the end of an array along an axis: the array is longer once all is written.
    ///
    /// # Errors
    /// [`Error::AxisOutOfRange`], and [`Error::ShapeMismatch`] where `shape` differs along another
    /// axis.
    pub fn append(array: &ZarrArray, shape: &[usize], axis: usize) -> Result<ZarrSink> {
        check_writable(&**array.store(), array.prefix())?;
        let old = array.shape();
        if axis >= old.len() {
            return Err(Error::AxisOutOfRange {
                axis: axis as isize,
                ndim: old.len(),
            });
        }
        let mut fits = old.to_vec();
        fits[axis] = shape.get(axis).copied().unwrap_or(0);
        if fits != shape {
            return Err(Error::ShapeMismatch {
                operation: "appending to a Zarr array",
                expected: fits,
                got: shape.to_vec(),
            });
        }
        let mut start: Dims = smallvec::smallvec![0; old.len()];
        start[axis] = old[axis];
        let mut whole = old.to_vec();
        whole[axis] += shape[axis];
        let mut document = array.document().clone();
        if let Some(map) = document.as_object_mut() {
            map.insert("shape".to_owned(), serde_json::json!(whole));
        }
        let longer = array.with_document(document)?;
        Ok(ZarrSink {
            array: Arc::new(longer),
            start,
            shape: shape.into(),
            end: End::Describe,
            state: AtomicU8::new(OPEN),
        })
    }

    /// The shape of what is written.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.array.dtype()
    }

    /// A sink for regions of what another process has begun to write, from what [`part`](Sink::part) gave
    /// there. It is neither committed nor aborted here.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for other bytes; the errors of opening the store.
    pub fn of_part(bytes: &[u8]) -> Result<ZarrSink> {
        let wrong = || Error::argument("storing", "part", bytes.len(), "no part of a Zarr array");
        let (len, rest) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| wrong())?;
        let (place, array) = rest.split_at_checked(len).ok_or_else(wrong)?;
        let place: (Vec<usize>, Vec<usize>) = serde_json::from_slice(place).map_err(|_| wrong())?;
        if place.0.len() != place.1.len() {
            return Err(wrong());
        }
        let array = Arc::new(ZarrArray::from_bytes(array)?);
        ZarrSink::region(array, &Region::new(place.0, place.1))
    }

    fn check_open(&self) -> Result<()> {
        match self.state.load(Ordering::Acquire) {
            OPEN => Ok(()),
            _ => Err(Error::internal("zarr", "a write after the end")),
        }
    }

    fn within(&self, region: &Region) -> Region {
        let start = region.start.iter().zip(&self.start).map(|(a, b)| a + b);
        Region::new(start.collect::<Dims>(), region.shape.clone())
    }

    /// A part of a chunk: what is there, changed.
    fn write_part(
        &self,
        index: &[usize],
        chunk: &Region,
        part: &Region,
        data: &View<'_>,
    ) -> Result<()> {
        let mut h = DefaultHasher::new();
        self.array.key(index).hash(&mut h);
        let lock = &LOCKS[h.finish() as usize % LOCKS.len()];
        let _held = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let dtype = self.array.dtype();
        let changed = Chunk::build(&Pool::new(0), dtype, &chunk.shape, |mut out| {
            self.array.read(chunk, out.reborrow())?;
            match out.region(part).copy_from(data) {
                true => Ok(()),
                false => Err(Error::DTypeMismatch {
                    operation: "writing a Zarr array",
                    expected: dtype,
                    got: data.dtype(),
                }),
            }
        })?;
        self.array.write_chunk(index, &changed.view())
    }
}

fn removed(store: &dyn Store, at: &str) -> Error {
    let reason = "it was removed while it was written";
    let gone = std::io::Error::new(std::io::ErrorKind::NotFound, reason);
    Error::io("writing", object(store, at), gone)
}

fn check_writable(store: &dyn Store, at: &str) -> Result<()> {
    match store.is_read_only() {
        false => Ok(()),
        true => Err(Error::io("writing", object(store, at), read_only())),
    }
}

/// Refuses a place that holds something which may not be replaced.
fn check_target(store: &dyn Store, target: &str, overwrite: bool) -> Result<()> {
    let failed = |e| Error::io("creating", object(store, target), e);
    let there = store.list(&prefix(target)).map_err(failed)?;
    if store.size(target).map_err(failed)?.is_none() && there.is_empty() {
        return Ok(());
    }
    let is = |file: &str| there.iter().any(|name| name == file);
    let is_group = || -> Result<bool> {
        let bytes = store.get(&format!("{target}/zarr.json")).map_err(failed)?;
        let document: Option<Value> = bytes.and_then(|b| serde_json::from_slice(&b).ok());
        Ok(document.is_some_and(|d| d.get("node_type") == Some(&"group".into())))
    };
    let reason = match () {
        _ if is(".zgroup") || (is("zarr.json") && is_group()?) => {
            "a group is there, which an array does not replace"
        }
        _ if !is("zarr.json") && !is(".zarray") => "something is there that is no Zarr array",
        _ if !overwrite => "an array is there; overwrite=True replaces it",
        _ => return Ok(()),
    };
    Err(failed(std::io::Error::new(
        std::io::ErrorKind::AlreadyExists,
        reason,
    )))
}

/// Writes an array's metadata where readers find it.
fn describe(array: &ZarrArray, version: Version) -> Result<()> {
    let mut files = Vec::new();
    let mut document = array.document().clone();
    match version {
        Version::V3 => files.push(("zarr.json", document)),
        Version::V2 => {
            let attributes = document
                .as_object_mut()
                .and_then(|map| map.remove("attributes"));
            let attributes = attributes.filter(|a| a.as_object().is_some_and(|m| !m.is_empty()));
            // The array is there once `.zarray` is.
            files.extend(attributes.map(|a| (".zattrs", a)));
            files.push((".zarray", document));
        }
    }
    for (file, value) in files {
        let key = format!("{}{file}", array.prefix());
        let text = serde_json::to_vec_pretty(&value)
            .map_err(|e| Error::internal("zarr", e.to_string()))?;
        array
            .store()
            .write(&key, &text)
            .map_err(|e| Error::io("writing", object(&**array.store(), &key), e))?;
    }
    Ok(())
}

impl Sink for ZarrSink {
    fn name(&self) -> String {
        match &self.end {
            End::Replace { location, .. } => {
                format!("zarr {}/{}", location.store.name(), location.full())
            }
            End::Describe | End::Nothing => format!("zarr {}", self.array.name()),
        }
    }

    fn grid(&self) -> Option<Grid> {
        let axes = self.array.grid().axes().iter().enumerate();
        let cut = axes.map(|(a, axis)| axis.slice(self.start[a]..self.start[a] + self.shape[a]));
        Some(Grid::new(cut))
    }

    fn scratch_bytes(&self) -> usize {
        self.array.write_scratch()
    }

    fn holds(&self, region: &Region) -> Result<bool> {
        if !matches!(self.end, End::Replace { resume: true, .. }) || region.is_empty() {
            return Ok(false);
        }
        let store = &**self.array.store();
        for index in self.array.grid().covering(region) {
            let key = self.array.key(&index);
            let size = store.size(&key);
            if size
                .map_err(|e| Error::io("reading", object(store, &key), e))?
                .is_none()
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn part(&self) -> Option<Vec<u8>> {
        let array = self.array.to_bytes()?;
        let place = serde_json::to_vec(&(&self.start[..], &self.shape[..])).ok()?;
        let len = (place.len() as u64).to_le_bytes();
        Some([&len[..], &place, &array].concat())
    }

    fn write(&self, region: &Region, data: View<'_>) -> Result<()> {
        self.check_open()?;
        if !region.fits(&self.shape) || region.shape.as_slice() != data.shape() {
            return Err(Error::ShapeMismatch {
                operation: "writing a Zarr array",
                expected: region.shape.to_vec(),
                got: data.shape().to_vec(),
            });
        }
        if data.dtype() != self.array.dtype() {
            return Err(Error::DTypeMismatch {
                operation: "writing a Zarr array",
                expected: self.array.dtype(),
                got: data.dtype(),
            });
        }
        if region.is_empty() {
            return Ok(());
        }
        let region = self.within(region);
        let grid = self.array.grid();
        for index in grid.covering(&region) {
            let chunk = grid.region(&index);
            let Some(common) = chunk.intersect(&region) else {
                continue;
            };
            let part = data.region(&common.relative_to(&region.start));
            if common == chunk {
                self.array.write_chunk(&index, &part)?;
            } else {
                self.write_part(&index, &chunk, &common.relative_to(&chunk.start), &part)?;
            }
        }
        Ok(())
    }

    fn commit(&self) -> Result<()> {
        self.check_open()?;
        match &self.end {
            End::Nothing => self.array.check_there()?,
            End::Describe => {
                self.array.check_there()?;
                let version = match self.array.version() {
                    2 => Version::V2,
                    _ => Version::V3,
                };
                describe(&self.array, version)?;
            }
            End::Replace {
                location, version, ..
            } => {
                let store = &*location.store;
                let target = location.full();
                // Chunks that went away with it would be read as the fill value.
                let begun = format!("{}{UNFINISHED}", self.array.prefix());
                if store.size(&begun).is_ok_and(|size| size.is_none()) {
                    return Err(removed(store, &target));
                }
                describe(&self.array, *version)?;
                let failed = |e| Error::io("committing", object(store, &target), e);
                if let Some((group, _)) = location.path.rsplit_once('/') {
                    write_group(store, &location.root, group, *version)?;
                } else if !location.path.is_empty() {
                    write_group(store, &location.root, "", *version)?;
                }
                let staging = self.array.prefix();
                store
                    .remove(&format!("{staging}{UNFINISHED}"))
                    .and_then(|()| store.replace(staging, &prefix(&target)))
                    .map_err(failed)?;
            }
        }
        self.state.store(COMMITTED, Ordering::Release);
        Ok(())
    }

    fn abort(&self) {
        let was = self.state.swap(ABORTED, Ordering::AcqRel);
        if let (OPEN, End::Replace { resume: false, .. }) = (was, &self.end) {
            // The run has failed already: there is nobody left to tell.
            self.array.store().remove_all(self.array.prefix()).ok();
        }
    }
}

impl Drop for ZarrSink {
    fn drop(&mut self) {
        self.abort();
    }
}
