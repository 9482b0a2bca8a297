use std::fmt;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chunkwise_core::{DType, Dims, Error, Grid, Region, Result, Strides, View, ViewMut, c_strides};
use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayMetadata, ArrayPartialDecoderTraits};

use crate::ahead::Ahead;
use crate::buffers::with_buffers;
use crate::codec::{Codec, Fault, inner_shape};
use crate::shard::ShardIndex;
use crate::store::{Part, Store};
use crate::zstandard::{Broken, PIECE};

/// Chunks that are fetched ahead at most.
const MOST: usize = 64;
/// Chunks that are on their way at once for one read.
const WITHIN: usize = 8;
/// Shards whose indices are kept.
const SHARDS: usize = 64;

/// An array in a store: what its metadata says, and its chunks.
pub struct ZarrArray {
    store: Arc<dyn Store>,
    /// Ends in `/`, or is empty.
    prefix: String,
    array: Arc<Array<()>>,
    document: Value,
    /// The key of the metadata, of an array that was opened.
    described: Option<String>,
    dtype: DType,
    shape: Dims,
    grid: Grid,
    inner: Option<Grid>,
    codec: Codec,
    shards: Mutex<Vec<Shard>>,
    ahead: Ahead,
}

/// Where a chunk's encoded bytes are.
enum Encoded {
    /// In a buffer of the thread.
    Held,
    /// They come when they are asked for.
    Reader(Box<dyn std::io::Read>),
}

/// A shard whose index is kept.
#[derive(Clone)]
struct Shard {
    number: usize,
    /// What tells that it was not written again.
    stamp: Option<u64>,
    parts: Arc<dyn ArrayPartialDecoderTraits>,
}

