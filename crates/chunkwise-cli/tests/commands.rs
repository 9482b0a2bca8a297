//! What each subcommand prints and writes.
#![allow(clippy::unwrap_used)]

mod common;

use common::Folder;

#[test]
fn info_tells_what_a_file_holds() {
    let folder = Folder::new();
    let values: Vec<f32> = (0..3000).map(|i| i as f32 / 2.0).collect();
    folder.npy("x.npy", "(30, 100)", &values);
    assert_eq!(
        folder.output(&["info", "x.npy"]),
        "\
file    x.npy
format  .npy version 1.0, data at byte 128
shape   (30, 100)
dtype   float32, this machine's byte order
order   C
size    3,000 elements, 11.72 KiB (12,000 bytes)
values
[[   0.0    0.5    1.0 ...   48.5   49.0   49.5]
 [  50.0   50.5   51.0 ...   98.5   99.0   99.5]
 [ 100.0  100.5  101.0 ...  148.5  149.0  149.5]
 ...
 [1350.0 1350.5 1351.0 ... 1398.5 1399.0 1399.5]
 [1400.0 1400.5 1401.0 ... 1448.5 1449.0 1449.5]
 [1450.0 1450.5 1451.0 ... 1498.5 1499.0 1499.5]]
"
    );
    folder.npy("one.npy", "()", &[7i32]);
    let one = folder.output(&["info", "one.npy"]);
    assert!(one.contains("\nshape   ()\ndtype   int32, this"), "{one}");
    assert!(
        one.ends_with("size    1 element, 4 B (4 bytes)\nvalues\n7\n"),
        "{one}"
    );
}

#[test]
fn reduce_prints_results() {
    let folder = Folder::new();
    folder.npy("x.npy", "(3, 4)", &(0..12).collect::<Vec<i32>>());
    folder.npy("y.npy", "(4,)", &[1.5, f64::NAN, -2.0, 0.0]);
    for (arguments, expected) in [
        (&["x.npy", "--op", "sum"][..], "66"),
        (
            &["x.npy", "--op", "mean", "--axis", "0"],
            "[4.0 5.0 6.0 7.0]",
        ),
        (&["x.npy", "--op", "max", "--axis", "-1"], "[ 3  7 11]"),
        (&["x.npy", "--op", "sum", "--axis", "0, 1"], "66"),
        (
            &["x.npy", "--op", "sum", "--axis=1", "--keepdims"],
            "[[ 6]\n [22]\n [38]]",
        ),
        (
            &["x.npy", "--op", "sum", "--axis", "0", "--slice", "1:, ::-2"],
            "[18 14]",
        ),
        (&["x.npy", "--op", "min", "--slice", "-1"], "8"),
        (&["x.npy", "--op", "var"], "11.916666666666666"),
        (&["x.npy", "--op", "var", "--ddof", "1"], "13.0"),
        (&["x.npy", "--op", "argmax", "--axis", "0"], "[2 2 2 2]"),
        (
            &["x.npy", "--op", "all", "--axis", "1"],
            "[False  True  True]",
        ),
        (&["x.npy", "--op", "count_nonzero"], "11"),
        (&["y.npy", "--op", "mean"], "nan"),
        (&["y.npy", "--op", "nansum"], "-0.5"),
        (&["y.npy", "--op", "nanargmin"], "2"),
        (&["x.npy", "--op", "prod", "--slice", "0:0"], "1"),
    ] {
        let all = [&["reduce"], arguments].concat();
        assert_eq!(
            folder.output(&all),
            format!("{expected}\n"),
            "{arguments:?}"
        );
    }
}

