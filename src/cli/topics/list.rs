//! `wenmai topics list`.

use clap::ValueEnum;

use crate::connect;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::topics::Days;
use crate::topics::label;
use crate::topics::span;
use crate::topics::spark::sparkline;
use wenmai_proto::wire;
use wenmai_proto::wire::search_topics_request::Target;
use wenmai_rpc::date_to_wire;

/// Bars of a topic's life.
const BARS: usize = 14;
/// Keywords and places in a row.
const WORDS: usize = 4;

/// Arguments of `wenmai topics list`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Topics that fit these words, best first, instead of a list.
    #[arg(long, value_name = "WORDS")]
    search: Option<String>,

    /// Events instead of stories.
    #[arg(long)]
    events: bool,

    /// Topics that burst above what they were.
    #[arg(long)]
    trending: bool,

    /// What comes first.
    #[arg(long, value_enum, default_value_t = OrderArg::Heat)]
    order: OrderArg,

    /// Which topics, such as 'size >= 3 AND place = 聊城 AND -status = closed'.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    filter: String,

    #[command(flatten)]
    days: Days,

    /// How many at most, 1 to 100.
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OrderArg {
    /// The hottest.
    Heat,
    /// Those with the most articles.
    Size,
    /// Those with the newest article.
    Recency,
}

impl Args {
    /// The list that is asked for, from its beginning.
    pub(super) fn request(&self, page_size: i32) -> wire::ListTopicsRequest {
        let order = match self.order {
            OrderArg::Heat => wire::TopicOrder::Heat,
            OrderArg::Size => wire::TopicOrder::Size,
            OrderArg::Recency => wire::TopicOrder::Recency,
        };
        wire::ListTopicsRequest {
            level: self.level().into(),
            from: self.days.from.map(date_to_wire),
            to: self.days.to.map(date_to_wire),
            filter: self.filter.clone(),
            order: order.into(),
            page_size,
            page_token: String::new(),
        }
    }

    pub(super) fn limit(&self) -> i32 {
        self.limit
    }

    fn level(&self) -> wire::TopicLevel {
        if self.events { wire::TopicLevel::Event } else { wire::TopicLevel::Story }
    }
}

pub(super) async fn run(services: &Services, args: Args, json: bool) -> Result<(), Failure> {
    let mut client = services.topics();
    if let Some(text) = &args.search {
        let request = wire::SearchTopicsRequest {
            target: Some(Target::Text(text.clone())),
            level: args.level().into(),
            limit: args.limit.min(50),
        };
        let found = client.search_topics(connect::patient(request)).await?.into_inner();
        if json {
            return output::json("SearchTopicsResponse", &found);
        }
        let topics = found.topics.into_iter().filter_map(|found| found.topic).collect();
        return print(topics, None);
    }
    if args.trending {
        let request = wire::GetTrendingRequest {
            level: args.level().into(),
            date: args.days.to.map(date_to_wire),
            limit: args.limit,
        };
        let found = client.get_trending(connect::patient(request)).await?.into_inner();
        if json {
            return output::json("GetTrendingResponse", &found);
        }
        return print(found.topics, None);
    }
    let request = args.request(args.limit);
    let found = client.list_topics(connect::patient(request)).await?.into_inner();
    if json {
        return output::json("ListTopicsResponse", &found);
    }
    let (total, pending) = (found.total_count, found.pending_count);
    print(found.topics, Some(total))?;
    if pending > 0 {
        let what =
            "articles have no topic yet; `wenmai topics rebuild` places what is not on its way";
        output::note(&format!("{pending} {what}"));
    }
    Ok(())
}

fn print(topics: Vec<wire::Topic>, total: Option<u32>) -> Result<(), Failure> {
    if topics.is_empty() {
        return output::line("no topics");
    }
    let shown = u32::try_from(topics.len()).unwrap_or(u32::MAX);
    for topic in topics {
        let mut facts = vec![format!("{} articles", topic.article_count), span(&topic)];
        if topic.source_count > 1 {
            facts.push(format!("{} sources", topic.source_count));
        }
        if topic.event_count > 1 {
            facts.push(format!("{} events", topic.event_count));
        }
        facts.push(format!("heat {:.1}", topic.heat));
        if topic.is_pinned {
            facts.push("pinned".to_owned());
        }
        let words: Vec<&str> = topic.keywords.iter().take(WORDS).map(String::as_str).collect();
        facts.push(words.join(" "));
        let places: Vec<&str> = topic.places.iter().take(WORDS).map(String::as_str).collect();
        facts.push(places.join(" "));
        facts.retain(|fact| !fact.is_empty());
        output::line(&format!("{}  {}", label(&topic), sparkline(&topic.days, BARS)))?;
        output::line(&format!("     {}", facts.join(" · ")))?;
        output::line(&format!("     {}", topic.name))?;
    }
    match total.filter(|total| *total > shown) {
        Some(total) => output::line(&format!("{shown} of {total} topics; -n shows more")),
        None => Ok(()),
    }
}
