//! `wenmai topics show`.

use crate::connect;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::topics::label;
use crate::topics::span;
use crate::topics::spark::sparkline;
use crate::topics::topic_name;
use crate::topics::written;
use wenmai_proto::wire;

/// Bars of a topic's life.
const BARS: usize = 60;

/// Arguments of `wenmai topics show`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The topic (`topics/…` or its id); an old id leads to what it was merged into.
    #[arg(value_name = "TOPIC")]
    topic: String,

    /// Days of the timeline at most.
    #[arg(long, default_value_t = 12, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    days: i32,

    /// Articles at most.
    #[arg(long, short = 'n', default_value_t = 10, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,
}

pub(super) async fn run(services: &Services, args: Args, json: bool) -> Result<(), Failure> {
    let name = topic_name(&args.topic)?;
    let mut client = services.topics();
    let request = wire::GetTopicRequest { name: name.clone(), ..Default::default() };
    let topic = client.get_topic(connect::patient(request)).await?.into_inner();
    let request = wire::GetTopicTimelineRequest { name: name.clone(), limit: args.days };
    let timeline = client.get_topic_timeline(connect::patient(request)).await?.into_inner();
    let request = wire::ListTopicArticlesRequest {
        name,
        page_size: args.limit,
        view: output::view(json),
        ..Default::default()
    };
    let articles = client.list_topic_articles(connect::patient(request)).await?.into_inner();
    if json {
        output::json("GetTopicResponse", &topic)?;
        output::json("GetTopicTimelineResponse", &timeline)?;
        return output::json("ListTopicArticlesResponse", &articles);
    }
    print_topic(&topic)?;
    print_timeline(&timeline)?;
    print_articles(&articles)
}

fn print_topic(answer: &wire::GetTopicResponse) -> Result<(), Failure> {
    let topic = answer.topic.clone().unwrap_or_default();
    output::line(label(&topic))?;
    let mut facts = vec![format!("{} articles", topic.article_count), span(&topic)];
    if topic.event_count > 1 {
        facts.push(format!("{} events", topic.event_count));
    }
    if topic.is_named {
        facts.push("named by hand".to_owned());
    }
    if topic.is_pinned {
        facts.push("pinned".to_owned());
    }
    output::line(&format!("{} · {}", facts.join(" · "), topic.name))?;
    output::line(&sparkline(&topic.days, BARS))?;
    let sources: Vec<String> =
        topic.sources.iter().take(8).map(|one| format!("{} {}", one.source, one.count)).collect();
    for (what, words) in [
        ("about", &topic.keywords),
        ("persons", &topic.persons),
        ("places", &topic.places),
        ("organisations", &topic.organisations),
        ("sources", &sources),
    ] {
        if !words.is_empty() {
            output::line(&format!("{what}: {}", words.join(" ")))?;
        }
    }
    let named = answer.mentioned_days.iter().map(|one| written(one.date.as_ref()));
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        output::line(&format!("speaks of: {}", named.join(" ")))?;
    }
    for found in &answer.related {
        let other = found.topic.clone().unwrap_or_default();
        output::line(&format!("near, {:.2}: {} · {}", found.score, label(&other), other.name))?;
    }
    Ok(())
}

fn print_timeline(timeline: &wire::GetTopicTimelineResponse) -> Result<(), Failure> {
    output::line("\ntimeline")?;
    for entry in &timeline.entries {
        let record = entry.article.clone().unwrap_or_default().record.unwrap_or_default();
        let (day, count) = (written(entry.date.as_ref()), entry.published_count);
        let count = if count == 0 { "named".to_owned() } else { format!("{count}") };
        output::line(&format!("  {day}  {count:>5}  {}", output::headline(&record)))?;
    }
    Ok(())
}

fn print_articles(answer: &wire::ListTopicArticlesResponse) -> Result<(), Failure> {
    output::line("\nmost central")?;
    for member in &answer.articles {
        let article = member.article.clone().unwrap_or_default();
        let record = article.record.unwrap_or_default();
        let central = member.centrality.map(|share| format!("centrality {share:.2}"));
        let known = [output::day(&record), output::outlet(&record)];
        let mut facts: Vec<String> = known.into_iter().filter(|fact| !fact.is_empty()).collect();
        facts.extend(central);
        facts.push(article.name);
        output::line(&format!("  {}", output::headline(&record)))?;
        output::line(&format!("     {}", facts.join(" · ")))?;
    }
    let shown = u32::try_from(answer.articles.len()).unwrap_or(u32::MAX);
    if shown < answer.total_count {
        output::line(&format!("{shown} of {} articles; -n shows more", answer.total_count))?;
    }
    Ok(())
}
