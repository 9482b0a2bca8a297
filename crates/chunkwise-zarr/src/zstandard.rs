//! Zstandard frames, with contexts that threads keep.

use std::cell::RefCell;
use std::io::{self, Read};

use zstd::bulk::Compressor;
use zstd::zstd_safe::{
    CParameter, DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, compress_bound,
    get_error_name,
};

use crate::codec::{Fault, words};

/// Bytes that are unpacked at once where a value comes piece by piece: such a piece is still in the
/// processor's second-level cache when it is unpacked. Reading block by block instead saves no time: blocks
/// that do not lie in one piece are copied once more, but there are more calls.
pub(crate) const PIECE: usize = 256 << 10;
/// The largest window that the format has. Unpacking into its place takes no memory for a window.
const WINDOW: u32 = if cfg!(target_pointer_width = "64") {
    31
} else {
    30
};

/// Levels at which looking for the best end of each block takes as long as packing it, where that finds
/// next to no repetitions. Lower levels look less closely, higher ones spend more on all else.
const SPLITS: [i32; 3] = [0, 3, 4];
/// Blocks this short end where they end.
const UNSPLIT: u32 = 127 << 10;
/// Bytes that tell whether elements can be packed.
const SAMPLE: usize = 64 << 10;

thread_local! {
    /// Contexts are dear to make, and large: one of each for every thread.
    static UNPACK: RefCell<Option<Unpack>> = const { RefCell::new(None) };
    static PACK: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
}

/// Why a value did not become a chunk.
pub(crate) enum Broken {
    /// It could not be read.
    Io(io::Error),
    /// What was read is wrong.
    Fault(Fault),
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Broken {
        Broken::Fault(fault)
    }
}

struct Unpack {
    context: DCtx<'static>,
    piece: Vec<u8>,
}

impl Unpack {
    fn new() -> Result<Unpack, Fault> {
        let mut context = DCtx::try_create().ok_or("no memory for a decompressor")?;
        // The whole of `out` is there from the first piece on, so that no window is kept beside it.
        for parameter in [
            DParameter::StableOutBuffer(true),
            DParameter::WindowLogMax(WINDOW),
        ] {
            context.set_parameter(parameter).map_err(named)?;
        }
        Ok(Unpack {
            context,
            piece: Vec::new(),
        })
    }
}

fn with_unpack<T>(run: impl FnOnce(&mut Unpack) -> Result<T, Broken>) -> Result<T, Broken> {
    UNPACK.with_borrow_mut(|unpack| match unpack {
        Some(there) => run(there),
        none => run(none.insert(Unpack::new()?)),
    })
}

fn named(code: usize) -> Fault {
    get_error_name(code).to_owned()
}

/// Unpacks frames into `out`; answers their bytes.
pub(crate) fn unpack(encoded: &[u8], out: &mut [u8]) -> Result<usize, Fault> {
    let unpacked = with_unpack(|unpack| {
        let unpacked = unpack.context.decompress(out, encoded).map_err(named);
        unpacked.map_err(Broken::Fault)
    });
    unpacked.map_err(|broken| match broken {
        Broken::Io(error) => words(error),
        Broken::Fault(fault) => fault,
    })
}

/// Unpacks the frames that a reader brings into `out`; answers their bytes.
pub(crate) fn unpack_from(encoded: &mut dyn Read, out: &mut [u8]) -> Result<usize, Broken> {
    with_unpack(|Unpack { context, piece }| {
        context.reset(ResetDirective::SessionOnly).map_err(named)?;
        piece.resize(PIECE, 0);
        let mut out = OutBuffer::around(out);
        let mut ended = true;
        loop {
            let len = match encoded.read(piece) {
                Ok(0) if ended => return Ok(out.pos()),
                Ok(0) => return Err(Broken::Fault("it is cut short".to_owned())),
                Ok(len) => len,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(Broken::Io(e)),
            };
            let mut bytes = InBuffer::around(&piece[..len]);
            while bytes.pos() < len {
                let more = context.decompress_stream(&mut out, &mut bytes);
                ended = more.map_err(named)? == 0;
            }
        }
    })
}

