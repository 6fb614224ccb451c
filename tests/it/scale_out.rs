//! A replica that is added gets its share: two services share a store behind a balancer of connections,
//! clients keep theirs open, and a third service joins. Clients come to it because each connection ends
//! some day in good order (`--connection-age-s-max`). No call is lost on the way, and every article that
//! was acknowledged is there once.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tonic::Code;
use tonic::Request;
use tonic::Status;
use tonic::transport::Channel;
use wenmai::domain::filter::Filter;
use wenmai::domain::limit::Limit;
use wenmai::engine::LeaseTiming;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::search_service_client::SearchServiceClient;
use wenmai::store::SharedMemory;

use crate::metrics::Scraped;
use crate::support;
use crate::support::Gate;
use crate::support::Running;
use crate::support::record;

const CLIENTS: usize = 12;
/// One call in so many stores an article.
const WRITE_EVERY: usize = 25;
/// Between two calls of a client.
const PAUSE: Duration = Duration::from_millis(20);
/// So often a call is tried that never left its client or was sent to a process that does not write.
const TRIES: u32 = 40;

/// How long a test runs, and how old connections become.
#[derive(Clone, Copy)]
struct Plan {
    before: Duration,
    after: Duration,
    age_s: u32,
}

/// Passes each new connection on to the next service of a list that can grow.
struct Balancer {
    address: SocketAddr,
    services: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Balancer {
    async fn to(services: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let services = Arc::new(Mutex::new(services));
        let known = Arc::clone(&services);
        // Ends with the test's runtime.
        tokio::spawn(async move {
            for turn in 0.. {
                let (mut client, _) = listener.accept().await.unwrap();
                let service = {
                    let known = known.lock().unwrap();
                    known[turn % known.len()]
                };
                tokio::spawn(async move {
                    let mut service = TcpStream::connect(service).await.unwrap();
                    let _ended = tokio::io::copy_bidirectional(&mut client, &mut service).await;
                });
            }
        });
        Self { address, services }
    }

    fn add(&self, service: SocketAddr) {
        self.services.lock().unwrap().push(service);
    }
}

/// What the clients did.
#[derive(Default)]
struct Told {
    calls: AtomicUsize,
    failures: Mutex<Vec<String>>,
    stored: Mutex<BTreeSet<String>>,
    slowest: Mutex<Duration>,
}

impl Told {
    fn took(&self, time: Duration) {
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = time.max(*slowest);
    }
}

async fn service(shared: &SharedMemory, age_s: u32) -> Running {
    let (store, gate) = (shared.open(), Gate::default());
    gate.open();
    let timing = LeaseTiming { tick: Duration::from_millis(200), ..LeaseTiming::default() };
    let engine = support::fake_engine_over(&store, &gate).with_lease_timing(timing);
    let change = |config: &mut wenmai::app::Config| {
        config.connections.connection_age_s_max = age_s;
    };
    Running::serve(engine, store, gate, change).await
}

/// Whether a client may try again: the call never left it, or this process does not write just now.
fn is_to_be_tried_again(status: &Status) -> bool {
    let is_unsent = status.code() == Code::Cancelled && status.details().is_empty();
    is_unsent || status.code() == Code::Unavailable
}

async fn call(channel: &Channel, number: usize) -> Result<Option<String>, Status> {
    if number.is_multiple_of(WRITE_EVERY) {
        let source_id = number.to_string();
        let article = wire::ArticleRecord {
            source: "扩容试验".into(),
            source_id,
            ..record(&format!("清河第{number}号通报"), "两岸居民已经转移，水位回落。", 3)
        };
        let mut request =
            Request::new(wire::BatchUpsertArticlesRequest { articles: vec![article] });
        request.set_timeout(Duration::from_secs(30));
        let mut articles = ArticleServiceClient::new(channel.clone());
        let stored = articles.batch_upsert_articles(request).await?.into_inner();
        return Ok(Some(stored.articles[0].name.clone()));
    }
    let request = wire::SearchArticlesRequest {
        query: format!("水位{number}"),
        page_size: 3,
        ..Default::default()
    };
    SearchServiceClient::new(channel.clone()).search_articles(request).await.map(|_found| None)
}

/// One client with one connection at a time, which makes calls until it is told to stop.
async fn client(address: SocketAddr, first: usize, told: Arc<Told>, stop: Arc<AtomicBool>) {
    let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let mut number = first;
    while !stop.load(Ordering::Relaxed) {
        let since = Instant::now();
        let mut tries = 0;
        let done = loop {
            match call(&channel, number).await {
                Err(status) if is_to_be_tried_again(&status) && tries < TRIES => tries += 1,
                done => break done,
            }
            tokio::time::sleep(PAUSE).await;
        };
        match done {
            Ok(name) => told.stored.lock().unwrap().extend(name),
            Err(status) => told.failures.lock().unwrap().push(format!("{number}: {status:?}")),
        }
        told.calls.fetch_add(1, Ordering::Relaxed);
        told.took(since.elapsed());
        number += CLIENTS;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Texts that each service embedded: one for each search, two for each article.
async fn work(services: &[Running]) -> Vec<f64> {
    let mut texts = Vec::new();
    for service in services {
        texts.push(Scraped::of(service).await.value("wenmai_embed_texts_total", &[]));
    }
    texts
}

/// The names of all articles.
async fn names(service: &Running) -> BTreeSet<String> {
    let (mut names, mut from) = (BTreeSet::new(), None);
    loop {
        let page = service.store.list(&Filter::default(), from, Limit::MOST).await.unwrap();
        names.extend(page.points.iter().map(|one| format!("articles/{}", one.article.id)));
        from = page.next;
        if from.is_none() {
            return names;
        }
    }
}

async fn a_third_service_joins(plan: Plan) {
    let shared = SharedMemory::new(&support::fake_make());
    let mut services = vec![service(&shared, plan.age_s).await, service(&shared, plan.age_s).await];
    let balancer = Balancer::to(services.iter().map(|service| service.address).collect()).await;
    let (told, stop) = (Arc::new(Told::default()), Arc::new(AtomicBool::new(false)));
    let clients = (0..CLIENTS).map(|first| {
        tokio::spawn(client(balancer.address, first, Arc::clone(&told), Arc::clone(&stop)))
    });
    let clients: Vec<_> = clients.collect();
    tokio::time::sleep(plan.before).await;

    services.push(service(&shared, plan.age_s).await);
    balancer.add(services[2].address);
    // By then every connection has ended once.
    tokio::time::sleep(Duration::from_secs(u64::from(plan.age_s)) * 3 / 2).await;
    let begin = work(&services).await;
    tokio::time::sleep(plan.after).await;
    let end = work(&services).await;

    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let done: Vec<f64> = begin.iter().zip(&end).map(|(begin, end)| end - begin).collect();
    let share = done[2] / done.iter().sum::<f64>();
    println!(
        "{} calls by {CLIENTS} clients, {} articles stored, slowest {:?}; of the work after the third \
         joined it has {share:.2}, texts embedded {done:?}",
        told.calls.load(Ordering::Relaxed),
        told.stored.lock().unwrap().len(),
        told.slowest.lock().unwrap(),
    );
    let failures = std::mem::take(&mut *told.failures.lock().unwrap());
    assert!(failures.is_empty(), "{} calls failed: {:?}", failures.len(), failures.first());
    assert!(share > 0.15, "the third service has {share:.2} of the work");
    let stored = std::mem::take(&mut *told.stored.lock().unwrap());
    assert!(!stored.is_empty());
    assert_eq!(stored, names(&services[2]).await, "acknowledged, and there");
    for service in services {
        service.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_joins_gets_its_share_and_no_call_is_lost() {
    let plan = Plan { before: Duration::from_secs(2), after: Duration::from_secs(4), age_s: 2 };
    a_third_service_joins(plan).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes"]
async fn a_service_that_joins_gets_its_share_over_ten_minutes() {
    let plan = Plan { before: Duration::from_mins(3), after: Duration::from_secs(330), age_s: 60 };
    a_third_service_joins(plan).await;
}
