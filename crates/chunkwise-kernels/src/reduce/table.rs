use chunkwise_core::{DType, Kind};

use super::Reduction;
use super::arg::{arg, nan_arg};
use super::bincount::{bincount, weighted};
use super::extremum::{extremum, nan_extremum, range};
use super::logic::{all, any, count_nonzero};
use super::moments::moments;
use super::product::product;
use super::sum::{mean, nanmean, sum};
use super::topk::topk;

/// Integers and booleans become 64 bits wide.
fn total(input: DType) -> Option<DType> {
    Some(match input.kind() {
        Kind::Bool | Kind::Signed => DType::I64,
        Kind::Unsigned => DType::U64,
        _ => input,
    })
}

/// Integers and booleans become `f64`.
fn average(input: DType) -> Option<DType> {
    Some(if input.is_inexact() {
        input
    } else {
        DType::F64
    })
}

/// The dtype of a mean's real part.
fn spread(input: DType) -> Option<DType> {
    average(input).map(DType::real)
}

fn ordered(input: DType) -> Option<DType> {
    (!input.is_complex()).then_some(input)
}

fn same(input: DType) -> Option<DType> {
    Some(input)
}

fn arithmetic_real(input: DType) -> Option<DType> {
    (input.is_integer() || input.is_float()).then_some(input)
}

fn ordered_index(input: DType) -> Option<DType> {
    ordered(input).map(|_| DType::I64)
}

fn boolean(_: DType) -> Option<DType> {
    Some(DType::Bool)
}

fn integer(_: DType) -> Option<DType> {
    Some(DType::I64)
}

macro_rules! rows {
    ($($name:literal, $identity:literal, $rule:expr, $build:expr, $doc:literal;)*) => {
        /// Every reduction, by name.
        pub static REDUCTIONS: &[Reduction] = &[$(
            Reduction { name: $name, doc: $doc, identity: $identity, rule: $rule, build: $build },
        )*];
    };
}

rows! {
    "sum", true, total, |d, _| sum::<false>(d),
        "The sum of the elements; 0 of none.";
    "prod", true, total, |d, _| product::<false>(d),
        "The product of the elements; 1 of none.";
    "mean", true, average, |d, _| mean(d),
        "The arithmetic mean; NaN of none.";
    "var", true, spread, |d, _| moments::<false, false>(d),
        "The mean squared distance from the mean, over the count less `ddof`.";
    "std", true, spread, |d, _| moments::<true, false>(d),
        "The square root of the variance.";
    "min", false, same, |d, _| extremum::<false>(d),
        "The smallest element; NaN if there is one.";
    "max", false, same, |d, _| extremum::<true>(d),
        "The largest element; NaN if there is one.";
    "argmin", false, integer, |d, _| arg::<false>(d),
        "The index of the smallest element, or of the first NaN; the first of equal ones.";
    "argmax", false, integer, |d, _| arg::<true>(d),
        "The index of the largest element, or of the first NaN; the first of equal ones.";
    "any", true, boolean, |d, _| any(d),
        "Whether some element is not zero.";
    "all", true, boolean, |d, _| all(d),
        "Whether no element is zero.";
    "count_nonzero", true, integer, |d, _| count_nonzero(d),
        "The number of elements that are not zero.";
    "ptp", false, arithmetic_real, |d, _| range(d),
        "The largest element minus the smallest; integers wrap.";
    "nansum", true, total, |d, _| sum::<true>(d),
        "The sum of the elements that are not NaN; 0 of none.";
    "nanprod", true, total, |d, _| product::<true>(d),
        "The product of the elements that are not NaN; 1 of none.";
    "nanmean", true, average, |d, _| nanmean(d),
        "The mean of the elements that are not NaN; NaN of none.";
    "nanvar", true, spread, |d, _| moments::<false, true>(d),
        "The variance of the elements that are not NaN; NaN of no more than `ddof`.";
    "nanstd", true, spread, |d, _| moments::<true, true>(d),
        "The square root of `nanvar`.";
    "nanmin", false, same, |d, _| nan_extremum::<false>(d),
        "The smallest element that is not NaN; NaN if all are.";
    "nanmax", false, same, |d, _| nan_extremum::<true>(d),
        "The largest element that is not NaN; NaN if all are.";
    "nanargmin", false, integer, |d, _| nan_arg::<false>(d),
        "The index of the smallest element that is not NaN; an error if all are.";
    "nanargmax", false, integer, |d, _| nan_arg::<true>(d),
        "The index of the largest element that is not NaN; an error if all are.";
    "topk", false, ordered, |d, p| topk::<false>(d, p),
        "The `k` largest elements, largest first, or the `-k` smallest; NaN is larger than all.";
    "argtopk", false, ordered_index, |d, p| topk::<true>(d, p),
        "The indices of the elements that `topk` gives.";
    "bincount", true, |d| d.is_integer().then_some(DType::I64), |d, p| bincount(d, p),
        "How often each of the numbers `0..k` occurs; others are left out.";
    "bincount_weighted", true, |d| (d == DType::C128).then_some(DType::F64), |d, p| weighted(d, p),
        "The sum of the imaginary parts where the real part is each of the numbers `0..k`.";
}
