//! The text of a page in runs, each of one part of one article.

use wenmai_proto::wire;

/// A run of the page's text.
pub(super) struct Run {
    pub(super) text: String,
    /// The class of its part; empty for what no article took.
    pub(super) class: &'static str,
    /// The article that begins here, counted from 1; 0 for none.
    pub(super) begins: usize,
    /// No article took it, and it holds words.
    pub(super) is_left: bool,
    /// The doubtful cut that is here, counted from 1; 0 for none.
    pub(super) doubt: usize,
}

/// A place on the page: first and last character, class, article.
pub(super) type Place = (usize, usize, &'static str, usize);

/// The places of the parts of all articles, in the order of the text.
pub(super) fn places<'a>(articles: impl Iterator<Item = &'a wire::ParsedArticle>) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (number, article) in (1..).zip(articles) {
        let Some(spans) = &article.spans else { continue };
        let body: Vec<wire::TextSpan> =
            spans.paragraphs.iter().flat_map(|paragraph| paragraph.spans.clone()).collect();
        let parts: [(&[wire::TextSpan], &'static str); 10] = [
            (&spans.kicker, "kicker"),
            (&spans.title, "title"),
            (&spans.subtitle, "subtitle"),
            (&spans.section, "section"),
            (&spans.byline, "byline"),
            (&spans.dateline, "dateline"),
            (&body, "body"),
            (&spans.captions, "caption"),
            (&spans.jump, "jump"),
            (&spans.source_note, "note"),
        ];
        for (spans, class) in parts {
            let place = |span: &wire::TextSpan| {
                let (from, to) = crate::marks::bounds(*span);
                (from, to, class, number)
            };
            places.extend(spans.iter().map(place));
        }
    }
    places.sort_by_key(|place| place.0);
    places
}

/// `text` cut at the ends of `places`, which are in order, and before the characters of `doubts`;
/// where two places overlap the first counts.
pub(super) fn laid_out(text: &str, places: &[Place], doubts: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut begun: Vec<usize> = Vec::new();
    let mut next = places.iter().peekable();
    let mut here: Option<Place> = None;
    let mut last = None;
    for (at, character) in text.chars().enumerate() {
        if here.is_some_and(|(_, to, _, _)| at >= to) {
            here = None;
        }
        while here.is_none() && next.peek().is_some_and(|place| place.0 <= at) {
            here = next.next().copied().filter(|(_, to, _, _)| *to > at);
        }
        let state = here.map(|(from, _, class, number)| (from, class, number));
        let doubt = doubts.iter().position(|of| *of == at).map_or(0, |index| index + 1);
        if runs.is_empty() || state != last || doubt > 0 {
            last = state;
            let (class, number) = state.map_or(("", 0), |(_, class, number)| (class, number));
            let begins = if number == 0 || begun.contains(&number) { 0 } else { number };
            begun.extend((begins > 0).then_some(begins));
            runs.push(Run { text: String::new(), class, begins, is_left: false, doubt });
        }
        if let Some(run) = runs.last_mut() {
            run.text.push(character);
        }
    }
    for run in &mut runs {
        let words = run.text.chars().filter(|c| c.is_alphanumeric()).count();
        run.is_left = run.class.is_empty() && words > 1;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn what_no_article_took_is_told_from_white_space() {
        let runs = laid_out("标题\n正文。\n剩下的", &[(0, 2, "title", 1), (3, 6, "body", 1)], &[]);
        let told: Vec<_> =
            runs.iter().map(|r| (r.text.as_str(), r.class, r.begins, r.is_left)).collect();
        assert_eq!(
            told,
            [
                ("标题", "title", 1, false),
                ("\n", "", 0, false),
                ("正文。", "body", 0, false),
                ("\n剩下的", "", 0, true),
            ]
        );
    }

    #[test]
    fn of_places_that_overlap_the_first_counts() {
        let runs = laid_out("一二三四", &[(0, 3, "title", 1), (2, 4, "body", 2)], &[]);
        let told: Vec<_> = runs.iter().map(|r| (r.text.as_str(), r.class)).collect();
        assert_eq!(told, [("一二三", "title"), ("四", "body")]);
    }

    #[test]
    fn a_doubtful_cut_has_a_run_of_its_own() {
        let runs = laid_out("一二三四", &[(0, 4, "body", 1)], &[2]);
        let told: Vec<_> = runs.iter().map(|r| (r.text.as_str(), r.begins, r.doubt)).collect();
        assert_eq!(told, [("一二", 1, 0), ("三四", 0, 1)]);
    }
}
