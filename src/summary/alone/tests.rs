use jiff::civil::date;

use super::breaks_off;
use super::is_orphaned;
use super::is_overtaken;
use super::opines;
use super::stands;
use crate::feature::Body;
use crate::reading::tests::TOOLS;

fn sent_on(piece: &str) -> bool {
    let mentions = TOOLS.extractor.entities(piece, None);
    let mentions: Vec<_> = mentions.iter().map(|one| (one.span.start, one)).collect();
    stands(piece, &mentions)
}

#[test]
fn a_piece_says_who_did_what() {
    assert!(sent_on("2019年，清河县水利局修了渠首。"));
    assert!(!sent_on("建成石闸三座，新修渠道四公里。"));
    for piece in
        ["2019年在清河县动工。", "1992年成立于清河县，有三个车间。", "经查，依法责令停工。"]
    {
        assert!(!sent_on(piece), "{piece}");
    }
}

#[test]
fn a_piece_leans_on_nothing_and_nobody_outside_of_it() {
    assert!(sent_on("周小禾说，他修了三年渠。"), "he is named");
    for piece in [
        "风波过后，他还在渠首。",
        "对此，清河县作出说明。",
        "清河县对此回应，渠道已修好。",
        "上述渠道已修好。",
        "三年后，清河县水利局修好了渠首。",
        "来到清河县水利局后，他修了三年渠。",
        "谈到渠道，上述村民说水已经来了。",
        "作为答复，该组织关闭了渠首。",
        "三年前，县水利局局长周小禾曾如此说到。",
    ] {
        assert!(!sent_on(piece), "{piece}");
    }
}

#[test]
fn a_piece_is_told_in_the_voice_of_a_report() {
    for piece in [
        "果然，清河县修了渠。",
        "清河县的渠真是修得好啊。",
        "清河县县长陈建国在开闸仪式上。",
        "县水利局局长周小禾主持例行记者会。",
        "清河县的渠道应当立即检修，不容再拖。",
        "周小禾：渠道已经清淤，放水没有问题。",
        "作为回应，清河县关闭了渠首的石闸。",
        "截至发稿，清河县水利局未回应。",
        "清河县渠首 3月12日，工人在清淤。",
        "清河县昨日开闸放水灌溉麦田新闻清河县昨日开闸放水灌溉麦田。",
    ] {
        assert!(!sent_on(piece), "{piece}");
    }
    assert!(sent_on("清河县修了渠。") && sent_on("渠首工程正在进行中。"));
    assert!(sent_on("县水利局表示，渠道应当立即检修。"), "somebody says so");
    assert!(opines("渠首的石闸修得可谓及时。") && opines("县里似乎不想修渠。"));
    assert!(!opines("周小禾说，县里似乎不想修渠。") && !opines("墙上写着“似乎有水”。"));
    assert!(!opines("清河县12日开闸。"));
}

#[test]
fn a_piece_does_not_end_before_its_verb() {
    let breaks = |text: &str, to: usize| breaks_off(&Body::new(text), 0, to);
    assert!(breaks("清河县根据举报线索，查处了三家工厂。", 0));
    assert!(breaks("周小禾说如果水位上涨，将关闭渠首的石闸。", 0));
    assert!(breaks("周小禾12日告诉清河日报记者，渠首已经修好。", 0));
    assert!(!breaks("清河县修好了渠首，农民开始浇地。", 0));
    assert!(!breaks("清河县修好了渠首。", 0), "it is over");
}

#[test]
fn a_demand_stays_with_who_makes_it() {
    let text = "县水利局局长周小禾表示，水情平稳。各村应当立即检修渠道。清河县12日开闸。";
    let body = Body::new(text);
    let at = |words: &str| (0..4).find(|at| body.clause(*at).contains(words)).unwrap();
    let (demand, news) = (at("应当"), at("开闸"));
    assert!(is_orphaned(&body, demand, demand) && !is_orphaned(&body, news, news));
}

#[test]
fn what_was_to_come_is_not_told_once_it_is_over() {
    let (issue, late) = (date(2024, 7, 4), date(2024, 7, 8));
    assert!(is_overtaken("选举结果预计5日公布。", issue, late));
    assert!(!is_overtaken("选举结果预计5日公布。", issue, issue));
    assert!(!is_overtaken("大桥将于2027年3月通车。", issue, late));
}
