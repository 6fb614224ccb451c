//! Chinese personal names, as bylines print them.

use crate::text::surname;

/// Whether `c` is a Han character.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '〇')
}

/// Whether `token` looks like a full name: a known surname and one or two characters.
pub(crate) fn is_name(token: &str) -> bool {
    if !token.chars().all(is_han) {
        return false;
    }
    let surname = surname::length(token);
    surname > 0 && (surname + 1..=surname + 2).contains(&token.chars().count())
}

/// Whether `token` can be a name where the page says that one stands there (`记者 …`): two to four
/// Han characters, or longer with the point of transcribed names.
pub(crate) fn may_be_name(token: &str) -> bool {
    let count = token.chars().count();
    let point = |c: char| matches!(c, '·' | '•' | '・');
    // 作者为…, 记者从…: a sentence goes on there, and no name begins so.
    let verb = |c: char| "为系是在由从将和与及的对".contains(c);
    (2..=4).contains(&count) && token.chars().all(is_han) && !token.starts_with(verb)
        || (3..=16).contains(&count)
            && token.chars().any(point)
            && token.chars().all(|c| is_han(c) || point(c))
}

/// Splits a list of names at spaces, 、 and commas; `张 颖` with a space inside becomes one name.
///
/// `None` where a piece is no name by `accept`, or there is none.
pub(crate) fn list(text: &str, accept: fn(&str) -> bool) -> Option<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    let mut half: Option<&str> = None;
    let separator =
        |c: char| c.is_whitespace() || matches!(c, '、' | '，' | ',' | '/' | '／' | ';' | '；');
    for token in text.split(separator).filter(|token| !token.is_empty()) {
        let single = token.chars().nth(1).is_none();
        let name = match half.take() {
            Some(first) if single => format!("{first}{token}"),
            Some(_) => return None,
            None if single => {
                half = Some(token);
                continue;
            }
            None => token.to_owned(),
        };
        if !accept(&name) {
            return None;
        }
        names.push(name);
    }
    (half.is_none() && !names.is_empty()).then_some(names)
}

/// Splits names that stand without anything between them: 周小禾林小满.
pub(crate) fn glued(text: &str) -> Option<Vec<String>> {
    let chars: Vec<char> = text.chars().collect();
    if !(4..=12).contains(&chars.len()) {
        return None;
    }
    // From the end: which length of name at each place lets the rest be names too. Three first:
    // most names have three characters.
    let mut length: Vec<usize> = vec![0; chars.len()];
    for at in (0..chars.len()).rev() {
        let fits = |count: &usize| {
            let end = at + count;
            let name: String = chars.iter().skip(at).take(*count).collect();
            let rest = end == chars.len() || length.get(end).is_some_and(|next| *next > 0);
            end <= chars.len() && rest && is_name(&name)
        };
        let found = [3, 2].into_iter().find(fits).unwrap_or_default();
        if let Some(slot) = length.get_mut(at) {
            *slot = found;
        }
    }
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(count) = length.get(at) {
        if *count == 0 {
            return None;
        }
        names.push(chars.iter().skip(at).take(*count).collect());
        at += count;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::glued;
    use super::is_name;
    use super::list;
    use super::may_be_name;

    #[test]
    fn a_surname_makes_a_name() {
        assert!(is_name("周小禾") && is_name("欧阳春雨") && is_name("江渡"));
        assert!(!is_name("清河县") && !is_name("周") && !is_name("周一到周五"));
    }

    #[test]
    fn spaces_inside_short_names_are_closed() {
        let names = list("周 禾　林小满、许 舟", is_name);
        assert_eq!(names, Some(vec!["周禾".into(), "林小满".into(), "许舟".into()]));
    }

    #[test]
    fn a_word_that_is_no_name_spoils_the_list() {
        assert_eq!(list("周小禾 大桥合龙", is_name), None);
        assert_eq!(list("周小禾 林", is_name), None);
        assert_eq!(list("  ", is_name), None);
    }

    #[test]
    fn glued_names_come_apart() {
        assert_eq!(glued("周小禾林小满"), Some(vec!["周小禾".into(), "林小满".into()]));
        assert_eq!(glued("清河县水利局"), None);
    }

    #[test]
    fn transcribed_names_need_their_point() {
        assert!(!may_be_name("为林学家"));
        assert!(may_be_name("阿依·古丽") && may_be_name("尔玛") && !may_be_name("清河县人民医院"));
    }
}
