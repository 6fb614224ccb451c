//! Articles → their parts as spans of one text, which is written here in the order of reading.

use std::sync::LazyLock;

use crate::attach::points;
use crate::class::Class;
use crate::model::Rect;
use crate::order::ordered;
use crate::picture::around;
use crate::plan::Plan;
use crate::plan::Story;
use crate::print::em;
use wenmai_domain::span::Span;
use wenmai_page::known;
use wenmai_page::known::Part;
use wenmai_page::known::Piece;
use wenmai_page::known::Says;
use wenmai_text::terms::Analyzer;

/// The dictionary by which the lines of a headline are joined.
static WORDS: LazyLock<Analyzer> = LazyLock::new(Analyzer::default);

/// Characters on each side of a line's end in which a word is looked for.
const BESIDE: usize = 8;

/// Whether the end of a line lies inside a word: 时 and 间 are one, 合龙 and 明年 are two.
fn breaks_word(before: &str, next: &str) -> bool {
    let from = before.char_indices().rev().nth(BESIDE - 1).map_or(0, |(at, _)| at);
    let tail = before.get(from..).unwrap_or_default();
    let head: String = next.chars().take(BESIDE).collect();
    let words = WORDS.tagged(&format!("{tail}{head}"));
    words.iter().any(|(span, _)| span.start < tail.len() && tail.len() < span.end)
}

/// A text that grows line by line, and where each printed line went.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// The text.
    pub text: String,
    /// Marks of headings.
    pub marks: Vec<Span>,
    /// Each printed line's bytes in the text, and its index among the sheet's lines.
    pub placed: Vec<(Span, usize)>,
}

/// A part with its printed lines, as indexes of items.
#[derive(Debug, Clone)]
struct Draft {
    part: Part,
    items: Vec<usize>,
}

impl Script {
    /// Writes the items as one paragraph; returns its place.
    pub fn write(&mut self, plan: &Plan<'_>, items: &[usize], mark: &str, gap: &str) -> Span {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        if !mark.is_empty() {
            let start = self.text.len();
            self.text.push_str(mark);
            self.marks.push(Span::new(start, self.text.len() - 1));
        }
        let start = self.text.len();
        for at in items {
            let Some(item) = plan.measured.items.get(*at) else { continue };
            let before =
                if self.text.len() == start { None } else { self.text.chars().next_back() };
            let latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            if before.is_some() {
                let both = latin(before) && latin(item.text.chars().next());
                let said = self.text.get(start..).unwrap_or_default();
                let inside = !gap.is_empty() && breaks_word(said, &item.text);
                self.text.push_str(if both {
                    " "
                } else if inside {
                    ""
                } else {
                    gap
                });
            }
            let from = self.text.len();
            self.text.extend(item.text.chars().map(|c| if c == '\n' { ' ' } else { c }));
            self.placed.push((Span::new(from, self.text.len()), item.given));
        }
        let span = Span::new(start, self.text.len());
        self.text.push('\n');
        span
    }
}

/// The parts of the articles of a page, in page order.
pub(crate) fn write(plan: &Plan<'_>, script: &mut Script) -> Vec<(usize, Vec<Piece>)> {
    let mut order: Vec<(usize, Rect)> = plan
        .stories
        .iter()
        .enumerate()
        .filter(|(_, story)| is_something(story))
        .map(|(at, story)| (at, whole(plan, story)))
        .collect();
    let band = 6.0 * plan.measured.em;
    let root = |at: usize| {
        let mut room = plan.stories.get(at).map_or(0, |story| story.room);
        while let Some(parent) = plan.rooms.get(room).and_then(|room| room.parent) {
            room = parent;
        }
        room
    };
    order.sort_by(|a, b| {
        let rows = |rect: &Rect| (rect.top / band).round();
        root(a.0)
            .cmp(&root(b.0))
            .then(rows(&a.1).total_cmp(&rows(&b.1)).then(a.1.left.total_cmp(&b.1.left)))
    });
    let mut articles = Vec::new();
    for (at, _) in order {
        if let Some(story) = plan.stories.get(at) {
            let drafts = parts(plan, story);
            articles.push((at, drafts.iter().map(|draft| piece(plan, script, draft)).collect()));
        }
    }
    articles
}

