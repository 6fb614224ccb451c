//! Why something was not fetched, or not taken: with one short name for each kind.

use std::time::Duration;

use url::Url;

use crate::address::InvalidAddress;

/// Why a request brought nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The address cannot be asked.
    #[error("the address {0}")]
    Address(#[from] InvalidAddress),
    /// The host is this machine, or in a network that is not public.
    #[error("the host is not in the public network (--allow-private lets it be asked)")]
    Private,
    /// No host of that name.
    #[error("there is no such host")]
    Unresolved,
    /// No connection, or one that broke before the answer.
    #[error("the host cannot be reached: {0}")]
    Unreachable(String),
    /// It took too long.
    #[error("it took too long: {0}")]
    Timeout(&'static str),
    /// The certificate is not trusted, or the encryption failed.
    #[error("the connection is not secure: {0}")]
    Tls(String),
    /// What came is no HTTP.
    #[error("the answer is not HTTP as it should be: {0}")]
    Protocol(String),
    /// It is larger than it may be, decompressed or not.
    #[error("it is larger than {0} bytes")]
    TooLarge(usize),
    /// It is compressed in a way that is not read, or wrongly.
    #[error("it is compressed in a way that cannot be read")]
    Compression,
    /// It ends before it should.
    #[error("the answer breaks off")]
    Truncated,
    /// It is of another type than what was asked for.
    #[error("it is of the type `{0}`")]
    Type(String),
    /// It is no text in an encoding that is known.
    #[error("{0}")]
    Encoding(String),
    /// It is neither a feed nor a list of articles.
    #[error("it is neither a feed nor a list of articles: {0}")]
    NotAFeed(String),
    /// It leads back to where it came from.
    #[error("it is redirected in a circle, to {0}")]
    RedirectLoop(Url),
    /// It is redirected too often.
    #[error("it is redirected more than {0} times")]
    Redirects(usize),
    /// The site does not want it to be asked.
    #[error("robots.txt of the site does not allow it")]
    Robots,
    /// The site's rules cannot be read now, so that nothing may be asked.
    #[error("robots.txt of the site cannot be read now")]
    RobotsAway,
    /// The server answers with a status that is no success.
    #[error("the server answers {0}")]
    Status(u16, Option<Duration>),
    /// We are to stop.
    #[error("it was stopped")]
    Stopped,
}

impl Fault {
    /// Its kind, the same for all of a kind: a name for tables, metrics and JSON.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Fault::Address(_) => "invalid_address",
            Fault::Private => "private_address",
            Fault::Unresolved => "no_such_host",
            Fault::Unreachable(_) => "unreachable",
            Fault::Timeout(_) => "timeout",
            Fault::Tls(_) => "tls",
            Fault::Protocol(_) => "protocol",
            Fault::TooLarge(_) => "too_large",
            Fault::Compression => "compression",
            Fault::Truncated => "truncated",
            Fault::Type(_) => "wrong_type",
            Fault::Encoding(_) => "encoding",
            Fault::NotAFeed(_) => "not_a_feed",
            Fault::RedirectLoop(_) => "redirect_loop",
            Fault::Redirects(_) => "too_many_redirects",
            Fault::Robots => "robots",
            Fault::RobotsAway => "robots_unreachable",
            Fault::Status(429, _) => "rate_limited",
            Fault::Status(404 | 410, _) => "gone",
            Fault::Status(401 | 402 | 403 | 451, _) => "forbidden",
            Fault::Status(500.., _) => "server_error",
            Fault::Status(..) => "refused",
            Fault::Stopped => "stopped",
        }
    }

    /// Whether asking again soon is of no use.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Fault::Address(_)
            | Fault::Private
            | Fault::TooLarge(_)
            | Fault::Compression
            | Fault::Type(_)
            | Fault::Encoding(_)
            | Fault::NotAFeed(_)
            | Fault::RedirectLoop(_)
            | Fault::Redirects(_)
            | Fault::Robots => true,
            Fault::Status(status, _) => !matches!(status, 408 | 425 | 429 | 500..),
            Fault::Unresolved
            | Fault::Unreachable(_)
            | Fault::Timeout(_)
            | Fault::Tls(_)
            | Fault::Protocol(_)
            | Fault::Truncated
            | Fault::RobotsAway
            | Fault::Stopped => false,
        }
    }

    /// How long the server wants to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Fault::Status(_, after) => *after,
            Fault::Address(_)
            | Fault::Private
            | Fault::Unresolved
            | Fault::Unreachable(_)
            | Fault::Timeout(_)
            | Fault::Tls(_)
            | Fault::Protocol(_)
            | Fault::TooLarge(_)
            | Fault::Compression
            | Fault::Truncated
            | Fault::Type(_)
            | Fault::Encoding(_)
            | Fault::NotAFeed(_)
            | Fault::RedirectLoop(_)
            | Fault::Redirects(_)
            | Fault::Robots
            | Fault::RobotsAway
            | Fault::Stopped => None,
        }
    }

    /// Whether the host itself, and not this page of it, is in trouble.
    #[must_use]
    pub fn is_of_host(&self) -> bool {
        matches!(
            self,
            Fault::Unresolved
                | Fault::Unreachable(_)
                | Fault::Timeout(_)
                | Fault::Tls(_)
                | Fault::Protocol(_)
                | Fault::RobotsAway
                | Fault::Status(429 | 500.., _)
        )
    }
}
