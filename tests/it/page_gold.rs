//! Whole pages against what a reader sees on them: our own sample pages always, the real page of
//! the development data where it is there.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;
use wenmai::domain::article::Jump;
use wenmai::domain::article::Record;
use wenmai::page::Issue;
use wenmai::page::Page;
use wenmai::page::parse;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Text without white space, half and full width alike.
fn folded(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).collect()
}

fn word<'a>(gold: &'a Value, key: &str) -> &'a str {
    gold[key].as_str().unwrap_or_default()
}

fn page_of(name: &Path, gold: &Value) -> Page {
    let text = std::fs::read_to_string(name).unwrap();
    let issue = Issue {
        paper: word(gold, "paper").to_owned(),
        date: Some(word(gold, "date").parse().unwrap()),
        page: serde_json::from_value(gold["page"].clone()).unwrap(),
        ..Issue::default()
    };
    parse(&text, &issue)
}

fn check_page(markdown: &Path) {
    let gold = std::fs::read_to_string(markdown.with_extension("gold.json")).unwrap();
    let gold: Value = serde_json::from_str(&gold).unwrap();
    let page = page_of(markdown, &gold);
    let expected = gold["articles"].as_array().unwrap();
    let titles: Vec<_> = page.articles.iter().map(|p| p.article.record.title.clone()).collect();
    assert_eq!(page.articles.len(), expected.len(), "{}: {titles:?}", markdown.display());
    for (parsed, gold) in page.articles.iter().zip(expected) {
        check_headings(&parsed.article.record, gold);
        check_text(&parsed.article.record, gold);
        check_pointers(&parsed.article.record, gold, &page);
    }
}

fn check_headings(record: &Record, gold: &Value) {
    let what = &record.title;
    let judged = ["news", "comment", "feature"];
    let kind = word(gold, "kind");
    let alike = judged.contains(&kind) && judged.contains(&record.kind.name());
    assert!(alike || kind == record.kind.name(), "{what}: {kind}, read as {:?}", record.kind);
    assert_eq!(folded(&record.title), folded(word(gold, "title")));
    assert_eq!(folded(&record.subtitle), folded(word(gold, "subtitle")), "{what}");
    assert_eq!(folded(&record.kicker), folded(word(gold, "kicker")), "{what}");
    assert_eq!(folded(&record.section), folded(word(gold, "section")), "{what}");
    let credit: Vec<_> = record.captions.iter().map(|caption| caption.credit.as_str()).collect();
    if let Some(expected) = gold["credit"].as_str() {
        assert_eq!(credit, [expected], "{what}");
    }
    if let Some(byline) = gold["byline"].as_array() {
        let names: Vec<_> = record.byline.iter().map(|person| person.name.as_str()).collect();
        let expected: Vec<_> = byline.iter().filter_map(Value::as_str).collect();
        assert_eq!(names, expected, "{what}");
    }
}

fn check_text(record: &Record, gold: &Value) {
    let what = &record.title;
    let body = folded(&record.body());
    assert!(body.starts_with(&folded(word(gold, "body_starts"))), "{what}: {body:.60}");
    assert!(body.ends_with(&folded(word(gold, "body_ends"))), "{what}: {body}");
    for seam in gold["joined_seams"].as_array().into_iter().flatten() {
        let seam = seam.as_str().unwrap();
        let joined = record.paragraphs.iter().any(|p| folded(p).contains(&folded(seam)));
        assert!(joined, "{what}: seam {seam} not joined");
    }
    if let Some(count) = gold["paragraphs"].as_u64() {
        assert_eq!(record.paragraphs.len() as u64, count, "{what}");
    }
    assert_eq!(folded(&record.source_note), folded(word(gold, "source_note")), "{what}");
}

fn check_pointers(record: &Record, gold: &Value, page: &Page) {
    let what = &record.title;
    let to = match record.jump {
        Some(Jump::ToPage(to)) => Some(u64::from(to.number())),
        Some(Jump::FromPage(_)) | None => None,
    };
    assert_eq!(to, gold["jump_to_page"].as_u64(), "{what}");
    if let Some(announced) = gold["teaser_of"].as_str() {
        let id = record.teaser_of.expect("a teaser of an article on the page");
        let article = page.articles.iter().find(|p| p.article.id == id).unwrap();
        assert_eq!(folded(&article.article.record.title), folded(announced));
    }
    if let Some(expected) = gold["dateline"].as_object() {
        let dateline = record.dateline.clone().unwrap();
        assert_eq!(dateline.raw, expected["raw"].as_str().unwrap(), "{what}");
        assert_eq!(dateline.place, expected["place"].as_str().unwrap_or_default(), "{what}");
        let day = |key: &str| expected[key].as_str().map(|day| day.parse().unwrap());
        assert_eq!(dateline.date_from, day("date_from"), "{what}");
        assert_eq!(dateline.date_to, day("date_to"), "{what}");
    }
    if let Some(names) = gold["names"].as_object() {
        assert_eq!(record.staff.len(), names.len());
        for line in &record.staff {
            assert_eq!(names[&line.duty].as_str(), Some(line.names.join(" ").as_str()));
        }
        assert!(record.byline.is_empty(), "staff are no authors");
    }
}

#[test]
fn the_real_page_is_read_exactly() {
    let page = root().join("../shared/data/pages/liaocheng-20240314-p1.md");
    if !page.exists() {
        eprintln!("skipped: the development data are not beside the repository");
        return;
    }
    check_page(&page);
}

#[test]
fn our_own_pages_are_read_exactly() {
    let folder = root().join("tests/fixtures/pages");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.with_extension("gold.json").exists())
        .collect();
    pages.sort();
    assert!(pages.len() >= 4, "sample pages are missing");
    for page in pages {
        check_page(&page);
    }
}

#[test]
fn only_the_masthead_is_left_over() {
    let folder = root().join("tests/fixtures/pages");
    let masthead = ["清河日报", "2025年9月10日 星期三 农历乙巳年七月十九 今日4版"];
    for (name, expected) in [("qinghe-20250908-p1", &[][..]), ("qinghe-20250910-p1", &masthead)] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("md")).unwrap();
        let page = parse(&text, &Issue::default());
        let left: Vec<_> = page.unassigned.iter().filter_map(|span| span.of(&text)).collect();
        assert_eq!(left, expected, "{name}");
    }
}
