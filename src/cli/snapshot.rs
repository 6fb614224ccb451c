//! `wenmai snapshot`: a copy of the index, of a data folder into another folder, or made and kept by
//! the Qdrant server.

use std::path::PathBuf;

use crate::connect;
use crate::connect::Services;
use crate::connect::TrustArgs;
use crate::failure::Failure;
use crate::output;
use wenmai_engine as engine;
use wenmai_proto::wire;
use wenmai_store as store;

/// Arguments of `wenmai snapshot`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Copy the index of the data folder into this new folder. A folder that is in use is copied by
    /// the process that has it: `wenmai snapshot --server URL`.
    #[arg(long, value_name = "DIR", conflicts_with = "list")]
    #[cfg_attr(feature = "server", arg(conflicts_with = "qdrant_url"))]
    to: Option<PathBuf>,

    /// Have this running server, which was started with --snapshots DIR, copy its index.
    #[arg(long, value_name = "URL", conflicts_with_all = ["to", "list"])]
    #[cfg_attr(feature = "server", arg(conflicts_with = "qdrant_url"))]
    server: Option<String>,

    /// The name of the copy below the server's folder of snapshots; the time without it.
    #[arg(long, value_name = "NAME", requires = "server", default_value = "")]
    name: String,

    #[command(flatten)]
    trust: TrustArgs,

    /// Only list the snapshots that the Qdrant server keeps.
    #[arg(long)]
    list: bool,

    #[command(flatten)]
    store: store::Config,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Args { to, server, name, trust, list, store } = args;
    if let Some(server) = server {
        let services = Services::remote(&server, &trust).await?;
        let request = wire::CreateSnapshotRequest { name };
        let made = services.info().create_snapshot(connect::patient(request)).await?.into_inner();
        let wire::CreateSnapshotResponse { name, article_count, timings: _ } = made;
        return output::line(&format!("{name}: {article_count} articles"));
    }
    #[cfg(feature = "server")]
    if store.server.url.is_some() {
        let found = store::snapshots(&store.server, !list).map_err(engine::Error::from)?;
        for store::Snapshot { collection, name, size_bytes, checksum } in found {
            output::line(&format!("{collection} {name} {size_bytes} {checksum}"))?;
        }
        return Ok(());
    }
    let Some(to) = to.filter(|_| !list) else {
        let what = "--to says where the copy of the data folder goes, --qdrant-url where the \
                    server is that makes one";
        return Err(Failure::Usage(what.to_owned()));
    };
    store::copy(&store, &to).await.map_err(engine::Error::from)?;
    output::line(&format!("{} is a copy of {}", to.display(), store.place()))
}
