use std::ops::Not;

use chunkwise_core::{Complex32, Complex64, Element};

/// An element that is ordered by an unsigned integer.
pub trait Keyed: Element {
    /// The integer; its complement reverses the order.
    type Key: Ord + Copy + Not<Output = Self::Key> + Send;

    /// The key: equal for elements that NumPy's sorts hold equal, all NaN among them.
    fn key(self) -> Self::Key;

    /// Sorts a lane by key; elements with equal keys stay in the order that they have.
    fn sort(lane: &mut [Self], descending: bool);
}

/// An integer's values side by side are equal ones: any sort is stable.
fn sort_plain<T: Ord>(lane: &mut [T], descending: bool) {
    lane.sort_unstable();
    if descending {
        lane.reverse();
    }
}

/// Few values: counting them is a sort.
fn sort_counted<T: Copy>(lane: &mut [T], descending: bool, place: fn(T) -> u8, value: fn(u8) -> T) {
    let mut counts = [0usize; 256];
    lane.iter().for_each(|x| counts[place(*x) as usize] += 1);
    let mut at = 0;
    for n in 0..=255u8 {
        let n = if descending { 255 - n } else { n };
        let count = counts[n as usize];
        lane[at..at + count].fill(value(n));
        at += count;
    }
}

impl Keyed for bool {
    type Key = u8;
    #[inline(always)]
    fn key(self) -> u8 {
        self as u8
    }
    fn sort(lane: &mut [bool], descending: bool) {
        let trues = lane.iter().filter(|x| **x).count();
        let falses = lane.len() - trues;
        let first = if descending { trues } else { falses };
        lane[..first].fill(descending);
        lane[first..].fill(!descending);
    }
}

impl Keyed for u8 {
    type Key = u8;
    #[inline(always)]
    fn key(self) -> u8 {
        self
    }
    fn sort(lane: &mut [u8], descending: bool) {
        sort_counted(lane, descending, |x| x, |n| n);
    }
}

impl Keyed for i8 {
    type Key = u8;
    #[inline(always)]
    fn key(self) -> u8 {
        self as u8 ^ 0x80
    }
    fn sort(lane: &mut [i8], descending: bool) {
        sort_counted(lane, descending, i8::key, |n| (n ^ 0x80) as i8);
    }
}

macro_rules! integers {
    ($($t:ty, $key:ty, $flip:expr);*) => {$(
        impl Keyed for $t {
            type Key = $key;
            #[inline(always)]
            fn key(self) -> $key {
                self as $key ^ $flip
            }
            fn sort(lane: &mut [$t], descending: bool) {
                sort_plain(lane, descending);
            }
        }
    )*};
}
integers!(
    u16, u16, 0; u32, u32, 0; u64, u64, 0;
    i16, u16, 1 << 15; i32, u32, 1 << 31; i64, u64, 1 << 63
);

macro_rules! floats {
    ($($t:ty, $key:ty, $signed:ty, $complex:ty, $wide:ty);*) => {$(
        impl Keyed for $t {
            type Key = $key;
            #[inline(always)]
            fn key(self) -> $key {
                if self.is_nan() {
                    return <$key>::MAX;
                }
                // Adding zero makes -0.0 zero.
                ordered((self + 0.0).to_bits() as $signed) as $key
            }

            fn sort(lane: &mut [$t], descending: bool) {
                // What keys cannot tell apart is kept in its order: NaN, and zeros of either sign.
                let signs = lane.iter().any(|x| *x == 0.0 && x.is_sign_negative());
                let zeros: Vec<$t> = match signs {
                    true => lane.iter().copied().filter(|x| *x == 0.0).collect(),
                    false => Vec::new(),
                };
                let nans: Vec<$t> = lane.iter().copied().filter(|x| x.is_nan()).collect();
                let (first, end) = match descending {
                    true => (nans.len(), lane.len()),
                    false => (0, lane.len() - nans.len()),
                };
                if !nans.is_empty() {
                    set_apart(lane, descending);
                }
                // SAFETY: the integer has the float's size and alignment, and both may hold any bits.
                let bits: &mut [$signed] = unsafe {
                    let rest = &mut lane[first..end];
                    std::slice::from_raw_parts_mut(rest.as_mut_ptr().cast(), rest.len())
                };
                // Bits of floats order as integers once those of negative ones are turned around.
                bits.iter_mut().for_each(|b| *b = turned(*b));
                bits.sort_unstable();
                if descending {
                    bits.reverse();
                }
                bits.iter_mut().for_each(|b| *b = turned(*b));
                if !zeros.is_empty() {
                    let from = lane[first..end].partition_point(|x| match descending {
                        true => *x > 0.0,
                        false => *x < 0.0,
                    });
                    lane[first + from..][..zeros.len()].copy_from_slice(&zeros);
                }
                match descending {
                    true => lane[..first].copy_from_slice(&nans),
                    false => lane[end..].copy_from_slice(&nans),
                }

                /// Moves what is not NaN to the end, or to the start.
                fn set_apart(lane: &mut [$t], to_the_end: bool) {
                    if to_the_end {
                        lane.reverse();
                    }
                    let mut kept = 0;
                    for i in 0..lane.len() {
                        let x = lane[i];
                        if !x.is_nan() {
                            lane[kept] = x;
                            kept += 1;
                        }
                    }
                    if to_the_end {
                        lane.reverse();
                    }
                }

                #[inline(always)]
                fn turned(bits: $signed) -> $signed {
                    bits ^ ((bits >> (<$signed>::BITS - 1)) & <$signed>::MAX)
                }
            }
        }

        impl Keyed for $complex {
            type Key = $wide;
            /// Without NaN by the real and then by the imaginary part; then, as NumPy has it, those
            /// with NaN in the imaginary part alone, in the real part alone, in both. No number's key
            /// is among the largest three, which mark those.
            #[inline(always)]
            fn key(self) -> $wide {
                let (high, low) = match (self.re.is_nan(), self.im.is_nan()) {
                    (false, false) => (self.re.key(), self.im.key()),
                    (false, true) => (<$key>::MAX - 2, self.re.key()),
                    (true, false) => (<$key>::MAX - 1, self.im.key()),
                    (true, true) => (<$key>::MAX, 0),
                };
                (high as $wide) << <$key>::BITS | low as $wide
            }

            fn sort(lane: &mut [$complex], descending: bool) {
                match descending {
                    true => lane.sort_by_key(|x| !x.key()),
                    false => lane.sort_by_key(|x| x.key()),
                }
            }
        }
    )*};
}

/// A float's bits as an integer that orders as the float does, from the smallest number on.
trait Bits {
    type Unsigned;
    fn ordered(self) -> Self::Unsigned;
}

impl Bits for i64 {
    type Unsigned = u64;
    #[inline(always)]
    fn ordered(self) -> u64 {
        (self ^ ((self >> 63) & i64::MAX)) as u64 ^ (1 << 63)
    }
}

impl Bits for i32 {
    type Unsigned = u32;
    #[inline(always)]
    fn ordered(self) -> u32 {
        (self ^ ((self >> 31) & i32::MAX)) as u32 ^ (1 << 31)
    }
}

#[inline(always)]
fn ordered<B: Bits>(bits: B) -> B::Unsigned {
    bits.ordered()
}

floats!(f32, u32, i32, Complex32, u64; f64, u64, i64, Complex64, u128);
