//! `wenmai search`: what was written about this?

use std::io::IsTerminal;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::filter;
use crate::found;
use crate::output;
use crate::suggest;
use wenmai_proto::wire;

/// Arguments of `wenmai search`.
#[derive(Debug, Clone, clap::Args)]
#[command(
    after_help = "In a query \"words in quotes\" must stand in an article exactly, -word and \
                        -\"words\" must not; paper:清河日报, section:, kind:, source:, page:, \
                        person:, place:, organisation: and date:2024-03 (a day, month, year, or \
                        2024-03..2024-05) are conditions. \
                        Behind -- a query may begin with a minus."
)]
pub(super) struct Args {
    /// What to look for; several words are joined by spaces.
    #[arg(required = true, value_name = "QUERY")]
    query: Vec<String>,

    #[command(flatten)]
    filter: filter::Args,

    #[command(flatten)]
    options: Options,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is wanted of the answer.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct Options {
    /// Let newer articles count more: after so many days age has cost half of what it can.
    #[arg(long, value_name = "DAYS")]
    recency: Option<f64>,

    /// What remains of a score at any age, 0 to 1; without it 0.5.
    #[arg(long, value_name = "SHARE", requires = "recency")]
    recency_floor: Option<f64>,

    /// Let articles that add something come before those that repeat: the share of relevance, 0 to
    /// 1; without a value 0.7.
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = true,
          default_missing_value = "0.7")]
    diversity: Option<f64>,

    /// Count the matching articles by these, apart by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FIELD")]
    facets: Vec<FacetArg>,

    /// What comes first.
    #[arg(long, value_enum, default_value_t = OrderArg::Relevance)]
    order: OrderArg,

    /// The day that words such as 昨天 are read against, in the conditions that are offered; without it
    /// today.
    #[arg(long, value_name = "DAY")]
    as_of: Option<jiff::civil::Date>,
}

/// A facet on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FacetArg {
    /// The newspaper.
    Paper,
    /// The feed or site.
    Source,
    /// The column or series.
    Section,
    /// The kind.
    Kind,
    /// The month of publication.
    Month,
    /// Persons.
    Person,
    /// Places.
    Place,
    /// Organisations.
    Organisation,
}

/// An order on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OrderArg {
    /// The highest score.
    Relevance,
    /// Of the matching articles the newest.
    Newest,
    /// Of the matching articles the oldest.
    Oldest,
}

impl Args {
    fn request(&self) -> Result<wire::SearchArticlesRequest, Failure> {
        let Options { recency, recency_floor, diversity, facets, order, as_of } = &self.options;
        let facet = |facet: &FacetArg| match facet {
            FacetArg::Paper => wire::FacetField::Paper,
            FacetArg::Source => wire::FacetField::Source,
            FacetArg::Section => wire::FacetField::Section,
            FacetArg::Kind => wire::FacetField::Kind,
            FacetArg::Month => wire::FacetField::Month,
            FacetArg::Person => wire::FacetField::Person,
            FacetArg::Place => wire::FacetField::Place,
            FacetArg::Organisation => wire::FacetField::Organisation,
        };
        let order = match order {
            OrderArg::Relevance => wire::SearchOrder::Relevance,
            OrderArg::Newest => wire::SearchOrder::Newest,
            OrderArg::Oldest => wire::SearchOrder::Oldest,
        };
        Ok(wire::SearchArticlesRequest {
            query: self.query.join(" "),
            filter: self.filter.filter()?,
            mode: self.filter.mode().into(),
            page_size: self.filter.limit,
            page_token: String::new(),
            view: output::view(self.json),
            recency: recency.map(|half_life_days| wire::Recency {
                half_life_days,
                floor: *recency_floor,
                as_of: None,
            }),
            diversity: diversity.map(|lambda| wire::Diversity { lambda: Some(lambda) }),
            facets: facets.iter().map(|one| facet(one).into()).collect(),
            order: order.into(),
            as_of: as_of.map(suggest::day),
            collapse_reprints: Some(!self.filter.copies),
        })
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let request = args.request()?;
    let services = Services::connect(&args.connect, Needs::Articles).await?;
    let answer = services.search().search_articles(connect::patient(request)).await;
    let shown = answer.map_err(Failure::from).and_then(|answer| {
        let answer = answer.into_inner();
        if args.json {
            output::json("SearchArticlesResponse", &answer)
        } else {
            found::print(&answer, std::io::stdout().is_terminal())
        }
    });
    services.close().await?;
    shown
}
