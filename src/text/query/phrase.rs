//! Whether a text holds words exactly: on normalized texts, so that width, case and script do not
//! matter, and never inside a longer number or Latin word (`12日` is not in 112日, `ai` not in
//! said).

use crate::normalize;
use wenmai_domain::span::Span;

/// The form in which phrases are compared: normalized, without white space at the ends.
#[must_use]
pub fn normal(text: &str) -> String {
    normalize::normal(text).trim().to_owned()
}

/// Where normalized `text` holds normalized `phrase`, in order; an empty phrase stands nowhere.
pub fn places<'t>(text: &'t str, phrase: &'t str) -> impl Iterator<Item = Span> + 't {
    let whole = move |span: &Span| {
        let before = text.get(..span.start).and_then(|text| text.chars().next_back());
        let after = text.get(span.end..).and_then(|text| text.chars().next());
        let (first, last) = (phrase.chars().next(), phrase.chars().next_back());
        !goes_on(before, first) && !goes_on(last, after)
    };
    let found = (!phrase.is_empty()).then(|| text.match_indices(phrase)).into_iter().flatten();
    found.map(move |(start, _)| Span::new(start, start + phrase.len())).filter(whole)
}

/// Whether normalized `text` holds normalized `phrase`.
#[must_use]
pub fn holds(text: &str, phrase: &str) -> bool {
    places(text, phrase).next().is_some()
}

/// Whether two neighbours belong to one number or one Latin word.
fn goes_on(left: Option<char>, right: Option<char>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => {
            (left.is_ascii_digit() && right.is_ascii_digit())
                || (left.is_ascii_alphabetic() && right.is_ascii_alphabetic())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::holds;
    use super::normal;
    use super::places;

    #[test]
    fn width_case_and_script_do_not_matter() {
        assert!(holds(&normal("清河縣ＧＤＰ增長"), &normal("县gdp")));
        assert!(!holds(&normal("清河县的GDP"), &normal("县gdp")));
    }

    #[test]
    fn a_number_or_latin_word_counts_only_whole() {
        assert!(holds("共12日", "12日") && !holds("第112日", "12日"));
        assert!(holds("用ai写稿", "ai") && !holds("he said", "ai"));
        assert!(holds("n95口罩", "95口罩"));
    }

    #[test]
    fn every_place_is_told_in_order() {
        let starts: Vec<_> = places("水位，水位", "水位").map(|span| span.start).collect();
        assert_eq!(starts, [0, 9]);
        assert_eq!(places("水位", "").count(), 0);
    }
}
