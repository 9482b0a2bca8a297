//! HDF5's filters, and the codecs of Zarr that are the same, decoded into memory of a known length.

use std::cell::RefCell;
use std::io::{self, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, Decompress, FlushDecompress, Status};
use serde_json::{Map, Value};

use crate::codec::Fault;
use crate::zstandard;

thread_local! {
    /// Bytes between two filters, and the decompressor. A thread keeps its largest.
    static STATE: RefCell<State> = const { RefCell::new(State { spare: [Vec::new(), Vec::new()], inflate: None }) };
}

struct State {
    spare: [Vec<u8>; 2],
    inflate: Option<Decompress>,
}

/// One filter, by what undoing it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Bytes of equal place of elements of so many bytes stand together; what does not fill an
    /// element stands at the end.
    Shuffle(usize),
    /// A zlib stream, made at a level.
    Zlib(u32),
    /// Gzip members, made at a level.
    Gzip(u32),
    /// Zstandard frames, made at a level.
    Zstd {
        /// -131072 to 22.
        level: i32,
        /// Whether a frame has a checksum.
        checksum: bool,
    },
    /// Four bytes at the end, Fletcher's checksum as HDF5 reckons it.
    Fletcher32,
}

impl Filter {
    /// Whether what it makes has another length, which is not known.
    fn packs(&self) -> bool {
        !matches!(self, Filter::Shuffle(_) | Filter::Fletcher32)
    }
}

/// Filters in the order in which they were applied, behind elements of one byte order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filters {
    /// Bytes of which the order is not the machine's: an element's, or a part's of a complex one.
    pub swap: Option<usize>,
    pub filters: Vec<Filter>,
}

/// Where the bytes are after some filters were undone.
#[derive(Clone, Copy, PartialEq)]
enum At {
    Encoded,
    Spare(usize),
    Out,
}

