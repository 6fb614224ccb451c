//! Names of hosts → addresses, those of no public network left out.
//!
//! The connection goes to the very addresses that are checked here, so a name that answers
//! differently the second time gains nothing.

use std::io;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::resolver::ResolvedSocketAddrs;
use ureq::unversioned::resolver::Resolver;
use ureq::unversioned::transport::NextTimeout;

use crate::address::is_private;

/// A host has no address in a public network.
#[derive(Debug, thiserror::Error)]
#[error("the host has no address in a public network")]
pub struct NotPublic;

/// Finds public hosts only, unless it may find all.
#[derive(Debug)]
pub struct Public {
    allow_private: bool,
    /// The name of the proxy, which may stand in a private network.
    proxy: Option<String>,
    /// Addresses that a test takes for public ones.
    #[cfg(test)]
    except: Vec<std::net::SocketAddr>,
    inner: DefaultResolver,
}

impl Public {
    pub(super) fn new(allow_private: bool, proxy: Option<&str>) -> Self {
        Self {
            allow_private,
            proxy: proxy.map(str::to_owned),
            #[cfg(test)]
            except: Vec::new(),
            inner: DefaultResolver::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn but(except: std::net::SocketAddr) -> Self {
        Self { except: vec![except], ..Self::new(false, None) }
    }

    #[cfg(test)]
    fn is_excepted(&self, address: &std::net::SocketAddr) -> bool {
        self.except.contains(address)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "it has no exceptions outside of tests")]
    fn is_excepted(&self, _: &std::net::SocketAddr) -> bool {
        false
    }
}

impl Resolver for Public {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        // With a proxy it is the only host that is looked up here.
        let is_proxy = self.proxy.as_ref().is_some_and(|host| uri.host() == Some(host));
        if self.allow_private || is_proxy {
            return Ok(found);
        }
        let mut public = self.empty();
        for address in &*found {
            if !is_private(address.ip()) || self.is_excepted(address) {
                public.push(*address);
            }
        }
        if public.is_empty() {
            return Err(ureq::Error::Io(io::Error::new(
                io::ErrorKind::PermissionDenied,
                NotPublic,
            )));
        }
        Ok(public)
    }
}
