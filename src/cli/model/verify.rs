//! `wenmai model verify`: whether a model can be relied on.

use crate::failure::Failure;
use crate::model::Which;
use crate::output;
use wenmai_embed::inspect::verify::Check;
use wenmai_embed::inspect::verify::Outcome;
use wenmai_embed::inspect::verify::verify;

/// Arguments of `wenmai model verify`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let checks = verify(&args.which.located()?);
    let failed = checks.iter().filter(|check| check.outcome == Outcome::Failed).count();
    let model = args.which.shown();
    if args.json {
        let told: Vec<serde_json::Value> = checks.iter().map(json).collect();
        let report = serde_json::json!({ "model": model, "passed": failed == 0, "checks": told });
        output::line(&report.to_string())?;
    } else {
        for Check { name, outcome, detail } in &checks {
            output::line(&format!("{:<7} {name:<10} {detail}", word(*outcome)))?;
        }
    }
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::Failed(format!("{model} cannot be relied on")))
}

fn json(check: &Check) -> serde_json::Value {
    let Check { name, outcome, detail } = check;
    serde_json::json!({ "check": name, "outcome": word(*outcome), "detail": detail })
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Skipped => "skipped",
    }
}
