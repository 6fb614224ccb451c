//! `wenmai model` and `--model owner/name` as a person runs them, against a hub on this machine.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use crate::cli::Desk;
use crate::cli::Run;
use crate::hub;
use crate::hub::COMMIT;
use crate::hub::Faults;
use crate::hub::Hub;
use crate::hub::WEIGHTS;

const TINY: &str = "owner/tiny";
/// Variables of the machine that the tests run on.
const FOREIGN: [&str; 9] = [
    "HF_HUB_CACHE",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "HF_TOKEN_PATH",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
    "WENMAI_MODEL",
    "WENMAI_SERVER",
    "XDG_CACHE_HOME",
];

/// `wenmai args`, with its cache on `desk` and `endpoint` for the hub.
fn command(desk: &Desk, endpoint: &str, args: &[&str]) -> Command {
    let mut command = desk.command(args);
    for name in FOREIGN {
        command.env_remove(name);
    }
    command.env("HF_HOME", desk.path("hf")).env("HF_ENDPOINT", endpoint).env("NO_PROXY", "*");
    command
}

fn run(desk: &Desk, hub: &Hub, args: &[&str]) -> Run {
    Run::of(&command(desk, &hub.endpoint(), args).output().unwrap())
}

fn fetch(desk: &Desk, hub: &Hub) -> Run {
    run(desk, hub, &["model", "fetch", TINY, "--json"])
}

/// The folder of the tiny model in the cache.
fn in_cache(desk: &Desk) -> PathBuf {
    desk.path("hf/hub/models--owner--tiny")
}

/// The content of the weights in the cache.
fn blob(desk: &Desk) -> PathBuf {
    in_cache(desk).join("blobs").join(hub::sha256(&hub::tiny()[WEIGHTS]))
}

fn gets(requests: &[String]) -> Vec<&String> {
    requests
        .iter()
        .filter(|request| request.starts_with("GET") && !request.contains("/api/"))
        .collect()
}

#[test]
fn a_fetched_model_lies_in_the_cache_as_the_hubs_own_tools_keep_it() {
    let (desk, hub) = (Desk::new(), Hub::start());
    let report = fetch(&desk, &hub).ok().json();
    assert_eq!((&report["model"]["name"], &report["model"]["dim"]), (&TINY.into(), &32.into()));
    assert_eq!(report["model"]["licence"], "mit");
    assert_eq!(fs::read_to_string(in_cache(&desk).join("refs/main")).unwrap(), COMMIT);
    let snapshot = in_cache(&desk).join("snapshots").join(COMMIT);
    let link = fs::read_link(snapshot.join("1_Pooling/config.json")).unwrap();
    assert!(link.starts_with("../../../blobs"), "{}", link.display());
    for (name, content) in hub::tiny() {
        let needed = name != "pytorch_model.bin";
        assert_eq!(fs::read(snapshot.join(&name)).ok(), needed.then_some(content), "{name}");
    }
    assert!(!hub.requests().iter().any(|request| request.contains("pytorch_model.bin")));
}

#[test]
fn a_second_fetch_downloads_nothing() {
    let (desk, hub) = (Desk::new(), Hub::start());
    assert!(fetch(&desk, &hub).ok().json()["bytes_downloaded"].as_u64().unwrap() > 166_000);
    hub.requests();
    assert_eq!(fetch(&desk, &hub).ok().json()["bytes_downloaded"], 0);
    assert_eq!(hub.requests().len(), 1, "the list of files, to see whether it is still the same");
}

#[test]
fn a_model_by_name_is_fetched_once_and_then_needs_no_hub() {
    let (desk, hub) = (Desk::new(), Hub::start());
    let embed = ["embed", "清河大桥", "--json", "--model", TINY];
    let vectors = |run: Run| run.ok().json()["embeddings"].clone();
    let first = vectors(run(&desk, &hub, &embed).said(&["downloading", WEIGHTS]));
    drop(hub);
    let second = Run::of(&command(&desk, "http://127.0.0.1:1", &embed).output().unwrap());
    assert_eq!(vectors(second), first);
    let folder = ["embed", "清河大桥", "--json", "--model", "tests/fixtures/bert"];
    let folder = Run::of(&command(&desk, "http://127.0.0.1:1", &folder).output().unwrap());
    assert_eq!(vectors(folder), first);
}

