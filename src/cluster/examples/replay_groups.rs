//! Groups a stream of made articles and says which pairs are wrong, and why, without a store.
//!
//! Reads the lines that `wenmai eval reprints --made FILE` writes from standard input: `id`, `time`,
//! `source`, `title`, `body`, `kind`, `bases`. Prints pair precision and recall, the share of each
//! kind that is in the group of its base, and with a second argument, a number, so many articles of
//! that kind that are not where they belong, each with its group.
//! `cargo run -p wenmai-cluster --example replay_groups -- noise 20 < made.jsonl`

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::sync::Arc;

use wenmai_cluster::reprint::Anchor;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::compare;
use wenmai_cluster::reprint::headline_changes;
use wenmai_cluster::reprint::is_claimed;
use wenmai_cluster::reprint::join;
use wenmai_cluster::reprint::least_shared;
use wenmai_cluster::reprint::prints_more;
use wenmai_cluster::reprint::signature;
use wenmai_cluster::reprint::tell_other_news;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Signature;

/// Anchors that an article is compared with at most, as in the engine.
const CANDIDATES: usize = 16;
/// The kinds of articles that print the text of their base.
const REPRINTS: [&str; 4] = ["copy", "noise", "abridged", "traditional"];

/// A made article.
struct Made {
    printed: Printed,
    signature: Signature,
    title: String,
    kind: String,
    bases: Vec<u64>,
}

/// The groups so far.
#[derive(Default)]
struct Groups {
    of: Vec<GroupId>,
    originals: BTreeMap<GroupId, usize>,
    anchors: Vec<usize>,
    holders: BTreeMap<u32, Vec<usize>>,
    merged: usize,
    divided: usize,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut made = Vec::new();
    for line in std::io::stdin().lock().lines() {
        made.push(read(&line?)?);
    }
    let mut groups = Groups::default();
    for at in 0..made.len() {
        groups.add(&made, at);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    agreement(&made, &groups, &mut out)?;
    let kind = std::env::args().nth(1).unwrap_or_default();
    let count: usize = std::env::args().nth(2).map_or(Ok(0), |text| text.parse())?;
    misplaced(&made, &groups, (&kind, count), &mut out)?;
    Ok(())
}

impl Groups {
    /// Puts the article `at` into its group.
    fn add(&mut self, made: &[Made], at: usize) {
        let Some(one) = made.get(at) else { return };
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for key in one.signature.keys() {
            for holder in self.holders.get(key).into_iter().flatten() {
                *shared.entry(*holder).or_default() += 1;
            }
        }
        shared.retain(|_, count| *count >= least_shared(&one.signature));
        let mut ordered: Vec<(Reverse<usize>, usize)> =
            shared.into_iter().map(|(at, count)| (Reverse(count), at)).collect();
        ordered.sort_unstable();
        ordered.truncate(CANDIDATES);
        let anchors: Vec<Anchor> =
            ordered.iter().filter_map(|(_, at)| self.anchor(made, *at)).collect();
        let joined = join(&one.printed, own(one), &anchors);
        let group = joined.membership.group;
        for contested in &joined.contested {
            self.divide(made, *contested, (one, group));
        }
        let before = self.originals.get(&group).copied();
        self.of.push(group);
        if let (Some(false), Some(before)) = (joined.replaced, before) {
            self.forget(before);
        }
        if joined.membership.is_original {
            self.originals.insert(group, at);
        }
        for gone in &joined.merged {
            self.merged += 1;
            self.originals.remove(gone);
            for member in 0..self.of.len() {
                if self.of.get(member) == Some(gone) {
                    self.of.splice(member..=member, [group]);
                    let original = self.originals.get(&group).and_then(|at| made.get(*at));
                    let pair = original.zip(made.get(member));
                    if !pair.is_some_and(|(one, other)| prints_more(&one.printed, &other.printed)) {
                        self.forget(member);
                    }
                }
            }
        }
        if joined.is_anchor {
            self.anchors.push(at);
            for key in one.signature.keys() {
                self.holders.entry(*key).or_default().push(at);
            }
        }
    }

    /// Moves those of a contested group that go with the new article into its group.
    fn divide(&mut self, made: &[Made], contested: GroupId, (new, group): (&Made, GroupId)) {
        let members: Vec<usize> =
            (0..self.of.len()).filter(|at| self.of.get(*at) == Some(&contested)).collect();
        let printed = |at: &usize| made.get(*at).map(|one| &one.printed);
        let others = members.iter().filter_map(printed);
        let others = others.filter(|other| tell_other_news(other, &new.printed));
        let Some(other) = others.min_by_key(|other| other.standing) else { return };
        let goes = |at: &&usize| {
            printed(at).is_some_and(|member| {
                !tell_other_news(member, &new.printed) && is_claimed(member, &new.printed, other)
            })
        };
        let going: Vec<usize> = members.iter().filter(goes).copied().collect();
        self.divided += going.len();
        for at in &going {
            self.of.splice(*at..=*at, [group]);
            if !made.get(*at).is_some_and(|one| prints_more(&new.printed, &one.printed)) {
                self.forget(*at);
            }
        }
        let staying = members.iter().filter(|at| !going.contains(at)).copied();
        let first = staying.min_by_key(|at| printed(at).map(|printed| printed.standing));
        if let Some(first) = first
            && self.originals.insert(contested, first) != Some(first)
            && !self.anchors.contains(&first)
        {
            self.anchors.push(first);
            for key in made.get(first).map(|one| one.signature.keys()).unwrap_or_default() {
                self.holders.entry(*key).or_default().push(first);
            }
        }
    }

