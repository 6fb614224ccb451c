//! `TopicService`: topics listed, searched, followed, edited.

use std::collections::BTreeSet;
use std::time::Instant;

use futures::stream::BoxStream;
use tonic::Request;
use tonic::Response;
use tonic::Status;

use crate::Shared;
use crate::answer;
use crate::convert;
use crate::convert::View;
use crate::fitting;
use crate::page_token::Binding;
use crate::status::Failure;
use crate::status::refuse;
use crate::watch;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::filter::TopicFilter;
use wenmai_engine::Action;
use wenmai_engine::BATCH_ARTICLES_MAX;
use wenmai_engine::Cluster;
use wenmai_engine::ClusterSource;
use wenmai_engine::Clusters;
use wenmai_engine::Edit;
use wenmai_engine::Error;
use wenmai_engine::ListTopics;
use wenmai_engine::MemberArticle;
use wenmai_engine::Period;
use wenmai_engine::SearchTopics;
use wenmai_engine::ThemeList;
use wenmai_engine::Timeline;
use wenmai_engine::TimelineEntry;
use wenmai_engine::TopicArticles;
use wenmai_engine::TopicList;
use wenmai_engine::TopicOrder;
use wenmai_engine::TopicView;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::search_topics_request::Target;
use wenmai_proto::wire::topic_service_server::TopicService;

/// Topics or articles on a page, unless asked otherwise, and at most.
const PAGE_SIZE: u32 = 20;
const PAGE_SIZE_MAX: u32 = 100;
/// Topics of a search, unless asked otherwise, and at most.
const FOUND: u32 = 10;
const FOUND_MAX: u32 = 50;
/// Topics that trend, unless asked otherwise.
const TRENDING: u32 = 10;
/// Events and related stories that come with a story.
const EVENTS_MAX: usize = 100;
const RELATED: u32 = 5;
/// Days that a topic's articles name.
const MENTIONED_MAX: usize = 20;

/// The service.
pub struct TopicApi {
    shared: Shared,
}

impl TopicApi {
    /// Over the engine in `shared`.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }

    async fn edit(&self, edit: Edit) -> Result<TopicView, Status> {
        self.shared.engine.edit_topic(edit).await.map_err(refuse)
    }
}

