//! Does a text belong to its headline?
//!
//! A crawler that took a page's side bar for its text stores the same text under many headlines.
//! Such a text says nothing of its headline; two of them are not reprints of each other, however
//! equal.

use crate::reprint::Printed;
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
    let speaks_of =
        |text: &[char], title: &[(char, char)]| shares_any(bigrams(text.iter().copied()), title);
    speaks_of(left.plain.chars(), &some) || speaks_of(right.plain.chars(), &others)
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
