//! Words or characters with places → the text of a line, and lines where a source has only words.

use unicode_normalization::UnicodeNormalization as _;

use crate::model::Line;
use crate::model::Rect;
use crate::model::hull;

/// A word, or a single character, with its place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word {
    /// The box of the word on its sheet, in the unit of the sheet.
    pub rect: Rect,
    /// The characters of the word.
    pub text: String,
    /// Size of its type where it is known.
    pub size: Option<f32>,
    /// Whether it is bold, where that is known.
    pub bold: Option<bool>,
    /// How sure the reader of the image was.
    pub confidence: Option<f32>,
}

/// The width of `c` in em: one for Han characters and their marks, a half for Latin ones.
pub(crate) fn em(c: char) -> f32 {
    if c.is_ascii() || ('\u{a0}'..'\u{2000}').contains(&c) { 0.5 } else { 1.0 }
}

/// Radicals that have no character of their own in Unicode's compatibility forms, each before the
/// character that it stands for.
const RADICALS: &str = "⺠民⻔门⻋车⻦鸟⻰龙⻜飞⻘青⻓长⻅见⻉贝⻚页⻛风⻝食⻢马⻥鱼⻩黄⻬齐⻮齿⻳龟⻄西⻆角⻁虎⻨麦⻤鬼⺟母⻣骨⻑長⻙韦⻐钅⻡首\
    ⻪黾⻫斉⻭歯⻲亀⻯竜⻟飠⺁厂⺃乚⺈刀⺋卩⺡氵⺨犬⺩王⺪疋⺮竹⺯糸⺶羊⺷羊⺼月⻊足⻌辶⻍辶⻎辶⻏邑⻖阜⻗雨⺕彐⺜日⺝月⺞歹⺧牛⺫目⺬示⺭礻⺱网⺲网⺳网⺴网⺹老⺺聿⺾艹⺿艹⻀艹⻂衤⻈讠";

/// Marks of vertical print and what they are in a line.
const UPRIGHT: &str =
    "﹃“﹄”﹁‘﹂’︵（︶）︽《︾》︿〈﹀〉︱—︙…︐，︑、︒。︓：︔；︕！︖？︻【︼】";

/// A text with Han characters where fonts name radicals (⼀) or compatibility forms: PDFs made by
/// browsers do so where one glyph serves both.
pub(crate) fn han(text: &str) -> String {
    let odd = |c: char| matches!(c, '\u{2e3a}' | '\u{2e80}'..='\u{2fdf}' | '\u{f900}'..='\u{faff}');
    if !text.contains(odd) {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match paired(RADICALS, c) {
            // The dash of two em, as one glyph.
            _ if c == '\u{2e3a}' => plain.push_str("——"),
            Some(other) => plain.push(other),
            None if odd(c) => plain.extend(c.nfkc()),
            None => plain.push(c),
        }
    }
    plain
}

/// A vertical line's text with the marks of horizontal print.
pub(crate) fn level(text: &str) -> String {
    text.chars().map(|c| paired(UPRIGHT, c).unwrap_or(c)).collect()
}

/// The second character of the pair that begins with `c`.
fn paired(pairs: &str, c: char) -> Option<char> {
    let at = pairs.chars().step_by(2).position(|known| known == c)?;
    pairs.chars().nth(2 * at + 1)
}

/// The width of `text` in em.
pub(crate) fn ems(text: &str) -> f32 {
    text.chars().map(em).sum()
}

/// Gap in em from which a line of words is two lines of neighbouring columns.
const APART: f32 = 1.8;

/// Puts the words of one line, in order, together; a gap as wide as a gutter parts it.
pub(crate) fn lines(words: &[Word], vertical: bool) -> Vec<Line> {
    let words: Vec<&Word> = words.iter().filter(|word| !word.text.trim().is_empty()).collect();
    let size = typical(words.iter().map(|word| extent(word, vertical)));
    let mut gaps: Vec<f32> = words.windows(2).filter_map(|pair| gap(pair, vertical)).collect();
    gaps.sort_by(f32::total_cmp);
    let usual = gaps.get(gaps.len().saturating_sub(1) / 2).copied().unwrap_or_default();
    let mut lines = Vec::new();
    let mut open: Vec<&Word> = Vec::new();
    let mut text = String::new();
    for word in words {
        if let Some(last) = open.last() {
            let gap = gap(&[*last, word], vertical).unwrap_or_default();
            if gap > APART * size && gap > 2.5 * usual.max(0.0) {
                lines.extend(line(&open, &text, vertical));
                open.clear();
                text.clear();
            } else if is_space(last, word, gap, size, usual) {
                text.push(' ');
            }
        }
        text.push_str(&word.text);
        open.push(word);
    }
    lines.extend(line(&open, &text, vertical));
    lines
}

fn is_space(last: &Word, next: &Word, gap: f32, size: f32, usual: f32) -> bool {
    let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let both = latin(last.text.chars().next_back()) && latin(next.text.chars().next());
    both && gap > 0.12 * size || gap > 0.45 * size && gap > 1.8 * usual.max(0.0)
}

/// The gap between two words in the direction of the line.
fn gap(pair: &[&Word], vertical: bool) -> Option<f32> {
    let [a, b] = pair else { return None };
    Some(if vertical { b.rect.top - a.rect.bottom } else { b.rect.left - a.rect.right })
}

/// The extent of one character across the line.
fn extent(word: &Word, vertical: bool) -> f32 {
    word.size.unwrap_or(if vertical { word.rect.width() } else { word.rect.height() })
}

