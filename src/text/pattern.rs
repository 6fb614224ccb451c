//! Patterns that are written in the source and therefore known to compile.
//!
//! Every pattern goes through [`fixed`], so that the one place where a wrong pattern could panic is
//! here, and the first test that touches the pattern finds it.

use regex::Regex;

/// Compiles a pattern that is a literal of this crate.
///
/// # Panics
/// If `source` is not a pattern: a mistake in this crate, never in the input.
#[expect(clippy::expect_used, reason = "the pattern is a literal, not input")]
#[must_use]
pub fn fixed(source: &str) -> Regex {
    Regex::new(source).expect("the pattern is a literal of this crate")
}

#[cfg(test)]
mod tests {
    use super::fixed;

    #[test]
    fn a_fixed_pattern_matches_what_it_says() {
        assert!(fixed("^第[0-9]+版$").is_match("第3版"));
    }
}
