//! What time it is, and waiting: real, or told by a test.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;

/// What waiting for a moment comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// So long is to be waited.
    Wait(Duration),
    /// The moment is there.
    There,
    /// It lies behind the end of what is played through.
    Over,
}

/// Tells the time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Passes the time until `until`, which nobody works in.
    fn pass(&self, until: Timestamp) -> Pass;

    /// Whether time passes only when nobody works.
    fn is_virtual(&self) -> bool {
        false
    }
}

/// The clock of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn pass(&self, until: Timestamp) -> Pass {
        Pass::Wait(Duration::try_from(until.duration_since(self.now())).unwrap_or_default())
    }
}

/// A clock that jumps to whatever is waited for, so that days are played through in a moment.
#[derive(Debug)]
pub struct Jumping {
    now: Mutex<Timestamp>,
    end: Timestamp,
}

impl Jumping {
    /// A clock that stands at `now` and ends at `end`.
    #[must_use]
    pub fn new(now: Timestamp, end: Timestamp) -> Self {
        Self { now: Mutex::new(now), end }
    }
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, until: Timestamp) -> Pass {
        if until > self.end {
            return Pass::Over;
        }
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = until.max(*now);
        Pass::There
    }

    fn is_virtual(&self) -> bool {
        true
    }
}
