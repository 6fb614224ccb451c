//! Which piece of a web page is its headline?
//!
//! What the page calls itself (`title`, Open Graph, schema.org) is compared with the lines of the
//! page; the rank of a heading element, names such as `title` and the place count too. Titles of
//! pages carry the name of their site, so they are compared part by part.

mod above;

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::html::claims::Claims;
use crate::html::holder::Scene;
use crate::html::tree::Outline;
use crate::html::tree::Piece;
use crate::html::wording;
use crate::html::words::Roles;
use wenmai_text::likeness::bigrams;
use wenmai_text::pattern;

/// A headline, and the pieces that it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Headline {
    /// Its words, without what the site glued to it.
    pub text: String,
    /// First piece of it in the page.
    pub index: Option<usize>,
    /// Pieces that it takes: headlines are set in two or three lines.
    pub count: usize,
}

/// Letters that a headline has at least and at most.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=120;

/// What parts the headline from the site's name in a page's title.
static PARTS: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"\s*(?:[_|｜丨]+|\s[-–—·•»@/]+\s|\s::\s?|--+|\s-|-\s|<<|>>|\s[>＞›]\s|«|»)\s*")
});

/// Marks that sites put before headlines.
static BADGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(
        r"^(?:\[(?:视频|图|组图|图文|多图|图集|直播|专题)\]|【(?:图|组图|视频)】|(?:标题|题目|稿件标题)\s*[:：]|原创\s+|转载\s+|置顶\s+|[（(](?:图|组图|视频)[）)])\s*",
    )
});

/// Badges that stand before a headline with nothing between.
const GLUED: [&str; 14] = [
    "原创", "原創", "转载", "轉載", "独家", "獨家", "置顶", "精华", "推荐", "视频", "图集", "专题",
    "头条", "热",
];

/// Letters and digits in lower case: what of a title is compared.
pub(super) fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names that a page gives itself, split into parts, with their trust.
pub(super) struct Names {
    /// Whole names and runs of their parts from the first, with letters alone.
    wholes: Vec<String>,
    /// Single parts behind the first, with what agreement with one is worth.
    parts: Vec<(String, f64)>,
    /// Names as written, the most trusted first.
    written: Vec<String>,
    /// Pairs of characters of each of `wholes`.
    pairs: Vec<HashSet<(char, char)>>,
}

impl Names {
    /// The names in `claims`, and the page's own title.
    pub fn of(outline: &Outline, claims: &Claims) -> Self {
        let mut written: Vec<String> = claims.titles.clone();
        written.extend(labelled(outline));
        let title = outline.title.split_whitespace().collect::<Vec<_>>().join(" ");
        if !title.is_empty() {
            written.push(title);
        }
        let (mut wholes, mut parts) = (Vec::new(), Vec::new());
        for name in &written {
            let pieces: Vec<&str> =
                PARTS.split(name).filter(|part| !part.trim().is_empty()).collect();
            wholes.push(bare(without_site(name)));
            // Some begin with the site and the way to the article.
            let first = usize::from(pieces.len() > 1 && is_site(pieces.first().copied()));
            for end in first + 1..=pieces.len().min(8) {
                wholes.push(bare(&pieces.get(..end).unwrap_or_default().concat()));
            }
            let last = pieces.len().saturating_sub(1);
            let letters = bare(name).chars().count();
            parts.extend(pieces.iter().enumerate().skip(1).map(|(at, part)| {
                let part = bare(part);
                // The last part is the site's name most often, the article's where the site's
                // comes first.
                let short = at == last && part.chars().count() * 2 < letters;
                let worth = if first > 0 { 2.6 } else { 2.0 };
                (part, if short && first == 0 { LAST_PART } else { worth })
            }));
        }
        wholes.retain(|name| name.chars().count() >= 2);
        parts.retain(|(name, _)| name.chars().count() >= 4);
        let pairs = wholes.iter().map(|name| bigrams(name.chars()).collect()).collect();
        Self { wholes, parts, written, pairs }
    }

