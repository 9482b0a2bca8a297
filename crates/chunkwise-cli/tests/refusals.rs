//! Bad input gives one clear line and leaves nothing behind.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::process::Stdio;

use common::{Folder, header};

#[test]
fn files_that_are_not_what_they_say() {
    let folder = Folder::new();
    let whole = |shape, n: usize| [header("<f8", shape), vec![0; n * 8]].concat();
    folder.file("short.npy", &whole("(10, 10)", 99));
    folder.file("cut.npy", &whole("(10,)", 10)[..60]);
    folder.file(
        "huge.npy",
        &whole("(4611686018427387904, 4611686018427387904)", 1),
    );
    folder.file("negative.npy", &whole("(-3,)", 3));
    folder.file("object.npy", &[header("|O", "(1,)"), vec![0; 8]].concat());
    folder.file("text.npy", b"a,b,c\n1,2,3\n");
    folder.file("empty.npy", b"");
    std::fs::create_dir(folder.path().join("folder.npy")).unwrap();
    for (file, expected) in [
        (
            "missing.npy",
            "opening missing.npy: No such file or directory",
        ),
        (
            "short.npy",
            "short.npy: float64 of shape [10, 10] need 928 bytes with the header, the file has 920",
        ),
        (
            "cut.npy",
            "cut.npy: the header ends at byte 128, the file has only 60",
        ),
        (
            "huge.npy",
            "huge.npy: shape (4611686018427387904, 4611686018427387904) is too large",
        ),
        ("negative.npy", "negative.npy: shape (-3) is negative"),
        (
            "object.npy",
            "object.npy: dtype \"|O\" (Python objects) cannot be read",
        ),
        ("text.npy", "text.npy: not an .npy file"),
        ("empty.npy", "empty.npy: not an .npy file"),
        ("folder.npy", "folder.npy: not a regular file"),
    ] {
        for arguments in [&["info", file][..], &["reduce", file, "--op", "sum"]] {
            let line = folder.error(arguments);
            assert!(line.starts_with(expected), "{arguments:?}: {line}");
        }
    }
}

#[test]
fn options_that_do_not_fit_the_file() {
    let folder = Folder::new();
    folder.npy("x.npy", "(3, 4)", &[0.5f64; 12]);
    folder.npy("none.npy", "(0,)", &[0u8; 0]);
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    // As a device would be, it must not be replaced by a file.
    let pipe = folder.path().join("pipe");
    std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    let before = folder.names();
    for (options, expected) in [
        (
            &["x.npy", "--op", "median"][..],
            "reduce: name = median: unknown reduction; known are sum,",
        ),
        (
            &["x.npy", "--op", "sum", "--slice", "3"],
            "index 3 is out of range for axis 0 with size 3",
        ),
        (
            &["x.npy", "--op", "sum", "--slice", "0, 0, 0"],
            "too many indices: 3 for an array of 2 dimensions",
        ),
        (&["x.npy", "--op", "sum", "--slice", "::0"], "slice: "),
        (&["x.npy", "--op", "sum", "--slice", "a:b"], "slice: "),
        (
            &["x.npy", "--op", "sum", "--axis", "2"],
            "axis 2 is out of range for an array of 2 dimensions",
        ),
        (
            &["x.npy", "--op", "sum", "--axis", "0,-2"],
            "axis -2 is given twice",
        ),
        (
            &["x.npy", "--op", "sum", "--axis", "x"],
            "--axis x: axes are integers",
        ),
        (
            &["x.npy", "--op", "var", "--ddof", "nan"],
            "--ddof NaN: it must be a finite number",
        ),
        (
            &["x.npy", "--op", "sum", "--memory-limit", "lots"],
            "\"lots\" is not a byte size",
        ),
        (
            &["x.npy", "--op", "sum", "--memory-limit", "0"],
            "--memory-limit 0: it must not be zero",
        ),
        (
            &["x.npy", "--op", "sum", "--memory-limit", "100B"],
            "sum needs ",
        ),
        (
            &["x.npy", "--op", "sum", "--threads", "0"],
            "--threads 0: it must be from 1 to 4096",
        ),
        (
            &["x.npy", "--op", "sum", "--scratch", "x.npy"],
            "--scratch x.npy: it is not a folder",
        ),
        (
            &["x.npy", "--op", "sum", "--out", "nowhere/y.npy"],
            "creating nowhere/y.npy: No such file",
        ),
        (
            &["x.npy", "--op", "sum", "--out", "folder"],
            "writing: path = folder: its suffix is of no format that can be written",
        ),
        (
            &["none.npy", "--op", "max"],
            "max of an empty axis has no value",
        ),
    ] {
        let line = folder.error(&[&["reduce"], options].concat());
        assert!(line.starts_with(expected), "{options:?}: {line}");
        assert!(!line.contains(".rs:"), "{line}");
    }
    for fraction in ["0", "1.5", "nan"] {
        let line = folder.error(&["recipe", "--fraction", fraction]);
        assert!(line.ends_with("it must be above 0 and at most 1"), "{line}");
    }
    assert_eq!(folder.names(), before);
}

