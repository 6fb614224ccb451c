//! A hub on a port of this machine: answers as the Hugging Face hub does, and errs as told.
//!
//! It speaks as much HTTP as `wenmai` asks of it: the list of a model's files, `HEAD` and `GET` of
//! a file. Small files come at once with git's checksum as their tag; weights are redirected to
//! another host (`localhost`), the address of the content network.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::JoinHandle;

use sha2::Digest;

/// The commit of everything.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// The file that lies elsewhere.
pub const WEIGHTS: &str = "model.safetensors";

/// How it errs.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Answers for weights that break off after so many bytes.
    pub cut: Option<(usize, usize)>,
    /// Answers for weights in which a byte is wrong.
    pub wrong: usize,
    /// It lists files and gives none: their terms were not accepted.
    pub gated: bool,
    /// It sends all of a file, whatever part was asked for.
    pub no_ranges: bool,
}

/// What it has, and what became of it.
pub struct State {
    files: BTreeMap<String, Vec<u8>>,
    prefix: String,
    token: Option<String>,
    port: u16,
    pub faults: Mutex<Faults>,
    pub requests: Mutex<Vec<String>>,
}

/// A hub; ends with the test.
pub struct Hub {
    pub state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// The head of a request.
struct Request {
    method: String,
    path: String,
    range: Option<usize>,
    authorization: Option<String>,
}

/// The files of the tiny model, those that nobody needs included.
pub fn tiny() -> BTreeMap<String, Vec<u8>> {
    let names = [
        "1_Pooling/config.json",
        "config.json",
        "model.safetensors",
        "modules.json",
        "sentence_bert_config.json",
        "tokenizer.json",
    ];
    let read = |name: &str| fs::read(Path::new("tests/fixtures/bert").join(name)).unwrap();
    let mut files: BTreeMap<String, Vec<u8>> =
        names.into_iter().map(|name| (name.to_owned(), read(name))).collect();
    let card = "---\nlanguage: [zh]\nlicense: mit\n---\n# tiny\n";
    files.insert("README.md".into(), card.into());
    files.insert("pytorch_model.bin".into(), b"a pickle".to_vec());
    files
}

impl Hub {
    /// A hub with `owner/tiny`.
    pub fn start() -> Self {
        Self::with(tiny(), "", None)
    }

    /// A hub with `owner/tiny` of these files, all paths below `prefix`, for those with `token`.
    pub fn with(files: BTreeMap<String, Vec<u8>>, prefix: &str, token: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = Arc::new(State {
            files,
            prefix: prefix.to_owned(),
            token: token.map(|token| format!("Bearer {token}")),
            port: listener.local_addr().unwrap().port(),
            faults: Mutex::default(),
            requests: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A connection without a request is the wish to end.
                let mut stream = stream.unwrap();
                let Some(request) = Request::read(&stream) else { return };
                // A client that has gone is not the hub's trouble.
                let _gone = shared.answer(&request, &mut stream);
            }
        });
        Self { state, thread: Some(thread) }
    }

    /// What `HF_ENDPOINT` is to be.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.state.port, self.state.prefix)
    }

    /// Errs from now on.
    pub fn err(&self, faults: Faults) {
        *self.state.faults.lock().unwrap() = faults;
    }

    /// The requests since the last call, as `GET /path from 5`.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.requests.lock().unwrap())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        drop(TcpStream::connect(("127.0.0.1", self.state.port)));
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Request {
    fn read(stream: &TcpStream) -> Option<Self> {
        let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
        let first = lines.next()?;
        let mut words = first.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let headers: BTreeMap<String, String> = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| {
                let (name, value) = line.split_once(": ")?;
                Some((name.to_lowercase(), value.to_owned()))
            })
            .collect();
        let range = headers
            .get("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
        Some(Self { method, path, range, authorization: headers.get("authorization").cloned() })
    }
}

