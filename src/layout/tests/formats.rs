//! One page in all formats: the same articles from each.

use std::path::PathBuf;

use super::compose::Composed;
use super::compose::compose_to;
use super::plain;
use super::style;
use super::write;
use crate::Layout;
use crate::analyse;
use crate::open;
use wenmai_page::Issue;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/layout"))
}

/// The page of the fixtures: three rows, kickers, subtitles, bylines, staff.
fn fixture() -> Composed {
    compose_to(&style::TUNED[0], 4, 700.0)
}

/// Files of the fixture's page, by name.
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    let Composed { sheet, .. } = fixture();
    vec![
        ("qinghe.alto.xml", write::alto(&sheet).into_bytes()),
        ("qinghe.hocr", write::hocr(&sheet).into_bytes()),
        ("qinghe.page.xml", write::page_xml(&sheet).into_bytes()),
        ("qinghe.bbox.html", write::bbox(&sheet).into_bytes()),
        ("qinghe.paddle.json", write::paddle(&sheet).into_bytes()),
        ("qinghe.ocr-v5.json", write::structure(&sheet).into_bytes()),
        ("qinghe.mineru.json", write::mineru(&sheet).into_bytes()),
        ("qinghe.pdf", write::pdf(&[&sheet], write::Fonts::Mapped)),
    ]
}

/// What stands on a page: kind, kicker, title, subtitle and paragraphs of each article.
fn said(layout: &Layout) -> Vec<[String; 5]> {
    let records = layout.page.articles.iter().map(|parsed| &parsed.article.record);
    records
        .map(|record| {
            [
                record.kind.name().to_owned(),
                record.kicker.clone(),
                record.title.clone(),
                record.subtitle.clone(),
                record.body(),
            ]
        })
        .collect()
}

#[test]
#[ignore = "writes tests/fixtures/layout"]
fn fixtures_are_written() {
    std::fs::create_dir_all(folder()).unwrap();
    for (name, bytes) in files() {
        std::fs::write(folder().join(name), bytes).unwrap();
    }
}

#[test]
fn all_formats_give_the_same_articles() {
    let Composed { gold, .. } = fixture();
    let mut first: Option<Vec<[String; 5]>> = None;
    for (name, _) in files() {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let (sheet, pages) = open(&bytes, None, 0).unwrap_or_else(|refused| {
            panic!("{name}: {}", refused.reason());
        });
        assert_eq!(pages, 1, "{name}");
        let found = said(&analyse(&sheet, &Issue::default()));
        for article in &gold {
            let title = plain(&article.title);
            let hit = found.iter().find(|one| plain(&one[2]) == title);
            let hit = hit.unwrap_or_else(|| panic!("{name}: {title} is missing"));
            assert_eq!(hit[4], article.body.join("\n"), "{name}: {title}");
            assert_eq!((&hit[1], &hit[3]), (&article.kicker, &article.subtitle), "{name}: {title}");
        }
        let first = first.get_or_insert_with(|| found.clone());
        assert_eq!(*first, found, "{name}");
    }
}
