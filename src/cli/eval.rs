//! `wenmai eval`: how good are the answers on a labelled file? One file per measurement.
//!
//! Figures go to standard output, bad lines and progress to standard error. A run with bad lines
//! still prints its figures and ends with exit code 1.

mod calibration;
mod latency;
mod load;
mod pages;
mod pairs;
mod passages;
mod related;
mod reprints;
mod rows;
mod search;
mod sts;
mod summary;
mod topics;

use std::num::NonZeroUsize;
use std::path::Path;
use std::path::PathBuf;

use indicatif::ProgressBar;
use serde::Serialize;
use tempfile::TempDir;

use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use wenmai_domain::article::Record;
use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_engine::feed;
use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;
use wenmai_eval::Progress;
use wenmai_eval::bootstrap::Bootstrap;
use wenmai_eval::bootstrap::Interval;
use wenmai_eval::index::IngestReport;
use wenmai_eval::learned;
use wenmai_eval::stories;
use wenmai_store as store;
use wenmai_store::Store;

/// Bad lines, ids and queries that are shown one by one; all are counted.
const SHOWN_MAX: usize = 50;

/// Arguments of `wenmai eval`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Related coverage on labelled stories: nDCG, MRR, recall and latency, by mode.
    ///
    /// The file is a feed whose lines also name a `story` and, where known, an `event` inside it. It
    /// is indexed into a temporary folder, and labelled articles ask for their related ones.
    Related(related::Args),
    /// Reprints made of real articles: recall by kind, pair precision, adjusted Rand index.
    ///
    /// The file is a feed whose lines also name a `story`. Reprints, and what looks like one, are
    /// made of some of its articles with a seed; beside ours stands MinHash at two thresholds.
    Reprints(reprints::Args),
    /// Search on queries with known answers: nDCG, MRR, recall, success and latency, by mode.
    ///
    /// The feed is indexed into a temporary folder. A query is a JSON object on a line of its own:
    /// `query`, the text; `relevant`, a list of ids, or an object of ids and gains; and optional
    /// `kind`, which groups the figures. An id is the feed's `id` or the article's own. Recall counts
    /// at most as many articles as it looks at (10 or 100); gains are linear.
    Search(search::Args),
    /// Topics on labelled stories, streamed: B³, pairwise F1, AMI, ARI, stability, beside baselines.
    ///
    /// The file is a feed whose lines also name a `story` and, where known, an `event` inside it. It
    /// is indexed into a temporary folder and streamed in the order of (time, id). Each article is
    /// decided by weights that never saw its story.
    Topics(topics::Args),
    /// Sentence similarity: does the model order pairs as people do? Spearman, Pearson.
    ///
    /// Lines are sentence, sentence and score, with tabs between. Beside the model stand two
    /// baselines that know nothing: the cosine of counts of character bigrams, and the share of
    /// characters in common.
    Sts(sts::Args),
    /// Pairs that match or not: average precision, ROC AUC, best F1 and its threshold.
    ///
    /// Lines are sentence, sentence and label (0 or 1), with tabs between; graded scores are labels
    /// with --threshold. The best F1's threshold is chosen on the same rows, so it flatters every
    /// scorer a little. Baselines as in `eval sts`.
    Pairs(pairs::Args),
    /// Newspaper pages: are their articles found whole? Exact articles, bodies, fields, seams.
    ///
    /// A line is a JSON object: `text`, the page; `style`, which groups the figures; `articles`, what
    /// stands on it (`title`, `body`, and as far as labelled `kind`, `kicker`, `subtitle`, `section`,
    /// `byline`, `dateline`, `place`, `caption`, `credit`, `paragraphs`). An article is exact where
    /// headline and body are, after folding width and white space. Beside the parser stand two
    /// baselines that cut at headings and at blank lines.
    Pages(pages::Args),
    /// Passages deep in long articles: are they found, and what would windows add?
    ///
    /// Rare sentences from deep inside long articles are asked as they stand, by half of their terms
    /// and by their three rarest. Windows over whole bodies are embedded and compared exactly, beside
    /// the index, to see what storing them would bring.
    Passages(passages::Args),
    /// How long a question for related coverage takes, by size of the archive and number of clients.
    ///
    /// The feed is indexed into a temporary folder; larger archives are made of it with a seed: other
    /// ids and dates, tilted embeddings, most of the terms. BM25 stands beside the ranker.
    Latency(latency::Args),
    /// How much a running server on this machine does, and what it does with more.
    ///
    /// Clients ask again as soon as they are answered; with --overload questions then come at a rate
    /// that waits for nobody. Questions are made of the articles that the server holds.
    Load(load::Args),
    /// From a cosine to the probability of the same event and story: a table for this model.
    ///
    /// Labelled articles are paired with their nearest ones in the file and a few random ones. The
    /// table is isotonic; its error is measured on stories that it was not made from. A probability
    /// holds for pairs of that kind in a corpus of that size and mixture, which the report states.
    Calibration(calibration::Args),
    /// Summaries against editors' briefs: character ROUGE at equal length, beside lead and others.
    ///
    /// Each article is summarized by weights trained on other quarters of the year. Briefs often
    /// repeat the title, which is no part of the body: its own figures stand beside the others. Every
    /// cited piece is checked against the article.
    Summary(summary::Args),
}

