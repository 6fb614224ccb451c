//! Who may use whom: the rules of ARCHITECTURE.md, read off the manifests and the source text.
//!
//! Cargo refuses a use that a manifest does not name; what is tested here is that the manifests name
//! no more than the rules allow, and what Cargo cannot see: who inside a crate may name a heavy one.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// Which crates of the workspace a crate may use.
const MAY_USE: [(&str, &[&str]); 21] = [
    ("domain", &[]),
    ("text", &["domain"]),
    ("page", &["domain", "text"]),
    ("layout", &["domain", "text", "page"]),
    ("feed", &["domain", "text"]),
    ("rank", &["domain", "text"]),
    ("cluster", &["domain", "text"]),
    ("suggest", &["domain", "text"]),
    ("summary", &["domain", "text"]),
    ("telemetry", &[]),
    ("follow", &["domain", "feed", "page", "telemetry"]),
    ("embed/kernel", &[]),
    ("embed", &["domain", "kernel", "telemetry"]),
    ("generate", &[]),
    ("store", &["domain", "telemetry"]),
    (
        "engine",
        &[
            "domain",
            "text",
            "page",
            "layout",
            "feed",
            "rank",
            "suggest",
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
            "layout",
            "rank",
            "suggest",
            "cluster",
            "summary",
            "embed",
            "store",
            "engine",
            "proto",
            "telemetry",
        ],
    ),
    ("web", &["domain", "proto"]),
    ("app", &["embed", "generate", "store", "engine", "rpc", "telemetry", "web"]),
    (
        "cli",
        &[
            "domain",
            "text",
            "page",
            "layout",
            "feed",
            "follow",
            "cluster",
            "suggest",
            "summary",
            "embed",
            "generate",
            "store",
            "engine",
            "eval",
            "proto",
            "rpc",
            "app",
            "telemetry",
        ],
    ),
];

/// Crates of others that only some crates of ours, or parts of one, may name.
const OWNERS: [(&str, &[&str]); 34] = [
    ("candle_core", &["embed", "generate"]),
    ("candle_nn", &["embed"]),
    ("candle_transformers", &["generate"]),
    ("tokenizers", &["embed", "generate"]),
    ("ureq", &["embed/hub", "follow/fetch"]),
    ("qdrant_edge", &["store/edge"]),
    ("::qdrant_client", &["store/server"]),
    ("html5ever", &["page/html"]),
    ("quick_xml", &["feed", "layout/xml"]),
    ("hayro_syntax", &["layout/pdf"]),
    ("csv", &["feed/table"]),
    ("::parquet", &["feed/parquet"]),
    ("encoding_rs", &["feed/encoding", "layout/pdf"]),
    ("chardetng", &["feed/encoding"]),
    ("crawdad", &["text/terms", "text/examples"]),
    ("aho_corasick", &["text"]),
    ("rustls", &["app"]),
    ("tokio_rustls", &["app/connections"]),
    ("subtle", &["rpc/access"]),
    ("hyper", &["app/connections"]),
    ("hyper_util", &["app/connections"]),
    ("tonic_web", &["app/web"]),
    ("http_body", &["rpc/record", "app/connections"]),
    ("opentelemetry", &["telemetry/trace"]),
    ("opentelemetry_sdk", &["telemetry/trace"]),
    ("prometheus_client", &["telemetry/metrics"]),
    ("tonic", &["rpc", "app", "cli", "web", "store/server"]),
    ("prost", &["rpc", "cli", "web/json"]),
    ("axum", &["web"]),
    ("askama", &["web"]),
    ("form_urlencoded", &["web/visit"]),
    ("similar", &["web/compare"]),
    ("pinyin", &["suggest"]),
    (
        "clap",
        &[
            "embed",
            "generate",
            "store",
            "engine/calibration",
            "engine/places",
            "engine/vocabulary",
            "engine/ranker",
            "app",
            "telemetry",
            "follow/settings",
            "cli",
        ],
    ),
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
const PURE: [&str; 9] =
    ["domain", "text", "page", "layout", "feed", "rank", "cluster", "summary", "suggest"];

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
    let test_file = ["tests", "conformance", "examples"]
        .iter()
        .any(|name| inside.iter().any(|part| part == *name));
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

/// The crates of the workspace that the manifest of `src/<member>` names as what it is built with.
fn uses(member: &str) -> BTreeSet<String> {
    let manifest =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(member).join("Cargo.toml");
    let text = fs::read_to_string(manifest).unwrap();
    let dependencies = text.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let dependencies = dependencies.split("\n[").next().unwrap_or_default();
    let ours = dependencies.lines().filter_map(|line| line.strip_prefix("wenmai-"));
    ours.map(|line| line.chars().take_while(|c| c.is_alphanumeric()).collect()).collect()
}

#[test]
fn manifests_name_only_what_stands_below() {
    let mut broken = Vec::new();
    for (member, allowed) in MAY_USE {
        let used = uses(member);
        let others = used.iter().filter(|used| !allowed.contains(&used.as_str()));
        broken.extend(others.map(|other| format!("src/{member}/Cargo.toml: uses {other}")));
    }
    assert_none(&broken);
}

#[test]
fn every_member_has_a_rule() {
    let root =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let members = root.lines().filter_map(|line| line.strip_prefix("    \"src/"));
    let members: BTreeSet<&str> = members.filter_map(|line| line.split('"').next()).collect();
    let ruled: BTreeSet<&str> = MAY_USE.iter().map(|(member, _)| *member).collect();
    assert_eq!(members, ruled);
}

/// What would make a crate slow to build or to test: none of the pure ones may come with any.
const HEAVY: [&str; 7] =
    ["candle-core", "qdrant-edge", "qdrant-client", "tokenizers", "tokio", "tonic", "clap"];

#[test]
fn pure_crates_come_without_heavy_ones() {
    let mut broken = Vec::new();
    for member in PURE {
        let cargo = option_env!("CARGO").unwrap_or("cargo");
        let package = format!("wenmai-{member}");
        let tree = std::process::Command::new(cargo)
            .args([
                "tree",
                "--offline",
                "--edges",
                "normal,build",
                "--prefix",
                "none",
                "-p",
                &package,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).unwrap();
        let names: BTreeSet<&str> =
            tree.lines().filter_map(|line| line.split(' ').next()).collect();
        let heavy = HEAVY.iter().filter(|heavy| names.contains(**heavy));
        broken.extend(heavy.map(|heavy| format!("{package} comes with {heavy}")));
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
