//! The values that are measured when the metrics are read: the index, topics, and what the system
//! says of this process.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// How many levels of folders are searched at most: a link to a folder above must not make a scrape
/// endless.
const DEPTH_MAX: usize = 6;

/// The values of one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The labels `version`, `model`, `index_version` and `store`, with their values.
    pub build: [(&'static str, String); 4],
    /// Whether the service answers calls.
    pub ready: bool,
    /// The size of the index; `None` if the store did not answer.
    pub index: Option<Index>,
    /// The state of topics; `None` if they are switched off.
    pub topics: Option<Topics>,
    /// What the system says of this process.
    pub process: Process,
}

/// The size of the index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Index {
    /// How many articles it contains.
    pub articles: u64,
    /// Bytes of the data folder on the disk; 0 if there is none.
    pub bytes: u64,
}

/// The state of topics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Topics {
    /// Events that are neither merged into another nor empty.
    pub events: u64,
    /// Stories that are neither merged into another nor empty.
    pub stories: u64,
    /// Articles that are stored but not yet placed in topics.
    pub lag_articles: u64,
    /// The number of the last row of the change log.
    pub version: u64,
}

/// What the system says of this process; a value is zero where it does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Process {
    /// The start of the process, in seconds since 1970.
    pub start_seconds: f64,
    /// The processor time that it used, in seconds.
    pub cpu_seconds: f64,
    /// The memory that it occupies, in bytes.
    pub resident_bytes: u64,
    /// How many files it has open.
    pub open_files: u64,
}

impl Process {
    /// Measures this process by reading `/proc`; on other systems only the start is known.
    #[must_use]
    pub fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let files = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        Self {
            start_seconds: started(),
            cpu_seconds: cpu_seconds(&stat).unwrap_or_default(),
            resident_bytes: resident_bytes(&status).unwrap_or_default(),
            open_files: u64::try_from(files).unwrap_or_default(),
        }
    }
}

/// The time at which this was first called, in seconds since 1970. `telemetry::start` calls it at
/// once.
pub fn started() -> f64 {
    static STARTED: OnceLock<f64> = OnceLock::new();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    *STARTED.get_or_init(now)
}

/// Reads the line `VmRSS: 1234 kB` of `/proc/self/status`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// Reads fields 14 and 15 of `/proc/self/stat`, the user and the system time. They are in ticks, of
/// which Linux has a hundred per second on every machine.
fn cpu_seconds(stat: &str) -> Option<f64> {
    // The second field is a name in parentheses, which may contain any character.
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_ascii_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some((f64::from(user) + f64::from(system)) / 100.0)
}

/// The bytes that the files below `folder` take on the disk; what cannot be read counts as 0.
#[must_use]
pub fn folder_bytes(folder: &Path) -> u64 {
    bytes_below(folder, DEPTH_MAX)
}

fn bytes_below(folder: &Path, depth: usize) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(of) if of.is_dir() && depth > 0 => bytes_below(&entry.path(), depth - 1),
        Ok(of) if of.is_file() => on_disk(&of),
        Ok(_) | Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}

/// The bytes that a file takes on the disk, which differ from its length because the store's files
/// are sparse.
#[cfg(unix)]
fn on_disk(file: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::blocks(file) * 512
}

/// The length of a file in bytes.
#[cfg(not(unix))]
fn on_disk(file: &fs::Metadata) -> u64 {
    file.len()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::cpu_seconds;
    use super::folder_bytes;
    use super::resident_bytes;

    #[test]
    fn what_the_system_writes_is_read() {
        assert_eq!(resident_bytes("VmPeak:\t 9 kB\nVmRSS:\t  12 kB\n"), Some(12 * 1024));
        let stat = "7 (a ) b) S 1 1 1 0 -1 4 1 0 0 0 150 50 0 0 20 0 9 0 5 1 1";
        assert!((cpu_seconds(stat).unwrap() - 2.0).abs() < 1e-9);
        assert_eq!((resident_bytes(""), cpu_seconds("7 (a")), (None, None));
    }

    #[test]
    fn a_folder_counts_with_what_is_below() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/b"), vec![1_u8; 100_000]).unwrap();
        fs::write(folder.path().join("c"), vec![1_u8; 50_000]).unwrap();
        let bytes = folder_bytes(folder.path());
        assert!((150_000..250_000).contains(&bytes), "{bytes}");
        assert_eq!(folder_bytes(&folder.path().join("nothing")), 0);
    }
}
