//! Memory and processors of this process, as the system tells them. Where it does not (other systems
//! than Linux, but for the processors) the answer is `None`.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Bytes of memory that this process holds now (its resident set).
pub fn resident() -> Option<u64> {
    kibibytes(Path::new("/proc/self/status"), "VmRSS:")
}

/// The most bytes that it held since its start or [`reset_peak_resident`].
pub fn peak_resident() -> Option<u64> {
    kibibytes(Path::new("/proc/self/status"), "VmHWM:")
}

/// Begins a new peak measurement; `false` where the system does not permit it.
pub fn reset_peak_resident() -> bool {
    cfg!(target_os = "linux") && fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Bytes of memory of the machine.
pub fn total_memory() -> Option<u64> {
    kibibytes(Path::new("/proc/meminfo"), "MemTotal:")
}

/// The limit that a control group (a container, a batch job) puts on this process: the smallest on
/// the way up to the root, of version 1 and 2.
pub fn memory_limit() -> Option<u64> {
    cgroup_limit(Path::new("/"))
}

/// Bytes of memory that this process may use: the limit or the machine's total, whichever is less.
pub fn usable_memory() -> Option<u64> {
    [total_memory(), memory_limit()].into_iter().flatten().min()
}

/// Time that the processors have spent on this process, on all its threads together.
#[cfg(unix)]
pub fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    Some(Duration::new(seconds, u32::try_from(time.tv_nsec).ok()?))
}

/// Time that the processors have spent on this process, on all its threads together.
#[cfg(not(unix))]
pub fn cpu_time() -> Option<Duration> {
    None
}

/// Processors that this process may use: affinity and control groups respected.
pub fn usable_cpus() -> Option<usize> {
    std::thread::available_parallelism().ok().map(usize::from)
}

/// The number after a key in a table such as `VmRSS:   123 kB`.
fn kibibytes(table: &Path, key: &str) -> Option<u64> {
    let text = fs::read_to_string(table).ok()?;
    let line = text.lines().find_map(|l| l.strip_prefix(key))?;
    let number = line.trim().strip_suffix("kB")?.trim();
    number.parse::<u64>().ok()?.checked_mul(1024)
}

/// A mounted hierarchy of control groups that counts memory.
struct Hierarchy {
    /// The group that is visible at the mount point.
    root: PathBuf,
    mount: PathBuf,
    file: &'static str,
    is_v2: bool,
}

fn cgroup_limit(system: &Path) -> Option<u64> {
    let groups = fs::read_to_string(system.join("proc/self/cgroup")).ok()?;
    let mounts = fs::read_to_string(system.join("proc/self/mountinfo")).ok()?;
    let limits = mounts.lines().filter_map(hierarchy).filter_map(|h| {
        let group = groups.lines().find_map(|line| own_group(line, h.is_v2))?;
        // Within a container the group may be named as the host sees it, outside what is mounted.
        let below = match Path::new(group).strip_prefix(&h.root) {
            Ok(below)
                if below
                    .components()
                    .all(|c| matches!(c, Component::Normal(_))) =>
            {
                below
            }
            _ => Path::new(""),
        };
        let on_the_way = below.ancestors().filter_map(|group| {
            let mount = h.mount.strip_prefix("/").unwrap_or(&h.mount);
            let file = system.join(mount).join(group).join(h.file);
            fs::read_to_string(file).ok()?.trim().parse::<u64>().ok()
        });
        on_the_way.min()
    });
    // Version 1 writes "no limit" as the largest number of pages.
    limits.filter(|bytes| *bytes < 1 << 62).min()
}

/// Reads a line of `/proc/self/mountinfo` (proc(5)): `id parent dev root mount options... - type
/// device super-options`.
fn hierarchy(line: &str) -> Option<Hierarchy> {
    let (place, kind) = line.split_once(" - ")?;
    let mut place = place.split(' ').skip(3);
    let (root, mount) = (place.next()?, place.next()?);
    let mut kind = kind.split(' ');
    let (file, is_v2) = match kind.next()? {
        "cgroup2" => ("memory.max", true),
        "cgroup" if kind.nth(1)?.split(',').any(|o| o == "memory") => {
            ("memory.limit_in_bytes", false)
        }
        _ => return None,
    };
    Some(Hierarchy {
        root: root.into(),
        mount: mount.into(),
        file,
        is_v2,
    })
}

