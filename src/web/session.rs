//! Who has signed in: sessions in memory, the tokens of their forms, and a brake on guessing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;
use std::time::Instant;

use rand::RngExt;
use sha2::Digest;
use sha2::Sha256;
use tonic::codegen::http::HeaderValue;

/// Sessions at a time; the one that was used longest ago makes room.
const SESSIONS_MAX: usize = 10_000;
/// A session that was not used for so long is over.
const IDLE_MAX: Duration = Duration::from_hours(24 * 7);
/// Attempts to sign in that are answered at once, after a rest.
const ATTEMPTS_MAX: f64 = 10.0;
/// Attempts to sign in that come back each second.
const ATTEMPTS_PER_SECOND: f64 = 1.0 / 6.0;

/// Sessions and what their secrets are made of. They end with the process.
pub(crate) struct Sessions {
    secret: [u8; 32],
    open: Mutex<HashMap<String, Session>>,
    attempts: Mutex<Attempts>,
}

struct Session {
    /// The whole `authorization` header.
    key: HeaderValue,
    used: Instant,
}

struct Attempts {
    left: f64,
    at: Instant,
}

impl Default for Sessions {
    fn default() -> Self {
        let attempts = Attempts { left: ATTEMPTS_MAX, at: Instant::now() };
        Self {
            secret: rand::rng().random(),
            open: Mutex::default(),
            attempts: Mutex::new(attempts),
        }
    }
}

impl Sessions {
    /// Begins a session with a key, and returns its name.
    pub(crate) fn begin(&self, key: HeaderValue) -> String {
        let name = hex(&rand::rng().random::<[u8; 32]>());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        open.retain(|_, session| now.duration_since(session.used) < IDLE_MAX);
        if open.len() >= SESSIONS_MAX {
            let oldest = open.iter().min_by_key(|(_, session)| session.used);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                open.remove(&oldest);
            }
        }
        open.insert(name.clone(), Session { key, used: now });
        name
    }

    /// The key of a session that is open.
    pub(crate) fn key(&self, name: &str) -> Option<HeaderValue> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(name)?;
        if session.used.elapsed() >= IDLE_MAX {
            open.remove(name);
            return None;
        }
        session.used = Instant::now();
        Some(session.key.clone())
    }

    /// Ends a session.
    pub(crate) fn end(&self, name: &str) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// What the forms of a session bring back; of visitors without one, of all of them.
    ///
    /// A page of another origin cannot read it, and cannot guess it.
    pub(crate) fn token(&self, session: Option<&str>) -> String {
        let mut digest = Sha256::new();
        digest.update(self.secret);
        digest.update(session.unwrap_or("no session"));
        hex(&digest.finalize())
    }

    /// Takes one attempt to sign in, if there is one left.
    ///
    /// # Errors
    /// The time after which the next one is there.
    pub(crate) fn attempt(&self, now: Instant) -> Result<(), Duration> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = now.saturating_duration_since(attempts.at).as_secs_f64();
        attempts.left = (attempts.left + rest * ATTEMPTS_PER_SECOND).min(ATTEMPTS_MAX);
        attempts.at = now;
        if attempts.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - attempts.left) / ATTEMPTS_PER_SECOND));
        }
        attempts.left -= 1.0;
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A String takes all that is written.
        let _whole = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

    use super::Sessions;
    use tonic::codegen::http::HeaderValue;

    #[test]
    fn a_session_has_its_key_until_it_ends() {
        let sessions = Sessions::default();
        let name = sessions.begin(HeaderValue::from_static("Bearer x"));
        assert_eq!(sessions.key(&name).unwrap(), "Bearer x");
        sessions.end(&name);
        assert!(sessions.key(&name).is_none());
    }

    #[test]
    fn tokens_are_of_one_session_and_one_process() {
        let (one, other) = (Sessions::default(), Sessions::default());
        assert_eq!(one.token(Some("a")), one.token(Some("a")));
        assert_ne!(one.token(Some("a")), one.token(Some("b")));
        assert_ne!(one.token(None), other.token(None));
    }

    #[test]
    fn guessing_is_braked_and_goes_on_after_a_while() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let taken = (0..100).filter(|_| sessions.attempt(now).is_ok()).count();
        assert_eq!(taken, 10);
        assert!(sessions.attempt(now).is_err());
        assert!(sessions.attempt(now + Duration::from_secs(7)).is_ok());
    }
}
