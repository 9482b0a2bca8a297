//! Which dtypes a function takes and gives: NumPy 2's type resolution, with `float32` where NumPy
//! has `float16`.

use chunkwise_core::DType;
use smallvec::{SmallVec, smallvec};

/// The dtypes that the kernel takes, and the one that it gives.
pub(crate) type Signature = Option<(SmallVec<[DType; 3]>, DType)>;

fn promoted(args: &[DType]) -> DType {
    args.iter().skip(1).fold(args[0], |a, b| a.promote(*b))
}

fn same(args: &[DType], dtype: DType) -> Signature {
    Some((smallvec![dtype; args.len()], dtype))
}

fn inexact_of(args: &[DType]) -> DType {
    args.iter()
        .skip(1)
        .fold(args[0].inexact(), |a, b| a.promote(b.inexact()))
}

/// The promoted dtype: `add`, `maximum`.
pub(super) fn promote(args: &[DType]) -> Signature {
    same(args, promoted(args))
}

/// The promoted dtype, with `int8` for `bool`: `pow`, `square`.
pub(super) fn widen_bool(args: &[DType]) -> Signature {
    match promoted(args) {
        DType::Bool => same(args, DType::I8),
        other => same(args, other),
    }
}

/// [`widen_bool`] without complex: `floor_divide`, `remainder`.
pub(super) fn widen_bool_real(args: &[DType]) -> Signature {
    widen_bool(args).filter(|(_, d)| !d.is_complex())
}

/// The promoted dtype, not `bool`: `subtract`, `negative`, `sign`.
pub(super) fn numeric(args: &[DType]) -> Signature {
    promote(args).filter(|(_, d)| *d != DType::Bool)
}

/// The promoted dtype, neither complex: `floor`.
pub(super) fn not_complex(args: &[DType]) -> Signature {
    promote(args).filter(|(_, d)| !d.is_complex())
}

/// `float32` for `bool`, else itself: `round`.
pub(super) fn float_bool(args: &[DType]) -> Signature {
    match promoted(args) {
        DType::Bool => same(args, DType::F32),
        other => same(args, other),
    }
}

/// Integers and `bool`: `bitwise_and`.
pub(super) fn bits(args: &[DType]) -> Signature {
    promote(args).filter(|(_, d)| !d.is_inexact())
}

/// Integers, with `int8` for `bool`: `bitwise_left_shift`.
pub(super) fn shift(args: &[DType]) -> Signature {
    widen_bool(args).filter(|(_, d)| d.is_integer())
}

/// Integers: `gcd`.
pub(super) fn integers(args: &[DType]) -> Signature {
    promote(args).filter(|(_, d)| d.is_integer())
}

/// Integers, giving `uint8`: `bitwise_count`.
pub(super) fn count(args: &[DType]) -> Signature {
    shift(args).map(|(inputs, _)| (inputs, DType::U8))
}

/// The smallest float or complex dtype that holds the arguments: `exp`.
pub(super) fn inexact(args: &[DType]) -> Signature {
    same(args, inexact_of(args))
}

/// [`inexact`] without complex: `atan2`, `hypot`.
pub(super) fn float(args: &[DType]) -> Signature {
    inexact(args).filter(|(_, d)| d.is_float())
}

/// [`float`], giving `int32`: the exponent of `frexp`.
pub(super) fn float_exponent(args: &[DType]) -> Signature {
    float(args).map(|(inputs, _)| (inputs, DType::I32))
}

/// As NumPy's `divide`: `float64` for integers of any width.
pub(super) fn divide(args: &[DType]) -> Signature {
    let d = promoted(args);
    same(args, if d.is_inexact() { d } else { DType::F64 })
}

/// [`divide`] without complex: `i0`.
pub(super) fn divide_real(args: &[DType]) -> Signature {
    divide(args).filter(|(_, d)| d.is_float())
}

/// `float64` or `complex128`: `float_power`.
pub(super) fn double(args: &[DType]) -> Signature {
    match promoted(args).is_complex() {
        true => same(args, DType::C128),
        false => same(args, DType::F64),
    }
}

