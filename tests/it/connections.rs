//! Connections: those that only stand open keep nobody out, all of them end some day, and nothing of
//! them stays behind.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::Code;
use tonic::Request;
use tonic::Status;
use tonic::transport::Channel;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use wenmai::app;
use wenmai::proto::wire;
use wenmai::proto::wire::embedding_service_client::EmbeddingServiceClient;
use wenmai::proto::wire::info_service_client::InfoServiceClient;

use crate::cli::Desk;
use crate::cli::Run;
use crate::metrics::Scraped;
use crate::support::Running;
use crate::support::WAITS;
use crate::support::record;
use crate::support::told;

/// More connections than the service has places for.
const CROWD: usize = 1_100;
/// What a client of HTTP/2 sends first, with an empty frame of settings.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// Sockets that were opened one after the other and have sent `bytes`.
async fn sockets(running: &Running, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let mut socket = TcpStream::connect(running.address).await.unwrap();
        // It may have been closed already, in favour of a later one.
        let _closed = socket.write_all(bytes).await;
        sockets.push(socket);
    }
    sockets
}

/// Reads until the service closes the connection.
async fn until_closed(mut socket: TcpStream) {
    let mut bytes = [0; 1_024];
    while let Ok(count) = socket.read(&mut bytes).await {
        if count == 0 {
            return;
        }
    }
}

async fn connect(running: &Running) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", running.address)).unwrap();
    endpoint.connect().await.unwrap()
}

/// Does `work` on a thread of its own: the server lives on this test's runtime.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || done.send(work()).ok());
    result.await.unwrap()
}

async fn health(channel: Channel) -> i32 {
    let request = HealthCheckRequest { service: String::new() };
    HealthClient::new(channel).check(request).await.unwrap().into_inner().status
}

/// Whether a call never left its client: the library of this client gives up what it has not sent yet
/// when it reads that the connection takes no more. gRPC's other libraries send it over the next one.
fn is_unsent(status: &Status) -> bool {
    status.code() == Code::Cancelled && status.details().is_empty()
}

async fn ended(running: &Running, reason: &str) -> f64 {
    let labels = [("reason", reason)];
    Scraped::of(running).await.value("wenmai_connections_ended_total", &labels)
}

