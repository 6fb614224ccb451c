//! `wenmai serve`: the services over gRPC.

use crate::failure::Failure;
use crate::output;
use wenmai_app as app;
use wenmai_app::App;
use wenmai_app::settings;
use wenmai_engine::Engine;
use wenmai_telemetry as telemetry;

/// Arguments of `wenmai serve`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: settings::Config,
}

impl Args {
    /// The log's settings.
    pub(super) fn telemetry(&self) -> &telemetry::Config {
        &self.config.telemetry
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let settings::Config { mut app, embed, store, ranker, generate, places, telemetry: _ } =
        args.config;
    let stop = app::stop_signal()?;
    app.limits.store_elsewhere = store.url().is_some();
    let engine = Engine::open(&embed, &store)?.with_ranker(&ranker)?.with_gazetteer(&places)?;
    let engine = engine.with_snapshots(app.snapshots.clone());
    let engine = engine.with_rewriter(&generate)?.with_topics().await?;
    let app = App::bind(app, engine).await.map_err(|error| Failure::failed(&error))?;
    // On standard output, so that a script that asked for port 0 can read where to connect.
    for address in app.addresses() {
        output::line(&format!("listening on {address}"))?;
    }
    for address in app.page_addresses() {
        output::line(&format!("pages on {address}"))?;
    }
    for address in app.metrics_addresses() {
        let shown = match address.tcp() {
            Some(address) => format!("http://{address}"),
            None => address.to_string(),
        };
        output::line(&format!("metrics on {shown}/metrics"))?;
    }
    app.run(stop).await.map_err(|error| Failure::failed(&error))
}
