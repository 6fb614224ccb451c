//! Damaged model folders: opened and usable, or refused; a file that a stranger gave never brings us down.
//!
//! The first byte chooses the file of a tiny model that the rest replaces.
#![no_main]

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use libfuzzer_sys::Corpus;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use wenmai::embed;
use wenmai::embed::Purpose;

/// The folder of a tiny model, and the file in it that is replaced.
const FILES: [(&str, &str); 8] = [
    ("model2vec", "model.safetensors"),
    ("bert", "model.safetensors"),
    ("bert", "config.json"),
    ("bert", "modules.json"),
    ("dense", "2_Dense/model.safetensors"),
    ("model2vec", "tokenizer.json"),
    ("static_embedding", "model.safetensors"),
    ("qwen3", "config.json"),
];

thread_local! {
    static FOLDERS: RefCell<Vec<TempDir>> = const { RefCell::new(Vec::new()) };
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((first, content)) = bytes.split_first() else { return Corpus::Reject };
    FOLDERS.with_borrow_mut(|folders| {
        if folders.is_empty() {
            // libFuzzer would abort at any panic; what the loader catches and refuses is no fault of its.
            std::panic::set_hook(Box::new(|_| {}));
            folders.extend(FILES.iter().map(|(name, _)| copied(name)));
        }
        let at = usize::from(*first) % FILES.len();
        let folder = folders[at].path();
        fs::write(folder.join(FILES[at].1), content).unwrap();
        let config = embed::Config {
            folder: Some(folder.to_owned()),
            offline: true,
            threads: 1,
            ..embed::Config::default()
        };
        if let Ok(model) = embed::open(&config) {
            let tokens = model.tokenize("清河水位", Purpose::Passage).unwrap_or_default();
            let window = &tokens[..tokens.len().min(model.info().window_tokens_max)];
            if !window.is_empty() {
                let _refused = model.forward(&[window]);
            }
        }
    });
    Corpus::Keep
});

fn copied(name: &str) -> TempDir {
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name);
    let to = tempfile::tempdir().unwrap();
    copy(&from, to.path());
    to
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
