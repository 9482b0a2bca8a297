//! The plans of a few programs as text: a change of any stage shows here.
#![allow(clippy::unwrap_used, reason = "tests")]

use chunkwise::{Array, Chunk, DType, Random, Session};

fn explain(a: &Array) -> String {
    Session::new(2, 1 << 30).unwrap().explain(&[a]).unwrap()
}

#[test]
fn a_slice_of_a_mean_makes_what_is_asked_for() {
    let y = Random::new(42)
        .standard_normal([10_000, 10_000], 1000)
        .unwrap();
    let text = explain(&y.mean(0).unwrap().get_str("0:100").unwrap());
    assert!(text.starts_with("plan: 1 stage,"), "{text}");
    let expression = "\nexpression\n  mean(axis=0)  float64[100]  chunks (100,)\n    [:, 0:100]  float64[10000, 100]";
    assert!(text.contains(expression), "{text}");
    assert!(
        text.contains("stage 0: reduce mean(axis=0)\n  over [10000, 100] in "),
        "{text}"
    );
    assert!(text.contains("through a view\n"), "{text}");
}

#[test]
fn reductions_of_the_same_data_share_a_pass() {
    let y = Random::new(1).random([4000, 3000], 500).unwrap();
    let (mean, std) = (y.mean(0).unwrap(), y.std(1, 0.0).unwrap());
    let text = Session::new(2, 1 << 30)
        .unwrap()
        .explain(&[&mean, &std])
        .unwrap();
    assert!(text.contains("plan: 1 stage,"), "{text}");
    let standard = (&y - y.mean(0).unwrap()) / y.std(0, 0.0).unwrap();
    let text = explain(&standard);
    assert!(text.contains("plan: 2 stages,"), "{text}");
    assert!(text.contains("fused subtract, divide\n"), "{text}");
}

#[test]
fn pairs_are_fused_and_a_rechunk_is_no_stage() {
    let x = Array::from_chunk(Chunk::from_owner(vec![1.0; 4000], &[40, 100]).unwrap(), 10).unwrap();
    let y = (&x * 2.0 + 1.0).rechunk([1, 100]).unwrap();
    let text = explain(&(y.square().unwrap() - &x / 3.0));
    assert!(
        text.contains("fused multiply_add, divide, multiply_subtract\n"),
        "{text}"
    );
    assert!(text.contains("plan: 1 stage, 1 task,"), "{text}");
}

#[test]
fn a_plan_does_not_grow_with_its_chunks() {
    let plan = |side: usize, chunk: usize| {
        explain(
            &Random::new(1)
                .random([side, side], chunk)
                .unwrap()
                .mean(..)
                .unwrap(),
        )
    };
    let (few, many) = (plan(1 << 20, 1 << 19), plan(1 << 20, 4));
    assert_eq!(few.lines().count(), many.lines().count());
    assert_eq!(few.lines().last(), many.lines().last());
    let zeros = Array::zeros([1 << 30, 1 << 20], DType::F32, 1).unwrap();
    assert!(zeros.chunks().count() > 1_000_000_000);
    assert!(explain(&zeros.sum(0).unwrap()).len() < 2000);
}

/// One step reads what came before at two places and once more beside them: three times as many bodies
/// with each step, unless something is kept between.
#[test]
fn what_is_read_again_and_again_is_kept_between() {
    let rolled = |steps: usize| {
        let mut x = Array::ones([100, 100], DType::F64, 10).unwrap();
        for _ in 0..steps {
            x = (x.roll(&[1], 0).unwrap() + &x) * 0.5;
        }
        x
    };
    let stages = |x: &Array| {
        let text = explain(x);
        text.matches("\nstage ").count()
    };
    assert_eq!(stages(&rolled(3)), 1);
    let (fifty, hundred) = (stages(&rolled(50)), stages(&rolled(100)));
    assert!((5..30).contains(&fifty), "{fifty}");
    assert!(hundred <= 2 * fifty + 1, "{hundred}");
    let mean = rolled(100).mean(..).unwrap();
    let value = mean.compute().unwrap();
    assert_eq!(value.item::<f64>().unwrap(), 1.0);
}

