//! Texts cut into the lines of a column.

use super::compose::BODY;
use super::source::Line as Words;
use super::source::Source;
use crate::print::em;
use crate::print::ems;

/// Marks that do not begin a line.
const NO_START: &str = "，。、；：！？”’）》";

/// A run of lines that goes through columns.
pub struct Flow {
    pub lines: Vec<(String, f32, f32, Kind)>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    Full,
    Subhead,
}

impl Flow {
    pub fn text(&mut self, text: &str, width: f32, indent: bool) {
        let room = (width / BODY).floor();
        let (mut line, mut used) = (String::new(), if indent { 2.0 } else { 0.0 });
        let mut inset = used * BODY;
        for c in text.chars() {
            if used + em(c) > room + 0.01 && !NO_START.contains(c) {
                // A full line is as wide as its column.
                self.lines.push((std::mem::take(&mut line), inset, width - inset, Kind::Full));
                (used, inset) = (0.0, 0.0);
            }
            line.push(c);
            used += em(c);
        }
        if !line.is_empty() {
            let wide = (ems(&line) * BODY).min(width - inset);
            self.lines.push((line, inset, wide, Kind::Text));
        }
    }
}

pub fn length(source: &Source) -> usize {
    let text = |line: &Words| match line {
        Words::Text(text) | Words::Subhead(text) | Words::BoxHead(text) => text.chars().count(),
    };
    source.body.iter().map(text).sum()
}

/// A headline in as many lines as it needs, at its spaces first.
pub fn broken(title: &str, room: f32) -> Vec<String> {
    if ems(title) <= room {
        return vec![title.to_owned()];
    }
    let parts: Vec<&str> = title.split(' ').collect();
    let lines = if parts.len() > 1 { parts } else { vec![title] };
    let mut all = Vec::new();
    for part in lines {
        let count = (ems(part) / room).ceil().max(1.0) as usize;
        let chars: Vec<char> = part.chars().collect();
        let each = chars.len().div_ceil(count);
        all.extend(chars.chunks(each.max(1)).map(|chunk| chunk.iter().collect::<String>()));
    }
    all
}

pub fn fitting(text: &str, room: f32) -> String {
    let mut used = 0.0;
    text.chars()
        .take_while(|c| {
            used += em(*c);
            used <= room + 0.01
        })
        .collect()
}
