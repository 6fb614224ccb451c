//! `wenmai eval reprints`: are reprints found, and only they?
//!
//! Nobody has labelled reprints, so they are made: of real articles that are none of each other, with
//! a seed, in the ways that papers and reading machines change a text ([`make`]). The articles go
//! through ingest like any others. Beside ours stands the usual filter, `MinHash` at two thresholds.

pub mod baseline;
mod choose;
pub mod make;
pub mod score;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Instant;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::stories::Labelled;
use make::Kind;
use make::Made;
use score::Agreement;
use score::agreement;
use wenmai_domain::article::Record;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::FindReprints;
use wenmai_engine::Target;

/// Articles of one ingest call.
const BATCH: usize = 256;

/// How to measure.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Real articles to make others of.
    pub base_count: usize,
    /// Seed of everything that is drawn.
    pub seed: u64,
}

/// What was measured on made articles.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Seed of everything that was drawn.
    pub seed: u64,
    /// Real articles that others were made of.
    pub base_count: usize,
    /// Articles in all.
    pub article_count: usize,
    /// Per kind of made article.
    pub kinds: Vec<KindReport>,
    /// Per way of grouping: ours first.
    pub methods: Vec<MethodReport>,
    /// Parts that merged articles hold of others.
    pub part_count: usize,
    /// Share of them that is found as a partial reprint.
    pub part_recall: f64,
    /// Articles ingested per second.
    pub articles_per_s: f64,
}

/// How one kind of made article fared, by method in the order of the report's.
#[derive(Debug, Clone, Serialize)]
pub struct KindReport {
    /// The kind.
    pub kind: Kind,
    /// Whether it belongs to the group of its base.
    pub is_reprint: bool,
    /// Articles of the kind, once for each base of a merged one.
    pub count: usize,
    /// Share that is in one group with its base.
    pub joined: Vec<f64>,
}

/// How one way of grouping fared.
#[derive(Debug, Clone, Serialize)]
pub struct MethodReport {
    /// Its name.
    pub name: &'static str,
    /// How its groups agree with the true ones.
    pub agreement: Agreement,
}

/// What was found among the real articles.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// Articles stored.
    pub article_count: usize,
    /// Groups of two or more.
    pub group_count: usize,
    /// Articles in them.
    pub member_count: usize,
    /// Articles in the largest.
    pub largest: usize,
    /// Articles ingested per second.
    pub articles_per_s: f64,
}

/// Makes reprints, stores them in `engine`, which must be empty, and compares the groups.
///
/// # Errors
/// What the engine gives.
pub async fn run(
    engine: &Engine,
    articles: &[Labelled],
    options: Options,
) -> Result<Report, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let (bases, told) = choose::choose(articles, options.base_count, &mut rng);
    let made = make::make(&bases, &told, &mut rng);
    let started = Instant::now();
    let ids = ingest(engine, made.iter().map(|one| one.record.clone())).await?;
    let seconds = started.elapsed().as_secs_f64();
    let groups = numbers(engine, &ids).await?;
    let records: Vec<&Record> = made.iter().map(|one| &one.record).collect();
    let methods = [
        ("wenmai", groups),
        ("MinHash 0.8", baseline::groups(&records, 0.8, 8)),
        ("MinHash 0.5", baseline::groups(&records, 0.5, 4)),
    ];
    let truth = truth(&made);
    let (part_count, part_recall) = parts(engine, &made, &ids).await?;
    Ok(Report {
        seed: options.seed,
        base_count: bases.len(),
        article_count: made.len(),
        kinds: kinds(&made, &methods),
        methods: methods
            .iter()
            .map(|(name, found)| MethodReport { name, agreement: agreement(found, &truth) })
            .collect(),
        part_count,
        part_recall,
        articles_per_s: per(made.len(), seconds),
    })
}

/// Stores the real articles in `engine`, which must be empty, and counts the groups.
///
/// # Errors
/// What the engine gives.
pub async fn found(engine: &Engine, articles: &[Labelled]) -> Result<Found, Error> {
    let started = Instant::now();
    let ids = ingest(engine, articles.iter().map(|one| one.record.clone())).await?;
    let seconds = started.elapsed().as_secs_f64();
    let stored: BTreeSet<ArticleId> = ids.iter().flatten().copied().collect();
    let stored: Vec<ArticleId> = stored.into_iter().collect();
    let mut sizes = BTreeMap::<GroupId, usize>::new();
    for membership in engine.memberships(&stored).await?.into_iter().flatten() {
        *sizes.entry(membership.group).or_default() += 1;
    }
    let shared: Vec<usize> = sizes.into_values().filter(|size| *size > 1).collect();
    Ok(Found {
        article_count: stored.len(),
        group_count: shared.len(),
        member_count: shared.iter().sum(),
        largest: shared.iter().copied().max().unwrap_or(0),
        articles_per_s: per(articles.len(), seconds),
    })
}

