//! The index version: everything that a stored vector depends on, in one line.

use crate::embed::ModelInfo;
use crate::engine::input::LEAD_CHARS;
use crate::text::terms;

/// `model@sha/pooling/window policy/terms version`; equal versions make equal vectors.
#[must_use]
pub fn index_version(model: &ModelInfo) -> String {
    let ModelInfo { name, family: _, dim, window_tokens_max: _, pooling, version } = model;
    format!("{name}@{version}/{pooling}{dim}/title+lead{LEAD_CHARS}/{}", terms::VERSION)
}
