//! Staff boxes: `值班编委：周小禾 责编：林小满 许舟 校对：江渡`.

use std::sync::LazyLock;

use regex::Regex;

use crate::names;
use crate::script;
use wenmai_domain::article::StaffLine;

/// A duty of the issue and the mark behind it; graphics credits of single articles are left out.
static DUTY: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"(?P<duty>(?:本版|本期|一版|首席|执行|今日|值班)*",
        r"(?:值班编委|值班审核|值班主任|值班总编|值班编辑|值班领导|值班校对|编委|审核|总值班|总编辑|副总编|责任编辑|责任校对|",
        r"责编|责校|美术编辑|美编|视觉编辑|视觉设计|图片编辑|图编|版式设计|版式|组版|排版|校对|审读|检校|终审|复审|初审|一审|二审|三审|",
        r"签发|统筹|策划|主编|编审|编辑|美术|视觉|制图|设计))",
        r"\s*(?:[:：/／|]|\s)\s*",
    ))
});

/// Duties that also stand under single articles; alone they make no staff box.
const GRAPHICS: [&str; 7] = ["版式设计", "制图", "本版制图", "设计", "统筹", "本期统筹", "策划"];

/// Longest text that is looked at, in bytes.
const LONGEST: usize = 1_200;

/// Reads a staff box; `None` where something in it is neither a duty nor a name.
pub(crate) fn lines(text: &str) -> Option<Vec<StaffLine>> {
    if text.len() > LONGEST {
        return None;
    }
    let marks: Vec<_> = DUTY.captures_iter(text).collect();
    let starts = marks.iter().filter_map(|found| found.get(0));
    if starts.clone().next()?.start() > 0 {
        return None;
    }
    let ends = starts.clone().skip(1).map(|next| next.start()).chain([text.len()]);
    let mut staff = Vec::new();
    for ((found, whole), end) in marks.iter().zip(starts).zip(ends) {
        let names = text.get(whole.end()..end)?;
        let names = names.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '。' | '|' | '｜' | '、' | '，' | ';' | '；')
        });
        staff.push(StaffLine {
            duty: found.name("duty")?.as_str().to_owned(),
            names: names::list(names, names::may_be_name)?,
        });
    }
    let graphics = |line: &StaffLine| GRAPHICS.contains(&line.duty.as_str());
    (!staff.iter().all(graphics)).then_some(staff)
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn duties_and_names_are_paired() {
        let staff = lines("值班编委：周小禾 责编：林小满 许 舟 校对：江渡").unwrap();
        let read: Vec<_> = staff.iter().map(|l| (l.duty.as_str(), l.names.join("+"))).collect();
        assert_eq!(
            read,
            [
                ("值班编委", "周小禾".into()),
                ("责编", "林小满+许舟".into()),
                ("校对", "江渡".into())
            ]
        );
    }

    #[test]
    fn one_duty_is_enough() {
        assert_eq!(lines("责任编辑：林小满").unwrap().len(), 1);
    }

    #[test]
    fn graphics_under_an_article_are_no_staff_box() {
        assert_eq!(lines("制图：许舟"), None);
    }

    #[test]
    fn a_sentence_about_editors_is_no_staff_box() {
        assert_eq!(lines("编辑 部里的灯一直亮到天明。"), None);
        assert_eq!(lines("校对：这是一项需要耐心的工作"), None);
    }
}
