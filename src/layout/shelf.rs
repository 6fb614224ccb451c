//! What stands directly above a place on the page.

use crate::measure::Measured;
use crate::model::Rect;
use crate::room::Room;
use crate::stack::Stack;

/// Something on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A stack.
    Stack(usize),
    /// A picture.
    Picture(usize),
    /// A room inside the room.
    Inset(usize),
    /// A horizontal rule.
    Rule(usize),
}

/// A thing with its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed {
    pub thing: Thing,
    pub rect: Rect,
    room: usize,
}

/// Strips of the page by which things are looked up.
const STRIPS: usize = 64;
/// Things of a strip that are looked at.
const LOOKED_MAX: usize = 60;

/// Everything on a page, by place.
pub(crate) struct Shelf {
    things: Vec<Placed>,
    /// Indexes into `things` by strip, lower edges ascending.
    strips: Vec<Vec<usize>>,
    left: f32,
    step: f32,
    slack: f32,
}

impl Shelf {
    /// Everything on the page.
    pub fn new(measured: &Measured, rooms: &[Room], stacks: &[Stack]) -> Self {
        let mut things = Vec::new();
        let room_of = |rect: &Rect| crate::room::room_of(rooms, rect);
        let stacks = stacks.iter().enumerate();
        things.extend(stacks.map(|(at, stack)| Placed {
            thing: Thing::Stack(at),
            rect: stack.rect,
            room: stack.room,
        }));
        let pictures = measured.pictures.iter().enumerate();
        things.extend(pictures.map(|(at, rect)| Placed {
            thing: Thing::Picture(at),
            rect: *rect,
            room: room_of(rect),
        }));
        let insets = rooms.iter().enumerate();
        things.extend(insets.filter_map(|(at, room)| {
            let parent = room.parent?;
            Some(Placed { thing: Thing::Inset(at), rect: room.rect, room: parent })
        }));
        let rules = measured.across.iter().enumerate();
        things.extend(rules.map(|(at, rect)| Placed {
            thing: Thing::Rule(at),
            rect: *rect,
            room: room_of(rect),
        }));
        let page = measured.page;
        let step = (page.width() / 64.0).max(1e-3);
        let mut shelf = Self {
            things,
            strips: vec![Vec::new(); STRIPS],
            left: page.left,
            step,
            slack: 0.5 * measured.em,
        };
        let mut order: Vec<usize> = (0..shelf.things.len()).collect();
        let bottom = |at: &usize| shelf.things.get(*at).map_or(0.0, |placed| placed.rect.bottom);
        order.sort_by(|a, b| bottom(a).total_cmp(&bottom(b)));
        for at in order {
            let Some(placed) = shelf.things.get(at) else { continue };
            let (from, to) = (shelf.strip(placed.rect.left), shelf.strip(placed.rect.right));
            for strip in shelf.strips.iter_mut().take(to + 1).skip(from) {
                strip.push(at);
            }
        }
        shelf
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    fn strip(&self, x: f32) -> usize {
        ((x - self.left) / self.step).clamp(0.0, 63.0) as usize
    }

    /// The lowest thing of `room` above the height `top` that stands over `rect`, and passes
    /// `wanted`.
    pub fn above(
        &self,
        rect: &Rect,
        top: f32,
        room: usize,
        wanted: impl Fn(&Placed) -> bool,
    ) -> Option<Placed> {
        let xs = [0.15, 0.5, 0.85].map(|part| rect.left + part * rect.width());
        let mut best: Option<Placed> = None;
        for x in xs {
            let Some(strip) = self.strips.get(self.strip(x)) else { continue };
            let bottom = |at: &usize| self.things.get(*at).map_or(0.0, |p| p.rect.bottom);
            let end = strip.partition_point(|at| bottom(at) <= top + self.slack);
            for at in strip.iter().take(end).rev().take(LOOKED_MAX) {
                let Some(placed) = self.things.get(*at) else { continue };
                if best.is_some_and(|best| best.rect.bottom >= placed.rect.bottom) {
                    break;
                }
                let narrow = rect.width().min(placed.rect.width());
                let over = placed.rect.shared_x(rect) > 0.4 * narrow;
                let higher = placed.rect.center_y() < rect.center_y();
                if placed.room == room && over && higher && wanted(placed) {
                    best = Some(*placed);
                    break;
                }
            }
        }
        best
    }
}