#[tonic::async_trait]
impl TopicService for TopicApi {
    async fn list_topics(
        &self,
        request: Request<wire::ListTopicsRequest>,
    ) -> Result<Response<wire::ListTopicsResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("ListTopics", &request);
        let wire::ListTopicsRequest { level, from, to, filter, order, .. } = request;
        let before = binding.open_offset(&token).map_err(Failure::from)?;
        let asked = ListTopics {
            level: convert::level(level).map_err(Failure::from)?,
            period: period(from, to)?,
            filter: read_filter(&filter)?,
            order: convert::order(order).map_err(Failure::from)?,
            offset: before as usize,
            limit: limit(size, "page_size", PAGE_SIZE, PAGE_SIZE_MAX)?,
        };
        let found = self.shared.engine.list_topics(asked).await.map_err(refuse)?;
        let TopicList { topics, total_count, progress } = found;
        let mut topics: Vec<wire::Topic> = topics.into_iter().map(convert::topic).collect();
        topics.truncate(fitting(&topics));
        let next = before.saturating_add(convert::count32(topics.len()));
        let goes_on = !topics.is_empty() && (next as usize) < total_count;
        answer(wire::ListTopicsResponse {
            topics,
            next_page_token: if goes_on { binding.seal_offset(next) } else { String::new() },
            total_count: convert::count32(total_count),
            topics_version: progress.version,
            pending_count: progress.pending_count,
            timings: Some(convert::total(since)),
        })
    }

    async fn get_topic(
        &self,
        request: Request<wire::GetTopicRequest>,
    ) -> Result<Response<wire::GetTopicResponse>, Status> {
        let since = Instant::now();
        let wire::GetTopicRequest { name, view } = request.into_inner();
        let id = convert::topic_id(&name, "name").map_err(Failure::from)?;
        let view = convert::topic_view(view).map_err(Failure::from)?;
        let engine = &self.shared.engine;
        let topic = engine.topic(id).map_err(refuse)?;
        let (mut events, mut related, mut mentioned) = (Vec::new(), Vec::new(), Vec::new());
        if view != wire::TopicView::Basic {
            events = engine.events_of(id).map_err(refuse)?;
            events.truncate(EVENTS_MAX);
        }
        if view == wire::TopicView::Full {
            let most = Limit::new(RELATED).unwrap_or(Limit::MOST);
            related = engine.related_topics(id, most).await.map_err(refuse)?;
            mentioned = engine.topic_mentions(id, MENTIONED_MAX).await.map_err(refuse)?;
        }
        let day = |(day, count)| wire::DayCount { date: convert::written_day(day), count };
        answer(wire::GetTopicResponse {
            topic: Some(convert::topic(topic)),
            events: events.into_iter().map(convert::topic).collect(),
            related: related.into_iter().map(convert::found_topic).collect(),
            mentioned_days: mentioned.into_iter().map(day).collect(),
            timings: Some(convert::total(since)),
        })
    }

    async fn list_topic_articles(
        &self,
        request: Request<wire::ListTopicArticlesRequest>,
    ) -> Result<Response<wire::ListTopicArticlesResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("ListTopicArticles", &request);
        let wire::ListTopicArticlesRequest { name, view, .. } = request;
        let before = binding.open_offset(&token).map_err(Failure::from)?;
        let limit = limit(size, "page_size", PAGE_SIZE, PAGE_SIZE_MAX)?;
        let view = convert::view(view, View::Basic).map_err(Failure::from)?;
        let id = convert::topic_id(&name, "name").map_err(Failure::from)?;
        let found = self.shared.engine.topic_articles(id, before as usize, limit).await;
        let TopicArticles { topic, members, total_count } = found.map_err(refuse)?;
        let asked = convert::count32(members.len());
        let mut articles: Vec<wire::TopicArticle> = members
            .into_iter()
            .map(|MemberArticle { article, event, centrality }| wire::TopicArticle {
                article: Some(convert::stored(article, view)),
                event: convert::topic_name(event),
                centrality,
            })
            .collect();
        let kept = fitting(&articles);
        articles.truncate(kept);
        let next = before.saturating_add(asked.min(convert::count32(kept)));
        let goes_on = kept > 0 && (next as usize) < total_count;
        answer(wire::ListTopicArticlesResponse {
            articles,
            next_page_token: if goes_on { binding.seal_offset(next) } else { String::new() },
            total_count: convert::count32(total_count),
            topic: Some(convert::topic(topic)),
            timings: Some(convert::total(since)),
        })
    }

    async fn search_topics(
        &self,
        request: Request<wire::SearchTopicsRequest>,
    ) -> Result<Response<wire::SearchTopicsResponse>, Status> {
        let since = Instant::now();
        let wire::SearchTopicsRequest { target, level, limit: most } = request.into_inner();
        let asked = match target {
            Some(Target::Text(text)) => SearchTopics::Text(text),
            Some(Target::Article(name)) => {
                SearchTopics::Article(convert::id(&name, "article").map_err(Failure::from)?)
            }
            None => return Err(invalid("target", "is required: `text` or `article`")),
        };
        let level = convert::level(level).map_err(Failure::from)?;
        let most = limit(most, "limit", FOUND, FOUND_MAX)?;
        let found = self.shared.engine.search_topics(asked, level, most).await.map_err(refuse)?;
        answer(wire::SearchTopicsResponse {
            topics: found.topics.into_iter().map(convert::found_topic).collect(),
            timings: Some(convert::total(since)),
        })
    }

    async fn get_topic_timeline(
        &self,
        request: Request<wire::GetTopicTimelineRequest>,
    ) -> Result<Response<wire::GetTopicTimelineResponse>, Status> {
        let since = Instant::now();
        let wire::GetTopicTimelineRequest { name, limit: most } = request.into_inner();
        let id = convert::topic_id(&name, "name").map_err(Failure::from)?;
        let most = limit(most, "limit", PAGE_SIZE, PAGE_SIZE_MAX)?.count();
        let found = self.shared.engine.topic_timeline(id, most).await.map_err(refuse)?;
        let Timeline { topic, entries, article_count } = found;
        let entry = |entry: TimelineEntry| {
            let TimelineEntry { day, weight, published_count, mention_count, article } = entry;
            wire::TimelineEntry {
                date: convert::written_day(day),
                weight,
                published_count,
                mention_count,
                article: Some(convert::stored(article, View::Basic)),
            }
        };
        answer(wire::GetTopicTimelineResponse {
            topic: Some(convert::topic(topic)),
            entries: entries.into_iter().map(entry).collect(),
            article_count: convert::count32(article_count),
            timings: Some(convert::total(since)),
        })
    }

    async fn get_trending(
        &self,
        request: Request<wire::GetTrendingRequest>,
    ) -> Result<Response<wire::GetTrendingResponse>, Status> {
        let since = Instant::now();
        let wire::GetTrendingRequest { level, date, limit: most } = request.into_inner();
        let to = convert::day(date, "date").map_err(Failure::from)?;
        let asked = ListTopics {
            level: convert::level(level).map_err(Failure::from)?,
            period: Period { from: None, to },
            filter: TopicFilter::default(),
            order: TopicOrder::Burst,
            offset: 0,
            limit: limit(most, "limit", TRENDING, PAGE_SIZE_MAX)?,
        };
        let found = self.shared.engine.list_topics(asked).await.map_err(refuse)?;
        let bursts = found.topics.into_iter().filter(|topic| topic.measures.burst > 0.0);
        answer(wire::GetTrendingResponse {
            topics: bursts.map(convert::topic).collect(),
            topics_version: found.progress.version,
            timings: Some(convert::total(since)),
        })
    }

    async fn list_themes(
        &self,
        request: Request<wire::ListThemesRequest>,
    ) -> Result<Response<wire::ListThemesResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("ListThemes", &request);
        let wire::ListThemesRequest { from, to, topic, .. } = request;
        let of = Some(topic).filter(|topic| !topic.is_empty());
        let of = of.map(|topic| convert::topic_id(&topic, "topic")).transpose();
        let of = of.map_err(Failure::from)?;
        let before = binding.open_offset(&token).map_err(Failure::from)?;
        let most = limit(size, "page_size", PAGE_SIZE, PAGE_SIZE_MAX)?;
        let period = period(from, to)?;
        let found = self.shared.engine.list_themes(period, of, before as usize, most).await;
        let ThemeList { themes, total_count, version } = found.map_err(refuse)?;
        let themes: Vec<wire::Theme> = themes.into_iter().map(convert::theme).collect();
        let next = before.saturating_add(convert::count32(themes.len()));
        let goes_on = !themes.is_empty() && (next as usize) < total_count;
        answer(wire::ListThemesResponse {
            themes,
            next_page_token: if goes_on { binding.seal_offset(next) } else { String::new() },
            total_count: convert::count32(total_count),
            topics_version: version,
            timings: Some(convert::total(since)),
        })
    }

    async fn get_theme(
        &self,
        request: Request<wire::GetThemeRequest>,
    ) -> Result<Response<wire::GetThemeResponse>, Status> {
        let since = Instant::now();
        let wire::GetThemeRequest { name, limit: most } = request.into_inner();
        let id = convert::theme_id(&name, "name").map_err(Failure::from)?;
        let most = limit(most, "limit", PAGE_SIZE, PAGE_SIZE_MAX)?;
        let (theme, stories) = self.shared.engine.theme(id, most).await.map_err(refuse)?;
        let story =
            |(story, weight)| wire::ThemeStory { topic: Some(convert::topic(story)), weight };
        let mut stories: Vec<wire::ThemeStory> = stories.into_iter().map(story).collect();
        stories.truncate(fitting(&stories));
        answer(wire::GetThemeResponse {
            theme: Some(convert::theme(theme)),
            stories,
            timings: Some(convert::total(since)),
        })
    }

    async fn cluster_articles(
        &self,
        request: Request<wire::ClusterArticlesRequest>,
    ) -> Result<Response<wire::ClusterArticlesResponse>, Status> {
        let since = Instant::now();
        let wire::ClusterArticlesRequest { articles, filter } = request.into_inner();
        let of = if articles.is_empty() {
            ClusterSource::Passing(convert::filter(&filter).map_err(Failure::from)?)
        } else if filter.is_empty() {
            ClusterSource::Articles(article_ids(&articles, "articles")?.into_iter().collect())
        } else {
            return Err(invalid("filter", "is given together with `articles`"));
        };
        let found = self.shared.engine.cluster_articles(of).await.map_err(refuse)?;
        let Clusters { clusters, article_count, more } = found;
        answer(wire::ClusterArticlesResponse {
            clusters: clusters.into_iter().map(write_cluster).collect(),
            article_count: convert::count32(article_count),
            has_more: more,
            timings: Some(convert::total(since)),
        })
    }

    type WatchTopicsStream = BoxStream<'static, Result<wire::WatchTopicsResponse, Status>>;

    async fn watch_topics(
        &self,
        request: Request<wire::WatchTopicsRequest>,
    ) -> Result<Response<Self::WatchTopicsStream>, Status> {
        let wire::WatchTopicsRequest { since_version } = request.into_inner();
        let changes = self.shared.engine.watch_topics(since_version).map_err(refuse)?;
        Ok(Response::new(Box::pin(watch::changes(changes, self.shared.life.clone()))))
    }

    async fn merge_topics(
        &self,
        request: Request<wire::MergeTopicsRequest>,
    ) -> Result<Response<wire::MergeTopicsResponse>, Status> {
        let wire::MergeTopicsRequest { name, other, etag } = request.into_inner();
        let other = convert::topic_id(&other, "other").map_err(Failure::from)?;
        let topic = self.edit(edit(&name, &etag, Action::Merge(other))?).await?;
        answer(wire::MergeTopicsResponse { topic: Some(convert::topic(topic)) })
    }

    async fn split_topic(
        &self,
        request: Request<wire::SplitTopicRequest>,
    ) -> Result<Response<wire::SplitTopicResponse>, Status> {
        let wire::SplitTopicRequest { name, articles, etag } = request.into_inner();
        let articles = article_ids(&articles, "articles")?;
        let asked = edit(&name, &etag, Action::Split(articles))?;
        let id = asked.topic;
        let new_topic = self.edit(asked).await?;
        let rest = self.shared.engine.topic(id).map_err(refuse)?;
        answer(wire::SplitTopicResponse {
            new_topic: Some(convert::topic(new_topic)),
            rest: Some(convert::topic(rest)),
        })
    }

    async fn update_topic(
        &self,
        request: Request<wire::UpdateTopicRequest>,
    ) -> Result<Response<wire::UpdateTopicResponse>, Status> {
        let wire::UpdateTopicRequest { name, label, is_pinned, add_articles, etag } =
            request.into_inner();
        let articles = article_ids(&add_articles, "add_articles")?;
        let action = Action::Update { label, pinned: is_pinned, articles };
        let topic = self.edit(edit(&name, &etag, action)?).await?;
        answer(wire::UpdateTopicResponse { topic: Some(convert::topic(topic)) })
    }
}

