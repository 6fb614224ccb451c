//! The real server on a free port, and what a test needs to talk to it.
//!
//! For behaviour the parts behind it are a model that hashes characters and the memory store: fast,
//! and the same on every machine. [`Running::bundled`] has the bundled model and the embedded store
//! instead.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Code;
use tonic::Status;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use wenmai::app;
use wenmai::app::App;
use wenmai::domain::embedding::Embedding;
use wenmai::embed;
use wenmai::embed::Embedder;
use wenmai::embed::ModelInfo;
use wenmai::embed::Purpose;
use wenmai::engine;
use wenmai::engine::Engine;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai::proto::wire::info_service_client::InfoServiceClient;
use wenmai::proto::wire::search_service_client::SearchServiceClient;
use wenmai::proto::wire::summary_service_client::SummaryServiceClient;
use wenmai::proto::wire::topic_service_client::TopicServiceClient;
use wenmai::store;
use wenmai::store::Store;
use wenmai::text::entity::Extractor;
use wenmai::text::terms::Analyzer;

/// A text with this character waits in the fake model until its gate opens.
pub const WAITS: char = '等';

/// Numbers in an embedding of the fake model.
pub const DIM: usize = 16;

/// Holds texts back.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<Held>, Condvar)>);

#[derive(Default)]
struct Held {
    open: bool,
    /// Forward passes that came to the gate.
    arrived: usize,
}

impl Gate {
    pub fn open(&self) {
        self.0.0.lock().unwrap().open = true;
        self.0.1.notify_all();
    }

    /// Forward passes over texts that wait, those that were let through included.
    pub fn arrived(&self) -> usize {
        self.0.0.lock().unwrap().arrived
    }

    /// Returns once so many forward passes came to the gate.
    pub async fn until_arrived(&self, count: usize) {
        while self.arrived() < count {
            tokio::task::yield_now().await;
        }
    }

    fn wait(&self) {
        let mut held = self.0.0.lock().unwrap();
        held.arrived += 1;
        drop(self.0.1.wait_while(held, |held| !held.open).unwrap());
    }
}

/// A model whose embeddings count characters: texts that share characters are similar.
struct FakeModel {
    info: ModelInfo,
    gate: Gate,
}

impl Embedder for FakeModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, _purpose: Purpose) -> Result<Vec<u32>, embed::Error> {
        Ok(text.chars().filter(|c| c.is_alphanumeric()).map(u32::from).collect())
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, embed::Error> {
        if windows.iter().any(|window| window.contains(&u32::from(WAITS))) {
            self.gate.wait();
        }
        let embed = |window: &&[u32]| {
            let counts = counted(window.iter().copied());
            Embedding::normalize(counts).map_err(|_zero| embed::Error::NoDirection)
        };
        windows.iter().map(embed).collect()
    }
}

/// What the fake model counts in a text, before it is scaled to length 1.
pub fn counts(text: &str) -> Vec<f32> {
    counted(text.chars().filter(|c| c.is_alphanumeric()).map(u32::from))
}

fn counted(tokens: impl Iterator<Item = u32>) -> Vec<f32> {
    let mut counts = vec![0.0; DIM];
    for token in tokens {
        counts[token as usize % DIM] += 1.0;
    }
    counts
}

/// A service that anyone may call, and that stops soon.
pub fn app_config(listen: SocketAddr) -> app::Config {
    let (keys, tls, limits, connections, web, scrape) = Default::default();
    let (listen, drain_ms, stop_ms_max) = (vec![listen.into()], 0, 5_000);
    let snapshots = None;
    app::Config {
        listen,
        drain_ms,
        stop_ms_max,
        snapshots,
        keys,
        tls,
        limits,
        connections,
        web,
        scrape,
    }
}

/// Two threads, whatever the machine has.
pub fn embed_config() -> embed::Config {
    embed::Config { threads: 2, ..embed::Config::default() }
}

/// An engine of fake model and memory store, with both at hand.
pub fn fake_engine() -> (Engine, Store, Gate) {
    let (store, gate) = (store::open_memory(&fake_make()), Gate::default());
    (fake_engine_over(&store, &gate), store, gate)
}

/// What a store for the fake model is made of.
pub fn fake_make() -> store::Make {
    store::Make { index_version: engine::index_version(&fake_model()), dim: DIM }
}

