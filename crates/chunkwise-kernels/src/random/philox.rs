//! Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
//! multiplications only, for machines and devices without AES.

#[cfg(target_arch = "x86_64")]
use crate::simd::{Level, level};

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// A keyed Philox function: the key of each round, and the part of the counter that tells streams
/// apart.
#[derive(Clone, Debug)]
pub(super) struct Philox {
    keys: [[u32; 2]; ROUNDS],
    stream: u32,
}

impl Philox {
    pub(super) fn new(key: u64, stream: u32) -> Philox {
        let word = [key as u32, (key >> 32) as u32];
        Philox {
            keys: std::array::from_fn(|r| {
                std::array::from_fn(|j| word[j].wrapping_add(WEYL[j].wrapping_mul(r as u32)))
            }),
            stream,
        }
    }

    /// The values of `n` blocks: counters `(first + i, sub, stream)`, in a row.
    ///
    /// # Safety
    /// `out` is writable for `n` blocks of 16 bytes.
    #[inline]
    pub(super) unsafe fn blocks(&self, first: u64, sub: u32, out: *mut u8, n: usize) {
        let high = [sub, self.stream];
        #[cfg(target_arch = "x86_64")]
        let done = if n > 2 && level() >= Level::V3 {
            // SAFETY: the level has AVX2; the caller's contract is handed on.
            unsafe { x86::blocks(&self.keys, first, high, out, n) }
        } else {
            0
        };
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        for i in done..n {
            let block = self.block(first.wrapping_add(i as u64), high);
            // SAFETY: `i < n` blocks.
            unsafe { out.cast::<[u64; 2]>().add(i).write_unaligned(block) };
        }
    }

    #[inline]
    fn block(&self, counter: u64, high: [u32; 2]) -> [u64; 2] {
        let mut x = [counter as u32, (counter >> 32) as u32, high[0], high[1]];
        for key in &self.keys {
            let a = u64::from(x[0]) * u64::from(MULTIPLIER[0]);
            let b = u64::from(x[2]) * u64::from(MULTIPLIER[1]);
            x = [
                (b >> 32) as u32 ^ x[1] ^ key[0],
                b as u32,
                (a >> 32) as u32 ^ x[3] ^ key[1],
                a as u32,
            ];
        }
        let pair = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        [pair(x[0], x[1]), pair(x[2], x[3])]
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{MULTIPLIER, ROUNDS};

    /// Vectors of four blocks computed side by side.
    const GROUPS: usize = 2;
    const BLOCKS: usize = 4 * GROUPS;

    /// Makes blocks in batches, the last of which may be cut, and returns how many it made: all but a
    /// rest of one or two.
    ///
    /// # Safety
    /// The machine has AVX2; `out` is writable for `n` blocks.
    #[target_feature(enable = "avx2")]
    pub(super) unsafe fn blocks(
        keys: &[[u32; 2]; ROUNDS],
        first: u64,
        high: [u32; 2],
        out: *mut u8,
        n: usize,
    ) -> usize {
        let mut done = 0;
        while n - done > 2 {
            let at = first.wrapping_add(done as u64);
            // SAFETY: `BLOCKS` blocks fit behind `done`, or go to the buffer and are cut.
            unsafe {
                let to = out.add(16 * done);
                if n - done >= BLOCKS {
                    batch(keys, at, high, to);
                    done += BLOCKS;
                } else {
                    let mut edge = [0u64; 2 * BLOCKS];
                    batch(keys, at, high, edge.as_mut_ptr().cast());
                    for (i, word) in edge.into_iter().enumerate().take(2 * (n - done)) {
                        to.cast::<u64>().add(i).write_unaligned(word);
                    }
                    done = n;
                }
            }
        }
        done
    }

    /// # Safety
    /// `out` is writable for `BLOCKS` blocks.
    #[target_feature(enable = "avx2")]
    unsafe fn batch(keys: &[[u32; 2]; ROUNDS], first: u64, high: [u32; 2], out: *mut u8) {
        // A 32-bit word lies in the lower half of 64 bits, where the multiplication takes it; what
        // gathers in the upper half is looked at only when words are put together.
        let splat = |w: u32| _mm256_set1_epi64x(i64::from(w));
        let mut x: [[__m256i; 4]; GROUPS] = std::array::from_fn(|g| {
            let start = first.wrapping_add(4 * g as u64) as i64;
            let counter =
                _mm256_add_epi64(_mm256_set1_epi64x(start), _mm256_set_epi64x(3, 2, 1, 0));
            [
                counter,
                _mm256_srli_epi64::<32>(counter),
                splat(high[0]),
                splat(high[1]),
            ]
        });
        for key in keys {
            for x in &mut x {
                let a = _mm256_mul_epu32(x[0], splat(MULTIPLIER[0]));
                let b = _mm256_mul_epu32(x[2], splat(MULTIPLIER[1]));
                let left = _mm256_xor_si256(x[1], splat(key[0]));
                let right = _mm256_xor_si256(x[3], splat(key[1]));
                *x = [
                    _mm256_xor_si256(_mm256_srli_epi64::<32>(b), left),
                    b,
                    _mm256_xor_si256(_mm256_srli_epi64::<32>(a), right),
                    a,
                ];
            }
        }
        for (g, x) in x.into_iter().enumerate() {
            let join = |low: __m256i, high: __m256i| {
                _mm256_blend_epi32::<0b1010_1010>(low, _mm256_slli_epi64::<32>(high))
            };
            let (low, high) = (join(x[0], x[1]), join(x[2], x[3]));
            let (even, odd) = (
                _mm256_unpacklo_epi64(low, high),
                _mm256_unpackhi_epi64(low, high),
            );
            // SAFETY: two vectors a group, `BLOCKS` blocks in all.
            unsafe {
                let to = out.add(64 * g).cast::<__m256i>();
                _mm256_storeu_si256(to, _mm256_permute2x128_si256::<0x20>(even, odd));
                _mm256_storeu_si256(to.add(1), _mm256_permute2x128_si256::<0x31>(even, odd));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Random123's tests/kat_vectors, lines "philox4x32 10": counter, key, result.
    #[test]
    fn known_answers_of_random123() {
        let rows = [
            (
                [0u32; 6],
                [0x6627e8d5u32, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
            ),
            ([!0; 6], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
            (
                [
                    0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
                ],
                [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
            ),
        ];
        for (i, want) in rows {
            let philox = Philox::new(u64::from(i[4]) | u64::from(i[5]) << 32, i[3]);
            let first = u64::from(i[0]) | u64::from(i[1]) << 32;
            for n in [1, 2, 3, 20] {
                let mut got = vec![[0u32; 4]; n];
                // SAFETY: the vector has `n` blocks.
                unsafe { philox.blocks(first, i[2], got.as_mut_ptr().cast(), n) };
                assert_eq!(got[0], want);
            }
        }
    }

    #[test]
    fn lanes_agree_with_single_blocks() {
        let philox = Philox::new(0x0123_4567_89ab_cdef, 5);
        let first = u64::from(u32::MAX) - 11;
        let mut many = vec![[0u32; 4]; 53];
        // SAFETY: the vector has 53 blocks.
        unsafe { philox.blocks(first, 2, many.as_mut_ptr().cast(), 53) };
        for (i, want) in many.iter().enumerate() {
            let mut one = [0u32; 4];
            // SAFETY: room for one block.
            unsafe { philox.blocks(first + i as u64, 2, one.as_mut_ptr().cast(), 1) };
            assert_eq!(one, *want);
        }
    }
}