fn edit(name: &str, etag: &str, action: Action) -> Result<Edit, Status> {
    let topic = convert::topic_id(name, "name").map_err(Failure::from)?;
    let revision = convert::revision(etag).map_err(Failure::from)?;
    Ok(Edit { topic, revision, action })
}

fn article_ids(names: &[String], field: &str) -> Result<BTreeSet<ArticleId>, Status> {
    if names.len() > BATCH_ARTICLES_MAX {
        let (limit, given) = (BATCH_ARTICLES_MAX, names.len());
        return Err(refuse(Error::BatchTooLarge { limit, given }));
    }
    let ids = names.iter().enumerate();
    let read = ids.map(|(at, name)| convert::id(name, &format!("{field}[{at}]")));
    read.collect::<Result<_, _>>().map_err(|violation| Failure::from(violation).into())
}

fn period(from: Option<wire::Date>, to: Option<wire::Date>) -> Result<Period, Status> {
    let from = convert::day(from, "from").map_err(Failure::from)?;
    let to = convert::day(to, "to").map_err(Failure::from)?;
    if from.is_some_and(|from| to.is_some_and(|to| to < from)) {
        return Err(invalid("to", "is before `from`"));
    }
    Ok(Period { from, to })
}

fn read_filter(text: &str) -> Result<TopicFilter, Status> {
    let parsed = TopicFilter::parse(text);
    parsed.map_err(|error| invalid("filter", &error.to_string()))
}

/// Reads a number of things: 0 is `default`, more than `max` is `max`.
fn limit(number: i32, field: &str, default: u32, max: u32) -> Result<Limit, Status> {
    let read = convert::page_size(number, default, max);
    read.map_err(|wrong| invalid(field, &wrong.description))
}

fn invalid(field: &str, description: &str) -> Status {
    Failure::from(Violation::new(field, description)).into()
}

fn write_cluster(from: Cluster) -> wire::ArticleCluster {
    let Cluster { face, events } = from;
    let article_count = convert::count32(events.iter().map(Vec::len).sum());
    let event = |articles: Vec<ArticleId>| wire::ArticleClusterEvent {
        articles: articles.into_iter().map(convert::name).collect(),
    };
    wire::ArticleCluster {
        label: face.label,
        keywords: face.keywords,
        events: events.into_iter().map(event).collect(),
        article_count,
    }
}
