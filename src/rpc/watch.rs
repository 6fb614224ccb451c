//! `WatchTopics`: the change log as a stream.
//!
//! Changes are read from the log when the client takes them, a few at a time, so a client that stops
//! reading holds no more than those, however many follow.

use std::collections::VecDeque;

use futures::stream;
use tonic::Status;

use crate::convert;
use crate::phase::Life;
use crate::status::Failure;
use crate::status::refuse;
use wenmai_domain::topic::change::Entry;
use wenmai_engine::Changes;
use wenmai_proto::wire;

/// The changes from a place in the log on, until the service drains.
pub fn changes(
    changes: Changes,
    life: Life,
) -> impl stream::Stream<Item = Result<wire::WatchTopicsResponse, Status>> + Send + 'static {
    let state = Watch { changes, life, read: VecDeque::new(), ended: false };
    stream::unfold(state, Watch::next)
}

struct Watch {
    changes: Changes,
    life: Life,
    /// Read and not yet sent.
    read: VecDeque<Entry>,
    ended: bool,
}

impl Watch {
    /// The next change, with the state after it.
    async fn next(mut self) -> Option<(Result<wire::WatchTopicsResponse, Status>, Self)> {
        if self.ended {
            return None;
        }
        if self.read.is_empty() {
            let more = tokio::select! {
                biased;
                () = self.life.draining() => Err(Failure::Draining.into()),
                more = self.changes.next() => more.map_err(refuse),
            };
            match more {
                Ok(more) => self.read = more.into(),
                Err(status) => {
                    self.ended = true;
                    return Some((Err(status), self));
                }
            }
        }
        let entry = self.read.pop_front()?;
        Some((Ok(convert::change(entry)), self))
    }
}
