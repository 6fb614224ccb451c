//! Damaged files: a start either says which folder cannot be used and why, or shows every article as
//! it was. It never shows fewer.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::campaign::article;
use super::process::serve;
use super::process::start;

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// The second half is gone.
    Halved,
    /// Nothing is left of it.
    Emptied,
    /// It is gone.
    Removed,
    /// 64 bytes in the middle are others.
    Scrambled,
}

impl Damage {
    const ALL: [Damage; 4] = [Damage::Halved, Damage::Emptied, Damage::Removed, Damage::Scrambled];

    fn to(self, file: &Path) {
        let mut bytes = fs::read(file).unwrap();
        match self {
            Damage::Halved => bytes.truncate(bytes.len() / 2),
            Damage::Emptied => bytes.clear(),
            Damage::Removed => return fs::remove_file(file).unwrap(),
            Damage::Scrambled => {
                let middle = bytes.len() / 2;
                bytes.iter_mut().skip(middle).take(64).for_each(|byte| *byte ^= 0x5a);
            }
        }
        fs::write(file, bytes).unwrap();
    }
}

/// Every file below `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// Damages one file after the other, each in one way: so many of all that could be, drawn by chance.
async fn damage(seed: u64, count: usize) {
    println!("seed {seed}, {count} damages");
    let folder = TempDir::new().unwrap();
    let (whole, log) = (folder.path().join("whole"), folder.path().join("log"));
    let mut server = start(serve(&whole), &log).await.unwrap();
    for number in 0..12 {
        server.store(article(number, 1)).await.unwrap();
    }
    let stored = server.titles().await;
    assert!(server.stop().success());

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut refused, mut whole_again, mut wrong) = (0, 0, Vec::new());
    let mut damages: Vec<(PathBuf, Damage)> = files(&whole)
        .into_iter()
        .flat_map(|file| Damage::ALL.map(|damage| (file.clone(), damage)))
        .collect();
    damages.shuffle(&mut rng);
    for (file, damage) in damages.into_iter().take(count) {
        let inside = file.strip_prefix(&whole).unwrap();
        let data = folder.path().join("data");
        copy(&whole, &data);
        damage.to(&data.join(inside));
        match start(serve(&data), &log).await {
            Ok(server) if server.titles().await == stored => whole_again += 1,
            Ok(_) => wrong.push(format!("{} {damage:?}: serves less", inside.display())),
            Err(ended) if ended.status.code() == Some(1) && ended.err.contains("wenmai: ") => {
                refused += 1;
            }
            Err(ended) => wrong.push(format!("{} {damage:?}: {ended:?}", inside.display())),
        }
        fs::remove_dir_all(&data).unwrap();
    }
    println!("{refused} refused, {whole_again} served whole");
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_refused_or_does_not_matter() {
    damage(7, 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn every_damaged_file_is_refused_or_does_not_matter() {
    damage(7, usize::MAX).await;
}
