//! Bad input: a named reason, bounded time, nothing lost and nothing invented.

use std::collections::HashMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::compose::compose;
use super::compose::compose_to;
use super::style;
use super::write;
use crate::Layout;
use crate::LeftOut;
use crate::Line;
use crate::Rect;
use crate::Refused;
use crate::Sheet;
use crate::analyse;
use crate::open;
use crate::open_all;
use wenmai_page::Issue;

/// Panics where a character of the text is in no part, or in two, or a line of the page is missing.
fn check(sheet: &Sheet, layout: &Layout) {
    let text = layout.page.extracted.as_deref().unwrap();
    let mut all: Vec<_> =
        layout.page.articles.iter().flat_map(|parsed| parsed.spans.spans()).collect();
    all.extend(&layout.page.unassigned);
    all.extend(&layout.page.marks);
    all.sort_unstable();
    let mut end = 0;
    for span in all {
        assert!(span.start >= end, "{span:?} overlaps in {text}");
        let between = &text[end..span.start];
        assert!(between.trim().is_empty(), "{between:?} lost in {text}");
        end = span.end;
    }
    assert!(text[end..].trim().is_empty());
    let mut printed: HashMap<String, i64> = HashMap::new();
    for line in &sheet.lines {
        let plain: String = line.text.split_whitespace().collect();
        *printed.entry(plain).or_default() += 1;
    }
    for line in &layout.lines {
        let words: String = line.span.of(text).unwrap().split_whitespace().collect();
        *printed.entry(words).or_default() -= 1;
    }
    let wrong: Vec<_> = printed.iter().filter(|(text, n)| **n != 0 && !text.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn composed_pages_lose_and_invent_nothing() {
    for style in style::TUNED.iter().chain(style::APART) {
        let sheet = compose(style, 77).sheet;
        check(&sheet, &analyse(&sheet, &Issue::default()));
    }
}

#[test]
fn pdfs_that_hold_no_characters_are_refused_with_the_reason() {
    let sheet = compose_to(&style::TUNED[0], 1, 300.0).sheet;
    let pictures = Sheet {
        lines: Vec::new(),
        pictures: vec![Rect::new(0.0, 0.0, sheet.width, sheet.height)],
        ..sheet.clone()
    };
    let scan = write::pdf(&[&pictures], write::Fonts::Mapped);
    assert_eq!(open(&scan, None, 0), Err(Refused::NoTextLayer));
    let mute = write::pdf(&[&sheet], write::Fonts::Mute);
    assert_eq!(open(&mute, None, 0), Err(Refused::NoCharacters));
    let locked = {
        let objects = [
            b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>".to_vec(),
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>".to_vec(),
        ];
        let secret = "41".repeat(32);
        let id = "42".repeat(16);
        let more = format!(
            "/ID[<{id}><{id}>]/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<{secret}>/U<{secret}>>>"
        );
        write::file(&objects, &more)
    };
    assert_eq!(open(&locked, None, 0), Err(Refused::Encrypted));
    assert!(matches!(open(b"%PDF-1.7\nnothing", None, 0), Err(Refused::Malformed(_))));
    assert_eq!(open(b"## \xe6\xb8\x85", None, 0), Err(Refused::Unknown));
    assert_eq!(open(b"<alto><Layout><Page/></Layout></alto>", None, 0), Err(Refused::Empty));
    assert_eq!(open(b"[[[", None, 0).unwrap_err().name(), "MALFORMED");
}

#[test]
fn every_page_of_a_long_pdf_is_read() {
    let sheet = compose_to(&style::TUNED[0], 1, 200.0).sheet;
    let sheets = vec![&sheet; 500];
    let pdf = write::pdf(&sheets, write::Fonts::Mapped);
    let pages = open_all(&pdf, crate::Format::Pdf).unwrap();
    assert_eq!(pages.len(), 500);
    let lines = sheet.lines.len();
    assert!(pages.iter().all(|page| page.as_ref().is_ok_and(|page| page.lines.len() == lines)));
    assert_eq!(open(&pdf, None, 499).unwrap().1, 500);
    assert_eq!(open(&pdf, None, 500), Err(Refused::NoSuchPage(500)));
}

/// ALTO of `count` strings, each a line of its own, in columns.
fn many(count: usize) -> String {
    let mut xml = String::from("<alto><Layout><Page WIDTH=\"20000\" HEIGHT=\"40000\">");
    for at in 0..count {
        let (column, row) = (at % 100, at / 100);
        let _ = write!(
            xml,
            "<TextLine><String CONTENT=\"清河大桥主桥合龙了\" HPOS=\"{}\" VPOS=\"{}\" WIDTH=\"180\" \
             HEIGHT=\"20\"/></TextLine>",
            column * 200,
            row * 26
        );
    }
    xml.push_str("</Page></Layout></alto>");
    xml
}

#[test]
fn two_hundred_thousand_strings_take_time_in_proportion() {
    let time = |count: usize| {
        let xml = many(count);
        let since = std::time::Instant::now();
        let (sheet, _) = open(xml.as_bytes(), None, 0).unwrap();
        let layout = analyse(&sheet, &Issue::default());
        assert_eq!(layout.lines.len(), count);
        since.elapsed().as_secs_f64()
    };
    let (few, all) = (time(20_000), time(200_000));
    // Ten times the strings: n log n is twelve times, and machines are shared.
    assert!(all < 40.0 * few.max(0.05), "{few} s, {all} s");
}

#[test]
fn too_many_lines_are_refused() {
    let xml = many(250_001);
    assert_eq!(open(xml.as_bytes(), None, 0), Err(Refused::TooManyLines(250_001)));
}

#[test]
fn lines_without_a_place_are_named_and_kept() {
    let mut sheet = compose_to(&style::TUNED[0], 2, 300.0).sheet;
    let line = |left: f32, top: f32, width: f32, text: &str| Line {
        rect: Rect { left, top, right: left + width, bottom: top + 12.0 },
        text: text.into(),
        ..Line::default()
    };
    sheet.lines.push(line(5_000.0, 10.0, 100.0, "页外的一行"));
    sheet.lines.push(line(50.0, 10.0, 0.0, "没有宽度的一行"));
    sheet.lines.push(line(50.0, f32::NAN, 40.0, "没有高度的一行"));
    let layout = analyse(&sheet, &Issue::default());
    check(&sheet, &layout);
    let astray = layout.left_out.iter().filter(|(why, _)| *why == LeftOut::Astray).count();
    assert_eq!(astray, 3);
    assert!(layout.notes.iter().any(|note| note.contains("3 lines")), "{:?}", layout.notes);
}

#[test]
fn two_pages_scanned_as_one_are_read_one_after_the_other() {
    let (a, b) = (compose(&style::TUNED[0], 3), compose(&style::TUNED[0], 5));
    let wide = a.sheet.width;
    let mut sheet = a.sheet;
    for mut line in b.sheet.lines {
        line.rect.left += wide;
        line.rect.right += wide;
        sheet.lines.push(line);
    }
    sheet.width = 2.0 * wide;
    sheet.height = sheet.height.max(b.sheet.height);
    let layout = analyse(&sheet, &Issue::default());
    check(&sheet, &layout);
    assert!(layout.notes.iter().any(|note| note.contains("two pages")));
    let titles: Vec<String> = layout
        .page
        .articles
        .iter()
        .map(|parsed| super::plain(&parsed.article.record.title))
        .filter(|title| !title.is_empty())
        .collect();
    let meant: Vec<&str> = a.gold.iter().map(|gold| gold.title.as_str()).collect();
    let first = titles.iter().take(meant.len());
    assert!(first.clone().all(|title| meant.iter().any(|gold| super::plain(gold) == *title)));
}

#[test]
fn a_page_of_advertisements_holds_no_article() {
    let line = |top: f32, size: f32, text: &str| Line {
        rect: Rect::new(40.0, top, 40.0 + size * crate::print::ems(text), top + size * 1.1),
        text: text.into(),
        ..Line::default()
    };
    let lines = vec![
        line(20.0, 40.0, "望江华府 盛大开盘"),
        line(80.0, 14.0, "首付八万起 全场九折优惠！"),
        line(100.0, 14.0, "销售电话：0999-8866123 8866124"),
        line(120.0, 14.0, "地址：清河县滨河路66号"),
        line(140.0, 14.0, "广告"),
    ];
    let sheet = Sheet {
        width: 600.0,
        height: 800.0,
        lines,
        frames: vec![Rect::new(20.0, 10.0, 580.0, 200.0)],
        ..Sheet::default()
    };
    let layout = analyse(&sheet, &Issue::default());
    check(&sheet, &layout);
    assert!(layout.page.articles.is_empty(), "{:?}", layout.page.articles);
    assert!(layout.notes.iter().any(|note| note.contains("advertisements")));
    assert!(layout.left_out.iter().all(|(why, _)| *why == LeftOut::Advertisement));
}

#[test]
fn a_page_of_another_language_is_read_as_what_it_is() {
    let hocr = "<div class='ocr_page' title='bbox 0 0 800 600'>\
        <span class='ocr_line' title='bbox 10 10 400 50'><span class='ocrx_word' title='bbox 10 10 200 50'>Bridge</span> \
        <span class='ocrx_word' title='bbox 210 10 400 50'>opens</span></span>\
        <span class='ocr_line' title='bbox 10 70 300 85'><span class='ocrx_word' title='bbox 10 70 90 85'>The</span> \
        <span class='ocrx_word' title='bbox 100 70 300 85'>bridge opened.</span></span>\
        <span class='ocr_line' title='bbox 10 90 300 105'><span class='ocrx_word' title='bbox 10 90 300 105'>It is long and wide.</span></span></div>";
    let (sheet, _) = open(hocr.as_bytes(), None, 0).unwrap();
    let layout = analyse(&sheet, &Issue::default());
    check(&sheet, &layout);
    let record = &layout.page.articles[0].article.record;
    assert_eq!(record.title, "Bridge opens");
    assert!(record.body().starts_with("The bridge opened."));
}

fn any_sheet() -> impl Strategy<Value = Sheet> {
    let place = || -100.0_f32..1_100.0;
    let rect = (place(), place(), -5.0_f32..300.0, -5.0_f32..80.0)
        .prop_map(|(left, top, w, h)| Rect { left, top, right: left + w, bottom: top + h });
    let text = "[清河大桥合龙。，“”（）记者摄版导读12a ]{0,20}";
    let line = (rect.clone(), text, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(rect, text, vertical, whole, heading)| Line {
            rect,
            text,
            vertical,
            whole,
            heading,
            ..Line::default()
        },
    );
    let lines = proptest::collection::vec(line, 0..60);
    let shapes = proptest::collection::vec(rect, 0..12);
    (lines, shapes.clone(), shapes.clone(), shapes, 0.0_f32..2_000.0).prop_map(
        |(lines, pictures, rules, frames, width)| Sheet {
            width,
            height: 1_000.0,
            lines,
            pictures,
            rules,
            frames,
            ..Sheet::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_sheets_lose_and_invent_nothing(sheet in any_sheet()) {
        let layout = analyse(&sheet, &Issue::default());
        check(&sheet, &layout);
        let _ = layout.svg(&layout.page);
    }

    #[test]
    fn mutated_files_do_not_panic(
        which in 0_usize..8,
        cuts in proptest::collection::vec((0.0_f64..1.0, any::<u8>()), 0..12),
        end in 0.3_f64..1.0,
    ) {
        let files = super::formats::files();
        let mut bytes = files[which].1.clone();
        let length = bytes.len();
        for (at, byte) in cuts {
            bytes[(at * length as f64) as usize] = byte;
        }
        bytes.truncate((end * length as f64) as usize);
        if let Ok((sheet, _)) = open(&bytes, None, 0) {
            let _ = analyse(&sheet, &Issue::default());
        }
    }
}
