//! Following, asked of a server of ours that misbehaves in every way, on a clock that jumps.

mod again;
mod content;
mod lists;
mod manners;
mod misbehaviour;
mod proxy;
mod renewed;
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use crate::Bounds;
use crate::Config;
use crate::NotStored;
use crate::Proxy;
use crate::Report;
use crate::Setup;
use crate::Sink;
use crate::Stored;
use crate::Until;
use crate::clock::Jumping;
use crate::schedule::later;
use crate::sources;
use server::Server;
use wenmai_domain::article::Record;
use wenmai_telemetry::Metrics;

/// Keeps articles in memory; what is done with each can be said.
#[derive(Default)]
struct Memory {
    records: Mutex<Vec<Record>>,
    answer: Option<Box<dyn Fn(usize) -> Result<(), NotStored> + Send + Sync>>,
    calls: Mutex<usize>,
}

impl Sink for Memory {
    fn store(&self, record: Record) -> Result<Stored, NotStored> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        if let Some(answer) = &self.answer {
            answer(call)?;
        }
        let mut records = self.records.lock().unwrap();
        let same =
            |old: &&mut Record| old.source == record.source && old.source_id == record.source_id;
        match records.iter_mut().find(same) {
            Some(old) if *old == record => Ok(Stored::Unchanged),
            Some(old) => {
                *old = record;
                Ok(Stored::Updated)
            }
            None => {
                records.push(record);
                Ok(Stored::Created)
            }
        }
    }
}

impl Memory {
    fn titles(&self) -> Vec<String> {
        self.records.lock().unwrap().iter().map(|record| record.title.clone()).collect()
    }
}

/// A place to follow from: a folder, a sink and a clock that go through several runs.
struct Desk {
    folder: tempfile::TempDir,
    sink: Arc<Memory>,
    clock: Arc<Jumping>,
    metrics: Metrics,
    bounds: Bounds,
    until: Until,
    is_dry: bool,
    allow_private: bool,
    proxy: Option<Proxy>,
}

fn morning() -> Timestamp {
    "2026-03-14T08:00:00Z".parse().unwrap()
}

impl Desk {
    fn new() -> Self {
        Self::until(Until::RoundEnds, Duration::from_hours(1_000))
    }

    /// One that plays through so much time, and then stops.
    fn for_hours(hours: u64) -> Self {
        Self::until(Until::Stopped, Duration::from_hours(hours))
    }

    fn until(until: Until, end: Duration) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            sink: Arc::default(),
            clock: Arc::new(Jumping::new(morning(), later(morning(), end))),
            metrics: Metrics::default(),
            bounds: Bounds::default(),
            until,
            is_dry: false,
            allow_private: true,
            proxy: None,
        }
    }

    fn with_sink(
        self,
        answer: impl Fn(usize) -> Result<(), NotStored> + Send + Sync + 'static,
    ) -> Self {
        let sink = Memory { answer: Some(Box::new(answer)), ..Memory::default() };
        Self { sink: Arc::new(sink), ..self }
    }

    fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("follow")
    }

    fn setup(&self, urls: &[String], state: &Path) -> Setup {
        Setup {
            config: Config {
                contact: Some("https://desk.example/".into()),
                delay_ms: 1_000,
                at_once: 4,
                allow_private: self.allow_private,
                proxy: self.proxy.clone(),
                state: None,
            },
            bounds: self.bounds,
            sources: sources(urls).unwrap(),
            sink: self.sink.clone(),
            metrics: self.metrics.clone(),
            clock: self.clock.clone(),
            folder: state.to_owned(),
            until: self.until,
            is_dry: self.is_dry,
        }
    }

    /// Follows these paths of the server to the end.
    fn follow(&self, server: &Server, paths: &[&str]) -> Report {
        let urls: Vec<String> = paths.iter().map(|path| server.url(path)).collect();
        crate::start(self.setup(&urls, &self.state())).unwrap().wait()
    }
}

/// A page with one article.
fn page(title: &str) -> String {
    let text = format!(
        "{title}一事今日有了新的进展。县里的工作人员介绍，工程从城东开始，全长四公里，预计下月完成，\
         沿线两千户居民的用水将得到改善。"
    );
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title></head><body><h1>{title}</h1>\
         <p>2026-03-14 09:30 来源：清河日报</p><p>{text}</p><p>{text}居民对此表示欢迎。</p></body></html>"
    )
}

/// A feed of items: title, address, text.
fn feed(items: &[(&str, &str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(title, link, text)| {
            format!("<item><title>{title}</title><link>{link}</link><description>{text}</description></item>")
        })
        .collect();
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>清河网</title>{items}</channel></rss>"
    )
}
