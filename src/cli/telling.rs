//! Flags that say what is told of several articles, and how their report is laid out.

use jiff::civil::Date;
use jiff::civil::DateTime;

use wenmai_domain::day;
use wenmai_proto::wire;

/// What is told, and how the report is laid out.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct Args {
    /// Tell only what articles after this time say and earlier ones did not: a day, of which the
    /// whole counts as known (2025-09-08), or a time in China (2025-09-08T18:00). Of a topic also a
    /// version of topics as `wenmai topics watch` shows it (1207): what came to it after that.
    #[arg(long, value_name = "TIME|VERSION", value_parser = known)]
    since: Option<Known>,

    /// Compare two outlets by name: what both tell, and what only one does.
    #[arg(long, num_args = 2, value_names = ["OUTLET", "OTHER"])]
    compare: Vec<String>,

    /// The parts of the report in their order, instead of all.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    parts: Vec<Part>,

    /// In which order the report tells what happened.
    #[arg(long, value_enum, default_value_t)]
    order: Order,
}

/// Up to where the reader knows what was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// What was published up to this time.
    Time(DateTime),
    /// What had found its topic up to this version.
    Version(u64),
}

/// A part of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// What only the last day tells.
    Newest,
    /// What happened.
    Course,
    /// Figures over time, and those that disagree.
    Changes,
    /// Other figures.
    Figures,
    /// Who said what.
    Statements,
    /// What was before.
    Background,
    /// One headline a day.
    Timeline,
    /// What `--compare` found.
    Comparison,
    /// Who covered it.
    Outlets,
    /// The articles.
    Sources,
}

/// An order of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Order {
    /// By time.
    #[default]
    Time,
    /// By time, the newest first.
    Newest,
    /// What most articles tell first.
    Tellers,
}

impl Args {
    /// The options of a request; `html` asks for the report as a page as well.
    pub(super) fn options(&self, html: bool) -> wire::SummaryOptions {
        let part = |part: &Part| match part {
            Part::Newest => wire::SummaryPart::Newest,
            Part::Course => wire::SummaryPart::Course,
            Part::Changes => wire::SummaryPart::Changes,
            Part::Figures => wire::SummaryPart::Figures,
            Part::Statements => wire::SummaryPart::Statements,
            Part::Background => wire::SummaryPart::Background,
            Part::Timeline => wire::SummaryPart::Timeline,
            Part::Comparison => wire::SummaryPart::Comparison,
            Part::Outlets => wire::SummaryPart::Outlets,
            Part::Sources => wire::SummaryPart::Sources,
        };
        let order = match self.order {
            Order::Time => wire::SummaryOrder::Time,
            Order::Newest => wire::SummaryOrder::Newest,
            Order::Tellers => wire::SummaryOrder::Tellers,
        };
        let (since, since_version) = match self.since {
            Some(Known::Time(time)) => (wenmai_rpc::time_to_wire(time), 0),
            Some(Known::Version(version)) => (None, version),
            None => (None, 0),
        };
        wire::SummaryOptions {
            since,
            since_version,
            compare_outlets: self.compare.clone(),
            parts: self.parts.iter().map(|one| part(one).into()).collect(),
            order: order.into(),
            html,
        }
    }
}

/// A version, a time, or the end of a day.
fn known(text: &str) -> Result<Known, String> {
    match text.parse::<u64>() {
        Ok(0) => Err("is no version: the first is 1".to_owned()),
        Ok(version) => Ok(Known::Version(version)),
        Err(_no_number) => since(text).map(Known::Time),
    }
}

/// A time, or the end of a day.
pub(super) fn since(text: &str) -> Result<DateTime, String> {
    let time = match text.parse::<Date>() {
        Ok(date) if text.len() <= "2025-09-08".len() => date.at(23, 59, 59, 0),
        _ => text.parse::<DateTime>().map_err(|error| error.to_string())?,
    };
    // What no clock shows cannot be sent.
    day::instant(time).map(|_| time).ok_or_else(|| "is not a time of the calendar".to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Known;
    use super::known;
    use super::since;

    #[test]
    fn a_number_is_a_version_and_all_else_a_time() {
        assert_eq!(known("1207"), Ok(Known::Version(1207)));
        assert_eq!(known("2025-09-08"), Ok(Known::Time(date(2025, 9, 8).at(23, 59, 59, 0))));
        assert!(known("0").is_err() && known("-1").is_err());
    }

    #[test]
    fn a_day_counts_as_known_and_a_time_is_taken_as_it_is() {
        assert_eq!(since("2025-09-08"), Ok(date(2025, 9, 8).at(23, 59, 59, 0)));
        assert_eq!(since("2025-09-08T18:00"), Ok(date(2025, 9, 8).at(18, 0, 0, 0)));
        assert!(since("gestern").is_err() && since("").is_err());
    }
}
