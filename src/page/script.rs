//! Cues in both scripts: the words that pages say are written once, simplified, and found in
//! traditional characters too.

use std::fmt::Write as _;

use regex::Regex;

use wenmai_text::pattern;

/// Characters of cues that differ, simplified and traditional.
const PAIRS: [(char, char); 58] = [
    ('报', '報'),
    ('讯', '訊'),
    ('记', '記'),
    ('电', '電'),
    ('导', '導'),
    ('读', '讀'),
    ('转', '轉'),
    ('责', '責'),
    ('编', '編'),
    ('对', '對'),
    ('审', '審'),
    ('员', '員'),
    ('摄', '攝'),
    ('图', '圖'),
    ('见', '見'),
    ('专', '專'),
    ('题', '題'),
    ('评', '評'),
    ('论', '論'),
    ('详', '詳'),
    ('内', '內'),
    ('闻', '聞'),
    ('华', '華'),
    ('网', '網'),
    ('实', '實'),
    ('习', '習'),
    ('驻', '駐'),
    ('辑', '輯'),
    ('计', '計'),
    ('设', '設'),
    ('队', '隊'),
    ('给', '給'),
    ('经', '經'),
    ('农', '農'),
    ('历', '曆'),
    ('头', '頭'),
    ('条', '條'),
    ('简', '簡'),
    ('资', '資'),
    ('讲', '講'),
    ('长', '長'),
    ('书', '書'),
    ('点', '點'),
    ('时', '時'),
    ('声', '聲'),
    ('综', '綜'),
    ('协', '協'),
    ('会', '會'),
    ('国', '國'),
    ('启', '啟'),
    ('势', '勢'),
    ('观', '觀'),
    ('访', '訪'),
    ('谈', '談'),
    ('连', '連'),
    ('载', '載'),
    ('启', '啓'),
    ('来', '來'),
];

/// Compiles a pattern of the source code that also finds its words in traditional characters.
pub(super) fn both(simplified: &str) -> Regex {
    let mut pattern = String::with_capacity(simplified.len() * 2);
    let (mut in_class, mut escaped) = (false, false);
    for c in simplified.chars() {
        let others: String = PAIRS
            .iter()
            .filter(|(plain, old)| *plain == c && *old != c)
            .map(|(_, old)| old)
            .collect();
        if others.is_empty() {
            pattern.push(c);
        } else if in_class {
            pattern.push(c);
            pattern.push_str(&others);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(pattern, "[{c}{others}]");
        }
        in_class = match c {
            '[' if !escaped => true,
            ']' if !escaped => false,
            _ => in_class,
        };
        escaped = c == '\\' && !escaped;
    }
    pattern::fixed(&pattern)
}

/// `word` with the characters of cues simplified.
pub(super) fn simplified(word: &str) -> String {
    let plain = |c: char| PAIRS.iter().find(|(_, old)| *old == c).map_or(c, |(plain, _)| *plain);
    word.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::both;
    use super::simplified;

    #[test]
    fn words_are_found_in_both_scripts() {
        let opener = both("^(?:本报讯|[记电]者)");
        assert!(opener.is_match("本报讯") && opener.is_match("本報訊") && opener.is_match("電者"));
        assert!(!opener.is_match("本刊訊"));
        assert_eq!(simplified("攝影記者"), "摄影记者");
    }
}
