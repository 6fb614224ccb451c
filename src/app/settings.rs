//! All settings of the service in one place, and a check for variables that no setting reads.
//!
//! Each part has its own `Config`, and this module joins them. Without the check a mistyped
//! `WENMAI_…` variable would silently do nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;

use crate as app;
use wenmai_embed as embed;
use wenmai_engine::calibration;
use wenmai_engine::places;
use wenmai_engine::ranker;
use wenmai_engine::vocabulary;
use wenmai_generate as generate;
use wenmai_store as store;
use wenmai_telemetry as telemetry;

/// What the variables of this program begin with.
const PREFIX: &str = "WENMAI_";
/// What the variables of the test suite begin with; programs that a test starts inherit them.
const TEST_PREFIX: &str = "WENMAI_TEST_";

/// The settings of `serve`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where to listen, and how to stop.
    #[command(flatten)]
    pub app: app::Config,

    /// The model.
    #[command(flatten)]
    pub embed: embed::Config,

    /// The store.
    #[command(flatten)]
    pub store: store::Config,

    /// The ranker.
    #[command(flatten)]
    pub ranker: ranker::Config,

    /// How cosines are measured.
    #[command(flatten)]
    pub calibration: calibration::Config,

    /// The language model.
    #[command(flatten)]
    pub generate: generate::Config,

    /// The places.
    #[command(flatten)]
    pub places: places::Config,

    /// Other names and own words.
    #[command(flatten)]
    pub vocabulary: vocabulary::Config,

    /// The log.
    #[command(flatten)]
    pub telemetry: telemetry::Config,
}

/// Variables that begin like those of this program and that no setting reads.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown variable {}; see --help for those that exist", .0.join(", "))]
pub struct UnknownVariables(pub Vec<String>);

/// Checks the variables of this process against what `command` and its subcommands read.
///
/// # Errors
/// [`UnknownVariables`] if one begins with `WENMAI_` and no argument reads it.
pub fn refuse_unknown_variables(command: &clap::Command) -> Result<(), UnknownVariables> {
    // Names only: the values come through clap, in each part's Config.
    unknown(command, std::env::vars_os().map(|(name, _value)| name))
}

fn unknown(
    command: &clap::Command,
    names: impl Iterator<Item = OsString>,
) -> Result<(), UnknownVariables> {
    let mut known = BTreeSet::new();
    collect(command, &mut known);
    let unknown: BTreeSet<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(PREFIX) && !name.starts_with(TEST_PREFIX))
        .filter(|name| !known.contains(name))
        .collect();
    if unknown.is_empty() { Ok(()) } else { Err(UnknownVariables(unknown.into_iter().collect())) }
}

/// The variables that `command` and its subcommands read.
fn collect(command: &clap::Command, known: &mut BTreeSet<String>) {
    let names = command.get_arguments().filter_map(clap::Arg::get_env);
    known.extend(names.filter_map(|name| name.to_str().map(str::to_owned)));
    for subcommand in command.get_subcommands() {
        collect(subcommand, known);
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;
    use clap::FromArgMatches;

    use super::Config;
    use super::UnknownVariables;
    use super::unknown;

    fn command() -> clap::Command {
        let serve = Config::augment_args(clap::Command::new("serve"));
        clap::Command::new("wenmai").subcommand(serve)
    }

    fn check(names: &[&str]) -> Result<(), UnknownVariables> {
        unknown(&command(), names.iter().map(Into::into))
    }

    #[test]
    fn a_mistyped_variable_is_named() {
        let wrong = check(&["WENMAI_LISTEN", "WENMAI_LISTNE", "PATH"]).unwrap_err();
        assert_eq!(wrong, UnknownVariables(vec!["WENMAI_LISTNE".into()]));
        assert!(wrong.to_string().contains("WENMAI_LISTNE"));
    }

    #[test]
    fn variables_of_every_part_and_of_tests_pass() {
        let ours = ["WENMAI_LISTEN", "WENMAI_MODEL", "WENMAI_DATA", "WENMAI_LOG"];
        assert_eq!(check(&ours), Ok(()));
        assert_eq!(check(&["WENMAI_TEST_QDRANT_URL"]), Ok(()));
    }

    #[test]
    fn the_default_listens_on_this_machine_only() {
        let command = Config::augment_args(clap::Command::new("serve"));
        let config = Config::from_arg_matches(&command.get_matches_from(["serve"])).unwrap();
        assert!(config.app.listen.iter().all(crate::ListenAddress::is_local));
    }
}
