//! HTTP on the port of gRPC: an answer that says what is spoken there, and gRPC-Web for pages of
//! origins that are named. Asked byte by byte, as a client of HTTP/1.1 would.

use prost::Message;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use wenmai::proto::wire;

use crate::support::Running;

const OURS: &str = "https://news.example";
const INFO: &str = "/wenmai.v1.InfoService/GetInfo";

/// Status, head and body of the answer to a request.
struct Answer {
    code: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find_map(|(key, value)| (key == name).then_some(value))
    }
}

/// Sends a request line with headers and a body, and reads the answer until its connection ends.
async fn ask(running: &Running, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", running.address);
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n"]);
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = bytes[end + 4..].to_vec();
    if head.contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    Answer { code, head, body }
}

/// The bytes of a chunked body.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&bytes[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 2 + size + 2..];
    }
}

async fn with_web() -> Running {
    Running::start_with(|config| config.web.web_origins = vec![OURS.parse().unwrap()]).await
}

#[tokio::test]
async fn somebody_with_a_browser_is_told_what_this_port_speaks() {
    let running = Running::start().await;
    for line in ["GET /", "GET /metrics", "HEAD /", "OPTIONS *", "POST /api"] {
        let answer = ask(&running, line, &[], b"").await;
        assert_eq!(answer.code, 415, "{line}");
        assert!(answer.header("content-type").unwrap().starts_with("text/plain"), "{line}");
        if !line.starts_with("HEAD") {
            assert!(answer.text().contains("speaks gRPC"), "{line}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_proxy_that_speaks_the_older_http_is_told_so() {
    let running = Running::start().await;
    let line = format!("POST {INFO}");
    let answer = ask(&running, &line, &[("content-type", "application/grpc")], &[0; 5]).await;
    assert_eq!(answer.code, 505);
    assert!(answer.text().contains("HTTP/2"), "{}", answer.text());
}

#[tokio::test]
async fn without_origins_there_is_no_grpc_web() {
    let running = Running::start().await;
    let asked = [("origin", OURS), ("access-control-request-method", "POST")];
    let preflight = ask(&running, &format!("OPTIONS {INFO}"), &asked, b"").await;
    assert_eq!(preflight.code, 415);
    assert_eq!(preflight.header("access-control-allow-origin"), None);
    let kind = [("content-type", "application/grpc-web+proto"), ("origin", OURS)];
    let call = ask(&running, &format!("POST {INFO}"), &kind, &[0; 5]).await;
    assert_eq!(call.code, 415);
    assert!(call.text().contains("--web-origins"));
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_call() {
    let running = with_web().await;
    let asked = [
        ("origin", OURS),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,x-grpc-web,authorization"),
    ];
    let preflight = ask(&running, &format!("OPTIONS {INFO}"), &asked, b"").await;
    assert_eq!((preflight.code, preflight.body.len()), (204, 0));
    assert_eq!(preflight.header("access-control-allow-origin"), Some(OURS));
    assert_eq!(preflight.header("access-control-allow-methods"), Some("post"));
    let allowed = preflight.header("access-control-allow-headers").unwrap();
    for header in ["content-type", "x-grpc-web", "authorization", "grpc-timeout"] {
        assert!(allowed.split(',').any(|one| one == header), "{header} in {allowed}");
    }
    assert_eq!(preflight.header("vary"), Some("origin"));

    let kind = [("content-type", "application/grpc-web+proto"), ("origin", OURS)];
    let call = ask(&running, &format!("POST {INFO}"), &kind, &[0; 5]).await;
    assert_eq!(call.code, 200, "{}", call.head);
    assert_eq!(call.header("access-control-allow-origin"), Some(OURS));
    assert!(call.header("access-control-expose-headers").unwrap().contains("grpc-status"));
    let size = u32::from_be_bytes(call.body[1..5].try_into().unwrap()) as usize;
    let info = wire::GetInfoResponse::decode(&call.body[5..5 + size]).unwrap();
    assert!(!info.index_version.is_empty(), "{info:?}");
    // The trailers are a frame of their own, the first bit of which says so.
    let trailers = &call.body[5 + size..];
    assert_eq!(trailers[0], 0x80);
    assert!(std::str::from_utf8(&trailers[5..]).unwrap().contains("grpc-status:0"));
}

#[tokio::test]
async fn an_error_reaches_a_page_with_its_status() {
    let running = with_web().await;
    let kind = [("content-type", "application/grpc-web+proto"), ("origin", OURS)];
    let line = "POST /wenmai.v1.ArticleService/GetArticle";
    let call = ask(&running, line, &kind, &[0; 5]).await;
    let all = format!("{}\r\n{}", call.head, String::from_utf8_lossy(&call.body));
    assert!(all.contains("grpc-status: 3") || all.contains("grpc-status:3"), "{all}");
    assert_eq!(call.header("access-control-allow-origin"), Some(OURS));
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_call() {
    let running = with_web().await;
    for origin in ["https://other.example", "http://news.example", "null"] {
        let asked = [("origin", origin), ("access-control-request-method", "POST")];
        let preflight = ask(&running, &format!("OPTIONS {INFO}"), &asked, b"").await;
        assert_eq!(preflight.code, 403, "{origin}");
        assert_eq!(preflight.header("access-control-allow-origin"), None, "{origin}");
        let kind = [("content-type", "application/grpc-web+proto"), ("origin", origin)];
        let call = ask(&running, &format!("POST {INFO}"), &kind, &[0; 5]).await;
        assert_eq!(call.code, 403, "{origin}");
    }
}
