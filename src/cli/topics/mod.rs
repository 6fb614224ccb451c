//! `wenmai topics`: which topics run through the archive, how one unfolded, what changed, and edits.

mod edit;
mod export;
mod list;
mod recluster;
mod show;
mod spark;
mod watch;

use clap::Subcommand;
use jiff::civil::Date;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::TopicId;
use wenmai_engine::Rebuilt;
use wenmai_proto::wire;

/// Arguments of `wenmai topics`.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    list: With<list::Args>,
}

/// What a subcommand takes, and what every one takes.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct With<A: clap::Args> {
    #[command(flatten)]
    args: A,

    #[command(flatten)]
    connect: connect::Args,

    /// Print JSON: one object, or one a line where there are many.
    #[arg(long)]
    json: bool,
}

/// What `wenmai topics rebuild` takes of its own: nothing.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct RebuildArgs {}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// List topics, the hottest first; what `wenmai topics` alone does.
    List(With<list::Args>),
    /// Show one topic: what it is about, its timeline, its central articles.
    Show(With<show::Args>),
    /// Print changes of topics as they happen.
    Watch(With<watch::Args>),
    /// Make two topics one; the older stays.
    Merge(With<edit::MergeArgs>),
    /// Put articles of a topic into a new one.
    Split(With<edit::SplitArgs>),
    /// Give a topic a name, or let it name itself again.
    Rename(With<edit::RenameArgs>),
    /// Keep a topic from being merged or divided by the program.
    Pin(With<edit::PinArgs>),
    /// Move articles into a topic.
    Move(With<edit::MoveArgs>),
    /// Write topics with their articles: JSON, CSV, or a brief in Markdown.
    Export(With<export::Args>),
    /// Place all that is stored and has no topic, such as an index of a time before topics, and look
    /// at all topics again.
    Rebuild(With<RebuildArgs>),
    /// Cluster the articles of some days anew. Topics keep the names that most of their articles had, a
    /// topic that loses all its articles leads to another, and what a person merged, divided, moved,
    /// named or pinned stays as it is.
    Recluster(With<recluster::Args>),
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

/// Runs a subcommand over the services that its arguments name.
macro_rules! over {
    ($with:expr, $run:path) => {{
        let With { args, connect, json } = $with;
        let services = Services::connect(&connect, Needs::Topics).await?;
        let done = $run(&services, args, json).await;
        services.close().await?;
        done
    }};
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Args { command, list } = args;
    match command.unwrap_or(Command::List(list)) {
        Command::List(with) => over!(with, list::run),
        Command::Show(with) => over!(with, show::run),
        Command::Watch(with) => over!(with, watch::run),
        Command::Merge(with) => over!(with, edit::merge),
        Command::Split(with) => over!(with, edit::split),
        Command::Rename(with) => over!(with, edit::rename),
        Command::Pin(with) => over!(with, edit::pin),
        Command::Move(with) => over!(with, edit::take),
        Command::Export(with) => over!(with, export::run),
        Command::Rebuild(with) => over!(with, rebuild),
        Command::Recluster(with) => over!(with, recluster::run),
    }
}

async fn rebuild(services: &Services, _args: RebuildArgs, json: bool) -> Result<(), Failure> {
    let Some(engine) = services.engine() else {
        let what = "works on the data folder of this machine, not on a server";
        return Err(Failure::Usage(format!("`topics rebuild` {what}")));
    };
    let Rebuilt { placed_count, removed_count, groups_mended } = engine.rebuild_topics().await?;
    let version = engine.topics_progress().await?.version;
    if json {
        let told = serde_json::json!({
            "placed_count": placed_count,
            "removed_count": removed_count,
            "groups_mended": groups_mended,
            "topics_version": version,
        });
        return output::line(&told.to_string());
    }
    let mended = match (removed_count, groups_mended) {
        (0, 0) => String::new(),
        _ => format!(
            ", {removed_count} that are not stored taken out, {groups_mended} groups of reprints \
             mended"
        ),
    };
    output::line(&format!(
        "{placed_count} articles placed{mended}; topics are at version {version}"
    ))
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

/// `2024-03-14`, empty where there is none.
fn written(date: Option<&wire::Date>) -> String {
    date.map_or_else(String::new, |date| {
        let wire::Date { year, month, day } = date;
        format!("{year:04}-{month:02}-{day:02}")
    })
}

/// The days from the first article of a topic to its last.
pub(super) fn span(topic: &wire::Topic) -> String {
    let first = written(topic.days.first().and_then(|day| day.date.as_ref()));
    let last = written(topic.days.last().and_then(|day| day.date.as_ref()));
    if first == last { first } else { format!("{first} – {last}") }
}

pub(super) fn label(topic: &wire::Topic) -> &str {
    if topic.label.is_empty() { "(no headline)" } else { &topic.label }
}
