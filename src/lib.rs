//! 闻脉 wenmai: embeds Chinese news, stores the vectors, and answers what is related.
//!
//! The modules, each using only those before it (tested by `tests/it/layering.rs`):
//!
//! | module | question it answers |
//! |---|---|
//! | [`domain`] | what is an article, an id, an embedding, a filter, a hit? |
//! | [`text`] | what are the terms, sentences and dates of a Chinese text? |
//! | [`page`] | which articles stand on this newspaper page? |
//! | [`cluster`] | which articles belong together: what is a reprint of what? |
//! | [`rank`] | in which order do candidates answer? |
//! | [`summary`] | what do an article, or several, say in brief, cited? |
//! | [`embed`] | which vector does the model give a text? |
//! | [`generate`] | what does a language model write when it is asked to? |
//! | [`store`] | what is kept, and what is near this vector or these terms? |
//! | [`engine`] | the use cases: ingest, search, related, get, list, delete |
//! | [`eval`] | how good are the answers on a labelled file? |
//! | [`rpc`] | how does it look on the wire? |
//! | [`cli`] | how does it look on a terminal? |
//! | [`app`] | how is it put together, served and drained? |

pub mod app;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod embed;
pub mod engine;
pub mod eval;
pub mod generate;
pub mod page;
pub mod rank;
pub mod rpc;
pub mod store;
pub mod summary;
pub mod telemetry;
pub mod text;
