//! 闻脉 wenmai: embeds Chinese news, stores the vectors, and answers what is related.
//!
//! This library only joins the crates of the workspace under one name; each stands in its folder
//! below `src` (the contract in `proto`), and may use only those that its manifest names:
//!
//! | crate | question it answers |
//! |---|---|
//! | [`domain`] | what is an article, an id, an embedding, a filter, a hit? |
//! | [`text`] | what are the terms, sentences, dates and entities of a Chinese text? |
//! | [`page`] | which articles stand on this newspaper page? |
//! | [`layout`] | which articles stand on a page whose lines have places? |
//! | [`feed`] | which articles does this feed, export or table hold? |
//! | [`cluster`] | which articles belong together: what is a reprint of what, which tell of one event or story? |
//! | [`rank`] | in which order do candidates answer? |
//! | [`summary`] | what do an article, or several, say in brief, cited? |
//! | [`embed`] | which vector does the model give a text? |
//! | [`generate`] | what does a language model write when it is asked to? |
//! | [`store`] | what is kept, and what is near this vector or these terms? |
//! | [`engine`] | the use cases: ingest, search, related, get, list, delete |
//! | `eval` | how good are the answers on a labelled file? (feature `eval`) |
//! | [`proto`] | which messages and services does the contract have? |
//! | [`rpc`] | how does it look on the wire? |
//! | [`follow`] | what is new in these feeds and page lists, asked politely? |
//! | [`telemetry`] | what does an operator see: log, metrics, traces? |
//! | [`app`] | how is it put together, served and drained? |
//! | [`cli`] | how does it look on a terminal? |

pub use wenmai_app as app;
pub use wenmai_cli as cli;
pub use wenmai_cluster as cluster;
pub use wenmai_domain as domain;
pub use wenmai_embed as embed;
pub use wenmai_engine as engine;
#[cfg(feature = "eval")]
pub use wenmai_eval as eval;
pub use wenmai_feed as feed;
pub use wenmai_follow as follow;
pub use wenmai_generate as generate;
pub use wenmai_layout as layout;
pub use wenmai_page as page;
pub use wenmai_proto as proto;
pub use wenmai_rank as rank;
pub use wenmai_rpc as rpc;
pub use wenmai_store as store;
pub use wenmai_summary as summary;
pub use wenmai_telemetry as telemetry;
pub use wenmai_text as text;