/// One step sees what came before through two views: twice as many with each step, unless something is
/// kept between.
#[test]
fn views_of_views_do_not_double_with_each_step() {
    let counts = |x: &Array| {
        let text = explain(x);
        let loads = text.matches("\n  load ").count();
        (text.matches("\nstage ").count(), loads)
    };
    let halved = |x: &Array, axes: &[usize]| {
        let mut x = x.clone();
        for axis in axes {
            let part = |start: usize| match axis {
                0 => x.get_str(&format!("{start}::2")).unwrap(),
                _ => x.get_str(&format!("..., {start}::2")).unwrap(),
            };
            x = part(0) * 2.0 + part(1);
        }
        x
    };
    // Nothing of these is computed: they are larger than any machine.
    let long = Array::arange(0, 1_i64 << 55, 1, 1_isize << 40).unwrap();
    let wide = Random::new(5).random([1 << 27, 1 << 27], 1 << 13).unwrap();
    for steps in [20, 40, 54] {
        let (stages, loads) = counts(&halved(&long, &vec![0; steps]));
        assert!(
            stages <= steps / 4 && loads <= 128 * stages,
            "{stages} {loads}"
        );
        let axes: Vec<usize> = (0..steps).map(|n| n % 2).collect();
        let sum = halved(&wide, &axes).sum(0).unwrap();
        let (stages, loads) = counts(&sum);
        assert!(
            stages <= steps / 4 + 1 && loads <= 128 * stages,
            "{stages} {loads}"
        );
    }
    // Steps that shift what came before: each as many more places, and no end of them.
    let mut shifted = wide.clone();
    for _ in 0..100 {
        shifted = shifted.get_str("1:").unwrap() - shifted.get_str(":-1").unwrap();
    }
    let (stages, loads) = counts(&shifted);
    assert!(stages <= 25 && loads <= 100 * stages, "{stages} {loads}");
}

#[test]
fn views_of_views_have_the_values_of_single_steps() {
    let step = |x: &[i64]| -> Vec<i64> { x.chunks(2).map(|p| p[0] * 2 - p[1]).collect() };
    let session = Session::new(2, 64 << 20).unwrap();
    let n = 1 << 18;
    let begin: Vec<i64> = (0..n).map(|i| i * 7 % 1009).collect();
    let values = ndarray::Array1::from(begin.clone()).into_dyn();
    for chunk in [n as isize, 1000] {
        let mut x = Array::from_ndarray(values.clone(), chunk).unwrap();
        let mut known = begin.clone();
        let mut sums = Vec::new();
        for _ in 0..18 {
            x = x.get_str("::2").unwrap() * 2 - x.get_str("1::2").unwrap();
            known = step(&known);
            sums.push((x.sum(..).unwrap(), known.iter().sum::<i64>()));
        }
        let got = session.compute(&[&x]).unwrap().remove(0);
        assert_eq!(got.to_vec::<i64>().unwrap(), known);
        let all: Vec<&Array> = sums.iter().map(|(sum, _)| sum).collect();
        for (got, (_, want)) in session.compute(&all).unwrap().iter().zip(&sums) {
            assert_eq!(got.item::<i64>().unwrap(), *want);
        }
    }
    // Backwards, along two axes in turn.
    let mut x = Array::from_ndarray(values, 1000)
        .unwrap()
        .reshape([512, 512])
        .unwrap();
    let mut known: Vec<Vec<i64>> = begin.chunks(512).map(<[i64]>::to_vec).collect();
    for _ in 0..9 {
        x = x.get_str("::-2").unwrap() * 2 - x.get_str("-2::-2").unwrap();
        x = x.get_str(":, ::2").unwrap() * 2 - x.get_str(":, 1::2").unwrap();
        let rows = known.rchunks(2).map(|two| {
            let pairs = two[1].iter().zip(&two[0]);
            step(
                &pairs
                    .map(|(late, early)| late * 2 - early)
                    .collect::<Vec<_>>(),
            )
        });
        known = rows.collect();
    }
    let got = session.compute(&[&x]).unwrap().remove(0);
    assert_eq!(got.to_vec::<i64>().unwrap(), known.concat());
}

/// Parts and reads beside each other are not within each other.
#[test]
fn many_parts_are_not_kept() {
    let x = Random::new(1).random([100, 100], 100).unwrap() + 1.0;
    let parts: Vec<Array> = (0..200).map(|n| &x * f64::from(n)).collect();
    let parts: Vec<&Array> = parts.iter().collect();
    let whole = chunkwise::concatenate(&parts, 0).unwrap();
    let text = explain(&(whole.reshape([-1_isize]).unwrap() + 1.0).sum(..).unwrap());
    assert!(text.starts_with("plan: 1 stage,"), "{text}");
}

/// A take holds what it takes from: within each other they would hold twice as much with each step.
#[test]
fn takes_of_takes_need_little_memory() {
    let begin = Random::new(3).random([300, 300], 100).unwrap();
    let rows: Vec<isize> = (0..300).map(|n| n * 7 % 300).collect();
    let step = |x: &Array| (x.take(&rows, 0).unwrap() + x) * 0.5;
    let session = Session::new(2, 64 << 20).unwrap();
    let value = |x: &Array| session.compute(&[x]).unwrap().remove(0);
    let (mut lazy, mut known) = (begin.clone(), value(&begin));
    for _ in 0..20 {
        lazy = step(&lazy);
        known = value(&step(&Array::from_chunk(known, 100).unwrap()));
    }
    let got = value(&lazy).to_vec::<f64>().unwrap();
    assert_eq!(got, known.to_vec::<f64>().unwrap());
}
