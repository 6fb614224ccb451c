//! The files of `deploy/`: no setting, flag or service in them that the program does not have.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Settings of parts that a build may leave out.
const OPTIONAL: [(&str, &str); 3] = [
    ("WENMAI_QDRANT_", "--qdrant-url"),
    ("WENMAI_METRICS_", "--metrics-listen"),
    ("WENMAI_OTLP_", "--otlp-endpoint"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Every text file below `folder` with its path.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read_to_string(path).unwrap()));
        }
    }
    found
}

fn deployed() -> Vec<(PathBuf, String)> {
    files(&root().join("deploy"))
}

fn help(command: &[&str]) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_wenmai"));
    let output = program.args(command).arg("--help").output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The words of `text` that begin with `prefix` and go on with what `inside` lets through.
fn words<'t>(text: &'t str, prefix: &str, inside: fn(char) -> bool) -> BTreeSet<&'t str> {
    let starts = text.match_indices(prefix).map(|(at, _)| &text[at..]);
    starts
        .map(|rest| {
            let end = rest.char_indices().find(|(_, c)| !inside(*c));
            end.map_or(rest, |(at, _)| &rest[..at])
        })
        .collect()
}

#[test]
fn every_variable_is_one_that_the_program_reads() {
    let help = [help(&["serve"]), help(&["health"]), help(&["ingest"])].concat();
    let mut unknown = Vec::new();
    for (path, text) in deployed() {
        for name in words(&text, "WENMAI_", |c| c.is_ascii_uppercase() || c == '_') {
            let optional = OPTIONAL.iter().find(|(prefix, _)| name.starts_with(prefix));
            if let Some((prefix, flag)) = optional.filter(|(_, flag)| !help.contains(flag)) {
                println!("skipped: this build has no {flag}, so {prefix}… is not checked");
            } else if !help.contains(&format!("[env: {name}=")) && !name.ends_with('_') {
                unknown.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "\n{}", unknown.join("\n"));
}

#[test]
fn every_flag_in_a_command_is_one_that_the_command_has() {
    let mut unknown = Vec::new();
    let mut count = 0;
    for (path, text) in deployed() {
        for line in text.lines() {
            let Some((before, called)) = line.split_once("wenmai ") else { continue };
            // A namespace of that name.
            if before.ends_with("-n ") {
                continue;
            }
            // `eval load` is two words; what follows a command without commands of its own is no harm.
            let word = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase());
            let command: Vec<&str> = called.split_whitespace().take_while(word).take(2).collect();
            let flags = words(called, "--", |c| c.is_ascii_lowercase() || c == '-');
            if command.is_empty() || flags.is_empty() {
                continue;
            }
            let help = help(&command);
            count += 1;
            for flag in flags.into_iter().filter(|flag| !help.contains(*flag)) {
                unknown.push(format!("{}: wenmai {} {flag}", path.display(), command.join(" ")));
            }
        }
    }
    assert!(count > 0, "no command was found: the test looks for the wrong thing");
    assert!(unknown.is_empty(), "\n{}", unknown.join("\n"));
}

#[test]
fn every_probed_service_is_in_the_contract() {
    let contract: String = files(&root().join("proto")).into_iter().map(|(_, text)| text).collect();
    let mut count = 0;
    for (path, text) in deployed() {
        for name in words(&text, "wenmai.v1.", |c| c.is_ascii_alphanumeric() || c == '.') {
            let service = name.trim_start_matches("wenmai.v1.");
            assert!(
                contract.contains(&format!("service {service} {{")),
                "{}: {name}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn the_service_runs_as_the_same_user_everywhere_and_never_as_root() {
    let all: std::collections::BTreeMap<String, String> = deployed()
        .into_iter()
        .map(|(path, text)| (path.file_name().unwrap().display().to_string(), text))
        .collect();
    assert!(all["Dockerfile"].contains("\nUSER 10001:10001\n"));
    for name in ["wenmai.yaml", "embedded.yaml"] {
        assert!(all[name].contains("runAsUser: 10001"), "{name}");
    }
    for name in ["wenmai.yaml", "embedded.yaml", "qdrant.yaml"] {
        assert!(all[name].contains("runAsNonRoot: true"), "{name}");
        assert!(all[name].contains("allowPrivilegeEscalation: false"), "{name}");
    }
    assert!(all["Dockerfile"].contains("HEALTHCHECK") && all["Dockerfile"].contains("\"health\""));
}
