//! Does a text belong to its headline, and do two headlines tell the same?
//!
//! Papers write headlines of their own, so another headline says nothing; but where two follow one
//! mould, what they differ in may be the news: `…暴雨橙色预警` above the text of `…暴雨黄色预警`.
//!
//! A crawler that took a page's side bar for its text stores the same text under many headlines.
//! Such a text says nothing of its headline; two of them are not reprints of each other, however
//! equal.

use crate::reprint::Change;
use crate::reprint::Fact;
use crate::reprint::Overlap;
use crate::reprint::Plain;
use crate::reprint::Printed;
use crate::reprint::align::align_lines;
use crate::reprint::difference::holds;
use crate::reprint::facts::BRIEF_CHARS;
use crate::reprint::facts::Changes;
use crate::reprint::facts::is_swap;
use wenmai_text::likeness::bigrams;
use wenmai_text::likeness::shares_any;

/// Whether the texts of `left` and `right` can be one story: their headlines share a pair of
/// characters, or one of the texts holds a pair of its own headline's.
pub(super) fn belong(left: &Printed, right: &Printed) -> bool {
    let pairs = |text: &[char]| bigrams(text.iter().copied()).collect::<Vec<_>>();
    let (some, others) = (pairs(&left.title), pairs(&right.title));
    if some.is_empty() || others.is_empty() || shares_any(some.iter().copied(), &others) {
        return true;
    }
    let speaks_of = |text: &Plain, title: &[(char, char)]| {
        text.is_headed || shares_any(bigrams(text.chars().iter().copied()), title)
    };
    speaks_of(&left.plain, &some) || speaks_of(&right.plain, &others)
}

/// Whether the headlines, by what they differ in, tell different news, or tell what the texts differ
/// in.
pub(super) fn differ(left: &Printed, right: &Printed, overlap: &Overlap) -> bool {
    let told = |change: &Change| {
        holds(&left.title, &change.left)
            && holds(&right.title, &change.right)
            && !holds(&left.title, &change.right)
            && !holds(&right.title, &change.left)
    };
    overlap.words.iter().any(told)
        || changes(left, right).iter().any(|change| is_news(left, right, change))
}

/// What two headlines of one mould differ in.
pub(super) fn changes(left: &Printed, right: &Printed) -> Vec<Change> {
    let (one, other) = (0..left.title.len(), 0..right.title.len());
    if is_swap((&left.title, &one), (&right.title, &other)) {
        let text = |title: &[char]| title.iter().collect();
        let (left, right) = (text(&left.title), text(&right.title));
        return vec![Change { fact: Fact::Swap, left, right }];
    }
    let Some(found) = align_lines(&left.title, &right.title) else { return Vec::new() };
    Changes::between(&left.title, &right.title, &found.hunks).facts
}

/// Whether a change of the headline is news: the texts do not tell both.
fn is_news(left: &Printed, right: &Printed, change: &Change) -> bool {
    let (some, others) = (left.plain.chars(), right.plain.chars());
    let both = |word: &str| !word.is_empty() && holds(some, word) && holds(others, word);
    match change.fact {
        Fact::Swap | Fact::Turn => true,
        // Papers put it their way; only where neither of two short texts says it is it what is told.
        Fact::Word => {
            some.len().min(others.len()) <= BRIEF_CHARS
                && !holds(some, &change.left)
                && !holds(others, &change.right)
        }
        Fact::Number | Fact::Figure | Fact::Place | Fact::Person | Fact::Opposite | Fact::Added => {
            !(both(&change.left) && both(&change.right))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::belong;
    use crate::reprint::Plain;
    use crate::reprint::Printed;
    use wenmai_domain::article::Article;
    use wenmai_domain::article::Record;

    fn printed(title: &str) -> Printed {
        let text = "清河大桥昨日通车，全县干部群众参加仪式。";
        let record =
            Record { title: title.into(), paragraphs: vec![text.into()], ..Record::default() };
        let article = Article::new(record);
        Printed::new(&article, Arc::new(Plain::of(&article.record)))
    }

    #[test]
    fn a_text_under_headlines_that_it_does_not_speak_of_is_nobodys() {
        assert!(!belong(&printed("柳溪水库蓄水"), &printed("石桥发布暴雨预警")));
        assert!(belong(&printed("柳溪水库蓄水"), &printed("柳溪发布暴雨预警")));
        assert!(belong(&printed("清河有了新桥"), &printed("石桥发布暴雨预警")));
        assert!(belong(&printed(""), &printed("石桥发布暴雨预警")));
    }
}
