//! Clients that ask: again as soon as they are answered, or at a rate that waits for nobody.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use serde::Serialize;
use tokio::task::JoinSet;
use tonic::Code;
use tonic::Status;
use tonic_types::StatusExt;

use crate::connect::Services;
use crate::connect::Transport;
use crate::connect::TrustArgs;
use crate::eval::load::tally::Tally;
use crate::failure::Failure;
use wenmai_proto::wire;
use wenmai_proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai_proto::wire::find_related_articles_request::Target;
use wenmai_proto::wire::search_service_client::SearchServiceClient;

/// Connections of an open loop: the server takes 128 calls on each.
const CONNECTIONS: usize = 32;
/// Questions on their way at a time, at most.
const FLYING_MAX: usize = 2_048;
/// Time between two looks at what is due.
const TICK: Duration = Duration::from_millis(1);

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum Call {
    /// `SearchArticles` with a headline.
    Search,
    /// `FindRelatedArticles` of a stored article.
    Related,
    /// `EmbedTexts` with headline and lead.
    Embed,
}

impl Call {
    pub(super) fn name(self) -> &'static str {
        match self {
            Call::Search => "search",
            Call::Related => "related",
            Call::Embed => "embed",
        }
    }
}

/// What is asked about.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) text: String,
}

/// Asks a server.
pub(super) struct Driver {
    pub(super) server: String,
    pub(super) trust: TrustArgs,
    pub(super) questions: Vec<Question>,
}

/// A connection.
#[derive(Clone)]
struct Clients {
    search: SearchServiceClient<Transport>,
    embedding: EmbeddingServiceClient<Transport>,
}

impl Driver {
    async fn connect(&self) -> Result<Clients, Failure> {
        let services = Services::remote(&self.server, &self.trust).await?;
        Ok(Clients { search: services.search(), embedding: services.embedding() })
    }

    /// So many clients, each with a connection of its own, each asking again as soon as it is
    /// answered; one that is refused waits as long as it is told.
    pub(super) async fn closed(
        self: &Arc<Self>,
        call: Call,
        clients: usize,
        period: Duration,
    ) -> Result<Tally, Failure> {
        let mut running = JoinSet::new();
        let mut connections = Vec::with_capacity(clients);
        for _ in 0..clients {
            connections.push(self.connect().await?);
        }
        let until = Instant::now() + period;
        for (at, clients) in connections.into_iter().enumerate() {
            let driver = Arc::clone(self);
            running.spawn(async move { driver.ask_until(clients, call, at, until).await });
        }
        let mut tally = Tally::default();
        while let Some(done) = running.join_next().await {
            tally.join(done.map_err(|error| Failure::failed(&error))?);
        }
        Ok(tally)
    }

    async fn ask_until(&self, clients: Clients, call: Call, from: usize, until: Instant) -> Tally {
        let mut tally = Tally::default();
        // Each client begins at another question.
        let mut next = from * 37;
        while Instant::now() < until {
            let since = Instant::now();
            let asked = self.ask(clients.clone(), call, next).await;
            tally.add(code(&asked), since.elapsed());
            if let Err(status) = asked {
                let told = status.get_details_retry_info().and_then(|retry| retry.retry_delay);
                tokio::time::sleep(told.unwrap_or(TICK)).await;
            }
            next += 1;
        }
        tally
    }

    /// `rate` questions a second, whether answered or not.
    pub(super) async fn open(
        self: &Arc<Self>,
        call: Call,
        rate: f64,
        period: Duration,
    ) -> Result<Tally, Failure> {
        let mut connections = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            connections.push(self.connect().await?);
        }
        let (mut tally, mut running) = (Tally::default(), JoinSet::new());
        let flying = Arc::new(AtomicUsize::new(0));
        let started = Instant::now();
        let mut sent = 0_u32;
        while started.elapsed() < period {
            while f64::from(sent) < started.elapsed().as_secs_f64() * rate {
                let due = started + Duration::from_secs_f64(f64::from(sent) / rate);
                sent += 1;
                if flying.load(Ordering::Relaxed) >= FLYING_MAX {
                    tally.skip();
                    continue;
                }
                flying.fetch_add(1, Ordering::Relaxed);
                let at = sent as usize;
                let Some(clients) = connections.get(at % CONNECTIONS).cloned() else { continue };
                let (driver, flying) = (Arc::clone(self), Arc::clone(&flying));
                running.spawn(async move {
                    let asked = driver.ask(clients, call, at).await;
                    flying.fetch_sub(1, Ordering::Relaxed);
                    (code(&asked), due.elapsed())
                });
            }
            while let Some(Ok((code, took))) = running.try_join_next() {
                tally.add(code, took);
            }
            tokio::time::sleep(TICK).await;
        }
        while let Some(done) = running.join_next().await {
            let (code, took) = done.map_err(|error| Failure::failed(&error))?;
            tally.add(code, took);
        }
        Ok(tally)
    }

    /// Asks the question of number `at`, from the first again past the last.
    async fn ask(&self, clients: Clients, call: Call, at: usize) -> Result<(), Status> {
        let Clients { mut search, mut embedding } = clients;
        let question = self.questions.get(at % self.questions.len().max(1));
        let Some(question) = question else { return Ok(()) };
        match call {
            Call::Search => {
                let query = question.title.clone();
                let request = wire::SearchArticlesRequest { query, ..Default::default() };
                search.search_articles(request).await.map(drop)
            }
            Call::Related => {
                let target = Some(Target::Article(question.name.clone()));
                let request = wire::FindRelatedArticlesRequest { target, ..Default::default() };
                search.find_related_articles(request).await.map(drop)
            }
            Call::Embed => {
                let texts = vec![question.text.clone()];
                let request = wire::EmbedTextsRequest { texts, ..Default::default() };
                embedding.embed_texts(request).await.map(drop)
            }
        }
    }
}

fn code(asked: &Result<(), Status>) -> Code {
    asked.as_ref().map_or_else(Status::code, |()| Code::Ok)
}
