//! Metrics: what Prometheus reads, and that dashboard and alerts ask for what there is.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use regex::Regex;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::Request;
use wenmai::proto::wire;

use crate::support::Running;
use crate::support::flood_and_others;

/// Status and body of a GET.
pub(crate) async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// One sample: name, labels, value.
#[derive(Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// What a scrape said: the samples, and every family's type.
pub(crate) struct Scraped {
    samples: Vec<Sample>,
    families: BTreeMap<String, String>,
}

impl Scraped {
    pub(crate) async fn of(running: &Running) -> Self {
        let (status, text) = get(running.metrics, "/metrics").await;
        assert_eq!(status, 200);
        Self::parse(&text)
    }

    /// Reads every line, or fails.
    fn parse(text: &str) -> Self {
        let series = Regex::new(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$").unwrap();
        let label = Regex::new(r#"([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)"#).unwrap();
        let (mut samples, mut families) = (Vec::new(), BTreeMap::new());
        assert!(text.ends_with("# EOF\n"), "{text}");
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                match (words.next().unwrap(), words.next(), words.next()) {
                    ("HELP" | "UNIT", Some(_), Some(_)) | ("EOF", None, None) => {}
                    ("TYPE", Some(name), Some(kind)) => {
                        let twice = families.insert(name.to_owned(), kind.to_owned());
                        assert!(twice.is_none(), "{name} is there twice");
                    }
                    _ => panic!("cannot be read: {line}"),
                }
                continue;
            }
            let found = series.captures(line).unwrap_or_else(|| panic!("cannot be read: {line}"));
            let inside = found.get(2).map_or("", |labels| labels.as_str());
            let labels: BTreeMap<_, _> =
                label.captures_iter(inside).map(|l| (l[1].to_owned(), l[2].to_owned())).collect();
            let read: usize = label.find_iter(inside).map(|l| l.len()).sum();
            assert_eq!(read, inside.len(), "cannot be read: {line}");
            let value = found[3].parse().unwrap_or_else(|_| panic!("cannot be read: {line}"));
            samples.push(Sample { name: found[1].to_owned(), labels, value });
        }
        Self { samples, families }
    }

    /// The value of the one series with these labels among its own.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |sample: &&Sample| {
            let has = |(key, value): &(&str, &str)| {
                sample.labels.get(*key).is_some_and(|given| given == value)
            };
            sample.name == name && labels.iter().all(has)
        };
        let found: Vec<_> = self.samples.iter().filter(fits).collect();
        match found.as_slice() {
            [] => 0.0,
            [one] => one.value,
            more => panic!("{name} {labels:?} names {} series", more.len()),
        }
    }

    fn names(&self) -> BTreeSet<&str> {
        self.samples.iter().map(|sample| sample.name.as_str()).collect()
    }

    fn labels(&self) -> BTreeSet<&str> {
        let own = self.samples.iter().flat_map(|sample| sample.labels.keys());
        own.map(String::as_str).collect()
    }
}

fn embed(text: &str) -> wire::EmbedTextsRequest {
    wire::EmbedTextsRequest { texts: vec![text.to_owned()], ..Default::default() }
}

async fn search(running: &Running, query: &str) {
    let request = wire::SearchArticlesRequest { query: query.into(), ..Default::default() };
    running.search().search_articles(request).await.unwrap();
}

#[tokio::test]
async fn metrics_can_ask_for_a_key_and_probes_need_none() {
    let desk = crate::cli::Desk::new();
    let keys = desk.file("keys", "metrics-key-of-this-test");
    let running =
        Running::start_with(|config| config.scrape.metrics_keys = Some(keys.into())).await;
    assert_eq!(get(running.metrics, "/metrics").await.0, 401);
    assert_eq!(get(running.metrics, "/livez").await.0, 200);
    let asked = |key: &str| format!("/metrics HTTP/1.1\r\nAuthorization: Bearer {key}\r\nX-Rest:");
    assert_eq!(get(running.metrics, &asked("another-key-of-this-test")).await.0, 401);
    let (code, text) = get(running.metrics, &asked("metrics-key-of-this-test")).await;
    assert!(code == 200 && text.ends_with("# EOF\n"), "{code}");
}

