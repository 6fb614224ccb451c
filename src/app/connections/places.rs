//! Who may be connected: places for connections, in all and for each peer.
//!
//! Whoever comes when all places are taken gets the place of a connection without a call: of one
//! that has not said a word, or else of the one that has been without a call for the longest. So
//! sockets that only stand open keep nobody out. Where every connection has a call, a newcomer is
//! refused, except that a few places are kept for programs on this machine: health must answer.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use super::activity::Activity;
use super::stream::Peer;
use wenmai_telemetry::Metrics;
use wenmai_telemetry::label::Ending;
use wenmai_telemetry::metrics::GaugeGuard;

/// Places beyond the limit that only programs on this machine get.
const RESERVED: usize = 16;

/// The places of a server.
#[derive(Clone)]
pub(super) struct Places {
    connections_max: usize,
    /// For each peer that is not on this machine.
    per_peer_max: usize,
    metrics: Metrics,
    table: Arc<Mutex<Table>>,
}

#[derive(Default)]
struct Table {
    next_id: u64,
    open: HashMap<u64, (Peer, Arc<Activity>)>,
}

/// The place of a connection, which is free again when this goes.
pub(super) struct Place {
    id: u64,
    pub(super) activity: Arc<Activity>,
    table: Arc<Mutex<Table>>,
    _open: GaugeGuard,
}

impl Places {
    pub(super) fn new(connections_max: usize, per_peer_max: usize, metrics: Metrics) -> Self {
        let (connections_max, per_peer_max) = (connections_max.max(1), per_peer_max.max(1));
        Self { connections_max, per_peer_max, metrics, table: Arc::default() }
    }

    /// A place for a connection of `peer`, or `None` if there is none to be had.
    pub(super) fn take(&self, peer: Peer) -> Option<Place> {
        // A panic inside would have left a table, which cannot be wrong.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.has_room(&mut table, peer) {
            drop(table);
            self.metrics.connection_ended(Ending::Refused);
            return None;
        }
        let (id, activity) = (table.next_id, Activity::new());
        table.next_id += 1;
        table.open.insert(id, (peer, Arc::clone(&activity)));
        let open = self.metrics.connection();
        Some(Place { id, activity, table: Arc::clone(&self.table), _open: open })
    }

    /// Ends a connection without a call, if there is one: the system has no more sockets.
    pub(super) fn make_room(&self) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        self.displace(&mut table, |_peer| true);
    }

    fn has_room(&self, table: &mut Table, peer: Peer) -> bool {
        if peer != Peer::Local {
            let of_peer = table.open.values().filter(|(of, _)| *of == peer).count();
            if of_peer >= self.per_peer_max && !self.displace(table, |of| of == peer) {
                return false;
            }
        }
        if table.open.len() < self.connections_max || self.displace(table, |_peer| true) {
            return true;
        }
        peer == Peer::Local && table.open.len() < self.connections_max + RESERVED
    }

    /// Takes the place of the connection that is missed least, among those of peers that `may` lose
    /// one.
    fn displace(&self, table: &mut Table, may: impl Fn(Peer) -> bool) -> bool {
        let among = table.open.iter().filter(|(_, (peer, _))| may(*peer));
        let worth = among.filter_map(|(id, (_, activity))| Some((activity.worth()?, *id)));
        let Some((_, id)) = worth.min() else { return false };
        if let Some((_, activity)) = table.open.remove(&id) {
            activity.displace();
            self.metrics.connection_ended(Ending::Displaced);
        }
        true
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.table.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use futures::FutureExt;

    use super::Place;
    use super::Places;
    use super::RESERVED;
    use crate::connections::stream::Peer;
    use wenmai_telemetry::Metrics;

    fn places(connections_max: usize, per_peer_max: usize) -> Places {
        Places::new(connections_max, per_peer_max, Metrics::default())
    }

    fn peer(number: u8) -> Peer {
        Peer::V4(Ipv4Addr::new(192, 0, 2, number))
    }

    fn is_displaced(place: &Place) -> bool {
        place.activity.displaced().now_or_never().is_some()
    }

    #[test]
    fn a_newcomer_gets_the_place_of_the_one_that_is_missed_least() {
        let places = places(3, 3);
        let taken: Vec<Place> = (1..=3).map(|number| places.take(peer(number)).unwrap()).collect();
        taken[0].activity.open();
        let _call = taken[1].activity.call();
        let next = places.take(peer(4)).unwrap();
        next.activity.open();
        assert_eq!(taken.iter().map(is_displaced).collect::<Vec<_>>(), [false, false, true]);
        let _last = places.take(peer(5)).unwrap();
        assert!(is_displaced(&taken[0]) && !is_displaced(&taken[1]) && !is_displaced(&next));
    }

    #[test]
    fn where_all_have_calls_only_this_machine_gets_in() {
        let places = places(2, 2);
        let taken: Vec<Place> = (1..=2).map(|number| places.take(peer(number)).unwrap()).collect();
        let calls: Vec<_> = taken.iter().map(|place| place.activity.call()).collect();
        assert!(places.take(peer(3)).is_none());
        let busy = |_| {
            let place = places.take(Peer::Local).unwrap();
            (place.activity.call(), place)
        };
        let reserved: Vec<_> = (0..RESERVED).map(busy).collect();
        assert!(places.take(Peer::Local).is_none());
        drop((calls, taken, reserved));
        assert!(places.take(peer(3)).is_some());
    }

    #[test]
    fn a_peer_takes_its_own_places_and_not_those_of_others() {
        let places = places(10, 2);
        let other = places.take(peer(1)).unwrap();
        let first = places.take(peer(2)).unwrap();
        let mut more: Vec<Place> = (0..5).map(|_| places.take(peer(2)).unwrap()).collect();
        assert!(is_displaced(&first) && !is_displaced(&other));
        let last = more.split_off(3);
        let _calls: Vec<_> = last.iter().map(|place| place.activity.call()).collect();
        assert!(places.take(peer(2)).is_none(), "all of its places are in use");
        assert!(places.take(peer(3)).is_some());
    }
}
