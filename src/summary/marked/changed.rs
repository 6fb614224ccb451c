//! Changed sentences for the guard of the rewriting model: fifty reports of our own, each changed in six
//! ways (a number, a name, a denial, who said it, the time, a fact added), and each said otherwise
//! without a change.

use std::collections::BTreeMap;

use jiff::civil::date;

use crate::Budget;
use crate::guard::Basis;
use crate::reading::tests::TOOLS;
use crate::rewrite::judged;
use wenmai_text::likeness::share;

/// Where it happened, and another place.
const PLACES: [(&str, &str); 5] = [
    ("清河县", "东湖县"),
    ("柳溪市", "北岭市"),
    ("南山县", "清河县"),
    ("东湖市", "柳溪市"),
    ("北岭县", "南山县"),
];
/// Who says it: with the office, the name, and another name.
const SPEAKERS: [(&str, &str, &str); 5] = [
    ("县水利局局长周小禾", "周小禾", "林大川"),
    ("副县长陈建国", "陈建国", "王海燕"),
    ("工程师刘志强", "刘志强", "赵志刚"),
    ("镇长张桂兰", "张桂兰", "周小禾"),
    ("局长欧阳明华", "欧阳明华", "陈建国"),
];
/// What is said, denied or not, with its opposite.
const CLAIMS: [(&str, &str); 2] =
    [("堤防没有出现险情", "堤防出现险情"), ("水库水质达到标准", "水库水质没有达到标准")];
/// What the model adds that nobody printed.
const ADDED: [&str; 5] = [
    "专家批评当地准备严重不足",
    "居民连夜排队抢购瓶装饮料",
    "多名干部因失职受到处分",
    "保险公司已经开始上门理赔",
    "学校全部停课等待进一步安排",
];

/// A report of two pieces, and what is made of it: kind of change, text.
struct Case {
    pieces: [String; 2],
    made: Vec<(&'static str, String)>,
}

/// The case of one number.
fn case(at: usize) -> Case {
    let (place, other_place) = PLACES[at % 5];
    let (who, name, other_name) = SPEAKERS[at / 5 % 5];
    let (claim, opposite) = CLAIMS[at / 25];
    let (people, day) = (1_200 + 37 * at, 2 + at % 25);
    let pieces = [
        format!("{day}日上午，{place}遭遇暴雨，已转移群众{people}人。"),
        format!("{who}表示，{claim}。"),
    ];
    let text = |place: &str, people: usize, day: usize, said: &str| {
        format!("{day}日上午，{place}遭遇暴雨，转移群众{people}人。{said}。")
    };
    let said = format!("{who}表示，{claim}");
    let renamed = who.replace(name, other_name);
    let name_changed = if at.is_multiple_of(2) {
        text(other_place, people, day, &said)
    } else {
        text(place, people, day, &format!("{renamed}表示，{claim}"))
    };
    let time_changed = if at.is_multiple_of(2) {
        text(place, people, day + 1, &said)
    } else {
        text(place, people, day, &said).replace("上午", "凌晨")
    };
    let whole = text(place, people, day, &said);
    let made = vec![
        ("number", text(place, people + 100, day, &said)),
        ("name", name_changed),
        ("negation", text(place, people, day, &format!("{who}表示，{opposite}"))),
        ("attribution", text(place, people, day, claim)),
        ("time", time_changed),
        ("added", format!("{whole}{}。", ADDED[at % 5])),
        ("faithful", text(place, people, day, &format!("{who}说，{claim}"))),
    ];
    Case { pieces, made }
}

#[test]
fn of_three_hundred_changed_sentences_the_guard_refuses_nearly_all() {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for Case { pieces, made } in (0..50).map(case) {
        let issue = Some(date(2024, 7, 28));
        let cited = pieces.each_ref().map(|text| Basis { text, issue });
        for (kind, text) in made {
            let budget = Budget::new(200).unwrap();
            let answer = judged(&text, true, &cited, &TOOLS.extractor, budget);
            let (all, right) = counts.entry(kind).or_default();
            *all += 1;
            if answer.is_err() == (kind != "faithful") {
                *right += 1;
            } else {
                wrong.push(format!("{kind}: {text} {answer:?}"));
            }
        }
    }
    let changed: usize =
        counts.iter().filter(|(kind, _)| **kind != "faithful").map(|(_, (all, _))| all).sum();
    assert_eq!(changed, 300);
    println!("right of each kind: {counts:?}");
    for (kind, (all, right)) in &counts {
        assert!(share(*right, *all) >= 0.98, "{kind}: {counts:?} {wrong:#?}");
    }
}