fn line(words: &[&Word], text: &str, vertical: bool) -> Option<Line> {
    let rect = hull(words.iter().map(|word| &word.rect));
    if text.trim().is_empty() {
        return None;
    }
    let known = |of: fn(&Word) -> Option<f32>| {
        let values: Vec<f32> = words.iter().filter_map(|word| of(word)).collect();
        (values.len() * 2 >= words.len() && !values.is_empty()).then(|| typical(values.into_iter()))
    };
    let bold = words.iter().filter(|word| word.bold == Some(true)).count();
    let said = words.iter().any(|word| word.bold.is_some());
    let mut line = Line {
        rect,
        text: text.to_owned(),
        size: known(|word| word.size),
        bold: said.then_some(bold * 2 > words.len()),
        confidence: known(|word| word.confidence),
        vertical,
        ..Line::default()
    };
    trim(&mut line);
    Some(line)
}

/// Takes blank characters off both ends of a line and narrows its box by them.
pub(crate) fn trim(line: &mut Line) {
    let whole = ems(&line.text).max(0.5);
    let front = ems(line.text.get(..line.text.len() - line.text.trim_start().len()).unwrap_or(""));
    let back = ems(line.text.get(line.text.trim_end().len()..).unwrap_or(""));
    if front + back > 0.0 && front + back < whole {
        if line.vertical {
            let step = line.rect.height() / whole;
            line.rect.top += front * step;
            line.rect.bottom -= back * step;
        } else {
            let step = line.rect.width() / whole;
            line.rect.left += front * step;
            line.rect.right -= back * step;
        }
    }
    line.text = line.text.trim().to_owned();
}

/// The middle of some values; zero where there is none.
pub(crate) fn typical(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Puts lines of one character that stand below each other together: a vertical headline of a
/// source that knows only horizontal lines.
pub(crate) fn stand_up(lines: Vec<Line>) -> Vec<Line> {
    let is_single = |line: &Line| {
        let count = line.text.chars().filter(|c| !c.is_whitespace()).count();
        count == 1 && !line.vertical && line.rect.width() < 2.0 * line.rect.height()
    };
    let (mut singles, mut rest): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(is_single);
    // Columns of characters by their middle, then from above.
    singles.sort_by(|a, b| a.rect.center_x().total_cmp(&b.rect.center_x()));
    let mut column = (f32::NEG_INFINITY, 0_usize);
    let mut placed: Vec<(usize, Line)> = Vec::with_capacity(singles.len());
    for single in singles {
        if single.rect.center_x() - column.0 > 0.5 * single.rect.width() {
            column = (single.rect.center_x(), column.1 + 1);
        }
        placed.push((column.1, single));
    }
    placed.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.rect.top.total_cmp(&b.1.rect.top)));
    let singles = placed.into_iter().map(|(_, single)| single);
    let mut open: Vec<Line> = Vec::new();
    for single in singles {
        let below = open.last().is_some_and(|last| {
            let size = last.rect.width().max(last.rect.height());
            let gap = single.rect.top - last.rect.bottom;
            let aligned = (single.rect.center_x() - last.rect.center_x()).abs() < 0.35 * size;
            let alike = (single.rect.width() / last.rect.width().max(1e-3) - 1.0).abs() < 0.4;
            aligned && alike && gap > -0.6 * size && gap < 0.7 * size
        });
        if !below {
            rest.extend(stacked(std::mem::take(&mut open)));
        }
        open.push(single);
    }
    rest.extend(stacked(open));
    rest
}

/// One vertical line out of two characters or more; else the lines as they are.
fn stacked(characters: Vec<Line>) -> Vec<Line> {
    if characters.len() < 2 {
        return characters;
    }
    let rect = hull(characters.iter().map(|line| &line.rect));
    let size = characters.iter().find_map(|line| line.size);
    vec![Line {
        rect,
        text: level(&characters.iter().map(|line| line.text.trim()).collect::<String>()),
        size,
        bold: characters.iter().find_map(|line| line.bold),
        confidence: characters.iter().find_map(|line| line.confidence),
        vertical: true,
        ..Line::default()
    }]
}

#[cfg(test)]
mod tests {
    use super::Word;
    use super::lines;
    use super::stand_up;
    use crate::model::Line;
    use crate::model::Rect;

    fn word(left: f32, text: &str) -> Word {
        let right = left + 10.0 * super::ems(text);
        Word { rect: Rect::new(left, 0.0, right, 10.0), text: text.into(), ..Word::default() }
    }

    #[test]
    fn gaps_make_spaces_and_part_columns() {
        let words =
            [("清河", 0.0), ("主桥", 20.5), ("大桥", 41.0), ("合龙", 70.0), ("柳溪", 120.0)];
        let words = words.map(|(text, left)| word(left, text));
        let texts: Vec<String> = lines(&words, false).into_iter().map(|line| line.text).collect();
        assert_eq!(texts, ["清河主桥大桥 合龙", "柳溪"]);
    }

    #[test]
    fn letter_spacing_is_no_space() {
        let words = [word(0.0, "导"), word(18.0, "读"), word(36.0, "今"), word(54.0, "日")];
        assert_eq!(lines(&words, false)[0].text, "导读今日");
    }

    #[test]
    fn single_characters_below_each_other_stand_up() {
        let single = |at: u16, c: &str| Line {
            rect: Rect::new(0.0, f32::from(at) * 30.0, 28.0, f32::from(at) * 30.0 + 28.0),
            text: c.into(),
            ..Line::default()
        };
        let lines = stand_up(vec![single(1, "河"), single(0, "清"), single(2, "桥")]);
        assert_eq!((lines.len(), lines[0].text.as_str()), (1, "清河桥"));
        assert!(lines[0].vertical);
    }
}
