//! `wenmai eval reprints`: are reprints found, and only they?

use std::fs::File;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use crate::eval::Read;
use crate::eval::done;
use crate::eval::json;
use crate::eval::stories;
use crate::eval::stories::Labelled;
use crate::failure::Failure;
use crate::output;
use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_eval::reprints;
use wenmai_eval::reprints::Found;
use wenmai_eval::reprints::Options;
use wenmai_eval::reprints::Report;
use wenmai_eval::reprints::make::Made;
use wenmai_store as store;

/// Arguments of `wenmai eval reprints`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Labelled articles, JSON Lines, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    /// Real articles to make reprints of.
    #[arg(long, default_value_t = 1_500, value_name = "N")]
    bases: usize,

    /// Seed of everything that is drawn.
    #[arg(long, default_value_t = 20_240_314, value_name = "N")]
    seed: u64,

    /// Only write the made articles to this file, one JSON object a line, to be read or grouped
    /// again: `id`, `time`, `source`, `title`, `body`, how it was made, `kind`, and from which, `bases`.
    #[arg(long, value_name = "FILE")]
    made: Option<PathBuf>,

    #[command(flatten)]
    embed: embed::Config,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Both measurements.
#[derive(Debug, Serialize)]
struct Both {
    made: Report,
    real: Found,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Read { items: articles, bad_count } = stories(&args.input)?;
    let options = Options { base_count: args.bases, seed: args.seed };
    let made = reprints::made(&articles, options);
    match &args.made {
        Some(file) => write(file, &made)?,
        None => measure(&args, &articles, &made).await?,
    }
    done(bad_count)
}

/// Writes the made articles to `file`.
fn write(file: &Path, made: &[Made]) -> Result<(), Failure> {
    let mut out = BufWriter::new(File::create(file)?);
    for Made { record, kind, bases } in made {
        let row = json!({
            "id": record.source_id,
            "time": record.published_at.map(|at| at.to_string()),
            "source": record.source,
            "title": record.title,
            "body": record.body(),
            "kind": kind,
            "bases": bases,
        });
        writeln!(out, "{row}")?;
    }
    Ok(out.flush()?)
}

async fn measure(args: &Args, articles: &[Labelled], made: &[Made]) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let open =
        |name: &str| Engine::open(&args.embed, &store::Config::folder(folder.path().join(name)));
    let engine = open("made")?;
    let made = reprints::run(&engine, made, args.seed).await;
    engine.close().await?;
    let engine = open("real")?;
    let real = reprints::found(&engine, articles).await;
    engine.close().await?;
    let both = Both { made: made?, real: real? };
    if args.json {
        return json(&both);
    }
    print(&both.made)?;
    let Found { article_count, group_count, member_count, largest, articles_per_s } = both.real;
    output::line(&format!(
        "the file itself: {article_count} articles, {member_count} of them in {group_count} groups, \
         the largest of {largest}; {articles_per_s:.0} articles/s"
    ))
}

fn print(report: &Report) -> Result<(), Failure> {
    let names: Vec<&str> = report.methods.iter().map(|method| method.name).collect();
    let columns = [&["made article", "n"], names.as_slice(), &["an update"]].concat();
    let mut table = output::table(&columns);
    for kind in &report.kinds {
        let what = if kind.is_reprint { "" } else { " (no reprint)" };
        let mut row = vec![format!("{}{what}", kind.kind.name()), kind.count.to_string()];
        row.extend(kind.joined.iter().chain([&kind.as_version]).map(|share| format!("{share:.4}")));
        table.add_row(row);
    }
    let mut add = |name: &str, figures: Vec<f64>| {
        let mut row = vec![name.to_owned(), String::new()];
        row.extend(figures.iter().map(|figure| format!("{figure:.4}")));
        row.push(String::new());
        table.add_row(row);
    };
    let of = |look: fn(&reprints::MethodReport) -> f64| report.methods.iter().map(look).collect();
    add("pair precision", of(|method| method.agreement.pair_precision));
    add("pair recall", of(|method| method.agreement.pair_recall));
    add("adjusted Rand index", of(|method| method.agreement.adjusted_rand));
    output::line(&table.to_string())?;
    let Report { seed, base_count, article_count, part_count, part_recall, articles_per_s, .. } =
        report;
    output::line(&format!(
        "share in one group with the article it was made of, or in another and named as an update of it; {article_count} articles made of \
         {base_count} (seed {seed}), {articles_per_s:.0} articles/s"
    ))?;
    output::line(&format!(
        "parts of merged articles found as partial reprints: {part_recall:.4} of {part_count}"
    ))
}
