//! Which articles may answer: flags that become the contract's filter.

use jiff::civil::Date;

use crate::failure::Failure;
#[cfg(feature = "eval")]
use wenmai_domain::hit::Mode;
use wenmai_proto::wire;

/// Flags of every command that finds.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Which articles may answer, such as 'date >= 2024-03-01 AND -kind = photo'.
    #[arg(
        long,
        default_value = "",
        hide_default_value = true,
        value_name = "FILTER",
        allow_hyphen_values = true
    )]
    filter: String,

    /// Only from this paper; may be given several times.
    #[arg(long, value_name = "NAME")]
    paper: Vec<String>,

    /// Only from this feed or site; may be given several times.
    #[arg(long, value_name = "NAME")]
    source: Vec<String>,

    /// Only from this section; may be given several times.
    #[arg(long, value_name = "NAME")]
    section: Vec<String>,

    /// Only those that name this person; may be given several times.
    #[arg(long, value_name = "NAME")]
    person: Vec<String>,

    /// Only those that name this place; may be given several times.
    #[arg(long, value_name = "NAME")]
    place: Vec<String>,

    /// Only those that name this organisation; may be given several times.
    #[arg(long, value_name = "NAME")]
    organisation: Vec<String>,

    /// Only of this kind (news, comment, feature, brief, photo, notice); may be given several
    /// times.
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,

    /// Not before this day.
    #[arg(long, value_name = "DAY")]
    from: Option<Date>,

    /// Not after this day.
    #[arg(long, value_name = "DAY")]
    to: Option<Date>,

    /// Which legs of the index answer.
    #[arg(long, value_enum, default_value_t = ModeArg::Hybrid)]
    mode: ModeArg,

    /// Show every copy of a text, not only the one that ranks best.
    #[arg(long)]
    pub(super) copies: bool,

    /// How many hits at most, 1 to 100.
    #[arg(long, short = 'n', default_value_t = 10, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    pub(super) limit: i32,
}

/// A mode on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ModeArg {
    /// Embeddings and terms, fused.
    Hybrid,
    /// Embeddings only.
    Dense,
    /// Terms only.
    Lexical,
}

#[cfg(feature = "eval")]
impl ModeArg {
    /// The mode that it names.
    pub(super) fn mode(self) -> Mode {
        match self {
            ModeArg::Hybrid => Mode::Hybrid,
            ModeArg::Dense => Mode::Dense,
            ModeArg::Lexical => Mode::Lexical,
        }
    }
}

impl Args {
    /// The mode on the wire.
    pub(super) fn mode(&self) -> wire::SearchMode {
        match self.mode {
            ModeArg::Hybrid => wire::SearchMode::Hybrid,
            ModeArg::Dense => wire::SearchMode::Dense,
            ModeArg::Lexical => wire::SearchMode::Lexical,
        }
    }

    /// All flags as one filter.
    pub(super) fn filter(&self) -> Result<String, Failure> {
        // Checked here as well, so that a mistake is a usage error.
        wenmai_domain::filter::Filter::parse(&self.filter)
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let mut parts = Vec::new();
        if !self.filter.trim().is_empty() {
            parts.push(format!("({})", self.filter));
        }
        let fields = [
            ("paper", &self.paper),
            ("source", &self.source),
            ("section", &self.section),
            ("person", &self.person),
            ("place", &self.place),
            ("organisation", &self.organisation),
            ("kind", &self.kind),
        ];
        for (field, values) in fields {
            let any: Vec<String> =
                values.iter().map(|value| format!("{field} = {}", quoted(value))).collect();
            if !any.is_empty() {
                parts.push(format!("({})", any.join(" OR ")));
            }
        }
        parts.extend(self.from.map(|day| format!("date >= {day}")));
        parts.extend(self.to.map(|day| format!("date <= {day}")));
        Ok(parts.join(" AND "))
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Args;
    use wenmai_domain::filter::Filter;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn filter(flags: &[&str]) -> String {
        let flags = std::iter::once("find").chain(flags.iter().copied());
        Cli::parse_from(flags).args.filter().unwrap()
    }

    #[test]
    fn flags_become_one_filter_that_can_be_read() {
        let text = filter(&[
            "--paper",
            "甲\"报",
            "--paper",
            "乙报",
            "--from",
            "2024-03-01",
            "--filter",
            "-kind = photo",
        ]);
        assert_eq!(
            text,
            "(-kind = photo) AND (paper = \"甲\\\"报\" OR paper = \"乙报\") AND date >= 2024-03-01"
        );
        assert!(Filter::parse(&text).is_ok());
    }

    #[test]
    fn no_flags_are_no_filter() {
        assert_eq!(filter(&[]), "");
    }
}
