use proptest::prelude::*;

use super::scores;
use super::select;
use crate::Budget;
use crate::Extract;
use crate::feature::Body;
use crate::joined;
use crate::ranker::Ranker;
use crate::trim::text_of;

const TITLE: &str = "清河县引水灌溉两万亩麦田";
const BODY: &str = "本报清河3月12日讯（记者 周小禾）天气转暖，清河县12日开闸引水，灌溉两万亩麦田。\
    该县去年修渠。\n他说：“水来了。”县水利局表示，引水将持续20天，每天放水三万方。\n责任编辑：林一";

fn summary(title: &str, text: &str, budget: usize) -> Vec<Extract> {
    let body = Body::new(text);
    let ranker = Ranker::bundled().unwrap();
    let scores = scores(&body, title, &ranker);
    select(&body, &scores, ranker.keep(), Budget::new(budget).unwrap())
}

fn told(found: &[Extract]) -> String {
    joined(found.iter().map(|one| one.text.as_str()))
}

#[test]
fn a_question_is_not_told() {
    let text = "清河开闸的时间为什么提前？县水利局表示，麦田返青早。“水够用吗？”";
    for budget in [20, 60, 200] {
        let told = told(&summary(TITLE, text, budget));
        assert!(!told.contains('？') && !told.is_empty(), "{told}");
    }
    assert!(!summary(TITLE, "清河开闸了吗？", 60).is_empty(), "nothing else is there");
}

#[test]
fn what_somebody_said_is_told_with_its_speaker_or_not_at_all() {
    let text = "清河县的水渠昨日修好，历时三年。\"以后浇地只要半天。\"家住渠边的周青禾说。\
        县水利局局长林大川说，\"明年再修一条，钱已经批了。\"水渠全长四公里。";
    let long =
        format!("清河县开闸。老周说：“{}村里缺水。”", "渠修了三年，花了不少工夫。".repeat(9));
    for (text, speakers) in [(text, ["周青禾", "林大川"]), (long.as_str(), ["老周", "老周"])]
    {
        for budget in (10..200).step_by(5) {
            let found = summary("水渠修好", text, budget);
            for one in found.iter().map(|one| one.text.as_str()) {
                assert!(crate::trim::is_balanced(one), "{budget}: {one}");
                let said = ["半天", "明年", "缺水", "三年，花"];
                let is_said = said.iter().any(|word| one.contains(word));
                let has_speaker = speakers.iter().any(|name| one.contains(name));
                assert!(!is_said || has_speaker, "{budget}: {one}");
            }
        }
    }
}

#[test]
fn an_item_of_what_somebody_claims_is_not_told_alone() {
    let text =
        "县水利局表示，渠首已经清淤；麦田三天内浇完。据清河县气象台预报，本周无雨；下周升温五度。";
    for budget in (10..60).step_by(5) {
        let told = told(&summary("清河县", text, budget));
        assert!(!told.contains("麦田") || told.contains("水利局表示"), "{told}");
        assert!(!told.contains("下周") || told.contains("气象台"), "{told}");
    }
}

#[test]
fn what_the_title_announces_is_told_without_its_dateline() {
    let found = summary(TITLE, BODY, 40);
    assert!(told(&found).contains("灌溉两万亩麦田"), "{found:?}");
    assert!(!told(&found).contains("本报") && !told(&found).contains("周小禾"), "{found:?}");
}

#[test]
fn every_piece_is_an_exact_span_in_order_within_the_budget() {
    for budget in [10, 15, 30, 60, 200] {
        let found = summary(TITLE, BODY, budget);
        assert!(told(&found).chars().count() <= budget, "{budget}: {found:?}");
        let mut end = 0;
        for one in &found {
            assert_eq!(one.text, text_of(BODY, &one.parts));
            assert!(one.parts[0].start >= end);
            end = one.parts.last().unwrap().end;
        }
    }
}

#[test]
fn with_room_for_all_the_staff_line_and_orphans_still_stay_out() {
    let all = told(&summary(TITLE, BODY, 500));
    assert!(all.contains("县水利局表示，引水将持续20天"), "{all}");
    assert!(!all.contains("责任编辑") && !all.contains("他说"), "{all}");
    // Behind what it leans on, in one piece, it may stand.
    let found = summary(TITLE, BODY, 500);
    assert!(found.iter().all(|one| !one.text.starts_with("该县")), "{found:?}");
}

#[test]
fn a_budget_below_the_shortest_clause_gives_a_cut_one() {
    let found = summary(TITLE, "清河县十二日上午十时正式开闸引水灌溉两万亩麦田。", 12);
    assert_eq!(found.len(), 1);
    assert!(found[0].is_cut && found[0].char_count() <= 11, "{found:?}");
}

#[test]
fn a_text_without_punctuation_is_cut() {
    let text = "清河县开闸引水灌溉麦田".repeat(60);
    let found = summary(TITLE, &text, 80);
    assert!(found.len() == 1 && found[0].is_cut && found[0].char_count() == 79);
}

#[test]
fn one_sentence_is_its_own_summary() {
    assert_eq!(told(&summary(TITLE, "清河县开闸引水。", 80)), "清河县开闸引水。");
}

#[test]
fn a_table_and_nothing_give_nothing() {
    assert!(summary(TITLE, "甲村\t120\t130\n乙村\t90\t95", 80).is_empty());
    assert!(summary(TITLE, "", 80).is_empty());
}

#[test]
fn what_was_said_is_not_said_again() {
    let text = "清河县12日开闸引水，灌溉两万亩麦田。\n清河县12日开闸引水，灌溉两万亩麦田。\n农民林大川家的三亩地也浇上了水。";
    let all = told(&summary(TITLE, text, 60));
    assert_eq!(all.matches("灌溉两万亩麦田").count(), 1, "{all}");
}

#[test]
fn three_hundred_thousand_characters_are_read_once() {
    let sentence = |at| format!("第{at}号渠今天开闸，灌溉麦田{at}亩，农民下地。");
    let text: String = (0..12_000).map(sentence).collect();
    assert!(text.chars().count() > 300_000);
    assert!(told(&summary(TITLE, &text, 300)).chars().count() <= 300);
}

proptest! {
    #[test]
    fn any_text_gives_exact_pieces(text in "[清河开闸引水他但，。“”（）记者0-9\n ]{0,120}|\\PC{0,60}", budget in 10..90_usize) {
        let found = summary(TITLE, &text, budget);
        prop_assert!(told(&found).chars().count() <= budget);
        for one in found {
            prop_assert_eq!(text_of(&text, &one.parts), one.text);
        }
    }
}
