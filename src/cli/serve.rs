//! `wenmai serve`: the services over gRPC.

use crate::connect::Services;
use crate::failure::Failure;
use crate::follow;
use crate::follow::Following;
use crate::follow::Plan;
use crate::output;
use wenmai_app as app;
use wenmai_app::App;
use wenmai_app::settings;
use wenmai_engine::Engine;
use wenmai_follow::Lists;
use wenmai_follow::Until;
use wenmai_telemetry as telemetry;

/// Arguments of `wenmai serve`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    config: settings::Config,

    /// Follow these feeds and page lists: a file that names some (OPML, or one address a line), or an
    /// address. May be given several times.
    #[arg(long, env = "WENMAI_FOLLOW", value_name = "FILE|URL")]
    follow: Vec<String>,

    #[command(flatten)]
    following: wenmai_follow::Config,
}

impl Args {
    /// The log's settings.
    pub(super) fn telemetry(&self) -> &telemetry::Config {
        &self.config.telemetry
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let settings::Config {
        mut app,
        embed,
        store,
        ranker,
        calibration,
        generate,
        places,
        vocabulary,
        telemetry: _,
    } = args.config;
    // Before anything is opened: a list that cannot be read is a mistake of whoever starts this.
    let sources = match args.follow.as_slice() {
        [] => Vec::new(),
        named => wenmai_follow::sources(named).map_err(|error| follow::wrong_list(&error))?,
    };
    let stop = app::stop_signal()?;
    app.limits.store_elsewhere = store.url().is_some();
    let engine = Engine::open(&embed, &store)?.with_ranker(&ranker)?;
    let engine = engine.with_calibration(&calibration)?.with_gazetteer(&places)?;
    let engine = engine.with_vocabulary(&vocabulary)?;
    let engine = engine.with_snapshots(app.snapshots.clone());
    let engine = engine.with_rewriter(&generate)?.with_topics().await?;
    let data = store.url().is_none().then(|| store.data.clone());
    let app = App::bind(app, engine.clone()).await.map_err(|error| Failure::failed(&error))?;
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
    let suggesting = engine.clone();
    let following = if sources.is_empty() {
        None
    } else {
        let services = Services::local(engine).await?;
        let (config, lists) = (args.following, Lists::new(&args.follow));
        let plan = Plan { config, sources, lists, data, until: Until::Stopped, is_dry: false };
        Some((Following::begin(plan, &services)?, services))
    };
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let suggestions = suggesting.keep_suggestions(async { _ = ended.await });
    let suggestions = tokio::spawn(suggestions);
    let stop = async {
        stop.await;
        drop(end);
        _ = suggestions.await;
        // Before calls are drained: nothing new may come when the engine closes.
        if let Some((following, _services)) = following {
            following.stop().await;
        }
    };
    app.run(stop).await.map_err(|error| Failure::failed(&error))
}
