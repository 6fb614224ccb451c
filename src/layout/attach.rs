//! Lines that say themselves what they are, boxes, and stories without a headline: where they go.

use std::collections::HashMap;

use crate::advert;
use crate::class::Class;
use crate::model::Rect;
use crate::picture::around;
use crate::plan::Plan;
use crate::plan::Story;
use wenmai_page::known;
use wenmai_page::known::Says;

/// Why a part of a page was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// An advertisement.
    Advertisement,
    /// The paper's name, dates and page numbers.
    Masthead,
    /// It has no place on the page.
    Astray,
    /// No article took it.
    Unclear,
}

impl LeftOut {
    /// The reason in a word, for tables and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LeftOut::Advertisement => "advertisement",
            LeftOut::Masthead => "masthead",
            LeftOut::Astray => "astray",
            LeftOut::Unclear => "unclear",
        }
    }
}

/// Boxes of teasers: the stacks of each, taken out of all else.
pub(crate) fn teasers(plan: &mut Plan<'_>) -> Vec<Vec<usize>> {
    let headers: Vec<usize> = (0..plan.stacks.len())
        .filter(|at| known::says(&plan.words(*at)) == Some(Says::TeaserHeader))
        .collect();
    let mut boxes = Vec::new();
    for header in headers {
        let Some(stack) = plan.stacks.get(header) else { continue };
        let framed = plan.rooms.get(stack.room).is_some_and(|room| room.parent.is_some());
        let members = if framed { in_room(plan, stack.room) } else { below(plan, header) };
        let pointers = members.iter().filter(|at| {
            let stack = plan.stacks.get(**at);
            let lines = stack.map(|stack| stack.items.as_slice()).unwrap_or_default();
            lines.iter().any(|line| plan.measured.items.get(*line).is_some_and(|i| points(&i.text)))
        });
        if pointers.count() == 0 || members.len() > 60 {
            continue;
        }
        for at in &members {
            if let Some(class) = plan.classes.get_mut(*at) {
                *class = Class::Furniture;
            }
        }
        boxes.push(members);
    }
    boxes
}

/// Whether a line ends with, or is, a pointer to a page.
pub(crate) fn points(line: &str) -> bool {
    known::says(line) == Some(Says::Pointer) || {
        let tail: String = line.chars().rev().take(5).collect();
        tail.starts_with('版') && tail.chars().any(char::is_numeric)
    }
}

fn in_room(plan: &Plan<'_>, room: usize) -> Vec<usize> {
    let mut members: Vec<usize> = (0..plan.stacks.len())
        .filter(|at| plan.stacks.get(*at).is_some_and(|stack| stack.room == room))
        .collect();
    members.sort_by(|a, b| plan.rect(*a).top.total_cmp(&plan.rect(*b).top));
    members
}

/// The header and what follows below it in its column, as far as it looks like teasers.
fn below(plan: &Plan<'_>, header: usize) -> Vec<usize> {
    let em = plan.measured.em;
    let room = plan.stacks.get(header).map_or(0, |stack| stack.room);
    let mut members = vec![header];
    let mut area = plan.rect(header);
    for at in in_room(plan, room) {
        let rect = plan.rect(at);
        let lower =
            at != header && rect.top > area.bottom - 0.5 * em && rect.top < area.bottom + 2.0 * em;
        let same = rect.shared_x(&area) > 0.5 * rect.width().min(area.width());
        let cut = plan.is_cut(&area, &rect);
        if lower && same && !cut && !plan.words(at).contains('。') {
            members.push(at);
            area = area.union(&rect);
        }
    }
    members
}

/// Gives lines of names, pointers and credits to the articles beside them; staff boxes become
/// stories of their own.
pub(crate) fn lines(plan: &mut Plan<'_>) -> Vec<Vec<usize>> {
    let mut staff: HashMap<usize, Vec<usize>> = HashMap::new();
    for at in 0..plan.stacks.len() {
        let Class::Line(says) = plan.class(at) else { continue };
        if plan.is_caption(at) {
            continue;
        }
        if says == Says::Staff {
            let room = plan.stacks.get(at).map_or(0, |stack| stack.room);
            staff.entry(room).or_default().push(at);
            continue;
        }
        if let Some(story) = beside(plan, at) {
            if let Some(slot) = plan.owner.get_mut(at) {
                *slot = Some(story);
            }
            if let Some(story) = plan.stories.get_mut(story) {
                story.lines.push(at);
            }
        }
    }
    let mut boxes: Vec<Vec<usize>> = staff.into_values().collect();
    boxes.sort();
    boxes
}

/// The article whose headline or text stands directly above a line, or below it.
fn beside(plan: &Plan<'_>, at: usize) -> Option<usize> {
    let stack = plan.stacks.get(at)?;
    let em = plan.measured.em;
    let near = (0..plan.stacks.len()).filter_map(|other| {
        let owner = plan.owner.get(other).copied().flatten()?;
        let rect = plan.rect(other);
        let same = plan.stacks.get(other)?.room == stack.room && other != at;
        let over = rect.shared_x(&stack.rect) > 0.4 * stack.rect.width().min(rect.width());
        let down = stack.rect.top - rect.bottom;
        let up = rect.top - stack.rect.bottom;
        let lower = down > -0.6 * em && down < 2.5 * em && !plan.is_cut(&rect, &stack.rect);
        let higher = up > -0.6 * em && up < 1.2 * em && !plan.is_cut(&stack.rect, &rect);
        if !same || !over || !(lower || higher) {
            return None;
        }
        // What stands above is meant, unless what is below is much nearer.
        Some((if lower { down } else { up + 1.5 * em }, owner))
    });
    near.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, owner)| owner)
}

