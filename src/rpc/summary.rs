//! `SummaryService`: what articles say in brief, cited.

use std::time::Instant;

use tonic::Request;
use tonic::Response;
use tonic::Status;

use crate::Shared;
use crate::answer;
use crate::convert;
use crate::convert::count32;
use crate::convert::summary;
use crate::status::Failure;
use crate::status::refuse;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_engine::SUMMARIZED_MAX;
use wenmai_engine::Search;
use wenmai_engine::SummarizeArticle;
use wenmai_engine::SummarizeArticles;
use wenmai_engine::SummarizeTopic;
use wenmai_engine::SummarySource;
use wenmai_engine::Target;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::summarize_article_request::Target as Of;
use wenmai_proto::wire::summary_service_server::SummaryService;

/// Articles of a search, unless asked otherwise.
const ARTICLE_COUNT: u32 = 50;

/// The service.
pub struct SummaryApi {
    shared: Shared,
}

impl SummaryApi {
    /// Over the engine in `shared`.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[tonic::async_trait]
impl SummaryService for SummaryApi {
    async fn summarize_article(
        &self,
        request: Request<wire::SummarizeArticleRequest>,
    ) -> Result<Response<wire::SummarizeArticleResponse>, Status> {
        let since = Instant::now();
        let request = request.into_inner();
        let wire::SummarizeArticleRequest { target, style, budget_chars, rewrite } = request;
        let style = summary::style(style, budget_chars).map_err(Failure::from)?;
        let target = read_target(target).map_err(Failure::from)?;
        let asked = SummarizeArticle { target, budget: style.budget, rewrite };
        let found = self.shared.engine.summarize_article(asked).await.map_err(refuse)?;
        let timings = convert::search_timings(found.timings, since);
        let response = summary::of_article(found);
        answer(wire::SummarizeArticleResponse { timings: Some(timings), ..response })
    }

    async fn summarize_articles(
        &self,
        request: Request<wire::SummarizeArticlesRequest>,
    ) -> Result<Response<wire::SummarizeArticlesResponse>, Status> {
        let since = Instant::now();
        let request = request.into_inner();
        let style = summary::style(request.style, request.budget_chars).map_err(Failure::from)?;
        let options = request.options.clone().unwrap_or_default();
        let (style, telling) =
            summary::telling(style, options, request.rewrite).map_err(Failure::from)?;
        if telling.since_version > 0 {
            let what = "is of topics; ask for articles `since` a time";
            return Err(Failure::from(Violation::new("options.since_version", what)).into());
        }
        let source = read_source(request).map_err(Failure::from)?;
        let asked = SummarizeArticles { source, telling };
        let found = self.shared.engine.summarize_articles(asked).await.map_err(refuse)?;
        let timings = convert::search_timings(found.timings, since);
        let response = summary::of_articles(found, style);
        answer(wire::SummarizeArticlesResponse { timings: Some(timings), ..response })
    }

    async fn summarize_topic(
        &self,
        request: Request<wire::SummarizeTopicRequest>,
    ) -> Result<Response<wire::SummarizeTopicResponse>, Status> {
        let since = Instant::now();
        let request = request.into_inner();
        let wire::SummarizeTopicRequest { name, style, budget_chars, rewrite, options } = request;
        let style = summary::style(style, budget_chars).map_err(Failure::from)?;
        let options = options.unwrap_or_default();
        let (style, telling) = summary::telling(style, options, rewrite).map_err(Failure::from)?;
        let id = convert::topic_id(&name, "name").map_err(Failure::from)?;
        let asked = SummarizeTopic { id, telling };
        let found = self.shared.engine.summarize_topic(asked).await;
        let (id, found) = found.map_err(refuse)?;
        let timings = Some(convert::search_timings(found.timings, since));
        let told = summary::of_articles(found, style);
        answer(wire::SummarizeTopicResponse {
            name: convert::topic_name(id),
            summary: Some(wire::SummarizeArticlesResponse { timings, ..told }),
        })
    }
}

fn read_target(target: Option<Of>) -> Result<Target, Violation> {
    match target {
        Some(Of::Article(name)) => Ok(Target::Stored(convert::id(&name, "article")?)),
        Some(Of::Given(record)) => Ok(Target::Given(Box::new(convert::record(record, "given.")?))),
        Some(Of::Text(text)) => Ok(Target::Given(Box::new(summary::pasted(&text)))),
        None => Err(Violation::new("target", "is required: `article`, `given` or `text`")),
    }
}

fn read_source(request: wire::SummarizeArticlesRequest) -> Result<SummarySource, Violation> {
    let wire::SummarizeArticlesRequest {
        articles,
        query,
        filter,
        article_count,
        style: _,
        budget_chars: _,
        rewrite: _,
        options: _,
    } = request;
    let asked = u32::try_from(article_count)
        .map_err(|_negative| Violation::new("article_count", "is negative"))?;
    let searches = !query.trim().is_empty() || !filter.trim().is_empty();
    if !searches || !articles.is_empty() {
        if searches {
            let what = "excludes `query` and `filter`: name articles, or search for some";
            return Err(Violation::new("articles", what));
        }
        let named = articles.iter().enumerate();
        let ids = named.map(|(at, name)| convert::id(name, &format!("articles[{at}]")));
        return Ok(SummarySource::Named(ids.collect::<Result<Vec<ArticleId>, _>>()?));
    }
    let count = if asked == 0 { ARTICLE_COUNT } else { asked.min(count32(SUMMARIZED_MAX)) };
    let limit =
        Limit::new(count).map_err(|error| Violation::new("article_count", error.to_string()))?;
    Ok(SummarySource::Found(Box::new(Search {
        text: query,
        filter: convert::filter(&filter)?,
        mode: Mode::Hybrid,
        collapse: true,
        offset: 0,
        limit,
    })))
}

#[cfg(test)]
mod tests {
    use super::SummarySource;
    use super::read_source;
    use wenmai_proto::wire::SummarizeArticlesRequest;

    fn request(query: &str, article_count: i32) -> SummarizeArticlesRequest {
        SummarizeArticlesRequest { query: query.into(), article_count, ..Default::default() }
    }

    #[test]
    fn a_search_takes_its_count_and_names_exclude_it() {
        let limit = |count| match read_source(request("洪水", count)) {
            Ok(SummarySource::Found(search)) => search.limit.count(),
            other => panic!("{other:?}"),
        };
        assert_eq!((limit(0), limit(7), limit(9_999)), (50, 7, 200));
        assert_eq!(read_source(request("洪水", -1)).unwrap_err().field, "article_count");
        let both = SummarizeArticlesRequest { articles: vec!["x".into()], ..request("洪水", 0) };
        assert_eq!(read_source(both).unwrap_err().field, "articles");
        let wrong = SummarizeArticlesRequest { articles: vec!["x".into()], ..request("", 0) };
        assert_eq!(read_source(wrong).unwrap_err().field, "articles[0]");
    }
}
