//! What the program is made of: a bill of materials in `CycloneDX` 1.6, as JSON on standard output.
//!
//! `cargo run --example sbom > wenmai.cdx.json` asks `cargo metadata` for the crates that end up in
//! the program on this machine, and `Cargo.lock` for their checksums. No time and no random number
//! is in it, so the same lock gives the same bytes. Exit code 1, if a crate names no licence or has
//! no checksum.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a tool for a terminal; what a JSON value lacks is null"
)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::ExitCode;

use serde_json::Value;
use serde_json::json;

/// Names a package in `cargo metadata`.
type Id = String;
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match bill() {
        Ok(bill) => {
            println!("{bill:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("sbom: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bill() -> Result<Value, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let metadata = metadata(root)?;
    let checksums = checksums(&fs::read_to_string(root.join("Cargo.lock"))?);
    let packages: BTreeMap<Id, &Value> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), package)).collect();
    let edges: BTreeMap<Id, BTreeSet<Id>> = list(&metadata["resolve"]["nodes"])
        .iter()
        .map(|node| (text(&node["id"]), linked(node)))
        .collect();
    let own = text(&metadata["resolve"]["root"]);
    let inside = reached(&own, &edges);

    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    for (id, package) in packages.iter().filter(|(id, _)| inside.contains(*id)) {
        let needed = edges.get(id).into_iter().flatten();
        let needed: Vec<String> =
            needed.filter_map(|id| packages.get(id)).map(|p| url(p)).collect();
        dependencies.push(json!({ "ref": url(package), "dependsOn": needed }));
        if *id != own {
            components.push(component(package, &checksums)?);
        }
    }
    let program = packages.get(&own).ok_or("cargo metadata names no root package")?;
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": url(program),
            "name": program["name"],
            "version": program["version"],
            "licenses": [{ "expression": program["license"] }],
        }},
        "components": components,
        "dependencies": dependencies,
    }))
}

/// What cargo knows of the packages, for this machine's kind alone.
fn metadata(root: &Path) -> Result<Value, Failure> {
    let version = Command::new("rustc").arg("-vV").output()?.stdout;
    let version = String::from_utf8(version)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["metadata", "--locked", "--format-version", "1"])
        .args(["--filter-platform", host.ok_or("rustc names no host")?])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The packages that a package links: neither those of its build script nor those of its tests.
fn linked(node: &Value) -> BTreeSet<Id> {
    let normal = |dependency: &&Value| {
        list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null())
    };
    list(&node["deps"]).iter().filter(normal).map(|dependency| text(&dependency["pkg"])).collect()
}

/// `from` and all that it needs, through others too.
fn reached(from: &Id, edges: &BTreeMap<Id, BTreeSet<Id>>) -> BTreeSet<Id> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from.clone()];
    while let Some(id) = next.pop() {
        if reached.insert(id.clone()) {
            next.extend(edges.get(&id).into_iter().flatten().cloned());
        }
    }
    reached
}

fn component(package: &Value, checksums: &BTreeMap<String, String>) -> Result<Value, Failure> {
    let url = url(package);
    let license = package["license"].as_str().ok_or_else(|| format!("{url} names no licence"))?;
    let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
    let mut component = json!({
        "type": "library",
        "bom-ref": url,
        "purl": url,
        "name": package["name"],
        "version": package["version"],
        // Some crates still write "/" where the expression wants OR.
        "licenses": [{ "expression": license.replace('/', " OR ") }],
    });
    // A crate of this workspace comes from no registry, so nobody has a checksum of it.
    if !package["source"].is_null() {
        let checksum = checksums.get(&name).ok_or_else(|| format!("{url} has no checksum"))?;
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    Ok(component)
}

/// SHA-256 of each `name version` in a lock file.
fn checksums(lock: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for package in lock.split("[[package]]") {
        let value = |key: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")));
            line.map(|line| line.trim_end_matches('"').to_owned())
        };
        if let (Some(name), Some(version), Some(sum)) =
            (value("name"), value("version"), value("checksum"))
        {
            found.insert(format!("{name} {version}"), sum);
        }
    }
    found
}

fn url(package: &Value) -> String {
    format!("pkg:cargo/{}@{}", text(&package["name"]), text(&package["version"]))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
