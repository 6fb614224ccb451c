//! The proxy through which requests go, where one is named.

use std::fmt;
use std::str::FromStr;

use ureq::ProxyProtocol;

/// A proxy through which requests go, by `CONNECT`.
///
/// Shown without the name and the password that it may hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy(ureq::Proxy);

/// An address is that of no proxy that can be used.
#[derive(Debug, thiserror::Error)]
#[error("is no address of an HTTP proxy (`http://HOST:PORT`)")]
pub struct InvalidProxy;

impl Proxy {
    /// The proxy as the client of requests takes it.
    pub(super) fn inner(&self) -> ureq::Proxy {
        self.0.clone()
    }

    /// Its name and port.
    pub(super) fn place(&self) -> (&str, u16) {
        (self.0.host(), self.0.port())
    }
}

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        let proxy = ureq::Proxy::new(text.trim()).map_err(|_unreadable| InvalidProxy)?;
        let is_usable = matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
        if is_usable && !proxy.host().is_empty() { Ok(Self(proxy)) } else { Err(InvalidProxy) }
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = self.place();
        write!(f, "Proxy({host}:{port})")
    }
}

#[cfg(test)]
mod tests {
    use super::Proxy;

    #[test]
    fn a_proxy_is_an_http_proxy_and_keeps_its_password() {
        let proxy: Proxy = "http://desk:s%3Acret@proxy.example:3128".parse().unwrap();
        assert_eq!(proxy.place(), ("proxy.example", 3_128));
        assert_eq!(format!("{proxy:?}"), "Proxy(proxy.example:3128)");
        assert_eq!("proxy.example:8080".parse::<Proxy>().unwrap().place().1, 8_080);
        for wrong in ["", "http://", "socks5://proxy.example:1080", "ftp://proxy.example"] {
            assert!(wrong.parse::<Proxy>().is_err(), "{wrong}");
        }
    }
}
