//! What a browser without JavaScript does: asks for pages, keeps cookies, follows nothing by itself.

use std::net::SocketAddr;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What parts a form with a file.
const BOUNDARY: &str = "----parts-of-a-form";

/// Status, head and body of an answer.
pub struct Page {
    pub code: u16,
    pub head: String,
    pub body: String,
}

impl Page {
    /// The value of a header, if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    /// The addresses of the page's links, as written.
    pub fn links(&self) -> Vec<String> {
        let parts = self.body.split("href=\"").skip(1);
        parts
            .filter_map(|part| part.split('"').next())
            .map(|href| href.replace("&#38;", "&"))
            .collect()
    }

    /// The first link that begins so and is longer.
    pub fn link(&self, start: &str) -> String {
        let mut links = self.links().into_iter();
        links.find(|link| link.starts_with(start) && link.len() > start.len()).unwrap_or_else(
            || {
                panic!("no link to {start}… in {}", self.body);
            },
        )
    }

    /// The values of the fields of this name.
    pub fn fields(&self, name: &str) -> Vec<String> {
        let marks = format!("name=\"{name}\" value=\"");
        let parts = self.body.split(&marks).skip(1);
        parts.filter_map(|part| part.split('"').next()).map(unescaped).collect()
    }

    /// The text of the page without its marks.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut is_inside = false;
        for c in self.body.chars() {
            match c {
                '<' => is_inside = true,
                '>' => is_inside = false,
                c if !is_inside => text.push(c),
                _ => {}
            }
        }
        unescaped(&text)
    }
}

fn unescaped(text: &str) -> String {
    let pairs = [("&#38;", "&"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'")];
    pairs.iter().rev().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Somebody who looks at pages.
pub struct Browser {
    pub address: SocketAddr,
    pub headers: Vec<(String, String)>,
    cookies: Vec<(String, String)>,
}

impl Browser {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, headers: Vec::new(), cookies: Vec::new() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, "").await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, pairs: &[(&str, &str)]) -> Page {
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        self.ask("POST", path, &pairs.join("&")).await
    }

    /// Sends a form with a file.
    pub async fn upload(&mut self, path: &str, pairs: &[(&str, &str)], file: &str) -> Page {
        let about = "content-disposition: form-data; name=";
        let fields = pairs
            .iter()
            .map(|(name, value)| format!("--{BOUNDARY}\r\n{about}\"{name}\"\r\n\r\n{value}\r\n"));
        let file = format!(
            "--{BOUNDARY}\r\n{about}\"file\"; filename=\"p.xml\"\r\ncontent-type: text/xml\r\n\r\n\
             {file}\r\n--{BOUNDARY}--\r\n"
        );
        let body: String = fields.chain([file]).collect();
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        self.send(("POST", path), &kind, &body).await
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Page {
        self.send((method, path), "application/x-www-form-urlencoded", body).await
    }

    async fn send(&mut self, (method, path): (&str, &str), kind: &str, body: &str) -> Page {
        let mut head = vec![format!("{method} {path} HTTP/1.1"), "connection: close".to_owned()];
        if !self.headers.iter().any(|(name, _)| name == "host") {
            head.push(format!("host: {}", self.address));
        }
        head.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if !self.cookies.is_empty() {
            let all: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            head.push(format!("cookie: {}", all.join("; ")));
        }
        if method == "POST" {
            head.push(format!("content-type: {kind}"));
        }
        head.push(format!("content-length: {}\r\n\r\n", body.len()));
        let head = head.join("\r\n");
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let page = page(&bytes);
        for line in page.head.lines() {
            let Some(cookie) = line.strip_prefix("set-cookie: ") else { continue };
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        page
    }
}

fn page(bytes: &[u8]) -> Page {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    let rest = &bytes[end + 4..];
    let body = if head.to_lowercase().contains("transfer-encoding: chunked") {
        unchunked(rest)
    } else {
        rest.to_vec()
    };
    Page { code, head, body: String::from_utf8(body).unwrap() }
}

/// The bytes of a chunked body.
fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 2 + size + 2..];
    }
    whole
}

/// A text as addresses and forms write it.
pub fn percent(text: &str) -> String {
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(*byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.as_bytes().iter().map(one).collect()
}
