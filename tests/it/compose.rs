//! The page parser on pages composed in many styles: nothing lost, nothing invented, most right.

#[path = "../compose/mod.rs"]
pub mod composer;

use wenmai::domain::span::Span;
use wenmai::eval::bootstrap::Bootstrap;
use wenmai::eval::pages;
use wenmai::eval::pages::Report;
use wenmai::page;
use wenmai::page::Issue;
use wenmai::page::Page;
use wenmai::page::parse;

use composer::STYLES;

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}')
}

/// Panics where a character is in no part or in two, or a paragraph is not made of its spans.
fn check(text: &str, page: &Page) {
    let mut all: Vec<Span> = page.articles.iter().flat_map(|parsed| parsed.spans.spans()).collect();
    all.extend(&page.unassigned);
    all.extend(&page.marks);
    all.sort_unstable();
    let mut end = 0;
    for span in all {
        assert!(span.start >= end, "{span:?} overlaps in {text}");
        assert!(text[end..span.start].chars().all(is_blank), "{:?} lost", &text[end..span.start]);
        end = span.end;
    }
    assert!(text[end..].chars().all(is_blank), "{:?} is lost", &text[end..]);
    for parsed in &page.articles {
        for (spans, paragraph) in
            parsed.spans.paragraphs.iter().zip(&parsed.article.record.paragraphs)
        {
            let pieces: String = spans.iter().filter_map(|span| span.of(text)).collect();
            assert_eq!(&pieces, paragraph);
        }
    }
}

fn report(first: u64, count: u64) -> Report {
    let lines: Vec<String> =
        composer::pages(first, count).map(|page| page.line("c").to_string()).collect();
    let lines = lines.join("\n");
    let read: Vec<_> = pages::read(lines.as_bytes()).map(|(_, page)| page.unwrap()).collect();
    pages::run(&read, Bootstrap { seed: 1, resample_count: 0 })
}

#[test]
fn composed_pages_lose_and_invent_nothing() {
    for page in composer::pages(40_000, 4) {
        check(&page.text, &parse(&page.text, &Issue::default()));
    }
}

#[test]
fn an_article_that_goes_on_on_another_page_is_one() {
    let style = STYLES.iter().find(|style| style.name == "levels").unwrap();
    for seed in 70_000..70_020 {
        let issue = composer::issue(style, seed);
        let mut read: Vec<Page> = issue
            .pages
            .iter()
            .map(|page| {
                let known = Issue { page: Some(page.page.into()), ..Issue::default() };
                let read = parse(&page.text, &known);
                check(&page.text, &read);
                read
            })
            .collect();
        let before: usize = read.iter().map(|page| page.articles.len()).sum();
        page::join(&mut read);
        let after: usize = read.iter().map(|page| page.articles.len()).sum();
        assert_eq!(after, before - 1, "seed {seed}: nothing else is joined");
        let found = read[0].articles.iter().find(|a| a.article.record.title == issue.title);
        let found = found.unwrap_or_else(|| panic!("seed {seed}: {} is lost", issue.title));
        assert_eq!(found.article.record.paragraphs, issue.paragraphs, "seed {seed}");
        assert_eq!((found.continued.len(), found.continued[0].page), (1, 1));
    }
}

#[test]
fn a_page_is_composed_alike_in_every_run() {
    let text = |seed| composer::compose(&STYLES[0], seed).text;
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn most_articles_of_every_style_are_read_exactly() {
    let report = report(60_000, 6);
    assert_eq!(report.styles.len(), STYLES.len() + 1);
    for style in &report.styles {
        let f1 = style.systems[0].f1.unwrap();
        assert!(f1 >= 0.75, "{}: {f1}", style.style);
        for baseline in &style.systems[1..] {
            assert!(f1 > baseline.f1.unwrap(), "{}: {}", style.style, baseline.name);
        }
    }
    let all = report.styles.iter().find(|style| style.style == "all").unwrap();
    assert!(all.systems[0].f1.unwrap() >= 0.9, "{:?}", all.systems[0]);
    assert!(all.seams.joined.unwrap() >= 0.97 && all.seams.kept_apart.unwrap() >= 0.97);
}

#[test]
#[ignore = "writes target/composed.jsonl for `wenmai eval pages`"]
fn composed_pages_are_written_for_measuring() {
    let pages = composer::pages(100, 12).enumerate();
    let lines: Vec<String> =
        pages.map(|(at, page)| page.line(&format!("c{at}")).to_string()).collect();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/composed.jsonl");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, lines.join("\n")).unwrap();
}

/// One issue date, and none.
fn issues() -> [Issue; 2] {
    let date = Some("1899-01-01".parse().unwrap());
    [Issue { date, ..Issue::default() }, Issue::default()]
}

#[test]
fn bad_pages_are_read_without_loss() {
    let tiny = "甲\n\n".repeat(10_000);
    let endless = "清河大桥，合龙".repeat(100_000);
    let pages = [
        (
            "traditional",
            "## 清河大橋主橋合龍\n\n本報訊（記者 周小禾）9月7日，大橋順利合龍，兩岸群眾來到現\n\n場。\n",
        ),
        ("vertical", "清\n河\n大\n桥\n合\n龙\n\n本\n报\n讯\n九\n月\n七\n日\n︱\n﹁\n大\n桥\n﹂\n"),
        (
            "mojibake",
            "## 娓呮渤澶фˉ\n\n锟斤拷锟斤拷\u{fffd}\u{fffd}烫烫烫，屯屯屯。\n\nÃ¦Â¸â€¦Ã¦Â²Â³\n",
        ),
        ("tiny blocks", &tiny),
        ("endless line", &endless),
        (
            "control",
            "\u{1}## 清河\u{8}大桥\u{7f}\n\n\u{b}本报讯\u{c}大桥\u{1b}[0m合龙。\u{85}\u{2028}明年通车。\n",
        ),
        ("marks only", "### \n\n****\n\n【】\n\n——\n\n（）\n"),
        ("no such day", "## 大桥合龙\n\n本报清河2月31日电 昨日，大桥合龙。13月40日通车。\n"),
    ];
    for (name, text) in pages {
        for issue in issues() {
            let page = parse(text, &issue);
            check(text, &page);
            assert!(!text.contains("大桥") || !page.articles.is_empty(), "{name}");
        }
    }
}

#[test]
fn traditional_pages_have_bylines_and_openers() {
    let text = "## 清河大橋主橋合龍\n\n本報訊（記者 周小禾）9月7日，大橋順利合龍。\n";
    let page = parse(text, &Issue::default());
    let record = &page.articles[0].article.record;
    assert_eq!(record.byline.len(), 1, "{record:?}");
    assert_eq!(record.paragraphs, ["9月7日，大橋順利合龍。"]);
}

#[test]
fn without_an_issue_date_relative_days_stay_unresolved() {
    let text = "## 大桥合龙\n\n本报讯（记者 周小禾）昨日，大桥合龙。\n";
    let dated = Issue { date: Some("2025-09-08".parse().unwrap()), ..Issue::default() };
    let day = |issue: &Issue| {
        let page = parse(text, issue);
        let dateline = page.articles[0].article.record.dateline.clone().unwrap();
        (dateline.raw, dateline.date_from)
    };
    assert_eq!(day(&Issue::default()), ("昨日".to_owned(), None));
    assert_eq!(day(&dated), ("昨日".to_owned(), Some("2025-09-07".parse().unwrap())));
}