    fn anchor(&self, made: &[Made], at: usize) -> Option<Anchor> {
        let group = *self.of.get(at)?;
        let original = made.get(*self.originals.get(&group)?)?;
        let printed = made.get(at)?.printed.clone();
        Some(Anchor { printed, group, original: original.printed.clone() })
    }

    fn forget(&mut self, at: usize) {
        self.anchors.retain(|anchor| *anchor != at);
        for holders in self.holders.values_mut() {
            holders.retain(|holder| *holder != at);
        }
    }
}

fn own(one: &Made) -> GroupId {
    GroupId::found(one.printed.standing.id(), "")
}

fn read(line: &str) -> Result<Made, serde_json::Error> {
    let row: serde_json::Value = serde_json::from_str(line)?;
    let field = |name: &str| row.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let record = Record {
        source_id: field("id").to_owned(),
        source: field("source").to_owned(),
        title: field("title").to_owned(),
        paragraphs: field("body").lines().map(str::to_owned).collect(),
        published_at: field("time").parse().ok(),
        ..Record::default()
    };
    let bases = row.get("bases").and_then(|bases| bases.as_array());
    let bases = bases.into_iter().flatten().filter_map(serde_json::Value::as_u64).collect();
    let article = Article::new(record);
    let plain = Arc::new(Plain::of(&article.record));
    Ok(Made {
        signature: signature(&plain),
        printed: Printed::new(&article, plain),
        title: field("title").to_owned(),
        kind: field("kind").to_owned(),
        bases,
    })
}

/// The number of the text that an article prints; `None` for one that nobody reprints.
fn text(one: &Made) -> Option<u64> {
    let prints = one.kind == "base" || REPRINTS.contains(&one.kind.as_str());
    one.bases.first().copied().filter(|_| prints)
}

fn agreement(made: &[Made], groups: &Groups, out: &mut impl std::io::Write) -> std::io::Result<()> {
    let (mut found, mut truth, mut both) = (0_u32, 0_u32, 0_u32);
    let mut wrong: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut lost: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for (at, one) in made.iter().enumerate() {
        for (before, other) in made.iter().enumerate().take(at) {
            let is_found = groups.of.get(at) == groups.of.get(before);
            let is_true = text(one).is_some() && text(one) == text(other);
            found += u32::from(is_found);
            truth += u32::from(is_true);
            both += u32::from(is_found && is_true);
            let kinds = (one.kind.as_str().min(&other.kind), one.kind.as_str().max(&other.kind));
            if is_found != is_true {
                let table = if is_found { &mut wrong } else { &mut lost };
                *table.entry(kinds).or_default() += 1;
            }
        }
    }
    writeln!(out, "pairs {found} found, {truth} true, {both} both")?;
    writeln!(out, "{} merges, {} articles moved", groups.merged, groups.divided)?;
    let part = |of: u32| f64::from(both) / f64::from(of.max(1));
    writeln!(out, "precision {:.4}, recall {:.4}", part(found), part(truth))?;
    writeln!(out, "wrong {wrong:?}\nlost {lost:?}")
}

/// Prints articles of `kind` that are not in the group where the other reprints of their text are,
/// or are there and should not be.
fn misplaced(
    made: &[Made],
    groups: &Groups,
    (kind, count): (&str, usize),
    out: &mut impl std::io::Write,
) -> std::io::Result<()> {
    let bases: BTreeMap<u64, usize> = (0..)
        .zip(made)
        .filter(|(_, one)| one.kind == "base")
        .filter_map(|(at, one)| Some((*one.bases.first()?, at)))
        .collect();
    let of_base = |one: &Made| one.bases.iter().find_map(|base| bases.get(base)).copied();
    let wrong = (0..).zip(made).filter_map(|(at, one)| Some((at, one, of_base(one)?))).filter(
        |(at, one, base)| {
            let is_joined = groups.of.get(*at) == groups.of.get(*base);
            one.kind == kind && is_joined != REPRINTS.contains(&kind)
        },
    );
    for (at, one, base) in wrong.take(count) {
        let Some(other) = made.get(base) else { continue };
        let overlap = compare(&other.printed.plain, &one.printed.plain);
        let order = if at < base { "before" } else { "after" };
        let of_headline = headline_changes(&other.printed, &one.printed);
        writeln!(out, "{kind} {at} {order} base {base}, veto {}", overlap.vetoed)?;
        let chars = (other.printed.plain.char_count(), one.printed.plain.char_count());
        writeln!(out, "  {:.2} {:.2} of {chars:?}", overlap.of_left, overlap.of_right)?;
        let in_time = other.printed.standing.in_time(&one.printed.standing);
        writeln!(out, "  {in_time:?}, reprint {}", overlap.is_reprint(in_time))?;
        writeln!(out, "  update {:?}", overlap.update(in_time))?;
        for change in overlap.changes.iter().chain(&of_headline).take(12) {
            writeln!(out, "    {:?} {} → {}", change.fact, change.left, change.right)?;
        }
        writeln!(out, "  {} ▏ {}", other.title, one.title)?;
        let of = [at, base].map(|at| groups.of.get(at));
        for (place, member) in (0..).zip(made) {
            let Some(which) = of.iter().position(|group| *group == groups.of.get(place)) else {
                continue;
            };
            let is_anchor = if groups.anchors.contains(&place) { ", compared" } else { "" };
            writeln!(out, "  group {which}: {} {place}{is_anchor}", member.kind)?;
        }
    }
    Ok(())
}
