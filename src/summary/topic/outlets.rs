//! Who covered a story: how often, how early, and with which phrases of their own.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;

use jiff::civil::DateTime;

use super::READ_MAX;
use crate::keyphrase::Keyphrase;
use crate::keyphrase::Phrases;
use crate::keyphrase::best;
use crate::set::Source;

/// Phrases that only one outlet prints.
const OWN_MAX: usize = 3;
/// Characters of such a phrase, at least: shorter ones are words of any text.
const OWN_CHARS_MIN: usize = 4;

/// How one outlet covered the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlet {
    /// The paper, or the site.
    pub name: String,
    /// Its articles.
    pub article_count: usize,
    /// Of them those that print their own text first.
    pub original_count: usize,
    /// Its first article's time.
    pub first: Option<DateTime>,
    /// Keyphrases that no other outlet prints.
    pub only: Vec<String>,
}

/// Articles of an outlet whose phrases are looked for.
const OUTLET_READ_MAX: usize = READ_MAX / 6;

/// The sources whose phrases [`outlets`] looks at: the first of each outlet.
pub(super) fn read(sources: &[Source<'_>]) -> HashSet<usize> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    let mut found = HashSet::new();
    for (at, source) in sources.iter().enumerate().filter(|(_, one)| !one.outlet.is_empty()) {
        let count = counts.entry(source.outlet).or_default();
        *count += 1;
        if *count <= OUTLET_READ_MAX {
            found.insert(at);
        }
    }
    found
}

/// How each outlet covered the story, most articles first; `texts` are the phrases of each source.
pub(super) fn outlets(sources: &[Source<'_>], texts: &[Phrases]) -> Vec<Outlet> {
    let mut firsts: HashMap<usize, (bool, Option<DateTime>, usize)> = HashMap::new();
    for (at, source) in sources.iter().enumerate() {
        let key = (source.time.is_none(), source.time, at);
        let first = firsts.entry(source.group).or_insert(key);
        *first = (*first).min(key);
    }
    let originals: HashSet<usize> = firsts.into_values().map(|(_, _, at)| at).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    // Who printed an article and is not known is nobody.
    let known = sources.iter().enumerate().filter(|(_, source)| !source.outlet.is_empty());
    for (at, source) in known {
        by_name.entry(source.outlet).or_default().push(at);
    }
    let phrases: BTreeMap<&str, Vec<Keyphrase>> = by_name
        .iter()
        .map(|(name, articles)| {
            let of = articles.iter().take(OUTLET_READ_MAX).filter_map(|at| texts.get(*at));
            (*name, best(of, 4 * OWN_MAX))
        })
        .collect();
    let mut printed: HashMap<&str, usize> = HashMap::new();
    for phrase in phrases.values().flatten() {
        *printed.entry(&phrase.text).or_default() += 1;
    }
    let only = |name: &str| {
        let own = phrases.get(name).into_iter().flatten();
        let tells = |phrase: &&Keyphrase| phrase.text.chars().count() >= OWN_CHARS_MIN;
        own.filter(|phrase| phrase.count > 1 && printed.get(phrase.text.as_str()) == Some(&1))
            .filter(tells)
            .take(OWN_MAX)
            .map(|phrase| phrase.text.clone())
            .collect()
    };
    let mut found: Vec<Outlet> = by_name
        .iter()
        .map(|(name, articles)| Outlet {
            name: (*name).to_owned(),
            article_count: articles.len(),
            original_count: articles.iter().filter(|at| originals.contains(at)).count(),
            first: articles.iter().filter_map(|at| sources.get(*at)?.time).min(),
            only: if by_name.len() > 1 { only(name) } else { Vec::new() },
        })
        .collect();
    found.sort_by(|l, r| r.article_count.cmp(&l.article_count).then_with(|| l.name.cmp(&r.name)));
    found
}
