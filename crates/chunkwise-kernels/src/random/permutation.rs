//! Random bijections of `0..n`: a shuffled table up to 1024, above it a Feistel network on the next
//! power of two, applied again while the image is not below `n` (cycle walking; Black and Rogaway,
//! "Ciphers with arbitrary finite domains", 2002).

use super::bits::Bits;

const LARGEST_TABLE: u64 = 1024;

/// An even number, so that halves of unequal width end as they began.
const ROUNDS: usize = 8;

/// The sub-counter of the blocks that make tables and keys.
const SUB: u32 = u32::MAX;

/// A prepared bijection.
#[derive(Clone, Debug)]
pub(super) struct Permutation {
    n: u64,
    method: Method,
}

#[derive(Clone, Debug)]
enum Method {
    Table(Box<[u16]>),
    Feistel {
        /// Widths of the upper and lower half.
        widths: [u32; 2],
        keys: [u64; ROUNDS],
    },
}

impl Permutation {
    /// `n` is at most 2^62.
    pub(super) fn new(n: u64, bits: &Bits) -> Permutation {
        let method = if n <= LARGEST_TABLE {
            let mut table: Box<[u16]> = (0..n as u16).collect();
            for i in (1..table.len()).rev() {
                let word = bits.block(i as u64, SUB)[0];
                table.swap(i, (u128::from(word) * (i as u128 + 1) >> 64) as usize);
            }
            Method::Table(table)
        } else {
            let width = 64 - (n - 1).leading_zeros();
            let keys = std::array::from_fn(|r| bits.block(r as u64, SUB)[0]);
            Method::Feistel {
                widths: [width / 2, width - width / 2],
                keys,
            }
        };
        Permutation { n, method }
    }

    /// The image of an index, which is taken modulo `n`; 0 where `n` is 0.
    #[inline]
    pub(super) fn image(&self, index: u64) -> u64 {
        if self.n == 0 {
            return 0;
        }
        let mut x = if index < self.n {
            index
        } else {
            index % self.n
        };
        match &self.method {
            Method::Table(table) => u64::from(table[x as usize]),
            Method::Feistel { widths, keys } => loop {
                x = feistel(x, *widths, keys);
                if x < self.n {
                    return x;
                }
            },
        }
    }
}

/// Each round replaces the upper half by the lower one, and the lower by the upper one xored with a
/// keyed hash of the lower.
#[inline]
fn feistel(x: u64, [mut upper, mut lower]: [u32; 2], keys: &[u64; ROUNDS]) -> u64 {
    let (mut a, mut b) = (x >> lower, x & ((1 << lower) - 1));
    for key in keys {
        let mut hash = (b ^ key).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ hash >> 32).wrapping_mul(0x94D0_49BB_1331_11EB);
        (a, b) = (b, a ^ hash >> (64 - upper));
        (upper, lower) = (lower, upper);
    }
    a << lower | b
}
