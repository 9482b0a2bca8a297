use std::str::FromStr;

use chunkwise_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How a quantile is made from the elements in order: NumPy's names (Hyndman and Fan, "Sample
/// Quantiles in Statistical Packages", 1996, and four more).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is named by NumPy and defined there")]
pub enum Method {
    InvertedCdf,
    AveragedInvertedCdf,
    ClosestObservation,
    InterpolatedInvertedCdf,
    Hazen,
    Weibull,
    #[default]
    Linear,
    MedianUnbiased,
    NormalUnbiased,
    Lower,
    Higher,
    Midpoint,
    Nearest,
}

impl Method {
    /// Every method with NumPy's name.
    pub const ALL: [(&'static str, Method); 13] = [
        ("inverted_cdf", Method::InvertedCdf),
        ("averaged_inverted_cdf", Method::AveragedInvertedCdf),
        ("closest_observation", Method::ClosestObservation),
        ("interpolated_inverted_cdf", Method::InterpolatedInvertedCdf),
        ("hazen", Method::Hazen),
        ("weibull", Method::Weibull),
        ("linear", Method::Linear),
        ("median_unbiased", Method::MedianUnbiased),
        ("normal_unbiased", Method::NormalUnbiased),
        ("lower", Method::Lower),
        ("higher", Method::Higher),
        ("midpoint", Method::Midpoint),
        ("nearest", Method::Nearest),
    ];

    /// Whether a quantile is always one of the elements.
    pub fn is_discrete(self) -> bool {
        matches!(
            self,
            Method::InvertedCdf
                | Method::ClosestObservation
                | Method::Lower
                | Method::Higher
                | Method::Nearest
        )
    }

    /// Where the quantile `q` of `n > 0` elements lies: two ranks, and how far it is from the first
    /// to the second.
    pub(super) fn position(self, n: usize, q: f64) -> (usize, usize, f64) {
        let count = n as f64;
        let scaled = (count - 1.0) * q;
        let fitted = |a: f64, b: f64| count * q + (a + q * (1.0 - a - b)) - 1.0;
        let at = |rank: f64| (rank.clamp(0.0, count - 1.0) as usize).min(n - 1);
        let single = |rank: f64| (at(rank), at(rank), 0.0);
        let virtual_rank = match self {
            Method::InvertedCdf => {
                let v = count * q - 1.0;
                return single(v.ceil());
            }
            Method::ClosestObservation => {
                let v = count * q - 1.5;
                let (low, whole) = (v.floor(), v == v.floor());
                let stays = whole && low.rem_euclid(2.0) == 1.0;
                return single(if stays { low } else { low + 1.0 });
            }
            Method::Lower => return single(scaled.floor()),
            Method::Higher => return single(scaled.ceil()),
            Method::Nearest => return single(scaled.round_ties_even()),
            Method::AveragedInvertedCdf => count * q - 1.0,
            Method::InterpolatedInvertedCdf => fitted(0.0, 1.0),
            Method::Hazen => fitted(0.5, 0.5),
            Method::Weibull => fitted(0.0, 0.0),
            Method::Linear => scaled,
            Method::MedianUnbiased => fitted(1.0 / 3.0, 1.0 / 3.0),
            Method::NormalUnbiased => fitted(0.375, 0.375),
            Method::Midpoint => 0.5 * (scaled.floor() + scaled.ceil()),
        };
        let low = virtual_rank.floor();
        let share = match (self, virtual_rank - low) {
            (Method::AveragedInvertedCdf, 0.0) | (Method::Midpoint, 0.5) => 0.5,
            (Method::AveragedInvertedCdf, _) => 1.0,
            (_, share) => share,
        };
        (at(low), at(low + 1.0), share)
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Method> {
        let found = Method::ALL.iter().find(|(n, _)| *n == name);
        found.map(|(_, method)| *method).ok_or_else(|| {
            let names = Method::ALL.map(|(n, _)| n).join(", ");
            Error::argument("quantile", "method", name, format!("known are {names}"))
        })
    }
}

/// What lies between two elements, as NumPy has it.
pub(super) fn between(a: f64, b: f64, share: f64) -> f64 {
    if a == b || share == 0.0 {
        // Also where both are the same infinity.
        return a;
    }
    let away = b - a;
    match share >= 0.5 {
        true => b - away * (1.0 - share),
        false => a + away * share,
    }
}
