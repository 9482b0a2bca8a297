//! Functions of the last axes with several results: computed once, cut, broadcast, checked.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chunkwise::{
    Array, Chunk, DType, Error, Gufunc, GufuncOutput, GufuncTask, Result, Session, apply_gufunc,
};

fn outputs() -> [GufuncOutput; 2] {
    [
        GufuncOutput::new(DType::F64, []),
        GufuncOutput::new(DType::I64, [2]),
    ]
}

/// Of rows: their sums, and the places of their smallest and largest elements.
fn sums_and_places(task: &GufuncTask<'_>, n: usize) -> Result<Vec<Chunk>> {
    let rows = task.inputs[0].to_vec::<f64>()?;
    let place = |row: &[f64], better: fn(f64, f64) -> bool| {
        let mut best = 0;
        for (i, x) in row.iter().enumerate() {
            if better(*x, row[best]) {
                best = i;
            }
        }
        best as i64
    };
    let sums: Vec<f64> = rows.chunks(n).map(|r| r.iter().sum()).collect();
    let places: Vec<i64> = rows
        .chunks(n)
        .flat_map(|r| [place(r, |a, b| a < b), place(r, |a, b| a > b)])
        .collect();
    Ok(vec![
        Chunk::from_owner(sums, &task.shapes[0])?,
        Chunk::from_owner(places, &task.shapes[1])?,
    ])
}

#[test]
fn several_results_are_made_by_one_call_per_chunk() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let x = Array::arange(0, 60, 1, 60).unwrap();
    let x = x.reshape([4, 3, 5]).unwrap().astype(DType::F64).unwrap();
    let x = x.rechunk([2, 1, 2]).unwrap();
    let made = apply_gufunc(Gufunc::new("f"), [(&x, 1)], &outputs(), move |task| {
        counted.fetch_add(1, Ordering::Relaxed);
        assert_eq!(task.items, [2, 1]);
        sums_and_places(task, 5)
    })
    .unwrap();
    let session = Session::new(2, 1 << 26).unwrap();
    let values = session.compute(&[&made[1], &made[0]]).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 6);
    assert_eq!(values[0].shape(), [4, 3, 2]);
    assert_eq!(values[0].to_vec::<i64>().unwrap(), [0, 4].repeat(12));
    let want = session.compute(&[&x.sum(2).unwrap()]).unwrap();
    assert_eq!(
        values[1].to_vec::<f64>().unwrap(),
        want[0].to_vec::<f64>().unwrap()
    );
    // An element of one of them is one call.
    let one = made[1].get_str("0, 0, 1").unwrap();
    assert_eq!(
        session.compute(&[&one]).unwrap()[0].item::<i64>().unwrap(),
        4
    );
    assert_eq!(calls.load(Ordering::Relaxed), 7);
    // What is computed of both in one expression is one call per chunk as well.
    let both = made[0].expand_dims(&[-1]).unwrap() + &made[1];
    session.compute(&[&both.sum(..).unwrap()]).unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 13);
    let plan = session.explain(&[&both]).unwrap();
    assert_eq!(plan.matches(": call f").count(), 1, "{plan}");
}

#[test]
fn equal_identities_on_equal_inputs_are_computed_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let make = |name: &str, parameters: Option<&str>| {
        let counted = calls.clone();
        let x = Array::ones([6, 5], DType::F64, 2).unwrap();
        let mut gufunc = Gufunc::new(name);
        if let Some(p) = parameters {
            gufunc = gufunc.identity(p);
        }
        let made = apply_gufunc(gufunc, [(&x, 1)], &outputs(), move |task| {
            counted.fetch_add(1, Ordering::Relaxed);
            sums_and_places(task, 5)
        });
        made.unwrap().swap_remove(0)
    };
    let session = Session::new(1, 1 << 26).unwrap();
    let count = |arrays: [Array; 2]| {
        calls.store(0, Ordering::Relaxed);
        session.compute(&[&arrays[0], &arrays[1]]).unwrap();
        calls.load(Ordering::Relaxed)
    };
    assert_eq!(count([make("f", Some("1")), make("f", Some("1"))]), 3);
    assert_eq!(count([make("f", Some("1")), make("f", Some("2"))]), 6);
    assert_eq!(count([make("f", Some("1")), make("g", Some("1"))]), 6);
    assert_eq!(count([make("f", None), make("f", None)]), 6);
}

