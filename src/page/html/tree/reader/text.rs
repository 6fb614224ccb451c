//! The text of a page as it is read: which of it is shown, its white space, its pieces.

use crate::html::tree::Piece;
use crate::html::tree::markup::is_mark;
use crate::html::tree::markup::is_nothing;
use crate::html::tree::markup::is_wide;
use crate::html::tree::open::State;
use crate::html::tree::reader::DATA_BYTES_MAX;
use crate::html::tree::reader::Raw;
use crate::html::tree::reader::Reader;
use crate::html::tree::reader::SCRIPT_BYTES_MAX;
use crate::html::tree::reader::TITLE_BYTES_MAX;

impl Reader {
    /// Takes text where it belongs: to the page, its title, or what is kept for machines.
    pub(super) fn text(&mut self, text: &str) {
        match self.raw {
            Raw::None => {}
            Raw::Title => {
                keep(Some(&mut self.outline.title), text, TITLE_BYTES_MAX);
                return;
            }
            Raw::Skip => return,
            Raw::Area => {
                keep(self.outline.areas.last_mut(), text, DATA_BYTES_MAX);
                return;
            }
            Raw::Data => {
                keep(self.outline.data.last_mut(), text, DATA_BYTES_MAX);
                return;
            }
            Raw::Script => {
                self.outline.script_bytes += text.len();
                keep(self.outline.scripts.last_mut(), text, SCRIPT_BYTES_MAX);
                return;
            }
        }
        let Some(open) = self.open.last().filter(|open| !open.state.has(State::SILENT)) else {
            return;
        };
        let (state, in_heading) = (open.state, open.heading > 0);
        let hidden = state.has(State::HIDDEN);
        if self.piece.chars > 0 && hidden && !self.piece.is_hidden {
            // Characters that only copies show.
            return;
        }
        if self.piece.chars > 0 && !hidden && self.piece.is_hidden {
            self.end_piece();
        }
        if state.has(State::LINES) && text.contains('\n') {
            let mut lines = text.split('\n');
            self.write(lines.next().unwrap_or_default(), state, in_heading);
            for line in lines {
                self.end_piece();
                self.write(line, state, in_heading);
            }
            return;
        }
        self.write(text, state, in_heading);
    }

    /// Adds text to the piece, its white space folded.
    fn write(&mut self, text: &str, state: State, in_heading: bool) {
        let piece = &mut self.piece;
        for c in text.chars() {
            if is_nothing(c) {
                continue;
            }
            if c.is_whitespace() || c == '\u{3164}' {
                self.newline |= c == '\n';
                if !piece.text.is_empty() && !piece.text.ends_with(' ') {
                    piece.text.push(' ');
                }
                continue;
            }
            if self.newline && is_wide(c) && piece.text.ends_with(' ') {
                // A line of the source ends where it likes: in Chinese that is no blank.
                let before = piece.text.trim_end();
                if before.chars().next_back().is_some_and(is_wide)
                    && piece.heading == 0
                    && !in_heading
                {
                    piece.text.truncate(before.len());
                }
            }
            self.newline = false;
            if piece.text.is_empty() {
                piece.is_hidden = state.has(State::HIDDEN);
            }
            piece.text.push(c);
            piece.chars += 1;
            piece.marks += usize::from(is_mark(c));
            piece.link_chars += usize::from(state.has(State::LINK));
            piece.bold_chars += usize::from(state.has(State::BOLD));
        }
    }

    /// Rank of the heading that is open; 0 where none is.
    pub(super) fn heading(&self) -> u8 {
        self.open.last().map_or(0, |open| open.heading)
    }

    /// Ends the piece that is being read, where there is one.
    pub(super) fn end_piece(&mut self) {
        self.newline = false;
        if self.piece.chars == 0 {
            self.piece = Piece::default();
            return;
        }
        let mut piece = std::mem::take(&mut self.piece);
        piece.text.truncate(piece.text.trim_end().len());
        piece.element = self.open.last().map_or(0, |open| open.block);
        piece.heading = self.heading();
        piece.after_picture = std::mem::take(&mut self.picture);
        piece.after_break = std::mem::take(&mut self.break_before);
        self.outline.pieces.push(piece);
        // What is still open in the line goes on in the next piece.
        for open in &mut self.open {
            if let Some((from, _)) = &mut open.anchor {
                *from = 0;
            }
        }
    }
}

/// Adds text to what is kept, up to a number of bytes.
fn keep(into: Option<&mut String>, text: &str, most: usize) {
    if let Some(into) = into {
        let mut end = most.saturating_sub(into.len()).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        into.push_str(text.get(..end).unwrap_or_default());
    }
}