#[test]
fn offline_a_model_must_be_in_the_cache() {
    let (desk, hub) = (Desk::new(), Hub::start());
    let embed = ["embed", "清河大桥", "--offline", "--model", TINY];
    run(&desk, &hub, &embed).failed(&[TINY, "offline", "hf/hub"]);
    let mut by_variable = command(&desk, &hub.endpoint(), &["model", "fetch", TINY]);
    Run::of(&by_variable.env("HF_HUB_OFFLINE", "1").output().unwrap()).failed(&["offline"]);
    assert_eq!(hub.requests(), Vec::<String>::new());
    fetch(&desk, &hub).ok();
    hub.requests();
    run(&desk, &hub, &embed).ok();
    let offline = run(&desk, &hub, &["model", "fetch", TINY, "--offline"]).ok();
    assert!(offline.out.contains("all of it was here"), "{}", offline.out);
    assert_eq!(hub.requests(), Vec::<String>::new());
}

#[test]
fn a_download_that_breaks_off_goes_on_by_itself() {
    let (desk, hub) = (Desk::new(), Hub::start());
    hub.err(Faults { cut: Some((50_000, 2)), ..Faults::default() });
    fetch(&desk, &hub).ok().said(&["trying again"]);
    let requests = hub.requests();
    let starts: Vec<bool> = [" from 50000", " from 100000"]
        .map(|from| requests.iter().any(|r| r.ends_with(from)))
        .into();
    assert_eq!(starts, [true, true], "{requests:?}");
}

#[test]
fn a_fetch_that_failed_is_taken_up_where_it_stopped() {
    let (desk, hub) = (Desk::new(), Hub::start());
    hub.err(Faults { cut: Some((10_000, usize::MAX)), ..Faults::default() });
    fetch(&desk, &hub).failed(&["no answer from"]);
    assert!(!in_cache(&desk).join("refs").exists(), "no name for half a model");
    run(&desk, &hub, &["embed", "桥", "--offline", "--model", TINY]).failed(&["offline"]);
    hub.err(Faults::default());
    hub.requests();
    fetch(&desk, &hub).ok();
    let requests = hub.requests();
    let weights: Vec<&String> = requests.iter().filter(|r| r.contains("/cdn/")).collect();
    assert_eq!(weights.len(), 1);
    assert!(weights[0].ends_with(" from 50000"), "{weights:?}");
}

#[test]
fn a_hub_without_ranges_sends_the_file_anew() {
    let (desk, hub) = (Desk::new(), Hub::start());
    hub.err(Faults { cut: Some((50_000, 1)), no_ranges: true, ..Faults::default() });
    fetch(&desk, &hub).ok();
    assert_eq!(fs::read(blob(&desk)).unwrap(), hub::tiny()[WEIGHTS]);
}

#[test]
fn a_file_that_arrives_damaged_is_fetched_anew_once() {
    let (desk, hub) = (Desk::new(), Hub::start());
    hub.err(Faults { wrong: 1, ..Faults::default() });
    fetch(&desk, &hub).ok();
    let (desk, hub) = (Desk::new(), Hub::start());
    hub.err(Faults { wrong: usize::MAX, ..Faults::default() });
    fetch(&desk, &hub).failed(&[WEIGHTS, "damaged", "checksum"]);
    let left = fs::read_dir(in_cache(&desk).join("blobs")).unwrap();
    let left = left.filter(|entry| entry.as_ref().unwrap().path() == blob(&desk)).count();
    assert_eq!(left, 0);
}

