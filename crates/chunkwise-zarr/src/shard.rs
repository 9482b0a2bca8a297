use std::borrow::Cow;
use std::num::NonZeroU64;

use serde_json::{Map, Value};
use zarrs::array::{
    ArrayToBytesCodecTraits, BytesRepresentation, CodecChain, CodecOptions, FillValue, data_type,
};
use zarrs::metadata::v3::MetadataV3;

use crate::codec::{Fault, words};
use crate::store::Part;

/// Where a shard's index lies, and what it must say: that all chunks are within the shard. The codecs
/// take that for granted.
#[derive(Debug)]
pub(crate) struct ShardIndex {
    codecs: CodecChain,
    /// Chunks along each axis, and two numbers for each.
    shape: Vec<NonZeroU64>,
    at_start: bool,
    /// Encoded bytes.
    len: u64,
}

impl ShardIndex {
    /// The index of shards of a shape by their codec's configuration.
    ///
    /// # Errors
    /// Where its chunks do not divide the shard, or its own codecs are not such as an index can have.
    pub fn new(shard: &[NonZeroU64], configuration: &Map<String, Value>) -> Result<Self, Fault> {
        let no = |name: &str| format!("sharding_indexed has no {name}");
        let get = |name: &str| configuration.get(name).ok_or_else(|| no(name));
        let chunk: Vec<NonZeroU64> =
            serde_json::from_value(get("chunk_shape")?.clone()).map_err(words)?;
        let divides = chunk.len() == shard.len()
            && shard
                .iter()
                .zip(&chunk)
                .all(|(s, c)| s.get() % c.get() == 0);
        if !divides {
            let (s, c) = (lengths(shard), lengths(&chunk));
            return Err(format!("shards {s:?} are not made of chunks {c:?}"));
        }
        let per_axis = shard.iter().zip(&chunk).map(|(s, c)| s.get() / c.get());
        let shape = per_axis.chain([2]).map(NonZeroU64::new);
        let shape: Vec<_> = shape.collect::<Option<_>>().ok_or_else(|| no("chunks"))?;
        let codecs: Vec<MetadataV3> =
            serde_json::from_value(get("index_codecs")?.clone()).map_err(words)?;
        let codecs = CodecChain::from_metadata(&codecs).map_err(words)?;
        let numbers = shape.iter().try_fold(8u64, |n, m| n.checked_mul(m.get()));
        if numbers.is_none_or(|n| n > isize::MAX as u64) {
            return Err(format!("shards of {:?} chunks", lengths(&shape)));
        }
        let encoded = codecs
            .encoded_representation(&shape, &data_type::uint64(), &FillValue::from(u64::MAX))
            .map_err(words)?;
        let BytesRepresentation::FixedSize(len) = encoded else {
            return Err("the codecs of an index must give a fixed number of bytes".to_owned());
        };
        Ok(ShardIndex {
            at_start: configuration.get("index_location") == Some(&"start".into()),
            codecs,
            shape,
            len,
        })
    }

    /// The most bytes that reading and checking it holds.
    pub fn scratch(&self) -> usize {
        usize::try_from(self.len).map_or(usize::MAX, |len| len.saturating_mul(4))
    }

    /// Whether these bytes of a shard are the index.
    pub fn is(&self, part: &Part) -> bool {
        match part {
            Part::Range(0, Some(end)) => self.at_start && *end == self.len,
            Part::Range(..) => false,
            Part::Last(len) => !self.at_start && *len == self.len,
        }
    }

    /// Checks a whole shard.
    pub fn check_shard(&self, shard: &[u8]) -> Result<(), Fault> {
        let all = shard.len();
        let cut = usize::try_from(self.len).ok().filter(|len| *len <= all);
        let Some(len) = cut else {
            return Err(format!(
                "{all} bytes, fewer than its index has, {}",
                self.len
            ));
        };
        let index = if self.at_start {
            &shard[..len]
        } else {
            &shard[all - len..]
        };
        self.check(index, all as u64)
    }

    /// Checks an index, as it is stored in a shard of at most so many bytes.
    pub fn check(&self, index: &[u8], shard: u64) -> Result<(), Fault> {
        let decoded = self.codecs.decode(
            Cow::Borrowed(index),
            &self.shape,
            &data_type::uint64(),
            &FillValue::from(u64::MAX),
            &CodecOptions::default(),
        );
        let decoded = decoded.map_err(words)?.into_fixed().map_err(words)?;
        let numbers = decoded.as_chunks::<8>().0.iter();
        let numbers: Vec<u64> = numbers.map(|bytes| u64::from_ne_bytes(*bytes)).collect();
        for (chunk, entry) in numbers.as_chunks::<2>().0.iter().enumerate() {
            let [offset, len] = *entry;
            let is_missing = offset == u64::MAX && len == u64::MAX;
            let is_within = offset.checked_add(len).is_some_and(|end| end <= shard);
            if !is_missing && !is_within {
                return Err(format!(
                    "the index has chunk {chunk} at {offset} with {len} bytes, outside the shard"
                ));
            }
        }
        Ok(())
    }
}

fn lengths(shape: &[NonZeroU64]) -> Vec<u64> {
    shape.iter().map(|n| n.get()).collect()
}
