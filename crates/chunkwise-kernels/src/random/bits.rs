//! From (seed, stream) to a keyed generator, and from element numbers to its blocks.

use super::Generator;
use super::ars::Ars;
use super::philox::Philox;
use super::uniform::{Convert, Raw};

/// A keyed generator: 16 random bytes for every (block number, sub-counter).
#[derive(Clone, Debug)]
pub(super) enum Bits {
    Ars(Ars),
    Philox(Philox),
}

/// Stafford's variant 13 of the 64-bit finaliser (as in SplitMix64): a bijection.
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

/// 128 bits of key; different for different pairs, and unrelated for neighbouring ones.
fn key(seed: u64, stream: u64) -> [u64; 2] {
    let a = mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15));
    let b = mix(stream.wrapping_add(0xBB67_AE85_84CA_A73B) ^ a);
    [a ^ mix(b), b]
}

impl Bits {
    pub(super) fn new(generator: Generator, seed: u64, stream: u64) -> Bits {
        let key = key(seed, stream);
        match generator {
            Generator::Ars7 => Bits::Ars(Ars::new(key)),
            Generator::Philox4x32 => Bits::Philox(Philox::new(key[0], key[1] as u32)),
        }
    }

    /// The words of blocks `first..first + n`.
    ///
    /// # Safety
    /// `out` is writable for `n` blocks of 16 bytes.
    #[inline]
    pub(super) unsafe fn blocks(&self, first: u64, sub: u32, out: *mut u8, n: usize) {
        // SAFETY: the caller's contract.
        unsafe { self.convert(first, sub, out, n, &Raw) }
    }

    /// As [`blocks`](Self::blocks), converted.
    ///
    /// # Safety
    /// As there.
    #[inline]
    pub(super) unsafe fn convert<C: Convert>(
        &self,
        first: u64,
        sub: u32,
        out: *mut u8,
        n: usize,
        convert: &C,
    ) {
        match self {
            // SAFETY: the caller's contract.
            Bits::Ars(ars) => unsafe { ars.blocks(first, u64::from(sub), out, n, convert) },
            // SAFETY: the caller's contract; `blocks` initialises what is converted.
            Bits::Philox(philox) => unsafe {
                philox.blocks(first, sub, out, n);
                convert.in_place(out, n);
            },
        }
    }

    /// One block.
    #[inline]
    pub(super) fn block(&self, index: u64, sub: u32) -> [u64; 2] {
        let mut out = [0u64; 2];
        // SAFETY: room for one block.
        unsafe { self.blocks(index, sub, out.as_mut_ptr().cast(), 1) };
        out
    }
}

/// Fills elements `first..first + n` of which a block makes `P`: whole blocks where they belong, the
/// parts of blocks at both ends by way of a buffer. `fill(block, n, out)` makes `n` whole blocks.
///
/// # Safety
/// `out` is writable for `n` elements, not necessarily aligned; `fill` writes `n * P` elements.
#[inline(always)]
pub(super) unsafe fn run<T: Copy + Default, const P: usize>(
    first: u64,
    n: usize,
    out: *mut T,
    fill: impl Fn(u64, usize, *mut T),
) {
    let mut block = first / P as u64;
    let skip = (first % P as u64) as usize;
    let mut done = 0;
    // SAFETY: the copies and fills below are of `n` elements in all, `edge` holds one block.
    unsafe {
        if skip != 0 {
            let mut edge = [T::default(); P];
            fill(block, 1, edge.as_mut_ptr());
            done = (P - skip).min(n);
            for i in 0..done {
                out.add(i).write_unaligned(edge[(skip + i) % P]);
            }
            block = block.wrapping_add(1);
        }
        let whole = (n - done) / P;
        if whole > 0 {
            fill(block, whole, out.add(done));
            done += whole * P;
        }
        if done < n {
            let mut edge = [T::default(); P];
            fill(block.wrapping_add(whole as u64), 1, edge.as_mut_ptr());
            for i in 0..n - done {
                out.add(done + i).write_unaligned(edge[i % P]);
            }
        }
    }
}