impl Filters {
    /// Filters by the names and configurations that Zarr has for them; `None` where one is none of
    /// these, or lengths would not be known.
    pub fn new<'a>(
        swap: Option<usize>,
        codecs: impl Iterator<Item = (&'a str, &'a Map<String, Value>)>,
    ) -> Option<Filters> {
        let mut filters = Vec::new();
        for (name, of) in codecs {
            filters.push(match name.strip_prefix("numcodecs.").unwrap_or(name) {
                "zlib" => Filter::Zlib(level(of)?),
                "gzip" => Filter::Gzip(level(of)?),
                "zstd" => Filter::Zstd {
                    level: i32::try_from(of.get("level")?.as_i64()?).ok()?,
                    checksum: of.get("checksum").is_some_and(|c| c == &Value::Bool(true)),
                },
                "fletcher32" => Filter::Fletcher32,
                "shuffle" => {
                    let item = usize::try_from(of.get("elementsize")?.as_u64()?).ok()?;
                    Filter::Shuffle(item.max(1))
                }
                _ => return None,
            });
        }
        let streams = filters.iter().filter(|f| f.packs());
        (streams.count() < 2).then_some(Filters { swap, filters })
    }

    /// The most bytes that decoding `len` bytes holds beside what it is given.
    pub fn scratch(&self, len: usize) -> usize {
        let is_made = |filter: &Filter| *filter != Filter::Fletcher32;
        let made = self.filters.iter().filter(|f| is_made(f)).count();
        let straight = usize::from(self.filters.first().is_some_and(is_made));
        (made - straight).min(2) * (len + 4 * self.filters.len())
    }

    /// Undoes them all: `out` is as long as the elements are.
    ///
    /// # Errors
    /// Where a checksum is wrong, or the bytes are not such as come to `out.len()` bytes.
    pub fn decode_into(&self, encoded: &[u8], out: &mut [u8]) -> Result<(), Fault> {
        STATE.with_borrow_mut(|state| self.undo(encoded, out, state))?;
        if let Some(unit) = self.swap {
            out.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        Ok(())
    }

    /// Applies them all to elements.
    pub fn encode(&self, elements: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = elements.to_vec();
        if let Some(unit) = self.swap {
            bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
        }
        for filter in &self.filters {
            match *filter {
                Filter::Shuffle(item) => bytes = shuffled(&bytes, item),
                Filter::Fletcher32 => bytes.extend(fletcher32(&bytes).to_le_bytes()),
                Filter::Zlib(level) => {
                    let mut to = ZlibEncoder::new(Vec::new(), Compression::new(level));
                    to.write_all(&bytes)?;
                    bytes = to.finish()?;
                }
                Filter::Zstd { level, checksum } => {
                    let mut packed = Vec::new();
                    let done = zstandard::pack(&bytes, level, checksum, &mut packed);
                    done.map_err(io::Error::other)?;
                    bytes = packed;
                }
                Filter::Gzip(level) => {
                    let mut to = GzEncoder::new(Vec::new(), Compression::new(level));
                    to.write_all(&bytes)?;
                    bytes = to.finish()?;
                }
            }
        }
        Ok(bytes)
    }

    fn undo(&self, encoded: &[u8], out: &mut [u8], state: &mut State) -> Result<(), Fault> {
        // Bytes before each filter; behind a zlib stream they are what there is.
        let mut before = Vec::with_capacity(self.filters.len());
        let mut known = Some(out.len());
        for filter in &self.filters {
            before.push(known);
            known = match filter {
                Filter::Shuffle(_) => known,
                Filter::Fletcher32 => known.map(|len| len + 4),
                Filter::Zlib(_) | Filter::Gzip(_) | Filter::Zstd { .. } => None,
            };
        }
        let State { spare, inflate } = state;
        let [first, second] = spare;
        let (mut at, mut len) = (At::Encoded, encoded.len());
        for (n, filter) in self.filters.iter().enumerate().rev() {
            let wanted = match (before[n], filter) {
                (Some(known), _) => known,
                (None, Filter::Fletcher32) => len.saturating_sub(4),
                (None, _) => len,
            };
            let to = match (n, at) {
                _ if *filter == Filter::Fletcher32 => at,
                (0, _) => At::Out,
                (_, At::Spare(0)) => At::Spare(1),
                _ => At::Spare(0),
            };
            let (from, into): (&[u8], &mut [u8]) = match (at, to) {
                (At::Spare(0), At::Spare(1)) => (&first[..len], sized(second, wanted)),
                (At::Spare(0), At::Out) => (&first[..len], &mut *out),
                (At::Spare(0), _) => (&first[..len], &mut []),
                (At::Spare(_), At::Spare(_)) if at != to => (&second[..len], sized(first, wanted)),
                (At::Spare(_), At::Out) => (&second[..len], &mut *out),
                (At::Spare(_), _) => (&second[..len], &mut []),
                (_, At::Spare(_)) => (&encoded[..len], sized(first, wanted)),
                (_, At::Out) => (&encoded[..len], &mut *out),
                (_, At::Encoded) => (&encoded[..len], &mut []),
            };
            match filter {
                Filter::Fletcher32 => len = checked(from)?,
                Filter::Shuffle(item) => {
                    check_len(len, wanted)?;
                    unshuffle(from, into, *item);
                }
                Filter::Zlib(_) => {
                    unpack(
                        inflate.get_or_insert_with(|| Decompress::new(true)),
                        from,
                        into,
                    )?;
                    len = wanted;
                }
                Filter::Zstd { .. } => len = zstandard::unpack(from, into)?,
                Filter::Gzip(_) => {
                    unpack_members(from, into).map_err(|e| e.to_string())?;
                    len = wanted;
                }
            }
            check_len(len, wanted)?;
            at = to;
        }
        let from = match at {
            At::Out => return Ok(()),
            At::Encoded => encoded,
            At::Spare(0) => first,
            At::Spare(_) => second,
        };
        check_len(len, out.len())?;
        out.copy_from_slice(&from[..len]);
        Ok(())
    }
}

fn sized(bytes: &mut Vec<u8>, len: usize) -> &mut [u8] {
    if bytes.len() < len {
        bytes.resize(len, 0);
    }
    &mut bytes[..len]
}

fn check_len(got: usize, want: usize) -> Result<(), Fault> {
    match got == want {
        true => Ok(()),
        false => Err(format!("decodes to {got} bytes instead of {want}")),
    }
}

fn unpack(inflate: &mut Decompress, from: &[u8], into: &mut [u8]) -> Result<(), Fault> {
    inflate.reset(true);
    let status = inflate.decompress(from, into, FlushDecompress::Finish);
    match status.map_err(|e| e.to_string())? {
        Status::StreamEnd if inflate.total_in() as usize != from.len() => {
            Err("bytes follow the zlib stream".to_owned())
        }
        Status::StreamEnd => check_len(inflate.total_out() as usize, into.len()),
        Status::Ok | Status::BufError => Err(format!(
            "the zlib stream is cut off, or longer than {} bytes",
            into.len()
        )),
    }
}

fn unpack_members(from: &[u8], into: &mut [u8]) -> io::Result<()> {
    let mut members = MultiGzDecoder::new(from);
    members.read_exact(into)?;
    match members.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::other(format!(
            "the gzip members hold more than {} bytes",
            into.len()
        ))),
    }
}

/// A level of packing, as the metadata has it.
fn level(of: &Map<String, Value>) -> Option<u32> {
    let level = of.get("level")?.as_u64()?;
    u32::try_from(level).ok().filter(|level| *level <= 9)
}

