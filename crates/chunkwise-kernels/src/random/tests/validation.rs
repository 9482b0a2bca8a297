use super::*;

#[test]
fn what_has_no_meaning_is_refused_with_its_value() {
    use DType::*;
    use Distribution::*;
    let rows = [
        (
            Uniform {
                low: 1.0,
                high: 1.0,
            },
            F64,
            "high = 1: must be above low = 1",
        ),
        (
            Uniform {
                low: f64::NAN,
                high: 1.0,
            },
            F64,
            "low = NaN: must be finite",
        ),
        (
            Uniform {
                low: -1e308,
                high: 1e308,
            },
            F64,
            "high - low = inf: must be finite",
        ),
        (
            Uniform {
                low: 1.0,
                high: 1.0 + 1e-12,
            },
            F32,
            "must be above low",
        ),
        (
            Uniform {
                low: 0.0,
                high: 1e39,
            },
            F32,
            "must be finite",
        ),
        (
            Uniform {
                low: 0.0,
                high: 1.0,
            },
            I32,
            "uniform is not defined for int32",
        ),
        (
            Normal {
                mean: 0.0,
                std: -2.0,
            },
            F64,
            "std = -2: must be at least 0",
        ),
        (
            Normal {
                mean: f64::INFINITY,
                std: 1.0,
            },
            F64,
            "mean = inf: must be finite",
        ),
        (Exponential { scale: -0.5 }, F64, "scale = -0.5"),
        (
            Integers { low: 5, high: 5 },
            I64,
            "high = 5: must be above low = 5",
        ),
        (
            Integers { low: -1, high: 5 },
            U8,
            "low = -1: is below the least uint8 0",
        ),
        (
            Integers { low: 0, high: 129 },
            I8,
            "high = 129: goes above the largest int8 127",
        ),
        (
            Integers {
                low: 0,
                high: (1 << 64) + 1,
            },
            U64,
            "18446744073709551615",
        ),
        (Poisson { rate: -1.0 }, I64, "rate = -1"),
        (Poisson { rate: 1e16 }, I64, "2^50"),
        (
            Poisson { rate: 1.0 },
            I32,
            "poisson is not defined for int32",
        ),
        (
            Binomial { n: 5, p: 1.5 },
            I64,
            "p = 1.5: must be between 0 and 1",
        ),
        (
            Binomial {
                n: u64::MAX,
                p: 0.5,
            },
            I64,
            "2^53",
        ),
        (Bernoulli { p: f64::NAN }, Bool, "p = NaN"),
        (
            Choice {
                n: 0,
                cumulative: None,
            },
            I64,
            "n = 0",
        ),
        (
            Choice {
                n: 3,
                cumulative: Some([0.5, 1.0].into()),
            },
            I64,
            "must hold n = 3 sums",
        ),
        (
            Choice {
                n: 2,
                cumulative: Some([0.5, 0.7].into()),
            },
            I64,
            "the last sum must be 1",
        ),
        (
            Choice {
                n: 2,
                cumulative: Some([1.5, 1.0].into()),
            },
            I64,
            "sum 1 must be at least",
        ),
        (
            Permutation { n: (1 << 62) + 1 },
            I64,
            "must be at most 2^62",
        ),
        (Bits, F64, "bits is not defined for float64"),
    ];
    for (distribution, dtype, want) in rows {
        let spec = spec(Generator::Ars7, distribution, dtype);
        let error = Sampler::new(&spec).unwrap_err().to_string();
        assert!(error.contains(want), "{error:?} does not say {want:?}");
    }
}

#[test]
fn sampling_as_another_type_is_refused() {
    let sampler = sampler(Distribution::Bits, DType::U64);
    assert!(sampler.sample::<f64>(0, 1).is_err());
}

#[test]
fn costs_are_positive() {
    for (distribution, dtype) in cases() {
        for generator in [Generator::Ars7, Generator::Philox4x32] {
            assert!(spec(generator, distribution.clone(), dtype).cost() > 0.0);
        }
    }
}