#[tokio::test]
async fn counters_move_by_what_was_done() {
    let running = Running::start().await;
    let before = Scraped::of(&running).await;
    running.with(flood_and_others()).await;
    for _ in 0..3 {
        search(&running, "清河水位").await;
    }
    running.embedding().embed_texts(embed("防汛")).await.unwrap();
    running.embedding().embed_texts(embed("")).await.unwrap_err();

    let after = loop {
        // Topics come a moment after the answer, and are counted when they are done.
        let scraped = Scraped::of(&running).await;
        let placings =
            |of: &Scraped| of.value("wenmai_stage_duration_seconds_count", &[("stage", "topics")]);
        let is_placed = scraped.value("wenmai_topic_lag_articles", &[]) < 0.5;
        if is_placed && placings(&scraped) > placings(&before) {
            break scraped;
        }
    };

    let moved = |name: &str, labels: &[(&str, &str)]| {
        after.value(name, labels) - before.value(name, labels)
    };
    let calls = |method: &str, code: &str| {
        let labels = [("rpc_method", method), ("rpc_response_status_code", code)];
        moved("rpc_server_call_duration_seconds_count", &labels)
    };
    let close = |given: f64, wanted: f64| assert!((given - wanted).abs() < 1e-9, "{given}");
    close(calls("wenmai.v1.SearchService/SearchArticles", "OK"), 3.0);
    close(calls("wenmai.v1.EmbeddingService/EmbedTexts", "OK"), 1.0);
    close(calls("wenmai.v1.EmbeddingService/EmbedTexts", "INVALID_ARGUMENT"), 1.0);
    close(calls("wenmai.v1.ArticleService/BatchUpsertArticles", "OK"), 1.0);
    close(moved("wenmai_articles_ingested_total", &[("outcome", "created")]), 5.0);
    close(moved("wenmai_index_articles", &[]), 5.0);
    assert!(after.value("wenmai_topics", &[("level", "event")]) >= 1.0);
    // Three questions and one text; title and lead of five articles.
    assert!(moved("wenmai_embed_texts_total", &[]) >= 9.0);
    assert!(moved("wenmai_embed_batch_tokens_sum", &[]) > 20.0);
    for stage in ["tokenize", "forward", "embed_wait", "terms", "write"] {
        assert!(moved("wenmai_stage_duration_seconds_count", &[("stage", stage)]) > 0.0, "{stage}");
    }
    for stage in ["question", "candidates", "rank", "show"] {
        close(moved("wenmai_stage_duration_seconds_count", &[("stage", stage)]), 3.0);
    }
    let upserts = [("operation", "upsert")];
    assert!(moved("wenmai_store_operation_duration_seconds_count", &upserts) >= 1.0);
    close(after.value("wenmai_calls_active", &[("lane", "read")]), 0.0);
    close(after.value("wenmai_ready", &[]), 1.0);
}

#[tokio::test]
async fn a_text_longer_than_its_windows_is_counted_as_truncated() {
    let running = Running::start().await;
    // 64 windows of 128 tokens, one a character.
    let text = "水".repeat(64 * 128 + 1);
    running.embedding().embed_texts(embed(&text)).await.unwrap();
    running.embedding().embed_texts(embed("水")).await.unwrap();
    let scraped = Scraped::of(&running).await;
    assert!((scraped.value("wenmai_embed_truncations_total", &[]) - 1.0).abs() < 1e-9);
}

#[tokio::test]
async fn methods_that_are_none_share_one_name() {
    let running = Running::start().await;
    for n in 0..20 {
        let mut client = tonic::client::Grpc::new(running.channel.clone());
        client.ready().await.unwrap();
        let path = format!("/wenmai.v1.EmbeddingService/Nothing{n}").parse().unwrap();
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        client.unary(Request::new(()), path, codec).await.unwrap_err();
    }
    let scraped = Scraped::of(&running).await;
    let other = [("rpc_method", "_OTHER"), ("rpc_response_status_code", "UNIMPLEMENTED")];
    let count = scraped.value("rpc_server_call_duration_seconds_count", &other);
    assert!((count - 20.0).abs() < 1e-9, "{count}");
    let counts = |sample: &&Sample| sample.name == "rpc_server_call_duration_seconds_count";
    assert_eq!(scraped.samples.iter().filter(counts).count(), 1);
}

#[tokio::test]
async fn a_denied_call_is_counted_by_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("read");
    fs::write(&keys, "read-key-of-this-test").unwrap();
    let running = Running::start_with(|config| config.keys.read_keys = Some(keys)).await;
    let mut client = running.embedding();
    client.embed_texts(embed("水")).await.unwrap_err();
    for key in ["Bearer another-key-of-this", "Bearer read-key-of-this-test"] {
        let mut request = Request::new(wire::BatchUpsertArticlesRequest::default());
        request.metadata_mut().insert("authorization", key.parse().unwrap());
        running.articles().batch_upsert_articles(request).await.unwrap_err();
    }
    let scraped = Scraped::of(&running).await;
    for reason in ["no_key", "wrong_key", "read_only"] {
        let count = scraped.value("wenmai_auth_denied_total", &[("reason", reason)]);
        assert!((count - 1.0).abs() < 1e-9, "{reason}: {count}");
    }
}

#[tokio::test]
async fn readiness_follows_the_store_and_liveness_does_not() {
    let running = Running::start().await;
    assert_eq!(get(running.metrics, "/readyz").await, (200, "ok\n".into()));
    running.store.close().await.unwrap();
    assert_eq!(get(running.metrics, "/readyz").await, (503, "store is away\n".into()));
    assert_eq!(get(running.metrics, "/livez").await.0, 200);
    assert_eq!(get(running.metrics, "/").await.0, 404);
    let scraped = Scraped::of(&running).await;
    assert!(scraped.value("wenmai_ready", &[]).abs() < 1e-9);
    assert!(scraped.value("wenmai_store_errors_total", &[("kind", "closed")]) >= 1.0);
}

