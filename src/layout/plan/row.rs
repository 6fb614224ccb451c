//! Headlines side by side and the columns below them: which columns belong to which headline.
//!
//! A headline is seldom as wide as its article: it is centred over its columns. So the columns of a
//! row are parted into groups, one for each headline, such that each headline stands over the middle
//! or the left of its group, columns of a group begin at one height, and sentences go on inside
//! groups and not across. The best parting is found by dynamic programming.

use super::Plan;
use crate::head::Head;
use crate::model::Rect;
use crate::shelf::Placed;
use crate::shelf::Thing;

/// Columns that one row may have.
const COLUMNS_MAX: usize = 60;

/// What it costs to leave a column to no headline.
const NO_HEAD: f32 = 1.4;

/// What it costs to leave a headline without columns.
const NO_COLUMNS: f32 = 1.2;

/// A column: its topmost stack and those that follow in it.
struct Column {
    stacks: Vec<usize>,
    top: Rect,
    /// The head directly above.
    under: Option<usize>,
}

impl Plan<'_> {
    /// Gives the columns of each row of headlines to them.
    pub(super) fn rows(&mut self) {
        let columns = self.columns();
        let mut free: Vec<bool> = vec![true; columns.len()];
        for row in self.head_rows() {
            let mut members: Vec<usize> = (0..columns.len())
                .filter(|at| free.get(*at) == Some(&true))
                .filter(|at| columns.get(*at).is_some_and(|column| self.stands_in(&row, column)))
                .collect();
            members.sort_by(|a, b| {
                let x = |at: &usize| columns.get(*at).map_or(0.0, |c| c.top.center_x());
                x(a).total_cmp(&x(b))
            });
            members.truncate(COLUMNS_MAX);
            let chosen: Vec<&Column> = members.iter().filter_map(|at| columns.get(*at)).collect();
            for (place, head) in self.part(&row, &chosen) {
                let (Some(column), Some(at)) = (chosen.get(place), members.get(place)) else {
                    continue;
                };
                if let Some(slot) = free.get_mut(*at) {
                    *slot = false;
                }
                let stacks = column.stacks.clone();
                let story = self.heads.get(head).and_then(|head| head.stacks.first()).copied();
                let story = story.and_then(|stack| self.owner.get(stack).copied().flatten());
                for stack in stacks {
                    if let Some(story) = story {
                        self.give(stack, story, "under-headline");
                    }
                }
            }
        }
    }

    /// The columns of the page: stacks with no text directly above, and what follows below them.
    fn columns(&self) -> Vec<Column> {
        let bodies: Vec<usize> = (0..self.stacks.len())
            .filter(|at| self.is_body(*at) && !self.is_caption(*at))
            .collect();
        let mut next: Vec<Option<usize>> = vec![None; self.stacks.len()];
        let mut is_next = vec![false; self.stacks.len()];
        for at in &bodies {
            let Some(above) = self.text_above(*at) else { continue };
            let (a, b) = (self.rect(above), self.rect(*at));
            let em = self.measured.em;
            let same = (a.left - b.left).abs() < 2.6 * em && (a.right - b.right).abs() < 3.0 * em
                || self.subhead(*at)
                || self.subhead(above);
            let size = |at: usize| self.stacks.get(at).map_or(1.0, |stack| stack.size);
            let alike = (size(above) / size(*at) - 1.0).abs() < 0.35;
            let cut = self.is_cut(&a, &b) || self.is_far(&a, *at);
            if let (true, false, true, Some(slot)) = (same, cut, alike, next.get_mut(above))
                && slot.is_none()
            {
                *slot = Some(*at);
                if let Some(slot) = is_next.get_mut(*at) {
                    *slot = true;
                }
            }
        }
        let tops = bodies.into_iter().filter(|at| is_next.get(*at) == Some(&false));
        tops.map(|at| {
            let mut stacks = vec![at];
            while let Some(below) =
                stacks.last().and_then(|last| next.get(*last).copied().flatten())
            {
                stacks.push(below);
            }
            let under = self.head_above(at);
            let under = under.and_then(|story| self.stories.get(story)).and_then(|s| s.head);
            Column { top: self.raised(at), stacks, under }
        })
        .collect()
    }

    /// A column's place with the pictures directly above it, which stand in it.
    fn raised(&self, at: usize) -> Rect {
        let Some(stack) = self.stacks.get(at) else { return Rect::default() };
        let mut rect = stack.rect;
        for _ in 0..4 {
            let top = rect.top;
            let fills = |placed: &Placed| match placed.thing {
                Thing::Picture(_) => placed.rect.top < top,
                Thing::Stack(other) => {
                    other != at && self.is_caption(other) && placed.rect.top < top
                }
                Thing::Inset(_) | Thing::Rule(_) => false,
            };
            let above = self.shelf.above(&stack.rect, top, stack.room, fills);
            match above {
                Some(found) if top - found.rect.bottom < 2.6 * self.measured.em => {
                    rect.top = found.rect.top;
                }
                _ => break,
            }
        }
        rect
    }

    /// Heads that stand side by side, from above.
    fn head_rows(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> =
            (0..self.heads.len()).filter(|at| self.is_subhead.get(*at) == Some(&false)).collect();
        let head = |at: usize| self.heads.get(at);
        order.sort_by(|a, b| {
            let top = |at: usize| head(at).map_or(0.0, |head| head.rect.top);
            top(*a).total_cmp(&top(*b))
        });
        let em = self.measured.em;
        let mut rows: Vec<Vec<usize>> = Vec::new();
        for at in order {
            let Some(own) = head(at) else { continue };
            let fits = rows.iter_mut().rev().take(12).find(|row| {
                row.iter().filter_map(|other| head(*other)).any(|other| {
                    let room = other.room == own.room;
                    let apart = other.rect.shared_x(&own.rect) <= 0.0;
                    let band = |head: &Head| {
                        // Of a vertical headline only its top is level with others.
                        let low =
                            if head.vertical { head.rect.top + 4.0 * em } else { head.rect.bottom };
                        (head.rect.top, low)
                    };
                    let ((a, b), (c, d)) = (band(other), band(own));
                    room && apart && b.min(d) - a.max(c) > 0.4 * (b - a).min(d - c)
                }) && row.iter().filter_map(|other| head(*other)).all(|other| {
                    other.rect.shared_x(&own.rect) <= 0.3 * other.rect.width().min(own.rect.width())
                })
            });
            match fits {
                Some(row) => row.push(at),
                None => rows.push(vec![at]),
            }
        }
        for row in &mut rows {
            row.sort_by(|a, b| {
                let x = |at: usize| head(at).map_or(0.0, |head| head.rect.center_x());
                x(*a).total_cmp(&x(*b))
            });
        }
        rows
    }

    /// Whether a column begins where the columns of a row do.
    fn stands_in(&self, row: &[usize], column: &Column) -> bool {
        let room = column.stacks.first().and_then(|at| self.stacks.get(*at)).map(|s| s.room);
        if column.under.is_some_and(|under| row.contains(&under)) {
            return true;
        }
        let free = column.under.is_none();
        let level = |at: &usize| {
            let same = self.heads.get(*at).is_some_and(|head| Some(head.room) == room);
            same && self.level(*at, &column.top) < 1.0
        };
        free && row.iter().any(level) && !self.is_covered(row, column)
    }

    /// Whether something between the heads' height and the column covers it.
    fn is_covered(&self, row: &[usize], column: &Column) -> bool {
        let heads = row.iter().filter_map(|at| self.heads.get(*at));
        let top = heads.map(|head| head.rect.top).fold(f32::INFINITY, f32::min);
        let Some(first) = column.stacks.first().copied() else { return true };
        let room = self.stacks.get(first).map_or(0, |stack| stack.room);
        let solid = |placed: &Placed| match placed.thing {
            Thing::Stack(at) => {
                at != first
                    && (self.is_body(at)
                        || self
                            .head_of
                            .get(at)
                            .copied()
                            .flatten()
                            .is_some_and(|head| !row.contains(&head)))
            }
            Thing::Picture(_) | Thing::Inset(_) | Thing::Rule(_) => false,
        };
        let above = self.shelf.above(&self.rect(first), column.top.top, room, solid);
        above.is_some_and(|placed| placed.rect.bottom > top + 0.5 * self.measured.em)
    }

    /// How far a column's top is from where the columns of a head begin: 0 is right there.
    fn level(&self, at: usize, column: &Rect) -> f32 {
        let Some(head) = self.heads.get(at) else { return 2.0 };
        let foot = self.feet.get(at).copied().unwrap_or(head.rect.bottom);
        let em = self.measured.em;
        let gap = (column.top - head.rect.bottom) / em;
        let beside = (column.top - head.rect.top).abs() / em;
        if head.vertical {
            return if beside < 3.0 { 0.0 } else { 2.0 };
        }
        if gap > -0.5 && (column.top - foot) / em < 3.6 {
            0.0
        } else if beside < 1.6 {
            0.5
        } else {
            2.0
        }
    }

    /// The best parting of columns among the heads of a row: pairs of column and head.
    fn part(&self, row: &[usize], columns: &[&Column]) -> Vec<(usize, usize)> {
        let (count, heads) = (columns.len(), row.len());
        // best[i][j]: the least cost of the first i columns and j heads, and the step to it: how
        // many columns head j took, or none where a column was left.
        let width = heads + 1;
        let mut best: Vec<(f32, Option<usize>)> = vec![(f32::INFINITY, None); (count + 1) * width];
        let at = |i: usize, j: usize| i * width + j;
        if let Some(slot) = best.first_mut() {
            *slot = (0.0, None);
        }
        for i in 0..=count {
            for j in 0..=heads {
                let mut least = if i == 0 && j == 0 { (0.0, None) } else { (f32::INFINITY, None) };
                let known = |i: usize, j: usize| best.get(at(i, j)).map_or(f32::INFINITY, |b| b.0);
                if i > 0 {
                    let cost = known(i - 1, j) + NO_HEAD;
                    if cost < least.0 {
                        least = (cost, None);
                    }
                }
                if j > 0 {
                    let head = row.get(j - 1).copied().unwrap_or_default();
                    for from in 0..=i {
                        let group = columns.get(from..i).unwrap_or_default();
                        let edge = self.border(columns, from);
                        let cost = known(from, j - 1) + edge + self.cost(head, group);
                        if cost < least.0 {
                            least = (cost, Some(from));
                        }
                    }
                }
                if let Some(slot) = best.get_mut(at(i, j)) {
                    *slot = least;
                }
            }
        }
        let mut pairs = Vec::new();
        let (mut i, mut j) = (count, heads);
        while i > 0 || j > 0 {
            match best.get(at(i, j)).and_then(|step| step.1) {
                Some(from) if j > 0 => {
                    let head = row.get(j - 1).copied().unwrap_or_default();
                    pairs.extend((from..i).map(|column| (column, head)));
                    (i, j) = (from, j - 1);
                }
                _ if i > 0 => i -= 1,
                _ => break,
            }
        }
        pairs
    }

    /// What it costs that a group begins at a column: a sentence that goes on there.
    fn border(&self, columns: &[&Column], from: usize) -> f32 {
        let before = from.checked_sub(1).and_then(|at| columns.get(at));
        let Some((before, after)) = before.zip(columns.get(from)) else { return 0.0 };
        let (Some(last), Some(first)) = (before.stacks.last(), after.stacks.first()) else {
            return 0.0;
        };
        self.continuity(*last, *first).clamp(-0.5, 1.5) * 0.7
    }

    /// What it costs that a head has these columns.
    fn cost(&self, head: usize, group: &[&Column]) -> f32 {
        let Some(own) = self.heads.get(head) else { return f32::INFINITY };
        let Some((first, last)) = group.first().zip(group.last()) else { return NO_COLUMNS };
        let em = self.measured.em;
        let mut cost = 0.0;
        let foreign = group.iter().any(|column| column.under.is_some_and(|under| under != head));
        if foreign {
            cost += 3.0;
        }
        let hull = first.top.union(&last.top);
        cost += self.placed(own, &hull);
        for column in group {
            cost += self.level(head, &column.top);
        }
        if let Some(start) = first.stacks.first()
            && !self.begins(*start)
        {
            cost += 0.9;
        }
        for pair in group.windows(2) {
            let [a, b] = pair else { continue };
            let level = (a.top.top - b.top.top).abs() < 1.2 * em;
            let raised = (b.top.top - own.rect.top).abs() < 1.6 * em;
            cost += if level || raised { 0.0 } else { 0.5 };
            if self.is_walled(&a.top, &b.top) {
                cost += 1.0;
            }
            let gap = -a.top.shared_x(&b.top);
            if gap > 6.0 * em {
                cost += 1.5;
            }
            if let (Some(last), Some(next)) = (a.stacks.last(), b.stacks.first()) {
                cost -= self.continuity(*last, *next) * 0.7;
            }
        }
        cost
    }

    /// How badly a head stands over a group of columns.
    fn placed(&self, head: &Head, group: &Rect) -> f32 {
        let em = self.measured.em;
        if head.vertical {
            let left = (group.left - head.rect.right).abs();
            let right = (head.rect.left - group.right).abs();
            return if left.min(right) < 3.5 * em { 0.0 } else { 3.0 };
        }
        let center = (head.rect.center_x() - group.center_x()).abs() / em;
        let left = (head.rect.left - group.left).abs() / em;
        let out = ((group.left - head.rect.left) / em - 1.5).max(0.0)
            + ((head.rect.right - group.right) / em - 1.5).max(0.0);
        // Centred is usual; set from the left is as good where it begins with the column.
        let off = (center - 1.5).max(0.0).min(if left < 1.0 { 2.0 } else { f32::INFINITY });
        (0.12 * off).min(2.2) + (0.15 * out).min(2.0)
    }
}
