//! The label of a topic: a headline of one of its articles, cleaned.
//!
//! Central in what it tells (cosine to the middle of all) and in how it says it (pairs of characters
//! that the other headlines hold too), and neither too short nor too long. It changes only when
//! another is clearly better.

use std::collections::BTreeMap;

use crate::topic::candidate::as_f32;
use crate::topic::dot;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_text::headline;
use wenmai_text::likeness::letter_bigrams;

/// Characters of a label.
const CHARS_MIN: usize = 8;
const CHARS_MAX: usize = 30;
/// How much a headline loses that cannot be brought into these bounds, or was cut off.
const BOUNDS_PENALTY: f32 = 0.2;
/// How much the wording counts beside the cosine.
const WORDING_WEIGHT: f32 = 0.6;
/// How much better another label must be to replace the current one.
const CLEARLY: f32 = 0.08;
/// What clauses of a headline end in.
const CLAUSES: &str = "，,。；;！!？? \u{3000}";
/// What a headline that was cut off ends or begins with.
const CUT: [&str; 2] = ["…", "..."];

/// An article as labels and keywords see it.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    /// The article.
    pub id: ArticleId,
    /// Its headline as printed.
    pub title: &'a str,
    /// Its embedding.
    pub embedding: &'a Embedding,
}

/// Members ordered by centrality: cosine to the middle of all, falling, ties by id.
#[must_use]
pub fn ranked(members: &[Member<'_>]) -> Vec<(ArticleId, f32)> {
    let (middle, _) = dot::middle(members.iter().map(|member| member.embedding));
    let central = |member: &Member<'_>| (member.id, dot::dot(&middle, member.embedding.values()));
    let mut ranked: Vec<(ArticleId, f32)> = members.iter().map(central).collect();
    ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    ranked
}

/// The label of a topic: its most central cleaned headline, 8 to 30 characters where there is one.
///
/// `current` stays unless another is clearly better, or no member bears it any more: when only some
/// members are given, give its bearer too. Empty only where all headlines are. Linear in the members.
#[must_use]
pub fn label(members: &[Member<'_>], current: Option<&str>) -> String {
    let titles: BTreeMap<ArticleId, String> =
        members.iter().map(|member| (member.id, clean(member.title))).collect();
    let wording = Wording::of(titles.values());
    let mut best: Option<(f32, &String)> = None;
    let mut own: Option<(f32, &String)> = None;
    for (id, central) in ranked(members) {
        let Some(title) = titles.get(&id).filter(|title| !title.is_empty()) else { continue };
        let score = central + WORDING_WEIGHT * wording.common(title) - bounds(title);
        // The first of equals is the more central one, or has the lower id.
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, title));
        }
        if current == Some(title.as_str()) && own.is_none_or(|(most, _)| score > most) {
            own = Some((score, title));
        }
    }
    match (own, best) {
        (Some((kept, title)), Some((most, _))) if most < kept + CLEARLY => title.clone(),
        (_, Some((_, title))) => title.clone(),
        (_, None) => current.unwrap_or_default().to_owned(),
    }
}

/// Which pairs of characters the headlines hold, and how many hold each.
struct Wording {
    counts: BTreeMap<(char, char), usize>,
    title_count: usize,
}

impl Wording {
    fn of<'a>(titles: impl Iterator<Item = &'a String>) -> Self {
        let (mut counts, mut title_count) = (BTreeMap::new(), 0);
        for title in titles {
            title_count += 1;
            for pair in letter_bigrams(title) {
                *counts.entry(pair).or_insert(0) += 1;
            }
        }
        Self { counts, title_count }
    }

    /// Mean share of the other headlines that hold a pair of `title`.
    fn common(&self, title: &str) -> f32 {
        let pairs = letter_bigrams(title);
        let others = as_f32(self.title_count.saturating_sub(1).max(1));
        let held = pairs.iter().filter_map(|pair| self.counts.get(pair));
        let held: usize = held.map(|count| count - 1).sum();
        as_f32(held) / others / as_f32(pairs.len().max(1))
    }
}

fn bounds(title: &str) -> f32 {
    let fits = (CHARS_MIN..=CHARS_MAX).contains(&title.chars().count());
    let is_cut = CUT.iter().any(|mark| title.starts_with(mark) || title.ends_with(mark));
    if fits && !is_cut { 0.0 } else { BOUNDS_PENALTY }
}