/// Which labelled articles are measured on.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct StoryArgs {
    /// Labelled articles, JSON Lines, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    /// Take the articles of one in N stories only, chosen by the hash of their names: a quicker look,
    /// with the same choice each time.
    #[arg(long, default_value_t = NonZeroUsize::MIN, value_name = "N")]
    one_in: NonZeroUsize,
}

/// Where the index goes, and which model fills it.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct IndexArgs {
    /// Keep the index in memory instead of a temporary data folder.
    #[arg(long)]
    memory: bool,

    /// Take the cosines of another model as they are: to see what calibration is worth, and to write
    /// features for a ranker or weights of that model's own.
    #[arg(long, conflicts_with = "calibration")]
    uncalibrated: bool,

    #[command(flatten)]
    calibration: wenmai_engine::calibration::Config,

    #[command(flatten)]
    embed: embed::Config,
}

/// How intervals are drawn.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct BootstrapArgs {
    /// Resamples for 95 % intervals; 0 gives none.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    resamples: usize,

    /// Seed of the resamples.
    #[arg(long, default_value_t = 20_240_314, value_name = "N")]
    seed: u64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    match args.what {
        What::Related(args) => related::run(args).await,
        What::Reprints(args) => reprints::run(args).await,
        What::Search(args) => search::run(args).await,
        What::Topics(args) => topics::run(args).await,
        What::Sts(args) => sts::run(args).await,
        What::Pairs(args) => pairs::run(args).await,
        What::Pages(args) => pages::run(&args),
        What::Passages(args) => passages::run(args).await,
        What::Latency(args) => latency::run(args).await,
        What::Load(args) => load::run(args).await,
        What::Calibration(args) => calibration::run(args).await,
        What::Summary(args) => summary::run(&args),
    }
}

impl IndexArgs {
    /// An empty engine; its folder goes with what is returned beside it.
    fn open(&self) -> Result<(Engine, TempDir), Failure> {
        let (engine, _store, folder) = self.open_with_store(None)?;
        Ok((engine, folder))
    }

    /// The same with its store, to write into past the engine; in the folder `keep` where one is given,
    /// which then stays.
    fn open_with_store(&self, keep: Option<&Path>) -> Result<(Engine, Store, TempDir), Failure> {
        let folder = tempfile::tempdir()?;
        let index = keep.map_or_else(|| folder.path().join("index"), Path::to_owned);
        let config = store::Config::folder(index);
        let (engine, store) = Engine::open_with(&self.embed, |make| {
            if self.memory { Ok(store::open_memory(make)) } else { store::open(&config, make) }
        })?;
        let engine = if self.uncalibrated { engine.uncalibrated() } else { engine };
        Ok((engine.with_calibration(&self.calibration)?, store, folder))
    }
}

impl StoryArgs {
    /// The labelled articles of the chosen stories.
    ///
    /// # Errors
    /// A failure that names the file where it holds none.
    fn read(&self) -> Result<Read<stories::Labelled>, Failure> {
        let Read { mut items, bad_count } = stories(&self.input)?;
        items.retain(|labelled| learned::is_in_sample(&labelled.story, self.one_in));
        Read { items, bad_count }.not_empty(&self.input, "labelled article of the chosen stories")
    }
}

impl BootstrapArgs {
    fn bootstrap(&self) -> Bootstrap {
        Bootstrap { seed: self.seed, resample_count: self.resamples }
    }
}

/// What a file holds, and how many of its lines were bad.
struct Read<T> {
    items: Vec<T>,
    bad_count: usize,
}

