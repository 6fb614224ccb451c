//! Compares summaries with editors' briefs of equal length; each summary is made by a ranker that
//! was trained without its article.
//!
//! Articles are divided into folds by the quarter of their date.
//! `models/rankers/summary-folds.json` contains one ranker for each fold, trained on the other
//! folds by the script that trained the published ranker. Every system gets the same budget of
//! characters. What the title alone achieves is shown beside them, because briefs often repeat it,
//! although it is no choice from the body.

pub mod baseline;
pub mod briefs;
pub mod rouge;
pub mod sets;

use std::collections::HashSet;
use std::io;
use std::io::Write;
use std::time::Instant;

use serde::Serialize;

use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::bootstrap::mean;
use crate::bootstrap::once;
use crate::summary::briefs::Brief;
use crate::summary::briefs::FOLDS;
use crate::summary::rouge::Rouge;
use crate::summary::rouge::rouge;
use wenmai_summary::BUDGET_MAX;
use wenmai_summary::BUDGET_MIN;
use wenmai_summary::Budget;
use wenmai_summary::Extract;
use wenmai_summary::clean;
use wenmai_summary::feature::Body;
use wenmai_summary::joined;
use wenmai_summary::ranker;
use wenmai_summary::ranker::Ranker;
use wenmai_summary::select;
use wenmai_summary::trim;
use wenmai_summary::unit::bigrams;
use wenmai_summary::unit::units;
use wenmai_summary::wording;
use wenmai_text::entity::Extractor;
use wenmai_text::likeness::containment;

/// The rankers of the folds.
const BUNDLED: &str = include_str!("../../models/rankers/summary-folds.json");

/// One ranker for each fold.
pub struct Rankers(Vec<Ranker>);

impl Rankers {
    /// The rankers that are part of this program.
    ///
    /// # Errors
    /// [`ranker::Error`] if the program was built with an invalid file.
    pub fn bundled() -> Result<Self, ranker::Error> {
        Self::parse(BUNDLED)
    }

    /// Reads a list of [`FOLDS`] rankers.
    ///
    /// # Errors
    /// [`ranker::Error`] for any other kind of file.
    pub fn parse(json: &str) -> Result<Self, ranker::Error> {
        let all: Vec<serde_json::Value> = serde_json::from_str(json)?;
        if all.len() != FOLDS {
            return Err(ranker::Error::Wrong("not one ranker per fold"));
        }
        let rankers = all.iter().map(|one| Ranker::parse(&one.to_string()));
        Ok(Self(rankers.collect::<Result<_, _>>()?))
    }
}

/// The settings of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many characters each system may use.
    pub budget: Budget,
    /// How articles are resampled for the intervals.
    pub bootstrap: Bootstrap,
}

/// The figures of one system over all briefs.
#[derive(Debug, Clone, Serialize)]
pub struct System {
    /// The name of the system.
    pub name: &'static str,
    /// The mean ROUGE F1.
    pub rouge: Rouge,
    /// The 95 % intervals of the three figures of `rouge`, in their order.
    pub intervals: [Option<Interval>; 3],
    /// The mean length of its texts in characters.
    pub mean_chars: f64,
}

/// The figures of all systems under one rule of length.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// The budget in characters; `None` if the length of each article's own brief was used.
    pub budget: Option<usize>,
    pub systems: Vec<System>,
}

/// Checks of every piece that our summaries cite.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Checks {
    /// How many pieces were checked.
    pub piece_count: usize,
    /// How many pieces are not the text at their spans.
    pub inexact_count: usize,
    /// How many numbers, dates and names the pieces contain.
    pub fact_count: usize,
    /// How many of these the cited article does not contain.
    pub unfounded_count: usize,
    /// How many pieces begin with a pronoun or a conjunction.
    pub dangling_count: usize,
    /// How many pieces come from lines that are captions, bylines or staff.
    pub unclean_count: usize,
    /// The mean share of a piece that earlier pieces said already.
    pub redundancy: f64,
    /// How many summaries are empty.
    pub empty_count: usize,
    /// How many summaries are over their budget.
    pub over_count: usize,
}

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How many articles have briefs.
    pub article_count: usize,
    /// The median length of a brief in characters.
    pub brief_chars: f64,
    /// One table with the same budget for all articles, and one with the length of each brief.
    pub tables: Vec<Table>,
    /// The checks of the summaries in the first table.
    pub checks: Checks,
    /// How many sentences are summarized per second on one thread.
    pub sentences_per_s: f64,
    /// The version of the ranker.
    pub ranker: String,
    /// How articles were resampled for the intervals.
    pub bootstrap: Bootstrap,
}

