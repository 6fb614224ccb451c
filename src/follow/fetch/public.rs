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
    inner: DefaultResolver,
}

impl Public {
    pub(super) fn new(allow_private: bool) -> Self {
        Self { allow_private, inner: DefaultResolver::default() }
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
        if self.allow_private {
            return Ok(found);
        }
        let mut public = self.empty();
        for address in found.iter().filter(|address| !is_private(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            return Err(ureq::Error::Io(io::Error::new(io::ErrorKind::PermissionDenied, NotPublic)));
        }
        Ok(public)
    }
}
