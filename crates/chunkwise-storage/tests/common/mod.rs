//! What the tests share: folders that vanish, files made by hand, and arrays with known values.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chunkwise_core::{Chunk, Complex32, Complex64, DType, Element};

/// A folder that is removed on drop.
pub struct TempDir(PathBuf);

impl TempDir {
    pub fn new() -> TempDir {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cw-test-{}-{n}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        TempDir(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A file that NumPy wrote.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// The values that the fixtures hold: `37 i - 40`, wrapped; every third true for bools.
pub fn values(dtype: DType, shape: &[usize]) -> Chunk {
    fn of<T: Element>(shape: &[usize], f: impl Fn(i64) -> T) -> Chunk {
        let n = shape.iter().product::<usize>() as i64;
        Chunk::from_owner((0..n).map(f).collect::<Vec<T>>(), shape).unwrap()
    }
    let v = |i: i64| i * 37 - 40;
    match dtype {
        DType::Bool => of(shape, |i| i % 3 == 0),
        DType::I8 => of(shape, |i| v(i) as i8),
        DType::I16 => of(shape, |i| v(i) as i16),
        DType::I32 => of(shape, |i| v(i) as i32),
        DType::I64 => of(shape, v),
        DType::U8 => of(shape, |i| v(i) as u8),
        DType::U16 => of(shape, |i| v(i) as u16),
        DType::U32 => of(shape, |i| v(i) as u32),
        DType::U64 => of(shape, |i| v(i) as u64),
        DType::F32 => of(shape, |i| v(i) as f32),
        DType::F64 => of(shape, |i| v(i) as f64),
        DType::C64 => of(shape, |i| Complex32::new(v(i) as f32, (i * 5) as f32)),
        DType::C128 => of(shape, |i| Complex64::new(v(i) as f64, (i * 5) as f64)),
    }
}

/// The bytes of a version 1.0 file.
pub fn npy(descr: &str, fortran_order: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let order = if fortran_order { "True" } else { "False" };
    let dims: String = shape.iter().map(|n| format!("{n},")).collect();
    let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({dims})}}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((text.len() as u16).to_le_bytes());
    file.extend(text.into_bytes());
    file.extend(data);
    file
}

/// A chunk's bytes in C order.
pub fn bytes(chunk: &Chunk) -> Vec<u8> {
    let mut out = vec![0; chunk.nbytes()];
    assert!(chunk.view().copy_to_bytes(&mut out));
    out
}
