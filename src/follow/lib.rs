//! Follows feeds and page lists: asks what is new, politely, and hands the articles to a sink.
//!
//! [`start`] begins; what is followed comes from [`sources`], where articles go is a [`Sink`]. The
//! rest is inside:
//!
//! - `schedule`: when a feed is asked again. `robots`, `address`: what may be asked. All pure.
//! - `fetch`: one request under bounds of time and size, to public hosts only.
//! - `listing`: what a feed or a page list names. `article`: what a page tells, with what its feed says.
//! - `queue`: one request at a time to a host, with a pause behind it.
//! - `state`: what is remembered on the disk.
//! - `follower`: the threads that put these together.
//!
//! It promises: nothing is asked that a site's `robots.txt` forbids, no host is asked twice at once or
//! without a pause, nothing is read without bounds of size and time, no machine of a private network
//! is asked unless that is allowed, and an item is lost by no crash. It runs no scripts and keeps no
//! cookies.

mod address;
mod article;
pub mod clock;
mod fault;
pub mod fetch;
mod follower;
mod listing;
mod queue;
pub mod report;
mod robots;
mod schedule;
pub mod settings;
pub mod sink;
mod source;
mod state;
#[cfg(test)]
#[allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::type_complexity,
    clippy::wildcard_enum_match_arm,
    reason = "a test is read once, and runs once"
)]
mod tests;

pub use fault::Fault;
pub use fetch::Bounds;
pub use fetch::Proxy;
pub use follower::Error;
pub use follower::Feeds;
pub use follower::ListChange;
pub use follower::Running;
pub use follower::Setup;
pub use follower::Stop;
pub use follower::start;
pub use queue::Until;
pub use report::Report;
pub use settings::Config;
pub use sink::NotStored;
pub use sink::Sink;
pub use sink::Stored;
pub use source::InvalidList;
pub use source::Lists;
pub use source::Source;
pub use source::sources;
