//! `wenmai topics`: which topics run through the archive, how one unfolded, what changed, and edits.

mod edit;
mod export;
mod list;
mod show;
mod spark;
mod watch;

use clap::Subcommand;
use jiff::civil::Date;

use crate::cli::connect;
use crate::cli::connect::Needs;
use crate::cli::connect::Services;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::domain::id::ArticleId;
use crate::domain::topic::TopicId;
use crate::rpc::wire;

/// Arguments of `wenmai topics`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    list: list::Args,

    #[command(flatten)]
    connect: connect::Args,

    /// Print JSON: one object, or one a line where there are many.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// List topics, the hottest first; what `wenmai topics` alone does.
    List(list::Args),
    /// Show one topic: what it is about, its timeline, its central articles.
    Show(show::Args),
    /// Print changes of topics as they happen.
    Watch(watch::Args),
    /// Make two topics one; the older stays.
    Merge(edit::MergeArgs),
    /// Put articles of a topic into a new one.
    Split(edit::SplitArgs),
    /// Give a topic a name, or let it name itself again.
    Rename(edit::RenameArgs),
    /// Keep a topic from being merged or divided by the program.
    Pin(edit::PinArgs),
    /// Move articles into a topic.
    Move(edit::MoveArgs),
    /// Write topics with their articles: JSON, CSV, or a brief in Markdown.
    Export(export::Args),
    /// Place all that is stored and has no topic, such as an index of a time before topics, and look
    /// at all topics again.
    Rebuild,
}

/// Which days count.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
struct Days {
    /// Only articles of this day and later.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,

    /// Only articles of this day and earlier.
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Args { command, list, connect, json } = args;
    let services = Services::connect(&connect, Needs::Articles).await?;
    let done = match command.unwrap_or(Command::List(list)) {
        Command::List(args) => list::run(&services, args, json).await,
        Command::Show(args) => show::run(&services, args, json).await,
        Command::Watch(args) => watch::run(&services, &args, json).await,
        Command::Merge(args) => edit::merge(&services, args, json).await,
        Command::Split(args) => edit::split(&services, args, json).await,
        Command::Rename(args) => edit::rename(&services, args, json).await,
        Command::Pin(args) => edit::pin(&services, args, json).await,
        Command::Move(args) => edit::take(&services, args, json).await,
        Command::Export(args) => export::run(&services, args).await,
        Command::Rebuild => rebuild(&services).await,
    };
    services.close().await?;
    done
}

async fn rebuild(services: &Services) -> Result<(), Failure> {
    let Some(engine) = services.engine() else {
        let what = "works on the data folder of this machine, not on a server";
        return Err(Failure::Usage(format!("`topics rebuild` {what}")));
    };
    let count = engine.rebuild_topics().await?;
    let version = engine.topics_progress().await?.version;
    output::line(&format!("{count} articles placed; topics are at version {version}"))
}

/// A topic's resource name, from that or the id alone.
fn topic_name(text: &str) -> Result<String, Failure> {
    let id = text.strip_prefix("topics/").unwrap_or(text).parse::<TopicId>();
    let id = id.map_err(|_no_id| Failure::Usage(format!("`{text}` is no topic's id")))?;
    Ok(format!("topics/{id}"))
}

/// An article's resource name, from that or the id alone.
fn article_name(text: &str) -> Result<String, Failure> {
    let id = text.strip_prefix("articles/").unwrap_or(text).parse::<ArticleId>();
    let id = id.map_err(|_no_id| Failure::Usage(format!("`{text}` is no article's id")))?;
    Ok(format!("articles/{id}"))
}

fn date(day: Date) -> wire::Date {
    wire::Date { year: day.year().into(), month: day.month().into(), day: day.day().into() }
}

/// `2024-03-14`, empty where there is none.
fn written(date: Option<&wire::Date>) -> String {
    date.map_or_else(String::new, |date| {
        let wire::Date { year, month, day } = date;
        format!("{year:04}-{month:02}-{day:02}")
    })
}

/// The days from the first article of a topic to its last.
fn span(topic: &wire::Topic) -> String {
    let first = written(topic.days.first().and_then(|day| day.date.as_ref()));
    let last = written(topic.days.last().and_then(|day| day.date.as_ref()));
    if first == last { first } else { format!("{first} – {last}") }
}

fn label(topic: &wire::Topic) -> &str {
    if topic.label.is_empty() { "(no headline)" } else { &topic.label }
}