/// Stores records; `None` for those that were refused.
async fn ingest(
    engine: &Engine,
    records: impl Iterator<Item = Record>,
) -> Result<Vec<Option<ArticleId>>, Error> {
    let mut ids = Vec::new();
    let mut records = records.peekable();
    while records.peek().is_some() {
        let batch: Vec<Record> = records.by_ref().take(BATCH).collect();
        let (results, _timings) = engine.ingest(batch).await?;
        ids.extend(results.into_iter().map(|result| result.ok().map(|one| one.id)));
    }
    Ok(ids)
}

/// The group of each article as a number; one that was refused is alone.
async fn numbers(engine: &Engine, ids: &[Option<ArticleId>]) -> Result<Vec<usize>, Error> {
    let known: Vec<ArticleId> = ids.iter().flatten().copied().collect();
    let memberships = engine.memberships(&known).await?;
    let of: BTreeMap<ArticleId, GroupId> = known
        .into_iter()
        .zip(memberships)
        .filter_map(|(id, membership)| Some((id, membership?.group)))
        .collect();
    let mut known = BTreeMap::new();
    let number = |(at, id): (usize, &Option<ArticleId>)| {
        let group = id.and_then(|id| of.get(&id).copied());
        group.map_or(ids.len() + at, |group| *known.entry(group).or_insert(at))
    };
    Ok(ids.iter().enumerate().map(number).collect())
}

/// The true group of each: reprints with their base, all else alone.
fn truth(made: &[Made]) -> Vec<usize> {
    let number = |(at, one): (usize, &Made)| {
        let joins = one.kind == Kind::Base || Kind::REPRINTS.contains(&one.kind);
        one.bases.first().copied().filter(|_| joins).unwrap_or(made.len() + at)
    };
    made.iter().enumerate().map(number).collect()
}

/// Which share of every kind is with its base, by method.
fn kinds(made: &[Made], methods: &[(&'static str, Vec<usize>)]) -> Vec<KindReport> {
    let places = base_places(made);
    let mut counts = BTreeMap::<Kind, (usize, Vec<usize>)>::new();
    for (at, one) in made.iter().enumerate().filter(|(_, one)| one.kind != Kind::Base) {
        for base in one.bases.iter().filter_map(|base| places.get(base)) {
            let (count, joined) =
                counts.entry(one.kind).or_insert_with(|| (0, vec![0; methods.len()]));
            *count += 1;
            for (joined, (_, groups)) in joined.iter_mut().zip(methods) {
                *joined += usize::from(groups.get(at) == groups.get(*base));
            }
        }
    }
    let report = |(kind, (count, joined)): (Kind, (usize, Vec<usize>))| KindReport {
        kind,
        is_reprint: Kind::REPRINTS.contains(&kind),
        count,
        joined: joined.into_iter().map(|joined| ratio(joined, count)).collect(),
    };
    counts.into_iter().map(report).collect()
}

/// Where each base stands among what was made.
fn base_places(made: &[Made]) -> BTreeMap<usize, usize> {
    let bases = made.iter().enumerate().filter(|(_, one)| one.kind == Kind::Base);
    bases.filter_map(|(at, one)| Some((*one.bases.first()?, at))).collect()
}

/// How many parts merged articles hold, and the share that is found when one asks for them.
async fn parts(
    engine: &Engine,
    made: &[Made],
    ids: &[Option<ArticleId>],
) -> Result<(usize, f64), Error> {
    let places = base_places(made);
    let id_of = |base: &usize| places.get(base).and_then(|at| *ids.get(*at)?);
    let (mut count, mut found) = (0, 0);
    for (one, id) in made.iter().zip(ids) {
        let (Kind::Merged, Some(id)) = (one.kind, id) else { continue };
        let limit = Limit::MOST;
        let asked = FindReprints { target: Target::Stored(*id), offset: 0, limit };
        let chain = engine.reprints(asked).await?;
        let named: BTreeSet<ArticleId> =
            chain.parts.iter().chain(&chain.links).map(|link| link.article.id).collect();
        for base in one.bases.iter().filter_map(id_of) {
            count += 1;
            found += usize::from(named.contains(&base));
        }
    }
    Ok((count, ratio(found, count)))
}

#[expect(clippy::cast_precision_loss, reason = "counts of articles, far below 2^53")]
fn ratio(some: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { some as f64 / of as f64 }
}

#[expect(clippy::cast_precision_loss, reason = "counts of articles, far below 2^53")]
fn per(count: usize, seconds: f64) -> f64 {
    count as f64 / seconds.max(1e-9)
}