/// A headline without remarks, column and site; of one that is too long the clauses that fit.
fn clean(title: &str) -> String {
    let title = headline::clean(title);
    // A remark may stand behind the column's name too.
    let title = headline::clean(headline::without_column(&title));
    if title.chars().count() <= CHARS_MAX { title } else { shortened(&title) }
}

/// The longest run of whole clauses from the start that fits, else the first clause that does, else
/// the whole.
fn shortened(title: &str) -> String {
    let mut ends: Vec<usize> = Vec::new();
    for (at, c) in title.char_indices() {
        if CLAUSES.contains(c) {
            ends.push(at);
        }
    }
    let fits = |part: &str| (CHARS_MIN..=CHARS_MAX).contains(&part.chars().count());
    let head = ends.iter().rev().filter_map(|end| title.get(..*end)).map(str::trim);
    let clause = title.split(|c| CLAUSES.contains(c)).map(str::trim);
    let mut parts = head.chain(clause).filter(|part| fits(part));
    parts.next().unwrap_or(title).to_owned()
}

#[cfg(test)]
mod tests {
    use super::Member;
    use super::clean;
    use super::label;
    use super::ranked;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::id::ArticleId;

    fn id(n: u128) -> ArticleId {
        ArticleId::from(uuid::Uuid::from_u128(n))
    }

    fn vector(x: f32, y: f32) -> Embedding {
        Embedding::normalize(vec![x, y]).unwrap()
    }

    #[test]
    fn remarks_columns_and_sites_are_no_part_of_a_label() {
        assert_eq!(clean("【快讯】清河大桥今日正式通车（图）"), "清河大桥今日正式通车");
        assert_eq!(clean("清河大桥今日正式通车_清河网"), "清河大桥今日正式通车");
        assert_eq!(clean("民生｜清河大桥今日正式通车"), "清河大桥今日正式通车");
        assert_eq!(clean("清河大桥&#32;今日通车"), "清河大桥 今日通车");
        assert_eq!(clean("独家 | 视频 | 清河大桥通车现场！！！"), "清河大桥通车现场");
        assert_eq!(clean("（更新）清河大桥通车&#8212;&#8212;两岸同庆"), "清河大桥通车——两岸同庆");
        assert_eq!(clean("重磅！刚刚，大桥通车了！"), "大桥通车了");
        assert_eq!(clean("【图】"), "【图】");
    }

    #[test]
    fn of_a_long_headline_the_clauses_that_fit_stay() {
        let long = "清河大桥今日正式通车，市长到场致辞，数千市民冒雨步行过桥，两岸三十年的等待今天终于结束";
        assert_eq!(clean(long), "清河大桥今日正式通车，市长到场致辞，数千市民冒雨步行过桥");
    }

    #[test]
    fn the_central_headline_names_the_topic_and_stays_when_another_is_as_good() {
        let embeddings = [vector(1.0, 0.0), vector(0.98, 0.2), vector(0.2, 1.0)];
        let titles = ["清河大桥正式通车", "清河大桥今日正式通车了", "老人讲述渡口往事"];
        let members: Vec<Member<'_>> = (1..)
            .zip(titles.iter().zip(&embeddings))
            .map(|(n, (title, embedding))| Member { id: id(n), title, embedding })
            .collect();
        let chosen = label(&members, None);
        assert!(chosen.contains("清河大桥"), "{chosen}");
        for current in &titles[..2] {
            assert_eq!(label(&members, Some(current)), *current);
        }
        assert_ne!(label(&members, Some(titles[2])), titles[2], "clearly worse");
        assert_eq!(label(&members, Some("已撤回的标题")), chosen, "nobody bears it");
        assert_eq!(label(&[], Some("旧名")), "旧名");
    }

    #[test]
    fn members_of_equal_centrality_stand_in_the_order_of_their_ids() {
        let embedding = vector(1.0, 0.0);
        let member = |n| Member { id: id(n), title: "同题", embedding: &embedding };
        let order: Vec<ArticleId> =
            ranked(&[member(3), member(1), member(2)]).into_iter().map(|(id, _)| id).collect();
        assert_eq!(order, [id(1), id(2), id(3)]);
    }
}
