//! Files without a header: what was written is read, and a wrong length is an error.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::sync::Arc;

use chunkwise_core::{Chunk, DType, Error, Source};
use chunkwise_storage::conformance::{check_sink, check_source};
use chunkwise_storage::{RawLayout, RawSink, RawSource};
use common::{TempDir, bytes, values};

#[test]
fn passes_the_script_in_every_dtype_and_shape() {
    let dir = TempDir::new();
    let path = dir.join("a.bin");
    let shapes: [&[usize]; 5] = [&[], &[7], &[0, 3], &[13, 9], &[2, 3, 4, 5]];
    for dtype in DType::ALL {
        for shape in shapes {
            let layout = RawLayout::new(dtype).with_shape(shape);
            check_sink(
                || RawSink::create(&path, dtype, shape),
                || Ok(Arc::new(RawSource::open(&path, &layout)?) as Arc<dyn Source>),
                &values(dtype, shape),
            )
            .unwrap_or_else(|e| panic!("{dtype} {shape:?}: {e}"));
            assert_eq!(dir.names(), ["a.bin"]);
        }
    }
}

#[test]
fn offsets_orders_and_the_other_byte_order() {
    let dir = TempDir::new();
    let path = dir.join("a.bin");
    // Behind seven bytes of something else, so that elements are not aligned in the file.
    let elements: Vec<u8> = (0..24u16).flat_map(u16::to_be_bytes).collect();
    fs::write(&path, [&[9u8; 7][..], &elements].concat()).unwrap();
    let layout = RawLayout {
        swapped: cfg!(target_endian = "little"),
        offset: 7,
        ..RawLayout::new(DType::U16)
    };
    let numbers: Vec<u16> = (0..24).collect();
    let flat = Chunk::from_owner(numbers.clone(), &[24]).unwrap();
    check_source(&RawSource::open(&path, &layout).unwrap(), &flat, 30).unwrap();
    let fortran = RawLayout {
        fortran_order: true,
        ..layout.with_shape(&[4, 6])
    };
    let expected = Chunk::from_strided(numbers, 0, &[4, 6], &[1, 4]).unwrap();
    check_source(&RawSource::open(&path, &fortran).unwrap(), &expected, 30).unwrap();
}

#[test]
fn a_wrong_length_is_said_with_the_numbers() {
    let dir = TempDir::new();
    let path = dir.join("a.bin");
    fs::write(&path, bytes(&values(DType::F32, &[10]))).unwrap();
    let reason = |layout: RawLayout| match RawSource::open(&path, &layout) {
        Err(Error::InvalidFile { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    let f32 = RawLayout::new(DType::F32);
    assert_eq!(
        reason(f32.clone().with_shape(&[3, 3])),
        "float32 of shape [3, 3] are 36 bytes, behind the offset of 0 the file has 40"
    );
    assert_eq!(
        reason(RawLayout {
            offset: 2,
            ..f32.clone()
        }),
        "38 bytes behind the offset of 2 are no whole number of float32 of 4 bytes"
    );
    assert_eq!(
        reason(RawLayout { offset: 41, ..f32 }),
        "it has 40 bytes, fewer than the offset of 41"
    );
    let source = RawSource::open(&path, &RawLayout::new(DType::F32)).unwrap();
    assert_eq!(source.shape(), [10]);
    fs::write(&path, [0; 20]).unwrap();
    let expected = values(DType::F32, &[10]);
    assert!(check_source(&source, &expected, 1).is_err());
}