/// Measures every system on `articles`.
#[must_use]
pub fn run(
    articles: &[Brief],
    rankers: &Rankers,
    extractor: &Extractor,
    options: Options,
) -> Report {
    let lengths: Vec<f64> = articles.iter().map(|one| chars(&one.brief)).collect();
    let one = table(articles, rankers, Some(options.budget), options.bootstrap);
    let own = table(articles, rankers, None, options.bootstrap);
    let mut checks = Checks::default();
    let mut redundancy = Vec::new();
    for article in articles {
        check(
            article,
            &ours(article, rankers, options.budget),
            extractor,
            &mut checks,
            &mut redundancy,
        );
        let total = joined(ours(article, rankers, options.budget).iter().map(|e| e.text.as_str()));
        checks.over_count += usize::from(total.chars().count() > options.budget.chars());
    }
    checks.redundancy = mean(&redundancy, &once(redundancy.len())).unwrap_or_default();
    Report {
        article_count: articles.len(),
        brief_chars: crate::metrics::quantile(&lengths, 0.5).unwrap_or_default(),
        tables: vec![one, own],
        checks,
        sentences_per_s: speed(articles, rankers, options.budget),
        ranker: rankers.0.first().map_or_else(String::new, |one| one.version().to_owned()),
        bootstrap: options.bootstrap,
    }
}

