//! Units in which texts are compared: a Han character, a Latin word or a number each; lower case.
//!
//! ROUGE counts them (`eval::summary::rouge`), and the ranker's overlaps do.

use wenmai_text::likeness;
use wenmai_text::terms::index;

/// The units of `text` in order, each as a hash; punctuation and space have none.
#[must_use]
pub fn units(text: &str) -> Vec<u32> {
    let mut found = Vec::with_capacity(text.len() / 3);
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let point = c == '.'
            && word.ends_with(|last: char| last.is_ascii_digit())
            && !word.contains('.')
            && chars.peek().is_some_and(char::is_ascii_digit);
        let goes_on = word.chars().last().is_none_or(|last| {
            point || (last.is_ascii_alphabetic() == c.is_ascii_alphabetic() && last.is_ascii())
        });
        if !(goes_on && (point || c.is_ascii_alphanumeric())) {
            flush(&mut word, &mut found);
        }
        if point || c.is_ascii_alphanumeric() {
            word.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            let mut buffer = [0; 4];
            found.push(index(c.encode_utf8(&mut buffer)));
        }
    }
    flush(&mut word, &mut found);
    found
}

fn flush(word: &mut String, found: &mut Vec<u32>) {
    if !word.is_empty() {
        found.push(index(word));
        word.clear();
    }
}

/// Neighbouring pairs of `units`, each as one number.
#[must_use]
pub fn bigrams(units: &[u32]) -> Vec<u64> {
    let number = |(first, second)| (u64::from(first) << 32) | u64::from(second);
    likeness::bigrams(units.iter().copied()).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::bigrams;
    use super::units;

    #[test]
    fn a_number_and_a_word_are_one_unit_each() {
        assert_eq!(units("增长3.5%，GDP！").len(), 4);
        assert_eq!(units("gdp"), units("GDP"));
        assert_eq!(units("5G网").len(), 3);
        assert_eq!(units("3.5.").len(), 1);
        assert_ne!(units("35"), units("3.5"));
        assert!(units("，。…").is_empty());
    }

    #[test]
    fn pairs_are_neighbours_in_order() {
        assert_eq!(bigrams(&units("清河")).len(), 1);
        assert_ne!(bigrams(&units("清河")), bigrams(&units("河清")));
        assert!(bigrams(&units("清")).is_empty());
    }
}
