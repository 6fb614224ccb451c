//! Columns without a headline directly above: which article goes on in them.

use super::Plan;
use super::Story;
use crate::class::Class;
use crate::model::Rect;
use wenmai_page::known;

/// Least score with which a column goes on.
const LEAST: f32 = 0.2;

/// Columns that one is compared with.
const COMPARED_MAX: usize = 48;

impl Plan<'_> {
    /// Gives the stacks that no headline stands over to the articles that go on in them.
    pub(super) fn flows(&mut self) {
        let mut order: Vec<usize> = (0..self.stacks.len())
            .filter(|at| self.is_body(*at) && self.owner.get(*at) == Some(&None))
            .filter(|at| !self.is_caption(*at))
            .collect();
        let key = |at: &usize| (self.rect(*at).left, self.rect(*at).top);
        let em = self.measured.em;
        order.sort_by(|a, b| {
            let (a, b) = (key(a), key(b));
            (a.0 / (2.0 * em))
                .round()
                .total_cmp(&(b.0 / (2.0 * em)).round())
                .then(a.1.total_cmp(&b.1))
        });
        let near = self.near();
        for last in [false, true] {
            for at in &order {
                if self.owner.get(*at) != Some(&None) {
                    continue;
                }
                match self.best(*at, &near) {
                    Some((story, why)) => self.give(*at, story, why),
                    None if last => {
                        let room = self.stacks.get(*at).map_or(0, |stack| stack.room);
                        self.stories.push(Story { room, ..Story::default() });
                        self.give(*at, self.stories.len() - 1, "no-headline");
                    }
                    None => {}
                }
            }
        }
    }

    /// Body stacks by their left edge, for looking up neighbours.
    fn near(&self) -> Vec<(f32, usize)> {
        let bodies = (0..self.stacks.len()).filter(|at| self.is_body(*at));
        let mut near: Vec<(f32, usize)> = bodies.map(|at| (self.rect(at).right, at)).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        near
    }

    /// The article that goes on in a stack, and why.
    fn best(&self, at: usize, near: &[(f32, usize)]) -> Option<(usize, &'static str)> {
        let stack = self.stacks.get(at)?;
        let mut best: Option<(f32, usize, &'static str)> = None;
        let mut offer = |score: f32, story: Option<usize>, why: &'static str| {
            let Some(story) = story else { return };
            let same = self.stories.get(story).is_some_and(|known| known.room == stack.room);
            if same && score > LEAST && best.is_none_or(|(known, ..)| score > known) {
                best = Some((score, story, why));
            }
        };
        if let Some(above) = self.text_above(at) {
            let owner = self.owner.get(above).copied().flatten();
            let rect = self.rect(above);
            let far = self.is_far(&rect, at);
            let cut = self.is_cut(&rect, &stack.rect);
            let base = if cut {
                -1.0
            } else if far {
                -0.6
            } else {
                1.2
            };
            let score = base + self.continuity(above, at);
            offer(score, owner, "goes-on-below");
        }
        let em = self.measured.em;
        let from = near.partition_point(|(right, _)| *right < stack.rect.left - 4.5 * em);
        let beside = near.iter().skip(from).take_while(|(right, _)| *right < stack.rect.left + em);
        for (_, left) in beside.take(COMPARED_MAX) {
            let owner = self.owner.get(*left).copied().flatten();
            if let Some(score) = self.beside_text(*left, at, owner) {
                offer(score, owner, "goes-on-in-next-column");
            }
        }
        for (head, story) in self.heads.iter().zip(0..) {
            if head.room != stack.room || self.is_subhead.get(story) == Some(&true) {
                continue;
            }
            if let Some(score) = self.beside_head(&head.rect, head.vertical, &stack.rect) {
                let owner =
                    head.stacks.first().and_then(|at| self.owner.get(*at)).copied().flatten();
                let alone = owner
                    .and_then(|owner| self.stories.get(owner))
                    .is_some_and(|story| story.bodies.is_empty() || head.vertical);
                offer(if alone { score } else { score - 2.0 }, owner, "beside-headline");
            }
        }
        best.map(|(_, story, why)| (story, why))
    }

    /// Whether a stack stands too far below a place to go on from there.
    pub(super) fn is_far(&self, above: &Rect, at: usize) -> bool {
        let most = if self.subhead(at) { 2.6 } else { 1.6 };
        self.blank(above, at) > most * self.measured.em
    }

    /// The empty height between a place above and a stack: pictures and insets between them fill it.
    fn blank(&self, above: &Rect, at: usize) -> f32 {
        use crate::shelf::Thing;
        let Some(stack) = self.stacks.get(at) else { return 0.0 };
        let mut gap = stack.rect.top - above.bottom;
        let mut top = stack.rect.top;
        for _ in 0..4 {
            let fills = |placed: &crate::shelf::Placed| match placed.thing {
                Thing::Picture(_) | Thing::Inset(_) => true,
                Thing::Stack(other) => self.is_caption(other),
                Thing::Rule(_) => false,
            };
            let Some(found) = self.shelf.above(&stack.rect, top, stack.room, fills) else { break };
            if found.rect.bottom < above.bottom {
                break;
            }
            gap -= found.rect.height() + self.measured.em;
            top = found.rect.top - 0.6 * self.measured.em;
        }
        gap
    }

    /// The running text directly above a stack, over pictures and lines of names.
    pub(super) fn text_above(&self, at: usize) -> Option<usize> {
        use crate::shelf::Placed;
        use crate::shelf::Thing;
        let stack = self.stacks.get(at)?;
        let is_text = |placed: &Placed| match placed.thing {
            Thing::Stack(other) => {
                let heading = self.class(other) == Class::Heading && !self.subhead(other);
                other != at && (heading || self.is_body(other) && !self.is_caption(other))
            }
            Thing::Picture(_) | Thing::Inset(_) | Thing::Rule(_) => false,
        };
        let above = self.shelf.above(&stack.rect, stack.rect.top, stack.room, is_text)?;
        let Thing::Stack(other) = above.thing else { return None };
        self.is_body(other).then_some(other)
    }

    /// How well the text of one stack goes on in another.
    pub(super) fn continuity(&self, from: usize, to: usize) -> f32 {
        let (last, first) = (self.words(from), self.words(to));
        if self.subhead(from) || self.ends_with_subhead(from) {
            return 0.3;
        }
        let open = !known::is_closed(&last);
        if known::is_continuation(&first) {
            return if open { 1.6 } else { 0.8 };
        }
        match (open, self.begins(to)) {
            (true, false) => 1.5,
            (false, true) => 0.3,
            (true, true) | (false, false) if self.indents => -0.9,
            (true, true) | (false, false) => 0.0,
        }
    }

    /// Whether the last line of a stack is a subhead: bold, or short in the column's middle.
    fn ends_with_subhead(&self, at: usize) -> bool {
        let Some(stack) = self.stacks.get(at).filter(|stack| stack.items.len() > 3) else {
            return false;
        };
        let items = || stack.items.iter().filter_map(|at| self.measured.items.get(*at));
        let Some(last) = items().next_back() else { return false };
        let em = self.measured.em;
        let (left, right) = (last.rect.left - stack.rect.left, stack.rect.right - last.rect.right);
        let centred = left > 1.5 * em && right > 1.5 * em && (left - right).abs() < em;
        let bolds = items().filter(|item| item.bold == Some(true)).count();
        let bold = last.bold == Some(true) && bolds * 3 < stack.items.len() * 2;
        (centred || bold) && !known::is_closed(&last.text)
    }

    /// Whether a stack begins with a new paragraph, by its indent; where paragraphs are not
    /// indented, always.
    pub(crate) fn begins(&self, at: usize) -> bool {
        if !self.indents || self.subhead(at) {
            return true;
        }
        let Some(stack) = self.stacks.get(at) else { return true };
        let first = stack.items.first().and_then(|at| self.measured.items.get(*at));
        let Some(first) = first else { return true };
        first.rect.left - self.column_left(stack.rect, first.rect) > 1.2 * self.measured.em
    }

    /// The left edge of the column that a line stands in: of its stack, or of those below it.
    fn column_left(&self, stack: Rect, line: Rect) -> f32 {
        if stack.height() > 1.5 * line.height() {
            return stack.left;
        }
        let em = self.measured.em;
        let others = self.stacks.iter().map(|other| other.rect);
        let same = others.filter(|other| {
            other.height() > 2.0 * line.height()
                && (other.left - line.left).abs() < 3.0 * em
                && other.right + em > line.right
        });
        same.map(|other| other.left).fold(stack.left, f32::min)
    }

    /// How well the column `at` goes on from `left`, which stands beside it.
    fn beside_text(&self, left: usize, at: usize, owner: Option<usize>) -> Option<f32> {
        let (a, b) = (self.stacks.get(left)?, self.stacks.get(at)?);
        let em = self.measured.em;
        let level = a.rect.shared_y(&b.rect) > 0.8 * em.min(b.rect.height());
        if a.room != b.room || left == at || !level {
            return None;
        }
        let mut score = 0.8;
        let head = owner.and_then(|owner| self.stories.get(owner)).and_then(|story| story.head);
        let top = head.and_then(|head| self.heads.get(head)).map(|head| head.rect.top);
        let aligned = |y: f32| (b.rect.top - y).abs() < 1.4 * em;
        if aligned(a.rect.top) || top.is_some_and(aligned) {
            score += 0.6;
        }
        if (a.rect.bottom - b.rect.bottom).abs() < 1.4 * em {
            score += 0.3;
        }
        score += if (a.size / b.size - 1.0).abs() < 0.05 { 0.1 } else { -0.4 };
        let wide = a.rect.width().max(b.rect.width());
        if (a.rect.width() - b.rect.width()).abs() > 0.12 * wide
            && a.items.len().min(b.items.len()) > 2
        {
            score -= 0.3;
        }
        if self.is_walled(&a.rect, &b.rect) {
            score -= 2.0;
        }
        let last = self.lowest(left, owner?);
        Some(score + self.continuity(last, at))
    }

    /// The lowest stack of an article in the column of one of its stacks.
    fn lowest(&self, of: usize, story: usize) -> usize {
        let rect = self.rect(of);
        let bodies = self.stories.get(story).map(|story| story.bodies.as_slice());
        let column = bodies.unwrap_or_default().iter().copied().filter(|at| {
            self.rect(*at).shared_x(&rect) > 0.6 * rect.width().min(self.rect(*at).width())
        });
        column.max_by(|a, b| self.rect(*a).bottom.total_cmp(&self.rect(*b).bottom)).unwrap_or(of)
    }

    /// How well a column belongs to a headline that stands beside it.
    fn beside_head(&self, head: &Rect, vertical: bool, column: &Rect) -> Option<f32> {
        let em = self.measured.em;
        let gap = -head.shared_x(column);
        let near = gap < if vertical { 3.5 } else { 4.0 } * em && gap > -em;
        let inside = column.top > head.top - 2.5 * em && column.top < head.bottom;
        if !near || !inside || self.is_walled(head, column) {
            return None;
        }
        let mut score = if vertical { 1.6 } else { 0.9 };
        if (column.top - head.top).abs() < 2.5 * em {
            score += 0.6;
        }
        if column.left > head.center_x() {
            score += 0.15;
        }
        Some(score)
    }
}
