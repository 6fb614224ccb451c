//! `wenmai suggest`: what may be typed to the end, what may have been meant.

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use wenmai_proto::wire;
use wenmai_proto::wire::SuggestionKind;

/// Arguments of `wenmai suggest`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// What was typed so far: characters, pinyin in full or by initials, or a query that may be
    /// mistyped; several words are joined by spaces.
    #[arg(required = true, value_name = "TYPED")]
    typed: Vec<String>,

    /// How many suggestions at most.
    #[arg(short = 'n', long, default_value_t = 10, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=50))]
    limit: i32,

    /// The day that words such as 昨天 are read against; without it today.
    #[arg(long, value_name = "DAY")]
    as_of: Option<jiff::civil::Date>,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let request = wire::SuggestQueriesRequest {
        text: args.typed.join(" "),
        limit: args.limit,
        wait: true,
        as_of: args.as_of.map(day),
    };
    let services = Services::connect(&args.connect, Needs::Topics).await?;
    let answer = services.search().suggest_queries(connect::patient(request)).await;
    let shown = answer.map_err(Failure::from).and_then(|answer| {
        let answer = answer.into_inner();
        if args.json { output::json("SuggestQueriesResponse", &answer) } else { print(&answer) }
    });
    services.close().await?;
    shown
}

/// A day as the contract has it.
pub(super) fn day(day: jiff::civil::Date) -> wire::Date {
    wire::Date { year: day.year().into(), month: day.month().into(), day: day.day().into() }
}

fn print(answer: &wire::SuggestQueriesResponse) -> Result<(), Failure> {
    for one in &answer.suggestions {
        let (kind, count) = (kind(one.kind()), one.article_count);
        let articles = if count == 1 { "article" } else { "articles" };
        output::line(&format!("{}  ({kind}, {count} {articles})", one.text))?;
    }
    if answer.suggestions.is_empty() {
        output::line("nothing begins so")?;
    }
    hints(&answer.corrections, &answer.offers);
    Ok(())
}

/// Says on standard error what may have been meant, and which conditions may be meant.
pub(super) fn hints(corrections: &[wire::QueryCorrection], offers: &[wire::QueryOffer]) {
    let meant: Vec<&str> = corrections.iter().map(|one| one.query.as_str()).collect();
    if !meant.is_empty() {
        output::note(&format!("did you mean: {}", meant.join("; ")));
    }
    for offer in offers {
        output::note(&format!("condition for {}: {}", offer.written, offer.query));
    }
}

fn kind(kind: SuggestionKind) -> &'static str {
    match kind {
        SuggestionKind::Person => "person",
        SuggestionKind::Organisation => "organisation",
        SuggestionKind::Place => "place",
        SuggestionKind::Topic => "topic",
        SuggestionKind::Paper => "paper",
        SuggestionKind::Source => "source",
        SuggestionKind::Word => "word",
        SuggestionKind::Title => "headline",
        SuggestionKind::Unspecified => "other",
    }
}
