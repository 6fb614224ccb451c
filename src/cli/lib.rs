//! How it looks on a terminal: one file per command.
//!
//! Every command speaks the service's own contract: to a running server with `--server`, else to
//! the same services inside this process (`connect`). So both answer alike, errors included.
//! Results go to standard output, as tables for people or `--json` for pipes; progress, warnings
//! and the log go to standard error. Exit codes: 0 done, 1 failed (also in part), 64 usage or
//! settings.

mod brief;
mod connect;
mod demo;
mod embed;
#[cfg(feature = "eval")]
mod eval;
mod failure;
mod filter;
mod follow;
mod found;
mod health;
mod ingest;
#[cfg(all(feature = "edge", feature = "server"))]
mod migrate;
mod model;
mod output;
mod page;
mod page_file;
mod parse;
mod placed;
mod reindex;
mod related;
mod reprints;
mod resumed;
mod review;
mod search;
mod serve;
mod snapshot;
mod suggest;
mod summarize;
mod telling;
mod themes;
mod topics;
mod words;

use std::process::ExitCode;

use clap::CommandFactory;
use clap::Parser;
use clap::Subcommand;

use wenmai_app::settings;
use wenmai_telemetry as telemetry;

use failure::Failure;

/// 闻脉 wenmai: embeds Chinese news, stores the vectors, and answers what is related.
#[derive(Debug, Parser)]
#[command(name = "wenmai", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What commands other than `serve` log. The engine's notices of its own
/// defaults are noise; a download that takes minutes is said.
const QUIET: &str = "warn,qdrant_edge=error,wenmai_embed::hub=info";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the main job on sample pages: parse, store, ask for related coverage over gRPC.
    Demo(demo::Args),
    /// Find the articles on newspaper pages; stores nothing.
    Parse(parse::Args),
    /// Store pages (.md, .txt) and feeds (.jsonl, also .xz, .gz, .zst).
    Ingest(ingest::Args),
    /// Follow feeds and page lists: store what is new, politely, until stopped.
    Follow(Box<follow::Args>),
    /// Find articles for a query in words.
    Search(search::Args),
    /// What may be typed to the end, and what may have been meant.
    Suggest(suggest::Args),
    /// The words that the archive has of its own, as a table that can be corrected.
    Words(words::Args),
    /// Find coverage related to a stored article, or to every article of a page.
    Related(related::Args),
    /// Find who printed an article first, and who reprinted it.
    Reprints(reprints::Args),
    /// Tell what an article, or several, say in brief, with sources.
    Summarize(summarize::Args),
    /// Tell a day's stories in brief, with sources: the morning report of a newsroom.
    Brief(brief::Args),
    /// List topics, show how one unfolded, follow and correct them.
    Topics(Box<topics::Args>),
    /// List the standing subjects that run through several stories, or show the stories of one.
    Themes(themes::Args),
    /// Embed texts with the model.
    Embed(embed::Args),
    /// Build a new index from a running server's articles, while that goes on answering.
    Reindex(reindex::Args),
    /// Serve over gRPC.
    Serve(serve::Args),
    /// Copy the index of a data folder into another, or have a Qdrant server make a snapshot.
    Snapshot(snapshot::Args),
    /// Ask whether a running server serves; exit code 0 or 1.
    Health(health::Args),
    /// Measure answers on a labelled file.
    #[cfg(feature = "eval")]
    Eval(eval::Args),
    /// Move an index from a data folder to a Qdrant server, or back.
    #[cfg(all(feature = "edge", feature = "server"))]
    Migrate(migrate::Args),
    /// List, show, fetch and check models.
    Model(model::Args),
}

/// Runs the command of this process's arguments; the program's whole life.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing can fail only where nobody reads.
            let _ = error.print();
            return if error.use_stderr() { failure::usage_code() } else { ExitCode::SUCCESS };
        }
    };
    match start(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.code()
        }
    }
}

fn start(cli: Cli) -> Result<(), Failure> {
    settings::refuse_unknown_variables(&Cli::command())
        .map_err(|error| Failure::Usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(&error))?;
    let quiet = telemetry::Config::quiet(QUIET);
    let following;
    let log = if let Command::Serve(args) = &cli.command {
        args.telemetry()
    } else if let Command::Follow(args) = &cli.command {
        following = args.telemetry(QUIET);
        &following
    } else {
        &quiet
    };
    let telemetry = {
        // Traces are sent from the runtime.
        let _inside = runtime.enter();
        telemetry::start(log).map_err(|error| Failure::Usage(failure::chain(&error)))?
    };
    let done = runtime.block_on(run(cli.command));
    telemetry.stop();
    done
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Parse(args) => parse::run(args).await,
        Command::Ingest(args) => ingest::run(args).await,
        Command::Follow(args) => follow::run(*args).await,
        Command::Search(args) => search::run(args).await,
        Command::Suggest(args) => suggest::run(args).await,
        Command::Words(args) => words::run(args).await,
        Command::Related(args) => related::run(args).await,
        Command::Reprints(args) => reprints::run(args).await,
        Command::Summarize(args) => summarize::run(args).await,
        Command::Brief(args) => brief::run(args).await,
        Command::Themes(args) => themes::run(args).await,
        Command::Topics(args) => topics::run(*args).await,
        Command::Embed(args) => embed::run(args).await,
        Command::Reindex(args) => reindex::run(args).await,
        Command::Serve(args) => Box::pin(serve::run(args)).await,
        Command::Snapshot(args) => snapshot::run(args).await,
        Command::Health(args) => health::run(args).await,
        #[cfg(feature = "eval")]
        Command::Eval(args) => eval::run(args).await,
        #[cfg(all(feature = "edge", feature = "server"))]
        Command::Migrate(args) => migrate::run(args).await,
        Command::Model(args) => model::run(args).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_arguments_of_every_command_fit_together() {
        Cli::command().debug_assert();
    }
}