/// A float and an integer: `ldexp`.
pub(super) fn exponent(args: &[DType]) -> Signature {
    let x = args[0].inexact();
    let power = args[1];
    let integer = matches!(power, DType::Bool) || (power.is_integer() && power != DType::U64);
    (x.is_float() && integer).then(|| (smallvec![x, DType::I64], x))
}

/// The promoted dtype, giving `bool`; signed and unsigned 64-bit stay as they are: `less`.
pub(super) fn compare(args: &[DType]) -> Signature {
    let wide = |d: DType| if d == DType::U64 { d } else { DType::I64 };
    let mixed = args.contains(&DType::U64) && args.iter().any(|d| is_signed(*d));
    if mixed && args.iter().all(|d| d.is_integer()) {
        return Some((args.iter().map(|d| wide(*d)).collect(), DType::Bool));
    }
    promote(args).map(|(inputs, _)| (inputs, DType::Bool))
}

fn is_signed(d: DType) -> bool {
    d.kind() == chunkwise_core::Kind::Signed
}

/// Each argument cast to `bool`, giving `bool`: `logical_and`.
pub(super) fn logical(args: &[DType]) -> Signature {
    same(args, DType::Bool)
}

/// Any dtype, giving `bool`: `isnan`.
pub(super) fn predicate(args: &[DType]) -> Signature {
    promote(args).map(|(inputs, _)| (inputs, DType::Bool))
}

/// Any but complex, giving `bool`: `signbit`.
pub(super) fn predicate_real(args: &[DType]) -> Signature {
    predicate(args).filter(|(inputs, _)| !inputs[0].is_complex())
}

/// Any dtype, giving that of its real part: `abs`, `real`.
pub(super) fn real_part(args: &[DType]) -> Signature {
    promote(args).map(|(inputs, d)| (inputs, d.real()))
}

/// As NumPy's `angle`: the float dtype of the real part, `float64` for `bool`.
pub(super) fn angle(args: &[DType]) -> Signature {
    let d = match args[0] {
        DType::Bool => DType::F64,
        other => other.inexact(),
    };
    Some((smallvec![d], d.real()))
}

/// A condition and two values: `where`.
pub(super) fn choose(args: &[DType]) -> Signature {
    let d = promoted(&args[1..]);
    Some((smallvec![DType::Bool, d, d], d))
}

/// Any but complex, giving `uint64`.
pub(super) fn key(args: &[DType]) -> Signature {
    not_complex(args).map(|(inputs, _)| (inputs, DType::U64))
}

/// Two `float64`, giving `complex128`.
pub(super) fn pair(args: &[DType]) -> Signature {
    let real = args.iter().all(|d| !d.is_complex());
    real.then(|| (smallvec![DType::F64, DType::F64], DType::C128))
}

/// A random word and a real parameter, giving `float64`: the sampler `gamma`.
pub(super) fn word_real(args: &[DType]) -> Signature {
    let real = !args[1].is_complex();
    (args[0] == DType::U64 && real).then(|| (smallvec![DType::U64, DType::F64], DType::F64))
}

/// [`word_real`], giving `int64`: the sampler `poisson`.
pub(super) fn word_count(args: &[DType]) -> Signature {
    word_real(args).map(|(inputs, _)| (inputs, DType::I64))
}

/// A random word and two real parameters, giving `int64`: the sampler `binomial`.
pub(super) fn word_pair(args: &[DType]) -> Signature {
    let real = !args[1].is_complex() && !args[2].is_complex();
    let inputs = smallvec![DType::U64, DType::F64, DType::F64];
    (args[0] == DType::U64 && real).then_some((inputs, DType::I64))
}

/// A random word and an integer, giving `uint64`: the sampler `below`.
pub(super) fn word_integer(args: &[DType]) -> Signature {
    let words = args.iter().all(|d| *d == DType::U64);
    words.then(|| (smallvec![DType::U64; 2], DType::U64))
}
