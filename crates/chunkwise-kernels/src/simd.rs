//! Run-time choice of vector instructions.
//!
//! The binary is built for the baseline of its architecture; [`simd_fn!`] compiles a function's body
//! once per [`Level`] and picks at run time. Bodies are plain loops that the compiler vectorises, so
//! every level computes the same bits: multiplications and additions are contracted only where the
//! body says `mul_add`, which is one rounding on every level.

use std::sync::OnceLock;

/// A set of vector instructions, each including the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every machine of the architecture has.
    Baseline,
    /// x86-64-v3: AVX2, FMA, BMI.
    #[cfg(target_arch = "x86_64")]
    V3,
    /// x86-64-v4: AVX-512 F, BW, DQ, VL, CD.
    #[cfg(target_arch = "x86_64")]
    V4,
}

#[cfg(test)]
thread_local! {
    /// Replaces the machine's level on this thread; it must not be above it.
    pub(crate) static OVERRIDE: std::cell::Cell<Option<Level>> = const { std::cell::Cell::new(None) };
}

/// The levels of this machine, lowest first.
#[cfg(test)]
pub(crate) fn levels() -> Vec<Level> {
    let all = [
        Level::Baseline,
        #[cfg(target_arch = "x86_64")]
        Level::V3,
        #[cfg(target_arch = "x86_64")]
        Level::V4,
    ];
    all.into_iter().filter(|l| *l <= detect("")).collect()
}

/// The level of this machine, found once. `CHUNKWISE_SIMD=baseline` or `avx2` lowers it, for tests and
/// for comparing.
pub fn level() -> Level {
    #[cfg(test)]
    if let Some(level) = OVERRIDE.get() {
        return level;
    }
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let wanted = std::env::var("CHUNKWISE_SIMD").unwrap_or_default();
        detect(&wanted)
    })
}

#[cfg(target_arch = "x86_64")]
fn detect(wanted: &str) -> Level {
    let v3 = is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt");
    let v4 = v3
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512cd");
    match wanted {
        "baseline" => Level::Baseline,
        "avx2" if v3 => Level::V3,
        _ if v4 => Level::V4,
        _ if v3 => Level::V3,
        _ => Level::Baseline,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect(_wanted: &str) -> Level {
    Level::Baseline
}

/// Defines a function whose body is compiled once per [`Level`] and chosen at run time.
///
/// Generic parameters stand in square brackets: `simd_fn! { fn sum[T: Real](x: &[T]) -> T { .. } }`.
/// The body should be a loop over slices or pointers; what it calls must be `#[inline(always)]`.
macro_rules! simd_fn {
    ($(#[$meta:meta])* $vis:vis unsafe fn $name:ident $([$($gen:tt)*])? ($($arg:ident : $ty:ty),* $(,)?) $(-> $ret:ty)? $body:block) => {
        $(#[$meta])*
        $vis unsafe fn $name $(<$($gen)*>)? ($($arg: $ty),*) $(-> $ret)? {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            unsafe fn body $(<$($gen)*>)? ($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the caller keeps the contract of the function that this is the body of.
                unsafe { $body }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn v3 $(<$($gen)*>)? ($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: as above.
                unsafe { body($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl,avx512cd")]
            #[allow(clippy::too_many_arguments)]
            unsafe fn v4 $(<$($gen)*>)? ($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: as above.
                unsafe { body($($arg),*) }
            }
            match $crate::simd::level() {
                // SAFETY: as above.
                $crate::simd::Level::Baseline => unsafe { body($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above, and `level` found these features on this machine.
                $crate::simd::Level::V3 => unsafe { v3($($arg),*) },
                #[cfg(target_arch = "x86_64")]
                // SAFETY: as above, and `level` found these features on this machine.
                $crate::simd::Level::V4 => unsafe { v4($($arg),*) },
            }
        }
    };
}
pub(crate) use simd_fn;