fn is_something(story: &Story) -> bool {
    story.head.is_some() || !story.bodies.is_empty() || !story.captions.is_empty()
}

/// All that an article takes up, its pictures included.
fn whole(plan: &Plan<'_>, story: &Story) -> Rect {
    let text = around(plan, story);
    let pictures = story.pictures.iter().filter_map(|at| plan.measured.pictures.get(*at));
    let captions: Vec<Rect> = story.captions.iter().map(|at| plan.rect(*at)).collect();
    let empty = text == Rect::default();
    let all = pictures.chain(&captions).copied();
    all.chain((!empty).then_some(text)).reduce(|a, b| a.union(&b)).unwrap_or_default()
}

fn piece(plan: &Plan<'_>, script: &mut Script, draft: &Draft) -> Piece {
    let (mark, gap) = match draft.part {
        Part::Headline => ("## ", " "),
        Part::Section | Part::Kicker | Part::Subtitle => ("### ", " "),
        Part::Subhead => ("#### ", ""),
        Part::Names | Part::Staff | Part::Jump => ("", " "),
        Part::Text | Part::Caption | Part::Teaser => ("", ""),
    };
    let span = script.write(plan, &draft.items, mark, gap);
    Piece { part: draft.part, spans: vec![span] }
}

fn items(plan: &Plan<'_>, stack: usize) -> Vec<usize> {
    plan.stacks.get(stack).map(|stack| stack.items.clone()).unwrap_or_default()
}

/// The parts of an article, in order.
fn parts(plan: &Plan<'_>, story: &Story) -> Vec<Draft> {
    let mut drafts = Vec::new();
    if let Some(head) = story.head {
        headline(plan, head, &mut drafts);
    }
    let bodies = ordered(plan, &story.bodies);
    let mut signatures = Vec::new();
    for line in &story.lines {
        let says = known::says(&plan.words(*line));
        let draft = |part| Draft { part, items: items(plan, *line) };
        match says {
            Some(Says::Names) if is_high(plan, story, *line) => drafts.push(draft(Part::Names)),
            Some(Says::Names) => signatures.push(draft(Part::Names)),
            Some(Says::Pointer) => {
                let first = plan.words(*line).contains('接');
                if first {
                    drafts.push(draft(Part::Jump));
                } else {
                    signatures.push(draft(Part::Jump));
                }
            }
            Some(Says::Credit) => signatures.push(draft(Part::Caption)),
            _ => signatures.push(draft(Part::Text)),
        }
    }
    let mut open = Paragraphs { plan, drafts, open: Vec::new() };
    for stack in &bodies {
        open.stack(*stack);
    }
    open.close();
    for stack in &story.boxed {
        open.stack(*stack);
    }
    open.close();
    let mut drafts = open.drafts;
    drafts.extend(signatures);
    let mut captions = story.captions.clone();
    captions.sort_by(|a, b| plan.rect(*a).top.total_cmp(&plan.rect(*b).top));
    drafts.extend(captions.iter().map(|at| Draft { part: Part::Caption, items: items(plan, *at) }));
    drafts
}

/// Whether a line stands at the top of an article, below its headline.
fn is_high(plan: &Plan<'_>, story: &Story, line: usize) -> bool {
    let rect = plan.rect(line);
    let em = plan.measured.em;
    let head = story.head.and_then(|head| plan.heads.get(head));
    head.is_some_and(|head| {
        let gap = rect.top - head.rect.bottom;
        gap > -head.rect.height() - em && gap < 3.0 * em
    })
}

