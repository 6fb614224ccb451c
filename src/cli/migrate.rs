//! `wenmai migrate`: an index goes from a data folder to a Qdrant server, or back.

use std::path::PathBuf;

use crate::failure::Failure;
use crate::ingest::progress_bar;
use crate::output;
use wenmai_engine as engine;
use wenmai_store as store;

/// Arguments of `wenmai migrate`.
#[derive(Debug, Clone, clap::Args)]
#[command(group = clap::ArgGroup::new("folder").required(true))]
pub(super) struct Args {
    /// Move the index of this folder to the server.
    #[arg(long = "data", id = "from_data", value_name = "DIR", group = "folder")]
    data: Option<PathBuf>,

    /// Move the server's index to this folder.
    #[arg(long, value_name = "DIR", group = "folder")]
    to_data: Option<PathBuf>,

    #[command(flatten)]
    server: store::ServerConfig,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if args.server.url.is_none() {
        return Err(Failure::Usage("--qdrant-url says where the server is".to_owned()));
    }
    let server = store::Config { server: args.server, ..store::Config::folder("") };
    let (from, to) = match (args.data, args.to_data) {
        (Some(data), None) => (store::Config::folder(data), server),
        (None, Some(data)) => (server, store::Config::folder(data)),
        _ => return Err(Failure::Usage("name one of --data and --to-data".to_owned())),
    };
    let bar = progress_bar().with_message("moving");
    let moved = store::migrate(&from, &to, &|done| bar.set_position(done)).await;
    bar.finish_and_clear();
    let report = moved.map_err(engine::Error::from)?;
    output::line(&format!("from {} to {}", from.place(), to.place()))?;
    for (name, moved) in report.parts() {
        let store::Moved { source, target, written_count } = moved;
        let same = if source == target { "the same" } else { "NOT THE SAME" };
        output::line(&format!(
            "{name}: {} there, {written_count} written, {} here, {same}",
            source.count, target.count
        ))?;
        output::line(&format!("  source {}", source.checksum()))?;
        output::line(&format!("  target {}", target.checksum()))?;
    }
    if report.is_same() {
        return Ok(());
    }
    let what =
        "the target is not what the source is: it held something else before, or was written to";
    Err(Failure::Failed(what.to_owned()))
}
