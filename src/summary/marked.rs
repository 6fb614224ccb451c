//! Marked sets of our own: quotations with their speakers, and pairs of figures that are an update or
//! a conflict. Each is made of every combination of parts, so that no form is tried with one name
//! only; the shares that must be right are asserted.

mod changed;
mod spoken;

use jiff::civil::date;

use crate::Budget;
use crate::feature::Body;
use crate::quote::statements;
use crate::reading::tests::TOOLS;
use crate::reading::tests::readings;
use crate::select;
use crate::series;
use crate::set::Source;
use wenmai_text::likeness::share;

/// Who speaks: how they are introduced, and the name.
const SPEAKERS: [(&str, &str); 12] = [
    ("县水利局局长", "周小禾"),
    ("项目总工程师", "何小溪"),
    ("家住渠边的", "林大川"),
    ("清河县副县长", "陈建国"),
    ("村支书", "王海燕"),
    ("外交部发言人", "李文静"),
    ("市长", "卡洛斯·黑尔"),
    ("总统", "安娜·索科洛娃"),
    ("农民", "张桂兰"),
    ("律师", "欧阳明华"),
    ("研究员", "刘志强"),
    ("消防员", "赵志刚"),
];
const MARKS: [(char, char); 3] = [('“', '”'), ('「', '」'), ('"', '"')];
const VERBS: [&str; 3] = ["说", "表示", "告诉记者"];

/// One quotation each: before, behind and around the words, in all marks and with all verbs.
fn quotations() -> Vec<(String, &'static str)> {
    let mut all = Vec::new();
    for (at, (office, name)) in SPEAKERS.iter().enumerate() {
        for (open, close) in MARKS {
            let verb = VERBS[at % VERBS.len()];
            let who = format!("{office}{name}{verb}");
            let said = "渠道两天前已经清淤，放水没有问题";
            let more = "大家可以放心下地";
            all.push((format!("{who}：{open}{said}。{close}"), *name));
            all.push((format!("{open}{said}。{close}{who}。"), *name));
            all.push((format!("{open}{said}。{close}{who}，{open}{more}。{close}"), *name));
        }
    }
    all
}

#[test]
fn of_a_hundred_quotations_the_speaker_is_right() {
    let all = quotations();
    assert!(all.len() >= 100);
    let mut wrong = Vec::new();
    for (text, name) in &all {
        let text = format!("清河县昨日开闸放水，灌溉两万亩麦田。{text}水渠全长四公里。");
        let mentions = TOOLS.extractor.entities(&text, None);
        let found = statements(&Body::new(&text), &mentions);
        if found.len() != 1 || found[0].speaker != *name {
            let speakers: Vec<&str> = found.iter().map(|one| one.speaker.as_str()).collect();
            wrong.push(format!("{name}: {speakers:?} in {text}"));
        }
    }
    assert!(share(wrong.len(), all.len()) <= 0.02, "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn no_quotation_is_told_without_its_speaker() {
    let all = quotations();
    let (mut told, mut orphans) = (0, Vec::new());
    for (text, name) in &all {
        let text = format!("清河县昨日开闸放水，灌溉两万亩麦田。{text}水渠全长四公里。");
        let body = Body::new(&text);
        let scores = select::scores(&body, "清河县开闸放水", &TOOLS.ranker);
        for chars in [30, 45, 60, 90, 200] {
            let budget = Budget::new(chars).unwrap();
            for piece in select::select(&body, &scores, TOOLS.ranker.keep(), budget) {
                let is_said = piece.text.contains("清淤") || piece.text.contains("放心");
                told += usize::from(is_said);
                if is_said && !piece.text.contains(name) {
                    orphans.push(piece.text);
                }
            }
        }
    }
    assert!(told > all.len(), "something is told: {told}");
    assert!(orphans.is_empty(), "{orphans:#?}");
}

/// What is counted: the words before the number and behind it.
const COUNTS: [(&str, &str); 10] = [
    ("造成", "人死亡"),
    ("已致", "人遇难"),
    ("共有", "人受伤"),
    ("仍有", "人失踪"),
    ("仍有", "人被困"),
    ("已救出", "人"),
    ("已转移群众", "人"),
    ("警方已抓获", "人"),
    ("共有", "间房屋倒塌"),
    ("受灾群众", "人"),
];

/// Both reports of a pair, `hours` apart, with what each counts.
fn pair(texts: &[String; 2], hours: i8) -> [Source<'_>; 2] {
    let source = |at: usize, outlet| Source {
        title: "南山县山洪",
        body: &texts[at],
        outlet,
        time: Some(date(2024, 6, 3).at(8, 0, 0, 0)),
        url: "",
        group: at,
        event: 0,
        weight: 1.0,
    };
    let mut both = [source(0, "南山日报"), source(1, "东湖晚报")];
    both[1].time = Some(date(2024, 6, 3 + (8 + hours) / 24).at((8 + hours) % 24, 0, 0, 0));
    both
}

#[test]
fn of_two_hundred_pairs_of_figures_updates_are_told_from_conflicts() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (before, behind) in COUNTS {
        for values in [(11, 14), (32, 57), (120, 86), (205, 340), (13, 19)] {
            for (hours, is_update) in [(26, true), (12, true), (1, false), (0, false)] {
                let text = |value: i32| format!("南山县3日凌晨发生山洪，{before}{value}{behind}。");
                let texts = [text(values.0), text(values.1)];
                let sources = pair(&texts, hours);
                // Fewer dead a day later are no update, fewer missing are.
                let may_fall = behind.contains("失踪") || behind.contains("被困");
                let is_update = is_update && (may_fall || values.1 > values.0);
                let (_, found) = series::matter(&sources, &readings(&sources));
                let right = (found.series.len() == 1) == is_update
                    && found.conflicts.is_empty() == is_update;
                count += 1;
                if !right {
                    wrong.push(format!("{hours} hours, {texts:?}: {found:?}"));
                }
            }
        }
    }
    assert!(count >= 200);
    assert!(share(wrong.len(), count) <= 0.05, "{} wrong: {wrong:#?}", wrong.len());
}
