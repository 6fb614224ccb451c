//! Pictures: which lines are their captions, and which article they belong to.

use crate::class::Class;
use crate::model::Rect;
use crate::model::hull;
use crate::plan::Plan;
use crate::plan::Story;
use crate::room::room_of;
use wenmai_page::known;
use wenmai_page::known::Says;

/// Lines that a caption has at most.
const LINES_MAX: usize = 6;

/// Characters from which a caption with a credit tells its own news.
const ALONE: usize = 30;

/// The picture of each stack that is a caption.
pub(crate) fn captions(plan: &Plan<'_>) -> Vec<Option<usize>> {
    (0..plan.stacks.len()).map(|at| caption_of(plan, at)).collect()
}

fn caption_of(plan: &Plan<'_>, at: usize) -> Option<usize> {
    let stack = plan.stacks.get(at)?;
    let em = plan.measured.em;
    let credit = plan.class(at) == Class::Line(Says::Credit);
    let body = plan.class(at) == Class::Body || credit;
    if !body
        || stack.items.len() > LINES_MAX
        || stack.size > 1.3
        || plan.measured.pictures.is_empty()
    {
        return None;
    }
    let words = plan.words(at);
    let credited = credit || known::ends_with_credit(&words);
    let shown = words.starts_with(['▲', '△', '▶', '◀', '▼', '←', '→', '↑', '↓'])
        || ["图为", "上图", "下图", "左图", "右图"].iter().any(|mark| words.starts_with(mark));
    let small = stack.size < 0.965;
    let pictures = plan.measured.pictures.iter().enumerate();
    let fits = pictures.filter_map(|(picture, rect)| {
        let gap = stack.rect.top - rect.bottom;
        let inside =
            stack.rect.left > rect.left - 1.5 * em && stack.rect.right < rect.right + 1.5 * em;
        let below = gap > -0.6 * em && gap < 2.0 * em && inside;
        let lines = stack.items.len();
        let is_below = below && (lines <= 3 || credited || shown || small);
        let side = -stack.rect.shared_x(rect);
        let beside = (credited || shown)
            && side > -0.5 * em
            && side < 2.0 * em
            && stack.rect.shared_y(rect) > 0.5 * stack.rect.height();
        let above = rect.top - stack.rect.bottom;
        let over = (credited || shown) && inside && above > -0.5 * em && above < 1.5 * em;
        let distance = if is_below {
            gap
        } else if beside {
            side
        } else {
            above
        };
        (is_below || beside || over).then_some((distance.abs(), picture))
    });
    fits.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, picture)| picture)
}

/// Gives pictures and captions to articles; what stands alone becomes one.
pub(crate) fn give(plan: &mut Plan<'_>) {
    let pictures = plan.measured.pictures.clone();
    let hulls: Vec<Rect> = plan.stories.iter().map(|story| around(plan, story)).collect();
    let known_stories = plan.stories.len();
    for (picture, rect) in pictures.iter().enumerate() {
        let captions: Vec<usize> = (0..plan.stacks.len())
            .filter(|at| plan.caption_of.get(*at) == Some(&Some(picture)))
            .collect();
        let words: String = captions.iter().map(|at| plan.words(*at)).collect();
        let room = room_of(plan.rooms, rect);
        let near = (0..known_stories)
            .filter_map(|at| {
                let story = plan.stories.get(at)?;
                let hull = hulls.get(at)?;
                let same = story.room == room
                    || plan.rooms.get(room).is_some_and(|own| own.parent == Some(story.room));
                same.then(|| (closeness(hull, rect, plan.measured.em), at))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .filter(|(score, _)| *score > 0.0);
        let credited = known::ends_with_credit(&words)
            || captions.iter().any(|at| plan.class(*at) == Class::Line(Says::Credit));
        let tells = words.chars().count() >= ALONE && credited && words.contains('。');
        let owner = match near {
            Some((score, story)) if score > 1.0 || !tells => story,
            _ if captions.is_empty() => continue,
            _ => {
                plan.stories.push(Story { room, why: vec!["picture-alone"], ..Story::default() });
                plan.stories.len() - 1
            }
        };
        for at in &captions {
            if let Some(slot) = plan.owner.get_mut(*at) {
                *slot = Some(owner);
            }
        }
        if let Some(story) = plan.stories.get_mut(owner) {
            story.pictures.push(picture);
            story.captions.extend(captions);
        }
    }
}

/// What an article's headline and text take up.
pub(crate) fn around(plan: &Plan<'_>, story: &Story) -> Rect {
    let head = story.head.and_then(|head| plan.heads.get(head)).map(|head| head.rect);
    let bodies: Vec<Rect> = story.bodies.iter().map(|at| plan.rect(*at)).chain(head).collect();
    hull(bodies.iter())
}

/// How much a picture belongs to an article: over 1 where it lies inside.
fn closeness(story: &Rect, picture: &Rect, em: f32) -> f32 {
    let (x, y) = (story.shared_x(picture), story.shared_y(picture));
    if x > 0.0 && y > 0.0 {
        return 1.0 + x * y / picture.area().max(1e-3);
    }
    let apart = (-x).max(0.0).hypot((-y).max(0.0));
    // A picture beside or below counts only where it shares an edge.
    let shares = x > 0.5 * picture.width() || y > 0.5 * picture.height();
    if shares { 0.9 - apart / (6.0 * em) } else { -1.0 }
}
