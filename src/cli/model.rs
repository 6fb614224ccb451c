//! `wenmai model`: which models there are, what one is, and whether it can be relied on.

mod calibrate;
mod fetch;
mod info;
mod known;
mod list;
mod verify;

use std::path::Path;
use std::path::PathBuf;

use crate::failure::Failure;
use wenmai_embed::hub::Hub;
use wenmai_embed::hub::Located;
use wenmai_embed::hub::name::Source;

/// Arguments of `wenmai model`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// List the model inside this program, those in the hub's cache, and some worth fetching.
    List(list::Args),
    /// Show what a model is: family, dim, window, prompts, size, version, terms.
    Info(info::Args),
    /// Fetch a model from the Hugging Face hub into its cache, and run a sentence through it.
    ///
    /// Honours the variables of Hugging Face's own tools: `HF_ENDPOINT` (a mirror), `HF_HOME`,
    /// `HF_HUB_CACHE`, `HF_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_OFFLINE`; and `HTTPS_PROXY`,
    /// `NO_PROXY`, `SSL_CERT_FILE`.
    Fetch(fetch::Args),
    /// Make the calibration of a model: how its cosines are put on the scale of the model inside this
    /// program, so that ranker, probabilities and topics hold for it.
    ///
    /// Needs no labels. It is made from the built-in reference text, or, with --input, from articles of
    /// the kind that will be stored; the result goes to --calibration. Without such a file the first start
    /// makes one from the reference text by itself.
    Calibrate(calibrate::Args),
    /// Check a model: files, checksums, numbers, tokenizer, and the vectors it gives.
    Verify(verify::Args),
}

/// The model that a command is about.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct Which {
    /// Model folder, or the name of a model in the hub's cache (owner/name, owner/name@revision);
    /// without it the model inside this program.
    #[arg(env = "WENMAI_MODEL", value_name = "DIR|NAME")]
    model: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    match args.what {
        What::List(args) => list::run(&args),
        What::Info(args) => info::run(&args).await,
        What::Calibrate(args) => calibrate::run(&args).await,
        What::Fetch(args) => fetch::run(&args),
        What::Verify(args) => verify::run(&args),
    }
}

impl Which {
    /// Where its files are; a model in the cache may lack some.
    fn located(&self) -> Result<Located, Failure> {
        let Some(model) = self.model.as_deref() else { return Ok(Located::Bundled) };
        let repo = match Source::of(model) {
            Source::Folder(folder) if folder.is_dir() => return Ok(Located::Folder(folder)),
            Source::Folder(folder) => return Err(no_folder(&folder)),
            Source::Hub(repo) => repo,
        };
        let hub = Hub::from_env(true).map_err(|error| Failure::failed(&error))?;
        let cache = hub.cache();
        match cache.snapshot_of(&repo) {
            Some(folder) => Ok(Located::Cached(repo, folder)),
            None => Err(Failure::Failed(format!(
                "{repo} is neither a folder nor in the cache {}; \
                 `wenmai model fetch {repo}` gets it",
                cache.root().display()
            ))),
        }
    }

    /// What it is called, for a person.
    fn shown(&self) -> String {
        let model = self.model.as_deref().map(Path::display);
        model.map_or_else(|| "wenmai-news-zh".to_owned(), |model| model.to_string())
    }
}

fn no_folder(folder: &Path) -> Failure {
    Failure::Failed(format!("there is no folder {}", folder.display()))
}

/// Bytes for a person.
fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}

/// A count of parameters for a person: `24 M`.
fn parameters(count: u64) -> String {
    match count {
        0..1_000_000 => format!("{} k", count.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} M", (count + 500_000) / 1_000_000),
        _ => format!("{}.{} G", count / 1_000_000_000, count / 100_000_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn parameters_are_counted_in_thousands_and_millions() {
        let shown = [40_992, 23_951_360, 595_776_512, 7_567_295_488].map(parameters);
        assert_eq!(shown, ["41 k", "24 M", "596 M", "7.5 G"]);
    }
}
