//! One request: made under bounds of time and size, to public hosts only, and its answer taken apart.
//!
//! Redirects are answers like others: whoever asked decides whether the next address may be asked,
//! and when. No cookies are kept, nothing is sent beyond what an `Ask` says, and no proxy is used that
//! was not asked for, whatever the environment says: behind one, the addresses of hosts cannot be
//! checked, only those that stand in what is asked for.

mod body;
mod header;
mod proxy;
mod public;

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use ureq::Agent;
use ureq::Body;
use ureq::Timeout;
use ureq::http::Response;
use ureq::unversioned::transport::DefaultConnector;
use url::Host;
use url::Url;

use crate::address;
use crate::fault::Fault;
use crate::settings::Config;
use header::text;
use public::Public;

pub use proxy::InvalidProxy;
pub use proxy::Proxy;

/// Bounds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// For finding the host and connecting to it, each.
    pub connect: Duration,
    /// For the head of the answer.
    pub first_byte: Duration,
    /// For all of it.
    pub whole: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(20),
            whole: Duration::from_mins(1),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// The address that is asked, which redirects do not change.
    pub url: &'a Url,
    /// The types that can be read.
    pub accept: &'static str,
    /// The entity tag of the copy that is known already.
    pub etag: Option<&'a str>,
    /// When that copy was changed, as its server said it.
    pub modified: Option<&'a str>,
    /// Bytes of the answer, at most, decompressed and not.
    pub bytes_max: usize,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// What was asked for.
    Found(Found),
    /// The copy that is known is still good; for so long, if the server says so.
    NotModified(Option<Duration>),
    /// It stands elsewhere.
    Moved {
        /// Where.
        to: Url,
        /// For good.
        is_permanent: bool,
    },
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its type in lower case, without parameters; empty where the server says none.
    pub kind: String,
    /// The encoding that the server says it is in.
    pub charset: Option<String>,
    /// It, decompressed.
    pub body: Vec<u8>,
    /// Bytes that came over the network.
    pub wire_bytes: usize,
    /// Its entity tag.
    pub etag: Option<String>,
    /// When it was changed, as the server says it.
    pub modified: Option<String>,
    /// For how long it is good, if the server says so.
    pub fresh: Option<Duration>,
}

/// Makes requests.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    /// Whether addresses of private networks are refused here, since a proxy finds the hosts.
    checks_names: bool,
}

impl Client {
    /// A client that gives its name, uses the proxy and keeps to the networks that `config` says.
    #[must_use]
    pub fn new(config: &Config, bounds: Bounds) -> Self {
        let proxy = config.proxy.as_ref();
        let resolver = Public::new(config.allow_private, proxy.map(|proxy| proxy.place().0));
        let checks_names = proxy.is_some() && !config.allow_private;
        let agent = with(&config.agent(), bounds, resolver, proxy.map(Proxy::inner));
        Self { agent, checks_names }
    }

    /// A client that takes one address of this machine for a public one.
    #[cfg(test)]
    pub(crate) fn but(except: std::net::SocketAddr) -> Self {
        let agent = with("test", Bounds::default(), Public::but(except), None);
        Self { agent, checks_names: false }
    }

    /// Makes one request; gives up when `stop` is set.
    ///
    /// # Errors
    /// [`Fault`]
    pub fn get(&self, ask: &Ask<'_>, stop: &AtomicBool) -> Result<Answer, Fault> {
        if self.checks_names && is_nobodys_business(ask.url) {
            return Err(Fault::Private);
        }
        let mut request = self.agent.get(ask.url.as_str()).header("accept", ask.accept);
        if let Some(etag) = ask.etag {
            request = request.header("if-none-match", etag);
        }
        if let Some(modified) = ask.modified {
            request = request.header("if-modified-since", modified);
        }
        let answer = request.call().map_err(|error| fault(&error))?;
        let status = answer.status().as_u16();
        match status {
            200 | 203 => found(answer, ask.bytes_max, stop).map(Answer::Found),
            304 => Ok(Answer::NotModified(header::fresh(answer.headers()))),
            301 | 302 | 303 | 307 | 308 => {
                let to = text(answer.headers(), "location").unwrap_or_default();
                let to = address::read(&to, Some(ask.url))?;
                Ok(Answer::Moved { to, is_permanent: matches!(status, 301 | 308) })
            }
            _ => Err(Fault::Status(status, header::retry_after(answer.headers()))),
        }
    }
}