#[test]
fn an_impossible_limit_is_refused_with_one_that_would_do() {
    let folder = Folder::new();
    folder.zeros("x.npy", "<f8", "(1000, 100000)", 800_000_000);
    let reduce = |limit: &str| {
        [
            "reduce",
            "x.npy",
            "--op",
            "mean",
            "--axis",
            "0",
            "--memory-limit",
            limit,
        ]
        .map(str::to_owned)
    };
    let line = folder.error(&reduce("64kB").each_ref().map(String::as_str));
    assert!(line.starts_with("mean(axis=0) needs "), "{line}");
    let (_, offered) = line
        .split_once("the smallest limit that would do is ")
        .unwrap();
    // The number is rounded; a hundredth above it is enough.
    let (number, unit) = offered.split_once(' ').unwrap();
    let limit = format!("{:.2}{unit}", number.parse::<f64>().unwrap() * 1.01);
    let ran = folder.run(&reduce(&limit).each_ref().map(String::as_str));
    assert_eq!(ran.code, Some(0), "{limit}: {ran:?}");
}

#[test]
fn usage_errors_end_with_2() {
    let folder = Folder::new();
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["reduce"],
        &["reduce", "x.npy"],
        &["info"],
        &["recipe", "--fraction", "x"],
        &["recipe", "--terabyte", "--fraction", "0.1"],
    ] {
        let ran = folder.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains("--help"), "{ran:?}");
    }
}

#[test]
fn whoever_stops_reading_is_no_error() {
    let folder = Folder::new();
    folder.npy("x.npy", "(1000,)", &vec![1.5f64; 1000]);
    for arguments in [&["info", "x.npy"][..], &["recipe", "--fraction", "0.0001"]] {
        let mut command = folder.command(arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_leaves_what_was_there() {
    let folder = Folder::new();
    folder.zeros("x.npy", "<f8", "(100000, 10)", 8_000_000);
    folder.npy("out.npy", "(1,)", &[42.0f64]);
    let program = env!("CARGO_BIN_EXE_chunkwise");
    // The shell ignores the signal of the limit on file sizes, and what it starts does, too: writing
    // more is then an error, as on a full disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 100; exec {program} reduce x.npy --op mean --axis 1 --out out.npy"
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.starts_with("chunkwise: error: writing "), "{err}");
    assert!(err.contains("File too large"), "{err}");
    assert_eq!(err.lines().count(), 1);
    assert_eq!(folder.names(), ["out.npy", "x.npy"]);
    assert_eq!(
        folder.output(&["reduce", "out.npy", "--op", "sum"]),
        "42.0\n"
    );
    let full = folder
        .command(&["reduce", "x.npy", "--op", "sum"])
        .stdout(
            std::fs::File::options()
                .write(true)
                .open("/dev/full")
                .unwrap(),
        )
        .output()
        .unwrap();
    let err = String::from_utf8(full.stderr).unwrap();
    assert!(
        err.starts_with("chunkwise: error: writing the output: No space left"),
        "{err}"
    );
}
