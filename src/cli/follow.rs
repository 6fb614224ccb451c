//! `wenmai follow`: feeds and page lists, asked for what is new, politely, into the index.
//!
//! Articles go through the service's own contract, like those of `ingest`. What was seen is kept in a
//! folder, so that a start goes on where the last run ended.

mod report;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use sink::Articles;
use wenmai_app as app;
use wenmai_follow as follow;
use wenmai_follow::Bounds;
use wenmai_follow::Config;
use wenmai_follow::InvalidList;
use wenmai_follow::Lists;
use wenmai_follow::Report;
use wenmai_follow::Setup;
use wenmai_follow::Stop;
use wenmai_follow::Until;
use wenmai_follow::clock::System;
use wenmai_telemetry as telemetry;
use wenmai_telemetry::Metrics;

/// The folder of what was seen, in the data folder.
const STATE: &str = "follow";
/// The same where there is no data folder on this machine.
const STATE_ELSEWHERE: &str = "wenmai-follow";

/// Arguments of `wenmai follow`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Addresses of feeds (RSS, Atom, JSON Feed …) and of pages that list articles, and files that
    /// name some: OPML, or one address a line.
    #[arg(required = true, value_name = "URL|FILE")]
    feeds: Vec<String>,

    /// Ask each feed once, fetch what is new, tell what was done, and end.
    #[arg(long)]
    once: bool,

    /// Ask each feed once and tell how much is new; fetch no page, store and remember nothing.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    config: Config,

    #[command(flatten)]
    connect: connect::Args,

    /// Print what was done as one JSON object.
    #[arg(long)]
    json: bool,
}

impl Args {
    /// What is logged: a round ends with a table, and says only what is wrong before.
    pub(super) fn telemetry(&self, quiet: &str) -> telemetry::Config {
        if self.once || self.dry_run {
            return telemetry::Config::quiet(quiet);
        }
        telemetry::Config::quiet(&format!("{quiet},wenmai_follow=info"))
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let stop = app::stop_signal()?;
    let sources = follow::sources(&args.feeds).map_err(|error| wrong_list(&error))?;
    let needs = if args.dry_run { Needs::Nothing } else { Needs::Folder };
    let services = Services::connect(&args.connect, needs).await?;
    let is_round = args.once || args.dry_run;
    let setup = Plan {
        config: args.config.clone(),
        sources,
        data: args.connect.data(),
        lists: Lists::new(&args.feeds),
        until: if is_round { Until::RoundEnds } else { Until::Stopped },
        is_dry: args.dry_run,
    };
    let mut following = Following::begin(setup, &services)?;
    let report = tokio::select! {
        report = &mut following.report => report.ok(),
        () = stop => following.stop().await,
    };
    services.close().await?;
    let Some(report) = report else {
        return Err(Failure::Failed("following broke down".to_owned()));
    };
    report::print(&report, &args.connect.place(), args.json)?;
    if is_round && report.failed() > 0 { Err(Failure::Partial) } else { Ok(()) }
}

/// What a list of feeds cannot be followed for; a file that is not there is a mistake of the caller
/// like any other.
pub(super) fn wrong_list(error: &InvalidList) -> Failure {
    Failure::Usage(chain(error))
}

/// What is to be followed, and how.
pub(super) struct Plan {
    pub(super) config: Config,
    pub(super) sources: Vec<follow::Source>,
    /// The files that named them, which may come to name others.
    pub(super) lists: Option<Lists>,
    /// The data folder, if it is on this machine.
    pub(super) data: Option<PathBuf>,
    pub(super) until: Until,
    pub(super) is_dry: bool,
}

/// Feeds being followed, on threads of their own.
pub(super) struct Following {
    stop: Stop,
    report: oneshot::Receiver<Report>,
}

impl Following {
    /// Begins; what is found goes to `services`. The data folder must be open: what is kept in it
    /// beside the index must not come first.
    pub(super) fn begin(plan: Plan, services: &Services) -> Result<Self, Failure> {
        let Plan { config, sources, lists, data, until, is_dry } = plan;
        if config.contact.is_none() && !is_dry {
            output::note(
                "wenmai: --follow-contact names a page or mail address under which the sites that \
                 are asked can reach you",
            );
        }
        let elsewhere = || data.map_or_else(|| STATE_ELSEWHERE.into(), |data| data.join(STATE));
        let setup = Setup {
            folder: config.state.clone().unwrap_or_else(elsewhere),
            config,
            bounds: Bounds::default(),
            sources,
            sink: Arc::new(Articles::new(services)),
            metrics: services
                .engine()
                .map_or_else(Metrics::default, |engine| engine.metrics().clone()),
            clock: Arc::new(System),
            until,
            is_dry,
        };
        let running = follow::start(setup).map_err(|error| Failure::failed(&error))?;
        if let Some(lists) = lists.filter(|_| until == Until::Stopped) {
            running.feeds().watch(lists)?;
        }
        let stop = running.stop();
        let (told, report) = oneshot::channel();
        let wait = move || drop(told.send(running.wait()));
        std::thread::Builder::new().name("follow".to_owned()).spawn(wait)?;
        Ok(Self { stop, report })
    }

    /// Stops, and waits a moment for what is under way; tells what was done.
    pub(super) async fn stop(self) -> Option<Report> {
        self.stop.stop();
        self.report.await.ok()
    }
}
