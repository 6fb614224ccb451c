//! Headings that belong together: kicker, headline and subtitle above each other.

use crate::class::Class;
use crate::measure::Measured;
use crate::model::Rect;
use crate::model::hull;
use crate::stack::Stack;
use crate::stack::is_parted;

/// A headline with what stands around it.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    /// Its stacks, from above.
    pub stacks: Vec<usize>,
    /// The smallest box that holds all of them.
    pub rect: Rect,
    /// The size of the largest.
    pub size: f32,
    /// Whether it runs downwards.
    pub vertical: bool,
    /// The frame or part of the page that it stands in, as an index.
    pub room: usize,
}

/// Headings that are compared with each other at most.
const HEADS_MAX: usize = 1_500;

/// Puts the headings of a page together.
pub(crate) fn heads(measured: &Measured, stacks: &[Stack], classes: &[Class]) -> Vec<Head> {
    let headings = stacks.iter().zip(classes).enumerate();
    let headings = headings.filter(|(_, (_, class))| **class == Class::Heading);
    let mut order: Vec<usize> = headings.map(|(at, _)| at).collect();
    let top = |at: &usize| stacks.get(*at).map_or(0.0, |stack| stack.rect.top);
    order.sort_by(|a, b| top(a).total_cmp(&top(b)));
    let mut above: Vec<Option<usize>> = vec![None; order.len()];
    if order.len() <= HEADS_MAX {
        for (at, below) in order.iter().enumerate() {
            let Some(below) = stacks.get(*below) else { continue };
            let joined = |before: &usize| {
                order
                    .get(*before)
                    .and_then(|at| stacks.get(*at))
                    .is_some_and(|above| belongs(measured, above, below))
            };
            if let Some(slot) = above.get_mut(at) {
                *slot = (0..at).rev().take(200).find(joined);
            }
        }
        unbanner(&order, stacks, &mut above);
    }
    let mut group: Vec<usize> = (0..order.len()).collect();
    for at in 0..order.len() {
        if let Some(parent) = above.get(at).copied().flatten() {
            let of = group.get(parent).copied().unwrap_or(at);
            if let Some(slot) = group.get_mut(at) {
                *slot = of;
            }
        }
    }
    let mut heads: Vec<Head> = Vec::new();
    let mut places: Vec<Option<usize>> = vec![None; order.len()];
    for (at, stack) in order.iter().enumerate() {
        let of = group.get(at).copied().unwrap_or(at);
        let known = places.get(of).copied().flatten();
        if let Some(head) = known.and_then(|known| heads.get_mut(known)) {
            head.stacks.push(*stack);
            continue;
        }
        let Some(found) = stacks.get(*stack) else { continue };
        if let Some(place) = places.get_mut(of) {
            *place = Some(heads.len());
        }
        heads.push(Head {
            stacks: vec![*stack],
            rect: found.rect,
            size: found.size,
            vertical: found.vertical,
            room: found.room,
        });
    }
    for head in &mut heads {
        let of = || head.stacks.iter().filter_map(|at| stacks.get(*at));
        head.rect = hull(of().map(|stack| &stack.rect));
        head.size = of().map(|stack| stack.size).fold(0.0, f32::max);
        head.vertical = of().max_by(|a, b| a.size.total_cmp(&b.size)).is_some_and(|s| s.vertical);
    }
    heads
}

/// Whether two headings above each other are of one headline.
fn belongs(measured: &Measured, above: &Stack, below: &Stack) -> bool {
    if above.room != below.room {
        return false;
    }
    let em = measured.em;
    let larger = above.size.max(below.size);
    if above.vertical || below.vertical {
        return beside(em, above, below);
    }
    let gap = below.rect.top - above.rect.bottom;
    let narrow = above.rect.width().min(below.rect.width());
    let most = (0.6 * larger + 0.35) * em;
    gap > -0.5 * em
        && gap < most
        && below.rect.center_y() > above.rect.center_y()
        && above.rect.shared_x(&below.rect) > 0.5 * narrow
        && !is_parted(measured, above.rect.bottom, below.rect.top, &below.rect)
}

/// Whether two vertical headings stand side by side and are of one headline.
fn beside(em: f32, a: &Stack, b: &Stack) -> bool {
    let larger = a.size.max(b.size);
    let gap = -a.rect.shared_x(&b.rect);
    let short = a.rect.height().min(b.rect.height());
    let both = a.vertical && b.vertical;
    both && gap < 0.6 * larger * em && a.rect.shared_y(&b.rect) > 0.6 * short
}

/// A heading above several others that stand side by side belongs to none of them.
fn unbanner(order: &[usize], stacks: &[Stack], above: &mut [Option<usize>]) {
    let rect = |at: usize| order.get(at).and_then(|at| stacks.get(*at)).map(|stack| stack.rect);
    for banner in 0..order.len() {
        let below: Vec<usize> = (0..above.len())
            .filter(|at| above.get(*at).copied().flatten() == Some(banner))
            .collect();
        let side_by_side = below.iter().enumerate().any(|(at, a)| {
            below
                .iter()
                .skip(at + 1)
                .any(|b| rect(*a).zip(rect(*b)).is_some_and(|(a, b)| a.shared_x(&b) <= 0.0))
        });
        if side_by_side {
            for at in below {
                if let Some(slot) = above.get_mut(at) {
                    *slot = None;
                }
            }
        }
    }
}
