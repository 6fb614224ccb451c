//! Lines → stacks: runs of lines below each other in one column and one size.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::class::is_furniture;
use crate::measure::Item;
use crate::measure::Measured;
use crate::model::Rect;
use crate::print::ems;
use wenmai_page::known;
use wenmai_page::known::Says;

/// Lines below each other.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    /// Indexes of its items, from above.
    pub items: Vec<usize>,
    /// The smallest box that holds all of them.
    pub rect: Rect,
    /// Size of their type, relative to the body's.
    pub size: f32,
    /// Whether it is one vertical line, or several side by side.
    pub vertical: bool,
    /// The frame or part of the page that it stands in, as an index.
    pub room: usize,
    /// The room between its lines.
    gap: f32,
    last: Rect,
    /// Em of its longest line, whose size is the stack's.
    longest: f32,
}

impl Stack {
    /// A stack of one line.
    fn new(at: usize, item: &Item, room: usize) -> Self {
        Self {
            items: vec![at],
            rect: item.rect,
            size: item.size,
            vertical: item.vertical,
            room,
            gap: f32::NAN,
            last: item.rect,
            longest: ems(&item.text),
        }
    }

    /// Adds the line below. Long lines can be measured best, so the longest gives the size.
    fn add(&mut self, at: usize, item: &Item) {
        let gap = item.rect.top - self.last.bottom;
        self.gap = if self.gap.is_finite() { f32::midpoint(self.gap, gap) } else { gap };
        self.items.push(at);
        self.rect = self.rect.union(&item.rect);
        self.last = item.rect;
        if ems(&item.text) > self.longest {
            self.longest = ems(&item.text);
            self.size = item.size;
        }
    }
}

/// Strips of the page by which stacks are looked up.
const STRIPS: usize = 128;

/// Stacks of one strip that a line is compared with.
const COMPARED_MAX: usize = 24;

/// Puts the items together; `rooms` has the room of each.
pub(crate) fn stacks(measured: &Measured, rooms: &[usize]) -> Vec<Stack> {
    let mut order: Vec<usize> = (0..measured.items.len()).collect();
    let rect = |at: usize| measured.items.get(at).map(|item| item.rect).unwrap_or_default();
    order.sort_by(|a, b| {
        let (a, b) = (rect(*a), rect(*b));
        a.top.total_cmp(&b.top).then(a.left.total_cmp(&b.left))
    });
    let mut stacks: Vec<Stack> = Vec::new();
    // For each strip the stacks whose last line lies in it, the latest last.
    let mut strips: HashMap<usize, Vec<usize>> = HashMap::new();
    let alone = alone(measured);
    let step = (measured.page.width() / 128.0).max(1e-3);
    let strip = |x: f32| strip_of(x - measured.page.left, step);
    for at in order {
        let Some(item) = measured.items.get(at) else { continue };
        let room = rooms.get(at).copied().unwrap_or_default();
        let rect = item.rect;
        let mut candidates = near(&strips, rect, measured.em, strip);
        if alone.contains(&at) {
            candidates.clear();
        }
        candidates.retain(|one| {
            let last = stacks.get(*one).and_then(|stack| stack.items.last());
            last.is_none_or(|last| !alone.contains(last))
        });
        let best = candidates
            .into_iter()
            .filter_map(|at| stacks.get(at).map(|stack| (at, stack)))
            .filter(|(_, stack)| stack.room == room && goes_on(stack, item, measured))
            .min_by(|a, b| {
                let gap = |stack: &Stack| rect.top - stack.last.bottom;
                gap(a.1).total_cmp(&gap(b.1))
            })
            .map(|(at, _)| at);
        let index = best.unwrap_or(stacks.len());
        match best.and_then(|at| stacks.get_mut(at)) {
            Some(stack) => stack.add(at, item),
            None => stacks.push(Stack::new(at, item, room)),
        }
        for strip in strip(rect.left)..=strip(rect.right) {
            let open = strips.entry(strip).or_default();
            if open.last() != Some(&index) {
                open.push(index);
            }
        }
    }
    stacks
}