#[test]
fn loop_axes_are_broadcast() {
    let x = Array::arange(0, 6, 1, 6)
        .unwrap()
        .reshape([3, 1, 2])
        .unwrap();
    let y = Array::arange(0, 8, 1, 8).unwrap().reshape([4, 2]).unwrap();
    let x = x.rechunk([1, 1, 1]).unwrap();
    let outputs = [GufuncOutput::new(DType::I64, [])];
    let made = apply_gufunc(Gufunc::new("dot"), [(&x, 1), (&y, 1)], &outputs, |task| {
        let (a, b) = (
            task.inputs[0].to_vec::<i64>()?,
            task.inputs[1].to_vec::<i64>()?,
        );
        let dots = a
            .chunks(2)
            .zip(b.chunks(2))
            .map(|(a, b)| a[0] * b[0] + a[1] * b[1]);
        Ok(vec![Chunk::from_owner(
            dots.collect::<Vec<_>>(),
            &task.shapes[0],
        )?])
    })
    .unwrap();
    assert_eq!(made[0].shape(), [3, 4]);
    let want = x.vecdot(&y, -1).unwrap().compute().unwrap();
    assert_eq!(
        made[0].compute().unwrap().to_vec::<i64>().unwrap(),
        want.to_vec::<i64>().unwrap()
    );
}

#[test]
fn wrong_results_and_panics_are_errors() {
    let x = Array::ones([4, 3], DType::F64, 2).unwrap();
    let run = |f: fn(&GufuncTask<'_>) -> Result<Vec<Chunk>>| {
        let made = apply_gufunc(Gufunc::new("f"), [(&x, 1)], &outputs(), f).unwrap();
        made[0].compute().unwrap_err().root().clone()
    };
    let few = run(|t| Ok(vec![Chunk::full(t.pool, &t.shapes[0], 1.0)?]));
    assert!(
        matches!(few, Error::ShapeMismatch { ref got, .. } if got == &[1]),
        "{few}"
    );
    let many = run(|t| {
        vec![Chunk::full(t.pool, &t.shapes[0], 1.0); 3]
            .into_iter()
            .collect()
    });
    assert!(matches!(many, Error::DTypeMismatch { .. }), "{many}");
    let shape = run(|t| {
        let one = Chunk::full(t.pool, &[1], 1.0)?;
        Ok(vec![one.clone(), one])
    });
    assert!(matches!(shape, Error::ShapeMismatch { .. }), "{shape}");
    #[allow(clippy::panic, reason = "what is tested")]
    let panic = run(|_| panic!("on purpose"));
    assert!(matches!(panic, Error::Panic { .. }), "{panic}");
    assert!(apply_gufunc(Gufunc::new("f"), [(&x, 3)], &outputs(), |_| Ok(vec![])).is_err());
    assert!(apply_gufunc(Gufunc::new("f"), [(&x, 1)], &[], |_| Ok(vec![])).is_err());
}

#[test]
fn declared_bytes_are_reckoned() {
    let x = Array::ones([6, 5], DType::F64, [2, 5]).unwrap();
    let make = |scratch: u64| {
        let gufunc = Gufunc::new("f").scratch(scratch);
        let made = apply_gufunc(gufunc, [(&x, 1)], &outputs(), |t| sums_and_places(t, 5));
        made.unwrap().swap_remove(0)
    };
    let session = Session::new(1, 1 << 22).unwrap();
    let needs = |scratch: u64| {
        let made = make(scratch);
        let plan = session.plan(&[&made]).unwrap();
        let call = plan.stages.iter().find(|s| s.label == "f (output 0)");
        call.unwrap().memory.scratch
    };
    // Two items for each task.
    assert_eq!(needs(1 << 20) - needs(0), 2 << 20);
    assert!(session.compute(&[&make(1 << 20)]).is_ok());
    let refused = session.compute(&[&make(1 << 21)]).unwrap_err();
    assert!(matches!(refused, Error::OverBudget { .. }), "{refused}");
}
