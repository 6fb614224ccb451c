//! Text that was broken at a fixed width: lines that a paragraph was cut into, joined again.

use unicode_width::UnicodeWidthStr;

/// Lines that have to agree before a width is believed.
const LINES_MIN: usize = 3;
/// Columns of the narrowest width at which texts are broken.
const WIDTH_MIN: usize = 24;
/// Columns of the widest width: longer lines are paragraphs.
const WIDTH_MAX: usize = 120;
/// Columns that a full line may be short of the width: a mark that must not begin the next line, or
/// a word of Latin letters, goes over or is carried along.
const SLACK: usize = 4;

/// The paragraphs of a text that stands in `lines`, blank ones among them.
///
/// Where the lines are as long as each other and most stop inside a sentence, they are pieces of
/// paragraphs and are joined; a shorter line, a blank one, or the indent of the next ends a
/// paragraph. Else every line is a paragraph.
#[must_use]
pub fn joined<'t>(lines: impl IntoIterator<Item = &'t str>) -> Vec<String> {
    let lines: Vec<&str> = lines.into_iter().map(str::trim_end).collect();
    let Some(width) = broken_at(&lines) else {
        return lines
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
    };
    let indents = lines.iter().any(|line| is_indented(line));
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in &lines {
        let text = line.trim();
        if text.is_empty() {
            open = false;
            continue;
        }
        match paragraphs.last_mut() {
            Some(last) if open && !is_indented(line) => append(last, text),
            _ => paragraphs.push(text.to_owned()),
        }
        // Where paragraphs are indented a sentence may end with its line and the paragraph go on.
        let full = line.width() + SLACK >= width;
        open = full && (indents || !ends_short(text, line.width(), width));
    }
    paragraphs
}

/// A line that ends a sentence short of the width, if only by a character, may end its paragraph.
fn ends_short(text: &str, columns: usize, width: usize) -> bool {
    text.chars().next_back().is_some_and(is_end) && columns + 2 <= width
}

/// The width in columns at which the text was broken.
fn broken_at(lines: &[&str]) -> Option<usize> {
    let widths: Vec<usize> =
        lines.iter().filter(|line| !line.trim().is_empty()).map(|line| line.width()).collect();
    let width = *widths.iter().max()?;
    if widths.len() < LINES_MIN || !(WIDTH_MIN..=WIDTH_MAX).contains(&width) {
        return None;
    }
    let mut full = 0;
    let mut inside = 0;
    // The last line of a paragraph may be of any length.
    let mut others = 0;
    for pair in lines.windows(2) {
        let [line, next] = pair else { continue };
        let text = line.trim();
        if text.is_empty() || next.trim().is_empty() || is_indented(next) {
            continue;
        }
        if line.width() + SLACK >= width {
            full += 1;
            inside += usize::from(!text.chars().next_back().is_some_and(is_end));
        } else if !text.chars().next_back().is_some_and(is_end) {
            others += 1;
        }
    }
    // Rows of a table are alike as well, but hold no sentences.
    let marks =
        lines.iter().filter(|line| line.contains(['，', '。', ',', '.', '、', '；'])).count();
    let running = marks * 3 >= widths.len() * 2;
    (running && full + 1 >= LINES_MIN && inside * 2 > full && full > others * 3).then_some(width)
}

/// Whether a sentence or a clause that stands alone ends with this mark.
fn is_end(mark: char) -> bool {
    matches!(mark, '。' | '！' | '？' | '…' | '；' | '：' | '”' | '」' | '.' | '!' | '?')
}

fn is_indented(line: &str) -> bool {
    line.starts_with(['\u{3000}', '\t']) || line.starts_with("  ")
}

/// Puts `more` behind `text`, with a space between Latin words.
fn append(text: &mut String, more: &str) {
    let latin =
        |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, ',' | '.'));
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    if latin(text.chars().next_back()) && letter(more.chars().next()) {
        text.push(' ');
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use super::joined;

    const WHOLE: &str = "柳溪镇昨日召开防汛会议，会议决定从本月十五日起各村轮流值守，全镇设二十四个观测点，做到一小时一报。\
        镇水利站负责人说，今年雨水比往年多，预计上游来水还要涨，请低处的人家把粮食先搬到高处。";

    fn broken(text: &str, chars: usize) -> String {
        let all: Vec<char> = text.chars().collect();
        all.chunks(chars).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn lines_of_one_width_are_joined() {
        for width in [14, 20, 33] {
            assert_eq!(joined(broken(WHOLE, width).lines()), [WHOLE], "{width}");
        }
    }

    #[test]
    fn paragraphs_stay_apart() {
        let two = format!("　　{}\n　　{}", broken(WHOLE, 20), broken(WHOLE, 20));
        assert_eq!(joined(two.lines()), [WHOLE, WHOLE]);
        let blank = format!("{}\n\n{}", broken(WHOLE, 20), broken(WHOLE, 18));
        assert_eq!(joined(blank.lines()), [WHOLE, WHOLE]);
        let plain =
            "第一段说的是水情。\n第二段说的是雨情，比前一段长得多，共有两个分句。\n第三段很短。";
        assert_eq!(joined(plain.lines()).len(), 3);
        let long = [WHOLE, WHOLE, WHOLE];
        assert_eq!(joined(long), long);
        let list = "序号　村名　户数\n一　上柳村　三百二十户\n二　下柳村　四百一十户\n三　东河村　二百零六户";
        assert_eq!(joined(list.lines()).len(), 4);
    }

    #[test]
    fn latin_words_keep_their_space() {
        let text = "The bridge over the river, closed since\nMonday morning after the flood, and it\nwill be open again, in the last week of\nSeptember.";
        assert_eq!(joined(text.lines()).len(), 1);
        assert!(
            joined(text.lines())[0].contains("since Monday")
                && joined(text.lines())[0].contains("of September")
        );
    }
}