fn with(agent: &str, bounds: Bounds, resolver: Public, proxy: Option<ureq::Proxy>) -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .user_agent(agent)
        // We decompress ourselves, to see how much comes out.
        .accept_encoding("gzip")
        .timeout_resolve(Some(bounds.connect))
        .timeout_connect(Some(bounds.connect))
        .timeout_recv_response(Some(bounds.first_byte))
        .timeout_global(Some(bounds.whole))
        .max_idle_connections_per_host(1)
        .build();
    Agent::with_parts(config, DefaultConnector::default(), resolver)
}

fn found(answer: Response<Body>, bytes_max: usize, stop: &AtomicBool) -> Result<Found, Fault> {
    let (parts, body) = answer.into_parts();
    let headers = &parts.headers;
    let (kind, charset) = header::kind(headers);
    let length = text(headers, "content-length").and_then(|length| length.trim().parse().ok());
    if length.is_some_and(|length: usize| length > bytes_max) {
        return Err(Fault::TooLarge(bytes_max));
    }
    let coding = text(headers, "content-encoding").unwrap_or_default();
    let (body, wire_bytes) = body::read(body.into_reader(), &coding, bytes_max, stop)?;
    Ok(Found {
        kind,
        charset,
        body,
        wire_bytes,
        etag: text(headers, "etag").filter(|tag| tag.len() <= header::MARK_BYTES_MAX),
        modified: text(headers, "last-modified")
            .filter(|time| time.len() <= header::MARK_BYTES_MAX),
        fresh: header::fresh(headers),
    })
}

/// Whether an address names this machine or one of a private network by itself, without being looked
/// up.
fn is_nobodys_business(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address::is_private(address.into()),
        Some(Host::Ipv6(address)) => address::is_private(address.into()),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost") || !name.contains('.')
        }
        None => true,
    }
}

/// What an error of the client means.
fn fault(error: &ureq::Error) -> Fault {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match error {
        ureq::Error::Io(error) => io_fault(error),
        ureq::Error::Timeout(when) => Fault::Timeout(time(*when)),
        ureq::Error::HostNotFound => Fault::Unresolved,
        ureq::Error::ConnectProxyFailed(what) => Fault::Unreachable(what.clone()),
        ureq::Error::ConnectionFailed => Fault::Unreachable("no connection".to_owned()),
        ureq::Error::Tls(what) => Fault::Tls((*what).to_owned()),
        ureq::Error::Rustls(error) => Fault::Tls(error.to_string()),
        ureq::Error::BadUri(_) => Fault::Address(address::InvalidAddress::Unreadable),
        other => Fault::Protocol(other.to_string()),
    }
}

fn io_fault(error: &std::io::Error) -> Fault {
    if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<public::NotPublic>) {
        return Fault::Private;
    }
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        return fault(inner);
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Fault::Truncated,
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => Fault::Timeout("silence"),
        std::io::ErrorKind::InvalidData => Fault::Tls(error.to_string()),
        // What the system says of a name that it does not find.
        _ if error.to_string().contains("lookup") => Fault::Unresolved,
        _ => Fault::Unreachable(error.to_string()),
    }
}

fn time(when: Timeout) -> &'static str {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the list is open")]
    match when {
        Timeout::Resolve => "finding the host",
        Timeout::Connect => "connecting",
        Timeout::RecvResponse => "the first byte",
        _ => "the whole answer",
    }
}
