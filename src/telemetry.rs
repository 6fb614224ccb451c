//! The log: to standard error, as text for people or JSON for machines.

use std::io::IsTerminal;

use tracing_subscriber::filter::EnvFilter;

/// What is logged, and how.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// What to log: `error`, `warn`, `info`, `debug`, `trace`, or a list such as
    /// `info,wenmai::rpc=debug`.
    #[arg(
        long,
        env = "WENMAI_LOG",
        default_value = "info,qdrant_edge=error",
        value_name = "FILTER",
        global = true
    )]
    pub log: String,

    /// Log one JSON object per line.
    #[arg(long, env = "WENMAI_LOG_JSON", global = true)]
    pub log_json: bool,
}

/// What can be wrong with the log's settings.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A filter that cannot be read.
    #[error("log filter `{filter}` cannot be read")]
    Filter {
        /// The filter.
        filter: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something logs already.
    #[error("log is already set up")]
    Twice(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logging; once per process.
///
/// # Errors
/// [`Error`].
pub fn start(config: &Config) -> Result<(), Error> {
    let Config { log, log_json } = config;
    let filter = EnvFilter::try_new(log)
        .map_err(|error| Error::Filter { filter: log.clone(), source: error.into() })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if *log_json {
        subscriber.json().with_current_span(true).try_init().map_err(Error::Twice)
    } else {
        subscriber.try_init().map_err(Error::Twice)
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use super::Error;
    use super::start;

    #[test]
    fn a_filter_that_is_none_is_named() {
        let config = Config { log: "wenmai=loud".into(), log_json: false };
        let Err(Error::Filter { filter, .. }) = start(&config) else { unreachable!() };
        assert_eq!(filter, "wenmai=loud");
    }
}
