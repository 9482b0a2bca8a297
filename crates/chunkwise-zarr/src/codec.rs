use std::borrow::Cow;
use std::io::Read;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chunkwise_core::{DType, Region, ViewMut};
use zarrs::array::{
    Array, ArrayBytes, ArrayPartialDecoderTraits, ArrayShardedExt, ArraySubset,
    ArrayToBytesCodecTraits, BytesPartialDecoderTraits, CodecOptions,
};

use crate::filters::Filters;
use crate::shard::ShardIndex;
use crate::zstandard::{Broken, pack, unpack, unpack_from};

/// What is wrong with a chunk, in words.
pub(crate) type Fault = String;

type Configuration = serde_json::Map<String, serde_json::Value>;

/// How chunks of one shape become bytes and back.
#[derive(Debug)]
pub(crate) struct Codec {
    array: Arc<Array<()>>,
    shape: Vec<NonZeroU64>,
    /// Bytes of a decoded chunk.
    pub len: usize,
    /// One element of the fill value.
    pub fill: Vec<u8>,
    way: Way,
    /// Of shards.
    index: Option<Arc<ShardIndex>>,
    options: CodecOptions,
}

/// How encoded bytes and elements in C order are related.
#[derive(Clone, Debug, PartialEq)]
enum Way {
    /// They are the same.
    Plain,
    /// The elements are one Zstandard frame.
    Zstd { level: i32, checksum: bool },
    /// HDF5's filters and the like.
    Filters(Filters),
    /// Through the general codecs.
    Chain,
}

impl Codec {
    /// The codec of chunks of a shape; `shards` where they are shards.
    ///
    /// # Errors
    /// Where a chunk has more bytes than can be addressed, or a shard is not made of whole chunks.
    pub fn new(
        array: Arc<Array<()>>,
        shape: &[NonZeroU64],
        dtype: DType,
        shards: bool,
    ) -> Result<Codec, Fault> {
        let bytes = shape
            .iter()
            .try_fold(dtype.size() as u64, |n, m| n.checked_mul(m.get()));
        let Some(len) = bytes.filter(|n| *n <= isize::MAX as u64) else {
            return Err(format!("chunks of shape {shape:?} cannot be addressed"));
        };
        let named = codecs(&array);
        let index = match &named[..] {
            [(_, configuration)] if shards => {
                Some(Arc::new(ShardIndex::new(shape, configuration)?))
            }
            _ => None,
        };
        Ok(Codec {
            way: way(&named, dtype),
            shape: shape.to_vec(),
            len: len as usize,
            fill: array.fill_value().as_ne_bytes().to_vec(),
            index,
            array,
            options: CodecOptions::default().with_concurrent_target(1),
        })
    }

    /// What the index of a shard must be.
    pub fn index(&self) -> Option<&Arc<ShardIndex>> {
        self.index.as_ref()
    }

    /// The most bytes that [`decode_into`](Self::decode_into) holds beside what it is given.
    pub fn scratch(&self) -> usize {
        match &self.way {
            Way::Filters(filters) => filters.scratch(self.len),
            _ => 0,
        }
    }

    /// Whether [`decode_into`](Self::decode_into) needs no memory of its own.
    pub fn is_direct(&self) -> bool {
        self.way != Way::Chain
    }

    /// Decodes a chunk into `out`, which is as long as a chunk, in C order.
    pub fn decode_into(&self, encoded: &[u8], out: &mut [u8]) -> Result<(), Fault> {
        let decoded = match &self.way {
            Way::Plain => {
                check_len(encoded.len(), out.len())?;
                out.copy_from_slice(encoded);
                out.len()
            }
            Way::Zstd { .. } => unpack(encoded, out)?,
            Way::Filters(filters) => {
                check_len(out.len(), self.len)?;
                filters.decode_into(encoded, out)?;
                out.len()
            }
            Way::Chain => {
                let decoded = self.decode(encoded)?;
                check_len(decoded.len(), out.len())?;
                out.copy_from_slice(&decoded);
                out.len()
            }
        };
        check_len(decoded, self.len)
    }

    /// Whether [`decode_from`](Self::decode_from) decodes as the bytes come.
    pub fn streams(&self) -> bool {
        matches!(self.way, Way::Zstd { .. })
    }

    /// Decodes what a reader brings into `out`, which is as long as a chunk, in C order.
    pub fn decode_from(&self, encoded: &mut dyn Read, out: &mut [u8]) -> Result<(), Broken> {
        if self.streams() {
            return Ok(check_len(unpack_from(encoded, out)?, self.len)?);
        }
        let mut all = Vec::new();
        encoded.read_to_end(&mut all).map_err(Broken::Io)?;
        Ok(self.decode_into(&all, out)?)
    }