impl ZarrArray {
    /// The array at a path within a store, which is empty where the store is the array.
    ///
    /// # Errors
    /// [`Error::Io`] where there is no array, or it cannot be read; [`Error::InvalidFile`] for metadata
    /// that is wrong, and for what this version cannot read: a dtype, a codec.
    pub fn open(store: Arc<dyn Store>, path: &str) -> Result<ZarrArray> {
        let prefix = prefix(path);
        for (name, version) in [("zarr.json", 3), (".zarray", 2)] {
            let key = format!("{prefix}{name}");
            let Some(mut document) = crate::hierarchy::document(&*store, &key)? else {
                continue;
            };
            let about = object(&*store, &key);
            let invalid = |reason: String| Error::InvalidFile {
                path: about.clone(),
                reason,
            };
            if version == 3 && document.get("node_type") == Some(&"group".into()) {
                let names = crate::hierarchy::array_names(&*store, &prefix);
                return Err(invalid(format!("is a group, not an array{names}")));
            }
            if version == 2 {
                let attributes = crate::hierarchy::document(&*store, &format!("{prefix}.zattrs"))?;
                if let (Some(attributes), Some(map)) = (attributes, document.as_object_mut()) {
                    map.insert("attributes".to_owned(), attributes);
                }
            }
            let opened = ZarrArray::new(store, path, document).map_err(|e| match e {
                Error::InvalidFile { reason, .. } => invalid(reason),
                other => other,
            });
            return opened.map(|array| ZarrArray {
                described: Some(key),
                ..array
            });
        }
        if let Ok(Some(_)) = store.size(&format!("{prefix}.zgroup")) {
            return Err(Error::InvalidFile {
                path: object(&*store, &prefix),
                reason: format!(
                    "is a group, not an array{}",
                    crate::hierarchy::array_names(&*store, &prefix)
                ),
            });
        }
        let reason = "no Zarr array is here: neither zarr.json nor .zarray";
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, reason);
        Err(Error::io("opening", object(&*store, &prefix), missing))
    }

    /// The array that a metadata document describes, whether or not it is in the store.
    pub(crate) fn new(store: Arc<dyn Store>, path: &str, document: Value) -> Result<ZarrArray> {
        let prefix = prefix(path);
        let invalid = |reason: String| Error::InvalidFile {
            path: object(&*store, &prefix),
            reason,
        };
        check_understood(&document).map_err(invalid)?;
        let metadata: ArrayMetadata =
            serde_json::from_value(document.clone()).map_err(|e| invalid(e.to_string()))?;
        let array = Array::new_with_metadata(Arc::new(()), "/", metadata)
            .map_err(|e| invalid(e.to_string()))?;
        let dtype = dtype_of(&array).map_err(invalid)?;
        let shape = array
            .shape()
            .iter()
            .map(|n| usize::try_from(*n))
            .collect::<std::result::Result<Dims, _>>()
            .map_err(|e| invalid(format!("shape {:?}: {e}", array.shape())))?;
        chunkwise_core::element_count(&shape).map_err(|e| invalid(e.to_string()))?;
        let (grid, chunk) = grid_of(&array, &shape, &document).map_err(invalid)?;
        let inner = inner_shape(&array);
        let array = Arc::new(array);
        let codec = Codec::new(Arc::clone(&array), &chunk, dtype, inner.is_some());
        let codec = codec.map_err(invalid)?;
        let inner = inner.map(|inner| {
            let inner: Vec<usize> = inner.iter().map(|n| *n as usize).collect();
            Grid::regular(&shape, &inner)
        });
        Ok(ZarrArray {
            codec,
            described: None,
            prefix,
            array,
            document,
            dtype,
            shape,
            grid,
            inner,
            shards: Mutex::default(),
            ahead: Ahead::default(),
            store,
        })
    }

    /// The array in the same place that another document describes.
    pub(crate) fn with_document(&self, document: Value) -> Result<ZarrArray> {
        let path = self.prefix.trim_end_matches('/');
        Ok(ZarrArray {
            described: self.described.clone(),
            ..ZarrArray::new(Arc::clone(&self.store), path, document)?
        })
    }

    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements' dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The stored chunks: shards, where there are shards.
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The smallest parts that can be decoded alone: the chunks of a shard, where there are shards.
    pub fn inner_grid(&self) -> &Grid {
        self.inner.as_ref().unwrap_or(&self.grid)
    }

    /// The names of the dimensions, where they have names.
    pub fn dimension_names(&self) -> Option<Vec<Option<String>>> {
        if let Some(names) = self.array.dimension_names() {
            return Some(names.clone());
        }
        // Before version 3, xarray kept them among the attributes.
        let names = self.attributes().get("_ARRAY_DIMENSIONS")?.as_array()?;
        Some(
            names
                .iter()
                .map(|n| n.as_str().map(str::to_owned))
                .collect(),
        )
    }

    /// The user's attributes.
    pub fn attributes(&self) -> &Map<String, Value> {
        self.array.attributes()
    }

    /// The metadata as it is stored.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// 2 or 3.
    pub fn version(&self) -> u8 {
        match self.array.metadata() {
            ArrayMetadata::V2(_) => 2,
            ArrayMetadata::V3(_) => 3,
        }
    }

    /// The codecs in their order, by name.
    pub fn codecs(&self) -> Vec<String> {
        let metadatas = self.array.codecs().create_metadatas(&Default::default());
        metadatas.iter().map(|m| m.name().to_owned()).collect()
    }

    /// Where it is, for people.
    pub fn name(&self) -> String {
        match self.prefix.trim_end_matches('/') {
            "" => self.store.name(),
            path => format!("{}/{path}", self.store.name()),
        }
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of a stored chunk.
    pub(crate) fn key(&self, index: &[usize]) -> String {
        let index: Vec<u64> = index.iter().map(|i| *i as u64).collect();
        format!("{}{}", self.prefix, self.array.chunk_key(&index).as_str())
    }

    /// The most bytes that reading a region holds beside what it fills.
    pub(crate) fn read_scratch(&self, region: &Region) -> usize {
        if region.is_empty() {
            return 0;
        }
        // Encoded bytes may be a little more than decoded ones.
        let mut encoded = match self.streams() {
            true => PIECE,
            false => self.codec.len.saturating_add(self.codec.len / 64 + 4096),
        };
        if self.store.fetches() {
            let touched = self.grid.axes().iter().enumerate();
            let touched = touched.map(|(a, axis)| axis.covering(region.range(a)).len());
            let touched = touched.fold(1, usize::saturating_mul);
            encoded = encoded.saturating_mul(touched.clamp(1, WITHIN));
        }
        match (&self.inner, self.codec.is_direct()) {
            (Some(inner), _) => {
                let touched = self.codec.len.min(touched_bytes(inner, region, self.dtype));
                let index = self.codec.index().map_or(0, |index| index.scratch());
                touched
                    .saturating_mul(3)
                    .saturating_add(index)
                    .saturating_add(4096)
            }
            (None, true) => [encoded, self.codec.len, self.codec.scratch()]
                .into_iter()
                .fold(0, usize::saturating_add),
            (None, false) => encoded.saturating_add(self.codec.len.saturating_mul(2)),
        }
    }

    /// The most bytes that writing holds beside what it is given.
    pub(crate) fn write_scratch(&self) -> usize {
        let len = self.codec.len;
        len.saturating_mul(3).saturating_add(len / 64 + 4096)
    }

    /// Fills `out` with a region.
    pub(crate) fn read(&self, region: &Region, mut out: ViewMut<'_>) -> Result<()> {
        if region.is_empty() {
            return Ok(());
        }
        let waits = self.store.fetches() && self.grid.covering(region).nth(1).is_some();
        let mut next = self.grid.covering(region).enumerate().peekable();
        for (n, index) in self.grid.covering(region).enumerate() {
            // Within a read, a few chunks are on their way at once: this one and those after it.
            while waits
                && let Some((at, index)) = next.peek()
                && (*at < n || self.ask(std::iter::once(index.clone()), region, WITHIN))
            {
                next.next();
            }
            let chunk = self.grid.region(&index);
            let Some(wanted) = chunk.intersect(region) else {
                continue;
            };
            let part = wanted.relative_to(&chunk.start);
            let mut target = out.region(&wanted.relative_to(&region.start));
            if let Err(error) = self.read_part(&index, &part, &mut target) {
                let asked = next.peek().map_or(usize::MAX, |(at, _)| *at);
                let left = self.grid.covering(region).take(asked).skip(n + 1);
                if waits {
                    self.give_up(left, region);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Begins to fetch the chunks of a region, where they and those that are held take no more than `room`
    /// bytes.
    pub(crate) fn prefetch(&self, region: &Region, room: usize) -> bool {
        // Compressed chunks may be smaller; that is not known before.
        let most = (room / (self.codec.len + self.codec.len / 64 + 4096)).min(MOST);
        self.ask(self.grid.covering(region), region, most)
    }

    /// Begins to fetch the chunks that a region needs whole.
    fn ask(&self, chunks: impl Iterator<Item = Dims>, region: &Region, most: usize) -> bool {
        let keys: Vec<String> = chunks
            .filter(|index| self.needs_whole(index, region))
            .map(|i| self.key(&i))
            .take(most + 1)
            .collect();
        self.ahead.ask(&*self.store, keys, most)
    }

    /// Whether a region takes all of a chunk's bytes.
    fn needs_whole(&self, index: &[usize], region: &Region) -> bool {
        let chunk = self.grid.region(index);
        self.inner.is_none() || chunk.intersect(region).as_ref() == Some(&chunk)
    }

    /// Gives up what was fetched ahead for a region, once for each time that it was asked for.
    pub(crate) fn forget(&self, region: &Region) {
        self.give_up(self.grid.covering(region), region);
    }

    fn give_up(&self, chunks: impl Iterator<Item = Dims>, region: &Region) {
        if self.ahead.is_empty() {
            return;
        }
        let asked = chunks.filter(|index| self.needs_whole(index, region));
        self.ahead.forget(asked.map(|index| self.key(&index)));
    }

    /// Fills `out` with a part of a chunk, counted from the chunk's start.
    fn read_part(&self, index: &[usize], part: &Region, out: &mut ViewMut<'_>) -> Result<()> {
        let key = self.key(index);
        let whole = part.shape.as_slice() == self.grid.region(index).shape.as_slice();
        if self.inner.is_some() && !whole {
            return self.read_shard(index, &key, part, out);
        }
        let full = self.chunk_shape(index);
        let mut encoded = match self.streams() {
            true => match self.store.reader(&key).map_err(|e| self.unread(&key, e))? {
                Some(reader) => Encoded::Reader(reader),
                None => return self.absent(out),
            },
            false => Encoded::Held,
        };
        with_buffers(self.codec.len, |held, decoded| {
            if let Encoded::Held = encoded
                && !self
                    .ahead
                    .read(&*self.store, &key, held)
                    .map_err(|e| self.unread(&key, e))?
            {
                return self.absent(out);
            }
            let mut decode = |into: &mut [u8]| {
                let decoded = match &mut encoded {
                    Encoded::Reader(reader) => self.codec.decode_from(reader, into),
                    Encoded::Held => self.codec.decode_into(held, into).map_err(Broken::Fault),
                };
                decoded.map_err(|broken| match broken {
                    Broken::Io(error) => self.unread(&key, error),
                    Broken::Fault(fault) => self.corrupt(&key, fault),
                })
            };
            if out.shape() == full.as_slice() && self.dtype != DType::Bool {
                let straight = out.fill_bytes(&mut decode);
                if let Some(done) = straight {
                    return done;
                }
            }
            let strides: Strides = c_strides(&full, self.dtype.size());
            let first: usize = (0..part.ndim())
                .map(|a| part.start[a] * strides[a] as usize)
                .sum();
            let copied = if self.codec.is_direct() {
                decoded.resize(self.codec.len, 0);
                decode(decoded)?;
                out.copy_from_strided_bytes(&decoded[first..], &strides)
            } else {
                let decoded = self.codec.decode(held);
                let decoded = decoded.map_err(|fault| self.corrupt(&key, fault))?;
                out.copy_from_strided_bytes(&decoded[first..], &strides)
            };
            copied_whole(copied)
        })
    }

    /// Whether chunks are decoded as their bytes come, and not held encoded.
    fn streams(&self) -> bool {
        self.codec.streams() && self.store.streams()
    }

    fn unread(&self, key: &str, error: std::io::Error) -> Error {
        Error::io("reading", object(&*self.store, key), error)
    }

    fn corrupt(&self, key: &str, fault: Fault) -> Error {
        Error::InvalidFile {
            path: object(&*self.store, key),
            reason: format!("a corrupt chunk: {fault}"),
        }
    }

    /// A chunk that is not there is the fill value.
    fn absent(&self, out: &mut ViewMut<'_>) -> Result<()> {
        self.check_there()?;
        self.filled(out)
    }

    fn read_shard(
        &self,
        index: &[usize],
        key: &str,
        part: &Region,
        out: &mut ViewMut<'_>,
    ) -> Result<()> {
        let about = |fault: Fault| Error::InvalidFile {
            path: object(&*self.store, key),
            reason: format!("a corrupt shard: {fault}"),
        };
        let number = self.grid.ravel(index);
        let stamp = self.store.stamp(key);
        let is_it = |s: &&Shard| s.number == number && s.stamp == stamp;
        let kept = self.shards().iter().find(is_it).cloned();
        let parts = match kept {
            Some(shard) => shard.parts,
            None => {
                if self.store.is_gone(key) {
                    self.check_there()?;
                }
                let bytes = Arc::new(ShardBytes {
                    store: Arc::clone(&self.store),
                    key: key.to_owned(),
                    index: self.codec.index().cloned(),
                });
                let parts = self.codec.parts(bytes).map_err(about)?;
                let mut shards = self.shards();
                shards.retain(|s| s.number != number);
                if shards.len() >= SHARDS {
                    shards.remove(0);
                }
                shards.push(Shard {
                    number,
                    stamp,
                    parts: Arc::clone(&parts),
                });
                parts
            }
        };
        let bytes = self.codec.part(&*parts, part).map_err(about)?;
        let strides: Strides = c_strides(&part.shape, self.dtype.size());
        copied_whole(out.copy_from_strided_bytes(&bytes, &strides))
    }

    fn shards(&self) -> std::sync::MutexGuard<'_, Vec<Shard>> {
        self.shards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Encodes and stores the elements of a chunk from its start on; the rest, beyond the array's end,
    /// is filled up. A chunk of nothing but the fill value is not stored.
    pub(crate) fn write_chunk(&self, index: &[usize], data: &View<'_>) -> Result<()> {
        let key = self.key(index);
        let failed = |e| Error::io("writing", object(&*self.store, &key), e);
        let faulty = |fault| failed(std::io::Error::other(fault));
        let full = self.chunk_shape(index);
        with_buffers(self.codec.len, |encoded, decoded| {
            let elements = match data.as_bytes() {
                Some(bytes) if data.shape() == full.as_slice() => bytes,
                _ => {
                    decoded.resize(self.codec.len, 0);
                    self.pack(data, &full, decoded)?;
                    &decoded[..]
                }
            };
            match self.codec.encode(elements, encoded).map_err(faulty)? {
                true => self.store.write(&key, encoded).map_err(failed),
                false => self.store.remove(&key).map_err(failed),
            }
        })
    }

    /// The elements of `data` at the start of a chunk's bytes, the fill value elsewhere.
    fn pack(&self, data: &View<'_>, full: &[usize], into: &mut [u8]) -> Result<()> {
        if data.shape() == full {
            return copied_whole(data.copy_to_bytes(into));
        }
        for element in into.chunks_exact_mut(self.dtype.size()) {
            element.copy_from_slice(&self.codec.fill);
        }
        // Row by row: a row of the data is a part of a row of the chunk.
        let strides: Strides = c_strides(full, self.dtype.size());
        let ndim = full.len();
        let mut row = Region::whole(data.shape());
        (0..ndim.saturating_sub(1)).for_each(|a| row.shape[a] = 1);
        let counts: Dims = data.shape()[..ndim.saturating_sub(1)].into();
        let rows = Grid::regular(&counts, &vec![1; counts.len()]);
        for n in 0..rows.count() {
            let at = rows.unravel(n);
            row.start[..at.len()].copy_from_slice(&at);
            let part = data.region(&row);
            let first: usize = at.iter().zip(&strides).map(|(i, s)| i * *s as usize).sum();
            let len = part.shape().iter().product::<usize>() * self.dtype.size();
            copied_whole(part.copy_to_bytes(&mut into[first..first + len]))?;
        }
        Ok(())
    }

    /// A missing chunk is the fill value, a missing array is not.
    pub(crate) fn check_there(&self) -> Result<()> {
        match &self.described {
            Some(key) if self.store.is_gone(key) => {
                let gone = std::io::Error::new(
                    std::io::ErrorKind::NotFound,
                    "the array was removed since it was opened",
                );
                Err(Error::io("reading", object(&*self.store, key), gone))
            }
            _ => Ok(()),
        }
    }

    fn filled(&self, out: &mut ViewMut<'_>) -> Result<()> {
        copied_whole(self.codec.fill(out))
    }

    /// The shape in which a chunk is stored: at the array's end it reaches beyond.
    pub(crate) fn chunk_shape(&self, index: &[usize]) -> Dims {
        let index: Vec<u64> = index.iter().map(|i| *i as u64).collect();
        match self.array.chunk_shape(&index) {
            Ok(shape) => shape.iter().map(|n| n.get() as usize).collect(),
            Err(_) => self.grid.largest(),
        }
    }
}

impl fmt::Debug for ZarrArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZarrArray")
            .field("name", &self.name())
            .field("dtype", &self.dtype)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// The parts of a shard that its decoder asks for.
struct ShardBytes {
    store: Arc<dyn Store>,
    key: String,
    index: Option<Arc<ShardIndex>>,
}

impl zarrs::array::BytesPartialDecoderTraits for ShardBytes {
    fn exists(&self) -> std::result::Result<bool, zarrs::storage::StorageError> {
        Ok(self.store.size(&self.key)?.is_some())
    }

    fn size_held(&self) -> usize {
        0
    }

    fn partial_decode_many(
        &self,
        regions: zarrs::storage::byte_range::ByteRangeIterator<'_>,
        _options: &zarrs::array::CodecOptions,
    ) -> std::result::Result<Option<Vec<zarrs::array::ArrayBytesRaw<'_>>>, zarrs::array::CodecError>
    {
        use zarrs::storage::byte_range::ByteRange;
        let parts: Vec<Part> = regions
            .map(|range| match range {
                ByteRange::FromStart(start, len) => {
                    Part::Range(start, len.map(|n| start.saturating_add(n)))
                }
                ByteRange::Suffix(len) => Part::Last(len),
            })
            .collect();
        let read = self.store.read_parts(&self.key, &parts);
        let read = read.map_err(zarrs::storage::StorageError::from)?;
        if let (Some(index), Some(bytes)) = (&self.index, &read) {
            let its = parts.iter().zip(bytes).filter(|(part, _)| index.is(part));
            // What lies outside the shard the store refuses to read.
            for (_, bytes) in its {
                index.check(bytes, i64::MAX as u64)?;
            }
        }
        Ok(read.map(|parts| parts.into_iter().map(Into::into).collect()))
    }

    fn supports_partial_decode(&self) -> bool {
        true
    }
}

/// The bytes of the cells of a grid that a region touches.
fn touched_bytes(grid: &Grid, region: &Region, dtype: DType) -> usize {
    let axes = grid.axes().iter().enumerate();
    let touched = axes.map(|(a, axis)| {
        let cells = axis.covering(region.range(a));
        cells.len().saturating_mul(axis.longest())
    });
    touched.fold(dtype.size(), usize::saturating_mul)
}

fn copied_whole(copied: bool) -> Result<()> {
    match copied {
        true => Ok(()),
        false => Err(Error::internal("zarr", "a part outgrew its chunk")),
    }
}

/// A path within a store as the beginning of keys.
pub(crate) fn prefix(path: &str) -> String {
    match path.trim_matches('/') {
        "" => String::new(),
        path => format!("{path}/"),
    }
}

/// An object of a store, for errors.
pub(crate) fn object(store: &dyn Store, key: &str) -> PathBuf {
    PathBuf::from(format!("{}/{}", store.name(), key).trim_end_matches('/'))
}

/// Refuses what a document of version 3 has beside what the format says, unless it may be ignored.
fn check_understood(document: &Value) -> std::result::Result<(), Fault> {
    const KNOWN: [&str; 11] = [
        "zarr_format",
        "node_type",
        "shape",
        "data_type",
        "chunk_grid",
        "chunk_key_encoding",
        "fill_value",
        "codecs",
        "attributes",
        "storage_transformers",
        "dimension_names",
    ];
    let of_3 = document.get("zarr_format") == Some(&3.into());
    let map = document.as_object().filter(|_| of_3);
    for (key, value) in map.into_iter().flatten() {
        let may_be_ignored = value.get("must_understand") == Some(&false.into());
        if !KNOWN.contains(&key.as_str()) && !may_be_ignored {
            return Err(format!("{key:?} is not known, and must be understood"));
        }
    }
    Ok(())
}

fn dtype_of(array: &Array<()>) -> std::result::Result<DType, Fault> {
    use zarrs::plugin::{ExtensionName, ZarrVersion};
    let name = array.data_type().name(ZarrVersion::V3).unwrap_or_default();
    name.parse().map_err(|_| {
        format!(
            "elements of type {name:?} are not supported; supported are bool, int8..int64, \
             uint8..uint64, float32, float64, complex64 and complex128"
        )
    })
}

/// The grid of the stored chunks, and the shape of a full one.
fn grid_of(
    array: &Array<()>,
    shape: &[usize],
    document: &Value,
) -> std::result::Result<(Grid, Vec<NonZeroU64>), Fault> {
    let zero = vec![0; shape.len()];
    let first = array.chunk_shape(&zero).map_err(|e| e.to_string())?;
    let size: Vec<usize> = first.iter().map(|n| n.get() as usize).collect();
    let kind = document.pointer("/chunk_grid/name").and_then(Value::as_str);
    match kind {
        None | Some("regular") => Ok((Grid::regular(shape, &size), first)),
        Some(other) => Err(format!(
            "a chunk grid {other:?} is not supported; supported is \"regular\""
        )),
    }
}
