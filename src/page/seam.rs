//! Seams: where a column's end broke a sentence in two blocks.

/// Marks that end a paragraph.
const TERMINAL: &str = "。！？…!?；;｡";
/// Marks that may follow them.
const CLOSING: &str = "”’』」）)》〉】\"'";
/// Marks that never begin a paragraph.
const NO_START: &str = "，。、；：！？”’』」）)》〉】…%％℃,;:!?·";

/// Whether `text` ends as a paragraph does.
pub(crate) fn is_closed(text: &str) -> bool {
    let core = text.trim_end_matches(|c: char| CLOSING.contains(c));
    match core.chars().next_back() {
        Some(c) if TERMINAL.contains(c) => true,
        // `（作者单位：…）` closes; a quoted word does not.
        Some(_) => core.len() < text.len() && text.ends_with(['）', ')', '】']),
        None => true,
    }
}

/// Whether `text` cannot be complete: it ends with a comma or an opening mark, or leaves one open.
pub(crate) fn is_broken(text: &str) -> bool {
    let comma = text.chars().next_back().is_some_and(|c| "，、,“‘（(《〈『「".contains(c));
    comma || !is_closed(text) && unbalanced(text)
}

/// Whether `text` begins as only the rest of a sentence can.
pub(crate) fn is_continuation(text: &str) -> bool {
    text.chars().next().is_some_and(|c| NO_START.contains(c))
}

/// Whether a quote, bracket or title mark is left open.
pub(crate) fn unbalanced(text: &str) -> bool {
    [('“', '”'), ('（', '）'), ('《', '》'), ('「', '」')].into_iter().any(|(open, close)| {
        let mut depth = 0_usize;
        for c in text.chars() {
            if c == open {
                depth += 1;
            } else if c == close {
                depth = depth.saturating_sub(1);
            }
        }
        depth > 0
    })
}

#[cfg(test)]
mod tests {
    use super::is_broken;
    use super::is_closed;
    use super::is_continuation;

    #[test]
    fn sentences_cut_by_a_column_join() {
        assert!(!is_closed("代表清河县委、") && !is_closed("建起“连心"));
        assert!(is_continuation("，种粮二十年。") && is_continuation("”的办法。"));
    }

    #[test]
    fn complete_paragraphs_do_not_join() {
        assert!(is_closed("大桥通了。") && !is_continuation("县政府致辞。"));
        assert!(is_closed("他说：“通了！”"));
        assert!(is_closed("（作者单位：清河县水利局）"));
    }

    #[test]
    fn an_open_quote_is_broken() {
        assert!(is_broken("建起“连心") && is_broken("县委、") && !is_broken("大桥合龙"));
    }
}