impl State {
    fn answer(&self, request: &Request, stream: &mut TcpStream) -> std::io::Result<()> {
        let Request { method, path, range, .. } = request;
        let from = range.map_or_else(String::new, |at| format!(" from {at}"));
        self.requests.lock().unwrap().push(format!("{method} {path}{from}"));
        let Some(path) = path.strip_prefix(&self.prefix) else {
            return head(stream, "404 Not Found", &[]);
        };
        if let Some(tag) = path.strip_prefix("/cdn/") {
            assert_eq!(request.authorization, None, "a token went to the content network");
            let content = self.files.values().find(|content| sha256(content) == tag).unwrap();
            return self.weights(request, stream, content);
        }
        if self.token.is_some() && self.token != request.authorization {
            return head(stream, "401 Unauthorized", &[("X-Error-Code", "RepoNotFound")]);
        }
        if let Some(rest) = path.strip_prefix("/api/models/owner/tiny/revision/") {
            return match rest {
                "main" | "v1.0" | "refs%2Fpr%2F1" | COMMIT => self.list(stream),
                _ => head(stream, "404 Not Found", &[("X-Error-Code", "RevisionNotFound")]),
            };
        }
        if let Some(rest) = path.strip_prefix("/api/models/owner/old-name/") {
            let to = format!("{}/api/models/owner/tiny/{rest}", self.prefix);
            return head(stream, "307 Temporary Redirect", &[("Location", &to)]);
        }
        if let Some(rest) = path.strip_prefix("/owner/old-name/") {
            let to = format!("{}/owner/tiny/{rest}", self.prefix);
            return head(stream, "307 Temporary Redirect", &[("Location", &to)]);
        }
        if self.faults.lock().unwrap().gated {
            return head(stream, "403 Forbidden", &[("X-Error-Code", "GatedRepo")]);
        }
        self.file(request, stream, path)
    }

    fn file(&self, request: &Request, stream: &mut TcpStream, path: &str) -> std::io::Result<()> {
        let name = path.strip_prefix(&format!("/owner/tiny/resolve/{COMMIT}/"));
        match name.and_then(|name| Some((name, self.files.get(name)?))) {
            Some((WEIGHTS, content)) => {
                let tag = sha256(content);
                let to = format!("http://localhost:{}{}/cdn/{tag}", self.port, self.prefix);
                let (quoted, size) = (format!("\"{tag}\""), content.len().to_string());
                let linked = [
                    ("Location", to.as_str()),
                    ("X-Linked-Etag", &quoted),
                    ("X-Linked-Size", &size),
                    ("X-Repo-Commit", COMMIT),
                    ("ETag", "\"of-the-redirection\""),
                ];
                head(stream, "302 Found", &linked)
            }
            Some((_, content)) => {
                let (tag, size) = (format!("W/\"{}\"", git(content)), content.len().to_string());
                let tagged = [("ETag", tag.as_str()), ("X-Repo-Commit", COMMIT)];
                let headers = [tagged.as_slice(), &[("Content-Length", &size)]].concat();
                head(stream, "200 OK", &headers)?;
                if request.method == "GET" { stream.write_all(content) } else { Ok(()) }
            }
            None => head(stream, "404 Not Found", &[("X-Error-Code", "RepoNotFound")]),
        }
    }

    fn list(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let siblings: Vec<serde_json::Value> =
            self.files.keys().map(|name| serde_json::json!({ "rfilename": name })).collect();
        let list = serde_json::json!({ "sha": COMMIT, "siblings": siblings }).to_string();
        head(stream, "200 OK", &[("Content-Length", &list.len().to_string())])?;
        stream.write_all(list.as_bytes())
    }

    fn weights(
        &self,
        request: &Request,
        stream: &mut TcpStream,
        content: &[u8],
    ) -> std::io::Result<()> {
        let mut faults = self.faults.lock().unwrap();
        let start = request.range.filter(|_| !faults.no_ranges).unwrap_or(0);
        let mut part = content[start..].to_vec();
        if faults.wrong > 0 {
            faults.wrong -= 1;
            part[0] ^= 1;
        }
        let size = part.len().to_string();
        let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
        let status = if start > 0 { "206 Partial Content" } else { "200 OK" };
        head(stream, status, &[("Content-Length", &size), ("Content-Range", &range)])?;
        if let Some((bytes, times)) = &mut faults.cut
            && *times > 0
        {
            *times -= 1;
            part.truncate(*bytes);
        }
        stream.write_all(&part)
    }
}

/// Writes the head of an answer after which the connection ends.
fn head(stream: &mut TcpStream, status: &str, headers: &[(&str, &str)]) -> std::io::Result<()> {
    let mut text = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(text, "{name}: {value}\r\n").unwrap();
    }
    if !headers.iter().any(|(name, _)| *name == "Content-Length") {
        text.push_str("Content-Length: 0\r\n");
    }
    stream.write_all(format!("{text}\r\n").as_bytes())
}

pub fn sha256(content: &[u8]) -> String {
    sha2::Sha256::digest(content).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn git(content: &[u8]) -> String {
    let mut hash = sha1_smol::Sha1::new();
    hash.update(format!("blob {}\0", content.len()).as_bytes());
    hash.update(content);
    hash.digest().to_string()
}