/// Gives boxes without a headline of their own, and those that are called 链接 or 编后, to the
/// article around them or above them.
pub(crate) fn boxes(plan: &mut Plan<'_>) {
    for at in 0..plan.stories.len() {
        let Some(story) = plan.stories.get(at).cloned() else { continue };
        if story.bodies.is_empty() && story.lines.is_empty() {
            continue;
        }
        let named = story.head.is_some_and(|head| is_box(plan, head));
        let framed = plan.rooms.get(story.room).is_some_and(|room| room.parent.is_some());
        if !(named || story.head.is_none() && framed && story.pictures.is_empty()) {
            continue;
        }
        if advert::is_advert(&lines_of(plan, &story), framed) {
            continue;
        }
        let own = around(plan, &story);
        let outer = plan.rooms.get(story.room).and_then(|room| room.parent);
        let target = (0..plan.stories.len())
            .filter(|other| *other != at)
            .filter_map(|other| {
                let candidate = plan.stories.get(other)?;
                let room = if framed { outer? } else { story.room };
                let titled = candidate.head.is_some_and(|head| !is_box(plan, head));
                let same = candidate.room == room && titled && !candidate.bodies.is_empty();
                same.then(|| (nearness(&around(plan, candidate), &own), other))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(distance, _)| *distance < 4.0 * plan.measured.em);
        if let Some((_, target)) = target {
            merge(plan, at, target, named);
        }
    }
}

fn is_box(plan: &Plan<'_>, head: usize) -> bool {
    let stacks = plan.heads.get(head).map(|head| head.stacks.as_slice()).unwrap_or_default();
    match stacks {
        [only] => known::says(&plan.words(*only)) == Some(Says::BoxHeading),
        _ => false,
    }
}

fn nearness(a: &Rect, b: &Rect) -> f32 {
    (-a.shared_x(b)).max(0.0).hypot((-a.shared_y(b)).max(0.0))
}

/// Puts the parts of one story behind those of another.
fn merge(plan: &mut Plan<'_>, from: usize, to: usize, named: bool) {
    let Some(story) = plan.stories.get_mut(from).map(std::mem::take) else { return };
    let head: Vec<usize> = match story.head.and_then(|head| plan.heads.get(head)) {
        Some(head) if named => head.stacks.clone(),
        Some(_) | None => Vec::new(),
    };
    if let (Some(head), true) = (story.head, named)
        && let Some(slot) = plan.is_subhead.get_mut(head)
    {
        *slot = true;
    }
    let bodies = crate::order::ordered(plan, &story.bodies);
    for stack in head.iter().chain(&bodies).chain(&story.lines) {
        if let Some(slot) = plan.owner.get_mut(*stack) {
            *slot = Some(to);
        }
    }
    if let Some(target) = plan.stories.get_mut(to) {
        target.boxed.extend(head.into_iter().chain(bodies));
        target.lines.extend(story.lines);
        target.captions.extend(story.captions);
        target.pictures.extend(story.pictures);
        target.because("box-of-article");
    }
}

/// The printed lines of a story.
pub(crate) fn lines_of(plan: &Plan<'_>, story: &Story) -> Vec<String> {
    let head = story.head.and_then(|head| plan.heads.get(head));
    let heads = head.map(|head| head.stacks.as_slice()).unwrap_or_default();
    let stacks = heads.iter().chain(&story.bodies).chain(&story.lines).chain(&story.captions);
    let items = stacks.filter_map(|at| plan.stacks.get(*at)).flat_map(|stack| &stack.items);
    items.filter_map(|at| plan.measured.items.get(*at)).map(|item| item.text.clone()).collect()
}

/// Takes advertisements out of the stories; returns their stacks.
pub(crate) fn adverts(plan: &mut Plan<'_>) -> Vec<usize> {
    let mut out = Vec::new();
    // A frame is judged as a whole: an advertisement has several lines in large type.
    for (room, one) in plan.rooms.iter().enumerate() {
        if one.parent.is_none() {
            continue;
        }
        let stories = plan.stories.iter().filter(|story| story.room == room);
        let lines: Vec<String> = stories.flat_map(|story| lines_of(plan, story)).collect();
        if !lines.is_empty() && advert::is_advert(&lines, true) {
            out.extend(in_room(plan, room));
        }
    }
    let whole: Vec<usize> = (0..plan.stories.len())
        .filter(|at| {
            plan.stories.get(*at).is_some_and(|story| {
                let framed = plan.rooms.get(story.room).is_some_and(|room| room.parent.is_some());
                let lines = lines_of(plan, story);
                !framed && !lines.is_empty() && advert::is_advert(&lines, false)
            })
        })
        .collect();
    for at in whole {
        let Some(story) = plan.stories.get(at) else { continue };
        let head = story.head.and_then(|head| plan.heads.get(head));
        out.extend(head.into_iter().flat_map(|head| &head.stacks));
        out.extend(story.bodies.iter().chain(&story.lines).chain(&story.captions));
    }
    out.sort_unstable();
    out.dedup();
    for story in &mut plan.stories {
        let kept = |at: &usize| out.binary_search(at).is_err();
        let head = story.head.and_then(|head| plan.heads.get(head));
        if head.is_some_and(|head| !head.stacks.iter().all(kept)) {
            story.head = None;
        }
        for list in [&mut story.bodies, &mut story.lines, &mut story.captions, &mut story.boxed] {
            list.retain(kept);
        }
    }
    out
}
