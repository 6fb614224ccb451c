//! The articles of a set, read once: what they could be cited for, and whom and what they mention.
//!
//! One article of each reprint group speaks, so a text printed twenty times counts once. Of a long
//! article its opening is read, where news stands. Everything that is told of a set (`cover`,
//! `figure`, `series`, `topic`) is made from what is found here.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::Extract;
use crate::alone;
use crate::feature::Body;
use crate::ranker::Ranker;
use crate::select;
use crate::select::Candidate;
use crate::select::Reach;
use crate::set::Source;
use crate::tone;
use crate::topic::Reader;
use crate::unit::PairSet;
use crate::unit::bigrams;
use crate::unit::units;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;
use wenmai_text::likeness::share;

/// Characters that are read of all articles together: the more there are, the less of each.
const READ_CHARS: usize = 70_000;
/// Characters that are read of an article, at least and at most.
const ARTICLE_CHARS: std::ops::RangeInclusive<usize> = 350..=2_400;
/// Articles that are read, at most: of more, those that stand for equal shares of the weight.
const SPEAKERS_MAX: usize = 500;
/// Characters of one piece, at most: longer ones say too much at once.
pub(crate) const PIECE_CHARS_MAX: usize = 160;
/// Lines that begin as the items of a list do, from which on an article is a round-up.
const ITEMS_MIN: usize = 4;

/// An article that speaks for its reprint group.
pub struct Reading<'a> {
    /// Its place among the sources.
    pub source: usize,
    /// How central it is to the set, `(0, 1]`.
    pub weight: f32,
    /// The day of its publication.
    pub issue: Option<Date>,
    /// Its opening, cut into clauses.
    pub body: Body<'a>,
    /// Its headline.
    pub title: &'a str,
    /// Whom and what the body mentions, in order.
    pub mentions: Vec<Entity>,
    /// Whom and what the title mentions.
    pub titled: Vec<Entity>,
    /// Neighbouring units of the title.
    pub title_pairs: Vec<u64>,
    /// What it can be cited for, in order; pieces of one sentence overlap.
    pub offers: Vec<Offer>,
    /// Whether it bundles several matters of which only one may be the set's.
    pub is_roundup: bool,
    /// Whether it says what somebody thinks rather than what happened.
    pub is_comment: bool,
}

/// A piece of one sentence that can be cited alone.
pub struct Offer {
    /// Its first clause.
    pub from: usize,
    /// Its last clause.
    pub to: usize,
    /// The citation; its score is not looked at.
    pub extract: Extract,
    /// Its different pairs of neighbouring units.
    pub pairs: Vec<u64>,
    /// Those of `pairs` that are no part of a name, number or date.
    pub content: Vec<u64>,
    /// The mentions that stand in it, by their places in [`Reading::mentions`].
    pub mentions: Vec<usize>,
    /// Whether it should be told only where nothing better is left to tell.
    pub is_weak: bool,
    /// Whether its sentence goes on behind it.
    pub is_part: bool,
    /// Sentences before it in its article.
    pub depth: usize,
}

/// Reads one article of each group of `sources`, the most central and then the earliest, as long as
/// the reader goes on. No piece is longer than `char_max` characters.
#[must_use]
pub fn read<'a>(sources: &[Source<'a>], reader: Reader<'_>, char_max: usize) -> Vec<Reading<'a>> {
    let char_max = char_max.min(PIECE_CHARS_MAX);
    let speakers = speakers(sources);
    let each = READ_CHARS / speakers.len().max(1);
    let most = each.clamp(*ARTICLE_CHARS.start(), *ARTICLE_CHARS.end());
    let read = speakers.into_iter().take_while(|_| (reader.goes_on)());
    let last = sources.iter().filter_map(|one| one.time).max().map(DateTime::date);
    let reading = |at: usize| {
        let source = sources.get(at)?;
        let mut found = reading(at, source, opening(source.body, most), reader, char_max);
        let issue = source.time.map(DateTime::date);
        if let (Some(issue), Some(last)) = (issue, last) {
            found.offers.retain(|offer| !alone::is_overtaken(&offer.extract.text, issue, last));
        }
        Some(found)
    };
    read.filter_map(reading).collect()
}

