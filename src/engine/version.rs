//! The index version: everything that a stored vector depends on, in one line.

use crate::input::LEAD_CHARS;
use wenmai_cluster::reprint;
use wenmai_embed::ModelInfo;
use wenmai_text::entity;
use wenmai_text::terms;
use wenmai_text::units;

/// `family@sha/pooling and dim/what is embedded/terms version+units version/reprint version/entities
/// version`; equal versions make equal vectors and payloads.
///
/// The model's name is not in it: a folder may be renamed.
#[must_use]
pub fn index_version(model: &ModelInfo) -> String {
    let ModelInfo { name: _, family, dim, window_tokens_max: _, pooling, version } = model;
    let (terms, units) = (terms::VERSION, units::VERSION);
    let (reprint, entities) = (reprint::VERSION, entity::VERSION);
    format!(
        "{family}@{version}/{pooling}{dim}/title+lead{LEAD_CHARS}/{terms}+{units}/{reprint}/{entities}"
    )
}
