//! `wenmai search`: what was written about this?

use crate::cli::connect;
use crate::cli::connect::Needs;
use crate::cli::connect::Services;
use crate::cli::failure::Failure;
use crate::cli::filter;
use crate::cli::output;
use crate::rpc::wire;

/// Arguments of `wenmai search`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// What to look for; several words are joined by spaces.
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,

    #[command(flatten)]
    filter: filter::Args,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let request = wire::SearchArticlesRequest {
        query: args.query.join(" "),
        filter: args.filter.filter()?,
        mode: args.filter.mode().into(),
        page_size: args.filter.limit,
        page_token: String::new(),
        view: output::view(args.json),
        collapse_reprints: Some(!args.filter.copies),
    };
    let services = Services::connect(&args.connect, Needs::Articles).await?;
    let answer = services.search().search_articles(connect::patient(request)).await;
    let shown = answer.map_err(Failure::from).and_then(|answer| {
        let answer = answer.into_inner();
        if args.json {
            output::json("SearchArticlesResponse", &answer)
        } else {
            output::hits(&answer.hits)
        }
    });
    services.close().await?;
    shown
}
