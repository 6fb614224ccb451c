//! Promises of [`parse`] on any text: nothing lost, nothing invented, no panic.

use proptest::prelude::*;

use super::Issue;
use super::Page;
use super::parse;
use crate::line::is_blank;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Role;
use wenmai_domain::span::Span;

fn issue() -> Issue {
    Issue {
        paper: "清河日报".into(),
        date: Some(jiff::civil::date(2025, 9, 8)),
        ..Issue::default()
    }
}

/// Panics where a character that is not blank is in no part or in two, or a paragraph is not the
/// concatenation of its spans.
fn check(text: &str, page: &Page) {
    let mut all: Vec<Span> = page.articles.iter().flat_map(|parsed| parsed.spans.spans()).collect();
    all.extend(&page.unassigned);
    all.extend(&page.marks);
    all.sort_unstable();
    let mut end = 0;
    for span in all {
        assert!(span.start >= end, "{span:?} overlaps in {text:?}");
        let skipped = text.get(end..span.start).expect("spans stand on characters");
        assert!(skipped.chars().all(is_blank), "{skipped:?} is lost from {text:?}");
        assert!(span.of(text).is_some());
        end = span.end;
    }
    assert!(text[end..].chars().all(is_blank), "{:?} is lost from {text:?}", &text[end..]);
    for parsed in &page.articles {
        let record = &parsed.article.record;
        assert_eq!(parsed.spans.paragraphs.len(), record.paragraphs.len());
        for (spans, paragraph) in parsed.spans.paragraphs.iter().zip(&record.paragraphs) {
            let pieces: String = spans.iter().filter_map(|span| span.of(text)).collect();
            assert_eq!(&pieces, paragraph);
        }
    }
}

#[test]
fn an_empty_page_has_no_articles() {
    assert_eq!(parse("", &issue()), Page::default());
    assert_eq!(parse(" \r\n　\u{feff}\n", &issue()), Page::default());
}

#[test]
fn a_text_without_a_headline_is_an_article_without_a_title() {
    let page = parse("本报讯（记者 周小禾）9月7日，清河大桥合龙。", &issue());
    let record = &page.articles[0].article.record;
    assert_eq!((page.articles.len(), record.title.as_str()), (1, ""));
    assert_eq!(record.paragraphs, ["9月7日，清河大桥合龙。"]);
    assert_eq!(record.byline[0].role, Role::Reporter);
}

#[test]
fn line_ends_of_any_kind_read_alike() {
    let text = "## 清河大桥合龙\n\n本报讯 9月7日，清河大桥合龙。\n\n明年五月通车。\n";
    let records = |text: &str| {
        let page = parse(text, &issue());
        page.articles.into_iter().map(|parsed| parsed.article).collect::<Vec<_>>()
    };
    assert_eq!(records(text), records(&text.replace('\n', "\r\n")));
    assert_eq!(records(text), records(&format!("\u{feff}{text}")));
}

#[test]
fn a_staff_box_inside_a_body_does_not_end_it() {
    let text = "## 清河大桥合龙\n\n本报讯 9月7日，清河大桥主桥顺利合龙，两岸群众自发来到现\n\n\
                值班编委：周小禾 校对：江渡\n\n场，见证这一刻。";
    let page = parse(text, &issue());
    check(text, &page);
    assert_eq!(page.articles.len(), 2);
    assert!(page.articles[0].article.record.body().contains("来到现场，见证"));
}

#[test]
fn an_article_that_goes_on_elsewhere_says_where() {
    let text = "## 清河大桥合龙\n\n本报讯 9月7日，清河大桥主桥顺利合龙。（下转2版）\n";
    let page = parse(text, &issue());
    let record = &page.articles[0].article.record;
    assert_eq!((record.kind, record.jump), (Kind::News, Some(Jump::ToPage(2.into()))));
}

#[test]
fn why_an_article_was_read_so_is_reported() {
    let page = parse("## 清河大桥合龙\n\n本报讯 9月7日，清河大桥合龙。\n", &issue());
    assert!(page.articles[0].rules_fired.contains(&"top-mark"));
    assert!(page.articles[0].rules_fired.contains(&"opener"));
}

