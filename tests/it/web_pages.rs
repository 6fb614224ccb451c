//! Web pages of e-papers, news sites and offices: the article is found, and nothing beside it.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use wenmai::domain::article::Record;
use wenmai::page::Issue;
use wenmai::page::parse;

/// Pages with their labels, by name.
fn pages() -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/web");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ending| ending == "html")).collect();
    pages.sort();
    assert!(pages.len() >= 7, "sample pages are missing");
    let labels = |path: &Path| std::fs::read_to_string(path.with_extension("json")).unwrap();
    pages.into_iter().map(|path| (path.clone(), labels(&path).parse().unwrap())).collect()
}

/// The only article of a page.
fn article(text: &str) -> Record {
    let page = parse(text, &Issue::default());
    let is_article = |record: &&Record| record.kind.is_article();
    let mut records = page.articles.iter().map(|parsed| &parsed.article.record).filter(is_article);
    let first = records.next().expect("an article").clone();
    let more: Vec<_> = records.map(|record| (&record.title, record.body())).collect();
    assert!(more.is_empty(), "{}: beside it {more:?}", first.title);
    first
}

fn word<'a>(labels: &'a Value, key: &str) -> &'a str {
    labels[key].as_str().unwrap_or_default()
}

fn words<'a>(labels: &'a Value, key: &str) -> Vec<&'a str> {
    labels[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// All that a record says, in one text.
fn all_of(record: &Record) -> String {
    let mut parts = vec![record.title.clone(), record.kicker.clone(), record.subtitle.clone()];
    parts.extend([record.section.clone(), record.source_note.clone(), record.body()]);
    parts.extend(record.captions.iter().map(|caption| caption.text.clone()));
    parts.join("\n")
}

fn check(name: &str, record: &Record, labels: &Value) {
    assert_eq!(record.title, word(labels, "title"), "{name}");
    for (key, found) in [("kicker", &record.kicker), ("subtitle", &record.subtitle)] {
        assert_eq!(found, word(labels, key), "{name}: {key}");
    }
    if !word(labels, "source").is_empty() {
        assert_eq!(record.source, word(labels, "source"), "{name}");
    }
    let day = record.published_at.map(|at| at.date().to_string());
    assert_eq!(day.as_deref(), labels["day"].as_str(), "{name}");
    let names: Vec<&str> = record.byline.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(names, words(labels, "byline"), "{name}");
    let body = record.body();
    assert!(body.starts_with(word(labels, "starts")), "{name}: {body}");
    assert!(body.ends_with(word(labels, "ends")), "{name}: {body}");
    if let Some(count) = labels["paragraphs"].as_u64() {
        assert_eq!(record.paragraphs.len() as u64, count, "{name}: {body}");
    }
    for part in words(labels, "contains") {
        assert!(body.contains(part), "{name}: {part} is not in {body}");
    }
    let all = all_of(record);
    for part in words(labels, "without") {
        assert!(!all.contains(part), "{name}: {part} is in {all}");
    }
}

#[test]
fn the_article_of_a_web_page_is_found_alone() {
    for (path, labels) in pages() {
        let text = std::fs::read_to_string(&path).unwrap();
        check(&path.file_stem().unwrap().to_string_lossy(), &article(&text), &labels);
    }
}

#[test]
fn a_page_in_gbk_reads_like_one_in_utf_8() {
    for (path, _) in pages() {
        let text = std::fs::read_to_string(&path).unwrap().replace("utf-8", "gbk");
        let (bytes, _, lossy) = encoding_rs::GBK.encode(&text);
        assert!(!lossy, "{}", path.display());
        let decoded = wenmai::engine::decode("file", &bytes).unwrap();
        assert_eq!(article(&decoded.text), article(&text), "{}", path.display());
    }
}