async fn until_ended(running: &Running, reason: &str) {
    while ended(running, reason).await < 1.0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn open(running: &Running) -> f64 {
    Scraped::of(running).await.value("wenmai_connections", &[])
}

#[tokio::test]
async fn a_crowd_of_idle_sockets_keeps_nobody_out() {
    for bytes in [b"".as_slice(), b"PRI * HT", PREFACE] {
        let running = Running::start().await;
        let crowd = sockets(&running, CROWD, bytes).await;

        let since = Instant::now();
        assert_eq!(health(connect(&running).await).await, 1);
        let took = since.elapsed();

        println!("{} bytes each: health answered in {took:?}", bytes.len());
        // It was without end; the machine of a test may be busy with others.
        assert!(took < Duration::from_secs(2), "{took:?}");
        // Who lost a place has a moment to read why.
        while open(&running).await > 1_024.0 {}
        assert!(ended(&running, "displaced").await >= 50.0);
        drop(crowd);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_command_of_a_healthcheck_gets_its_answer_in_a_crowd() {
    let running = Running::start().await;
    let _crowd = sockets(&running, CROWD, b"").await;
    let (desk, server) = (Desk::new(), format!("http://{}", running.address));
    let run = beside(move || desk.run(&["health", "--server", &server])).await;
    assert_eq!(run.ok().out, "serving\n");
}

#[tokio::test]
async fn sockets_that_do_not_get_to_the_point_are_closed() {
    let soon = |config: &mut app::Config| config.connections.handshake_ms_max = 100;
    let running = Running::start_with(soon).await;
    let silent = sockets(&running, 5, b"").await;
    let slow = sockets(&running, 5, b"PRI * HT").await;
    let head = sockets(&running, 5, b"GET / HTTP/1.1\r\nHost: a\r\n").await;
    for socket in silent.into_iter().chain(slow).chain(head) {
        until_closed(socket).await;
    }
    assert!(ended(&running, "handshake").await >= 10.0);
}

#[tokio::test]
async fn a_client_that_vanished_is_noticed() {
    let soon = |config: &mut app::Config| config.connections.keepalive_s = 1;
    let running = Running::start_with(soon).await;
    let before = open(&running).await;
    // They never answer a ping, as a machine without power does not.
    let gone = sockets(&running, 3, PREFACE).await;
    for socket in gone {
        until_closed(socket).await;
    }
    assert!((open(&running).await - before).abs() < 0.5);
}

#[tokio::test]
async fn a_connection_without_calls_ends_and_its_client_comes_back() {
    let soon = |config: &mut app::Config| config.connections.connection_idle_s_max = 1;
    let running = Running::start_with(soon).await;
    assert_eq!(health(running.channel.clone()).await, 1);
    until_ended(&running, "idle").await;
    let mut info = InfoServiceClient::new(running.channel.clone());
    while let Err(status) = info.get_info(wire::GetInfoRequest {}).await {
        assert!(is_unsent(&status), "{status:?}");
    }
}

#[tokio::test]
async fn a_connection_with_a_call_is_not_idle() {
    let soon = |config: &mut app::Config| config.connections.connection_idle_s_max = 1;
    let running = Running::start_with(soon).await;
    let mut client = running.embedding();
    let request = wire::EmbedTextsRequest { texts: vec![WAITS.to_string()], ..Default::default() };
    let call = tokio::spawn(async move { client.embed_texts(request).await });
    running.gate.until_arrived(1).await;
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    running.gate.open();
    call.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_old_connection_ends_and_calls_do_not_notice() {
    let soon = |config: &mut app::Config| {
        config.connections.connection_age_s_max = 1;
        config.connections.connection_grace_s = 1;
    };
    let running = Running::start_with(soon).await;
    let watched = wire::WatchTopicsRequest::default();
    let mut stream = running.topics().watch_topics(watched).await.unwrap().into_inner();
    let watching = tokio::spawn(async move {
        loop {
            match stream.message().await {
                Ok(Some(_change)) => {}
                ended => return ended,
            }
        }
    });

    let mut info = InfoServiceClient::new(running.channel.clone());
    while ended(&running, "age").await < 3.0 {
        if let Err(status) = info.get_info(wire::GetInfoRequest {}).await {
            assert!(is_unsent(&status), "{status:?}");
        }
    }

    // A stream ends with what its client repeats.
    let status = watching.await.unwrap().unwrap_err();
    assert_eq!(told(&status), (Code::Unavailable, "CONNECTION_ENDED".into(), vec![]));
}

#[tokio::test]
async fn where_all_are_busy_a_stranger_waits_for_nobody_and_this_machine_gets_in() {
    let two = |config: &mut app::Config| config.limits.connections_max = Some(2);
    let running = Running::start_with(two).await;
    let watched = wire::WatchTopicsRequest::default();
    let other = connect(&running).await;
    let mut topics = wire::topic_service_client::TopicServiceClient::new(other);
    let _streams = (
        running.topics().watch_topics(watched).await.unwrap(),
        topics.watch_topics(watched).await.unwrap(),
    );
    // Loopback has places of its own.
    assert_eq!(health(connect(&running).await).await, 1);
}

#[tokio::test]
async fn an_answer_that_nobody_takes_does_not_stay_in_memory() {
    let small = |config: &mut app::Config| {
        config.limits.answer_bytes_max = Some(400_000);
        config.connections.answer_stall_s_max = 1;
    };
    let running = Running::start_with(small).await;
    let long = "清河水位上涨。".repeat(20_000);
    running.with(vec![record("清河水位超过警戒线", &long, 3)]).await;
    let request = wire::ListArticlesRequest { view: 2, ..Default::default() };

    let mut slow = tonic::client::Grpc::new(narrow(&running).await);
    slow.ready().await.unwrap();
    let codec =
        tonic_prost::ProstCodec::<wire::ListArticlesRequest, wire::ListArticlesResponse>::default();
    let path = "/wenmai.v1.ArticleService/ListArticles".parse().unwrap();
    let answer = slow.server_streaming(Request::new(request.clone()), path, codec).await.unwrap();
    while running.articles().list_articles(request.clone()).await.is_ok() {}

    // The client is still there and has taken nothing more; the others get their answers.
    until_ended(&running, "stalled").await;
    running.articles().list_articles(request).await.unwrap();
    drop((answer, slow));
}

/// A connection that takes little at a time.
async fn narrow(running: &Running) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{}", running.address)).unwrap();
    let endpoint = endpoint.initial_stream_window_size(65_535);
    endpoint.initial_connection_window_size(65_535).connect().await.unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn a_socket_in_the_file_system_and_a_name_are_listened_on_too() {
    let desk = Desk::new();
    let path = desk.path("wenmai.sock");
    let socket = format!("unix:{}", path.display());
    let running = Running::start_with(|config| {
        config.listen.push(socket.parse().unwrap());
        config.listen.push("localhost:0".parse().unwrap());
    })
    .await;

    let channel = Endpoint::from_shared(socket.clone()).unwrap().connect().await.unwrap();
    assert_eq!(health(channel).await, 1);
    beside(move || desk.run(&["embed", "--server", &socket, "清河水位回落"]).ok()).await;

    running.stop().await.unwrap();
    assert!(!path.exists(), "the socket goes with the service");
}

#[test]
fn an_address_of_another_form_is_refused_with_the_right_one() {
    let desk = Desk::new();
    for (flag, wrong) in [
        ("--listen", "localhost"),
        ("--listen", "http://127.0.0.1:50051"),
        ("--listen", "::1:50051"),
        ("--metrics-listen", "9464"),
    ] {
        let Run { code, err, .. } = desk.run(&["serve", flag, wrong]);
        assert_eq!(code, 64, "{wrong}: {err}");
        assert!(err.contains("[::1]:50051") && err.contains("unix:PATH"), "{wrong}: {err}");
    }
    desk.run(&["serve", "--listen", "no-such-host.invalid:50051"])
        .failed(&["cannot listen on no-such-host.invalid:50051"]);
}

/// What this process holds: threads, and bytes of memory.
fn held() -> (usize, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    (value("Threads:"), value("VmRSS:") * 1024)
}

/// Strangers that stand around, clients that go away in the middle or do not read, and calls with
/// 50 ms each, for `time`; returns how many calls were answered, refused, and too late.
async fn besieged(running: &Running, time: Duration) -> [usize; 3] {
    let until = Instant::now() + time;
    let mut callers = Vec::new();
    for caller in 0..24 {
        let mut client = EmbeddingServiceClient::new(connect(running).await);
        callers.push(tokio::spawn(async move {
            let mut counts = [0; 3];
            let mut number = 0;
            while Instant::now() < until {
                number += 1;
                let text = format!("第{caller}号通报第{number}次");
                let texts = vec![text; 64];
                let mut request =
                    Request::new(wire::EmbedTextsRequest { texts, ..Default::default() });
                request.set_timeout(Duration::from_millis(50));
                let at = match client.embed_texts(request).await.map_err(|s: Status| s.code()) {
                    Ok(_) => 0,
                    Err(Code::ResourceExhausted | Code::Unavailable) => 1,
                    Err(Code::DeadlineExceeded | Code::Cancelled) => 2,
                    Err(other) => panic!("{other}"),
                };
                counts[at] += 1;
            }
            counts
        }));
    }
    let mut standing = Vec::new();
    while Instant::now() < until {
        for bytes in [b"".as_slice(), b"PRI * HT", PREFACE, b"GET / HTTP/1.1\r\n"] {
            standing.extend(sockets(running, 20, bytes).await);
        }
        // Half of them go away without a word.
        let half = standing.len() / 2;
        drop(standing.drain(..half));
        let mut slow = running.embedding();
        let texts = vec!["清河".repeat(100); 900];
        let given_up = slow.embed_texts(wire::EmbedTextsRequest { texts, ..Default::default() });
        drop(tokio::time::timeout(Duration::from_millis(5), given_up).await);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut counts = [0; 3];
    for caller in callers {
        for (sum, count) in counts.iter_mut().zip(caller.await.unwrap()) {
            *sum += count;
        }
    }
    counts
}

/// Nothing of a siege of `time` stays behind.
async fn survives(time: Duration) {
    let running = Running::start_with(|config| {
        config.connections.handshake_ms_max = 500;
        config.connections.keepalive_s = 1;
    })
    .await;
    // Once, so that threads and buffers are there that stay.
    besieged(&running, time / 4).await;
    let (threads, bytes) = held();
    let calls = besieged(&running, time).await;
    let since = Instant::now();
    loop {
        let scraped = Scraped::of(&running).await;
        let active: f64 = ["read", "long", "write", "stream"]
            .into_iter()
            .flat_map(|lane| {
                ["wenmai_calls_active", "wenmai_calls_waiting"]
                    .map(|name| scraped.value(name, &[("lane", lane)]))
            })
            .sum();
        let left = scraped.value("wenmai_connections", &[]);
        // The test's own connection, or none while it is being renewed.
        if active < 0.5 && left < 1.5 {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{active} calls, {left} connections");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (threads_after, bytes_after) = held();
    println!(
        "answered, refused, late: {calls:?}; threads {threads} → {threads_after}; \
         memory {} → {} MiB",
        bytes >> 20,
        bytes_after >> 20
    );
    assert!(calls[0] > 0, "{calls:?}");
    assert_eq!(health(connect(&running).await).await, 1);
    let grown = bytes_after.saturating_sub(bytes);
    assert!(grown < 64 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn nothing_of_a_siege_stays_behind() {
    survives(Duration::from_secs(2)).await;
}

#[tokio::test]
#[ignore = "takes four minutes"]
async fn nothing_of_a_long_siege_stays_behind() {
    survives(Duration::from_mins(3)).await;
}
