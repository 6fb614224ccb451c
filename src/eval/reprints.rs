//! `wenmai eval reprints`: whether reprints are found, and nothing else.
//!
//! Nobody has labelled reprints, so they are made from real articles that are no reprints of each
//! other, in the ways in which papers and text recognition change a text ([`make`]). The articles
//! are ingested like any others. Our groups are compared with the usual filter, `MinHash`, at two
//! thresholds.

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

/// The number of articles in one call of ingest.
const BATCH: usize = 256;

/// The settings of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many real articles to make others from.
    pub base_count: usize,
    /// The seed of everything that is drawn.
    pub seed: u64,
}

/// The result on made articles.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The seed of everything that was drawn.
    pub seed: u64,
    /// How many real articles others were made from.
    pub base_count: usize,
    /// How many articles there are in all.
    pub article_count: usize,
    /// One entry for each kind of made article.
    pub kinds: Vec<KindReport>,
    /// One entry for each way of grouping, ours first.
    pub methods: Vec<MethodReport>,
    /// How many parts of other articles the merged articles contain.
    pub part_count: usize,
    /// The share of these that is found as a partial reprint.
    pub part_recall: f64,
    /// Articles that were ingested per second.
    pub articles_per_s: f64,
}

/// How articles of one kind were grouped.
#[derive(Debug, Clone, Serialize)]
pub struct KindReport {
    pub kind: Kind,
    /// Whether articles of this kind belong to the group of their base.
    pub is_reprint: bool,
    /// How many articles are of this kind; a merged one counts once for each base.
    pub count: usize,
    /// The share that is in one group with its base, for each method in the order of
    /// [`Report::methods`].
    pub joined: Vec<f64>,
    /// The share that is in another group, and named as an update of its base or updated by it.
    pub as_version: f64,
}

/// How one way of grouping did.
#[derive(Debug, Clone, Serialize)]
pub struct MethodReport {
    /// The name of the method.
    pub name: &'static str,
    /// How well its groups agree with the true ones.
    pub agreement: Agreement,
}

/// What was found among the real articles.
#[derive(Debug, Clone, Serialize)]
pub struct Found {
    /// How many articles were stored.
    pub article_count: usize,
    /// How many groups have two or more articles.
    pub group_count: usize,
    /// How many articles are in these groups.
    pub member_count: usize,
    /// How many articles are in the largest group.
    pub largest: usize,
    /// Articles that were ingested per second.
    pub articles_per_s: f64,
}

/// Makes reprints, and articles that look like reprints, from some of `articles`.
#[must_use]
pub fn made(articles: &[Labelled], options: Options) -> Vec<Made> {
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let (bases, told) = choose::choose(articles, options.base_count, &mut rng);
    make::make(&bases, &told, &mut rng)
}

/// Ingests the articles `made` into `engine`, which must be empty, and compares the groups.
///
/// # Errors
/// Any error of the engine.
pub async fn run(engine: &Engine, made: &[Made], seed: u64) -> Result<Report, Error> {
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
    let truth = truth(made);
    let (part_count, part_recall) = parts(engine, made, &ids).await?;
    let versions = versions(engine, made, &ids, &methods[0].1).await?;
    Ok(Report {
        seed,
        base_count: base_places(made).len(),
        article_count: made.len(),
        kinds: kinds(made, &methods, &versions),
        methods: methods
            .iter()
            .map(|(name, found)| MethodReport { name, agreement: agreement(found, &truth) })
            .collect(),
        part_count,
        part_recall,
        articles_per_s: per(made.len(), seconds),
    })
}

/// Ingests the real articles into `engine`, which must be empty, and counts the groups.
///
/// # Errors
/// Any error of the engine.
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

/// Ingests records and returns their ids; `None` for those that were refused.
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

/// The number of each article's group. An article that was refused has a group of its own.
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

/// The true group of each article: reprints with their base, all others alone.
fn truth(made: &[Made]) -> Vec<usize> {
    let number = |(at, one): (usize, &Made)| {
        let joins = one.kind == Kind::Base || Kind::REPRINTS.contains(&one.kind);
        one.bases.first().copied().filter(|_| joins).unwrap_or(made.len() + at)
    };
    made.iter().enumerate().map(number).collect()
}

/// For each kind, the share of its articles that each method put into the group of their base, and of
/// those that are among `versions`.
fn kinds(
    made: &[Made],
    methods: &[(&'static str, Vec<usize>)],
    versions: &BTreeMap<Kind, usize>,
) -> Vec<KindReport> {
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
        as_version: ratio(versions.get(&kind).copied().unwrap_or(0), count),
    };
    counts.into_iter().map(report).collect()
}

/// The index of each base among the made articles.
fn base_places(made: &[Made]) -> BTreeMap<usize, usize> {
    let bases = made.iter().enumerate().filter(|(_, one)| one.kind == Kind::Base);
    bases.filter_map(|(at, one)| Some((*one.bases.first()?, at))).collect()
}

/// How many articles of each kind are in another group than their base, by `groups`, and named among
/// its versions when they ask for their reprints.
async fn versions(
    engine: &Engine,
    made: &[Made],
    ids: &[Option<ArticleId>],
    groups: &[usize],
) -> Result<BTreeMap<Kind, usize>, Error> {
    let places = base_places(made);
    let mut found = BTreeMap::new();
    for (at, (one, id)) in made.iter().zip(ids).enumerate() {
        let base = one.bases.first().and_then(|base| places.get(base)).copied();
        let (Some(id), Some(base), 1) = (id, base, one.bases.len()) else { continue };
        if one.kind == Kind::Base || groups.get(at) == groups.get(base) {
            continue;
        }
        let asked = FindReprints { target: Target::Stored(*id), offset: 0, limit: Limit::MOST };
        let chain = engine.reprints(asked).await?;
        let base = ids.get(base).copied().flatten();
        let is_version = chain.versions.iter().any(|version| Some(version.article.id) == base);
        *found.entry(one.kind).or_default() += usize::from(is_version);
    }
    Ok(found)
}

/// How many parts the merged articles contain, and the share that is found when a merged article
/// asks for its reprints.
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
