//! Which articles belong together? Pure decisions: no store, no clock.

pub mod reprint;
pub mod topic;