#[test]
fn a_model_that_the_hub_does_not_know_is_named() {
    let (desk, hub) = (Desk::new(), Hub::start());
    run(&desk, &hub, &["model", "fetch", "owner/none"]).failed(&["owner/none is not at http"]);
    let embed = ["embed", "桥", "--model", "owner/none"];
    run(&desk, &hub, &embed).failed(&["model is not available: owner/none is not at"]);
    run(&desk, &hub, &["model", "fetch", "owner/tiny", "--revision", "v9"])
        .failed(&["owner/tiny has no revision `v9`"]);
}

#[test]
fn a_private_model_needs_a_token_that_is_never_shown() {
    let desk = Desk::new();
    let hub = Hub::with(hub::tiny(), "", Some("hf_right"));
    fetch(&desk, &hub).failed(&["private", "token"]);
    let with = |token: &str| {
        let mut command = command(&desk, &hub.endpoint(), &["model", "fetch", TINY, "--json"]);
        Run::of(&command.env("HF_TOKEN", token).output().unwrap())
    };
    let wrong = with("hf_wrong").failed(&["private"]);
    let right = with("hf_right").ok();
    for run in [&wrong, &right] {
        assert!(!run.out.contains("hf_") && !run.err.contains("hf_"), "{}{}", run.out, run.err);
    }
    let other = Desk::new();
    fs::create_dir(other.path("hf")).unwrap();
    fs::write(other.path("hf/token"), "hf_right\n").unwrap();
    fetch(&other, &hub).ok();
}

#[test]
fn a_model_whose_terms_were_not_accepted_is_refused() {
    let (desk, hub) = (Desk::new(), Hub::start());
    hub.err(Faults { gated: true, ..Faults::default() });
    fetch(&desk, &hub).failed(&["owner/tiny may not be read", "terms"]);
}

#[test]
fn a_hub_that_is_not_there_is_named() {
    let desk = Desk::new();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let mut command = command(&desk, &endpoint, &["model", "fetch", TINY]);
    Run::of(&command.output().unwrap()).failed(&["no answer from", &endpoint]);
}

#[test]
fn a_mirror_below_a_path_and_a_renamed_model_are_followed() {
    let desk = Desk::new();
    let hub = Hub::with(hub::tiny(), "/mirror/hf", None);
    run(&desk, &hub, &["model", "fetch", "owner/old-name"]).ok();
    assert!(hub.requests().iter().all(|request| request.contains(" /mirror/hf/")));
    assert!(desk.path("hf/hub/models--owner--old-name/refs/main").exists());
}

#[test]
fn a_revision_is_kept_beside_others() {
    let (desk, hub) = (Desk::new(), Hub::start());
    run(&desk, &hub, &["model", "fetch", "owner/tiny@refs/pr/1"]).ok();
    run(&desk, &hub, &["model", "fetch", TINY, "--revision", "v1.0"]).ok();
    assert_eq!(gets(&hub.requests()).len(), 8, "seven files, one of them by a redirection; once");
    run(&desk, &hub, &["embed", "桥", "--offline", "--model", TINY]).failed(&["offline"]);
    run(&desk, &hub, &["embed", "桥", "--offline", "--model", "owner/tiny@v1.0"]).ok();
    let by_commit = format!("{TINY}@{COMMIT}");
    run(&desk, &hub, &["embed", "桥", "--offline", "--model", &by_commit]).ok();
}

#[test]
fn a_model_without_a_file_that_it_needs_is_refused_before_any_download() {
    let desk = Desk::new();
    for (gone, words) in [
        ("tokenizer.json", "tokenizer.json is missing"),
        (WEIGHTS, "model.safetensors is missing; its weights are a pickle"),
    ] {
        let mut files = hub::tiny();
        files.remove(gone);
        let hub = Hub::with(files, "", None);
        fetch(&desk, &hub).failed(&["owner/tiny cannot be used", words]);
        assert_eq!(gets(&hub.requests()), Vec::<&String>::new());
    }
}