/// Every reduction, each on any number of threads, gives the same.
#[test]
fn every_reduction_runs() {
    let folder = Folder::new();
    let values: Vec<f64> = (0..5000).map(|i| ((i * 37) % 101) as f64 - 50.0).collect();
    folder.npy("x.npy", "(50, 100)", &values);
    let message = folder.error(&["reduce", "x.npy", "--op", "?"]);
    let (_, known) = message.split_once("known are ").unwrap();
    assert!(known.split(", ").count() >= 22, "{known}");
    for op in known.split(", ") {
        let one = folder.output(&[
            "reduce",
            "x.npy",
            "--op",
            op,
            "--axis",
            "0",
            "--threads",
            "1",
        ]);
        let two = folder.output(&[
            "reduce",
            "x.npy",
            "--op",
            op,
            "--axis",
            "0",
            "--threads",
            "2",
        ]);
        assert_eq!(one, two, "{op}");
    }
}

#[test]
fn reduce_writes_files_that_info_reads() {
    let folder = Folder::new();
    let values: Vec<f64> = (0..6000).map(f64::from).collect();
    folder.npy("x.npy", "(2000, 3)", &values);
    let arguments = [
        "reduce", "x.npy", "--op", "mean", "--axis", "1", "--out", "rows.npy",
    ];
    assert_eq!(folder.output(&arguments), "");
    let info = folder.output(&["info", "rows.npy"]);
    assert!(
        info.ends_with("values\n[   1.0    4.0    7.0 ... 5992.0 5995.0 5998.0]\n"),
        "{info}"
    );
    assert_eq!(
        folder.output(&["reduce", "rows.npy", "--op", "mean"]),
        "2999.5\n"
    );
    // Onto an input, which is complete until the result takes its name.
    let onto = ["reduce", "rows.npy", "--op", "ptp", "--out", "rows.npy"];
    folder.output(&onto);
    assert_eq!(
        folder.output(&["reduce", "rows.npy", "--op", "sum"]),
        "5997.0\n"
    );
    assert_eq!(folder.names(), ["rows.npy", "x.npy"]);
}

#[test]
fn explain_computes_nothing() {
    let folder = Folder::new();
    folder.zeros("x.npy", "<f8", "(1000000, 100000)", 800_000_000_000);
    let text = folder.output(&[
        "reduce",
        "x.npy",
        "--op",
        "mean",
        "--axis",
        "0",
        "--slice",
        ":, 0:5",
        "--explain",
    ]);
    assert!(text.contains("mean(axis=0)  float64[5]"), "{text}");
    assert!(text.contains("over [1000000, 5]"), "{text}");
    assert!(text.contains("memory per task"), "{text}");
}

#[test]
fn progress_is_shown_where_asked() {
    let folder = Folder::new();
    folder.npy("x.npy", "(3,)", &[1u8, 2, 3]);
    let shown = folder.run(&["reduce", "x.npy", "--op", "sum", "--progress"]);
    assert_eq!(shown.out, "6\n");
    assert!(shown.err.contains("done in 0:00"), "{}", shown.err);
    let both = folder.run(&["reduce", "x.npy", "--op", "sum", "--progress", "--quiet"]);
    assert_eq!(both.code, Some(2));
}

#[test]
fn the_recipe_passes_its_checks() {
    let folder = Folder::new();
    let text = folder.output(&[
        "recipe",
        "--fraction",
        "0.0001",
        "--seed",
        "7",
        "--threads",
        "2",
    ]);
    assert!(
        text.contains("Array<float64 (10000, 10000) chunks (1000, 1000), 762.94 MiB>"),
        "{text}"
    );
    for step in ["1  x", "2  x", "3  x", "4  x", "5  mean"] {
        let row = text.lines().find(|l| l.starts_with(step)).unwrap();
        assert!(row.ends_with("  ok"), "{row}");
    }
    assert!(
        text.contains("the first 150 of 1,500,000 rows (0.01 % of 1.09 TiB)"),
        "{text}"
    );
    assert!(
        text.contains("3: the bits of step 2: 0 of 100 values differ"),
        "{text}"
    );
    assert!(
        text.contains("4: the bits of 1 thread on 2: 0 of 10001 values differ"),
        "{text}"
    );
}
