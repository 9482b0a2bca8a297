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
