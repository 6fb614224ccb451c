//! A server on this machine that answers as a test says, and notes what it was asked.

use std::collections::HashMap;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// The path with its query.
    pub path: String,
    /// The fields of its head, in lower case.
    pub fields: HashMap<String, String>,
    /// How often the path was asked for before.
    pub before: usize,
}

/// What is answered.
#[derive(Debug, Clone)]
pub enum Reply {
    /// This, with its length.
    Whole(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
    /// A byte every few milliseconds, for ever.
    Drip(Vec<u8>),
    /// This head, then bytes without end.
    Endless(Vec<u8>),
    /// Nothing, ever.
    Nothing,
    /// What comes is handed on to this address, and back.
    Tunnel(SocketAddr),
}

impl Reply {
    /// 200 with this type.
    pub fn of(kind: &str, body: impl Into<Vec<u8>>) -> Self {
        Reply::Whole(200, vec![("content-type", kind.to_owned())], body.into())
    }

    pub fn html(body: impl Into<Vec<u8>>) -> Self {
        Self::of("text/html; charset=utf-8", body)
    }

    pub fn rss(body: impl Into<Vec<u8>>) -> Self {
        Self::of("application/rss+xml", body)
    }

    pub fn status(status: u16) -> Self {
        Reply::Whole(status, Vec::new(), Vec::new())
    }

    pub fn to(status: u16, place: &str) -> Self {
        Self::status(status).with("location", place)
    }

    /// With one field more.
    pub fn with(self, name: &'static str, value: &str) -> Self {
        match self {
            Reply::Whole(status, mut fields, body) => {
                fields.push((name, value.to_owned()));
                Reply::Whole(status, fields, body)
            }
            other => other,
        }
    }
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// The server; it ends with the test.
pub struct Server {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    handler: Box<Handler>,
    log: Mutex<Vec<Request>>,
    now: AtomicUsize,
    most: AtomicUsize,
    is_over: AtomicBool,
}

impl Server {
    /// Answers `/robots.txt` with 404 unless `handler` has something else to say: it gets 404 for
    /// [`Reply::Nothing`] of that path only.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            log: Mutex::default(),
            now: AtomicUsize::default(),
            most: AtomicUsize::default(),
            is_over: AtomicBool::default(),
        });
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if own.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (own, Ok(stream)) = (Arc::clone(&own), stream) else { continue };
                std::thread::spawn(move || own.serve(stream));
            }
        });
        Self { address, shared }
    }

    /// A proxy whose every host is the one at `target`, or that answers `status` if that is not 200.
    pub fn tunnel(target: SocketAddr, status: u16) -> Self {
        Self::start(move |_| match status {
            200 => Reply::Tunnel(target),
            other => Reply::status(other),
        })
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked for, in order, without `robots.txt`.
    pub fn asked(&self) -> Vec<String> {
        let log = self.shared.log.lock().unwrap();
        let paths = log.iter().map(|request| request.path.clone());
        paths.filter(|path| path != "/robots.txt").collect()
    }

    /// All requests for a path.
    pub fn requests(&self, path: &str) -> Vec<Request> {
        let log = self.shared.log.lock().unwrap();
        log.iter().filter(|request| request.path == path).cloned().collect()
    }

    /// Requests that were at work at the same time, at most.
    pub fn most(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) {
        let Some(request) = self.request(&stream) else { return };
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let reply = (self.handler)(&request);
        // Before the client can see the end of the answer.
        let done = || self.now.fetch_sub(1, Ordering::SeqCst);
        match reply {
            Reply::Whole(status, fields, body) => {
                let mut head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
                for (name, value) in fields {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str("Connection: close\r\n\r\n");
                done();
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
            Reply::Raw(bytes) => {
                done();
                let _ = stream.write_all(&bytes);
            }
            Reply::Drip(head) => {
                done();
                let _ = stream.write_all(&head);
                while !self.is_over.load(Ordering::SeqCst) && stream.write_all(b"x").is_ok() {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            Reply::Endless(head) => {
                done();
                let _ = stream.write_all(&head);
                let blanks = vec![b' '; 65_536];
                while stream.write_all(&blanks).is_ok() {}
            }
            Reply::Tunnel(target) => {
                done();
                let _ = join(&stream, target);
            }
            Reply::Nothing => {
                done();
                if request.path == "/robots.txt" {
                    let _ = stream.write_all(b"HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n");
                    return;
                }
                while !self.is_over.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
    }

    fn request(&self, stream: &TcpStream) -> Option<Request> {
        let mut lines = BufReader::new(stream).lines();
        let first = lines.next()?.ok()?;
        let path = first.split(' ').nth(1)?.to_owned();
        let mut fields = HashMap::new();
        for line in lines {
            let line = line.ok()?;
            let Some((name, value)) = line.split_once(':') else { break };
            fields.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut log = self.log.lock().unwrap();
        let before = log.iter().filter(|request| request.path == path).count();
        let request = Request { path, fields, before };
        log.push(request.clone());
        Some(request)
    }
}

/// Joins two connections until one ends.
fn join(near: &TcpStream, target: SocketAddr) -> std::io::Result<()> {
    let far = TcpStream::connect(target)?;
    let mut near_out = near;
    near_out.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut near_in, mut far_out) = (near.try_clone()?, far.try_clone()?);
    std::thread::spawn(move || std::io::copy(&mut near_in, &mut far_out));
    std::io::copy(&mut &far, &mut near_out)?;
    near.shutdown(std::net::Shutdown::Both)
}
