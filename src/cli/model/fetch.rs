//! `wenmai model fetch`: a model from the hub into its cache.

use std::io::IsTerminal;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::failure::Failure;
use crate::model::bytes;
use crate::model::info::Info;
use crate::output;
use wenmai_embed::Model;
use wenmai_embed::Purpose;
use wenmai_embed::hub::Hub;
use wenmai_embed::hub::Located;
use wenmai_embed::hub::Progress;
use wenmai_embed::hub::name::Repo;
use wenmai_embed::inspect;

/// What is run through a model that has just come.
const SENTENCE: &str = "清河大桥主桥今天上午顺利合龙，预计年底建成通车。";

/// Arguments of `wenmai model fetch`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The model: owner/name, or owner/name@revision.
    #[arg(value_name = "NAME")]
    name: String,

    /// A branch, tag or commit, instead of the one in the name; main if neither names one.
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,

    /// Do not ask the hub: be content with what the cache has.
    #[arg(long, env = "HF_HUB_OFFLINE", value_parser = clap::builder::FalseyValueParser::new())]
    offline: bool,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let usage = |error: wenmai_embed::hub::name::InvalidName| Failure::Usage(error.to_string());
    let repo = Repo::parse(&args.name).map_err(usage)?;
    let repo = match &args.revision {
        Some(revision) => repo.at(revision).map_err(usage)?,
        None => repo,
    };
    let hub = Hub::from_env(args.offline).map_err(|error| Failure::failed(&error))?;
    let mut bar = Bar::new();
    let fetched = hub.fetch(&repo, &mut |progress| bar.show(progress));
    bar.bar.finish_and_clear();
    let fetched = fetched.map_err(|error| Failure::failed(&error))?;
    let located = Located::Cached(repo, fetched.folder);
    let model = inspect::open(&located).map_err(|error| Failure::failed(&error))?;
    try_out(&model)?;
    let info = Info::of(&located, &model)?;
    let downloaded = fetched.bytes_downloaded;
    if args.json {
        let files: Vec<&str> = fetched.files.iter().map(|(name, _)| name.as_str()).collect();
        let report = serde_json::json!({
            "model": info, "files": files, "bytes_downloaded": downloaded,
        });
        return output::line(&report.to_string());
    }
    info.show()?;
    let come = match downloaded {
        0 => "all of it was here".to_owned(),
        count => format!("{} came over the network", bytes(count)),
    };
    output::line(&format!("{} files, {come}; a sentence gave a vector", fetched.files.len()))
}

/// Runs a sentence through `model`: that it loads does not mean that it works.
fn try_out(model: &Model) -> Result<(), Failure> {
    let failed = |error: wenmai_embed::Error| Failure::failed(&error);
    let ids = model.tokenize(SENTENCE, Purpose::Passage).map_err(failed)?;
    let window = ids.get(..model.info().window_tokens_max).unwrap_or(&ids);
    if window.is_empty() {
        return Err(Failure::failed(&wenmai_embed::Error::Empty));
    }
    model.forward(&[window]).map_err(failed)?;
    Ok(())
}

/// A bar for each file on a terminal, else a line for each.
struct Bar {
    bar: ProgressBar,
    file: String,
}

impl Bar {
    fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = if terminal { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let look = "{msg:28} {wide_bar} {decimal_bytes}/{decimal_total_bytes} \
                    {decimal_bytes_per_sec} {eta}";
        // A wrong template would only lose the look of the bar.
        if let Ok(style) = ProgressStyle::with_template(look) {
            bar.set_style(style);
        }
        Self { bar, file: String::new() }
    }

    fn show(&mut self, progress: Progress<'_>) {
        let Progress { file, bytes: here, bytes_total } = progress;
        if self.file != file {
            file.clone_into(&mut self.file);
            self.bar.reset();
            self.bar.set_length(bytes_total);
            self.bar.set_message(self.file.clone());
            if self.bar.is_hidden() {
                let from =
                    if here > 0 { format!(" from {} on", bytes(here)) } else { String::new() };
                output::note(&format!("{file}, {}{from}", bytes(bytes_total)));
            }
        }
        self.bar.set_position(here);
    }
}
