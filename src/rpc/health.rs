//! `grpc.health.v1.Health`: what a load balancer is told.

use tonic::server::NamedService;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::Health as HealthService;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthReporter;

use crate::article::ArticleApi;
use crate::embedding::EmbeddingApi;
use crate::info::InfoApi;
use crate::search::SearchApi;
use crate::summary::SummaryApi;
use crate::topic::TopicApi;
use wenmai_proto::wire::article_service_server::ArticleServiceServer;
use wenmai_proto::wire::embedding_service_server::EmbeddingServiceServer;
use wenmai_proto::wire::info_service_server::InfoServiceServer;
use wenmai_proto::wire::search_service_server::SearchServiceServer;
use wenmai_proto::wire::summary_service_server::SummaryServiceServer;
use wenmai_proto::wire::topic_service_server::TopicServiceServer;

const TOPICS: &str = <TopicServiceServer<TopicApi> as NamedService>::NAME;
/// The whole service, and those that need the store.
const WITH_STORE: [&str; 6] = [
    "",
    <ArticleServiceServer<ArticleApi> as NamedService>::NAME,
    <SearchServiceServer<SearchApi> as NamedService>::NAME,
    <SummaryServiceServer<SummaryApi> as NamedService>::NAME,
    TOPICS,
    <InfoServiceServer<InfoApi> as NamedService>::NAME,
];
/// Those that go on without the store.
const WITHOUT_STORE: [&str; 1] = [<EmbeddingServiceServer<EmbeddingApi> as NamedService>::NAME];

/// Says who can be called.
#[derive(Debug, Clone)]
pub struct Health {
    reporter: HealthReporter,
}

/// A health that says `NOT_SERVING` to everybody, and the service that tells it.
pub async fn start() -> (Health, HealthServer<impl HealthService>) {
    let (reporter, service) = tonic_health::server::health_reporter();
    let health = Health { reporter };
    // tonic-health starts with "" serving.
    health.not_serving().await;
    (health, service)
}

impl Health {
    /// Model and store answer.
    pub async fn serving(&self) {
        self.set(&WITH_STORE, ServingStatus::Serving).await;
        self.set(&WITHOUT_STORE, ServingStatus::Serving).await;
    }

    /// Whether the topics' worker is well. The service as a whole goes on without it.
    pub async fn topics(&self, are_well: bool) {
        let status = if are_well { ServingStatus::Serving } else { ServingStatus::NotServing };
        self.set(&[TOPICS], status).await;
    }

    /// The store is away, the model answers.
    pub async fn store_away(&self) {
        self.set(&WITH_STORE, ServingStatus::NotServing).await;
        self.set(&WITHOUT_STORE, ServingStatus::Serving).await;
    }

    /// Nobody can be called.
    pub async fn not_serving(&self) {
        self.set(&WITH_STORE, ServingStatus::NotServing).await;
        self.set(&WITHOUT_STORE, ServingStatus::NotServing).await;
    }

    /// Ends all watches, which would otherwise keep connections open for ever.
    pub async fn close(&mut self) {
        for name in WITH_STORE.into_iter().chain(WITHOUT_STORE) {
            self.reporter.clear_service_status(name).await;
        }
    }

    async fn set(&self, names: &[&str], status: ServingStatus) {
        for name in names {
            self.reporter.set_service_status(name, status).await;
        }
    }
}
