//! `wenmai topics watch`.

use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::resumed::is_connection_ended;
use wenmai_proto::wire;
use wenmai_proto::wire::topic_correction::Correction;
use wenmai_proto::wire::watch_topics_response::Change;

/// Arguments of `wenmai topics watch`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Changes after this version; 0 for all.
    #[arg(long, default_value_t = 0, value_name = "VERSION")]
    since: u64,

    /// End once all changes are shown that there are now.
    #[arg(long)]
    once: bool,
}

pub(super) async fn run(services: &Services, args: Args, json: bool) -> Result<(), Failure> {
    let mut client = services.topics();
    let request = wire::ListTopicsRequest { page_size: 1, ..Default::default() };
    let now = client.list_topics(request).await?.into_inner().topics_version;
    if args.once && args.since == now {
        return Ok(());
    }
    let mut version = args.since;
    let request = |since_version| wire::WatchTopicsRequest { since_version };
    let mut changes = client.watch_topics(request(version)).await?.into_inner();
    loop {
        let change = match changes.message().await {
            Ok(Some(change)) => change,
            Ok(None) => return Ok(()),
            // No connection lasts for ever; the next one goes on where this one ended.
            Err(status) if is_connection_ended(&status) => {
                changes = client.watch_topics(request(version)).await?.into_inner();
                continue;
            }
            Err(status) => return Err(status.into()),
        };
        version = change.version;
        if json {
            output::json("WatchTopicsResponse", &change)?;
        } else {
            print(&change)?;
        }
        if args.once && version >= now {
            return Ok(());
        }
    }
}

fn print(change: &wire::WatchTopicsResponse) -> Result<(), Failure> {
    let what = match &change.change {
        None => "unknown to this version".to_owned(),
        Some(Change::Assigned(one)) => format!("{} joins {}", one.article, one.story),
        Some(Change::RemovedArticle(name)) => format!("{name} leaves"),
        Some(Change::Merged(merged)) => merged_text(merged),
        Some(Change::Split(split)) => split_text(split),
        Some(Change::Moved(moved)) => format!("{} articles moved", moved.moves.len()),
        Some(Change::Renamed(one)) if one.label.is_empty() => {
            format!("{} names itself", one.topic)
        }
        Some(Change::Renamed(one)) => format!("{} is called “{}”", one.topic, one.label),
        Some(Change::Pinned(one)) if one.is_pinned => format!("{} is pinned", one.topic),
        Some(Change::Pinned(one)) => format!("{} is not pinned any more", one.topic),
        Some(Change::Repaired(_)) => "looked again".to_owned(),
    };
    output::line(&format!("{:>8}  {what}", change.version))?;
    for one in &change.corrections {
        let text = match &one.correction {
            Some(Correction::Merged(merged)) => merged_text(merged),
            Some(Correction::Split(split)) => split_text(split),
            None => continue,
        };
        output::line(&format!("          {text}"))?;
    }
    for one in &change.labelled {
        let topics = one.topics.join(" ");
        output::line(&format!("          “{}” is the label of {topics}", one.label))?;
    }
    Ok(())
}

fn merged_text(merged: &wire::TopicsMerged) -> String {
    format!("{} takes in {}", merged.kept, merged.gone)
}

fn split_text(split: &wire::TopicSplit) -> String {
    format!("{} gives {} articles to {}", split.from, split.articles.len(), split.new_topic)
}
