//! ARS: the AES round function with a Weyl key schedule, as a counter-based generator (Salmon, Moraes,
//! Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Seven rounds by default.

use std::sync::OnceLock;

use super::uniform::Convert;

/// The golden ratio and sqrt(3) - 1 as 64-bit fractions: what each round adds to the key.
const WEYL: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];

/// Rounds of the default generator.
pub(super) const ROUNDS: usize = 7;

/// What computes AES rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aes {
    /// Table lookups on any machine.
    Software,
    /// One block per instruction.
    #[cfg(target_arch = "x86_64")]
    Ni,
    /// Two blocks per instruction (VAES with AVX2).
    #[cfg(target_arch = "x86_64")]
    Vaes256,
    /// Four blocks per instruction (VAES with AVX-512).
    #[cfg(target_arch = "x86_64")]
    Vaes512,
    /// The Armv8 AES instructions.
    #[cfg(target_arch = "aarch64")]
    Arm,
}

impl Aes {
    /// What this machine has, slowest first.
    pub(super) fn available() -> Vec<Aes> {
        #[allow(unused_mut)]
        let mut all = vec![Aes::Software];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("aes") {
            all.push(Aes::Ni);
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("vaes") {
                all.push(Aes::Vaes256);
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
                {
                    all.push(Aes::Vaes512);
                }
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("aes") {
            all.push(Aes::Arm);
        }
        all
    }

    /// The best that this machine has, lowered by `CHUNKWISE_SIMD` as the vector level is:
    /// `baseline` means software, `avx2` at most two blocks per instruction.
    fn best() -> Aes {
        static BEST: OnceLock<Aes> = OnceLock::new();
        *BEST.get_or_init(|| {
            let wanted = std::env::var("CHUNKWISE_SIMD").unwrap_or_default();
            let all = Aes::available();
            let n = match wanted.as_str() {
                "baseline" => 1,
                "avx2" => all.len().min(3),
                _ => all.len(),
            };
            all[n - 1]
        })
    }
}

/// A keyed ARS function, its round keys repeated over a cache line so that every width loads them
/// directly.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Ars<const R: usize = ROUNDS> {
    first: [u64; 8],
    rounds: [[u64; 8]; R],
    aes: Aes,
}

impl<const R: usize> Ars<R> {
    pub(super) fn new(key: [u64; 2]) -> Ars<R> {
        Ars::with(key, Aes::best())
    }

    pub(super) fn with(key: [u64; 2], aes: Aes) -> Ars<R> {
        let wide = |i: u64| {
            let k: [u64; 2] = std::array::from_fn(|j| key[j].wrapping_add(WEYL[j].wrapping_mul(i)));
            std::array::from_fn(|j| k[j & 1])
        };
        Ars {
            first: wide(0),
            rounds: std::array::from_fn(|i| wide(i as u64 + 1)),
            aes,
        }
    }