/// An engine of the fake model over a store that may hold something.
pub fn fake_engine_over(store: &Store, gate: &Gate) -> Engine {
    fake_engine_with(store, gate, &embed_config())
}

/// The same, its model's queue as `config` says.
pub fn fake_engine_with(store: &Store, gate: &Gate, config: &embed::Config) -> Engine {
    let model = Arc::new(FakeModel { info: fake_model(), gate: gate.clone() });
    let handle = embed::Handle::start(model, config);
    Engine::new(handle, store.clone(), extractor())
}

fn fake_model() -> ModelInfo {
    ModelInfo {
        name: "fake".into(),
        family: "fake",
        dim: DIM,
        window_tokens_max: 128,
        pooling: "mean",
        version: "0123456789ab-mean".into(),
    }
}

/// Loading the dictionary takes a while; one is enough for all tests.
fn extractor() -> Arc<Extractor> {
    static EXTRACTOR: std::sync::OnceLock<Arc<Extractor>> = std::sync::OnceLock::new();
    let load = || Arc::new(Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap());
    EXTRACTOR.get_or_init(load).clone()
}

/// The embedded store in `folder`, with every other setting as it is by default.
pub fn store_at(folder: &Path, make: &store::Make) -> Result<Store, store::Error> {
    #[derive(clap::Parser)]
    struct Settings {
        #[command(flatten)]
        store: store::Config,
    }
    let arguments = ["test".into(), "--data".into(), folder.as_os_str().to_owned()];
    store::open(&<Settings as clap::Parser>::parse_from(arguments).store, make)
}

/// What a store for the bundled model is made of.
pub fn bundled_make() -> store::Make {
    static MAKE: std::sync::OnceLock<store::Make> = std::sync::OnceLock::new();
    let make = || {
        let model = embed::open(&embed_config()).unwrap();
        let info = model.info();
        store::Make { index_version: engine::index_version(info), dim: info.dim }
    };
    MAKE.get_or_init(make).clone()
}

/// A server that runs, and what stands behind it.
pub struct Running {
    pub channel: Channel,
    pub store: Store,
    pub gate: Gate,
    pub address: SocketAddr,
    /// Where metrics are shown.
    pub metrics: SocketAddr,
    /// Where pages are shown, if they are.
    pub pages: Option<SocketAddr>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), app::Error>>,
}

impl Running {
    /// With fake model and memory store.
    pub async fn start() -> Self {
        Self::start_with(|_config| {}).await
    }

    /// The same, as `change` wants it.
    pub async fn start_with(change: impl FnOnce(&mut app::Config)) -> Self {
        let (engine, store, gate) = fake_engine();
        Self::serve(engine, store, gate, change).await
    }

    /// With the bundled model and the embedded store in `folder`.
    pub async fn bundled(folder: &Path) -> Self {
        let config = embed_config();
        let model = embed::open(&config).unwrap();
        let index_version = engine::index_version(model.info());
        let make = store::Make { index_version, dim: model.info().dim };
        let store = store::open(&store::Config::folder(folder), &make).unwrap();
        let engine = Engine::new(embed::Handle::start(model, &config), store.clone(), extractor());
        Self::serve(engine, store, Gate::default(), |_config| {}).await
    }

    /// With the fake model over a store that is open.
    #[cfg(feature = "server")]
    pub async fn over(store: Store) -> Self {
        let gate = Gate::default();
        let engine = fake_engine_over(&store, &gate);
        Self::serve(engine, store, gate, |_config| {}).await
    }

    /// With `engine`, its store and the gate of its model.
    pub async fn serve(
        engine: Engine,
        store: Store,
        gate: Gate,
        change: impl FnOnce(&mut app::Config),
    ) -> Self {
        let mut config = app_config("127.0.0.1:0".parse().unwrap());
        config.scrape.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
        change(&mut config);
        let engine = engine.with_topics().await.unwrap();
        let app = App::bind(config, engine).await.unwrap();
        let address = app.local_addr().unwrap();
        let metrics = app.metrics_addr().unwrap();
        let pages = app.page_addresses().next();
        let pages = pages.map(|page| page.split("://").nth(1).unwrap().parse().unwrap());
        let (stop, stopped) = oneshot::channel();
        // A dropped sender stops it as well, so that a test may forget to.
        let served = tokio::spawn(app.run(async { stopped.await.unwrap_or(()) }));
        let channel = Channel::from_shared(format!("http://{address}")).unwrap();
        let channel = channel.connect().await.unwrap();
        let running = Self { channel, store, gate, address, metrics, pages, stop, served };
        running.until_health("", true).await;
        running
    }