/// The questions to Prometheus in a file of `deploy/`: the values of `expr`.
fn questions(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file);
    let text = fs::read_to_string(path).unwrap();
    if std::path::Path::new(file).extension().is_some_and(|ending| ending == "json") {
        let mut found = Vec::new();
        collect(&serde_json::from_str(&text).unwrap(), &mut found);
        return found;
    }
    let of_line = |line: &str| Some(line.trim().strip_prefix("expr: ")?.to_owned());
    text.lines().filter_map(of_line).collect()
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            found.extend(fields.get("expr").and_then(|expr| expr.as_str()).map(str::to_owned));
            fields.values().for_each(|value| collect(value, found));
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}

/// Words of a question that may be names: what is quoted, durations and functions aside.
fn words(question: &str) -> Vec<String> {
    let quoted = Regex::new(r#""[^"]*""#).unwrap();
    let rest = quoted.replace_all(question, "");
    let word = Regex::new(r"[a-zA-Z_][a-zA-Z0-9_]*\b(\s*\(| (by|without)\b)?").unwrap();
    let keywords = ["and", "or", "unless", "on", "ignoring", "le", "bool"];
    let spans = Regex::new(r"\[[^\]]*\]").unwrap();
    let rest = spans.replace_all(&rest, "").into_owned();
    word.find_iter(&rest)
        .map(|found| found.as_str().to_owned())
        .filter(|word| !word.contains(['(', ' ']) && !keywords.contains(&word.as_str()))
        .collect()
}

#[tokio::test]
async fn dashboard_and_alerts_ask_for_what_there_is() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    search(&running, "清河水位").await;
    let scraped = Scraped::of(&running).await;
    let (names, labels) = (scraped.names(), scraped.labels());
    // What Prometheus itself adds.
    let added = BTreeSet::from(["job", "instance", "up"]);

    for (file, least) in [("grafana/wenmai.json", 15), ("prometheus/wenmai-rules.yaml", 8)] {
        let questions = questions(file);
        assert!(questions.len() >= least, "{file}: {}", questions.len());
        for question in questions {
            let words = words(&question);
            assert!(
                words.iter().any(|word| names.contains(word.as_str()) || word == "up"),
                "{file}: `{question}` asks for no metric"
            );
            for word in words {
                let word = word.as_str();
                let known = names.contains(word) || labels.contains(word) || added.contains(word);
                assert!(known, "{file}: `{word}` of `{question}` does not exist");
            }
        }
    }
}

#[tokio::test]
async fn the_page_for_operators_names_every_metric_and_no_other() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let scraped = Scraped::of(&running).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/observe.md");
    let text = fs::read_to_string(path).unwrap();
    let name = Regex::new(r"`((?:rpc_server|wenmai|process)_[a-z_]+)`").unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let told: BTreeSet<String> = rows
        .flat_map(|row| {
            name.captures_iter(row).map(|found| found[1].to_owned()).collect::<Vec<_>>()
        })
        .map(|name| name.strip_suffix("_total").unwrap_or(&name).to_owned())
        .collect();
    let there: BTreeSet<String> = scraped.families.into_keys().collect();
    assert_eq!(told, there);
}

#[test]
fn the_dashboard_has_the_shape_that_grafana_reads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana/wenmai.json");
    let board: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(board["schemaVersion"].as_u64().unwrap() >= 36);
    assert!(!board["uid"].as_str().unwrap().is_empty() && !board["title"].is_null());
    let mut ids = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is used twice");
        let place = &panel["gridPos"];
        let (x, w) = (place["x"].as_u64().unwrap(), place["w"].as_u64().unwrap());
        assert!(x + w <= 24 && place["h"].as_u64().unwrap() > 0, "{title}");
        if panel["type"] == "row" {
            continue;
        }
        assert!(!panel["targets"].as_array().unwrap().is_empty(), "{title}");
        for target in panel["targets"].as_array().unwrap() {
            assert!(!target["refId"].as_str().unwrap().is_empty(), "{title}");
        }
    }
}

#[tokio::test]
async fn every_metric_has_a_type_and_begins_with_whose_it_is() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let scraped = Scraped::of(&running).await;
    let suffixes = ["_total", "_bucket", "_count", "_sum"];
    for name in scraped.names() {
        let family = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name);
        let known = scraped.families.contains_key(family) || scraped.families.contains_key(name);
        assert!(known, "{name} has no type");
        let owned = ["rpc_server_", "wenmai_", "process_"].iter().any(|own| name.starts_with(own));
        assert!(owned, "{name}");
    }
}
