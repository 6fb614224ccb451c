//! Follows feeds.
mod address;
mod fault;
pub mod fetch;
mod robots;
mod schedule;
