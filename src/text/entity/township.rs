//! Towns, villages and streets behind the name of a place: 莘县**王庄镇**.
//!
//! No list has them all; right behind a known place their suffix is enough.

use crate::entity::sheet::Sheet;
use crate::entity::sheet::Tag;
use crate::entity::sheet::is_han;

/// What such a name ends with.
const SUFFIXES: [&str; 5] = ["街道", "镇", "乡", "村", "苏木"];
/// The longest name before the suffix.
const NAME_CHARS_MAX: usize = 4;

/// The characters of the town, village or street that begins at `from`.
pub(super) fn behind(sheet: &Sheet<'_>, from: usize) -> Option<(usize, usize)> {
    for at in from + 1..=from + NAME_CHARS_MAX {
        if !is_han(sheet.before(at)) || sheet.holding(at - 1)?.tag == Tag::Function {
            return None;
        }
        if let Some(suffix) = SUFFIXES.iter().find(|suffix| sheet.has(at, suffix)) {
            let to = at + suffix.chars().count();
            // 镇政府, 村民, 村里: the suffix must end a word or be one.
            let whole =
                sheet.is_edge(to) && at - from >= 2 || sheet.is_edge(at) && sheet.is_edge(to);
            let named =
                !matches!(sheet.slice(from, at), "各" | "全" | "多个" | "农" | "一些" | "城");
            return (whole && named && at > from).then_some((from, to));
        }
    }
    None
}