    /// How well a line agrees with the names, from 0 to 3.
    pub fn agreement(&self, line: &str) -> f64 {
        let line = bare(BADGE.replace(line, "").as_ref());
        let count = line.chars().count();
        if count < 2 {
            return 0.0;
        }
        if self.wholes.contains(&line) {
            return 3.0;
        }
        let mut best = 0.0_f64;
        if let Some((_, worth)) = self.parts.iter().find(|(part, _)| *part == line) {
            if *worth >= 2.0 {
                return *worth;
            }
            best = *worth;
        }
        let own: Vec<(char, char)> = bigrams(line.chars()).collect();
        for (name, pairs) in self.wholes.iter().zip(&self.pairs) {
            let len = name.chars().count();
            let found = if count >= 6 && name.starts_with(&line) {
                if count * 5 >= len * 2 { 2.6 } else { 1.2 }
            } else if count >= 8 && name.contains(&line) {
                2.0
            } else if count >= 5 && count * 3 >= len && name.contains(&line) {
                1.6
            } else if len >= 8 && line.starts_with(name.as_str()) && count <= len * 2 {
                2.2
            } else if len >= 8 && line.contains(name.as_str()) && count <= len * 2 {
                1.8
            } else if len >= 8 && count >= 8 {
                let shared = own.iter().filter(|pair| pairs.contains(pair)).count();
                if shared * 5 >= own.len().min(pairs.len()) * 4 { 1.5 } else { 0.0 }
            } else if len >= 3 && count > len && line.contains(name.as_str()) {
                0.8
            } else {
                0.0
            };
            best = best.max(found);
        }
        best
    }
}

/// What a table of a document's properties gives as its title: the cell behind `标题：`.
fn labelled(outline: &Outline) -> Option<String> {
    let is_label = |piece: &Piece| {
        let word: String = piece.text.chars().filter(|c| !c.is_whitespace()).collect();
        matches!(
            word.trim_end_matches([':', '：']),
            "标题" | "標題" | "名称" | "信息名称" | "文件名称" | "题名" | "文件标题"
        )
    };
    let at = outline.pieces.iter().take(LABEL_PIECES).position(is_label)?;
    let title = outline.pieces.get(at + 1)?;
    LETTERS.contains(&title.chars).then(|| title.text.clone())
}

/// Pieces among which the label of a title is looked for.
const LABEL_PIECES: usize = 400;

pub(super) use above::above;

/// The headline of the page.
pub(super) fn find(scene: &Scene<'_>, names: &Names) -> Headline {
    let pieces = &scene.outline.pieces;
    let best = pieces
        .iter()
        .enumerate()
        .filter_map(|(at, piece)| Some((at, worth(scene, names, at, piece)?)))
        .max_by(|(a, x), (b, y)| x.total_cmp(y).then(b.cmp(a)));
    let Some((at, _)) = best.filter(|(_, worth)| *worth >= WORTH_MIN) else {
        return Headline { text: named(scene, names), index: None, count: 0 };
    };
    let (index, count) = lines(scene, names, at);
    headline(scene, names, index, count)
}

