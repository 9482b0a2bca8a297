//! The smallest programs that once went wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod reference;
mod support;

use std::time::Duration;

use chunkwise::*;
use support::compare::close;

fn numbered(shape: &[usize], chunks: usize) -> Array {
    let n: usize = shape.iter().product();
    Array::from_vec((0..n as i64).collect(), shape, chunks).unwrap()
}

/// The engine with small tasks on one thread and on three agrees with the reference.
fn agrees(make: impl Fn() -> Result<Array> + Send + 'static) {
    support::within(
        Duration::from_secs(30),
        "a program that once went wrong",
        move || {
            let array = make().unwrap();
            for threads in [1, 3] {
                let session = Session::new(threads, 1 << 28).unwrap().with_grain(10);
                let got = session.compute(&[&array]).unwrap();
                close(&got[0], &reference::compute(&array).unwrap()).unwrap();
            }
        },
    );
}

#[test]
fn the_one_largest_is_read_by_a_later_stage() {
    agrees(|| numbered(&[6, 4], 3).topk(1, 0)?.sin());
    agrees(|| numbered(&[6, 4], 3).argtopk(-1, 1)?.transpose(&[1, 0]));
}

#[test]
fn a_prefix_of_what_is_kept_is_not_the_whole() {
    // A function's whole input: the slice is not pushed through the scan's carries alone.
    agrees(|| {
        let sums = numbered(&[60], 7).cumsum(0)?;
        sums.get(s![..31])?.add(sums.get(s![29..])?)
    });
}

#[test]
fn close_positions_of_what_is_kept_are_taken() {
    agrees(|| {
        let sums = numbered(&[3, 40], 7).cumsum(0)?;
        sums.take(&[0, 8, 2, 20, 28, 22], 1)?.t()
    });
}

#[test]
fn many_tasks_wait_for_a_reduction() {
    agrees(|| {
        let x = numbered(&[200], 1);
        let away = x.subtract(x.max(..)?)?;
        let each = away.map_blocks(|c: ndarray::ArrayViewD<i64>| c.mapv(|v| v * 2))?;
        each.rechunk(200)?
            .map_blocks(|c: ndarray::ArrayViewD<i64>| c.mapv(|v| v + 1))
    });
}

#[test]
fn what_a_function_returns_need_not_be_in_c_order() {
    agrees(|| {
        let turned = numbered(&[7, 6, 5], 7).map_blocks(|c: ndarray::ArrayViewD<i64>| {
            let mut f = ndarray::ArrayD::zeros(ndarray::ShapeBuilder::f(c.raw_dim()));
            f.assign(&c);
            f
        })?;
        turned.reshape([-1])?.add(1)
    });
}

#[test]
fn nothing_is_the_largest_of_nothing() {
    agrees(|| {
        let none = numbered(&[0, 1, 0], 1);
        none.argtopk(3, 0)?.mean(0)
    });
}

#[test]
fn slices_of_very_many_chunks_are_cheap() {
    let x = Array::ones([1 << 40, 3], DType::F64, 2).unwrap();
    let y = concatenate([&x.get(s![1..]).unwrap(), &x], 0).unwrap();
    assert_eq!(y.shape(), [(2 << 40) - 1, 3]);
    let z = x.get(s![..1]).unwrap().repeat(1 << 40, Some(0)).unwrap();
    assert_eq!(z.shape(), [1 << 40, 3]);
}