#[test]
fn a_large_page_is_read_in_linear_time() {
    // Without a clock: with quadratic steps this would not end in any test run's patience.
    let article = "清河大桥合龙\n\n本报讯（记者 周小禾）9月7日，清河大桥主桥顺利合龙，两岸群众来到现\n\n\
                   场，见证这一刻。\n\n今日导读\n\n秋粮开镰\n\n3版\n\n";
    let text = article.repeat(40_000);
    assert!(text.len() > 4_500_000);
    let page = parse(&text, &issue());
    assert!(page.articles.len() > 40_000);
    let one_line = "清河大桥，合龙".repeat(200_000);
    assert_eq!(parse(&one_line, &issue()).articles.len(), 1);
}

fn page_like() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("## 清河大桥主桥合龙 明年通车"),
        Just("### 民生观察①"),
        Just("**秋粮开镰**"),
        Just("从田头到餐桌"),
        Just("——一线见闻"),
        Just("周小禾 林小满"),
        Just("许 舟"),
        Just("（本报记者 周小禾、许舟）"),
        Just("清河县水利局局长 林小满"),
        Just("本报柳溪讯（记者 何青禾）9月7日，柳溪镇秋粮开镰，家家户户忙着收割，"),
        Just("新华社清河9月7日电 两岸群众来到现"),
        Just("场，见证这一刻。（下转2版）"),
        Just("（上接1版）大桥全长一千二百米，双向六车道，总投资超过十亿元，明年五月建成通车。"),
        Just("今日导读"),
        Just("县医院新院区试运行 民生版"),
        Just("4版"),
        Just("详细报道见7版"),
        Just("值班编委：周小禾 责编：林小满 许舟"),
        Just("9月6日，农机手在田里作业。本报记者 许舟 摄"),
        Just("许舟摄（清河图片社）"),
        Just("点评"),
        Just("(清河县水利局)"),
        Just("第1版 要闻"),
        Just("2025年9月8日 星期一"),
        Just("---"),
        Just("【"),
        Just("他说：“这座桥，我们盼了二十年。"),
        Just("　　缩进的一段，"),
        Just(""),
    ];
    prop::collection::vec((line, prop_oneof!["\n", "\n\n", "\r\n", "\n\n\n\n", " "]), 0..40)
        .prop_map(|lines| {
            lines.into_iter().flat_map(|(line, end)| [line.to_owned(), end]).collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pages_of_any_lines_lose_and_invent_nothing(text in page_like()) {
        check(&text, &parse(&text, &issue()));
    }

    #[test]
    fn any_text_loses_and_invents_nothing(text in "(\\PC|[\n\r #*【】（）版记者：。“”]){0,200}") {
        let page = parse(&text, &Issue::default());
        // By chance the text may begin with a tag: then spans point into what was taken out of it.
        check(page.extracted.as_deref().unwrap_or(&text), &page);
    }

    #[test]
    fn any_web_page_loses_nothing_of_what_was_taken_from_it(
        pieces in prop::collection::vec(
            prop_oneof![
                Just("<div class=nav>"), Just("<div id=ozoom>"), Just("</div>"), Just("<p>"),
                Just("</p>"), Just("<h1>"), Just("</h1>"), Just("<a href=x>"), Just("</a>"),
                Just("<br>"), Just("<script>"), Just("</script>"), Just("<title>"), Just("</title>"),
                Just("清河大桥合龙"), Just("本报讯（记者 周小禾）9月7日，大桥合龙，两岸群众来到现场。"),
                Just("来源：清河日报 2025-09-08"), Just("&nbsp;&amp;&#1;"), Just("<"), Just("\"'>"),
            ],
            0..30,
        ),
    ) {
        let text = format!("<html><body>{}", pieces.concat());
        let page = parse(&text, &Issue::default());
        check(&page.extracted.clone().unwrap(), &page);
    }
}