    /// The values of `n` blocks: counters `(first + i, sub)`, converted, in a row.
    ///
    /// # Safety
    /// `out` is writable for `n` blocks of 16 bytes.
    #[inline]
    pub(super) unsafe fn blocks<C: Convert>(
        &self,
        first: u64,
        sub: u64,
        out: *mut u8,
        n: usize,
        convert: &C,
    ) {
        match self.aes {
            // The narrow instruction has the shorter way from counter to value.
            // SAFETY: the caller's contract is handed on, and each wider kind includes this one.
            #[cfg(target_arch = "x86_64")]
            Aes::Vaes512 | Aes::Vaes256 if n <= 1 => unsafe {
                x86::ni(self, first, sub, out, n, convert);
            },
            // SAFETY: as above, and the feature was detected.
            #[cfg(target_arch = "x86_64")]
            Aes::Vaes512 => unsafe { x86::vaes512(self, first, sub, out, n, convert) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Aes::Vaes256 => unsafe { x86::vaes256(self, first, sub, out, n, convert) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Aes::Ni => unsafe { x86::ni(self, first, sub, out, n, convert) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Aes::Arm => unsafe {
                arm::blocks(self, first, sub, out, n);
                convert.in_place(out, n);
            },
            Aes::Software => {
                for i in 0..n {
                    let words = self.software([first.wrapping_add(i as u64), sub]);
                    // SAFETY: `i < n` blocks, each of 16 bytes.
                    unsafe { out.add(16 * i).cast::<[u64; 2]>().write_unaligned(words) };
                }
                // SAFETY: the loop has initialised the `n` blocks.
                unsafe { convert.in_place(out, n) };
            }
        }
    }

    fn software(&self, counter: [u64; 2]) -> [u64; 2] {
        let mut state = [counter[0] ^ self.first[0], counter[1] ^ self.first[1]];
        for (i, key) in self.rounds.iter().enumerate() {
            state = software_round(state, [key[0], key[1]], i + 1 == R);
        }
        state
    }
}

/// One AES encryption round: SubBytes, ShiftRows, MixColumns (not in the last round), AddRoundKey.
/// The table lookup takes a time that depends on the data, which matters to ciphers and not here.
fn software_round(state: [u64; 2], key: [u64; 2], last: bool) -> [u64; 2] {
    let mut bytes = [0u8; 16];
    bytes[..8].copy_from_slice(&state[0].to_le_bytes());
    bytes[8..].copy_from_slice(&state[1].to_le_bytes());
    let mut out = [0u8; 16];
    for column in 0..4 {
        let s: [u8; 4] =
            std::array::from_fn(|row| SBOX[bytes[(4 * column + 5 * row) % 16] as usize]);
        let mixed = if last {
            s
        } else {
            std::array::from_fn(|r| {
                let [a, b, c, d] = [s[r], s[(r + 1) % 4], s[(r + 2) % 4], s[(r + 3) % 4]];
                double(a) ^ double(b) ^ b ^ c ^ d
            })
        };
        out[4 * column..4 * column + 4].copy_from_slice(&mixed);
    }
    let half = |at: usize| {
        let mut b = [0u8; 8];
        b.copy_from_slice(&out[at..at + 8]);
        u64::from_le_bytes(b)
    };
    [half(0) ^ key[0], half(8) ^ key[1]]
}

/// Multiplication by x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
const fn double(a: u8) -> u8 {
    (a << 1) ^ (0x1b * (a >> 7))
}

/// FIPS 197's substitution, made from its definition: inversion in GF(2^8), then an affine map. The
/// walk steps `p` through the powers of the generator 3 and `q` through their inverses.
static SBOX: [u8; 256] = {
    let mut table = [0u8; 256];
    let (mut p, mut q) = (1u8, 1u8);
    loop {
        p ^= double(p);
        q ^= q << 1;
        q ^= q << 2;
        q ^= q << 4;
        q ^= 0x09 * (q >> 7);
        table[p as usize] =
            q ^ q.rotate_left(1) ^ q.rotate_left(2) ^ q.rotate_left(3) ^ q.rotate_left(4) ^ 0x63;
        if p == 1 {
            break;
        }
    }
    table[0] = 0x63;
    table
};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Ars, Convert};

    macro_rules! width {
        ($name:ident, $features:literal, $vector:ty, $blocks:literal, $unroll:literal, $step_down:literal, $counter:expr,
         $load:ident, $add:ident, $step:expr, $xor:ident, $enc:ident, $last:ident, $convert:ident) => {
            #[target_feature(enable = $features)]
            pub(super) unsafe fn $name<C: Convert, const R: usize>(
                ars: &Ars<R>,
                first: u64,
                sub: u64,
                out: *mut u8,
                n: usize,
                convert: &C,
            ) {
                // SAFETY: the caller says that `out` holds `n` blocks; each store below is of whole
                // blocks inside it or goes to `edge`; keys are arrays of 64 bytes.
                unsafe {
                    let key = |k: &[u64; 8]| $load(k.as_ptr().cast());
                    let whitening = key(&ars.first);
                    let mut counter: $vector = $counter(first, sub);
                    let mut at = out;
                    let mut left = n;
                    macro_rules! batch {
                        ($many:literal) => {
                            while left >= $blocks * $many {
                                let mut v = [whitening; $many];
                                for v in &mut v {
                                    *v = $xor(counter, whitening);
                                    counter = $add(counter, $step);
                                }
                                for k in &ars.rounds[..R - 1] {
                                    for v in &mut v {
                                        *v = $enc(*v, key(k));
                                    }
                                }
                                for (i, v) in v.into_iter().enumerate() {
                                    let v = $last(v, key(&ars.rounds[R - 1]));
                                    convert.$convert(v, at.add(16 * $blocks * i));
                                }
                                at = at.add(16 * $blocks * $many);
                                left -= $blocks * $many;
                            }
                        };
                    }
                    batch!($unroll);
                    batch!($step_down);
                    batch!(1);
                    if left > 0 {
                        let mut edge = [0u64; 8];
                        let mut v = $xor(counter, whitening);
                        for k in &ars.rounds[..R - 1] {
                            v = $enc(v, key(k));
                        }
                        v = $last(v, key(&ars.rounds[R - 1]));
                        convert.$convert(v, edge.as_mut_ptr().cast());
                        // Blocks one by one: a copy of unknown length would be a call.
                        for i in 0..left.min($blocks) {
                            let block = edge.as_ptr().cast::<__m128i>().add(i);
                            _mm_storeu_si128(at.cast::<__m128i>().add(i), _mm_loadu_si128(block));
                        }
                    }
                }
            }
        };
    }

    width!(
        ni,
        "aes,sse2",
        __m128i,
        1,
        8,
        2,
        |first: u64, sub: u64| _mm_set_epi64x(sub as i64, first as i64),
        _mm_load_si128,
        _mm_add_epi64,
        _mm_set_epi64x(0, 1),
        _mm_xor_si128,
        _mm_aesenc_si128,
        _mm_aesenclast_si128,
        put128
    );
    width!(
        vaes256,
        "avx2,aes,vaes",
        __m256i,
        2,
        8,
        2,
        |first: u64, sub: u64| _mm256_set_epi64x(
            sub as i64,
            first.wrapping_add(1) as i64,
            sub as i64,
            first as i64
        ),
        _mm256_load_si256,
        _mm256_add_epi64,
        _mm256_set_epi64x(0, 2, 0, 2),
        _mm256_xor_si256,
        _mm256_aesenc_epi128,
        _mm256_aesenclast_epi128,
        put256
    );
    width!(
        vaes512,
        "avx2,aes,vaes,avx512f,avx512dq,avx512vl",
        __m512i,
        4,
        8,
        2,
        |first: u64, sub: u64| _mm512_set_epi64(
            sub as i64,
            first.wrapping_add(3) as i64,
            sub as i64,
            first.wrapping_add(2) as i64,
            sub as i64,
            first.wrapping_add(1) as i64,
            sub as i64,
            first as i64
        ),
        _mm512_load_si512,
        _mm512_add_epi64,
        _mm512_set_epi64(0, 4, 0, 4, 0, 4, 0, 4),
        _mm512_xor_si512,
        _mm512_aesenc_epi128,
        _mm512_aesenclast_epi128,
        put512
    );
}

#[cfg(target_arch = "aarch64")]
mod arm {
    use std::arch::aarch64::*;

