//! Texts in runs: what is found, cited or named is marked, the rest is not.

use wenmai_proto::wire;

/// A run of a text that is all of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) text: String,
    /// Whether it is to be marked.
    pub(crate) is_marked: bool,
    /// Where it leads; empty for nowhere.
    pub(crate) href: String,
    /// What kind of thing it is, as a class of the style; empty for none.
    pub(crate) class: &'static str,
    /// The name by which a link leads here; empty for none.
    pub(crate) anchor: String,
}

/// A place in a text and what is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mark {
    /// First character.
    pub(crate) from: usize,
    /// One past the last character.
    pub(crate) to: usize,
    pub(crate) href: String,
    pub(crate) class: &'static str,
}

/// `text` with what `spans` name marked.
pub(crate) fn found(text: &str, spans: &[wire::TextSpan]) -> Vec<Run> {
    let cited: Vec<_> = spans.iter().map(|span| (bounds(*span), String::new())).collect();
    runs(text, &[], &cited)
}

/// The characters of a span.
pub(crate) fn bounds(span: wire::TextSpan) -> (usize, usize) {
    (crate::show::index(span.start_char), crate::show::index(span.end_char))
}

/// `text` cut where a mark begins or ends. Of marks that overlap the first counts, likewise of
/// citations; a citation goes through marks, and its first run has its anchor.
pub(crate) fn runs(text: &str, marks: &[Mark], cited: &[((usize, usize), String)]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut state = None;
    for (at, character) in text.chars().enumerate() {
        let mark = marks.iter().position(|mark| mark.from <= at && at < mark.to);
        let cite = cited.iter().position(|((from, to), _)| *from <= at && at < *to);
        if state != Some((mark, cite)) {
            state = Some((mark, cite));
            let mark = mark.and_then(|index| marks.get(index));
            let cite = cite.and_then(|index| cited.get(index));
            let anchor = cite.filter(|((from, _), _)| *from == at).map(|(_, name)| name.clone());
            runs.push(Run {
                text: String::new(),
                is_marked: cite.is_some(),
                href: mark.map(|mark| mark.href.clone()).unwrap_or_default(),
                class: mark.map(|mark| mark.class).unwrap_or_default(),
                anchor: anchor.unwrap_or_default(),
            });
        }
        if let Some(run) = runs.last_mut() {
            run.text.push(character);
        }
    }
    runs
}

/// Every place in `text` where one of `words` stands, longer words first, apart from each other.
///
/// `words` are texts with where they lead and their class.
pub(crate) fn named(text: &str, words: &[(String, String, &'static str)]) -> Vec<Mark> {
    let chars: Vec<char> = text.chars().collect();
    let mut taken = vec![false; chars.len()];
    let mut order: Vec<_> = words.iter().map(|word| (word.0.chars().count(), word)).collect();
    order.sort_by_key(|(length, _)| std::cmp::Reverse(*length));
    let mut marks = Vec::new();
    for (length, (word, href, class)) in order {
        let word: Vec<char> = word.chars().collect();
        if length == 0 {
            continue;
        }
        for (from, window) in chars.windows(length).enumerate() {
            let to = from + length;
            let Some(places) = taken.get_mut(from..to) else { continue };
            if window == word && places.iter().all(|taken| !*taken) {
                places.fill(true);
                marks.push(Mark { from, to, href: href.clone(), class });
            }
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::named;
    use super::runs;

    #[test]
    fn longer_names_come_before_those_inside_them() {
        let words = [
            ("清河".to_owned(), "a".to_owned(), "place"),
            ("清河大桥".to_owned(), "b".to_owned(), "organisation"),
        ];
        let marks = named("清河大桥跨清河", &words);
        let all: Vec<_> = marks.iter().map(|mark| (mark.from, mark.to, mark.class)).collect();
        assert_eq!(all, [(0, 4, "organisation"), (5, 7, "place")]);
    }

    #[test]
    fn a_citation_goes_through_marks_and_has_one_anchor() {
        let words = [("清河".to_owned(), "a".to_owned(), "place")];
        let text = "在清河边";
        let cited = [((0, 3), "c1".to_owned())];
        let runs = runs(text, &named(text, &words), &cited);
        let all: Vec<_> =
            runs.iter().map(|r| (r.text.as_str(), r.is_marked, r.anchor.as_str())).collect();
        assert_eq!(all, [("在", true, "c1"), ("清河", true, ""), ("边", false, "")]);
    }
}
