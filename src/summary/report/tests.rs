use jiff::civil::date;

use super::Layout;
use super::Order;
use super::Part;
use super::html;
use super::markdown;
use super::markdown::plain;
use super::report;
use crate::Budget;
use crate::reading::tests::reader;
use crate::set::Source;
use crate::set::tests::flood;
use crate::topic::Asked;
use crate::topic::Since;
use crate::topic::Story;
use crate::topic::story;
use crate::topic::story_of;

fn names() -> Vec<String> {
    (0..4).map(|at| format!("articles/{at}")).collect()
}

fn told(sources: &[Source<'_>]) -> Story {
    story(sources, reader(), Budget::new(200).unwrap())
}

fn text(sources: &[Source<'_>], layout: &Layout) -> String {
    markdown(&report(&told(sources), sources, &names(), layout))
}

#[test]
fn a_report_cites_by_number_and_lists_every_source() {
    let text = text(&flood(), &Layout::default());
    let order = ["# 清河县遭遇暴雨", "## 经过", "## 数字变化", "## 各家报道", "## 来源"];
    let places: Vec<Option<usize>> = order.iter().map(|heading| text.find(heading)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    assert!(text.contains("4篇报道，4家来源，2024-03-12 至 2024-03-14"), "{text}");
    let changed = "转移：3200人（清河日报 2024-03-12 [2]） → 4100人（南山新闻网 2024-03-13 [3]）";
    assert!(text.contains(changed) && !text.contains("说法不一"), "{text}");
    assert_eq!(text.matches("恢复通车").count(), 1, "told once: {text}");
    assert_eq!(text.matches("`articles/").count(), 4);
}

#[test]
fn an_unknown_outlet_is_not_named() {
    let mut sources = flood();
    for source in &mut sources {
        source.outlet = "";
    }
    let text = text(&sources, &Layout::default());
    assert!(
        !text.contains("各家报道") && !text.contains("首发") && !text.contains("：1篇"),
        "{text}"
    );
    assert!(text.contains("4篇报道，2024-03-12") && text.contains("\n1. 2024-03-14《"), "{text}");
}

#[test]
fn parts_and_order_are_as_asked() {
    let parts = vec![Part::Sources, Part::Course];
    let only = text(&flood(), &Layout { parts, order: Order::Newest });
    assert!(!only.contains("## 数字变化") && !only.contains("## 各家报道"), "{only}");
    let course = only.find("## 经过").map_or("", |at| &only[at..]);
    let (late, early) = (course.find("截至13日"), course.find("2024-03-12"));
    assert!(late < early && late.is_some(), "the newest first: {only}");
    let bare = text(&flood(), &Layout { parts: vec![Part::Changes], ..Layout::default() });
    assert!(bare.contains("数字变化") && !bare.contains("来源\n"), "{bare}");
}

#[test]
fn a_day_that_an_article_counts_from_its_own_is_named() {
    let mut sources = flood();
    sources[1].body = "清河县昨天遭遇暴雨，县里已转移群众3200人，清河大桥临时封闭。";
    sources[2].body = "清河县13日放晴，转移的群众开始回家。";
    let text = text(&sources, &Layout::default());
    assert!(text.contains("昨天（3月11日）遭遇暴雨"), "{text}");
}

#[test]
fn a_page_has_links_to_its_sources_and_no_markup_of_articles() {
    let mut sources = flood();
    for (at, source) in sources.iter_mut().enumerate() {
        source.title = "清河县水位<2米 转移\"群众\"";
        source.url =
            if at == 0 { "javascript:alert(1)" } else { "https://qinghe.example/?a=1&b=2" };
    }
    let page = html(&report(&told(&sources), &sources, &names(), &Layout::default()));
    assert!(page.contains("<h1>清河县水位&lt;2米 转移&quot;群众&quot;</h1>"), "{page}");
    assert!(page.contains("<a href=\"#s2\">[2]</a>") && page.contains("<li id=\"s2\""), "{page}");
    assert!(page.contains("href=\"https://qinghe.example/?a=1&amp;b=2\""), "{page}");
    assert!(!page.contains("javascript:") && !page.contains("<script"), "{page}");
}

#[test]
fn what_changed_since_leaves_out_what_was_known() {
    let sources = flood();
    let since = Some(date(2024, 3, 13).at(12, 0, 0, 0));
    let budget = Budget::new(200).unwrap();
    let asked = Asked { since: since.map(Since::Time), ..Asked::within(budget) };
    let found = story_of(&sources, reader(), &asked);
    let told: String = found.told.iter().map(|one| one.piece.extract.text.as_str()).collect();
    assert!(told.contains("恢复通车") && !told.contains("临时封闭"), "{found:?}");
    assert!(found.told.iter().all(|one| one.piece.source == 0), "{found:?}");
    assert!(found.series.is_empty() && found.statements.is_empty(), "{found:?}");
}

#[test]
fn two_outlets_are_compared_when_asked() {
    let mut sources = flood();
    sources[2].body =
        "清河县遭遇暴雨，截至13日已转移群众4100人。清河大桥临时封闭，车辆绕行北岭县。";
    let compare = Some(["清河日报".to_owned(), "南山新闻网".to_owned()]);
    let asked = Asked { compare, ..Asked::within(Budget::new(200).unwrap()) };
    let found = story_of(&sources, reader(), &asked);
    let text = markdown(&report(&found, &sources, &names(), &Layout::default()));
    assert!(text.contains("## 只有清河日报说") && text.contains("## 只有南山新闻网说"), "{text}");
}

#[test]
fn a_text_cannot_become_markup() {
    assert_eq!(plain("*甲*\n[乙](x)|"), "\\*甲\\* \\[乙\\](x)\\|");
}

#[test]
fn a_figure_is_listed_only_where_several_print_it() {
    let bodies = [
        "清河县遭遇暴雨，转移群众3200人。县里备好帐篷600顶。",
        "清河县遭遇暴雨，已转移群众3200人。清河大桥封闭。",
        "清河县暴雨，转移群众3200人。学校停课一天。",
        "暴雨袭击清河县，转移群众3200人。东湖路通车。",
    ];
    let mut sources = flood();
    for (group, (source, body)) in sources.iter_mut().zip(bodies).enumerate() {
        (source.body, source.group) = (body, group);
    }
    let mut found = told(&sources);
    assert!(found.figures.iter().any(|one| one.key == "3200人"), "{:?}", found.figures);
    found.told.clear();
    let text = markdown(&report(&found, &sources, &names(), &Layout::default()));
    let listed = text.split("## 其他数据").nth(1).unwrap_or_default();
    assert!(!listed.contains("600顶"), "one prints it: {text}");
}

#[test]
fn a_report_breaks_off_no_sentence() {
    let mut sources = flood();
    let long = "清河县遭遇暴雨，截至13日已转移群众4100人，清河大桥临时封闭，车辆从东湖路绕行；\
                东湖路12日抢修完毕，沿路转移群众300人。";
    sources[2].body = long;
    let budget = Budget::new(600).unwrap();
    for one in story(&sources, reader(), budget).told {
        let text = one.piece.extract.text;
        assert!(text.ends_with(['。', '”']) && !text.starts_with("东湖路"), "{text}");
    }
}
