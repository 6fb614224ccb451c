//! Who may call what: bearer keys, reading and writing, how often.
//!
//! A key comes as `authorization: Bearer …`. Keys are kept as digests, compared in constant time, and
//! never shown: the log names a key by the first eight digits of its SHA-256. Where no key is asked
//! for everyone may do everything; `app` warns of that where it matters. Where the last key was
//! revoked nobody may do anything. Health is open to all.

mod keys;
mod rate;

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::watch;
use tonic::codegen::http::HeaderMap;

use keys::Key;
use rate::Buckets;

pub use keys::Keys;
pub use keys::KeysError;

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Everything that changes nothing.
    Read,
    /// Everything.
    Write,
}

/// Why a call is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It brings no key.
    NoKey,
    /// It brings one that is not known, or something that is no key.
    WrongKey,
    /// Its key only reads.
    ReadOnly,
    /// Its key was used too often.
    TooOften {
        /// Worth trying again after this time.
        retry_after: Duration,
    },
}

/// Who calls, for the log: a key's fingerprint, `anyone` where there are no keys.
pub type Caller = Arc<str>;

/// Lets calls in or refuses them; cheap to clone, all clones share keys and counts.
#[derive(Debug, Clone)]
pub struct Access {
    /// `None` where no key is asked for.
    keys: watch::Receiver<Option<Arc<Keys>>>,
    buckets: Arc<Mutex<Buckets>>,
    calls_per_second: Option<u32>,
    anyone: Caller,
}

/// Changes the keys of an [`Access`].
#[derive(Debug)]
pub struct KeyRing(watch::Sender<Option<Arc<Keys>>>);

impl KeyRing {
    /// From now on `keys` count, and no others; if there are none, nobody is let in.
    pub fn replace(&self, keys: Keys) {
        self.0.send_replace(Some(Arc::new(keys)));
    }
}

impl Access {
    /// Lets in whoever brings one of `keys`, at most `calls_per_second` times a second a key.
    ///
    /// `None` instead of keys lets everyone in, and instead of a number sets no rate.
    #[must_use]
    pub fn new(keys: Option<Keys>, calls_per_second: Option<u32>) -> (KeyRing, Self) {
        let (ring, keys) = watch::channel(keys.map(Arc::new));
        let buckets = Arc::new(Mutex::new(Buckets::new(calls_per_second)));
        (KeyRing(ring), Self { keys, buckets, calls_per_second, anyone: "anyone".into() })
    }

    /// How often a key may call, if that is limited.
    #[must_use]
    pub fn calls_per_second(&self) -> Option<u32> {
        self.calls_per_second
    }

    /// Whether a key is asked for.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.keys.borrow().is_some()
    }

    /// Whether these headers bring a key that is known, whatever it allows, or none is asked for.
    ///
    /// # Errors
    /// [`Refusal::NoKey`] or [`Refusal::WrongKey`].
    pub fn knows(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(keys) = self.keys.borrow().clone() else { return Ok(()) };
        known(&keys, headers).map(drop).map_err(|(refusal, _caller)| refusal)
    }

    /// What the key in these headers allows: everything where none is asked for, `None` where it is
    /// missing or not known. It is not counted as a call.
    #[must_use]
    pub fn right(&self, headers: &HeaderMap) -> Option<Right> {
        let Some(keys) = self.keys.borrow().clone() else { return Some(Right::Write) };
        known(&keys, headers).ok().map(|key| key.right)
    }

    /// Lets everyone do everything.
    #[must_use]
    pub fn open() -> Self {
        Self::new(None, None).1
    }

    /// Whether a call with these headers, of a method for which a key must allow `needed`, is let in
    /// at `now`.
    ///
    /// # Errors
    /// [`Refusal`], with the caller where its key is known.
    pub fn admit(
        &self,
        headers: &HeaderMap,
        needed: Right,
        now: Instant,
    ) -> Result<Caller, (Refusal, Caller)> {
        let keys = self.keys.borrow().clone();
        let caller = if let Some(keys) = keys {
            let key = known(&keys, headers)?;
            if key.right < needed {
                return Err((Refusal::ReadOnly, key.fingerprint.clone()));
            }
            key.fingerprint.clone()
        } else {
            self.anyone.clone()
        };
        // A panic inside would have left a count, which cannot be wrong.
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        match buckets.take(&caller, now) {
            Ok(()) => Ok(caller),
            Err(retry_after) => Err((Refusal::TooOften { retry_after }, caller)),
        }
    }
}