impl Reading<'_> {
    /// What the ranker makes of each clause.
    #[must_use]
    pub fn scores(&self, ranker: &Ranker) -> Vec<f32> {
        select::scores(&self.body, self.title, ranker)
    }
}

fn reading<'a>(
    at: usize,
    source: &Source<'a>,
    text: &'a str,
    reader: Reader<'_>,
    char_max: usize,
) -> Reading<'a> {
    let body = Body::new(text);
    let mentions = reader.extractor.entities(body.text, None);
    let named = mentions.iter().flat_map(|one| bigrams(&units(&one.text)));
    let named: PairSet = named.collect();
    let repeats = body.lines_like(source.title);
    let is_new = |clause: usize| {
        body.clauses.get(clause).is_some_and(|clause| !repeats.contains(&clause.line))
    };
    let candidates = select::candidates(&body, &[], char_max, Reach::Sentence);
    let offers = candidates.iter().filter(|candidate| is_new(candidate.from));
    let offers = offers.map(|candidate| {
        let extract = select::extract(body.text, candidate);
        let clauses = body.bigrams.get(candidate.from..=candidate.to).unwrap_or_default();
        let mut pairs: Vec<u64> = clauses.iter().flatten().copied().collect();
        pairs.sort_unstable();
        pairs.dedup();
        let content = pairs.iter().copied().filter(|pair| !named.contains(pair)).collect();
        let mentions = within(&mentions, &extract);
        let is_weak = alone::is_weak(&body, candidate.from, candidate.to, &extract.text);
        let is_part = body.one_sentence(candidate.to, candidate.to + 1)
            && !body.clause(candidate.to).ends_with(['；', ';']);
        let Candidate { from, to, .. } = *candidate;
        let sentence = |at: usize| body.clauses.get(at).map_or(0, |clause| clause.sentence);
        let depth = sentence(from) - sentence(0);
        Offer { from, to, extract, pairs, content, mentions, is_weak, is_part, depth }
    });
    let stands = |offer: &Offer| stands(&body, &mentions, offer);
    let offers = offers.filter(stands).collect();
    Reading {
        source: at,
        weight: source.weight,
        issue: source.time.map(DateTime::date),
        offers,
        titled: reader.extractor.entities(source.title, None),
        title_pairs: bigrams(&units(source.title)),
        is_roundup: is_roundup(source.title, body.text),
        is_comment: tone::comments(&body),
        title: source.title,
        body,
        mentions,
    }
}

/// Whether a piece can be sent on beside pieces of other texts.
fn stands(body: &Body<'_>, mentions: &[Entity], offer: &Offer) -> bool {
    let start = offer.extract.parts.first().map_or(0, |part| part.start);
    let named = offer.mentions.iter().filter_map(|at| mentions.get(*at));
    let named: Vec<(usize, &Entity)> =
        named.map(|one| (one.span.start.saturating_sub(start), one)).collect();
    // 公告称，公司董事长周小禾: what he did is yet to come.
    let goes_on = body.one_sentence(offer.to, offer.to + 1);
    let named_last = named.last().is_some_and(|(start, one)| {
        one.kind == Kind::Person && start + one.text.len() == offer.extract.text.len()
    });
    let breaks_off = (goes_on && named_last) || alone::breaks_off(body, offer.from, offer.to);
    let is_orphaned = || alone::is_orphaned(body, offer.from, offer.to);
    !breaks_off && !is_orphaned() && alone::stands(&offer.extract.text, &named)
}

/// The mentions that stand wholly in the parts of `extract`.
fn within(mentions: &[Entity], extract: &Extract) -> Vec<usize> {
    let mut found = Vec::new();
    for part in &extract.parts {
        let from = mentions.partition_point(|one| one.span.start < part.start);
        let near = mentions.iter().enumerate().skip(from);
        let near = near.take_while(|(_, one)| one.span.start < part.end);
        found.extend(near.filter(|(_, one)| one.span.end <= part.end).map(|(at, _)| at));
    }
    found
}

