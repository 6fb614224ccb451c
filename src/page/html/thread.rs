//! A thread of a forum: posts of one shape one below the other, the first of which is the article.
//!
//! Posts are elements whose tag and names are the same but for their numbers, that hold nearly all
//! the text behind the headline, and between which stands what forums print there: who wrote when,
//! the number of the floor, what one may do with a post. Comments below an article are not taken
//! for a thread, since the article stands before them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::html::holder::Scene;
use crate::html::holder::TEXT_MIN;
use crate::html::tree::Element;
use crate::html::wording;
use crate::html::words::Roles;
use crate::script;

/// Share of the text behind the headline that the posts hold at least.
const COVERED: f64 = 0.7;
/// Longest line that parts posts, in characters.
const MARK_CHARS: usize = 40;
/// Pieces that are looked at between two posts.
const GAP_PIECES: usize = 40;
/// Posts that are looked at.
const POSTS_MAX: usize = 200;

/// What forums print between posts.
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"发表于|发布于|只看(?:该作者|楼主|TA)|楼主|^沙发$|^板凳$|^地板$|^第?\s*[0-9]{1,5}\s*[#楼]|[0-9]+\s*楼$|^#[0-9]+$|^(?:回复|引用|举报|回应|点评)|(?:回复|回应)$|注册时间|^积分|(?i)posted|^reply$|^quote$",
    )
});

/// The element that holds the first post of a thread; `None` where the page is none.
pub(super) fn first_post(scene: &Scene<'_>, headline: Option<usize>) -> Option<usize> {
    let elements = &scene.outline.elements;
    // Without a headline the posts begin where the page does.
    let line = headline.unwrap_or_default();
    let whole = scene.mass_in(line + 1, usize::MAX);
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, element) in elements.iter().enumerate() {
        let named = element.shape != 0 && !element.is_inline;
        if named
            && (element.from > line || headline.is_none())
            && scene.mass_in(element.from, element.to) > 0.0
        {
            groups.entry(element.shape).or_default().push(at);
        }
    }
    let threads = groups.values().filter(|posts| is_thread(scene, posts, line, whole));

    let pieces = |posts: &&Vec<usize>| {
        let of = |at: &usize| elements.get(*at).map_or(0, |one| one.to - one.from);
        posts.iter().map(of).sum::<usize>()
    };
    threads.min_by_key(pieces)?.first().copied()
}

/// Whether elements of one shape are the posts of a thread.
fn is_thread(scene: &Scene<'_>, posts: &[usize], line: usize, whole: f64) -> bool {
    let of = |at: &usize| scene.outline.elements.get(*at);
    let list: Vec<&Element> = posts.iter().filter_map(of).take(POSTS_MAX).collect();
    let Some(first) = list.first() else { return false };
    let apart = list.windows(2).all(|two| match two {
        [one, next] => next.from >= one.to,
        _ => true,
    });
    let held: f64 = list.iter().map(|one| scene.mass_in(one.from, one.to)).sum();
    let behind = list.last().map_or(0.0, |last| scene.mass_in(last.to, usize::MAX));
    let full = posts.len() > POSTS_MAX;
    if list.len() < 2
        || !apart
        || held < whole * COVERED && !(full && held + behind > whole * COVERED)
        || scene.mass_in(line + 1, first.from) >= TEXT_MIN
        || scene.mass_in(first.from, first.to) < TEXT_MIN / 4.0
        || first.roles.has(Roles::COMMENT)
        || headed_as_comments(scene, line, first.from)
        || is_list(scene, &list, line)
    {
        return false;
    }
    let marked = list.windows(2).filter(|two| match two {
        [one, next] => parted(scene, one, next),
        _ => false,
    });
    marked.count() * 5 >= (list.len() - 1) * 3
}

/// Whether a heading of comments stands between headline and first post.
fn headed_as_comments(scene: &Scene<'_>, line: usize, to: usize) -> bool {
    let between = scene.outline.pieces.get(line + 1..to).unwrap_or_default();
    between.iter().any(|piece| wording::is_below(&piece.text))
}

/// Whether what forums print stands between two posts, or at the end or beginning of them.
fn parted(scene: &Scene<'_>, one: &Element, next: &Element) -> bool {
    let gap = one.to.saturating_sub(3).max(one.from)..(next.from + 3).min(next.to);
    let pieces = scene.outline.pieces.get(gap).unwrap_or_default();
    let mut short = pieces.iter().take(GAP_PIECES).filter(|piece| piece.chars <= MARK_CHARS);
    short.any(|piece| MARK.is_match(&piece.text) || wording::gives_day(&piece.text))
}

/// Whether most elements have a heading that leads elsewhere, as those of a list of articles have.
fn is_list(scene: &Scene<'_>, list: &[&Element], line: usize) -> bool {
    let title = scene.outline.pieces.get(line).map_or("", |piece| piece.text.as_str());
    let mut before = line + 1;
    let leading = list.iter().filter(|one| {
        // What stands between two elements belongs to the second.
        let pieces = scene.outline.pieces.get(before..one.to).unwrap_or_default();
        before = one.to;
        let mut links = pieces.iter().filter(|piece| piece.chars >= 4 && piece.is_link());
        links.any(|piece| (piece.heading > 0 || piece.chars >= 10) && !piece.text.contains(title))
    });
    leading.count() * 2 > list.len()
}
