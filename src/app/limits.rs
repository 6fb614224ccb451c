//! The settings for how much the service does at a time.

use std::time::Duration;

use clap::value_parser;

use wenmai_rpc::Limits;

/// How much is done at a time.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Calls that read, at work or waiting; one more is refused. As many again may summarize or
    /// parse, and as many may write. Without it 32 per processor.
    #[arg(long, env = "WENMAI_CALLS_MAX", value_name = "N",
          value_parser = value_parser!(u32).range(1..))]
    pub calls_max: Option<u32>,

    /// Calls of each kind that are at work at a time; the others wait. Without it 2 per processor,
    /// 8 with a Qdrant server.
    #[arg(long, env = "WENMAI_CALLS_AT_ONCE", value_name = "N",
          value_parser = value_parser!(u32).range(1..))]
    pub calls_at_once: Option<u32>,

    /// Milliseconds that a call may have to wait; one that would wait longer, as things look when
    /// it comes, is refused at once. Without it 1000.
    #[arg(long, env = "WENMAI_WAIT_MS", value_name = "MS")]
    pub wait_ms_max: Option<u32>,

    /// Streams of articles in and of changes out that may be open; one more is refused. Without it
    /// 256.
    #[arg(long, env = "WENMAI_STREAMS_MAX", value_name = "N",
          value_parser = value_parser!(u32).range(1..))]
    pub streams_max: Option<u32>,

    /// Connections that may be open; one more waits. Without it 1024.
    #[arg(long, env = "WENMAI_CONNECTIONS_MAX", value_name = "N",
          value_parser = value_parser!(u32).range(1..))]
    pub connections_max: Option<u32>,

    /// Bytes of answers that clients have not yet received; past that answers are refused. Without
    /// it 256 MiB.
    #[arg(long, env = "WENMAI_ANSWER_BYTES_MAX", value_name = "N",
          value_parser = value_parser!(u32).range(1..))]
    pub answer_bytes_max: Option<u32>,

    /// Whether the store is a Qdrant server: then calls wait for it, and more of them may be at
    /// work.
    #[arg(skip)]
    pub store_elsewhere: bool,
}

impl Config {
    /// The limits; a setting that is not given gets the value that suits this machine.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let usual =
            if self.store_elsewhere { Limits::with_store_elsewhere() } else { Limits::default() };
        let said = |number: Option<u32>, usual: usize| number.map_or(usual, |said| said as usize);
        Limits {
            calls_max: said(self.calls_max, usual.calls_max),
            calls_at_once: said(self.calls_at_once, usual.calls_at_once),
            wait_max: self
                .wait_ms_max
                .map_or(usual.wait_max, |ms| Duration::from_millis(ms.into())),
            streams_max: said(self.streams_max, usual.streams_max),
            connections_max: said(self.connections_max, usual.connections_max),
            answer_bytes_max: said(self.answer_bytes_max, usual.answer_bytes_max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use wenmai_rpc::Limits;

    #[test]
    fn what_is_said_counts_and_the_rest_is_as_usual() {
        let (here, elsewhere) = (Limits::default(), Limits::with_store_elsewhere());
        assert!(here.calls_at_once < elsewhere.calls_at_once);
        for (store_elsewhere, usual) in [(false, here), (true, elsewhere)] {
            let config = Config { store_elsewhere, ..Config::default() };
            assert_eq!(config.limits(), usual);
            let said = Config { calls_max: Some(3), ..config };
            assert_eq!(said.limits(), Limits { calls_max: 3, ..usual });
        }
    }
}
