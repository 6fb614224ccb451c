//! Quotations of a line: which way each quotation mark faces, and where it is closed.
//!
//! Curly marks (“”‘’) and corner brackets (「」『』) say which way they face. Straight ones (" and ＂)
//! do not: they are paired by position, the first of a line opens. Where their number is odd, one was
//! lost or is a sign of inches, and what stands around each decides. Web texts mix both (`“反华"`): a
//! straight mark closes a curly one that no curly one closes, and the other way round.

use std::borrow::Cow;

/// Which way a quotation mark faces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facing {
    /// A quotation begins behind it.
    Opens,
    /// A quotation ends before it.
    Closes,
}

/// The quotations of a line, by the positions of its characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quotations {
    /// Of each character, which way it faces if it is a quotation mark.
    facing: Vec<Option<Facing>>,
    /// Of each mark that opens, the position of the mark that closes it.
    closing: Vec<Option<usize>>,
    /// The first mark that opens and is never closed.
    unclosed: Option<usize>,
    /// The last mark that closes what was never opened.
    unopened: Option<usize>,
}

impl Quotations {
    /// The quotations of `line`, given as its characters.
    #[must_use]
    pub fn of(line: &[char]) -> Self {
        let line = &*unmixed(line);
        let facing = facings(line);
        let mut closing = vec![None; line.len()];
        let mut open: Vec<(usize, char)> = Vec::new();
        let mut unopened = None;
        for (at, c) in line.iter().enumerate() {
            match facing.get(at).copied().flatten() {
                Some(Facing::Opens) => open.push((at, closes(*c))),
                Some(Facing::Closes) => match open.iter().rposition(|(_, close)| close == c) {
                    Some(place) => {
                        // What was opened inside and not closed is a misprint.
                        open.truncate(place + 1);
                        let from = open.pop().map_or(at, |(from, _)| from);
                        if let Some(closing) = closing.get_mut(from) {
                            *closing = Some(at);
                        }
                    }
                    // An apostrophe looks like a mark that closes.
                    None if *c != '’' => unopened = Some(at),
                    None => {}
                },
                None => {}
            }
        }
        Self { facing, closing, unclosed: open.first().map(|(at, _)| *at), unopened }
    }

    /// Which way the character at `at` faces.
    #[must_use]
    pub fn facing(&self, at: usize) -> Option<Facing> {
        self.facing.get(at).copied().flatten()
    }

    /// Where the quotation that the mark at `at` opens is closed.
    #[must_use]
    pub fn closing(&self, at: usize) -> Option<usize> {
        self.closing.get(at).copied().flatten()
    }

    /// The first mark that opens a quotation which the line does not close.
    #[must_use]
    pub fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// The last mark that closes a quotation which the line did not open.
    #[must_use]
    pub fn unopened(&self) -> Option<usize> {
        self.unopened
    }

    /// Whether every quotation of the line begins and ends there.
    #[must_use]
    pub fn are_whole(&self) -> bool {
        self.unclosed.is_none() && self.unopened.is_none()
    }
}

/// Whether `c` is a quotation mark.
#[must_use]
pub fn is_mark(c: char) -> bool {
    is_straight(c) || matches!(c, '“' | '”' | '‘' | '’' | '「' | '」' | '『' | '』')
}

fn is_straight(c: char) -> bool {
    matches!(c, '"' | '＂')
}

/// `line` with curly marks in place of straight ones that stand for them: `“反华"` or `"反华”`.
fn unmixed(line: &[char]) -> Cow<'_, [char]> {
    let is_curly = |c: &char| matches!(c, '“' | '”');
    if !line.iter().any(|c| is_straight(*c)) || !line.iter().any(is_curly) {
        return Cow::Borrowed(line);
    }
    // Of each character, the next curly mark behind it.
    let mut next = None;
    let behind = line.iter().rev().map(|c| {
        let found = next;
        next = Some(*c).filter(is_curly).or(next);
        found
    });
    let behind: Vec<Option<char>> = behind.collect();
    let mut found = line.to_vec();
    let (mut is_open, mut straight): (bool, Option<usize>) = (false, None);
    for (at, (c, behind)) in line.iter().zip(behind.into_iter().rev()).enumerate() {
        match *c {
            '“' => is_open = true,
            '”' if is_open => is_open = false,
            '”' => {
                if let Some(mark) = straight.take().and_then(|from| found.get_mut(from)) {
                    *mark = '“';
                }
            }
            c if is_straight(c) && is_open && behind != Some('”') => {
                is_open = false;
                if let Some(mark) = found.get_mut(at) {
                    *mark = '”';
                }
            }
            c if is_straight(c) && !is_open => {
                straight = if straight.is_none() { Some(at) } else { None };
            }
            _ => {}
        }
    }
    Cow::Owned(found)
}