/// Packs elements into a frame.
pub(crate) fn pack(
    elements: &[u8],
    level: i32,
    checksum: bool,
    into: &mut Vec<u8>,
) -> Result<(), Fault> {
    let most = compress_bound(elements.len());
    // What is there is written over: clearing it would take as long as a copy.
    if into.len() < most {
        into.resize(most, 0);
    }
    let len = PACK.with_borrow_mut(|pack| {
        let (_, pack) = match pack {
            Some(there) if there.0 == level => there,
            none => {
                let new = Compressor::new(level).map_err(words)?;
                none.insert((level, new))
            }
        };
        pack.include_checksum(checksum).map_err(words)?;
        let blocks = match SPLITS.contains(&level) && hardly_packs(pack, elements, into)? {
            true => UNSPLIT,
            false => 0,
        };
        pack.set_parameter(CParameter::MaxBlockSize(blocks))
            .and_then(|()| pack.compress_to_buffer(elements, into.as_mut_slice()))
            .map_err(words)
    })?;
    into.truncate(len);
    Ok(())
}

/// Whether a sample from the middle of some elements keeps more than seven eighths of its bytes.
fn hardly_packs(
    pack: &mut Compressor<'static>,
    elements: &[u8],
    into: &mut [u8],
) -> Result<bool, Fault> {
    // Elsewhere it would take as long as it can save.
    if elements.len() < 8 * SAMPLE {
        return Ok(false);
    }
    let middle = (elements.len() / 2).next_multiple_of(16);
    let sample = &elements[middle..middle + SAMPLE];
    let packed = pack
        .set_parameter(CParameter::MaxBlockSize(UNSPLIT))
        .and_then(|()| pack.compress_to_buffer(sample, into));
    Ok(packed.map_err(words)? > SAMPLE / 8 * 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes without a pattern, of which the upper bits of each are zero.
    fn noise(len: usize, bits: u32) -> Vec<u8> {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 56) as u8 >> (8 - bits)
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn frames_come_back_whole_or_in_pieces() {
        for len in [0, 1, 1000, PIECE, 3 * PIECE + 17] {
            for bits in [1, 6, 8] {
                let data = noise(len, bits);
                let mut packed = Vec::new();
                for (level, checksum) in [(0, false), (1, true), (3, true), (9, false)] {
                    pack(&data, level, checksum, &mut packed).unwrap();
                    let mut out = vec![1; len];
                    assert_eq!(unpack(&packed, &mut out), Ok(len));
                    assert_eq!(out, data, "{len} {bits} {level}");
                    out.fill(1);
                    let unpacked = unpack_from(&mut &packed[..], &mut out);
                    assert!(matches!(unpacked, Ok(n) if n == len));
                    assert_eq!(out, data, "{len} {bits} {level}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_frame_of_that_length_is_an_error_and_the_next_one_is_read() {
        let data = noise(2 * PIECE, 8);
        let mut packed = Vec::new();
        pack(&data, 3, true, &mut packed).unwrap();
        let mut behind = packed.clone();
        behind.push(0);
        let mut changed = packed.clone();
        changed[PIECE] ^= 1;
        for wrong in [&packed[..packed.len() - 1], &[0; 300], &behind, &changed] {
            let mut out = vec![0; data.len()];
            assert!(unpack_from(&mut &wrong[..], &mut out).is_err());
            let mut short = vec![0; data.len() - 1];
            assert!(unpack_from(&mut &packed[..], &mut short).is_err());
            assert!(unpack_from(&mut &packed[..], &mut out).is_ok());
            assert_eq!(out, data);
        }
    }

    #[test]
    fn nothing_is_no_bytes() {
        let mut out = vec![0; 10];
        assert_eq!(unpack(&[], &mut out), Ok(0));
        assert!(matches!(unpack_from(&mut &[][..], &mut out), Ok(0)));
    }

    #[test]
    fn frames_one_after_another_are_one_value() {
        let data = noise(2 * PIECE, 7);
        let (mut packed, mut second) = (Vec::new(), Vec::new());
        pack(&data[..PIECE / 3], 3, false, &mut packed).unwrap();
        pack(&data[PIECE / 3..], 3, false, &mut second).unwrap();
        packed.extend(second);
        let mut out = vec![0; data.len()];
        assert!(unpack_from(&mut &packed[..], &mut out).is_ok());
        assert_eq!(out, data);
    }
}
