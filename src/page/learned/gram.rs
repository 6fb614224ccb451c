//! What the line model sees of a line: runs of characters and its shape. Used by the parser and by
//! `examples/train_lines.rs`, so that both see the same.

/// Longest line that is looked at as a heading, in characters.
pub const LINE_CHARS: usize = 60;

/// How far into a paragraph its beginning is looked at, in characters.
pub const OPENING_CHARS: usize = 36;

/// How far into a paragraph runs are told from those behind, in characters.
const NEAR_CHARS: usize = 12;

/// The characters of `text` with digits, letters and blanks folded to one each.
fn folded(text: &str, most: usize) -> Vec<char> {
    let mut chars: Vec<char> = Vec::with_capacity(most + 2);
    for c in text.trim().chars() {
        let c = match c {
            '0'..='9' | '０'..='９' => '0',
            'a'..='z' | 'A'..='Z' | 'ａ'..='ｚ' | 'Ａ'..='Ｚ' => 'A',
            '"' => '”',
            _ if c.is_whitespace() => '_',
            _ => c,
        };
        // A number or a word of letters counts once, however long.
        if matches!(c, '0' | 'A' | '_') && chars.last() == Some(&c) {
            continue;
        }
        if chars.len() == most {
            break;
        }
        chars.push(c);
    }
    chars
}

/// Calls `see` with the features of a short line: runs of two and three characters (`^` and `$` are
/// its ends) and its shape (`#length`, `#comma`…).
pub fn of_line(text: &str, mut see: impl FnMut(&str)) {
    let mut chars = vec!['^'];
    chars.extend(folded(text, LINE_CHARS));
    chars.push('$');
    runs(&chars, "", &mut see);
    let count = text.chars().count();
    see(&format!("#length {}", if count < 24 { count } else { count / 4 * 4 }));
    for (mark, name) in [("，", "comma"), ("：", "colon"), ("“", "quote"), ("？", "question")]
    {
        if text.contains(mark) {
            see(&format!("#{name}"));
        }
    }
    if text.split_whitespace().nth(1).is_some() {
        see("#parts");
    }
}

/// Calls `see` with the features of a paragraph's beginning: its first characters, and runs of two
/// and three characters behind them.
pub fn of_opening(text: &str, mut see: impl FnMut(&str)) {
    let chars = folded(text, OPENING_CHARS);
    let mut run = String::from("^");
    for c in chars.iter().take(4) {
        run.push(*c);
        see(&run);
    }
    let near = chars.get(..NEAR_CHARS.min(chars.len())).unwrap_or_default();
    runs(near, "", &mut see);
    runs(chars.get(near.len()..).unwrap_or_default(), "~", &mut see);
}

fn runs(chars: &[char], prefix: &str, see: &mut impl FnMut(&str)) {
    let mut run = String::new();
    for size in [2, 3] {
        for window in chars.windows(size) {
            run.clear();
            run.push_str(prefix);
            run.extend(window);
            see(&run);
        }
    }
}