/// The stacks whose last line lies above some place of `rect`, the latest of each strip.
fn near(
    strips: &HashMap<usize, Vec<usize>>,
    rect: Rect,
    em: f32,
    strip: impl Fn(f32) -> usize,
) -> Vec<usize> {
    // A paragraph's first line may begin right of where the short line above it ends.
    let inset = rect.left - 1.9 * em;
    let inside = [0.1, 0.5, 0.9].map(|part| rect.left + part * rect.width());
    let mut found: Vec<usize> = Vec::new();
    for x in inside.into_iter().chain([inset]) {
        let open = strips.get(&strip(x)).into_iter().flatten().rev();
        found.extend(open.take(COMPARED_MAX));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Lines that stand alone whatever is below them: names, and near the page's upper edge its own.
fn alone(measured: &Measured) -> HashSet<usize> {
    let page = measured.page;
    let high = page.top + 0.2 * page.height();
    let short = |item: &Item| item.text.chars().take(61).count() <= 60;
    let hinted = |item: &Item| {
        let text = item.text.as_str();
        let names = text.contains(' ') || text.contains("记者") || text.contains("通讯员");
        item.rect.top < high || names && !text.contains(['，', '。'])
    };
    let near = measured.items.iter().enumerate();
    near.filter(|(_, item)| short(item) && hinted(item))
        .filter(|(_, item)| match known::says(&item.text) {
            Some(Says::Names | Says::Staff) => true,
            Some(Says::Masthead | Says::Folio) => item.rect.top < high && is_furniture(&item.text),
            _ => false,
        })
        .map(|(at, _)| at)
        .collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn strip_of(x: f32, step: f32) -> usize {
    (x / step).clamp(0.0, 127.0) as usize % STRIPS
}

/// Whether `item` is the next line of `stack`.
fn goes_on(stack: &Stack, item: &Item, measured: &Measured) -> bool {
    if item.whole || stack.vertical || item.vertical {
        return false;
    }
    let em = measured.em * stack.size.max(0.5);
    let rect = item.rect;
    let ratio = item.size / stack.size;
    // A line of a few characters cannot be measured well.
    let shortest = ems(&item.text).min(stack.longest);
    let tolerance = match shortest {
        _ if measured.exact => 1.04,
        count if count < 4.0 => 1.3,
        _ => 1.13,
    };
    if ratio > tolerance || ratio < 1.0 / tolerance {
        return false;
    }
    let gap = rect.top - stack.last.bottom;
    let usual = if stack.gap.is_finite() { stack.gap.max(0.0) } else { 0.6 * em };
    let most = if stack.size > 1.25 { 0.75 * em } else { (usual + 0.45 * em).min(1.3 * em) };
    if gap > most || gap < -0.5 * em || rect.center_y() <= stack.last.center_y() {
        return false;
    }
    let narrow = stack.last.width().min(rect.width());
    let shared = rect.shared_x(&stack.rect);
    let inset = rect.left - stack.rect.left;
    let indented = inset > -0.5 * em && inset < 2.6 * em && stack.last.width() < 4.0 * em;
    if shared < 0.6 * narrow && !indented {
        return false;
    }
    let wider = rect.width() > stack.rect.width() + 3.5 * em && stack.size < 1.25;
    let first = stack.items.len() == 1 && wider && {
        // A last line of a paragraph above, or a short line over a wider text.
        (rect.left - stack.rect.left).abs() > 2.6 * em
    };
    !first && !is_parted(measured, stack.last.bottom, rect.top, &rect)
}

/// Whether a horizontal rule lies between two heights above `rect`.
pub(crate) fn is_parted(measured: &Measured, above: f32, below: f32, rect: &Rect) -> bool {
    let slack = 0.3 * measured.em;
    let (from, to) = (above.min(below) - slack, above.max(below) + slack);
    let first = measured.across.partition_point(|rule| rule.top < from);
    measured
        .across
        .iter()
        .skip(first)
        .take_while(|rule| rule.top <= to)
        .any(|rule| rule.shared_x(rect) > 0.5 * rect.width())
}
