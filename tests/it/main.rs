//! What the service promises, asked of the service itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that fails should say where"
)]

mod article_rpc;
mod cli;
mod compose;
mod embedding_rpc;
mod entities;
mod eval;
mod find_rpc;
mod folding;
#[cfg(feature = "hub")]
mod hub;
mod info_rpc;
mod ingest_rpc;
mod issue_pages;
mod layering;
#[cfg(feature = "hub")]
mod model_cli;
mod page_gold;
mod proto;
mod related;
mod relation;
mod reprints;
mod search_rpc;
mod security;
mod serving;
mod summary_rpc;
mod support;
mod topic_cli;
mod topic_edits;
mod topic_rpc;
mod topics;
mod web_pages;