/// Writes one line of JSON for each article: its fold, and for each clause the features and the
/// share of it that the brief contains (`(units + 2 · pairs) / 3`).
///
/// # Errors
/// Any error of writing.
pub fn write(articles: &[Brief], out: &mut dyn Write) -> io::Result<()> {
    for article in articles {
        let body = Body::new(&article.body);
        let wanted = units(&article.brief);
        let wanted_pairs: HashSet<u64> = bigrams(&wanted).into_iter().collect();
        let wanted: HashSet<u32> = wanted.into_iter().collect();
        let kept: Vec<f32> = (0..body.clauses.len())
            .map(|at| {
                let given = units(body.clause(at));
                (containment(&given, &wanted) + 2.0 * containment(&bigrams(&given), &wanted_pairs))
                    / 3.0
            })
            .collect();
        let features: Vec<Vec<f32>> =
            body.features(&article.title).iter().map(|one| one.to_vec()).collect();
        let line =
            serde_json::json!({ "fold": article.fold(), "kept": kept, "features": features });
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// Our summary of an article, by the ranker of its fold.
fn ours(article: &Brief, rankers: &Rankers, budget: Budget) -> Vec<Extract> {
    let Some(ranker) = rankers.0.get(article.fold()) else { return Vec::new() };
    let body = Body::new(&article.body);
    let scores = select::scores(&body, &article.title, ranker);
    select::select(&body, &scores, ranker.keep(), budget)
}

fn told(extracts: &[Extract]) -> String {
    joined(extracts.iter().map(|one| one.text.as_str()))
}

fn table(
    articles: &[Brief],
    rankers: &Rankers,
    budget: Option<Budget>,
    bootstrap: Bootstrap,
) -> Table {
    const NAMES: [&str; 8] = [
        "lead",
        "first sentence",
        "TextRank",
        "centroid",
        "ours",
        "oracle sentence",
        "title alone",
        "title + ours",
    ];
    let mut texts: [Vec<String>; 8] = Default::default();
    for article in articles {
        let own = article.brief.chars().count().clamp(BUDGET_MIN, BUDGET_MAX);
        let Some(budget) = budget.or_else(|| Budget::new(own).ok()) else { continue };
        let count = budget.chars();
        let body = article.body.as_str();
        let left = count.saturating_sub(article.title.chars().count() + 1);
        let mut both = article.title.clone();
        if let Ok(left) = Budget::new(left) {
            both = joined([both.as_str(), told(&ours(article, rankers, left)).as_str()]);
        }
        let row = [
            baseline::lead(body, count),
            baseline::split(body).first().map_or("", |first| first).to_owned(),
            baseline::textrank(body, count),
            baseline::centroid(body, count),
            told(&ours(article, rankers, budget)),
            baseline::oracle(body, &article.brief).to_owned(),
            article.title.clone(),
            both,
        ];
        for (texts, text) in texts.iter_mut().zip(row) {
            texts.push(text);
        }
    }
    let systems = NAMES.into_iter().zip(texts);
    let systems = systems.map(|(name, texts)| system(name, articles, &texts, bootstrap)).collect();
    Table { budget: budget.map(Budget::chars), systems }
}

fn system(
    name: &'static str,
    articles: &[Brief],
    texts: &[String],
    bootstrap: Bootstrap,
) -> System {
    let all: Vec<Rouge> =
        texts.iter().zip(articles).map(|(text, one)| rouge(text, &one.brief)).collect();
    let r1: Vec<f64> = all.iter().map(|one| one.r1).collect();
    let r2: Vec<f64> = all.iter().map(|one| one.r2).collect();
    let rl: Vec<f64> = all.iter().map(|one| one.rl).collect();
    let figures = |counts: &[u32]| [mean(&r1, counts), mean(&r2, counts), mean(&rl, counts)];
    let [one, two, longest] = figures(&once(all.len())).map(Option::unwrap_or_default);
    let lengths: Vec<f64> = texts.iter().map(|text| chars(text)).collect();
    System {
        name,
        rouge: Rouge { r1: one, r2: two, rl: longest },
        intervals: bootstrap.intervals(all.len(), figures),
        mean_chars: mean(&lengths, &once(lengths.len())).unwrap_or_default(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "characters of a text are far below 2^53")]
fn chars(text: &str) -> f64 {
    text.chars().count() as f64
}

fn check(
    article: &Brief,
    extracts: &[Extract],
    extractor: &Extractor,
    checks: &mut Checks,
    redundancy: &mut Vec<f64>,
) {
    checks.empty_count += usize::from(extracts.is_empty());
    let mut said: HashSet<u64> = HashSet::new();
    for extract in extracts {
        checks.piece_count += 1;
        let text = trim::text_of(&article.body, &extract.parts);
        checks.inexact_count += usize::from(text != extract.text || text.is_empty());
        checks.dangling_count +=
            usize::from(wording::connects(&extract.text) || wording::refers_back(&extract.text));
        let start = extract.parts.first().map_or(0, |part| part.start);
        let (before, behind) = article.body.split_at_checked(start).unwrap_or_default();
        let from = before.rfind('\n').map_or(0, |at| at + 1);
        let to = behind.find('\n').map_or(article.body.len(), |at| start + at);
        let line = article.body.get(from..to).unwrap_or_default();
        checks.unclean_count += usize::from(!clean::is_text(line));
        for fact in extractor.entities(&extract.text, article.date) {
            checks.fact_count += 1;
            checks.unfounded_count += usize::from(!article.body.contains(&fact.text));
        }
        let pairs = bigrams(&units(&extract.text));
        redundancy.push(f64::from(containment(&pairs, &said)));
        said.extend(pairs);
    }
}

fn speed(articles: &[Brief], rankers: &Rankers, budget: Budget) -> f64 {
    let sample: Vec<&Brief> = articles.iter().take(1_000).collect();
    let count: usize = sample.iter().map(|one| baseline::split(&one.body).len()).sum();
    let started = Instant::now();
    for article in sample {
        std::hint::black_box(ours(article, rankers, budget));
    }
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Options;
    use super::Rankers;
    use super::briefs::Brief;
    use super::run;
    use super::write;
    use crate::bootstrap::Bootstrap;
    use wenmai_summary::Budget;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    fn articles() -> Vec<Brief> {
        (1..9_i8)
            .map(|month| Brief {
                title: "清河县开闸引水".to_owned(),
                body: "天气转暖，草木发芽。据悉，清河县开闸引水，灌溉两万亩麦田。该县去年修渠。"
                    .to_owned(),
                brief: "清河县开闸引水，灌溉两万亩麦田。".to_owned(),
                date: Some(jiff::civil::date(2021, month, 3)),
            })
            .collect()
    }

    #[test]
    fn ours_finds_the_inner_sentence_that_the_lead_misses() {
        let extractor = Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap();
        let bootstrap = Bootstrap { seed: 1, resample_count: 20 };
        let options = Options { budget: Budget::new(20).unwrap(), bootstrap };
        let report = run(&articles(), &Rankers::bundled().unwrap(), &extractor, options);
        let r2 = |name: &str| {
            report.tables[0].systems.iter().find(|one| one.name == name).unwrap().rouge.r2
        };
        assert!(r2("ours") > 0.9 && r2("lead") < 0.6, "{report:?}");
        let checks = &report.checks;
        assert_eq!((checks.inexact_count, checks.unfounded_count, checks.over_count), (0, 0, 0));
        assert!(checks.piece_count >= 8 && checks.fact_count >= 8, "{checks:?}");
    }

    #[test]
    fn features_are_written_with_what_the_brief_keeps() {
        let mut out = Vec::new();
        write(&articles(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        let kept = line["kept"].as_array().unwrap();
        assert_eq!(kept.len(), line["features"].as_array().unwrap().len());
        assert!(kept[3].as_f64().unwrap() > 0.99 && kept[1].as_f64().unwrap() < 0.2, "{kept:?}");
    }
}
