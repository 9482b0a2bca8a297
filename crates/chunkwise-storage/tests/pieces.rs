//! Files of pieces that many readers share.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::fs;

use chunkwise_storage::{PieceFile, PieceWriter};
use common::TempDir;

#[test]
fn pieces_are_found_by_their_place() {
    let dir = TempDir::new();
    let path = dir.path().join("x");
    let mut writer = PieceWriter::create(&path, 5).unwrap();
    let long = vec![7u8; 1_000_000];
    writer.put(0, &[b"first"]).unwrap();
    writer.put(2, &[b"se", &long, b""]).unwrap();
    assert!(writer.put(2, &[b"again"]).is_err());
    assert!(writer.put(5, &[b"beyond"]).is_err());
    writer.put(4, &[]).unwrap();
    let bytes = writer.commit().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), bytes);
    let file = PieceFile::open(&path).unwrap();
    let lens: Vec<u64> = (0..5).map(|n| file.piece(n).unwrap().1).collect();
    assert_eq!(lens, [5, 0, 2 + long.len() as u64, 0, 0]);
    let (start, len) = file.piece(2).unwrap();
    let mut back = vec![0; len as usize];
    file.read(start, &mut back).unwrap();
    assert!(back.starts_with(b"se\x07") && back.ends_with(&[7]));
    assert!(file.piece(5).is_err());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_not_complete_has_no_name() {
    let dir = TempDir::new();
    let path = dir.path().join("x");
    let mut writer = PieceWriter::create(&path, 1).unwrap();
    writer.put(0, &[b"abc"]).unwrap();
    drop(writer);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    assert!(PieceWriter::create(&dir.path().join("gone/x"), 1).is_err());
}

#[test]
fn damage_is_an_error() {
    let dir = TempDir::new();
    let path = dir.path().join("x");
    let mut writer = PieceWriter::create(&path, 2).unwrap();
    writer.put(0, &[b"abc"]).unwrap();
    writer.put(1, &[b"def"]).unwrap();
    writer.commit().unwrap();
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        // Whether the start, the table or the piece is cut off.
        assert!(PieceFile::open(&path).and_then(|f| f.piece(1)).is_err());
    }
    for at in 0..40 {
        let mut other = whole.clone();
        other[at] ^= 0xff;
        fs::write(&path, &other).unwrap();
        let found = PieceFile::open(&path).and_then(|f| Ok((f.piece(0)?, f.piece(1)?)));
        assert!(found.is_err(), "byte {at}: {found:?}");
    }
}