/// Kicker, headline and subtitle of a head: the largest lines are the headline.
fn headline(plan: &Plan<'_>, head: usize, drafts: &mut Vec<Draft>) {
    let Some(head) = plan.heads.get(head) else { return };
    let mut stacks = head.stacks.clone();
    if head.vertical {
        // Vertical headings are read from right to left.
        stacks.sort_by(|a, b| plan.rect(*b).left.total_cmp(&plan.rect(*a).left));
    }
    let size = |at: &usize| plan.stacks.get(*at).map_or(0.0, |stack| stack.size);
    let largest = stacks.iter().map(size).fold(0.0, f32::max);
    let main = |at: &usize| size(at) >= 0.87 * largest;
    let first = stacks.iter().position(main).unwrap_or(0);
    let last = stacks.iter().rposition(main).unwrap_or(0);
    let mut title = Vec::new();
    for (at, stack) in stacks.iter().enumerate() {
        if (first..=last).contains(&at) {
            title.extend(items(plan, *stack));
            if at == last {
                drafts.push(Draft { part: Part::Headline, items: std::mem::take(&mut title) });
            }
            continue;
        }
        let words = plan.words(*stack);
        let part = match known::says(&words) {
            Some(Says::Names) => Part::Names,
            Some(Says::Pointer) => Part::Jump,
            _ if at > last => Part::Subtitle,
            _ if known::is_column(words.trim_end_matches(|c: char| !c.is_alphabetic())) => {
                Part::Section
            }
            _ => Part::Kicker,
        };
        drafts.push(Draft { part, items: items(plan, *stack) });
    }
}

/// Running text that becomes paragraphs, over the ends of columns.
struct Paragraphs<'a, 'b> {
    plan: &'a Plan<'b>,
    drafts: Vec<Draft>,
    open: Vec<usize>,
}

impl Paragraphs<'_, '_> {
    fn stack(&mut self, at: usize) {
        let plan = self.plan;
        let Some(stack) = plan.stacks.get(at) else { return };
        if plan.subhead(at) || plan.class(at) == Class::Heading {
            self.close();
            self.drafts.push(Draft { part: Part::Subhead, items: stack.items.clone() });
            return;
        }
        for (row, item) in stack.items.iter().enumerate() {
            if self.is_subhead(at, row) {
                self.close();
                self.drafts.push(Draft { part: Part::Subhead, items: vec![*item] });
                continue;
            }
            let new = if row == 0 { self.begins(at) } else { self.breaks(at, row) };
            if new {
                self.close();
            }
            self.open.push(*item);
        }
    }

    /// Whether a column begins with a new paragraph.
    fn begins(&self, at: usize) -> bool {
        let words: String = self.said();
        if words.is_empty() {
            return true;
        }
        let first = self.plan.words(at);
        if known::is_continuation(&first) {
            return false;
        }
        if self.plan.indents {
            return self.plan.begins(at);
        }
        known::is_closed(&words)
    }

    fn said(&self) -> String {
        let items = self.open.iter().filter_map(|at| self.plan.measured.items.get(*at));
        items.map(|item| item.text.as_str()).collect()
    }

    /// Whether the line `row` of a stack begins a paragraph: it is indented, or the line before
    /// ends early with the end of a sentence.
    fn breaks(&self, at: usize, row: usize) -> bool {
        let plan = self.plan;
        let Some(stack) = plan.stacks.get(at) else { return false };
        let item = |row: usize| stack.items.get(row).and_then(|at| plan.measured.items.get(*at));
        let (Some(line), Some(before)) = (item(row), row.checked_sub(1).and_then(item)) else {
            return false;
        };
        if line.whole || before.whole {
            return true;
        }
        let size = plan.measured.em * stack.size;
        let inset = (line.rect.left - stack.rect.left) / size;
        let short = (stack.rect.right - before.rect.right) / size;
        let closed = known::is_closed(&before.text);
        if known::is_continuation(&line.text) {
            return false;
        }
        let indented = inset > 1.2 && inset < 3.5 && (closed || short > 1.0 || plan.indents);
        indented || closed && short > 2.0
    }

