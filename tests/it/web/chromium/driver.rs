//! A real browser: Chromium behind its driver, which is asked by the protocol of web drivers.
//!
//! Both are programs of the machine. Where they are not, a test says so and ends.

use std::io::BufRead;
use std::io::BufReader;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::Value;
use serde_json::json;
use thirtyfour::RequestData;
use thirtyfour::SessionId;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;
use thirtyfour::session::http::Body;
use thirtyfour::session::http::HttpClient;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::codegen::Bytes;
use tonic::codegen::http::Method;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;

/// One browser at a time: two would wait for each other's processor, and for their own timeouts.
static ONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The program of this name, `None` where there is none.
fn program(names: &[&str]) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

/// The driver's process; it ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

/// A window that shows pages of one server.
pub struct Window {
    pub driver: WebDriver,
    base: String,
    _process: Process,
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

/// Starts a driver and returns it with its port; `None` if it ended before it named one.
fn start(chromedriver: &Path) -> Option<(Process, u16)> {
    let mut process = Command::new(chromedriver)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(process.stdout.take().unwrap());
    let process = Process(process);
    let port = said.lines().map_while(Result::ok).find_map(|line| port(&line))?;
    Some((process, port))
}

impl Window {
    /// Opens a browser that reads Chinese; `None` where there is none, which is printed.
    pub async fn open(address: SocketAddr) -> Option<Self> {
        let chromium = program(&["chromium", "chromium-browser", "google-chrome"]);
        let (Some(chromium), Some(chromedriver)) = (chromium, program(&["chromedriver"])) else {
            println!("skipped: chromium and chromedriver are not installed");
            return None;
        };
        let turn = ONE.lock().await;
        // On a busy machine it may end at once, because somebody else took the port that it chose.
        let (process, port) = (0..5).find_map(|_| start(&chromedriver)).unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(chromium.to_str().unwrap()).unwrap();
        for argument in [
            "--headless=new",
            // In a container the browser is root, and its own sandbox cannot be had.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-proxy-server",
            "--no-first-run",
            // Else a page still scrolls while it is clicked on.
            "--force-prefers-reduced-motion",
            "--lang=zh-CN",
            "--accept-lang=zh-CN",
        ] {
            wanted.add_arg(argument).unwrap();
        }
        wanted.set("goog:loggingPrefs", json!({"browser": "ALL", "performance": "ALL"})).unwrap();
        let client = Plain { address: SocketAddr::from(([127, 0, 0, 1], port)) };
        let url = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::builder(url, wanted).client(client).await.unwrap();
        let base = format!("http://{address}");
        Some(Self { driver, base, _process: process, _turn: turn })
    }

    pub async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.base)).await.unwrap();
    }

    /// Where the window is: path, query and fragment.
    pub async fn here(&self) -> String {
        let url = self.driver.current_url().await.unwrap().to_string();
        url.strip_prefix(&self.base).unwrap_or(&url).to_owned()
    }

    /// The first element, once it is there.
    pub async fn one(&self, css: &str) -> WebElement {
        let found = self.driver.query(By::Css(css)).first().await;
        match found {
            Ok(found) => found,
            Err(error) => {
                panic!("no {css} at {}: {error}\n{}", self.here().await, self.text().await)
            }
        }
    }

    /// Follows a link or sends a form, and waits until another page is there.
    pub async fn click(&self, css: &str) {
        let element = self.one(css).await;
        self.js("document.documentElement.dataset.old = '1'").await;
        let middle = "arguments[0].scrollIntoView({block: 'center'})";
        self.driver.execute(middle, vec![element.to_json().unwrap()]).await.unwrap();
        element.click().await.unwrap();
        let is_new = "return document.readyState === 'complete' && \
                      !document.documentElement.dataset.old || location.hash !== ''";
        self.until(is_new).await;
    }

    /// Waits until a script says `true`.
    pub async fn until(&self, script: &str) {
        let wait = async {
            while self.js(script).await != Value::Bool(true) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(std::time::Duration::from_secs(30), wait).await;
        assert!(waited.is_ok(), "not so at {}: {script}\n{}", self.here().await, self.text().await);
    }

    /// What a script gives.
    pub async fn js(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// The text that one sees.
    pub async fn text(&self) -> String {
        let text = self.js("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Makes the window so many pixels wide, light or dark.
    pub async fn look(&self, width: u32, scheme: &str) {
        let cdp = self.driver.cdp();
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        cdp.send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
        let (height, scale, mobile) = (900, 1, width < 500);
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile
        });
        cdp.send_raw("Emulation.setDeviceMetricsOverride", size).await.unwrap();
    }

    /// Warnings and errors of the console since the last time, and requests that left the server.
    pub async fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for entry in self.log("browser").await {
            let level = entry["level"].as_str().unwrap();
            if level == "SEVERE" || level == "WARNING" {
                complaints.push(entry["message"].as_str().unwrap().to_owned());
            }
        }
        for entry in self.log("performance").await {
            let told: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let told = &told["message"];
            if told["method"] != "Network.requestWillBeSent" {
                continue;
            }
            let url = told["params"]["request"]["url"].as_str().unwrap();
            if !url.starts_with(&format!("{}/", self.base)) && !url.starts_with("data:") {
                complaints.push(format!("a request left: {url}"));
            }
        }
        complaints
    }

    async fn log(&self, kind: &'static str) -> Vec<Value> {
        let answer = self.driver.cmd(Log(kind)).await.unwrap();
        answer.value::<Vec<Value>>().unwrap()
    }

    pub async fn close(self) {
        self.driver.quit().await.unwrap();
    }
}

/// The number in what the driver says once it listens.
fn port(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end_matches('.').parse().ok()
}

/// The command that reads a log of Chromium's driver.
#[derive(Debug)]
struct Log(&'static str);

impl FormatRequestData for Log {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(Method::POST, format!("/session/{session}/se/log"))
            .add_body(json!({"type": self.0}))
    }
}

/// HTTP as far as the driver needs it: a connection for each request.
struct Plain {
    address: SocketAddr,
}

#[async_trait::async_trait]
impl HttpClient for Plain {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match body {
            Body::Empty => String::new(),
            Body::Json(value) => value.to_string(),
        };
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            parts.method,
            parts.uri.path(),
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await?;
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        let broken = || WebDriverError::from_inner(WebDriverErrorInner::HttpError("cut".into()));
        let mut bytes = Vec::new();
        // The driver says how long its answer is, and does not close the connection behind it.
        loop {
            if stream.read_buf(&mut bytes).await? == 0 {
                return Err(broken());
            }
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|l| l.trim().parse().ok()).ok_or_else(broken)?;
            if bytes.len() < end + 4 + length {
                continue;
            }
            let code: u16 = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
            let body = Bytes::from(bytes.split_off(end + 4));
            return Response::builder().status(code).body(body).map_err(|_| broken());
        }
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self { address: self.address })
    }
}
