//! Sources that are no file.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use chunkwise_core::{Chunk, DType, Error, Grid, Pool, Region, Source, ViewMut};
use chunkwise_storage::conformance::check_source;
use chunkwise_storage::{FunctionSource, MemorySource};
use common::values;

#[test]
fn memory_passes_the_script_in_any_layout() {
    for dtype in DType::ALL {
        let chunk = values(dtype, &[5, 6]);
        check_source(&MemorySource::new("m", chunk.clone()), &chunk, 50).unwrap();
        let part = chunk.region(&Region::new([1, 2], [3, 3])).unwrap();
        check_source(&MemorySource::new("part", part.clone()), &part, 50).unwrap();
    }
    let back = Chunk::from_strided((0..12i32).collect::<Vec<_>>(), 11, &[4, 3], &[-1, -4]).unwrap();
    let source = MemorySource::new("back", back.clone());
    check_source(&source, &back, 50).unwrap();
    let mut out = [0i32; 2];
    let out = ViewMut::from_slice(&mut out, &[2, 1]).unwrap();
    assert!(source.read(&Region::new([3, 0], [2, 1]), out).is_err());
}

fn ramp(shape: &[usize]) -> FunctionSource {
    let columns = shape[1];
    FunctionSource::new("ramp", shape, DType::U32, move |region, mut out| {
        for row in 0..region.shape[0] {
            for column in 0..region.shape[1] {
                let value = (region.start[0] + row) * columns + region.start[1] + column;
                let mut cell = out.region(&Region::new([row, column], [1, 1]));
                if !cell.copy_from_bytes(&(value as u32).to_ne_bytes()) {
                    return Err(Error::internal("test", "one element is contiguous"));
                }
            }
        }
        Ok(())
    })
    .unwrap()
}

#[test]
fn functions_pass_the_script() {
    let expected = Chunk::from_owner((0..63u32).collect::<Vec<_>>(), &[9, 7]).unwrap();
    check_source(&ramp(&[9, 7]), &expected, 100).unwrap();
    let chunked = ramp(&[9, 7])
        .with_grid(Grid::regular(&[9, 7], &[4, 4]))
        .unwrap();
    check_source(&chunked, &expected, 10).unwrap();
    assert!(
        ramp(&[9, 7])
            .with_grid(Grid::regular(&[9, 8], &[4, 4]))
            .is_err()
    );
    assert!(ramp(&[9, 7]).id() != ramp(&[9, 7]).id());
}

#[test]
fn the_script_finds_wrong_sources() {
    let mut wrong: Vec<u32> = (0..63).collect();
    wrong[40] += 1;
    let wrong = Chunk::from_owner(wrong, &[9, 7]).unwrap();
    assert!(check_source(&ramp(&[9, 7]), &wrong, 1).is_err());
    assert!(check_source(&ramp(&[9, 7]), &values(DType::U32, &[7, 9]), 1).is_err());
    assert!(check_source(&ramp(&[9, 7]), &values(DType::I32, &[9, 7]), 1).is_err());
}

#[test]
fn a_panic_is_an_error_value() {
    let source = FunctionSource::new("bad", &[3], DType::I8, |region, _| {
        assert!(region.start[0] > 0, "not from {}", region.start[0]);
        Ok(())
    })
    .unwrap();
    let read = |start| {
        Chunk::build(&Pool::new(0), DType::I8, &[1], |out| {
            source.read(&Region::new([start], [1]), out)
        })
    };
    assert!(read(1).is_ok());
    match read(0) {
        Err(Error::Panic { message }) => assert_eq!(message, "not from 0"),
        other => panic!("{other:?}"),
    }
}
