//! `wenmai eval reprints`: are reprints found, and only they?

use std::path::PathBuf;

use serde::Serialize;

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
    measure(&args, &articles).await?;
    done(bad_count)
}

async fn measure(args: &Args, articles: &[Labelled]) -> Result<(), Failure> {
    let options = Options { base_count: args.bases, seed: args.seed };
    let folder = tempfile::tempdir()?;
    let open =
        |name: &str| Engine::open(&args.embed, &store::Config::folder(folder.path().join(name)));
    let engine = open("made")?;
    let made = reprints::run(&engine, articles, options).await;
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
