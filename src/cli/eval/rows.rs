//! What `wenmai eval sts` and `wenmai eval pairs` have in common: files of sentence pairs, scored.

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use indicatif::ProgressBar;

use crate::eval::BootstrapArgs;
use crate::eval::Read;
use crate::eval::SHOWN_MAX;
use crate::eval::brackets;
use crate::eval::open;
use crate::eval::show;
use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use wenmai_embed as embed;
use wenmai_embed::Handle;
use wenmai_eval::bootstrap::Bootstrap;
use wenmai_eval::rows;
use wenmai_eval::rows::Row;
use wenmai_eval::rows::RowError;
use wenmai_eval::similarity;
use wenmai_eval::similarity::Scored;

/// Arguments of both.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Sentence, sentence and score, with tabs between; plain or .xz, .gz, .zst. May be given
    /// several times.
    #[arg(long, required = true, value_name = "FILE")]
    pub(super) input: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) bootstrap: BootstrapArgs,

    #[command(flatten)]
    pub(super) embed: embed::Config,

    /// Print the report as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Args {
    /// Starts the model.
    pub(super) fn model(&self) -> Result<Handle, Failure> {
        let model = embed::open(&self.embed).map_err(|error| Failure::failed(&error))?;
        Ok(Handle::start(model, &self.embed))
    }
}

/// A file, read.
pub(super) struct File {
    pub(super) input: String,
    /// Rows and what `take` made of them.
    pub(super) rows: Vec<Row>,
    pub(super) bad_count: usize,
}

/// Reads `path`; rows that `take` refuses are bad lines.
pub(super) fn read(
    path: &Path,
    take: impl Fn(Row) -> Result<Row, RowError>,
) -> Result<File, Failure> {
    let lines = rows::read(open(path)?).map(|(number, row)| (number, row.and_then(&take)));
    let Read { items, bad_count } =
        Read::all(path, lines, RowError::is_end).not_empty(path, "pair of sentences")?;
    Ok(File { input: path.display().to_string(), rows: items, bad_count })
}

/// Scores the rows of a file and names those that the model cannot read.
pub(super) async fn score(
    handle: &Handle,
    file: &File,
    bar: &ProgressBar,
) -> Result<Scored, Failure> {
    let scored = similarity::score(handle, &file.rows, &mut |progress| show(bar, progress)).await;
    let scored = scored.map_err(|error| Failure::failed(&error))?;
    for (number, error) in scored.unreadable.iter().take(SHOWN_MAX) {
        bar.suspend(|| output::note(&format!("{}:{number}: {}", file.input, chain(error))));
    }
    Ok(scored)
}

/// Says what was measured: rows, and those that were not.
pub(super) fn counted(file: &File, scored: &Scored) -> String {
    let mut text = format!("{}: {} pairs", file.input, scored.scores.len());
    for (count, what) in
        [(file.bad_count, "bad lines"), (scored.unreadable.len(), "that the model cannot read")]
    {
        if count > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {count} {what} left out");
        }
    }
    text
}

/// Says which model it was and what the brackets mean.
pub(super) fn footer(model: &str, version: &str, bootstrap: Bootstrap) -> Result<(), Failure> {
    output::line(&format!("model {model}@{version}{}", brackets("rows", bootstrap)))
}
