//! A disk that is full or read-only: said clearly, nothing lost, and all well when it is mended.
//!
//! A disk of a known size needs the right to mount one; without it these tests say so and pass.

use std::fs;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::campaign::article;
use super::process::serve;
use super::process::start;

/// MiB of a disk with room for a small index (some 170) beside what is left alone (256).
const ROOMY: u32 = 640;

/// A disk in memory, gone when dropped.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// One of `mib` MiB; `None` where this user may not mount.
    fn mount(mib: u32) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let size = format!("size={mib}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: this user may not mount a disk of a known size");
        }
        mounted.then_some(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", &options]).arg(self.path()).status().unwrap().success());
    }

    /// Writes a file until no byte is left.
    fn fill(&self) {
        let mut file = File::create(self.path().join("filler")).unwrap();
        let piece = vec![1_u8; 64 * 1024];
        while file.write_all(&piece).is_ok() {}
    }

    fn empty(&self) {
        fs::remove_file(self.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// The same folder beside the disk for what the program says.
fn log_folder() -> TempDir {
    TempDir::new().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_answers_questions_and_loses_nothing() {
    let Some(disk) = Disk::mount(ROOMY) else { return };
    let logs = log_folder();
    let log = logs.path().join("log");
    let mut server = start(serve(&disk.data()), &log).await.unwrap();
    for number in 0..20 {
        server.store(article(number, 1)).await.unwrap();
    }
    let stored = server.titles().await;

    disk.fill();

    for number in 20..23 {
        let refused = server.store(article(number, 1)).await.unwrap_err();
        assert_eq!(refused.reason, "STORE_UNAVAILABLE");
    }
    assert!(server.titles().await == stored, "an article is missing or too many");
    server.kill();

    // A start writes as well, so it says that it cannot.
    let ended = start(serve(&disk.data()), &log).await.err().unwrap();
    ended.refused(&["no room left"]);

    disk.empty();
    let server = start(serve(&disk.data()), &log).await.unwrap();
    assert!(server.titles().await == stored, "an article is missing or too many");
    server.store(article(20, 1)).await.unwrap();
    assert_eq!(server.titles().await.len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_too_small_to_begin_with_is_a_clear_error() {
    let Some(disk) = Disk::mount(40) else { return };
    let logs = log_folder();
    let ended = start(serve(&disk.data()), &logs.path().join("log")).await.err().unwrap();
    ended.refused(&["no room left"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_folder_is_a_clear_error_and_stays_as_it_is() {
    let Some(disk) = Disk::mount(ROOMY) else { return };
    let logs = log_folder();
    let log = logs.path().join("log");
    let mut server = start(serve(&disk.data()), &log).await.unwrap();
    server.store(article(0, 1)).await.unwrap();
    assert!(server.stop().success());

    disk.remount("ro");
    let ended = start(serve(&disk.data()), &log).await.err().unwrap();
    ended.refused(&[&disk.data().display().to_string(), "Read-only file system"]);

    disk.remount("rw");
    let server = start(serve(&disk.data()), &log).await.unwrap();
    assert_eq!(server.titles().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg(unix)]
async fn a_limit_on_the_size_of_files_is_a_clear_error() {
    let folder = TempDir::new().unwrap();
    let program = serve(&folder.path().join("data"));
    // 2,048 blocks of 512 or 1,024 bytes: less than a file of the log. The signal is ignored, as
    // daemons are started that want an error instead.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\""]);
    limited.arg(program.get_program()).args(program.get_args());
    limited.env("WENMAI_DATA", folder.path().join("data"));

    let ended = start(limited, &folder.path().join("log")).await.err().unwrap();

    ended.refused(&["data"]);
}
