//! Ten numbers that compare two articles, as the input of the learned scorer.
//!
//! They need neither a model nor a text at the time of the query: four come from the legs of the
//! search, the others from headlines and publication days. All but one lie in `[0, 1]` and rise
//! with relatedness; `undated` is a flag.

use wenmai_domain::terms::TermVector;

/// The number of features.
pub const COUNT: usize = 10;

/// The features of one candidate, in the order of [`NAMES`].
pub type Features = [f32; COUNT];

/// The names of the features, as ranker files and answers spell them.
pub const NAMES: [&str; COUNT] = [
    "cosine",
    "title_terms",
    "text_terms",
    "neighbours",
    "title_overlap",
    "title_mentioned",
    "within_days",
    "within_weeks",
    "within_months",
    "undated",
];

/// The time constants `τ` of the three kernels `exp(−|days| / τ)`, in days.
const DAYS: [f32; 3] = [1.5, 10.0, 100.0];

/// The scores of one candidate in the legs of the search.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Legs {
    /// The cosine of the two embeddings, `[-1, 1]`.
    pub cosine: f32,
    /// The BM25 score for the headline of the article asked about, divided by that article's own
    /// score for it.
    pub title: f32,
    /// The BM25 score for the whole text of the article asked about, divided likewise.
    pub text: f32,
    /// The cosine to the mean of the nearest neighbours of the article asked about.
    pub neighbours: f32,
}

/// What is kept of an article for these features.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The publication day, in days since 1970-01-01.
    pub day: Option<i32>,
    /// The indices of the headline's terms, sorted and without duplicates.
    pub title: Box<[u32]>,
}

impl Facts {
    /// The facts of an article that was published on `day` and whose headline has the terms
    /// `title`, in any order.
    #[must_use]
    pub fn new(day: Option<i32>, title: impl IntoIterator<Item = u32>) -> Self {
        let mut title: Vec<u32> = title.into_iter().collect();
        title.sort_unstable();
        title.dedup();
        Self { day, title: title.into() }
    }
}

/// The features of a candidate with the facts `found` and the scores `legs`, compared with the
/// article asked about, whose facts are `asked` and whose terms are `text`.
#[must_use]
pub fn features(asked: &Facts, text: &TermVector, found: &Facts, legs: Legs) -> Features {
    let apart = days_apart(asked, found);
    let [days, weeks, months] = DAYS.map(|scale| apart.map_or(0.0, |days| (-days / scale).exp()));
    let in_title = |term: &u32| asked.title.binary_search(term).is_ok();
    let in_text = |term: &u32| text.indices().binary_search(term).is_ok();
    let count =
        |is_in: &dyn Fn(&u32) -> bool| as_f32(found.title.iter().filter(|t| is_in(t)).count());
    let (own, other) = (as_f32(asked.title.len()), as_f32(found.title.len()));
    [
        legs.cosine.max(0.0),
        legs.title.clamp(0.0, 1.0).sqrt(),
        legs.text.clamp(0.0, 1.0).sqrt(),
        legs.neighbours.max(0.0),
        count(&in_title) / (own * other).sqrt().max(1.0),
        count(&in_text) / other.max(1.0),
        days,
        weeks,
        months,
        if apart.is_none() { 1.0 } else { 0.0 },
    ]
}

/// The days between two articles; `None` unless both have a date.
fn days_apart(asked: &Facts, found: &Facts) -> Option<f32> {
    let days = asked.day?.abs_diff(found.day?);
    // More than a century counts as a century.
    Some(as_f32(usize::try_from(days.min(36_525)).unwrap_or(36_525)))
}

#[expect(clippy::cast_precision_loss, reason = "term and day counts are far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use super::Facts;
    use super::Features;
    use super::Legs;
    use super::NAMES;
    use super::features;
    use wenmai_domain::terms::TermVector;

    fn value(features: &Features, name: &str) -> f32 {
        features[NAMES.iter().position(|known| *known == name).unwrap()]
    }

    fn asked() -> (Facts, TermVector) {
        let text = [1, 2, 3, 4, 9].map(|term| (term, 1.0));
        (Facts::new(Some(100), [3, 1, 2, 4, 1]), TermVector::from_weights(text))
    }

    #[test]
    fn shared_headline_terms_are_counted_once_and_by_both_lengths() {
        let (facts, text) = asked();
        let found = Facts::new(None, [4, 9, 4, 7, 8]);
        let got = features(&facts, &text, &found, Legs::default());
        assert!((value(&got, "title_overlap") - 0.25).abs() < 1e-6);
        assert!((value(&got, "title_mentioned") - 0.5).abs() < 1e-6);
    }

    #[test]
    fn time_fades_and_a_missing_day_is_said() {
        let (facts, text) = asked();
        let at = |day| features(&facts, &text, &Facts::new(day, []), Legs::default());
        assert!((value(&at(Some(100)), "within_days") - 1.0).abs() < 1e-6);
        assert!((value(&at(Some(90)), "within_weeks") - (-1.0_f32).exp()).abs() < 1e-6);
        let (before, after) = (at(Some(90)), at(Some(110)));
        let same = before.iter().zip(&after).all(|(left, right)| (left - right).abs() < 1e-6);
        assert!(same, "before and after count alike");
        assert!((value(&at(None), "undated") - 1.0).abs() < 1e-6);
        assert!(value(&at(None), "within_months").abs() < 1e-6);
    }

    #[test]
    fn no_day_and_no_term_give_finite_numbers() {
        let far = Facts::new(Some(i32::MAX), []);
        let near = Facts::new(Some(i32::MIN), []);
        let wild = Legs { cosine: -1.0, title: 7.0, text: -2.0, neighbours: -0.5 };
        let got = features(&far, &TermVector::default(), &near, wild);
        assert!(got.iter().all(|value| (0.0..=1.0).contains(value)), "{got:?}");
    }
}
