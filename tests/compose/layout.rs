//! Pieces of a page → its text, as the style sets it.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::content::Piece;
use super::content::Role;
use super::style::Gaps;
use super::style::Marks;
use super::style::Style;

/// Marks that do not begin a line.
const NO_START: &str = "，。、；：！？”’）》,;:!?)%";

/// Sets the page.
pub fn set(style: &Style, pieces: &[Piece], rng: &mut ChaCha8Rng) -> String {
    let width = if style.wrap.0 == 0 { 0 } else { rng.random_range(style.wrap.0..=style.wrap.1) };
    let hangs = rng.random_range(0..100) < 70;
    let mut text = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        if at > 0 {
            text.push_str(match style.gaps {
                Gaps::Blank => "\n\n",
                Gaps::Dense if piece.begins => "\n\n",
                Gaps::Dense | Gaps::Run => "\n",
            });
        }
        let marked = marked(style.marks, piece);
        let indent = if style.indent && piece.role == Role::Text { "　　" } else { "" };
        let mut lines = wrapped(&format!("{indent}{marked}"), width, hangs);
        if piece.role == Role::Text && rng.random_range(0..100) < style.seams {
            broken(&mut lines, rng);
        }
        text.push_str(&lines.join("\n"));
    }
    text.push('\n');
    text
}

fn marked(marks: Marks, piece: &Piece) -> String {
    let text = &piece.text;
    let headline = piece.role == Role::Headline;
    let heading = headline || piece.role == Role::Heading;
    match marks {
        Marks::Levels(top, _) if headline => format!("{} {text}", "#".repeat(top)),
        Marks::Levels(_, lower) if heading => format!("{} {text}", "#".repeat(lower)),
        Marks::Same(level) if heading => format!("{} {text}", "#".repeat(level)),
        Marks::Bold if headline => format!("**{text}**"),
        Marks::Lens if headline => format!("【{text}】"),
        Marks::Levels(..) | Marks::Same(_) | Marks::Bold | Marks::Lens | Marks::None => {
            text.clone()
        }
    }
}

/// Breaks a paragraph where a column ends: a blank line somewhere inside, not beside a mark.
fn broken(lines: &mut Vec<String>, rng: &mut ChaCha8Rng) {
    if lines.len() > 2 {
        let at = rng.random_range(1..lines.len());
        lines.insert(at, String::new());
        return;
    }
    let chars: Vec<char> = lines.concat().chars().collect();
    if chars.len() < 50 || lines.len() > 1 {
        return;
    }
    let at = rng.random_range(20..chars.len() - 12);
    let stop = |c: char| "。！？”".contains(c);
    if stop(chars[at - 1]) || NO_START.contains(chars[at]) {
        return;
    }
    *lines = vec![chars[..at].iter().collect(), String::new(), chars[at..].iter().collect()];
}

/// Cuts a text into lines of `width` Han characters; half as wide are ASCII ones.
fn wrapped(text: &str, width: usize, hangs: bool) -> Vec<String> {
    if width == 0 {
        return vec![text.to_owned()];
    }
    let mut lines = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let cost = if c.is_ascii() { 1 } else { 2 };
        let hang = hangs && NO_START.contains(c);
        if used + cost > width * 2 && !hang {
            lines.push(String::new());
            used = 0;
        }
        used += cost;
        if let Some(line) = lines.last_mut() {
            line.push(c);
        }
    }
    lines
}
