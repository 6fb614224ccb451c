//! The service over one of its stores, asked in process; and the plain map it must agree with.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use tonic::Code;
use tonic::Status;
use tonic::service::Routes;
use wenmai::engine::Engine;
use wenmai::proto::wire;
use wenmai::proto::wire::SearchMode;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::search_service_client::SearchServiceClient;
use wenmai::rpc;
use wenmai::rpc::Phase;
use wenmai::rpc::access::Access;

use crate::model_based::history::Condition;
use crate::support;
use crate::support::Gate;

/// Articles by number, as last acknowledged.
pub type Held = BTreeMap<usize, wire::ArticleRecord>;

/// The scores of a search by article name: similarity, BM25, fused.
pub type Scores = BTreeMap<String, [Option<f32>; 3]>;

/// The service over one store.
pub struct Subject {
    folder: Option<PathBuf>,
    engine: Engine,
    articles: ArticleServiceClient<Routes>,
    search: SearchServiceClient<Routes>,
    _open: rpc::Switch,
}

impl Subject {
    /// Over the embedded store in `folder`, or the one in memory.
    pub async fn open(folder: Option<&Path>) -> Self {
        let engine = match folder {
            None => support::fake_engine().0,
            Some(folder) => {
                let store = support::store_at(folder, &support::fake_make()).unwrap();
                support::fake_engine_over(&store, &Gate::default())
            }
        };
        let (phase, life) = rpc::starting();
        let (routes, _health) = rpc::routes(engine.clone(), life, Access::open()).await.unwrap();
        phase.set(Phase::Serving);
        Self {
            folder: folder.map(Path::to_owned),
            engine,
            articles: ArticleServiceClient::new(routes.clone()),
            search: SearchServiceClient::new(routes),
            _open: phase,
        }
    }

    /// Closes the store and opens it again, if it keeps anything.
    pub async fn reopened(self) -> Self {
        let Some(folder) = self.folder.clone() else { return self };
        self.engine.close().await.unwrap();
        drop(self);
        Self::open(Some(&folder)).await
    }

    /// Stores all or none; the names and outcomes in order.
    pub async fn batch(
        &mut self,
        articles: Vec<wire::ArticleRecord>,
    ) -> Result<Vec<(String, wire::IngestOutcome)>, Status> {
        let request = wire::BatchUpsertArticlesRequest { articles };
        let stored = self.articles.batch_upsert_articles(request).await?.into_inner().articles;
        Ok(stored.into_iter().map(|one| (one.name.clone(), one.outcome())).collect())
    }

    /// Stores one after the other; `None` for an item that was refused.
    pub async fn stream(
        &mut self,
        articles: Vec<wire::ArticleRecord>,
    ) -> Result<Vec<Option<(String, wire::IngestOutcome)>>, Status> {
        let item = |article| wire::IngestArticlesRequest {
            item_id: String::new(),
            article: Some(article),
        };
        let items = futures::stream::iter(articles.into_iter().map(item).collect::<Vec<_>>());
        let mut answers = self.articles.ingest_articles(items).await?.into_inner();
        let mut stored = Vec::new();
        while let Some(answer) = answers.message().await? {
            stored.push(match answer.outcome {
                Some(wire::ingest_articles_response::Outcome::Ingested(one)) => {
                    Some((one.name.clone(), one.outcome()))
                }
                Some(wire::ingest_articles_response::Outcome::Error(_)) | None => None,
            });
        }
        Ok(stored)
    }

    /// Deletes; whether it was there.
    pub async fn delete(&mut self, name: &str) -> Result<bool, Status> {
        let request = wire::DeleteArticleRequest { name: name.to_owned() };
        there(self.articles.delete_article(request).await.map(|_empty| ())).map(|one| one.is_some())
    }

    pub async fn get(&mut self, name: &str) -> Result<Option<wire::Article>, Status> {
        let request = wire::GetArticleRequest { name: name.to_owned(), ..Default::default() };
        let answer = self.articles.get_article(request).await;
        Ok(there(answer)?.and_then(|answer| answer.into_inner().article))
    }

    /// Every article that passes, page by page; and the total of each page.
    pub async fn list(
        &mut self,
        filter: &Condition,
        page_size: i32,
    ) -> Result<(Vec<wire::Article>, Vec<u64>), Status> {
        let (mut articles, mut totals) = (Vec::new(), Vec::new());
        let mut request =
            wire::ListArticlesRequest { filter: filter.text(), page_size, ..Default::default() };
        loop {
            let page = self.articles.list_articles(request.clone()).await?.into_inner();
            articles.extend(page.articles);
            totals.push(page.total_count);
            if page.next_page_token.is_empty() {
                return Ok((articles, totals));
            }
            request.page_token = page.next_page_token;
        }
    }

    /// The hits of a search, best first.
    pub async fn hits(
        &mut self,
        words: &str,
        filter: &Condition,
        mode: SearchMode,
        page_size: i32,
    ) -> Result<Vec<wire::SearchHit>, Status> {
        let request = wire::SearchArticlesRequest {
            query: words.to_owned(),
            filter: filter.text(),
            mode: mode.into(),
            page_size,
            collapse_reprints: Some(false),
            ..Default::default()
        };
        Ok(self.search.search_articles(request).await?.into_inner().hits)
    }
}

/// The answer, or `None` where nothing of that name is stored.
fn there<T>(answer: Result<T, Status>) -> Result<Option<T>, Status> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status),
    }
}

/// What the hits score.
pub fn scores(hits: &[wire::SearchHit]) -> Scores {
    let name = |hit: &wire::SearchHit| hit.article.as_ref().map(|one| one.name.clone());
    let score = |hit: &wire::SearchHit| [hit.similarity, hit.lexical_score, Some(hit.fused_score)];
    hits.iter().map(|hit| (name(hit).unwrap_or_default(), score(hit))).collect()
}
