//! Running the command on small files.
#![allow(dead_code, clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder of a test's own, gone with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("chunkwise-cli-{}-{n}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Names of what is there, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Writes a file.
    pub fn file(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    /// Writes a `.npy` file of numbers.
    pub fn npy<T: Bytes>(&self, name: &str, shape: &str, values: &[T]) {
        let mut bytes = header(T::DESCR, shape);
        values.iter().for_each(|v| bytes.extend(v.bytes()));
        self.file(name, &bytes);
    }

    /// Writes a `.npy` file of `len` zero bytes that fill no disk.
    pub fn zeros(&self, name: &str, descr: &str, shape: &str, len: u64) {
        let header = header(descr, shape);
        let mut file = File::create(self.0.join(name)).unwrap();
        file.write_all(&header).unwrap();
        file.set_len(header.len() as u64 + len).unwrap();
    }

    /// The command, with this folder as its current one.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chunkwise"));
        command.args(arguments).current_dir(&self.0);
        command.stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// What a run that ends well prints.
    pub fn output(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
        ran.out
    }

    /// The error line of a run that fails.
    pub fn error(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(1), ""),
            "{arguments:?}: {}",
            ran.err
        );
        let line = ran.err.strip_prefix("chunkwise: error: ").unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        line.trim_end().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// A `.npy` header of version 1.0.
pub fn header(descr: &str, shape: &str) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    text.push_str(&" ".repeat(117 - text.len()));
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.into_bytes());
    bytes
}

/// Numbers as `.npy` files have them.
pub trait Bytes: Copy {
    const DESCR: &'static str;
    fn bytes(self) -> Vec<u8>;
}

macro_rules! bytes {
    ($($t:ty, $descr:literal;)*) => {$(
        impl Bytes for $t {
            const DESCR: &'static str = $descr;
            fn bytes(self) -> Vec<u8> {
                self.to_le_bytes().to_vec()
            }
        }
    )*};
}
bytes! {
    u8, "|u1";
    i32, "<i4";
    f32, "<f4";
    f64, "<f8";
}
