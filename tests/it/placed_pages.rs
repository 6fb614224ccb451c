//! Pages as files whose lines have places: over the contract and on the command line.

use std::collections::BTreeSet;
use std::path::Path;

use wenmai::proto::wire;

use crate::cli::Desk;
use crate::support::Running;
use crate::support::invalid;
use crate::support::told;

const FOLDER: &str = "tests/fixtures/layout";

fn file(name: &str) -> wire::PageFile {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(name);
    wire::PageFile { data: std::fs::read(path).unwrap(), ..wire::PageFile::default() }
}

fn issue() -> wire::Issue {
    let date = Some(wire::Date { year: 2025, month: 9, day: 14 });
    wire::Issue { paper: "清河日报".into(), date, page: "1".into(), ..wire::Issue::default() }
}

fn parse(file: wire::PageFile) -> wire::ParsePageRequest {
    wire::ParsePageRequest { text: String::new(), issue: Some(issue()), file: Some(file) }
}

fn titles(page: &wire::ParsePageResponse) -> BTreeSet<String> {
    let records = page.articles.iter().filter_map(|parsed| parsed.record.as_ref());
    records.map(|record| record.title.clone()).filter(|title| !title.is_empty()).collect()
}

#[tokio::test]
async fn a_page_as_a_file_is_parsed_with_the_places_of_its_lines() {
    let running = Running::start().await;
    let mut all = BTreeSet::new();
    for name in ["qinghe.pdf", "qinghe.alto.xml", "qinghe.hocr", "qinghe.mineru.json"] {
        let request = parse(wire::PageFile { draw: true, ..file(name) });
        let page = running.articles().parse_page(request).await.unwrap().into_inner();
        all.insert(titles(&page));
        let layout = page.layout.unwrap();
        assert_eq!(layout.page_count, 1, "{name}");
        assert!(layout.svg.starts_with("<svg"), "{name}");
        // The first line of an article's headline is where its text says.
        let title = page.articles[0].spans.as_ref().unwrap().title[0];
        let line =
            layout.lines.iter().find(|line| line.span.unwrap().start_char == title.start_char);
        let line = line.unwrap();
        assert_eq!(line.article_index, Some(0), "{name}");
        let place = line.r#box.unwrap();
        assert!(place.right > place.left && place.bottom <= layout.height, "{name}: {place:?}");
        let reasons: BTreeSet<&str> =
            layout.left_out.iter().map(|part| part.reason.as_str()).collect();
        assert_eq!(reasons, BTreeSet::from(["masthead"]), "{name}");
    }
    assert_eq!(all.len(), 1, "{all:?}");
    assert!(all.iter().all(|titles| titles.len() >= 4), "{all:?}");
}

#[tokio::test]
async fn files_that_cannot_be_read_are_refused_with_the_reason() {
    let running = Running::start().await;
    let bad = |data: &[u8], format: &str| {
        let format = format.to_owned();
        parse(wire::PageFile { data: data.to_vec(), format, ..wire::PageFile::default() })
    };
    let cases = [
        (bad(b"%PDF-1.7 nothing", ""), "file.data", "no PDF"),
        (bad(b"## a page", ""), "file.data", "none of ALTO"),
        (bad(b"<alto/>", "docx"), "file.format", "no known format"),
        (parse(wire::PageFile { page_index: 7, ..file("qinghe.pdf") }), "file.data", "1 pages"),
        (wire::ParsePageRequest { text: "桥".into(), ..parse(file("qinghe.pdf")) }, "file", "both"),
    ];
    for (request, field, reason) in cases {
        let status = running.articles().parse_page(request).await.unwrap_err();
        assert_eq!(told(&status), invalid(&[field]), "{reason}");
        let details = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
        let said = &details.field_violations[0].description;
        assert!(said.contains(reason), "{said}");
    }
}

#[tokio::test]
async fn the_articles_of_an_ingested_pdf_are_stored() {
    let running = Running::start().await;
    // The fake model waits at a character that the page has.
    running.gate.open();
    let request = wire::IngestPageRequest {
        text: String::new(),
        issue: Some(issue()),
        file: Some(file("qinghe.pdf")),
        min_confidence: None,
    };
    let answer = running.articles().ingest_page(request).await.unwrap().into_inner();
    assert!(answer.layout.is_some());
    let stored = answer
        .articles
        .iter()
        .filter(|one| matches!(one.outcome, Some(wire::page_article::Outcome::Ingested(_))));
    assert!(stored.count() >= 4);
}

#[test]
fn a_pdf_is_parsed_drawn_and_explained_on_the_command_line() {
    let desk = Desk::new();
    let svg = desk.path("page.svg").display().to_string();
    let pdf = format!("{FOLDER}/qinghe.pdf");
    let run = desk.run(&["parse", &pdf, "--svg", &svg, "--explain"]).ok();
    for words in ["title:", "body:", "under-headline", "left out: 3 masthead"] {
        assert!(run.out.contains(words), "`{words}` is not in {}", run.out);
    }
    assert!(std::fs::read_to_string(&svg).unwrap().contains("<rect"));
    let alto = format!("{FOLDER}/qinghe.alto.xml");
    let mets = "<mets><fileSec><fileGrp USE='ALTO'><file ID='A1'><FLocat href='qinghe.alto.xml'/>\
                </file></fileGrp></fileSec></mets>";
    let mets = desk.file("mets.xml", mets);
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(alto), desk.path("qinghe.alto.xml"))
        .unwrap();
    let json = |path: &str| {
        let out = desk.run(&["parse", path, "--json"]).ok().out;
        let page: serde_json::Value = serde_json::from_str(&out).unwrap();
        let articles = page["articles"].as_array().unwrap().clone();
        articles.iter().map(|article| article["record"]["title"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(json(&mets), json(&pdf));
    let scan = desk.file("scan.pdf", "%PDF-1.4 broken");
    let run = desk.run(&["parse", &scan]);
    assert_ne!(run.code, 0);
    assert!(run.err.contains("it is no PDF"), "{}", run.err);
    let run = desk.run(&["ingest", &pdf, "--dry-run"]).ok();
    assert!(!run.out.is_empty() || !run.err.is_empty());
}
