//! What the service promises, asked of the service itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::format_collect,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails should say where, and one that is skipped why"
)]

mod article_rpc;
mod calibrate_cli;
mod calibration;
mod cli;
#[cfg(feature = "eval")]
mod compose;
mod connections;
mod deploy;
mod embedding_rpc;
mod entities;
#[cfg(feature = "eval")]
mod eval;
mod faults;
mod feeds;
mod find_rpc;
mod folding;
mod follow;
#[cfg(feature = "hub")]
mod hub;
mod info_rpc;
mod ingest_rpc;
mod issue_pages;
mod layering;
mod metrics;
mod model_based;
#[cfg(feature = "hub")]
mod model_cli;
#[cfg(unix)]
mod nginx;
mod operate;
mod overload;
mod page_gold;
mod placed_pages;
mod plain_http;
mod proto;
#[cfg(feature = "server")]
mod qdrant;
mod related;
mod relation;
mod replicas;
mod reprints;
mod scale_out;
mod search_rpc;
mod security;
mod serving;
#[cfg(feature = "rewrite")]
mod suggest_rpc;
mod summary_rewrite;
mod summary_rpc;
mod support;
mod telemetry;
mod themes;
mod topic_cli;
mod topic_edits;
mod topic_kill;
mod topic_recluster;
mod topic_rpc;
mod topics;
mod web;
mod web_pages;
mod writes;