    use super::Ars;

    /// # Safety
    /// The machine has the AES instructions; `out` is writable for `n` blocks.
    #[target_feature(enable = "aes,neon")]
    pub(super) unsafe fn blocks<const R: usize>(
        ars: &Ars<R>,
        first: u64,
        sub: u64,
        out: *mut u8,
        n: usize,
    ) {
        // AESE adds its key before the substitution, so a key moves one instruction up and the last
        // one is a plain addition.
        // SAFETY: keys are arrays of 64 bytes; `done + i < n` blocks lie in `out`.
        unsafe {
            let key = |k: &[u64; 8]| vld1q_u8(k.as_ptr().cast());
            let mut done = 0;
            while done < n {
                let many = (n - done).min(4);
                let mut v: [uint8x16_t; 4] = std::array::from_fn(|i| {
                    let counter = [first.wrapping_add((done + i) as u64), sub];
                    vld1q_u8(counter.as_ptr().cast())
                });
                let mut k = key(&ars.first);
                for next in &ars.rounds[..R - 1] {
                    for v in &mut v {
                        *v = vaesmcq_u8(vaeseq_u8(*v, k));
                    }
                    k = key(next);
                }
                for (i, v) in v.into_iter().enumerate().take(many) {
                    let v = veorq_u8(vaeseq_u8(v, k), key(&ars.rounds[R - 1]));
                    vst1q_u8(out.add(16 * (done + i)), v);
                }
                done += many;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::uniform::Raw;
    use super::*;

    fn blocks<const R: usize>(ars: &Ars<R>, first: u64, sub: u64, n: usize) -> Vec<[u64; 2]> {
        let mut out = vec![[0u64; 2]; n];
        // SAFETY: the vector has `n` blocks.
        unsafe { ars.blocks(first, sub, out.as_mut_ptr().cast(), n, &Raw) };
        out
    }

    // Random123's tests/kat_vectors, lines "ars4x32 10": counter, key, result as 32-bit words. It
    // publishes ten rounds only; seven are the same code with another count.
    #[test]
    fn known_answers_of_random123() {
        let pi = [
            0x243f6a88,
            0x85a308d3,
            0x13198a2e,
            0x03707344,
            0xa4093822,
            0x299f31d0,
            0x082efa98,
            0xec4e6c89u32,
        ];
        let ones = [!0, !0, !0, !0, !0, !0, 0, 0u32];
        let rows = [
            ([0; 8], [0x8d73ee19u32, 0x506401ef, 0x13c2dbe4, 0x0cbe9c0d]),
            (pi, [0xa516e7d6, 0x8357ad74, 0x5b59b3ec, 0x8763fff3]),
            (ones, [0xbb3743b1, 0x9f635551, 0xecbc87fc, 0xa19478a9]),
        ];
        let pair = |w: &[u32], i: usize| u64::from(w[i]) | u64::from(w[i + 1]) << 32;
        for (input, want) in rows {
            for aes in Aes::available() {
                let ars = Ars::<10>::with([pair(&input, 4), pair(&input, 6)], aes);
                let got = blocks(&ars, pair(&input, 0), pair(&input, 2), 1);
                assert_eq!(got[0], [pair(&want, 0), pair(&want, 2)], "{aes:?}");
            }
        }
    }

    #[test]
    fn every_instruction_set_gives_the_same_blocks() {
        let key = [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210];
        for first in [0, 7, u64::MAX - 20] {
            for n in [1, 2, 3, 5, 15, 16, 17, 33, 100] {
                let want = blocks(&Ars::<ROUNDS>::with(key, Aes::Software), first, 3, n);
                for aes in Aes::available() {
                    let got = blocks(&Ars::<ROUNDS>::with(key, aes), first, 3, n);
                    assert_eq!(got, want, "{aes:?} from {first}, {n} blocks");
                }
            }
        }
    }
}
