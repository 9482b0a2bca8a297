//! Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
//! multiplications only, for machines and devices without AES.

use crate::simd::simd_fn;

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

/// Blocks computed side by side.
const LANES: usize = 16;

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
        // SAFETY: the caller's contract is handed on.
        unsafe { fill(&self.keys, first, [sub, self.stream], out.cast(), n) }
    }
}

simd_fn! {
    /// # Safety
    /// `out` is writable for `n` blocks.
    unsafe fn fill(keys: &[[u32; 2]; ROUNDS], first: u64, high: [u32; 2], out: *mut [u32; 4], n: usize) {
        let mut done = 0;
        while done < n {
            let many = (n - done).min(LANES);
            let at = first.wrapping_add(done as u64);
            if many <= 2 {
                for i in 0..many {
                    let c = at.wrapping_add(i as u64);
                    let block = rounds::<1>([[c as u32], [(c >> 32) as u32], [high[0]], [high[1]]], keys);
                    out.add(done + i).write_unaligned([block[0][0], block[1][0], block[2][0], block[3][0]]);
                }
            } else {
                let counter = |i: usize| at.wrapping_add(i as u64);
                let lanes: [[u32; LANES]; 4] = [
                    std::array::from_fn(|i| counter(i) as u32),
                    std::array::from_fn(|i| (counter(i) >> 32) as u32),
                    [high[0]; LANES],
                    [high[1]; LANES],
                ];
                let block = rounds(lanes, keys);
                for i in 0..many {
                    out.add(done + i).write_unaligned([block[0][i], block[1][i], block[2][i], block[3][i]]);
                }
            }
            done += many;
        }
    }
}

#[inline(always)]
fn rounds<const N: usize>(mut x: [[u32; N]; 4], keys: &[[u32; 2]; ROUNDS]) -> [[u32; N]; 4] {
    for key in keys {
        let mut next = [[0u32; N]; 4];
        for i in 0..N {
            let a = u64::from(x[0][i]) * u64::from(MULTIPLIER[0]);
            let b = u64::from(x[2][i]) * u64::from(MULTIPLIER[1]);
            next[0][i] = (b >> 32) as u32 ^ x[1][i] ^ key[0];
            next[1][i] = b as u32;
            next[2][i] = (a >> 32) as u32 ^ x[3][i] ^ key[1];
            next[3][i] = a as u32;
        }
        x = next;
    }
    x
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
