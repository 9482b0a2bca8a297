use chunkwise::Chunk;

/// Something that must hold of a result, and whether it does.
#[derive(Debug)]
pub struct Check {
    pub ok: bool,
    pub text: String,
}

/// How many standard errors a random mean may be off: of the ten thousand of a run one is beyond it
/// in one run of fifty thousand.
const SIGMAS: f64 = 6.0;

impl Check {
    pub fn new(ok: bool, text: impl Into<String>) -> Check {
        Check {
            ok,
            text: text.into(),
        }
    }

    /// That values are as near what is expected as their standard error says.
    pub fn near(what: &str, values: &[f64], expected: f64, standard_error: f64) -> Check {
        let bound = SIGMAS * standard_error;
        let off = |v: &f64| (v - expected).abs();
        // NaN is larger than everything here, so that it fails.
        let worst = values.iter().map(off).max_by(f64::total_cmp).unwrap_or(0.0);
        Check::new(
            worst <= bound && !values.is_empty(),
            format!(
                "{what}: at most {worst:.3e} from {expected}, bound {bound:.3e} ({SIGMAS} standard errors)"
            ),
        )
    }

    /// That two results are equal to the last bit.
    pub fn same_bits(what: &str, a: &[f64], b: &[f64]) -> Check {
        let differ = a
            .iter()
            .zip(b)
            .filter(|(a, b)| a.to_bits() != b.to_bits())
            .count();
        let ok = a.len() == b.len() && differ == 0;
        Check::new(ok, format!("{what}: {differ} of {} values differ", a.len()))
    }

    /// That two results agree but for rounding.
    pub fn agree(what: &str, a: &[f64], b: &[f64], tolerance: f64) -> Check {
        let off = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        let worst = off.max_by(f64::total_cmp).unwrap_or(f64::NAN);
        Check::new(
            worst <= tolerance && a.len() == b.len(),
            format!("{what}: at most {worst:.3e} apart, bound {tolerance:.0e}"),
        )
    }
}

/// The values of a result.
pub fn values(chunk: &Chunk) -> chunkwise::Result<Vec<f64>> {
    chunk.to_vec::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_can_fail() {
        assert!(Check::near("", &[0.5, -0.6], 0.0, 0.1).ok);
        for bad in [&[0.5, 0.61][..], &[f64::NAN], &[0.0, f64::INFINITY], &[]] {
            assert!(!Check::near("", bad, 0.0, 0.1).ok, "{bad:?}");
        }
        assert!(Check::same_bits("", &[1.0, f64::NAN], &[1.0, f64::NAN]).ok);
        assert!(!Check::same_bits("", &[0.0], &[-0.0]).ok);
        assert!(!Check::same_bits("", &[1.0], &[1.0, 1.0]).ok);
        assert!(Check::agree("", &[1.0], &[1.0 + 1e-13], 1e-12).ok);
        assert!(!Check::agree("", &[1.0], &[1.1], 1e-12).ok);
        assert!(!Check::agree("", &[], &[], 1e-12).ok);
    }
}
