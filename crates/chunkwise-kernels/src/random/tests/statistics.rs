//! What samples are measured by.

/// `P(|Z| > z)` for a standard normal `Z`: the complementary error function by its Taylor series, from
/// 3 on by its continued fraction.
pub(super) fn two_sided(z: f64) -> f64 {
    let z = z.abs();
    let density = (-z * z / 2.0).exp() * (2.0 / std::f64::consts::PI).sqrt();
    if z < 3.0 {
        let (mut term, mut sum) = (z, z);
        for i in 1..100 {
            term *= z * z / f64::from(2 * i + 1);
            sum += term;
        }
        return 1.0 - density * sum;
    }
    density / (1..200).rev().fold(z, |f, i| z + f64::from(i) / f)
}

pub(super) fn normal_cdf(z: f64) -> f64 {
    let tail = two_sided(z) / 2.0;
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// The p-value of a chi-square, by Wilson and Hilferty's cube root.
pub(super) fn chi2_p(chi2: f64, freedom: f64) -> f64 {
    let v = 2.0 / (9.0 * freedom);
    1.0 - normal_cdf(((chi2 / freedom).cbrt() - (1.0 - v)) / v.sqrt())
}

/// The p-value of the Kolmogorov-Smirnov distance of values to their distribution.
pub(super) fn ks_p(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = values.iter().enumerate().fold(0.0f64, |d, (i, x)| {
        let f = cdf(*x);
        d.max(f - i as f64 / n).max((i + 1) as f64 / n - f)
    });
    let lambda = distance * (n.sqrt() + 0.12 + 0.11 / n.sqrt());
    let terms = (1..50).map(|k| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * lambda * lambda).exp()
    });
    if lambda < 0.2 { 1.0 } else { terms.sum() }
}

/// The p-value of counts against probabilities of 0, 1, 2, ...: neighbours are put together until
/// ten or more are expected.
pub(super) fn counts_p(values: &[i64], pmf: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mut counts = vec![0.0; pmf.len()];
    for v in values {
        counts[*v as usize] += 1.0;
    }
    let (mut chi2, mut cells) = (0.0, 0.0);
    let (mut seen, mut expected, mut left) = (0.0, 0.0, n);
    for (count, p) in counts.iter().zip(pmf) {
        seen += count;
        expected += n * p;
        if expected >= 10.0 && left - expected >= 10.0 {
            chi2 += (seen - expected) * (seen - expected) / expected;
            left -= expected;
            (seen, expected, cells) = (0.0, 0.0, cells + 1.0);
        }
    }
    chi2 += (seen - left) * (seen - left) / left;
    if cells == 0.0 {
        1.0
    } else {
        chi2_p(chi2, cells)
    }
}

/// How many standard errors the mean is off, and the variance.
pub(super) fn moments_z(values: &[f64], mean: f64, variance: f64) -> (f64, f64) {
    let n = values.len() as f64;
    let m = values.iter().map(|x| x - mean).sum::<f64>() / n;
    let squares: Vec<f64> = values.iter().map(|x| (x - mean) * (x - mean)).collect();
    let v = squares.iter().sum::<f64>() / n;
    let spread = squares.iter().map(|s| (s - v) * (s - v)).sum::<f64>() / n;
    (
        m / (variance / n).sqrt(),
        (v - variance) / (spread / n).sqrt(),
    )
}

#[test]
fn they_give_published_values() {
    let near = |a: f64, b: f64, by: f64| assert!((a - b).abs() < by * b, "{a} {b}");
    near(two_sided(1.0), 0.317_310_507_862_914, 1e-12);
    near(two_sided(1.959_963_984_540_054), 0.05, 1e-12);
    near(two_sided(5.0), 5.733_031_437_583_878e-7, 1e-10);
    near(chi2_p(18.307, 10.0), 0.05, 0.01);
    near(chi2_p(124.342, 100.0), 0.05, 0.01);
    // A grid is as even as can be; squares are far from even.
    let grid = |f: fn(f64) -> f64| {
        (0..1000)
            .map(|i| f((f64::from(i) + 0.5) / 1000.0))
            .collect()
    };
    assert!(ks_p(grid(|x| x), |x| x) > 0.99);
    assert!(ks_p(grid(|x| x * x), |x| x) < 1e-12);
    assert!(counts_p(&[0, 1].repeat(500), &[0.5, 0.5]) > 0.9);
    assert!(counts_p(&[0, 1, 1].repeat(500), &[0.5, 0.5]) < 1e-12);
}
