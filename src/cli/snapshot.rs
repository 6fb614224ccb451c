//! `wenmai snapshot`: a copy of the index, made and kept by the Qdrant server.

use crate::failure::Failure;
use crate::output;
use wenmai_engine as engine;
use wenmai_store as store;

/// Arguments of `wenmai snapshot`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Only list those that there are.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    server: store::ServerConfig,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.server.url.is_none() {
        return Err(Failure::Usage("--qdrant-url says where the server is".to_owned()));
    }
    let found = store::snapshots(&args.server, !args.list).map_err(engine::Error::from)?;
    for store::Snapshot { collection, name, size_bytes, checksum } in found {
        output::line(&format!("{collection} {name} {size_bytes} {checksum}"))?;
    }
    Ok(())
}
