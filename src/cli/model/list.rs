//! `wenmai model list`: inside this program, in the cache, and worth fetching.

use serde::Serialize;

use crate::failure::Failure;
use crate::model::bytes;
use crate::model::known::KNOWN;
use crate::model::parameters;
use crate::output;
use wenmai_embed::hub::Hub;
use wenmai_embed::hub::Located;
use wenmai_embed::hub::cache::Entry;
use wenmai_embed::inspect;

/// Arguments of `wenmai model list`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// A model, as far as it is known without loading it.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    /// `program`, `cache` or `hub`.
    place: &'static str,
    family: Option<String>,
    dim: Option<u64>,
    parameters: Option<String>,
    licence: Option<String>,
    languages: Option<String>,
    bytes: Option<u64>,
    /// What the copy in the cache lacks.
    missing: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let hub = Hub::from_env(true).map_err(|error| Failure::failed(&error))?;
    let mut rows = vec![bundled()?];
    rows.extend(hub.cache().entries()?.iter().map(cached));
    let known = KNOWN.iter().map(|model| Row {
        name: model.name.to_owned(),
        place: "hub",
        family: Some(model.family.to_owned()),
        dim: Some(model.dim.into()),
        parameters: model.parameters.map(str::to_owned),
        licence: Some(model.licence.to_owned()),
        languages: Some(model.languages.to_owned()),
        bytes: Some(model.bytes),
        missing: None,
    });
    let known: Vec<Row> =
        known.filter(|model| rows.iter().all(|row| row.name != model.name)).collect();
    rows.extend(known);
    if args.json {
        let cache = hub.cache().root().display().to_string();
        return output::line(&serde_json::json!({ "cache": cache, "models": rows }).to_string());
    }
    show(&rows)?;
    output::line(&format!("cache {}", hub.cache().root().display()))
}

/// The model inside this program.
fn bundled() -> Result<Row, Failure> {
    let located = Located::Bundled;
    let model = inspect::open(&located).map_err(|error| Failure::failed(&error))?;
    let facts = inspect::facts(&located, &model).map_err(|error| Failure::failed(&error))?;
    Ok(Row {
        name: facts.info.name,
        place: "program",
        family: Some(facts.info.family.to_owned()),
        dim: Some(facts.info.dim as u64),
        parameters: Some(parameters(facts.parameter_count)),
        licence: facts.card.licence,
        languages: Some(facts.card.languages.join(", ")),
        bytes: Some(facts.bytes),
        missing: None,
    })
}

/// A model in the cache.
fn cached(entry: &Entry) -> Row {
    let inspect::Sketch { family, dim, parameter_count, card } = inspect::sketch(&entry.folder);
    Row {
        name: entry.repo.to_string(),
        place: "cache",
        family,
        dim,
        parameters: parameter_count.map(parameters),
        licence: card.licence,
        languages: (!card.languages.is_empty()).then(|| card.languages.join(", ")),
        bytes: Some(entry.bytes),
        missing: entry.missing.clone(),
    }
}

fn show(rows: &[Row]) -> Result<(), Failure> {
    let mut table = output::table(&[
        "model",
        "where",
        "family",
        "dim",
        "parameters",
        "size",
        "languages",
        "licence",
    ]);
    for row in rows {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
        let place = match (&row.missing, row.place) {
            (Some(missing), place) => format!("{place}: {missing}"),
            (None, place) => place.to_owned(),
        };
        table.add_row(vec![
            row.name.clone(),
            place,
            text(&row.family),
            text(&row.dim.map(|dim| dim.to_string())),
            text(&row.parameters),
            text(&row.bytes.map(bytes)),
            text(&row.languages),
            text(&row.licence),
        ]);
    }
    output::line(&table.to_string())
}
