//! Two articles: do they belong together? What is compared.

use wenmai_domain::day;

/// How many features a pair has.
pub(super) const COUNT: usize = 14;

/// The features of a pair, in the order of [`NAMES`].
pub(super) type Features = [f32; COUNT];

/// Their names, as weights files spell them.
pub(super) const NAMES: [&str; COUNT] = [
    "cosine",
    "text_terms",
    "title_terms",
    "title_mentioned",
    "neighbours",
    "within_days",
    "within_weeks",
    "within_months",
    "years_apart",
    "rank",
    "below_nearest",
    "below_ten",
    "forty",
    "keys",
];

/// The longest time that counts, in days.
const DAYS_MAX: f32 = 400.0;

/// Embeddings less alike than this do not bear out what only the name of a place says.
const COSINE_MIN: f32 = 0.45;
/// The part of the likeness of two texts, at least, that is due to other words than names of places.
const BEYOND_MIN: f32 = 0.1;

/// What two articles are to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Likeness {
    /// Cosine of the embeddings.
    pub(super) cosine: f32,
    /// Cosine of the texts' terms, weighted by idf.
    pub(super) text: f32,
    /// The part of `text` that is not due to pieces of the names of places.
    pub(super) beyond_places: f32,
    /// The part of `text` that is not due to the term that both hold and that says most.
    pub(super) beyond_one: f32,
    /// The same as `text`, of the headlines.
    pub(super) title: f32,
    /// Cosine of one's headline and the other's text.
    pub(super) mentioned: f32,
    /// Share of what they name that both name, by idf.
    pub(super) keys: f32,
    /// Days between them.
    pub(super) days: f32,
}

/// Where a candidate stands among all that were found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Standing {
    /// 0 for the first.
    pub(super) rank: u16,
    /// Cosine to the middle of the first ten.
    pub(super) neighbours: f32,
    /// Cosine of the first.
    pub(super) nearest: f32,
    /// Mean cosine of the first ten.
    pub(super) ten: f32,
    /// Mean cosine of the first forty.
    pub(super) forty: f32,
}

impl Likeness {
    /// Whether the two have a place, or a single word, in common and nothing else: what happens in one
    /// town is not one story. Of longer texts the embeddings tell; those of a few lines share a rare name
    /// and little more.
    pub(super) fn is_of_one_word(&self) -> bool {
        let beyond = self.beyond_places.min(self.beyond_one);
        self.cosine < COSINE_MIN && self.text > 0.0 && beyond < BEYOND_MIN * self.text
    }

    /// How promising the pair is, to choose those that are compared in full.
    pub(super) fn first_look(&self) -> f32 {
        self.cosine + self.text + 0.3 * self.title + 0.15 * fade(self.days, 30.0)
    }
}

/// Days between two seconds.
pub(super) fn days_apart(one: i64, other: i64) -> f32 {
    day::days_f32(one.abs_diff(other))
}

/// `exp(−days / scale)`.
pub(super) fn fade(days: f32, scale: f32) -> f32 {
    (-days / scale).exp()
}

/// The features of a pair.
pub(super) fn features(like: &Likeness, standing: &Standing) -> Features {
    let Likeness { cosine, text, beyond_places: _, beyond_one: _, title, mentioned, keys, days } =
        *like;
    let Standing { rank, neighbours, nearest, ten, forty } = *standing;
    [
        cosine,
        text.max(0.0).sqrt(),
        title.max(0.0).sqrt(),
        mentioned.max(0.0).sqrt(),
        neighbours,
        fade(days, 1.5),
        fade(days, 10.0),
        fade(days, 100.0),
        days.min(DAYS_MAX) / 365.0,
        f32::from(rank).ln_1p(),
        cosine - nearest,
        cosine - ten,
        forty,
        keys,
    ]
}

#[cfg(test)]
mod tests {
    use super::Likeness;

    #[test]
    fn a_place_or_a_word_alone_is_no_story_and_a_place_with_a_matter_is() {
        let both = Likeness {
            cosine: 0.1,
            text: 0.4,
            beyond_places: 0.2,
            beyond_one: 0.2,
            ..Likeness::default()
        };
        assert!(!both.is_of_one_word());
        assert!(Likeness { beyond_places: 0.01, ..both }.is_of_one_word());
        assert!(Likeness { beyond_one: 0.01, ..both }.is_of_one_word());
        let alike = Likeness { cosine: 0.5, beyond_one: 0.0, ..both };
        assert!(!alike.is_of_one_word(), "the embeddings are alike");
        let none = Likeness { text: 0.0, beyond_places: 0.0, beyond_one: 0.0, ..both };
        assert!(!none.is_of_one_word());
    }
}
