//! The pages for people who read news: rendered here, in Chinese or English, from what the services
//! of the contract answer.
//!
//! This is a client like any other: each page calls the services inside this process, through the
//! same checks that a call over the network goes through, with the key of the person who looks at it.
//! So rights, limits, deadlines and audit lines are those of gRPC. Pages work without JavaScript; a
//! small script of our own adds comfort. Nothing is fetched from elsewhere. Every page is also the
//! contract's JSON under the same address with `.json`.

mod about;
mod article;
mod articles;
mod assets;
mod atom;
mod briefing;
mod client;
mod compare;
mod edit;
mod export;
mod failure;
mod json;
mod kept;
mod lookup;
mod map;
mod marks;
mod paper;
mod reading;
mod report;
mod session;
mod shell;
mod show;
mod sign_in;
mod spark;
mod stories;
mod summary;
mod themes;
mod topic;
mod topics;
mod upload;
mod visit;
mod watch;
mod words;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::routing::post;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tonic::codegen::http::header;
use tonic::service::Routes;

use failure::Failure;
use session::Sessions;
use stories::Stories;
use summary::Summaries;
use visit::Form;

/// Bytes of what a form may send: a page of a paper at its limit of 2 MiB, encoded for a form.
const FORM_BYTES_MAX: usize = 7 * 1024 * 1024;
/// What a page may load and do: only what this server sends, and no code or style inside the page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Look at everything.
    Read,
    /// Change things as well.
    Write,
}

/// Says who may do what.
pub trait Doors: Send + Sync {
    /// Whether a key is asked for.
    fn asks(&self) -> bool;

    /// What the key in these headers allows; `None` for none and for one that is not known. Where no
    /// key is asked for, everybody may write.
    fn right(&self, headers: &HeaderMap) -> Option<Right>;
}

/// How the pages are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// Whether connections are encrypted: cookies are then for such connections only.
    pub is_secure: bool,
    /// Whether only this machine can connect. Without keys, pages are then for names of this machine
    /// only, so that no page of a stranger can make a browser here ask under a name of its own.
    pub is_local: bool,
}

/// The pages, ready to answer; cheap to clone.
#[derive(Clone)]
pub struct Site {
    shared: Arc<Shared>,
    router: Router,
}

/// What all pages share.
struct Shared {
    services: Routes,
    doors: Arc<dyn Doors>,
    reach: Reach,
    sessions: Sessions,
    stories: Stories,
    summaries: Summaries,
    timelines: topic::Timelines,
    similar: topic::Similar,
    themes: themes::OfStories,
    maps: map::Maps,
    files: upload::Files,
    /// Live feeds that are open.
    feeds: Arc<AtomicUsize>,
}

impl Site {
    /// Pages of what `services` answer, to those whom `doors` let in.
    #[must_use]
    pub fn new(services: Routes, doors: Arc<dyn Doors>, reach: Reach) -> Self {
        let shared = Arc::new(Shared {
            services: services.prepare(),
            doors,
            reach,
            sessions: Sessions::default(),
            stories: Stories::default(),
            summaries: Summaries::default(),
            timelines: topic::Timelines::default(),
            similar: topic::Similar::default(),
            themes: themes::OfStories::default(),
            maps: map::Maps::default(),
            files: upload::Files::default(),
            feeds: Arc::default(),
        });
        let router = router().with_state(shared.clone());
        Self { shared, router }
    }

    /// Answers a request.
    pub async fn answer(mut self, mut request: Request<Body>) -> Response<Body> {
        let started = Instant::now();
        let form = Form::taken_from(request.uri_mut());
        request.extensions_mut().insert(form);
        let mut response = if self.is_strange(request.headers()) {
            Failure::Host.plain()
        } else {
            let request = request.map(axum::body::Body::new);
            match self.router.call(request).await {
                Ok(response) => response.map(Body::new),
                Err(never) => match never {},
            }
        };
        let headers = response.headers_mut();
        for (name, value) in [
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "same-origin"),
            (header::SERVER, concat!("wenmai/", env!("CARGO_PKG_VERSION"))),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers
            .entry(header::CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("private, no-cache"));
        let took = format!("page;dur={:.1}", started.elapsed().as_secs_f64() * 1_000.0);
        if let Ok(took) = HeaderValue::from_str(&took) {
            headers.insert("server-timing", took);
        }
        response
    }

    /// Whether a request that needs no key comes under a name that is not of this machine: a page
    /// elsewhere may have made its own name mean this machine.
    fn is_strange(&self, headers: &HeaderMap) -> bool {
        if !self.shared.reach.is_local || self.shared.doors.asks() {
            return false;
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        // HTTP/2 names the host elsewhere, and browsers speak HTTP/2 under TLS only.
        host.is_some_and(|host| !is_of_this_machine(host))
    }
}

/// Whether `host`, with or without a port, is a name or number of this machine.
fn is_of_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let number = name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    number || name.eq_ignore_ascii_case("localhost")
}

/// Which page answers which address; forms of an answer (`.json`) are taken off before.
fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(topics::list))
        .route("/today", get(topics::list))
        .route("/brief", get(briefing::show))
        .route("/about", get(about::show))
        .route("/search", get(articles::search))
        .route("/search/counts", get(articles::counts))
        .route("/suggest", get(lookup::suggest))
        .route("/articles/{id}", get(article::show))
        .route("/articles/{id}/related", get(article::related))
        .route("/articles/{id}/reprints", get(article::reprints))
        .route("/articles/{id}/brief", get(article::brief))
        .route("/articles/{id}/diff/{other}", get(compare::show))
        .route("/topics/{id}", get(topic::show))
        .route("/topics/{id}/articles", get(topic::members))
        .route("/topics/{id}/report", get(report::show))
        .route("/topics/{id}/brief", get(topic::brief))
        .route("/topics/{id}/similar", get(topic::similar))
        .route("/topics/{id}/themes", get(themes::of_topic))
        .route("/topics/{id}/timeline", get(topic::timeline))
        .route("/topics/{id}/changes", get(watch::of_topic))
        .route("/topics/{id}/edit", get(edit::form).post(edit::apply))
        .route("/themes", get(themes::list))
        .route("/themes/{id}", get(themes::show))
        .route("/watch", get(watch::list))
        .route("/watch/events", get(watch::events))
        .route("/map", get(map::show))
        .route("/map/spots", get(map::spots))
        .route("/layout", get(paper::form).post(paper::apply))
        .route("/sign-in", get(sign_in::form).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/settings", get(sign_in::settings))
        .route("/assets/{file}", get(assets::file))
        .fallback(failure::no_page)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::is_of_this_machine;

    #[test]
    fn names_of_this_machine_are_told_from_others() {
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "127.0.0.2"] {
            assert!(is_of_this_machine(host), "{host}");
        }
        for host in ["news.example", "127.0.0.1.news.example:8080", "", "10.0.0.1"] {
            assert!(!is_of_this_machine(host), "{host}");
        }
    }
}
