//! Seams: where a column's end broke a sentence in two blocks.

/// Marks that end a paragraph.
const TERMINAL: &str = "。！？…!?；;｡";
/// Marks that may follow them.
const CLOSING: &str = "”’』」）)》〉】\"'";
/// Marks after which a sentence must go on.
const OPEN_END: &str = "，、：—－-,“‘（(《〈『「·";
/// Marks that never begin a paragraph.
const NO_START: &str = "，。、；：！？”’』」）)》〉】…%％℃,;:!?·";

/// Whether `text` ends as a paragraph does.
pub(crate) fn is_closed(text: &str) -> bool {
    let core = text.trim_end_matches(|c: char| CLOSING.contains(c));
    match core.chars().next_back() {
        Some(c) if TERMINAL.contains(c) => true,
        // `（作者单位：…）` closes; `他提出“三个一` and `“组合拳”` do not.
        Some(_) => core.len() < text.len() && text.ends_with(['）', ')', '】']),
        None => true,
    }
}

/// Whether `text` cannot be complete: it ends with a comma or an opening mark, or leaves one open.
pub(crate) fn is_broken(text: &str) -> bool {
    let comma = text.chars().next_back().is_some_and(|c| "，、,“‘（(《〈『「".contains(c));
    comma || !is_closed(text) && unbalanced(text)
}

/// Whether `text` ends with a mark after which a sentence usually goes on, as headings rarely do.
pub(crate) fn has_open_end(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| OPEN_END.contains(c))
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

/// Whether the body block `next` goes on with the sentence that the body block `text` began.
///
/// Both have been classed as body, so what decides is whether the first is complete.
pub(crate) fn joins(text: &str, next: &str) -> bool {
    is_continuation(next) || !is_closed(text)
}

#[cfg(test)]
mod tests {
    use super::is_broken;
    use super::is_closed;
    use super::joins;

    #[test]
    fn sentences_cut_by_a_column_join() {
        assert!(joins("代表清河县委、", "县政府致辞。"));
        assert!(joins("打好“组合", "拳”。"));
        assert!(joins("他来自柳溪镇", "，种粮二十年。"));
    }

    #[test]
    fn complete_paragraphs_do_not_join() {
        assert!(!joins("大桥通了。", "县政府致辞。"));
        assert!(!joins("他说：“通了！”", "掌声响起。"));
        assert!(is_closed("（作者单位：清河县水利局）"));
    }

    #[test]
    fn an_open_quote_is_broken() {
        assert!(is_broken("打好“组合") && is_broken("县委、") && !is_broken("大桥合龙"));
    }
}