#[test]
fn a_file_that_was_damaged_in_the_cache_is_found_and_mended() {
    let (desk, hub) = (Desk::new(), Hub::start());
    fetch(&desk, &hub).ok();
    run(&desk, &hub, &["model", "verify", TINY]).ok();
    let mut content = fs::read(blob(&desk)).unwrap();
    let last = content.len() - 1;
    content[last] ^= 1;
    fs::write(blob(&desk), content).unwrap();
    let report = run(&desk, &hub, &["model", "verify", TINY, "--json"]);
    let checks = report.json()["checks"].as_array().unwrap().clone();
    let failed: Vec<&serde_json::Value> =
        checks.iter().filter(|check| check["outcome"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["check"]), (1, &"checksums".into()));
    report.failed(&["owner/tiny cannot be relied on"]);
    fetch(&desk, &hub).ok();
    run(&desk, &hub, &["model", "verify", TINY]).ok();
}

#[test]
fn a_file_that_was_deleted_from_the_cache_is_named_and_fetched_again() {
    let (desk, hub) = (Desk::new(), Hub::start());
    fetch(&desk, &hub).ok();
    let tokenizer = in_cache(&desk).join("snapshots").join(COMMIT).join("tokenizer.json");
    fs::remove_file(tokenizer).unwrap();
    let verified = run(&desk, &hub, &["model", "verify", TINY]);
    assert!(verified.out.contains("tokenizer.json is missing"), "{}", verified.out);
    verified.failed(&["cannot be relied on"]);
    run(&desk, &hub, &["model", "info", TINY]).failed(&["tokenizer.json is missing"]);
    let list = run(&desk, &hub, &["model", "list", "--json"]).ok().json();
    assert_eq!(list["models"][1]["missing"], "tokenizer.json is missing");
    run(&desk, &hub, &["embed", "桥", "--model", TINY]).ok();
}

#[test]
fn models_are_listed_shown_and_verified_without_a_hub() {
    let desk = Desk::new();
    let wenmai =
        |args: &[&str]| Run::of(&command(&desk, "http://127.0.0.1:1", args).output().unwrap()).ok();
    let list = wenmai(&["model", "list", "--json"]).json();
    let places: Vec<&str> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["place"].as_str().unwrap())
        .collect();
    assert_eq!((places[0], places[1]), ("program", "hub"));
    assert!(wenmai(&["model", "list"]).out.contains("wenmai-news-zh"));
    assert_eq!(wenmai(&["model", "info", "--json"]).json()["name"], "wenmai-news-zh");
    let info = wenmai(&["model", "info", "tests/fixtures/bert"]).out;
    assert!(info.contains("pooling     cls") && info.contains("62 tokens"), "{info}");
    let verified = wenmai(&["model", "verify"]).out;
    assert!(verified.contains("passed  vectors"), "{verified}");
}

#[test]
fn names_that_are_none_are_misuse_and_models_that_are_not_there_a_failure() {
    let (desk, hub) = (Desk::new(), Hub::start());
    for name in ["tiny", "owner/tiny/x", "../owner/tiny", "owner/tiny@a..b/../c"] {
        run(&desk, &hub, &["model", "fetch", name]).misused(&["owner/name@revision"]);
    }
    run(&desk, &hub, &["model"]).misused(&["Usage"]);
    run(&desk, &hub, &["model", "info", TINY]).failed(&["wenmai model fetch owner/tiny"]);
    run(&desk, &hub, &["model", "info", "./no/folder"]).failed(&["there is no folder ./no/folder"]);
    assert_eq!(hub.requests(), Vec::<String>::new());
}

#[test]
fn a_folder_that_is_there_is_never_asked_of_the_hub() {
    use wenmai::embed::hub::name::Source;
    // It could be a name, and tests run where it is a folder.
    let folder = std::path::Path::new("tests/fixtures");
    assert_eq!(Source::of(folder), Source::Folder(folder.to_owned()));
}