impl<T> Read<T> {
    /// Collects what `lines` gives; each bad line is named, up to a limit, and counted.
    fn all<E: std::error::Error>(
        path: &Path,
        lines: impl Iterator<Item = (u64, Result<T, E>)>,
        is_end: fn(&E) -> bool,
    ) -> Self {
        let mut read = Self { items: Vec::new(), bad_count: 0 };
        for (number, line) in lines {
            match line {
                Ok(item) => read.items.push(item),
                Err(error) => {
                    read.bad_count += 1;
                    if read.bad_count <= SHOWN_MAX {
                        output::note(&format!("{}:{number}: {}", path.display(), chain(&error)));
                    }
                    if is_end(&error) {
                        break;
                    }
                }
            }
        }
        if read.bad_count > SHOWN_MAX {
            let (path, more) = (path.display(), read.bad_count - SHOWN_MAX);
            output::note(&format!("{path}: {more} more bad lines"));
        }
        read
    }

    /// # Errors
    /// A failure that names `path` where it holds nothing.
    fn not_empty(self, path: &Path, what: &str) -> Result<Self, Failure> {
        if self.items.is_empty() {
            return Err(Failure::Failed(format!("{}: holds no {what}", path.display())));
        }
        Ok(self)
    }
}

fn open(path: &Path) -> Result<Box<dyn std::io::BufRead + Send>, Failure> {
    feed::open(path)
        .map_err(|error| Failure::Failed(format!("{}: {}", path.display(), chain(&error))))
}

/// The labelled articles of a file.
fn stories(path: &Path) -> Result<Read<stories::Labelled>, Failure> {
    let is_end = |error: &LineError| matches!(error, LineError::Read(_));
    Read::all(path, stories::read(open(path)?), is_end).not_empty(path, "labelled article")
}

/// The articles of a feed.
fn articles(path: &Path) -> Result<Read<Record>, Failure> {
    let lines = Lines::new(open(path)?)
        .map(|(number, line)| (number, line.and_then(|line| feed::record(&line))));
    let is_end = |error: &LineError| matches!(error, LineError::Read(_));
    Read::all(path, lines, is_end).not_empty(path, "article")
}

fn show(bar: &ProgressBar, progress: Progress) {
    let (text, done, total) = match progress {
        Progress::Ingest(done, total) => ("indexing".to_owned(), done, total),
        Progress::Optimize => ("building the graph".to_owned(), 0, 0),
        Progress::Query(mode, done, total) => (format!("asking, {}", mode.name()), done, total),
        Progress::Compare(done, total) => ("comparing".to_owned(), done, total),
        Progress::Embed(done, total) => ("embedding".to_owned(), done, total),
        Progress::Resample => ("measuring".to_owned(), 0, 0),
    };
    bar.set_position(done as u64);
    bar.set_message(if total == 0 { text } else { format!("{text}, of {total}") });
}

/// Prints `report` as one line of JSON.
fn json(report: &impl Serialize) -> Result<(), Failure> {
    output::line(&serde_json::to_string(report).map_err(|error| Failure::failed(&error))?)
}

/// Says what indexing took.
fn ingest_line(time: &IngestReport) -> Result<(), Failure> {
    output::line(&format!(
        "indexed in {:.1} s, {:.0} articles/s: embedding {:.1} s, terms {:.1} s, store {:.1} s; \
         graph {:.1} s",
        time.total_s,
        time.articles_per_s,
        time.embed_s,
        time.terms_s,
        time.store_s,
        time.optimize_s
    ))
}

/// A figure and its interval, `0.655 [0.621, 0.690]`; a dash where there is none.
fn figure(value: Option<f64>, interval: Option<Interval>) -> String {
    match (value, interval) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => format!("{value:.3}"),
        (Some(value), Some(interval)) => format!("{value:.3} {}", span(interval)),
    }
}

/// An interval, `[0.621, 0.690]`.
fn span(Interval { low, high }: Interval) -> String {
    format!("[{low:.3}, {high:.3}]")
}

/// The same with signs, `[-0.003, +0.021]`; a dash where there is none.
fn signed(interval: Option<Interval>) -> String {
    interval
        .map_or_else(|| "–".to_owned(), |Interval { low, high }| format!("[{low:+.3}, {high:+.3}]"))
}

/// What the brackets mean; empty where there are none.
fn brackets(of: &str, bootstrap: Bootstrap) -> String {
    let Bootstrap { seed, resample_count } = bootstrap;
    if resample_count == 0 {
        return String::new();
    }
    format!("; in brackets the 95 % interval over {of} ({resample_count} resamples, seed {seed})")
}

/// Bad lines make the exit code 1; they have been named.
fn done(bad_count: usize) -> Result<(), Failure> {
    if bad_count == 0 { Ok(()) } else { Err(Failure::Partial) }
}
