//! `wenmai reprints`: who printed this first, and who reprinted it?

use std::path::Path;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::page;
use wenmai_domain::id::ArticleId;
use wenmai_proto::wire;
use wenmai_proto::wire::find_reprints_request::Target;

/// Arguments of `wenmai reprints`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// A stored article (`articles/…` or its id), or a file with the text of one article (`-` is
    /// standard input); its first line is the headline.
    #[arg(value_name = "ARTICLE|FILE")]
    target: String,

    /// How many reprints at most, 1 to 100.
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let id = args.target.strip_prefix("articles/").unwrap_or(&args.target).parse::<ArticleId>();
    let target = match id {
        Ok(id) => Target::Article(format!("articles/{id}")),
        Err(_) if args.target == "-" || Path::new(&args.target).exists() => {
            Target::Given(pasted(&page::read(Path::new(&args.target))?))
        }
        Err(_) => {
            let what = "is neither an article's id nor a file";
            return Err(Failure::Usage(format!("`{}` {what}", args.target)));
        }
    };
    let services = Services::connect(&args.connect, Needs::Articles).await?;
    let request = wire::FindReprintsRequest {
        target: Some(target),
        page_size: args.limit,
        page_token: String::new(),
        view: output::view(args.json),
    };
    let answer = services.search().find_reprints(connect::patient(request)).await;
    let shown = answer.map_err(Failure::from).and_then(|answer| {
        let answer = answer.into_inner();
        if args.json { output::json("FindReprintsResponse", &answer) } else { print(&answer) }
    });
    services.close().await?;
    shown
}

/// A text as an article: the first line is its headline, if others follow.
fn pasted(text: &str) -> wire::ArticleRecord {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().trim_start_matches(['#', ' ']).to_owned();
    let paragraphs: Vec<String> = lines.map(str::to_owned).collect();
    if paragraphs.is_empty() {
        return wire::ArticleRecord { paragraphs: vec![first], ..Default::default() };
    }
    wire::ArticleRecord { title: first, paragraphs, ..Default::default() }
}

fn print(answer: &wire::FindReprintsResponse) -> Result<(), Failure> {
    if answer.reprints.is_empty() {
        output::line("no reprint found")?;
    }
    for reprint in &answer.reprints {
        let what = if reprint.is_original { "original".to_owned() } else { relation(reprint) };
        let days = reprint.days_after.filter(|_| !reprint.is_original);
        show(reprint.article.as_ref(), &what, days)?;
    }
    let shown = u32::try_from(answer.reprints.len()).unwrap_or(u32::MAX);
    if shown < answer.total_count {
        output::line(&format!("{shown} of {} shown; -n shows more", answer.total_count))?;
    }
    if !answer.versions.is_empty() {
        output::line("earlier and later versions, the newest first:")?;
    }
    for version in &answer.versions {
        let days = version.days_after;
        show(version.article.as_ref(), &told(version), days)?;
    }
    if !answer.partial.is_empty() {
        output::line("in part:")?;
    }
    for reprint in &answer.partial {
        show(reprint.article.as_ref(), &relation(reprint), reprint.days_after)?;
    }
    Ok(())
}

fn relation(reprint: &wire::Reprint) -> String {
    let of_other = format!("{:.0} % of it", 100.0 * reprint.share_of_other);
    match reprint.relation() {
        wire::ReprintRelation::Full => format!("the same, {of_other}"),
        wire::ReprintRelation::Partial | wire::ReprintRelation::Unspecified => {
            format!("{of_other}, {:.0} % of its own text", 100.0 * reprint.share_of_own)
        }
    }
}

/// Corrections that are shown of one version.
const CORRECTIONS_SHOWN: usize = 4;

/// What an update tells that the text before it does not.
fn told(version: &wire::TextVersion) -> String {
    let mut told = vec![if version.is_later { "updates it" } else { "updated by it" }.to_owned()];
    for correction in version.corrections.iter().take(CORRECTIONS_SHOWN) {
        let or_nothing =
            |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
        told.push(format!(
            "{} → {}",
            or_nothing(&correction.before),
            or_nothing(&correction.after)
        ));
    }
    let more = version.corrections.len().saturating_sub(CORRECTIONS_SHOWN);
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    if version.added_char_count > 0 {
        told.push(format!("{} characters more to tell", version.added_char_count));
    }
    told.join(" · ")
}

/// Prints an article in three lines, as hits are.
fn show(
    article: Option<&wire::Article>,
    what: &str,
    days_after: Option<i32>,
) -> Result<(), Failure> {
    let article = article.cloned().unwrap_or_default();
    let record = article.record.unwrap_or_default();
    let days = match days_after {
        None => String::new(),
        Some(0) => "same day".to_owned(),
        Some(days @ i32::MIN..0) => format!("{} days before", days.unsigned_abs()),
        Some(days) => format!("{days} days after"),
    };
    let known = [what.to_owned(), output::day(&record), days, output::outlet(&record)];
    let facts: Vec<String> = known.into_iter().filter(|fact| !fact.is_empty()).collect();
    output::line(&format!("  {}", output::headline(&record)))?;
    output::line(&format!("     {}", facts.join(" · ")))?;
    output::line(&format!("     {}", article.name))
}

#[cfg(test)]
mod tests {
    use super::pasted;

    #[test]
    fn the_first_line_of_a_pasted_text_is_its_headline() {
        let record = pasted("# 清河大桥通车\n\n大桥昨日通车。\n全长三公里。\n");
        assert_eq!((record.title.as_str(), record.paragraphs.len()), ("清河大桥通车", 2));
        let record = pasted("大桥昨日通车。");
        assert_eq!((record.title.as_str(), record.paragraphs.len()), ("", 1));
    }
}
