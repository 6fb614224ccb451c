//! The process is killed at some moment while topics are made, again and again; what comes out is what
//! an uninterrupted process makes.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Stdio;

use tonic::Streaming;
use tonic::transport::Channel;
use tonic::transport::Endpoint;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::ingest_articles_response::Outcome;
use wenmai::proto::wire::topic_service_client::TopicServiceClient;
use wenmai::proto::wire::watch_topics_response::Change;

use crate::cli::Desk;
use crate::cli::until_ready;
use crate::support;

/// What the fictional county reports on, and how each report goes on.
const SUBJECTS: [&str; 6] =
    ["清河大桥", "柳溪秋粮", "县图书馆", "北山林场", "东港码头", "老城供暖"];
const STEPS: [&str; 6] = ["开工", "过半", "完工验收", "召开现场会", "公布费用", "回访群众"];
/// Articles that are sent.
const SENT: u64 = 72;
/// Processes that are killed before one may go on to the end.
const KILLS: u64 = 5;

/// A process that ends with the test, if nobody killed it before.
struct Server {
    child: Child,
    channel: Channel,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    async fn start(desk: &Desk) -> Self {
        let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self { child, channel: endpoint.connect().await.unwrap() }
    }

    /// The process gets no chance to end anything.
    fn kill(&mut self) {
        let _ended_already = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Follows the changes of topics until so many articles were placed in all.
    async fn placed(&self, count: u64) {
        let topics = TopicServiceClient::new(self.channel.clone());
        let mut changes = until_ready(|| {
            let mut topics = topics.clone();
            let request = wire::WatchTopicsRequest { since_version: 0 };
            async move { topics.watch_topics(request).await }
        })
        .await;
        let (mut version, mut placed) = (0, 0);
        while placed < count {
            let change = changes.message().await.unwrap().unwrap();
            version += 1;
            assert_eq!(change.version, version);
            placed += u64::from(matches!(change.change, Some(Change::Assigned(_))));
        }
    }

    /// The topics of `level` with their articles; every article in one of them.
    async fn topics(&self, level: wire::TopicLevel) -> BTreeMap<String, String> {
        let mut topics = TopicServiceClient::new(self.channel.clone());
        let request = wire::ListTopicsRequest {
            level: level.into(),
            page_size: 100,
            ..wire::ListTopicsRequest::default()
        };
        let list = topics.list_topics(request).await.unwrap().into_inner();
        assert_eq!((list.pending_count, list.topics.len()), (0, list.total_count as usize));
        let mut topic_of = BTreeMap::new();
        for topic in list.topics {
            let request = wire::ListTopicArticlesRequest {
                name: topic.name.clone(),
                page_size: 100,
                ..wire::ListTopicArticlesRequest::default()
            };
            let members = topics.list_topic_articles(request).await.unwrap().into_inner();
            assert_eq!(members.articles.len(), topic.article_count as usize);
            for member in members.articles {
                let twice = topic_of.insert(member.article.unwrap().name, topic.name.clone());
                assert_eq!(twice, None, "an article is in two topics of one level");
            }
        }
        assert_eq!(topic_of.len() as u64, SENT, "an article is in no topic");
        topic_of
    }
}

/// Sends all articles; comes back when so many were acknowledged or nobody answers any more, with the
/// stream still open.
async fn send(channel: Channel, until: u64) -> Streaming<wire::IngestArticlesResponse> {
    let articles = ArticleServiceClient::new(channel);
    let mut answers = until_ready(|| {
        let mut articles = articles.clone();
        async move { articles.ingest_articles(tokio_stream::iter((0..SENT).map(item))).await }
    })
    .await;
    for _ in 0..until {
        let Ok(Some(answer)) = answers.message().await else { break };
        assert!(matches!(answer.outcome, Some(Outcome::Ingested(_))), "{answer:?}");
    }
    answers
}

fn item(number: u64) -> wire::IngestArticlesRequest {
    let at = usize::try_from(number).unwrap();
    let (subject, step) = (SUBJECTS[at % SUBJECTS.len()], STEPS[at / 12 % STEPS.len()]);
    let extra = if at.is_multiple_of(4) {
        "本报将继续关注。"
    } else {
        "有关负责人作了介绍。"
    };
    let body = format!("{subject}{step}，这是第{at}次报道。{extra}");
    let day = i64::try_from(number / 6).unwrap();
    let record = support::record(&format!("{subject}{step}"), &body, day);
    wire::IngestArticlesRequest {
        item_id: number.to_string(),
        article: Some(wire::ArticleRecord {
            source: "清河网".to_owned(),
            source_id: number.to_string(),
            ..record
        }),
    }
}

/// Moments to kill at that look like chance and are the same in every run.
fn moments() -> Vec<u64> {
    let mut state = 0x5eed_u64;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        1 + (state >> 33) % SENT
    };
    (0..KILLS).map(next).collect()
}

#[tokio::test]
async fn a_process_killed_again_and_again_makes_the_same_topics() {
    let desk = Desk::new();
    for (cycle, moment) in moments().into_iter().enumerate() {
        let mut server = Server::start(&desk).await;
        let channel = server.channel.clone();
        if cycle.is_multiple_of(2) {
            // In the middle of an ingest, with topics on their way.
            let _open = send(channel, moment).await;
            server.kill();
        } else {
            // In the middle of the topics.
            let sending = tokio::spawn(send(channel, SENT));
            server.placed(moment).await;
            server.kill();
            // Or it would ask a server for ever that is not there any more.
            sending.abort();
        }
    }
    let server = uninterrupted(&desk).await;
    let other = Desk::new();
    let known = uninterrupted(&other).await;
    for level in [wire::TopicLevel::Story, wire::TopicLevel::Event] {
        assert_eq!(server.topics(level).await, known.topics(level).await, "{level:?}");
    }
}

/// A server over this folder that was sent everything and placed everything.
async fn uninterrupted(desk: &Desk) -> Server {
    let server = Server::start(desk).await;
    let mut answers = send(server.channel.clone(), SENT).await;
    assert!(answers.message().await.unwrap().is_none());
    server.placed(SENT).await;
    server
}
