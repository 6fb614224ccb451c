//! `wenmai model info`: what a model is.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::failure::Failure;
use crate::model::Which;
use crate::model::bytes;
use crate::model::parameters;
use crate::output;
use wenmai_embed as embed;
use wenmai_embed::Model;
use wenmai_embed::hub::Located;
use wenmai_embed::inspect;
use wenmai_engine::calibration;

/// Arguments of `wenmai model info`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is printed of a model.
#[derive(Debug, Serialize)]
pub(super) struct Info {
    name: String,
    family: &'static str,
    dim: usize,
    window_tokens_max: usize,
    pooling: &'static str,
    prompts: BTreeMap<String, String>,
    parameter_count: u64,
    bytes: u64,
    version: String,
    languages: Vec<String>,
    licence: Option<String>,
    /// How its cosines are measured, where that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<String>,
    /// Its folder; nothing for the model inside this program.
    folder: Option<String>,
}

pub(super) async fn run(args: &Args) -> Result<(), Failure> {
    let located = args.which.located()?;
    let model = inspect::open(&located).map_err(|error| Failure::failed(&error))?;
    let mut info = Info::of(&located, &model)?;
    let handle = embed::Handle::start(model, &embed::Config::default());
    let calibrated = calibration::calibrate(&handle, &[]).await;
    handle.stop();
    info.calibration = Some(calibrated?.shown());
    if args.json {
        let json = serde_json::to_string(&info).map_err(|error| Failure::failed(&error))?;
        return output::line(&json);
    }
    info.show()
}

impl Info {
    /// Facts of `model`, which was loaded from there.
    pub(super) fn of(located: &Located, model: &Model) -> Result<Self, Failure> {
        let facts = inspect::facts(located, model).map_err(|error| Failure::failed(&error))?;
        let folder = match located {
            Located::Bundled => None,
            Located::Folder(folder) | Located::Cached(_, folder) => {
                Some(folder.display().to_string())
            }
        };
        let inspect::Facts { info, parameter_count, bytes, prompts, card } = facts;
        Ok(Self {
            name: info.name,
            family: info.family,
            dim: info.dim,
            window_tokens_max: info.window_tokens_max,
            pooling: info.pooling,
            prompts,
            parameter_count,
            bytes,
            version: info.version,
            languages: card.languages,
            licence: card.licence,
            calibration: None,
            folder,
        })
    }

    /// Prints it as a table of two columns.
    pub(super) fn show(&self) -> Result<(), Failure> {
        let prompts: Vec<String> =
            self.prompts.iter().map(|(name, prompt)| format!("{name}: {prompt:?}")).collect();
        let or_none = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        let rows = [
            ("model", self.name.clone()),
            ("family", self.family.to_owned()),
            ("dim", self.dim.to_string()),
            ("window", format!("{} tokens", self.window_tokens_max)),
            ("pooling", self.pooling.to_owned()),
            ("prompts", or_none(prompts.join("\n"))),
            ("parameters", parameters(self.parameter_count)),
            ("size", bytes(self.bytes)),
            ("version", self.version.clone()),
            ("languages", or_none(self.languages.join(", "))),
            ("licence", self.licence.clone().unwrap_or_else(|| "the card names none".to_owned())),
            ("calibration", self.calibration.clone().unwrap_or_default()),
            ("folder", self.folder.clone().unwrap_or_else(|| "inside this program".to_owned())),
        ];
        for (name, value) in rows {
            if value.is_empty() {
                continue;
            }
            let mut lines = value.lines();
            output::line(&format!("{name:<11} {}", lines.next().unwrap_or_default()))?;
            for line in lines {
                output::line(&format!("{:<11} {line}", ""))?;
            }
        }
        Ok(())
    }
}
