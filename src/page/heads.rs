//! Which line of a headline is its kicker, its title and its subtitle, where nothing marks them.
//!
//! Papers print a report of their own, which says who wrote it, with a kicker above the title, and
//! what an agency sent with a subtitle below it: that decides what two lines are. The path knows
//! only which lines open an article; its choice stands where a line says itself what it is.

use crate::cue::Cue;
use crate::cue::Cues;
use crate::line::Block;
use crate::opening;
use crate::opening::Group;
use crate::opening::OPENING;
use crate::path::Class;

/// Lines that say themselves what they are.
const SAID: &[Cue] = &[Cue::Dash, Cue::ColumnWord, Cue::Series, Cue::Stacked, Cue::Announced];

/// Sets the classes of the lines of groups that open an article.
pub(crate) fn settle(groups: &[Group], blocks: &[Block], cues: &[Cues], classes: &mut [Class]) {
    // Where columns broke sentences, a short line may be a piece of text.
    let broken = opening::is_broken(cues);
    let mut inner = Vec::new();
    for group in groups {
        let class = |at: usize| classes.get(at).copied().unwrap_or(Class::Body);
        let said = |at: usize| {
            let cues = cues.get(at).copied().unwrap_or_default();
            cues.any(SAID) && class(at) != Class::Headline
        };
        let piece = |at: usize| broken && !OPENING.contains(&class(at));
        let lines = group.lines.clone().filter(|at| !said(*at) && !piece(*at));
        let mut lines: Vec<usize> = lines.collect();
        let heads = cues.get(group.text).is_some_and(|cues| cues.any(&[Cue::Long, Cue::Closed]));
        let signed = group.sees("role-below") > 0.0;
        if lines.is_empty() && (heads || signed) && group.odds() > 0.0 {
            // A column's name directly above a text or who wrote it is the headline.
            lines.extend(group.lines.clone().last().filter(|at| !piece(*at)));
        }
        let opening = lines.iter().filter(|at| OPENING.contains(&class(**at))).count();
        if class(group.lines.end) == Class::BylineAhead {
            // The headline stands below its names.
            continue;
        }
        let begins = lines.first().is_some_and(|at| OPENING.contains(&class(*at)));
        // One decision for all: a headline does not end in the middle of its lines.
        let opens = begins && (group.odds() > 0.0 || opening * 2 > lines.len());
        if !opens {
            continue;
        }
        let line = |at: &usize| Line {
            text: blocks.get(*at).map_or("", |block| block.text.as_str()),
            said: group.said.get(at - group.lines.start).copied().unwrap_or_default(),
            tagged: cues.get(*at).is_some_and(|cues| cues.has(Cue::Tag)),
        };
        let seen: Vec<Line<'_>> = lines.iter().map(line).collect();
        let signed = opening::SIGNED.iter().any(|name| group.sees(name) > 0.0);
        // Behind the name of a column no subtitle stands: what does heads the text.
        let tagged = seen.iter().position(|line| line.tagged).unwrap_or(seen.len());
        for at in lines.iter().skip(tagged + 1).filter(|at| class(**at) == Class::Subtitle) {
            inner.push(*at);
        }
        for (at, class) in lines.iter().take(tagged + 1).zip(roles(&seen, signed)) {
            if let Some(slot) = classes.get_mut(*at) {
                *slot = class;
            }
        }
    }
    for at in inner {
        classes.iter_mut().skip(at).take(1).for_each(|class| *class = Class::Subhead);
    }
}

/// What is seen of a line of a headline.
#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a str,
    /// The part of its words that the text says.
    said: f32,
    /// It ends with the name of a column in brackets.
    tagged: bool,
}

impl Line<'_> {
    /// Whether it says nothing of what the text tells, while `other` does: no title does.
    fn is_about_less_than(self, other: Self) -> bool {
        self.said * 3.0 < other.said && other.said > 0.15
    }
}

/// The classes of the lines of one headline, in order.
fn roles(lines: &[Line<'_>], signed: bool) -> Vec<Class> {
    let count = lines.len();
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else {
        return Vec::new();
    };
    let quoted = last.text.starts_with('“') && last.text.ends_with('”');
    // A column's name stands behind the title.
    let tag = lines.iter().position(|line| line.tagged).map_or(0, |at| count - 1 - at);
    let begins = first.text.ends_with(['：', ':', '—']);
    let (kickers, subtitles) = match (count, signed) {
        (1, _) => (0, 0),
        _ if lines.iter().any(|line| line.tagged) => (usize::from(count - tag > 1), tag),
        (2, _) if first.is_about_less_than(*last) => (1, 0),
        (2, false) if begins => (0, 0),
        (2, true) if quoted => (0, 1),
        (2, true) => (1, 0),
        (_, false) => (0, 1),
        (3, true) => (1, 1),
        (_, true) => (2, count - 3),
    };
    let title = count - subtitles;
    let class = |at: usize| {
        if at < kickers {
            Class::Kicker
        } else if at < title {
            Class::Headline
        } else {
            Class::Subtitle
        }
    };
    (0..count).map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::Line;
    use super::roles;
    use crate::path::Class::Headline;
    use crate::path::Class::Kicker;
    use crate::path::Class::Subtitle;

    #[test]
    fn own_reports_have_kickers_and_others_subtitles() {
        let line = |text| Line { text, said: 0.5, tagged: false };
        let two = ["清河大桥昨日合龙", "两岸往来只要八分钟"].map(line);
        assert_eq!(roles(&two, true), [Kicker, Headline]);
        assert_eq!(roles(&two, false), [Headline, Subtitle]);
        assert_eq!(roles(&["大桥合龙", "“盼了二十年”"].map(line), true), [Headline, Subtitle]);
        let three = ["一", "二", "三"].map(line);
        assert_eq!(roles(&three, true), [Kicker, Headline, Subtitle]);
        assert_eq!(roles(&three, false), [Headline, Headline, Subtitle]);
        let four = ["一", "二", "三", "四"].map(line);
        assert_eq!(roles(&four, true), [Kicker, Kicker, Headline, Subtitle]);
    }

    #[test]
    fn a_line_that_says_nothing_of_the_text_is_no_title() {
        let line = |text, said, tagged| Line { text, said, tagged };
        let lines = [line("多措并举促发展", 0.0, false), line("大桥合龙", 0.8, false)];
        assert_eq!(roles(&lines, false), [Kicker, Headline]);
        let lines = [line("大桥合龙", 0.5, false), line("八分钟过河（新观察）", 0.5, true)];
        assert_eq!(roles(&lines, false), [Kicker, Headline]);
    }
}
