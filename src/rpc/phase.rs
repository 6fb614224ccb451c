//! In which part of its life the service is; written by `app`, read by every call.

use tokio::sync::watch;

/// A part of the service's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Model and store have not answered yet.
    Starting,
    /// Calls are served.
    Serving,
    /// New calls are refused, running ones end.
    Draining,
}

/// Sets the phase.
#[derive(Debug)]
pub struct Switch(watch::Sender<Phase>);

/// Tells the phase; cheap to clone.
#[derive(Debug, Clone)]
pub struct Life(watch::Receiver<Phase>);

/// A service that is starting.
#[must_use]
pub fn starting() -> (Switch, Life) {
    let (switch, life) = watch::channel(Phase::Starting);
    (Switch(switch), Life(life))
}

impl Switch {
    /// From now on it is `phase`.
    pub fn set(&self, phase: Phase) {
        self.0.send_replace(phase);
    }
}

impl Life {
    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Returns when the service drains, or when nobody can set the phase any more.
    pub async fn draining(&mut self) {
        // An error means that the switch is gone, and with it the service.
        let _gone = self.0.wait_for(|phase| *phase == Phase::Draining).await;
    }
}