/// The key that a call brings.
fn known<'keys>(keys: &'keys Keys, headers: &HeaderMap) -> Result<&'keys Key, (Refusal, Caller)> {
    let unknown = |refusal| (refusal, Caller::from("unknown"));
    let header = headers.get("authorization").ok_or_else(|| unknown(Refusal::NoKey))?;
    let given = header.to_str().ok().and_then(bearer);
    given.and_then(|given| keys.find(given)).ok_or_else(|| unknown(Refusal::WrongKey))
}

/// The token of a bearer header; the scheme in any case (RFC 9110, 11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tonic::codegen::http::HeaderMap;
    use tonic::codegen::http::HeaderValue;

    use super::Access;
    use super::Keys;
    use super::Refusal;
    use super::Right;

    const WRITE: &str = "write-key-0123456789";
    const READ: &str = "read-key-0123456789ab";
    const GET: Right = Right::Read;
    const DELETE: Right = Right::Write;

    fn keys() -> Keys {
        Keys::new([(WRITE, Right::Write), (READ, Right::Read)]).unwrap()
    }

    fn asked(access: &Access, header: Option<&str>, needed: Right) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert("authorization", HeaderValue::from_str(header).unwrap());
        }
        access.admit(&headers, needed, Instant::now()).map(drop).map_err(|(refusal, _)| refusal)
    }

    #[test]
    fn without_keys_everyone_may_write() {
        assert_eq!(asked(&Access::open(), None, DELETE), Ok(()));
    }

    #[test]
    fn a_key_allows_what_it_is_for() {
        let (_ring, access) = Access::new(Some(keys()), None);
        assert_eq!(asked(&access, Some(&format!("Bearer {WRITE}")), DELETE), Ok(()));
        assert_eq!(asked(&access, Some(&format!("bearer  {READ}")), GET), Ok(()));
        let refused = asked(&access, Some(&format!("Bearer {READ}")), DELETE);
        assert_eq!(refused, Err(Refusal::ReadOnly));
    }

    #[test]
    fn no_key_and_a_wrong_key_are_told_apart() {
        let (_ring, access) = Access::new(Some(keys()), None);
        assert_eq!(asked(&access, None, GET), Err(Refusal::NoKey));
        for header in ["Bearer", "Bearer ", "Basic YTpi", WRITE, "Bearer write-key-0123456788"] {
            assert_eq!(asked(&access, Some(header), GET), Err(Refusal::WrongKey), "{header}");
        }
    }

    #[test]
    fn what_a_key_allows_can_be_asked_without_a_call() {
        let (_ring, access) = Access::new(Some(keys()), Some(1));
        let right = |key: &str| {
            let mut headers = HeaderMap::new();
            let bearer = HeaderValue::from_str(&format!("Bearer {key}")).unwrap();
            headers.insert("authorization", bearer);
            access.right(&headers)
        };
        let asked: Vec<_> = (0..9).map(|_| right(READ)).collect();
        assert!(asked.iter().all(|asked| *asked == Some(Right::Read)), "{asked:?}");
        assert_eq!((right(WRITE), right("another-key-0123456")), (Some(Right::Write), None));
        assert_eq!(access.right(&HeaderMap::new()), None);
        assert_eq!(Access::open().right(&HeaderMap::new()), Some(Right::Write));
    }

    #[test]
    fn a_replaced_key_no_longer_counts() {
        let (ring, access) = Access::new(Some(keys()), None);
        ring.replace(Keys::new([("another-key-0123456", Right::Read)]).unwrap());
        let old = asked(&access, Some(&format!("Bearer {WRITE}")), GET);
        assert_eq!(old, Err(Refusal::WrongKey));
        assert_eq!(asked(&access, Some("Bearer another-key-0123456"), GET), Ok(()));
    }

    #[test]
    fn each_key_has_its_own_rate() {
        let (_ring, access) = Access::new(Some(keys()), Some(1));
        let read = format!("Bearer {READ}");
        let answers: Vec<_> = (0..3).map(|_| asked(&access, Some(&read), GET)).collect();
        assert!(matches!(answers.last(), Some(Err(Refusal::TooOften { .. }))), "{answers:?}");
        assert_eq!(asked(&access, Some(&format!("Bearer {WRITE}")), GET), Ok(()));
    }

    #[test]
    fn with_the_last_key_gone_nobody_is_let_in() {
        let (ring, access) = Access::new(Some(keys()), None);
        ring.replace(Keys::default());
        assert_eq!(asked(&access, None, GET), Err(Refusal::NoKey));
        let old = asked(&access, Some(&format!("Bearer {WRITE}")), GET);
        assert_eq!(old, Err(Refusal::WrongKey));
        assert!(access.asks() && !Access::open().asks());
    }
}
