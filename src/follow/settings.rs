//! The settings of following.

use std::path::PathBuf;
use std::time::Duration;

use crate::fetch::Proxy;

/// How feeds are followed.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Config {
    /// A page or mail address under which whoever runs the sites that are asked can reach you; part of the
    /// name that requests give.
    #[arg(
        long = "follow-contact",
        alias = "contact",
        env = "WENMAI_FOLLOW_CONTACT",
        value_name = "URL"
    )]
    pub contact: Option<String>,

    /// Milliseconds between two requests to one host, at least; its robots.txt may ask for more.
    #[arg(
        long = "follow-delay-ms",
        alias = "delay-ms",
        env = "WENMAI_FOLLOW_DELAY_MS",
        default_value_t = 1_000,
        value_name = "MS"
    )]
    pub delay_ms: u64,

    /// Hosts that are asked at the same time, at most, each over one connection.
    #[arg(
        long = "follow-at-once",
        alias = "at-once",
        env = "WENMAI_FOLLOW_AT_ONCE",
        default_value_t = 8,
        value_parser = clap::value_parser!(u16).range(1..=64),
        value_name = "COUNT"
    )]
    pub at_once: u16,

    /// Ask also this machine and networks that are not public, for sites of your own.
    #[arg(
        long = "follow-allow-private",
        alias = "allow-private",
        env = "WENMAI_FOLLOW_ALLOW_PRIVATE"
    )]
    pub allow_private: bool,

    /// Ask through this HTTP proxy (`http://HOST:PORT`, with `NAME:PASSWORD@` where it wants them),
    /// which finds the hosts then; proxies of the environment are never used by themselves.
    #[arg(
        long = "follow-proxy",
        alias = "proxy",
        env = "WENMAI_FOLLOW_PROXY",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub proxy: Option<Proxy>,

    /// The folder that keeps what was seen; without it `follow` in the data folder.
    #[arg(long = "follow-state", alias = "state", env = "WENMAI_FOLLOW_STATE", value_name = "DIR")]
    pub state: Option<PathBuf>,
}

impl Config {
    /// The name that requests give.
    #[must_use]
    pub fn agent(&self) -> String {
        let name = concat!("wenmai/", env!("CARGO_PKG_VERSION"));
        let contact = self.contact.as_deref().unwrap_or_default();
        // It becomes part of a header.
        let contact: String = contact.chars().filter(char::is_ascii_graphic).take(200).collect();
        if contact.is_empty() { name.to_owned() } else { format!("{name} (+{contact})") }
    }

    /// Between two requests to one host, at least.
    #[must_use]
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }
}

#[cfg(test)]
mod tests {
    use clap::Args;
    use clap::FromArgMatches;

    use super::Config;

    fn config(arguments: &[&str]) -> Config {
        let command = Config::augment_args(clap::Command::new("follow"));
        let all = std::iter::once("follow").chain(arguments.iter().copied());
        Config::from_arg_matches(&command.get_matches_from(all)).unwrap()
    }

    #[test]
    fn requests_name_the_program_and_whom_to_ask() {
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(config(&[]).agent(), format!("wenmai/{version}"));
        let named = config(&["--contact", "https://q.example/\r\nX: 闻脉"]);
        assert_eq!(named.agent(), format!("wenmai/{version} (+https://q.example/X:)"));
        assert!(!config(&[]).allow_private && config(&["--follow-allow-private"]).allow_private);
        assert!(config(&[]).delay_ms >= 1_000);
    }
}