    /// Decodes a chunk into new memory, where that saves a copy.
    pub fn decode<'a>(&self, encoded: &'a [u8]) -> Result<Cow<'a, [u8]>, Fault> {
        if let Some(index) = &self.index {
            index.check_shard(encoded)?;
        }
        let decode = || {
            self.array.codecs().decode(
                Cow::Borrowed(encoded),
                &self.shape,
                self.array.data_type(),
                self.array.fill_value(),
                &self.options,
            )
        };
        let decoded = guarded(|| decode().map_err(words))?
            .into_fixed()
            .map_err(words)?;
        check_len(decoded.len(), self.len)?;
        Ok(decoded)
    }

    /// Encodes a chunk's elements, given in C order; `None` where all of them are the fill value.
    pub fn encode(&self, elements: &[u8], into: &mut Vec<u8>) -> Result<bool, Fault> {
        if is_filled_with(elements, &self.fill) {
            return Ok(false);
        }
        match &self.way {
            Way::Plain => {
                into.clear();
                into.extend_from_slice(elements);
            }
            Way::Zstd { level, checksum } => pack(elements, *level, *checksum, into)?,
            Way::Filters(filters) => *into = filters.encode(elements).map_err(words)?,
            Way::Chain => {
                let encoded = self
                    .array
                    .codecs()
                    .encode(
                        ArrayBytes::new_flen(elements),
                        &self.shape,
                        self.array.data_type(),
                        self.array.fill_value(),
                        &self.options,
                    )
                    .map_err(words)?;
                match encoded {
                    Cow::Borrowed(bytes) => {
                        into.clear();
                        into.extend_from_slice(bytes);
                    }
                    Cow::Owned(bytes) => *into = bytes,
                }
            }
        }
        Ok(true)
    }

    /// What reads parts of one chunk without decoding the whole: a shard.
    pub fn parts(
        &self,
        bytes: Arc<dyn BytesPartialDecoderTraits>,
    ) -> Result<Arc<dyn ArrayPartialDecoderTraits>, Fault> {
        let parts = || {
            self.array.codecs().partial_decoder(
                bytes,
                &self.shape,
                self.array.data_type(),
                self.array.fill_value(),
                &self.options,
            )
        };
        guarded(|| parts().map_err(words))
    }

    /// The elements of a part of a chunk, in C order.
    pub fn part(
        &self,
        parts: &dyn ArrayPartialDecoderTraits,
        part: &Region,
    ) -> Result<Vec<u8>, Fault> {
        let subset = ArraySubset::new_with_ranges(
            &(0..part.ndim())
                .map(|a| part.start[a] as u64..part.end(a) as u64)
                .collect::<Vec<_>>(),
        );
        let decode = || parts.partial_decode(&subset, &self.options);
        let decoded = guarded(|| decode().map_err(words))?;
        decoded.into_fixed().map(Cow::into_owned).map_err(words)
    }

    /// Fills a view with the fill value.
    pub fn fill(&self, out: &mut ViewMut<'_>) -> bool {
        let still = vec![0; out.shape().len()];
        out.copy_from_strided_bytes(&self.fill, &still)
    }
}

/// The chunks of the shards of an array that is nothing but shards.
pub(crate) fn inner_shape(array: &Array<()>) -> Option<Vec<u64>> {
    let inner = array
        .is_exclusively_sharded()
        .then(|| array.subchunk_shape());
    Some(inner??.iter().map(|n| n.get()).collect())
}

/// The codecs in their order: names and configurations.
fn codecs(array: &Array<()>) -> Vec<(String, Configuration)> {
    let metadatas = array.codecs().create_metadatas(&Default::default());
    let named = metadatas.iter().map(|m| {
        let of = m.configuration().and_then(|c| serde_json::to_value(c).ok());
        let of = match of {
            Some(serde_json::Value::Object(map)) => map,
            _ => Configuration::new(),
        };
        (m.name().to_owned(), of)
    });
    named.collect()
}

fn way(codecs: &[(String, Configuration)], dtype: DType) -> Way {
    let named: Vec<(&str, &Configuration)> = codecs.iter().map(|(n, c)| (n.as_str(), c)).collect();
    let native = |of: &Configuration| {
        let order = of.get("endian").and_then(|e| e.as_str());
        dtype.size() == 1
            || order
                == Some(if cfg!(target_endian = "big") {
                    "big"
                } else {
                    "little"
                })
    };
    match &named[..] {
        [("bytes", bytes)] if native(bytes) => Way::Plain,
        [("bytes", bytes), ("zstd", of)] if native(bytes) => {
            let level = of.get("level").and_then(|l| l.as_i64());
            let checksum = of.get("checksum").and_then(|c| c.as_bool());
            match level.map(i32::try_from) {
                Some(Ok(level)) => Way::Zstd {
                    level,
                    checksum: checksum.unwrap_or(false),
                },
                _ => Way::Chain,
            }
        }
        [("bytes", bytes), rest @ ..] => {
            let swap = (!native(bytes)).then(|| dtype.real().size());
            match Filters::new(swap, rest.iter().copied()) {
                Some(filters) => Way::Filters(filters),
                None => Way::Chain,
            }
        }
        _ => Way::Chain,
    }
}

fn check_len(got: usize, want: usize) -> Result<(), Fault> {
    match got == want {
        true => Ok(()),
        false => Err(format!("decodes to {got} bytes instead of {want}")),
    }
}

/// What the codecs make of bytes that are not theirs is not in our hands.
fn guarded<T>(f: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|_| Err("a codec panicked".to_owned()))
}

pub(crate) fn words(error: impl std::fmt::Display) -> Fault {
    error.to_string()
}

/// Whether bytes are an element again and again.
fn is_filled_with(bytes: &[u8], element: &[u8]) -> bool {
    let n = element.len();
    // A value is the first, and equal to its neighbour.
    n > 0 && bytes.len() >= n && bytes[..n] == *element && bytes[n..] == bytes[..bytes.len() - n]
}
