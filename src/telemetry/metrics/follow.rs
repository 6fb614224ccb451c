//! The metrics of following feeds: requests by what they brought, items by what became of them.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use prometheus_client::registry::Unit;

use super::Counters;
use super::Gauges;
use super::Metrics;
use super::signed;

/// Kinds of requests.
const KINDS: [&str; 3] = ["feed", "page", "robots"];
/// What becomes of items that are stored; those that are not are counted by their reason.
const STORED: [&str; 4] = ["created", "updated", "unchanged", "repeated"];

/// What is counted of following.
#[derive(Default)]
pub(super) struct Follow {
    requests: Family<[(&'static str, &'static str); 2], Counter>,
    bytes: Counter,
    items: Counters,
    feeds: Gauges,
    waiting: Gauge,
}

impl Follow {
    pub(super) fn register(&self, registry: &mut Registry) {
        for kind in KINDS {
            drop(self.requests.get_or_create(&[("kind", kind), ("outcome", "found")]));
        }
        for outcome in STORED {
            drop(self.items.get_or_create(&[("outcome", outcome)]));
        }
        for state in ["well", "failing"] {
            drop(self.feeds.get_or_create(&[("state", state)]));
        }
        let help = "Requests for feeds, pages and robots.txt, by what they brought";
        registry.register("wenmai_follow_requests", help, self.requests.clone());
        let help = "Bytes that came with them, compressed as they came";
        registry.register_with_unit(
            "wenmai_follow_received",
            help,
            Unit::Bytes,
            self.bytes.clone(),
        );
        let help = "Items of feeds, by what became of them";
        registry.register("wenmai_follow_items", help, self.items.clone());
        registry.register("wenmai_follow_feeds", "Feeds that are followed", self.feeds.clone());
        let help = "Items whose pages are still to be fetched";
        registry.register("wenmai_follow_waiting", help, self.waiting.clone());
    }
}

impl Metrics {
    /// Counts a request of `kind` (`feed`, `page`, `robots`) by what it brought.
    pub fn follow_request(&self, kind: &'static str, outcome: &'static str) {
        self.0.follow.requests.get_or_create(&[("kind", kind), ("outcome", outcome)]).inc();
    }

    /// Counts bytes that came over the network.
    pub fn follow_bytes(&self, bytes: usize) {
        self.0.follow.bytes.inc_by(u64::try_from(bytes).unwrap_or_default());
    }

    /// Counts an item of a feed by what became of it.
    pub fn follow_item(&self, outcome: &'static str) {
        self.0.follow.items.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Sets how many feeds are well, how many fail, and how many items wait.
    pub fn follow_state(&self, well: u64, failing: u64, waiting: u64) {
        self.0.follow.feeds.get_or_create(&[("state", "well")]).set(signed(well));
        self.0.follow.feeds.get_or_create(&[("state", "failing")]).set(signed(failing));
        self.0.follow.waiting.set(signed(waiting));
    }
}
