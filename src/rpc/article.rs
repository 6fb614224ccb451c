//! `ArticleService`: pages and articles in, articles out.

use std::time::Instant;

use futures::stream::BoxStream;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::Streaming;

use crate::LIST_PAGE_SIZE;
use crate::LIST_PAGE_SIZE_MAX;
use crate::Shared;
use crate::answer;
use crate::convert;
use crate::convert::View;
use crate::fitting;
use crate::ingest;
use crate::page_token::Binding;
use crate::pages::Asked;
use crate::status::Failure;
use crate::status::refuse;
use crate::status::under;
use wenmai_engine::ArticleList;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::article_service_server::ArticleService;

/// The service.
pub struct ArticleApi {
    shared: Shared,
}

impl ArticleApi {
    /// Over the engine in `shared`.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }

    fn index_version(&self) -> String {
        self.shared.index_version.to_string()
    }

    /// Reads pages and stores their articles.
    async fn store_pages(
        &self,
        asked: Asked,
        min_confidence: f32,
        since: Instant,
    ) -> Result<Vec<wire::IngestPageResponse>, Status> {
        let engine = &self.shared.engine;
        let read = asked.read(engine).await?;
        let results = engine.ingest_pages(read.pages(), min_confidence).await.map_err(refuse)?;
        Ok(read.stored(results, min_confidence, since, &self.shared.index_version))
    }
}

#[tonic::async_trait]
impl ArticleService for ArticleApi {
    async fn parse_page(
        &self,
        request: Request<wire::ParsePageRequest>,
    ) -> Result<Response<wire::ParsePageResponse>, Status> {
        let since = Instant::now();
        let read = Asked::page(request.into_inner())?.read(&self.shared.engine).await?;
        let only = read.parsed().pop().unwrap_or_default();
        answer(wire::ParsePageResponse {
            timings: Some(convert::total(since)),
            index_version: self.index_version(),
            ..only
        })
    }

    async fn parse_issue(
        &self,
        request: Request<wire::ParseIssueRequest>,
    ) -> Result<Response<wire::ParseIssueResponse>, Status> {
        let since = Instant::now();
        let wire::ParseIssueRequest { pages } = request.into_inner();
        let read = Asked::issue(pages)?.read(&self.shared.engine).await?;
        answer(wire::ParseIssueResponse {
            pages: read.parsed(),
            timings: Some(convert::total(since)),
            index_version: self.index_version(),
        })
    }

    async fn ingest_page(
        &self,
        request: Request<wire::IngestPageRequest>,
    ) -> Result<Response<wire::IngestPageResponse>, Status> {
        let since = Instant::now();
        let wire::IngestPageRequest { text, issue, file, min_confidence } = request.into_inner();
        let asked = Asked::page(wire::ParsePageRequest { text, issue, file })?;
        let stored = self.store_pages(asked, min_confidence.unwrap_or_default(), since).await?;
        answer(stored.into_iter().next().unwrap_or_default())
    }

    async fn ingest_issue(
        &self,
        request: Request<wire::IngestIssueRequest>,
    ) -> Result<Response<wire::IngestIssueResponse>, Status> {
        let since = Instant::now();
        let wire::IngestIssueRequest { pages, min_confidence } = request.into_inner();
        let asked = Asked::issue(pages)?;
        let pages = self.store_pages(asked, min_confidence.unwrap_or_default(), since).await?;
        answer(wire::IngestIssueResponse {
            pages,
            timings: Some(convert::total(since)),
            index_version: self.index_version(),
        })
    }

    type IngestArticlesStream = BoxStream<'static, Result<wire::IngestArticlesResponse, Status>>;

    async fn ingest_articles(
        &self,
        request: Request<Streaming<wire::IngestArticlesRequest>>,
    ) -> Result<Response<Self::IngestArticlesStream>, Status> {
        let answers = ingest::answers(self.shared.clone(), request.into_inner());
        Ok(Response::new(Box::pin(answers)))
    }