/// The first `char_max` characters.
fn opening(text: &str, char_max: usize) -> &str {
    let end = text.char_indices().nth(char_max).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// One article of each group, by weight and then by time; of more than [`SPEAKERS_MAX`] those with which
/// the sum of the weights, in order of time, passes another part of the whole.
fn speakers(sources: &[Source<'_>]) -> Vec<usize> {
    let mut order: Vec<(usize, &Source<'_>)> = sources.iter().enumerate().collect();
    // No time sorts before any time in an Option; here it comes last.
    let late = |one: &Source<'_>| (one.time.is_none(), one.time);
    order.sort_by(|(_, left), (_, right)| {
        right.weight.total_cmp(&left.weight).then(late(left).cmp(&late(right)))
    });
    let mut groups = HashSet::new();
    order.retain(|(_, one)| groups.insert(one.group));
    if order.len() > SPEAKERS_MAX {
        let mut by_time = order.clone();
        by_time.sort_by_key(|(at, one)| (late(one), *at));
        let part = by_time.iter().map(|(_, one)| one.weight).sum::<f32>() / share(SPEAKERS_MAX, 1);
        let mut owed = part;
        by_time.retain(|(_, one)| {
            owed += one.weight;
            let is_due = owed >= part;
            if is_due {
                owed -= part.max(one.weight);
            }
            is_due
        });
        let kept: HashSet<usize> = by_time.into_iter().map(|(at, _)| at).collect();
        order.retain(|(at, _)| kept.contains(at));
    }
    order.into_iter().map(|(at, _)| at).collect()
}

/// Whether an article bundles several matters: its title says so, or its lines are items.
fn is_roundup(title: &str, text: &str) -> bool {
    const BUNDLES: [&str; 16] = [
        "早报",
        "晚报",
        "午报",
        "要闻",
        "早知道",
        "速览",
        "一周",
        "盘点",
        "简讯",
        "快报",
        "早餐",
        "汇总",
        "新闻联播",
        "早班车",
        "热点",
        "日报",
    ];
    let is_item = |line: &&str| {
        let line = line.trim_start();
        let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
        let counted = digits.len() < line.len() && digits.starts_with(['、', '.', '．']);
        counted || line.starts_with(['【', '●', '▲', '■', '◆'])
    };
    BUNDLES.iter().any(|word| title.contains(word))
        || text.split('\n').filter(is_item).count() >= ITEMS_MIN
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use super::PIECE_CHARS_MAX;
    use super::Reading;
    use super::is_roundup;
    use super::read;
    use crate::ranker::Ranker;
    use crate::set::Source;
    use crate::set::tests::flood;
    use crate::topic::Reader;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    pub(crate) struct Tools {
        pub(crate) analyzer: Arc<Analyzer>,
        pub(crate) extractor: Extractor,
        pub(crate) ranker: Ranker,
    }

    pub(crate) static TOOLS: LazyLock<Tools> = LazyLock::new(|| {
        let analyzer = Arc::new(Analyzer::load().unwrap());
        let extractor = Extractor::load(Arc::clone(&analyzer)).unwrap();
        Tools { analyzer, extractor, ranker: Ranker::bundled().unwrap() }
    });

    /// A reader that nobody stops.
    pub(crate) fn reader() -> Reader<'static> {
        let Tools { analyzer, extractor, ranker } = &*TOOLS;
        Reader { ranker, extractor, analyzer, goes_on: &|| true }
    }

    pub(crate) fn readings<'a>(sources: &[Source<'a>]) -> Vec<Reading<'a>> {
        read(sources, reader(), PIECE_CHARS_MAX)
    }

    #[test]
    fn one_article_of_a_group_is_read_and_offers_exact_pieces() {
        let sources = flood();
        let found = readings(&sources);
        let mut read: Vec<usize> = found.iter().map(|one| one.source).collect();
        read.sort_unstable();
        assert_eq!(read, [0, 1, 2], "a reprint spoke");
        for reading in &found {
            assert!(!reading.offers.is_empty() && !reading.titled.is_empty());
            for offer in &reading.offers {
                let cited = crate::trim::text_of(reading.body.text, &offer.extract.parts);
                assert_eq!(cited, offer.extract.text);
                for mention in &offer.mentions {
                    assert!(cited.contains(&reading.mentions[*mention].text));
                }
            }
        }
    }

    #[test]
    fn round_ups_are_known_by_title_or_items() {
        assert!(is_roundup("清河早报：开闸了", "清河开闸。"));
        assert!(is_roundup("今日清河", "1、开闸。\n2、修渠。\n3、通车。\n4、放晴。"));
        assert!(!is_roundup("清河开闸", "清河开闸。\n1.5万亩麦田返青。"));
    }
}
