//! Scratch files: what goes out comes back, and nothing stays.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use chunkwise_core::{Chunk, DType, Grid, Pool, Region};
use chunkwise_storage::ScratchDir;
use common::{TempDir, bytes, values};

#[test]
fn chunks_come_back_as_they_were() {
    let dir = TempDir::new();
    let scratch = ScratchDir::new(Some(dir.path())).unwrap();
    assert!(
        dir.names().is_empty(),
        "the folder is made at the first store"
    );
    let pool = Pool::new(1 << 20);
    for dtype in DType::ALL {
        for shape in [&[][..], &[0, 2], &[7, 3]] {
            let chunk = values(dtype, shape);
            let file = scratch.store(&chunk).unwrap();
            assert_eq!(file.nbytes(), chunk.nbytes() as u64);
            let back = file.load(&pool).unwrap();
            assert_eq!((back.dtype(), back.shape()), (dtype, shape));
            assert_eq!(bytes(&back), bytes(&chunk));
        }
    }
    let strided = Chunk::from_strided(
        (0..600_000i32).collect::<Vec<_>>(),
        0,
        &[1000, 600],
        &[1, 1000],
    );
    let strided = strided.unwrap();
    let file = scratch.store(&strided).unwrap();
    assert_eq!(bytes(&file.load(&pool).unwrap()), bytes(&strided));
    let region = Region::new([10, 500], [5, 100]);
    let part = Chunk::build(&pool, DType::I32, &[5, 100], |out| file.read(&region, out)).unwrap();
    assert_eq!(bytes(&part), bytes(&strided.region(&region).unwrap()));
}

#[test]
fn files_and_folder_go_with_their_owners() {
    let dir = TempDir::new();
    let stale = dir.join("chunkwise-1-0");
    std::fs::create_dir(&stale).unwrap();
    let scratch = ScratchDir::new(Some(dir.path())).unwrap();
    let other = ScratchDir::new(Some(dir.path())).unwrap();
    let chunk = values(DType::F64, &[10]);
    let (a, b) = (
        scratch.store(&chunk).unwrap(),
        scratch.store(&chunk).unwrap(),
    );
    let c = other.store(&chunk).unwrap();
    assert_eq!(dir.names().len(), 3);
    let folder = scratch.path().unwrap();
    let files = || std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files(), 2);
    drop(a);
    assert_eq!(files(), 1);
    drop(scratch);
    assert_eq!(bytes(&b.load(&Pool::new(0)).unwrap()), bytes(&chunk));
    drop(b);
    assert!(!folder.exists());
    drop((other, c));
    assert_eq!(dir.names(), ["chunkwise-1-0"]);
}

#[test]
#[cfg(unix)]
fn the_folder_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let scratch = ScratchDir::new(Some(dir.path())).unwrap();
    let _file = scratch.store(&values(DType::I8, &[1])).unwrap();
    let mode = std::fs::metadata(scratch.path().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_missing_folder_is_an_error() {
    let dir = TempDir::new();
    let error = ScratchDir::new(Some(&dir.join("no")))
        .unwrap_err()
        .to_string();
    assert!(error.contains("opening the scratch folder"), "{error}");
}

#[test]
fn a_chunk_stored_in_parts_is_the_same_chunk() {
    let scratch = ScratchDir::new(None).unwrap();
    let shape = [13, 10, 7];
    let values: Vec<i64> = (0..13 * 10 * 7).collect();
    let chunk = Chunk::from_owner(values, &shape).unwrap();
    for parts in [[13, 10, 7], [4, 10, 7], [13, 3, 7], [5, 4, 3], [1, 1, 1]] {
        let grid = Grid::regular(&shape, &parts);
        let file = scratch.store_in_parts(&chunk, grid.clone()).unwrap();
        let loaded = file.load(&Pool::new(0)).unwrap();
        assert_eq!(loaded.to_vec::<i64>().unwrap(), chunk.to_vec::<i64>().unwrap());
        for region in [
            Region::new([2, 3, 1], [9, 5, 6]),
            Region::new([12, 9, 6], [1, 1, 1]),
            grid.region(&grid.unravel(grid.count() / 2)),
        ] {
            let part = Chunk::build(&Pool::new(0), DType::I64, &region.shape, |out| {
                file.read(&region, out)
            });
            let want = chunk.region(&region).unwrap();
            assert_eq!(
                part.unwrap().to_vec::<i64>().unwrap(),
                want.to_vec::<i64>().unwrap(),
                "{parts:?} {region}"
            );
        }
    }
    let other = Grid::regular(&[13, 10, 8], &[4, 4, 4]);
    assert!(scratch.store_in_parts(&chunk, other).is_err());
}
