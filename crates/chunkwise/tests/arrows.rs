//! The crates depend on each other in one direction only.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

/// Each crate with the ones that it may use.
const ARROWS: [(&str, &[&str]); 16] = [
    ("chunkwise-core", &[]),
    ("chunkwise-kernels", &["core"]),
    ("chunkwise-expr", &["core", "kernels"]),
    ("chunkwise-optimize", &["core", "kernels", "expr"]),
    ("chunkwise-plan", &["core", "kernels", "expr"]),
    ("chunkwise-storage", &["core"]),
    ("chunkwise-linalg", &["core"]),
    ("chunkwise-exec", &["core", "kernels", "plan", "storage"]),
    ("chunkwise-diagnostics", &["core", "plan", "exec"]),
    (
        "chunkwise-cluster",
        &["core", "kernels", "plan", "storage", "exec"],
    ),
    ("chunkwise-fft", &["core"]),
    ("chunkwise-parquet", &["core"]),
    ("chunkwise-zarr", &["core"]),
    (
        "chunkwise",
        &[
            "core",
            "kernels",
            "expr",
            "optimize",
            "plan",
            "storage",
            "linalg",
            "exec",
            "cluster",
            "diagnostics",
            "fft",
            "parquet",
            "zarr",
        ],
    ),
    ("chunkwise-cli", &["", "core", "storage", "diagnostics"]),
    ("chunkwise-python", &["", "core", "diagnostics"]),
];

/// The crates of this workspace that a manifest names outside its development section.
fn used(manifest: &str) -> Vec<String> {
    manifest
        .lines()
        .scan(false, |inside, line| {
            if line.starts_with('[') {
                *inside = line.trim() == "[dependencies]";
            }
            Some((*inside, line))
        })
        .filter(|(inside, _)| *inside)
        .filter_map(|(_, line)| line.split(['.', ' ', '=']).next())
        .filter_map(|name| name.strip_prefix("chunkwise"))
        .map(|rest| rest.trim_start_matches('-').to_owned())
        .collect()
}

#[test]
fn arrows_go_one_way() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut found: Vec<String> = std::fs::read_dir(crates)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    let mut known: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    known.sort_unstable();
    assert_eq!(found, known, "a crate without arrows");
    for (name, allowed) in ARROWS {
        let manifest = std::fs::read_to_string(crates.join(name).join("Cargo.toml")).unwrap();
        for other in used(&manifest) {
            assert!(
                allowed.contains(&other.as_str()),
                "{name} must not use chunkwise-{other}"
            );
        }
    }
    // The test itself can fail: the front door is known to use the planner.
    let front = std::fs::read_to_string(crates.join("chunkwise/Cargo.toml")).unwrap();
    assert!(used(&front).contains(&"plan".to_owned()));
}

#[test]
fn unsafe_code_is_in_the_core_and_the_kernels_alone() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for (name, _) in ARROWS {
        if matches!(name, "chunkwise-core" | "chunkwise-kernels") {
            continue;
        }
        let root = ["lib.rs", "main.rs"]
            .iter()
            .find_map(|f| std::fs::read_to_string(crates.join(name).join("src").join(f)).ok())
            .unwrap();
        // PyO3's macros write unsafe code, which `forbid` would refuse.
        let lint = match name {
            "chunkwise-python" => "#![deny(unsafe_code)]",
            _ => "#![forbid(unsafe_code)]",
        };
        assert!(root.contains(lint), "{name}");
    }
}