/// The mark that closes what `c` opens.
fn closes(c: char) -> char {
    match c {
        '“' => '”',
        '‘' => '’',
        '「' => '」',
        '『' => '』',
        straight => straight,
    }
}

fn facings(line: &[char]) -> Vec<Option<Facing>> {
    let is_even = line.iter().filter(|c| is_straight(**c)).count() % 2 == 0;
    let mut opens = false;
    let facing = |(at, c): (usize, &char)| match c {
        '“' | '‘' | '「' | '『' => Some(Facing::Opens),
        '”' | '’' | '」' | '』' => Some(Facing::Closes),
        c if is_straight(*c) && is_even => {
            opens = !opens;
            Some(if opens { Facing::Opens } else { Facing::Closes })
        }
        c if is_straight(*c) => by_neighbours(line, at),
        _ => None,
    };
    line.iter().enumerate().map(facing).collect()
}

/// Which way the straight mark at `at` faces by what stands beside it; `None` for a sign of inches.
fn by_neighbours(line: &[char], at: usize) -> Option<Facing> {
    const BEHIND_CLOSING: &str = "，,。；;！？：:）)》、 　";
    let before = at.checked_sub(1).and_then(|at| line.get(at));
    let behind = line.get(at + 1);
    if before.is_some_and(char::is_ascii_digit) {
        return None;
    }
    let closes = behind.is_none_or(|c| BEHIND_CLOSING.contains(*c));
    // Before a mark, as behind the end of a sentence, it closes; in the midst of words it opens.
    Some(if closes { Facing::Closes } else { Facing::Opens })
}

#[cfg(test)]
mod tests {
    use super::Facing;
    use super::Quotations;

    fn of(line: &str) -> (Quotations, Vec<char>) {
        let chars: Vec<char> = line.chars().collect();
        (Quotations::of(&chars), chars)
    }

    /// The quotations of a line with their marks, in the order in which they begin.
    fn quoted(line: &str) -> Vec<String> {
        let (found, chars) = of(line);
        let quotation = |at: usize| Some(chars[at..=found.closing(at)?].iter().collect());
        (0..chars.len()).filter_map(quotation).collect()
    }

    #[test]
    fn straight_marks_are_paired_by_position() {
        let line = "\"桥通了。\"老周说，\"等了十年。\"";
        assert_eq!(quoted(line), ["\"桥通了。\"", "\"等了十年。\""]);
        assert!(of(line).0.are_whole());
    }

    #[test]
    fn curly_marks_and_corner_brackets_nest() {
        let line = "他说：“大家都喊‘开闸’。”她說：「叫『春汛』。」";
        assert_eq!(quoted(line), ["“大家都喊‘开闸’。”", "‘开闸’", "「叫『春汛』。」", "『春汛』"]);
        assert_eq!(quoted("“甲“乙”丙”"), ["“甲“乙”丙”", "“乙”"]);
    }

    #[test]
    fn what_a_line_leaves_open_is_known() {
        let (found, _) = of("他说：“渠修好了。");
        assert_eq!((found.unclosed(), found.unopened()), (Some(3), None));
        let (found, _) = of("明年再修一条。”他笑了。");
        assert_eq!((found.unclosed(), found.unopened()), (None, Some(7)));
    }

    #[test]
    fn an_odd_straight_mark_faces_as_its_neighbours_say() {
        let (found, _) = of("他说：\"渠修好了。");
        assert_eq!(found.unclosed(), Some(3));
        let (found, _) = of("一台27\"的屏幕，写着\"开闸\"。");
        assert_eq!((found.facing(4), found.closing(11)), (None, Some(14)));
        assert_eq!(found.facing(14), Some(Facing::Closes));
    }
}