    /// Whether a line inside a column is a subhead: centred and short, or bold among others.
    fn is_subhead(&self, at: usize, row: usize) -> bool {
        let plan = self.plan;
        let Some(stack) = plan.stacks.get(at) else { return false };
        let item = |row: usize| stack.items.get(row).and_then(|at| plan.measured.items.get(*at));
        let Some(line) = item(row) else { return false };
        if stack.items.len() < 4 || known::says(&line.text).is_some() {
            return false;
        }
        let size = plan.measured.em * stack.size;
        let (left, right) = (line.rect.left - stack.rect.left, stack.rect.right - line.rect.right);
        let before = row.checked_sub(1).and_then(item).map(|item| item.text.as_str());
        let ends = before.is_none_or(known::is_closed);
        let closed = known::is_closed(&line.text);
        let centred = left > 1.5 * size && right > 1.5 * size && (left - right).abs() < 1.0 * size;
        let count: f32 = line.text.chars().map(em).sum();
        let others = stack.items.iter().filter_map(|at| plan.measured.items.get(*at));
        let bold = line.bold == Some(true) && {
            let bolds = others.filter(|other| other.bold == Some(true)).count();
            bolds * 3 < stack.items.len()
        };
        let next = item(row + 1).map(|next| (next.rect.left - stack.rect.left) / size);
        let followed = next.is_none_or(|inset| !plan.indents || inset > 1.2);
        !closed && ends && followed && count >= 2.0 && (centred || bold && right > 0.8 * size)
    }

    /// Ends the open paragraph; a line alone may say itself what it is.
    fn close(&mut self) {
        let items = std::mem::take(&mut self.open);
        if items.is_empty() {
            return;
        }
        let text: String = {
            let found = items.iter().filter_map(|at| self.plan.measured.items.get(*at));
            found.map(|item| item.text.as_str()).collect()
        };
        let says = if items.len() <= 2 { known::says(&text) } else { None };
        let part = match says {
            Some(Says::Names) => Part::Names,
            Some(Says::Pointer) => Part::Jump,
            Some(Says::Credit) => Part::Caption,
            Some(Says::BoxHeading) => Part::Subhead,
            _ => Part::Text,
        };
        self.drafts.push(Draft { part, items });
    }
}

/// The teasers of a box: each line that ends with a page closes one.
pub(crate) fn teasers(plan: &Plan<'_>, stacks: &[usize], script: &mut Script) -> Vec<Vec<Piece>> {
    let mut all: Vec<usize> = stacks.iter().flat_map(|at| items(plan, *at)).collect();
    let rect = |at: &usize| plan.measured.items.get(*at).map(|item| item.rect).unwrap_or_default();
    all.sort_by(|a, b| {
        rect(a)
            .center_y()
            .total_cmp(&rect(b).center_y())
            .then(rect(a).left.total_cmp(&rect(b).left))
    });
    let mut teasers = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut close = |open: &mut Vec<usize>, script: &mut Script| {
        let pieces: Vec<Piece> = open
            .drain(..)
            .map(|item| Piece {
                part: Part::Teaser,
                spans: vec![script.write(plan, &[item], "", "")],
            })
            .collect();
        if !pieces.is_empty() {
            teasers.push(pieces);
        }
    };
    for at in all {
        let text = plan.measured.items.get(at).map(|item| item.text.as_str()).unwrap_or_default();
        if known::says(text) == Some(Says::TeaserHeader) {
            continue;
        }
        open.push(at);
        if points(text) {
            close(&mut open, script);
        }
    }
    close(&mut open, script);
    teasers
}

/// One staff box.
pub(crate) fn staff(plan: &Plan<'_>, stacks: &[usize], script: &mut Script) -> Vec<Piece> {
    let lines = stacks.iter().map(|at| Draft { part: Part::Staff, items: items(plan, *at) });
    lines.map(|draft| piece(plan, script, &draft)).collect()
}

#[cfg(test)]
mod tests {
    use super::breaks_word;

    #[test]
    fn a_line_may_end_inside_a_word() {
        assert!(breaks_word("全县企业开办时", "间压缩至半天"));
        assert!(!breaks_word("清河大桥主桥合龙", "明年五月通车"));
    }
}