    /// Waits until health says so about `service`.
    pub async fn until_health(&self, service: &str, serving: bool) {
        let request = HealthCheckRequest { service: service.to_owned() };
        let mut health = HealthClient::new(self.channel.clone());
        let mut states = health.watch(request).await.unwrap().into_inner();
        let wanted = i32::from(if serving { 1_u8 } else { 2 });
        while let Some(state) = states.message().await.unwrap() {
            if state.status == wanted {
                return;
            }
        }
        panic!("health ended without saying serving = {serving}");
    }

    /// Stops it as SIGTERM does, and waits for its end.
    pub async fn stop(self) -> Result<(), app::Error> {
        self.begin_stop().await.unwrap()
    }

    /// Stops it as SIGTERM does; the handle ends when it has ended.
    pub fn begin_stop(self) -> JoinHandle<Result<(), app::Error>> {
        let _running = self.stop.send(());
        self.served
    }

    pub fn articles(&self) -> ArticleServiceClient<Channel> {
        ArticleServiceClient::new(self.channel.clone())
    }

    pub fn search(&self) -> SearchServiceClient<Channel> {
        SearchServiceClient::new(self.channel.clone())
    }

    pub fn summary(&self) -> SummaryServiceClient<Channel> {
        SummaryServiceClient::new(self.channel.clone())
    }

    pub fn topics(&self) -> TopicServiceClient<Channel> {
        TopicServiceClient::new(self.channel.clone())
    }

    pub fn embedding(&self) -> EmbeddingServiceClient<Channel> {
        EmbeddingServiceClient::new(self.channel.clone())
    }

    pub fn info(&self) -> InfoServiceClient<Channel> {
        InfoServiceClient::new(self.channel.clone())
    }

    /// Stores `records` and returns their names.
    pub async fn with(&self, records: Vec<wire::ArticleRecord>) -> Vec<String> {
        let request = wire::BatchUpsertArticlesRequest { articles: records };
        let stored = self.articles().batch_upsert_articles(request).await.unwrap().into_inner();
        stored.articles.into_iter().map(|article| article.name).collect()
    }
}

/// A report of the fictional 清河日报 of a day in March 2025.
pub fn record(title: &str, body: &str, day: i64) -> wire::ArticleRecord {
    // 1 March 2025, 00:00 in China.
    let midnight = 1_740_758_400 + (day - 1) * 86_400;
    wire::ArticleRecord {
        paper: "清河日报".into(),
        publish_time: Some(prost_types::Timestamp { seconds: midnight, nanos: 0 }),
        title: title.into(),
        paragraphs: vec![body.into()],
        ..Default::default()
    }
}

/// Five reports: three about a flood, two about other things.
pub fn flood_and_others() -> Vec<wire::ArticleRecord> {
    vec![
        record("清河水位超过警戒线", "连日降雨，清河水位上涨，县里启动防汛应急响应。", 3),
        record("清河防汛应急响应升级", "清河水位继续上涨，防汛应急响应升为二级。", 4),
        record("清河水位回落", "降雨停止，清河水位回落，防汛应急响应解除。", 6),
        record("县图书馆新馆开放", "读者在新馆借阅图书，周末还有讲座。", 4),
        record("小麦进入返青期", "农技人员到田间指导麦农施肥浇水。", 5),
    ]
}

/// What a status says beside its message: code, reason, fields.
pub fn told(status: &Status) -> (Code, String, Vec<String>) {
    let info = status.get_details_error_info().expect("every error has an ErrorInfo");
    assert_eq!(info.domain, "wenmai");
    let bad = status.get_details_bad_request();
    let fields = bad.map(|bad| bad.field_violations.into_iter().map(|v| v.field).collect());
    (status.code(), info.reason, fields.unwrap_or_default())
}

/// What a status for these invalid fields says.
pub fn invalid(fields: &[&str]) -> (Code, String, Vec<String>) {
    let fields = fields.iter().map(|&field| field.to_owned()).collect();
    (Code::InvalidArgument, "INVALID_FIELD".to_owned(), fields)
}