    async fn batch_upsert_articles(
        &self,
        request: Request<wire::BatchUpsertArticlesRequest>,
    ) -> Result<Response<wire::BatchUpsertArticlesResponse>, Status> {
        let since = Instant::now();
        let wire::BatchUpsertArticlesRequest { articles } = request.into_inner();
        let mut records = Vec::with_capacity(articles.len());
        let mut violations = Vec::new();
        if articles.is_empty() {
            violations.push(Violation::new("articles", "is empty"));
        }
        for (index, article) in articles.into_iter().enumerate() {
            match convert::record(article, &format!("articles[{index}].")) {
                Ok(record) => records.push(record),
                Err(violation) => violations.push(violation),
            }
        }
        if !violations.is_empty() {
            return Err(Failure::Fields(violations).into());
        }
        let stored = self
            .shared
            .engine
            .upsert_batch(records)
            .await
            .map_err(|error| refuse(under("", error)))?;
        answer(wire::BatchUpsertArticlesResponse {
            articles: stored.iter().map(convert::ingested).collect(),
            index_version: self.index_version(),
            timings: Some(convert::total(since)),
        })
    }

    async fn get_article(
        &self,
        request: Request<wire::GetArticleRequest>,
    ) -> Result<Response<wire::GetArticleResponse>, Status> {
        let since = Instant::now();
        let wire::GetArticleRequest { name, view, with_topics } = request.into_inner();
        let view = convert::view(view, View::Full).map_err(Failure::from)?;
        let id = convert::id(&name, "name").map_err(Failure::from)?;
        let engine = &self.shared.engine;
        let stored = engine.get(id).await.map_err(refuse)?;
        let placed = if with_topics && engine.has_topics() {
            engine.topics_of(id).map_err(refuse)?
        } else {
            None
        };
        // A topic may go between two looks.
        let topic = |id| engine.topic(id).ok().map(convert::topic);
        answer(wire::GetArticleResponse {
            article: Some(convert::stored(stored, view)),
            event: placed.and_then(|(event, _)| topic(event)),
            story: placed.and_then(|(_, story)| topic(story)),
            index_version: self.index_version(),
            timings: Some(convert::total(since)),
        })
    }

    async fn list_articles(
        &self,
        request: Request<wire::ListArticlesRequest>,
    ) -> Result<Response<wire::ListArticlesResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("ListArticles", &request);
        let wire::ListArticlesRequest { page_size: _, page_token: _, filter, view } = request;
        let limit =
            convert::page_size(size, LIST_PAGE_SIZE, LIST_PAGE_SIZE_MAX).map_err(Failure::from)?;
        let view = convert::view(view, View::Basic).map_err(Failure::from)?;
        let filter = convert::filter(&filter).map_err(Failure::from)?;
        let from = binding.open_id(&token).map_err(Failure::from)?;
        let list = self.shared.engine.list(&filter, from, limit).await.map_err(refuse)?;
        let ArticleList { articles, mut next, total_count } = list;
        let ids: Vec<_> = articles.iter().map(|stored| stored.article.id).collect();
        let mut articles: Vec<_> =
            articles.into_iter().map(|stored| convert::stored(stored, view)).collect();
        let kept = fitting(&articles);
        if let Some(first_left_out) = ids.get(kept) {
            articles.truncate(kept);
            next = Some(*first_left_out);
        }
        answer(wire::ListArticlesResponse {
            articles,
            next_page_token: next.map(|id| binding.seal_id(id)).unwrap_or_default(),
            total_count,
            index_version: self.index_version(),
            timings: Some(convert::total(since)),
        })
    }

    async fn delete_article(
        &self,
        request: Request<wire::DeleteArticleRequest>,
    ) -> Result<Response<()>, Status> {
        let wire::DeleteArticleRequest { name } = request.into_inner();
        let id = convert::id(&name, "name").map_err(Failure::from)?;
        self.shared.engine.delete(id).await.map_err(refuse)?;
        Ok(Response::new(()))
    }
}
