//! `ArticleService`: pages and articles in, articles out.

use std::time::Instant;

use futures::stream::BoxStream;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::Streaming;

use crate::engine;
use crate::engine::ArticleList;
use crate::engine::Ingested;
use crate::engine::Violation;
use crate::page::Page;
use crate::page::Parsed;
use crate::rpc::LIST_PAGE_SIZE;
use crate::rpc::LIST_PAGE_SIZE_MAX;
use crate::rpc::Shared;
use crate::rpc::answer;
use crate::rpc::convert;
use crate::rpc::convert::CharIndex;
use crate::rpc::convert::View;
use crate::rpc::fitting;
use crate::rpc::ingest;
use crate::rpc::page_token::Binding;
use crate::rpc::status::Failure;
use crate::rpc::status::describe;
use crate::rpc::status::refuse;
use crate::rpc::status::under;
use crate::rpc::wire;
use crate::rpc::wire::article_service_server::ArticleService;

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
}

#[tonic::async_trait]
impl ArticleService for ArticleApi {
    async fn parse_page(
        &self,
        request: Request<wire::ParsePageRequest>,
    ) -> Result<Response<wire::ParsePageResponse>, Status> {
        let since = Instant::now();
        let wire::ParsePageRequest { text, issue } = request.into_inner();
        let issue = convert::issue(issue).map_err(Failure::from)?;
        let page = self.shared.engine.parse_page(&text, &issue).map_err(refuse)?;
        let mut parsed = pages(vec![page], &[text]);
        let only = parsed.pop().unwrap_or_default();
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
        let wire::ParseIssueRequest { pages: asked } = request.into_inner();
        let mut texts = Vec::with_capacity(asked.len());
        let mut issues = Vec::with_capacity(asked.len());
        for (at, wire::ParsePageRequest { text, issue }) in asked.into_iter().enumerate() {
            let of_page = |error| refuse(under(&format!("pages[{at}]."), error));
            let issue = convert::issue(issue)
                .map_err(|violation| of_page(engine::Error::Invalid(vec![violation])))?;
            issues.push(issue);
            texts.push(text);
        }
        let read = self.shared.engine.parse_issue(&texts, &issues).map_err(refuse)?;
        answer(wire::ParseIssueResponse {
            pages: pages(read, &texts),
            timings: Some(convert::total(since)),
            index_version: self.index_version(),
        })
    }

    async fn ingest_page(
        &self,
        request: Request<wire::IngestPageRequest>,
    ) -> Result<Response<wire::IngestPageResponse>, Status> {
        let since = Instant::now();
        let wire::IngestPageRequest { text, issue } = request.into_inner();
        let issue = convert::issue(issue).map_err(Failure::from)?;
        let (page, results) =
            self.shared.engine.ingest_page(&text, &issue).await.map_err(refuse)?;
        let Page { articles, unassigned, marks: _, extracted } = page;
        let index = CharIndex::new(extracted.as_deref().unwrap_or(&text));
        let unassigned = convert::spans(&unassigned, &index);
        answer(wire::IngestPageResponse {
            articles: page_articles(articles, results, &[index]),
            unassigned,
            timings: Some(convert::total(since)),
            index_version: self.index_version(),
            extracted_text: extracted.unwrap_or_default(),
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
        let wire::GetArticleRequest { name, view } = request.into_inner();
        let view = convert::view(view, View::Full).map_err(Failure::from)?;
        let id = convert::id(&name, "name").map_err(Failure::from)?;
        let stored = self.shared.engine.get(id).await.map_err(refuse)?;
        answer(wire::GetArticleResponse {
            article: Some(convert::stored(stored, view)),
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

/// Joins the articles of a page with what became of those that are stored, which `results` has in
/// order.
/// Pages as the wire has them; `texts` are what was sent.
fn pages(read: Vec<Page>, texts: &[String]) -> Vec<wire::ParsePageResponse> {
    let own: Vec<Option<String>> = read.iter().map(|page| page.extracted.clone()).collect();
    let shown = own.iter().zip(texts).map(|(own, text)| own.as_deref().unwrap_or(text));
    let indexes: Vec<CharIndex<'_>> = shown.map(CharIndex::new).collect();
    let mut pages = Vec::with_capacity(read.len());
    for (at, page) in read.into_iter().enumerate() {
        let Page { articles, unassigned, marks: _, extracted } = page;
        let articles = articles.into_iter().map(|one| convert::parsed(one, &indexes, at));
        pages.push(wire::ParsePageResponse {
            articles: articles.collect(),
            unassigned: indexes.get(at).map_or_else(Vec::new, |i| convert::spans(&unassigned, i)),
            extracted_text: extracted.unwrap_or_default(),
            ..wire::ParsePageResponse::default()
        });
    }
    pages
}

fn page_articles(
    articles: Vec<Parsed>,
    results: Vec<Result<Ingested, engine::Error>>,
    index: &[CharIndex<'_>],
) -> Vec<wire::PageArticle> {
    let mut results = results.into_iter();
    let mut joined = Vec::with_capacity(articles.len());
    for article in articles {
        let result = if article.article.record.kind.is_article() { results.next() } else { None };
        let outcome = result.map(|result| match result {
            Ok(done) => wire::page_article::Outcome::Ingested(convert::ingested(&done)),
            Err(error) => {
                let failure = Failure::Engine(under("parsed.record.", error));
                wire::page_article::Outcome::Error(describe(&failure).item())
            }
        });
        joined
            .push(wire::PageArticle { parsed: Some(convert::parsed(article, index, 0)), outcome });
    }
    joined
}
