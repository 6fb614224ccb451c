//! `wenmai model calibrate`: how a model's cosines are measured, made beforehand.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use wenmai_domain::article::Record;
use wenmai_domain::scale::TEXTS_MIN;
use wenmai_embed as embed;
use wenmai_engine::calibration;
use wenmai_engine::calibration::Calibrated;
use wenmai_engine::calibration::MadeFrom;
use wenmai_engine::feed;
use wenmai_engine::feed::Lines;

/// Articles of a feed that are read, at most.
const ARTICLES_MAX: usize = 50_000;

/// Arguments of `wenmai model calibrate`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Articles of the kind that will be stored, JSON Lines, plain or .xz, .gz, .zst; the first 50,000
    /// are read, and 1,500 in Chinese, spread over them, compared. Without it, the built-in reference
    /// text is used.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,

    /// Where to write the calibration; without it, standard output.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    embed: embed::Config,
}

pub(super) async fn run(args: &Args) -> Result<(), Failure> {
    let records = match &args.input {
        Some(path) => records(path)?,
        None => Vec::new(),
    };
    let model = embed::open(&args.embed).map_err(|error| Failure::failed(&error))?;
    let handle = embed::Handle::start(model, &args.embed);
    let made = calibration::calibrate(&handle, &records).await;
    handle.stop();
    let made = match made? {
        Calibrated::Fitted(made) => made,
        // Nothing to write; the model inside the program is measured already.
        Calibrated::Native => return output::line(&Calibrated::Native.shown()),
    };
    if let Some(path) = args.input.as_ref().filter(|_| made.chinese.made_from != MadeFrom::Articles)
    {
        output::note(&format!(
            "{}: fewer than {TEXTS_MIN} articles in Chinese that the model can read; measured by the \
             built-in reference text",
            path.display()
        ));
    }
    let json = serde_json::to_string(&*made).map_err(|error| Failure::failed(&error))?;
    let is_off = [&made.chinese, &made.other].iter().all(|fit| fit.scale().is_none());
    let shown = Calibrated::Fitted(made).shown();
    if is_off {
        return Err(Failure::Failed(shown));
    }
    let Some(path) = &args.output else { return output::line(&json) };
    let mut file = std::fs::File::create(path)?;
    writeln!(file, "{json}")?;
    output::line(&shown)
}

/// The first articles of a feed; a bad line is an error.
fn records(path: &Path) -> Result<Vec<Record>, Failure> {
    let failed = |error: &dyn std::error::Error| {
        Failure::Failed(format!("{}: {}", path.display(), chain(error)))
    };
    let reader = feed::open(path).map_err(|error| failed(&error))?;
    let mut records = Vec::new();
    for (number, line) in Lines::new(reader).take(ARTICLES_MAX) {
        let record = line.and_then(|line| feed::record(&line)).map_err(|error| {
            Failure::Failed(format!("{} line {number}: {}", path.display(), chain(&error)))
        })?;
        records.push(record);
    }
    Ok(records)
}
