//! The rows of random values: functions of a random word and of parameters that differ from element to
//! element. They are no functions of NumPy's, so that they have a table of their own.

use super::math::Math;
use super::stamp::row;
use super::{Function, rule};
use crate::random::variates;

/// Every sampler, by name; the first argument is a word of a random array.
pub static SAMPLERS: &[Function] = &[
    row!("below", 2, 5.0, rule::word_integer, "An integer below the second argument; the word where that is 0.",
        unsigned #heavy |a, b| -> u64 { variates::below(a as u64, b as u64) }),
    row!("binomial", 3, 120.0, rule::word_pair, "How many of the second argument's trials succeed with the third's chance.",
        float |a: u64, b, c| -> i64 { variates::binomial(a, b as f64, c as f64) }),
    row!("gamma", 2, 170.0, rule::word_real, "A gamma variate of scale 1; the second argument is the shape.",
    unsigned #heavy |a, b: f64| -> f64 {
        let (x, ln_factor) = variates::gamma(a as u64, b);
        x * ln_factor.exp_()
    }),
    row!("ln_gamma", 2, 160.0, rule::word_real, "The logarithm of a gamma variate.",
    unsigned #heavy |a, b: f64| -> f64 {
        let (x, ln_factor) = variates::gamma(a as u64, b);
        x.log_() + ln_factor
    }),
    row!("poisson", 2, 90.0, rule::word_count, "A Poisson count; the second argument is its mean.",
        unsigned #heavy |a, b: f64| -> i64 { variates::poisson(a as u64, b) }),
    row!("von_mises", 2, 100.0, rule::word_real, "A von Mises angle around 0; the second argument is the concentration.",
        unsigned #heavy |a, b: f64| -> f64 { variates::von_mises(a as u64, b) }),
    row!("zipf", 2, 250.0, rule::word_count, "A Zipf count; the second argument is the exponent.",
        unsigned #heavy |a, b: f64| -> i64 { variates::zipf(a as u64, b) }),
];
