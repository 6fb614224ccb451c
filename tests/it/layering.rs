//! Who may use whom: the rules of ARCHITECTURE.md, read off the source text.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Which modules of this crate a module may use, itself aside.
const MAY_USE: [(&str, &[&str]); 16] = [
    ("domain", &[]),
    ("text", &["domain"]),
    ("page", &["domain", "text"]),
    ("rank", &["domain", "text"]),
    ("cluster", &["domain", "text"]),
    ("summary", &["domain", "text"]),
    ("embed", &["domain", "text", "telemetry"]),
    ("generate", &[]),
    ("store", &["domain", "telemetry"]),
    (
        "engine",
        &[
            "domain",
            "text",
            "page",
            "rank",
            "cluster",
            "summary",
            "embed",
            "generate",
            "store",
            "telemetry",
        ],
    ),
    ("eval", &["domain", "text", "page", "rank", "cluster", "summary", "embed", "store", "engine"]),
    (
        "rpc",
        &[
            "domain",
            "text",
            "page",
            "rank",
            "cluster",
            "summary",
            "embed",
            "store",
            "engine",
            "telemetry",
        ],
    ),
    ("telemetry", &[]),
    ("app", &["domain", "embed", "store", "engine", "rpc", "telemetry", "config"]),
    ("config", &["app", "embed", "generate", "store", "engine", "telemetry"]),
    (
        "cli",
        &[
            "domain",
            "text",
            "page",
            "rank",
            "cluster",
            "summary",
            "embed",
            "generate",
            "store",
            "engine",
            "eval",
            "rpc",
            "app",
            "config",
            "telemetry",
        ],
    ),
];

/// Crates that only some modules, or parts of one, may name.
const OWNERS: [(&str, &[&str]); 21] = [
    ("candle_core", &["embed", "generate"]),
    ("candle_nn", &["embed"]),
    ("candle_transformers", &["embed", "generate"]),
    ("tokenizers", &["embed", "generate"]),
    ("ureq", &["embed/hub"]),
    ("qdrant_edge", &["store/edge"]),
    ("::qdrant_client", &["store/server"]),
    ("html5ever", &["page/html"]),
    ("jieba_rs", &["text"]),
    ("aho_corasick", &["text"]),
    ("rustls", &["app"]),
    ("tokio_rustls", &["app/tls"]),
    ("subtle", &["rpc/access"]),
    ("axum", &["app/scrape"]),
    ("http_body", &["rpc/record"]),
    ("opentelemetry", &["telemetry/trace"]),
    ("opentelemetry_sdk", &["telemetry/trace"]),
    ("prometheus_client", &["telemetry/metrics"]),
    ("tonic", &["rpc", "app", "cli", "store/server"]),
    ("prost", &["rpc", "cli"]),
    ("clap", &["embed", "generate", "store", "engine", "app", "config", "telemetry", "cli"]),
];

/// What pure modules must not touch: async, files, clocks, randomness.
const IMPURE: [&str; 8] = [
    "tokio",
    "async fn",
    "std::fs",
    "std::net",
    "std::env",
    "SystemTime",
    "Instant::now",
    "rand::",
];
const PURE: [&str; 6] = ["domain", "text", "page", "rank", "cluster", "summary"];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 4] = ["utils", "common", "types", "helpers"];

struct Source {
    module: String,
    path: PathBuf,
    /// The path below `src`.
    inside: PathBuf,
    /// Code without comments and without the tests at its end.
    lines: Vec<(usize, String)>,
}

impl Source {
    /// Whether it is part of `owner`, a module or one below it (`embed/hub`).
    fn is_within(&self, owner: &str) -> bool {
        self.inside.starts_with(owner)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(source(&root, path));
            }
        }
    }
    found.retain(|source| !["main", "lib"].contains(&source.module.as_str()));
    found
}

fn source(root: &Path, path: PathBuf) -> Source {
    let inside = path.strip_prefix(root).unwrap().with_extension("");
    let module = inside.iter().next().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(&path).unwrap();
    // A file that is itself a test module has no product code.
    let test_file =
        ["tests", "conformance"].iter().any(|name| inside.iter().any(|part| part == *name));
    let lines = text
        .lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("mod tests {") && !test_file)
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_owned()))
        .collect();
    Source { module, path, inside, lines }
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let known: BTreeSet<&str> = MAY_USE.iter().map(|(module, _)| *module).collect();
    let mut broken = Vec::new();
    for source in sources() {
        let rule = MAY_USE.iter().find(|(module, _)| *module == source.module);
        let (_, allowed) = rule.unwrap_or_else(|| panic!("no rule for module {}", source.module));
        for (number, line) in &source.lines {
            for used in line.split("crate::").skip(1) {
                let used: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let fine = used == source.module || allowed.contains(&used.as_str());
                if known.contains(used.as_str()) && !fine {
                    broken.push(format!("{}:{number}: uses {used}", source.path.display()));
                }
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn heavy_crates_stay_behind_the_module_that_owns_them() {
    let mut broken = Vec::new();
    for source in sources() {
        for (number, line) in &source.lines {
            for (name, owners) in OWNERS {
                let named = line.contains(&format!("{name}::")) && !line.contains('"');
                if named && !owners.iter().any(|owner| source.is_within(owner)) {
                    broken.push(format!("{}:{number}: names {name}", source.path.display()));
                }
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn pure_modules_touch_no_world() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| PURE.contains(&source.module.as_str())) {
        for (number, line) in &source.lines {
            for word in IMPURE.iter().filter(|word| line.contains(*word)) {
                broken.push(format!("{}:{number}: {word}", source.path.display()));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn imports_stand_one_a_line_and_modules_have_names_that_say_something() {
    let mut broken = Vec::new();
    for source in sources() {
        let stem = source.path.file_stem().unwrap().to_string_lossy().into_owned();
        if EMPTY_NAMES.contains(&stem.as_str()) {
            broken.push(format!("{}: a name that says nothing", source.path.display()));
        }
        for (number, line) in &source.lines {
            if line.trim_start().starts_with("use crate::{") {
                broken.push(format!("{}:{number}: several imports", source.path.display()));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let long: Vec<String> = sources()
        .iter()
        .map(|source| (fs::read_to_string(&source.path).unwrap().lines().count(), &source.path))
        .filter(|(count, _)| *count > 500)
        .map(|(count, path)| format!("{}: {count} lines", path.display()))
        .collect();
    assert_none(&long);
}
