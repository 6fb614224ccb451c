//! Three hundred quotations of our own in many forms: before the words, behind and around them, 据…,
//! with an interview, nested, long, over paragraphs, two speakers in a row; in all marks.

use super::MARKS;
use super::SPEAKERS;
use crate::feature::Body;
use crate::quote::statements;
use crate::reading::tests::TOOLS;
use crate::select;
use crate::trim;
use wenmai_text::likeness::share;

/// What is said; each is long enough to be told.
const SAID: &str = "渠道两天前已经清淤，放水没有问题";
const MORE: &str = "大家可以放心下地";

/// One text each, with the names that its claims belong to.
fn texts() -> Vec<(String, Vec<&'static str>)> {
    let mut all = Vec::new();
    for (at, (office, name)) in SPEAKERS.iter().enumerate() {
        let (other_office, other) = SPEAKERS[(at + 5) % SPEAKERS.len()];
        for (open, close) in MARKS {
            let who = format!("{office}{name}");
            let (inner_open, inner_close) =
                if open == '「' { ('『', '』') } else { ('‘', '’') };
            let one = vec![*name];
            all.extend([
                (format!("据{who}介绍，{SAID}。"), one.clone()),
                (format!("{who}接受清河日报采访时表示：{open}{SAID}。{close}"), one.clone()),
                (format!("{open}{SAID}，{close}{who}强调，{open}{MORE}。{close}"), one.clone()),
                (
                    format!("{who}说：{open}村里都喊{inner_open}开闸了{inner_close}，{SAID}。{close}"),
                    one.clone(),
                ),
                (
                    format!("{who}表示：{open}{SAID}。水够用到秋天。{MORE}。{close}"),
                    one.clone(),
                ),
                (format!("{who}说：{open}{SAID}。\n{open}{MORE}，水够用到秋天。{close}"), one.clone()),
                (
                    format!(
                        "{who}说，{open}{SAID}。{close}{other_office}{other}则说，{open}{MORE}，水够用到秋天。{close}"
                    ),
                    vec![name, other],
                ),
                (format!("{who}12日透露，{SAID}。"), one.clone()),
                (format!("{who}在现场对记者说，{open}{SAID}。{close}"), one),
            ]);
        }
    }
    let frame = |(text, names): (String, Vec<&'static str>)| {
        (format!("清河县昨日开闸放水，灌溉两万亩麦田。\n{text}\n水渠全长四公里。"), names)
    };
    all.into_iter().map(frame).collect()
}

#[test]
fn of_three_hundred_quotations_the_speakers_are_right() {
    let all = texts();
    assert!(all.len() >= 300);
    let mut wrong = Vec::new();
    for (text, names) in &all {
        let mentions = TOOLS.extractor.entities(text, None);
        let found = statements(&Body::new(text), &mentions);
        let speakers: Vec<&str> = found.iter().map(|one| one.speaker.as_str()).collect();
        let whole = found.iter().all(|one| trim::is_balanced(&one.text) || text.contains("。\n"));
        if speakers != *names || !whole {
            wrong.push(format!("{names:?}: {speakers:?} in {text}"));
        }
    }
    println!("speakers wrong in {} of {}", wrong.len(), all.len());
    assert!(share(wrong.len(), all.len()) <= 0.02, "{} wrong: {wrong:#?}", wrong.len());
}

#[test]
fn of_three_hundred_quotations_hardly_a_claim_loses_its_speaker() {
    let (mut told, mut orphans) = (0, Vec::new());
    for (text, names) in &texts() {
        let body = Body::new(text);
        let scores = select::scores(&body, "清河县开闸放水", &TOOLS.ranker);
        for chars in [30, 45, 60, 90, 200] {
            let budget = crate::Budget::new(chars).unwrap();
            for piece in select::select(&body, &scores, TOOLS.ranker.keep(), budget) {
                let is_said = ["清淤", "放心", "够用"].iter().any(|word| piece.text.contains(word));
                told += usize::from(is_said);
                if is_said && !names.iter().any(|name| piece.text.contains(name)) {
                    orphans.push(piece.text);
                }
            }
        }
    }
    println!("claims without their speaker: {} of {told}", orphans.len());
    assert!(told > 300, "something is told: {told}");
    assert!(share(orphans.len(), told) <= 0.005, "{} of {told}: {orphans:#?}", orphans.len());
}
