//! `wenmai topics merge`, `split`, `rename`, `pin` and `move`.

use crate::connect;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::topics::article_name;
use crate::topics::label;
use crate::topics::topic_name;
use wenmai_proto::wire;

/// Which topic, and as last seen when.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Topic {
    /// The topic (`topics/…` or its id).
    #[arg(value_name = "TOPIC")]
    topic: String,

    /// Its etag as last seen; refused if it changed since. Without it, whatever it is.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "ETAG")]
    etag: String,
}

/// Arguments of `wenmai topics merge`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct MergeArgs {
    #[command(flatten)]
    topic: Topic,

    /// The other one.
    #[arg(value_name = "OTHER")]
    other: String,
}

/// Arguments of `wenmai topics split`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct SplitArgs {
    #[command(flatten)]
    topic: Topic,

    /// Articles (`articles/…` or their ids) that go into a new topic.
    #[arg(value_name = "ARTICLE", required = true)]
    articles: Vec<String>,
}

/// Arguments of `wenmai topics rename`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct RenameArgs {
    #[command(flatten)]
    topic: Topic,

    /// The name; empty lets the topic name itself again.
    #[arg(value_name = "LABEL")]
    label: String,
}

/// Arguments of `wenmai topics pin`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct PinArgs {
    #[command(flatten)]
    topic: Topic,

    /// Take the pin back.
    #[arg(long)]
    off: bool,
}

/// Arguments of `wenmai topics move`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct MoveArgs {
    #[command(flatten)]
    topic: Topic,

    /// Articles (`articles/…` or their ids) that belong to the topic.
    #[arg(value_name = "ARTICLE", required = true)]
    articles: Vec<String>,
}

pub(super) async fn merge(services: &Services, args: MergeArgs, json: bool) -> Result<(), Failure> {
    let MergeArgs { topic: Topic { topic, etag }, other } = args;
    let (name, other) = (topic_name(&topic)?, topic_name(&other)?);
    let request = wire::MergeTopicsRequest { name, other, etag };
    let answer = services.topics().merge_topics(connect::patient(request)).await?.into_inner();
    if json {
        return output::json("MergeTopicsResponse", &answer);
    }
    told("both are", answer.topic.as_ref())
}

pub(super) async fn split(services: &Services, args: SplitArgs, json: bool) -> Result<(), Failure> {
    let SplitArgs { topic: Topic { topic, etag }, articles } = args;
    let articles = articles.iter().map(|name| article_name(name)).collect::<Result<_, _>>()?;
    let request = wire::SplitTopicRequest { name: topic_name(&topic)?, articles, etag };
    let answer = services.topics().split_topic(connect::patient(request)).await?.into_inner();
    if json {
        return output::json("SplitTopicResponse", &answer);
    }
    told("new:", answer.new_topic.as_ref())?;
    told("rest:", answer.rest.as_ref())
}

pub(super) async fn rename(
    services: &Services,
    args: RenameArgs,
    json: bool,
) -> Result<(), Failure> {
    let RenameArgs { topic, label } = args;
    let change = wire::UpdateTopicRequest { label: Some(label), ..Default::default() };
    update(services, topic, change, json).await
}

pub(super) async fn pin(services: &Services, args: PinArgs, json: bool) -> Result<(), Failure> {
    let PinArgs { topic, off } = args;
    let change = wire::UpdateTopicRequest { is_pinned: Some(!off), ..Default::default() };
    update(services, topic, change, json).await
}

pub(super) async fn take(services: &Services, args: MoveArgs, json: bool) -> Result<(), Failure> {
    let MoveArgs { topic, articles } = args;
    let add_articles = articles.iter().map(|name| article_name(name)).collect::<Result<_, _>>()?;
    let change = wire::UpdateTopicRequest { add_articles, ..Default::default() };
    update(services, topic, change, json).await
}

async fn update(
    services: &Services,
    topic: Topic,
    change: wire::UpdateTopicRequest,
    json: bool,
) -> Result<(), Failure> {
    let name = topic_name(&topic.topic)?;
    let request = wire::UpdateTopicRequest { name, etag: topic.etag, ..change };
    let answer = services.topics().update_topic(connect::patient(request)).await?.into_inner();
    if json {
        return output::json("UpdateTopicResponse", &answer);
    }
    told("now:", answer.topic.as_ref())
}

fn told(what: &str, topic: Option<&wire::Topic>) -> Result<(), Failure> {
    let Some(topic) = topic else { return Ok(()) };
    let pinned = if topic.is_pinned { " · pinned" } else { "" };
    let (count, name) = (topic.article_count, &topic.name);
    output::line(&format!("{what} {} · {count} articles{pinned} · {name}", label(topic)))
}