/// Bytes of equal place come together.
fn shuffled(data: &[u8], item: usize) -> Vec<u8> {
    let count = data.len() / item;
    let places = (0..item).flat_map(|place| (0..count).map(move |i| data[i * item + place]));
    places.chain(data[count * item..].iter().copied()).collect()
}

/// Bytes of equal place come apart again.
fn unshuffle(from: &[u8], into: &mut [u8], item: usize) {
    match item {
        2 => unshuffle_by::<2>(from, into),
        4 => unshuffle_by::<4>(from, into),
        8 => unshuffle_by::<8>(from, into),
        16 => unshuffle_by::<16>(from, into),
        _ => {
            let count = from.len() / item.max(1);
            for (place, bytes) in from.chunks_exact(count.max(1)).take(item).enumerate() {
                for (i, byte) in bytes.iter().enumerate() {
                    into[i * item + place] = *byte;
                }
            }
            let whole = count * item;
            into[whole..].copy_from_slice(&from[whole..]);
        }
    }
}

fn unshuffle_by<const N: usize>(from: &[u8], into: &mut [u8]) {
    let count = from.len() / N;
    let places: [&[u8]; N] = std::array::from_fn(|n| &from[n * count..(n + 1) * count]);
    let (whole, rest) = into.split_at_mut(count * N);
    for (i, element) in whole.chunks_exact_mut(N).enumerate() {
        for (byte, place) in element.iter_mut().zip(&places) {
            *byte = place[i];
        }
    }
    rest.copy_from_slice(&from[count * N..]);
}

/// The length without the checksum.
fn checked(bytes: &[u8]) -> Result<usize, Fault> {
    let Some((data, sum)) = bytes.split_last_chunk::<4>() else {
        return Err(format!("{} bytes, fewer than a checksum has", bytes.len()));
    };
    let (said, is) = (u32::from_le_bytes(*sum), fletcher32(data));
    match said == is {
        true => Ok(data.len()),
        false => Err(format!("the checksum is {is:08x}, stored is {said:08x}")),
    }
}

/// Fletcher's checksum of words of two bytes, the first the higher, as HDF5 has it.
fn fletcher32(data: &[u8]) -> u32 {
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (mut low, mut high) = (0u32, 0u32);
    let (words, odd) = data.as_chunks::<2>();
    // So many words cannot overflow 32 bits.
    for block in words.chunks(360) {
        for word in block {
            low += u32::from(u16::from_be_bytes(*word));
            high += low;
        }
        (low, high) = (fold(low), fold(high));
    }
    if let [last] = odd {
        low += u32::from(*last) << 8;
        high += low;
        (low, high) = (fold(low), fold(high));
    }
    (low, high) = (fold(low), fold(high));
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_filters_comes_undone() {
        let data: Vec<u8> = (0..240u32).map(|i| (i * i / 7) as u8).collect();
        let one = [
            Filter::Shuffle(4),
            Filter::Shuffle(7),
            Filter::Zlib(3),
            Filter::Gzip(3),
            Filter::Zstd {
                level: 3,
                checksum: true,
            },
            Filter::Fletcher32,
        ];
        let mut orders: Vec<Vec<Filter>> = vec![vec![]];
        for length in 0..4 {
            for order in orders.clone().into_iter().filter(|o| o.len() == length) {
                for filter in one {
                    if !filter.packs() || !order.iter().any(Filter::packs) {
                        let mut longer = order.clone();
                        longer.push(filter);
                        orders.push(longer);
                    }
                }
            }
        }
        assert!(orders.len() > 100);
        for filters in orders {
            let these = Filters {
                swap: Some(2),
                filters,
            };
            let encoded = these.encode(&data).unwrap();
            let mut out = vec![0; data.len()];
            these.decode_into(&encoded, &mut out).unwrap();
            assert_eq!(out, data, "{these:?}");
            for wrong in [&encoded[..encoded.len() - 1], &[], &[0; 300]] {
                assert!(these.decode_into(wrong, &mut out).is_err(), "{these:?}");
            }
        }
    }

    #[test]
    fn checksums_are_those_of_the_known_examples() {
        // "abcde" and "abcdef" as the checksum's description has them, words the other way round.
        assert_eq!(fletcher32(b"badcfe"), 0x5650_2d2a);
        assert_eq!(fletcher32(&[0x01]), 0x0100_0100);
        assert_eq!(fletcher32(&[]), 0);
    }

    #[test]
    fn bytes_are_swapped() {
        let these = Filters {
            swap: Some(4),
            filters: vec![],
        };
        let mut out = [0; 8];
        these
            .decode_into(&[1, 2, 3, 4, 5, 6, 7, 8], &mut out)
            .unwrap();
        assert_eq!(out, [4, 3, 2, 1, 8, 7, 6, 5]);
    }
}
