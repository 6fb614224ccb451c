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

/// An export as programs write it: our own words.
const EXPORT: &str = "---\ntitle: 清河新闻\ndate: 2025-09-08\nsource: 清河网\n---\n\n# 清河新闻（20250908）\n\n\
    ## 内容提要\n\n1.清河大桥主桥合龙；\n\n2.柳溪镇秋粮开镰；\n\n3.县医院新院区试运行。\n\n## 详细新闻\n\n\
    ### 清河大桥主桥合龙\n\n<!--body.begin-->\n\n**清河网消息**（新闻）：9月7日，清河大桥[主桥](https://example.com/a)顺利合龙。\n\n\
    <!--body.end-->\n\n[查看原文](https://example.com/1)\n\n### 柳溪镇秋粮开镰\n\n**清河网消息**（新闻）：9月7日，柳溪镇秋粮开镰。\n\n\
    **家家户户忙收割**\n\n今年玉米亩产比去年高。\n\n[查看原文](https://example.com/2)\n\n### 县医院新院区试运行\n\n\
    近日，县医院新院区试运行，床位\\*增加。\n\n![](a.jpg)\n\n---\n\n更新时间：2025-09-08T02:09:20Z\n";

#[test]
fn an_export_is_read_without_its_markup() {
    let page = parse(EXPORT, &Issue::default());
    check(EXPORT, &page);
    let records: Vec<_> = page.articles.iter().map(|parsed| &parsed.article.record).collect();
    let titles: Vec<_> = records.iter().map(|record| record.title.as_str()).collect();
    assert_eq!(titles, ["清河大桥主桥合龙", "柳溪镇秋粮开镰", "县医院新院区试运行"]);
    assert!(records.iter().all(|record| record.section == "详细新闻" && record.source == "清河网"));
    assert!(records[0].body().contains("清河大桥主桥顺利合龙"));
    assert!(records[1].paragraphs.contains(&"家家户户忙收割".to_owned()));
    assert_eq!(records[2].paragraphs, ["近日，县医院新院区试运行，床位*增加。"]);
    assert_eq!(records[0].date(), Some(jiff::civil::date(2025, 9, 8)));
}

/// An article with pictures, as programs export them.
const PICTURES: &str = "# 清河大桥合龙\n\n![大桥合龙现场。周小禾 摄](https://q.example/a.jpg)\n\n\
    清河大桥昨日合龙，历时两年，两岸群众来到现场，看最后一段钢梁落位。\n\n![](https://q.example/b.jpg)\n*两岸群众在江边观看*\n\n\
    大桥全长一千二百米，双向六车道，明年五月通车，两岸从此告别渡船。\n\n![渡船靠岸](https://q.example/c.jpg \"渡船\")\n\n县里说，引桥年底完工。\n";

#[test]
fn words_of_pictures_in_an_export_are_captions() {
    for text in [PICTURES.to_owned(), PICTURES.replace('\n', "\r\n")] {
        let page = parse(&text, &Issue::default());
        check(&text, &page);
        let record = &page.articles[0].article.record;
        assert_eq!((page.articles.len(), record.paragraphs.len()), (1, 3), "{record:?}");
        let captions: Vec<_> = record.captions.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(captions, ["大桥合龙现场。", "两岸群众在江边观看", "渡船靠岸"]);
        assert_eq!(record.captions[0].credit, "周小禾");
    }
}

/// Two reports without any mark, and a heading of two lines inside the first.
const UNMARKED: &str = "清河大桥主桥昨日合龙\n\n两岸往来只要八分钟\n\n记者 周小禾\n\n\
    9月7日，清河大桥主桥顺利合龙，两岸干部群众来到现场，见证了这一刻。大桥全长一千二百米，双向六车道。\n\n\
    大桥项目负责人林小满介绍，主桥分一百零八段浇筑，合龙段长两米，施工人员等到夜里气温稳定以后才开始浇筑混凝土，合龙误差只有三毫米。\n\n\
    合龙以后的大桥\n\n还要铺装桥面\n\n“合龙只是一步。”林小满说，大桥的桥面铺装还要八个月，施工人员接着要装护栏和路灯，主桥两端的引桥也在浇筑。\n\n\
    按照计划，大桥项目明年五月完工，主桥通车以后，两岸往来只要八分钟，不必再绕行上游的老桥。\n\n\
    柳溪镇秋粮开镰\n\n记者 许舟\n\n近日，柳溪镇两万亩玉米开镰收割，农机手驾驶收割机下田，家家户户忙着晾晒，今年亩产比去年高。\n";

fn titles(page: &Page) -> Vec<String> {
    page.articles.iter().map(|parsed| parsed.article.record.title.clone()).collect()
}

#[test]
fn two_lines_inside_a_text_do_not_cut_it() {
    let page = parse(UNMARKED, &issue());
    check(UNMARKED, &page);
    assert_eq!(titles(&page), ["两岸往来只要八分钟", "柳溪镇秋粮开镰"]);
    assert_eq!(page.articles[0].article.record.kicker, "清河大桥主桥昨日合龙");
    assert!(page.articles.iter().all(|parsed| parsed.confidence.is_some_and(|sure| sure > 0.5)));
}

#[test]
fn what_a_person_decided_is_respected() {
    let decision = |line: &str, cut| super::Decision { line: line.into(), nth: 0, cut };
    let cut = Issue { decisions: vec![decision("合龙以后的大桥", true)], ..issue() };
    let page = parse(UNMARKED, &cut);
    check(UNMARKED, &page);
    assert_eq!(page.articles.len(), 3);
    let join = Issue { decisions: vec![decision("柳溪镇 秋粮开镰", false)], ..issue() };
    let page = parse(UNMARKED, &join);
    check(UNMARKED, &page);
    assert_eq!(page.articles.len(), 1);
    let none = Issue { decisions: vec![decision("没有这一行", true)], ..issue() };
    assert_eq!(parse(UNMARKED, &none).articles.len(), 2);
}

#[test]
fn a_doubtful_cut_is_listed_with_its_reading() {
    // A part about the park, or a report of its own?
    let from = UNMARKED.find("合龙以后的大桥").unwrap();
    let to = UNMARKED.find("按照计划").unwrap();
    let text = format!(
        "{}河边公园下月开园\n\n近日，记者在河边看到，新栽的树已经成活，健身步道铺到了水边，\
         市民傍晚来这里散步。\n\n{}",
        &UNMARKED[..from],
        &UNMARKED[to..]
    );
    let page = parse(&text, &issue());
    for doubt in &page.doubts {
        let words: String = doubt.spans.iter().filter_map(|span| span.of(&text)).collect();
        assert!(words.starts_with(&doubt.decision.line) && doubt.confidence < 1.0);
        let other = super::Decision { cut: !doubt.decision.cut, ..doubt.decision.clone() };
        let read = parse(&text, &Issue { decisions: vec![other], ..issue() });
        assert_ne!(read.articles.len(), page.articles.len());
    }
    assert!(!page.doubts.is_empty(), "{:?}", titles(&page));
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
        Just("[查看原文](https://example.com/1)"),
        Just("![大桥合龙](a.jpg)"),
        Just("<!-- 说明"),
        Just("-->"),
        Just("他说**好**，见[这里](b)和<u>`c`</u>。"),
        Just("- [清河大桥主桥合龙](#a)"),
        Just("title: 清河"),
        Just("| 表 | 头 |"),
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
