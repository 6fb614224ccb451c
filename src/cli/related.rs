//! `wenmai related`: what else was written about this article, or about those of this page?

use std::path::Path;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::filter;
use crate::output;
use crate::page;
use wenmai_domain::id::ArticleId;
use wenmai_domain::page_code::PageCode;
use wenmai_proto::wire;
use wenmai_proto::wire::find_related_articles_request::Target;

/// Arguments of `wenmai related`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// A stored article (`articles/…` or its id), or a page file (.md, .txt, `-`) whose every
    /// article is asked about.
    #[arg(value_name = "ARTICLE|FILE")]
    target: String,

    #[command(flatten)]
    issue: IssueOfPage,

    #[command(flatten)]
    filter: filter::Args,

    /// Leave out what is less probably related, 0 to 1; needs the hybrid mode and a ranker.
    #[arg(long, default_value_t = 0.0, value_name = "P")]
    min_probability: f32,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object per article asked about.
    #[arg(long)]
    json: bool,
}

/// What is known of the page, for a page file; `--paper` filters, so the page's own has another
/// name.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
struct IssueOfPage {
    /// The paper of the page file.
    #[arg(
        long = "page-paper",
        id = "page_paper",
        default_value = "",
        hide_default_value = true,
        value_name = "NAME"
    )]
    paper: String,

    /// Date of the page file, 2024-03-14; without it, the date in the file's name.
    #[arg(long = "page-date", value_name = "DAY", id = "page_date")]
    date: Option<jiff::civil::Date>,

    /// The page of the page file, as 3 or A03; without it, the one in the file's name.
    #[arg(long = "page-no", value_name = "PAGE", id = "page_no")]
    code: Option<PageCode>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let id = args.target.strip_prefix("articles/").unwrap_or(&args.target).parse::<ArticleId>();
    let page = match id {
        Ok(_) => None,
        Err(_) if args.target == "-" || Path::new(&args.target).exists() => {
            Some(page::read(Path::new(&args.target))?)
        }
        Err(_) => {
            let what = "is neither an article's id nor a file";
            return Err(Failure::Usage(format!("`{}` {what}", args.target)));
        }
    };
    let filter = args.filter.filter()?;
    let services = Services::connect(&args.connect, Needs::Articles).await?;
    let shown = match (id, page) {
        (Ok(id), _) => {
            let target = Target::Article(format!("articles/{id}"));
            ask(&services, &args, &filter, target).await
        }
        (Err(_), page) => page_related(&services, &args, &filter, page.unwrap_or_default()).await,
    };
    services.close().await?;
    shown
}

/// Asks about every article of a page.
async fn page_related(
    services: &Services,
    args: &Args,
    filter: &str,
    text: String,
) -> Result<(), Failure> {
    let issue = page::IssueArgs {
        paper: args.issue.paper.clone(),
        date: args.issue.date,
        page: args.issue.code,
        page_name: String::new(),
        edition: String::new(),
        decisions: None,
    };
    let issue = Some(issue.issue(Path::new(&args.target)));
    let request = wire::ParsePageRequest { text, issue, file: None };
    let page = services.articles().parse_page(connect::patient(request)).await?.into_inner();
    let mut failed = false;
    for record in page.articles.into_iter().filter_map(|parsed| parsed.record) {
        if matches!(record.kind(), wire::ArticleKind::Teaser | wire::ArticleKind::Staff) {
            continue;
        }
        if !args.json {
            output::line(&format!("\n▌{}", output::headline(&record)))?;
        }
        // One article that cannot be asked about does not end the page.
        if let Err(failure) = ask(services, args, filter, Target::Given(record)).await {
            failure.print();
            failed = true;
        }
    }
    if failed { Err(Failure::Partial) } else { Ok(()) }
}

async fn ask(
    services: &Services,
    args: &Args,
    filter: &str,
    target: Target,
) -> Result<(), Failure> {
    let request = wire::FindRelatedArticlesRequest {
        target: Some(target),
        filter: filter.to_owned(),
        mode: args.filter.mode().into(),
        page_size: args.filter.limit,
        page_token: String::new(),
        view: output::view(args.json),
        min_probability: args.min_probability,
        collapse_reprints: Some(!args.filter.copies),
    };
    let answer =
        services.search().find_related_articles(connect::patient(request)).await?.into_inner();
    if args.json {
        output::json("FindRelatedArticlesResponse", &answer)
    } else if answer.hits.is_empty() {
        output::line(&format!("nothing found: {}", why_empty(answer.empty_reason())))
    } else {
        output::hits(&answer.hits)
    }
}

/// Why there are no hits, for a person.
fn why_empty(reason: wire::EmptyReason) -> &'static str {
    match reason {
        wire::EmptyReason::Unspecified => "no reason was given",
        wire::EmptyReason::NothingStored => "no other article is stored",
        wire::EmptyReason::Filtered => "no other article passes the filter",
        wire::EmptyReason::Improbable => "nothing is as probable as --min-probability asks",
        wire::EmptyReason::NothingShared => "no article has anything in common with it",
        wire::EmptyReason::End => "that was all",
    }
}