fn headline(scene: &Scene<'_>, names: &Names, index: usize, count: usize) -> Headline {
    let pieces = &scene.outline.pieces;
    let text = pieces
        .iter()
        .skip(index)
        .take(count)
        .map(|piece| piece.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    Headline { text: unglued(&text, names), index: Some(index), count }
}

/// What agreement with the last part of a name is worth, from 0 to 3.
const LAST_PART: f64 = 1.2;
/// What a line needs to be taken for the headline.
const WORTH_MIN: f64 = 2.0;
/// Longest line that is compared with the page's names, in characters.
const COMPARED: usize = 160;

/// How much speaks for a piece being the headline; `None` where it cannot be.
fn worth(scene: &Scene<'_>, names: &Names, at: usize, piece: &Piece) -> Option<f64> {
    if !LETTERS.contains(&piece.chars) || piece.text.len() > COMPARED * 4 || piece.is_hidden {
        return None;
    }
    let roles = scene.roles_near(piece);
    let mut agrees = names.agreement(&piece.text);
    if agrees > 0.0 && agrees < 2.5 && lines(scene, names, at).1 > 1 {
        agrees = 2.8;
    }
    let is_title = roles.has(Roles::TITLE) || piece.roles.has(Roles::TITLE);
    if agrees == 0.0 && piece.heading == 0 && !is_title {
        return None;
    }
    let rank = match piece.heading {
        0 => 0.0,
        1 => 1.5,
        2 => 1.0,
        3 => 0.7,
        _ => 0.4,
    };
    // Some headlines are links to their own page.
    let own = agrees >= 3.0 && (piece.heading > 0 || is_title);
    let link = match (piece.is_link(), own) {
        (true, true) => -0.8,
        (true, false) => -1.6,
        (false, _) => 0.0,
    };
    let place = if scene.down_of(piece) < 0.5 { -1.0 } else { 0.0 };
    // Nothing but a frame comes behind the headline of a page without a text.
    let text = if scene.mass_after(at) < 30.0 { -2.0 } else { 0.0 };
    let sentence = if piece.text.ends_with('。') { -1.5 } else { 0.0 };
    let unnamed = if agrees == 0.0 && names.agreement_exists() { -0.8 } else { 0.0 };
    let ahead = scene.mass_before(at) / (scene.mass_before(usize::MAX) + 1.0);
    let title = if is_title { 0.8 } else { 0.0 };
    Some(agrees + rank + title + link + place + text + sentence + unnamed - ahead)
}

impl Names {
    /// Whether the page calls itself anything.
    fn agreement_exists(&self) -> bool {
        !self.wholes.is_empty()
    }
}

/// The run of pieces that the headline is set in: lines beside it whose words together are the
/// name of the page.
fn lines(scene: &Scene<'_>, names: &Names, at: usize) -> (usize, usize) {
    let pieces = &scene.outline.pieces;
    // Only a part of the name can be one of its lines; most pieces of a long page are none.
    let own = pieces.get(at).map(|piece| bare(&piece.text)).unwrap_or_default();
    if !names.wholes.iter().any(|whole| whole.contains(&own)) {
        return (at, 1);
    }
    let text = |from: usize, count: usize| {
        bare(
            &pieces
                .iter()
                .skip(from)
                .take(count)
                .map(|piece| piece.text.as_str())
                .collect::<String>(),
        )
    };
    for count in (2..=4).rev() {
        for from in at.saturating_sub(count - 1)..=at {
            let run = text(from, count);
            if from + count <= pieces.len() && names.wholes.contains(&run) {
                let long = pieces
                    .iter()
                    .skip(from)
                    .take(count)
                    .all(|piece| bare(&piece.text).chars().count() >= 2);
                // Lines of one headline are headings of one rank; a kicker has one of its own.
                let ranks = pieces.iter().skip(from).take(count).map(|piece| piece.heading);
                let alike = ranks.clone().zip(ranks.skip(1)).all(|(a, b)| a == b);
                if long && alike {
                    return (from, count);
                }
            }
        }
    }
    (at, 1)
}

/// A headline without the site's badge before it and name behind it.
fn unglued(text: &str, names: &Names) -> String {
    let text = BADGE.replace(text.trim(), "").trim().to_owned();
    for badge in GLUED {
        if let Some(rest) = text.strip_prefix(badge)
            && names.wholes.contains(&bare(rest))
            && !names.wholes.contains(&bare(&text))
        {
            return rest.trim().to_owned();
        }
    }
    for tag in TAGS {
        if let Some(rest) = text.strip_suffix(tag)
            && names.wholes.contains(&bare(rest))
            && !names.wholes.contains(&bare(&text))
        {
            return rest.trim().to_owned();
        }
    }
    let line = bare(&text);
    if let Some(rest) = without_tag(&text)
        .filter(|rest| names.wholes.contains(&bare(rest)) && !names.wholes.contains(&line))
    {
        return rest.to_owned();
    }
    if let Some(cut) = names
        .wholes
        .iter()
        .filter(|name| name.chars().count() >= 6)
        .find_map(|name| behind(&text, &line, name))
    {
        return cut;
    }
    if let Some(head) = wording::before_day(&text).filter(|_| !names.wholes.contains(&line)) {
        return head.to_owned();
    }
    // A line that begins with the page's shorter name has something glued to it.
    let mut parts = PARTS.split(&text);
    if let (Some(first), Some(_)) = (parts.next(), parts.next()) {
        let head = bare(first);
        let shorter =
            names.wholes.contains(&head) && !names.written.iter().any(|name| bare(name) == line);
        if shorter && head.chars().count() >= 6 {
            return first.trim().to_owned();
        }
    }
    text
}

/// The part of `text` that is `name`, where day, source or counts of readers stand behind it.
fn behind(text: &str, line: &str, name: &str) -> Option<String> {
    if line == name || !line.starts_with(name) {
        return None;
    }
    let mut left = name.chars().count();
    let end = text.char_indices().find_map(|(at, c)| {
        left = left.saturating_sub(usize::from(c.is_alphanumeric()));
        (left == 0).then_some(at + c.len_utf8())
    })?;
    let (head, rest) = text.split_at_checked(end)?;
    let rest = rest.trim();
    (wording::tells(rest) || wording::is_note(rest)).then(|| head.trim().to_owned())
}

/// Marks that sites put behind headlines.
const TAGS: [&str; 13] = [
    "已付费",
    "付费",
    "原创",
    "原創",
    "置顶",
    "精华",
    "热门",
    "推荐",
    "播报文章",
    "朗读",
    "[复制链接]",
    "[编辑]",
    "[編輯]",
];

/// A headline without the class of a thread in brackets before it: `[见闻] 大桥合龙`.
fn without_tag(text: &str) -> Option<&str> {
    let close = text.find([']', '】']).filter(|_| text.starts_with(['[', '【']))?;
    let rest = text.get(close..)?.trim_start_matches([']', '】']).trim();
    (text.get(..close)?.chars().count() <= 12 && !rest.is_empty()).then_some(rest)
}

/// Headline and subtitle, where both are set in one element: `熬得住才敢签字 ——老茶园改造记`.
pub(super) fn parted(text: &str) -> Option<(&str, &str)> {
    let at = [" ——", " --", " —"].iter().find_map(|dash| text.find(dash))?;
    let (head, rest) = text.split_at_checked(at)?;
    let rest = rest.trim();
    let fits = bare(head).chars().count() >= 4 && bare(rest).chars().count() >= 4;
    // A dash with a blank behind it parts a title as in English.
    let leads = !rest.trim_start_matches(['—', '-']).starts_with(' ');
    (fits && leads).then(|| (head.trim(), rest))
}

/// What names of sites end with.
const SITES: [&str; 30] = [
    "论坛",
    "論壇",
    "社区",
    "社區",
    "博客",
    "部落格",
    "电台",
    "電台",
    "网",
    "網",
    "报",
    "報",
    "社",
    "台",
    "臺",
    "新闻",
    "新聞",
    "官网",
    "政府",
    "频道",
    "大学",
    "学院",
    "委员会",
    "中心",
    "门户",
    "在线",
    "日报",
    "晚报",
    "周刊",
    "客户端",
];

/// Whether a part of a name is a site's: short, and ending as names of sites do.
pub(super) fn is_site(part: Option<&str>) -> bool {
    part.map(str::trim).is_some_and(|part| {
        (2..=SITE_CHARS).contains(&part.chars().count())
            && SITES.iter().any(|end| part.ends_with(end))
    })
}

/// Longest name of a site that a page's name begins with, in characters.
const SITE_CHARS: usize = 8;

/// A name without the site's behind it, where a plain dash parts them: `大桥合龙-清河网`.
fn without_site(name: &str) -> &str {
    let mut name = name.trim();
    while let Some((head, tail)) = name.rsplit_once(['-', '—', '–', '_', '|', '｜']) {
        let (letters, tail) = (bare(head).chars().count(), tail.trim());
        let site = (2..=14).contains(&tail.chars().count())
            && (SITES.iter().any(|end| tail.ends_with(end)) || tail.contains(".c"));
        if !site || letters < 4 {
            break;
        }
        name = head.trim().trim_end_matches(['-', '—', '–', '_']).trim();
    }
    name
}

/// The headline where no line of the page is one: the part of its name that its text shares most
/// with, not the site's.
fn named(scene: &Scene<'_>, names: &Names) -> String {
    let body = scene.sample_pairs();
    let mut best = (0.0, String::new());
    for (at, name) in names.written.iter().enumerate() {
        let pieces: Vec<&str> =
            PARTS.split(name).map(str::trim).filter(|part| !part.is_empty()).collect();
        for (place, part) in pieces.iter().enumerate() {
            let part = BADGE.replace(part, "");
            let pairs: Vec<_> = bigrams(bare(&part).chars()).collect();
            let shared = pairs.iter().filter(|pair| body.contains(pair)).count();
            #[expect(clippy::cast_precision_loss, reason = "a headline's length")]
            let worth = shared as f64 + (pairs.len() as f64).min(30.0) * 0.2
                - place as f64 * 1.5
                - at as f64 * 0.5;
            if worth > best.0 {
                best = (worth, without_site(part.trim()).to_owned());
            }
        }
    }
    best.1
}