/// The group in a line of `/proc/self/cgroup` (cgroups(7)): `0::/group` in version 2,
/// `number:controllers:/group` in version 1.
fn own_group(line: &str, is_v2: bool) -> Option<&str> {
    let (number, rest) = line.split_once(':')?;
    let (controllers, group) = rest.split_once(':')?;
    let fits = match is_v2 {
        true => number == "0" && controllers.is_empty(),
        false => controllers.split(',').any(|c| c == "memory"),
    };
    fits.then_some(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_sizes_that_make_sense() {
        let before = resident().unwrap();
        let bytes = vec![1u8; 64 << 20];
        assert!(resident().unwrap() >= before + (60 << 20));
        drop(std::hint::black_box(bytes));
        assert!(peak_resident().unwrap() >= before + (60 << 20));
        if reset_peak_resident() {
            assert!(peak_resident().unwrap() < before + (60 << 20));
        }
        assert!(usable_memory().unwrap() <= total_memory().unwrap());
        assert!(total_memory().unwrap() > before);
        assert!(usable_cpus().unwrap() >= 1);
    }

    #[test]
    #[cfg(unix)]
    fn processor_time_grows_by_the_work_done() {
        let before = cpu_time().unwrap();
        let begun = std::time::Instant::now();
        let mut x = 1u64;
        while begun.elapsed() < Duration::from_millis(50) {
            x = std::hint::black_box(x.wrapping_mul(3));
        }
        assert!(cpu_time().unwrap() > before + Duration::from_millis(5));
    }

    /// A system made of files: (path, contents).
    fn limit_of(name: &str, files: &[(&str, &str)]) -> Option<u64> {
        let root = std::env::temp_dir().join(format!("cw-{name}-{}", std::process::id()));
        for (path, contents) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, contents).unwrap();
        }
        let limit = cgroup_limit(&root);
        fs::remove_dir_all(root).ok();
        limit
    }

    const V2: (&str, &str) = (
        "proc/self/mountinfo",
        "22 1 0:20 / /proc rw - proc proc rw\n\
         30 1 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
    );
    const V1: (&str, &str) = (
        "proc/self/mountinfo",
        "30 1 0:26 /docker/ab /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
         31 1 0:27 /docker/ab /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
    );

    #[test]
    fn version_2_takes_the_smallest_on_the_way_up() {
        let limit = limit_of(
            "v2",
            &[
                V2,
                ("proc/self/cgroup", "0::/a/b/c\n"),
                ("sys/fs/cgroup/a/memory.max", "3000\n"),
                ("sys/fs/cgroup/a/b/memory.max", "2000\n"),
                ("sys/fs/cgroup/a/b/c/memory.max", "max\n"),
                ("sys/fs/cgroup/x/memory.max", "1\n"),
            ],
        );
        assert_eq!(limit, Some(2000));
    }

    #[test]
    fn version_1_knows_its_mount_and_its_no_limit() {
        let files = |limit| {
            [
                V1,
                (
                    "proc/self/cgroup",
                    "5:cpu:/docker/ab\n4:memory,x:/docker/ab/job\n",
                ),
                ("sys/fs/cgroup/cpu/memory.limit_in_bytes", "1\n"),
                ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", limit),
            ]
        };
        assert_eq!(limit_of("v1", &files("4096\n")), Some(4096));
        assert_eq!(limit_of("v1-none", &files("9223372036854771712\n")), None);
    }

    #[test]
    fn a_group_outside_the_mount_is_the_mount() {
        for group in ["0::/../../other\n", "0::/\n"] {
            let files = [
                V2,
                ("proc/self/cgroup", group),
                ("sys/fs/cgroup/memory.max", "77\n"),
            ];
            assert_eq!(limit_of("out", &files), Some(77), "{group}");
        }
        assert_eq!(limit_of("bare", &[("proc/self/cgroup", "0::/\n")]), None);
    }
}
