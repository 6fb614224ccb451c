//! `wenmai summarize`: what an article, a page, a file or a search says in brief, with sources.

use std::path::Path;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::page;
use crate::telling;
use wenmai_domain::id::ArticleId;
use wenmai_generate as generate;
use wenmai_proto::wire;
use wenmai_proto::wire::summarize_article_request::Target;
use wenmai_summary::BUDGET_MAX;
use wenmai_summary::BUDGET_MIN;

/// Arguments of `wenmai summarize`.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    /// Stored articles (`articles/…` or their ids), several of which are told together; a topic
    /// (`topics/…`); or one page or text file (.md, .txt, `-`), whose every article is told.
    #[arg(value_name = "ARTICLE|TOPIC|FILE", required_unless_present = "query")]
    targets: Vec<String>,

    /// Tell together what a search finds.
    #[arg(long, value_name = "TEXT", conflicts_with = "targets")]
    query: Option<String>,

    /// Which articles the search may find, such as `date >= 2024-03-01 AND paper = "聊城日报"`.
    #[arg(long, value_name = "EXPRESSION", requires = "query")]
    filter: Option<String>,

    /// How many articles of the search, at most 200.
    #[arg(long, default_value_t = 50, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=200))]
    limit: i32,

    /// How much to tell: `brief` 100 characters, `digest` 300, `report` 600.
    #[arg(long, value_enum, default_value_t = Style::Brief)]
    style: Style,

    /// Characters of the summary at most, instead of the style's.
    #[arg(long, value_name = "CHARS", value_parser = budget)]
    budget: Option<i32>,

    /// The file is one text without headlines, not a page.
    #[arg(long, conflicts_with = "query")]
    plain: bool,

    /// Print Markdown: of several articles the report with numbered sources.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,

    /// Print the report of several articles as a page of HTML.
    #[arg(long, conflicts_with_all = ["json", "markdown"])]
    html: bool,

    #[command(flatten)]
    telling: telling::Args,

    /// Also say it in the words of the language model that `--rewrite-model` names, or the server
    /// has; `--rewrite-model` asks for it as well.
    #[arg(long)]
    rewrite: bool,

    #[command(flatten)]
    generate: generate::Config,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object per summary.
    #[arg(long)]
    json: bool,
}

/// How much to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Style {
    /// At most 100 characters.
    Brief,
    /// At most 300 characters.
    Digest,
    /// At most 600 characters, with timeline, figures and statements.
    Report,
}

impl Style {
    fn wire(self) -> wire::SummaryStyle {
        match self {
            Style::Brief => wire::SummaryStyle::Brief,
            Style::Digest => wire::SummaryStyle::Digest,
            Style::Report => wire::SummaryStyle::Report,
        }
    }
}

fn budget(text: &str) -> Result<i32, String> {
    let chars: usize = text.parse().map_err(|_no_number| "is not a number".to_owned())?;
    if !(BUDGET_MIN..=BUDGET_MAX).contains(&chars) {
        return Err(format!("is not within {BUDGET_MIN} to {BUDGET_MAX}"));
    }
    i32::try_from(chars).map_err(|error| error.to_string())
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    if let [file] = args.targets.as_slice()
        && parse_id(file).is_none()
        && (file == "-" || Path::new(file).exists())
    {
        return of_file(&args, Path::new(file)).await;
    }
    if let [topic] = args.targets.as_slice()
        && topic.starts_with("topics/")
    {
        return of_topic(&args, topic.clone()).await;
    }
    let articles = args.targets.iter().map(|target| {
        let id = parse_id(target).ok_or_else(|| {
            Failure::Usage(format!("`{target}` is neither an article's id nor a file"))
        })?;
        Ok(format!("articles/{id}"))
    });
    let articles = articles.collect::<Result<Vec<_>, Failure>>()?;
    let services = args.services(Needs::Articles).await?;
    let shown = match articles.as_slice() {
        [one] => ask(&services, &args, Target::Article(one.clone()), None).await,
        _ => together(&services, &args, articles).await,
    };
    services.close().await?;
    shown
}

fn parse_id(target: &str) -> Option<ArticleId> {
    target.strip_prefix("articles/").unwrap_or(target).parse().ok()
}

async fn of_topic(args: &Args, name: String) -> Result<(), Failure> {
    let services = args.services(Needs::Topics).await?;
    let request = wire::SummarizeTopicRequest {
        name,
        style: args.style_of_set().into(),
        budget_chars: args.budget.unwrap_or_default(),
        rewrite: args.rewrite(),
        options: Some(args.telling.options(args.html)),
    };
    let asked = services.summary().summarize_topic(connect::patient(request)).await;
    services.close().await?;
    let answer = asked?.into_inner();
    if args.json {
        return output::json("SummarizeTopicResponse", &answer);
    }
    show(args, &answer.summary.unwrap_or_default())
}

/// Tells every article of a page, or a plain text.
async fn of_file(args: &Args, path: &Path) -> Result<(), Failure> {
    let text = page::read(path)?;
    let services = args.services(Needs::Nothing).await?;
    let shown = if args.plain {
        ask(&services, args, Target::Text(text), None).await
    } else {
        of_page(&services, args, text).await
    };
    services.close().await?;
    shown
}

async fn of_page(services: &Services, args: &Args, text: String) -> Result<(), Failure> {
    let request = wire::ParsePageRequest { text, issue: None, file: None };
    let page = services.articles().parse_page(connect::patient(request)).await?.into_inner();
    let mut failed = false;
    for record in page.articles.into_iter().filter_map(|parsed| parsed.record) {
        let is_article =
            !matches!(record.kind(), wire::ArticleKind::Teaser | wire::ArticleKind::Staff);
        if !is_article || record.paragraphs.is_empty() {
            continue;
        }
        let headline = output::headline(&record);
        // One article that cannot be told does not end the page.
        if let Err(failure) = ask(services, args, Target::Given(record), Some(headline)).await {
            failure.print();
            failed = true;
        }
    }
    if failed { Err(Failure::Partial) } else { Ok(()) }
}

async fn ask(
    services: &Services,
    args: &Args,
    target: Target,
    headline: Option<String>,
) -> Result<(), Failure> {
    let request = wire::SummarizeArticleRequest {
        target: Some(target),
        style: args.style.wire().into(),
        budget_chars: args.budget.unwrap_or_default(),
        rewrite: args.rewrite(),
    };
    let answer =
        services.summary().summarize_article(connect::patient(request)).await?.into_inner();
    if args.json {
        return output::json("SummarizeArticleResponse", &answer);
    }
    if let Some(headline) = headline {
        let mark = if args.markdown { "##" } else { "▌" };
        output::line(&format!("\n{mark} {}", clean(&headline)))?;
    }
    if answer.sentences.is_empty() {
        return output::line("nothing to cite: the article holds no running text");
    }
    for sentence in &answer.sentences {
        output::line(&format!("- {}  ({})", clean(&sentence.text), places(sentence)))?;
    }
    print_rewriting(answer.rewriting.as_ref())?;
    let phrases: Vec<&str> = answer.keyphrases.iter().map(|one| one.text.as_str()).collect();
    output::line(&format!("  {}", clean(&phrases.join(" · "))))
}

/// The model's words, or why there are none.
fn print_rewriting(rewriting: Option<&wire::SummaryRewriting>) -> Result<(), Failure> {
    let Some(found) = rewriting else { return Ok(()) };
    if !found.text.is_empty() {
        let (text, model) = (clean(&found.text), clean(&found.model));
        return output::line(&format!(
            "≈ {text}  (rewritten by {model}: check it against the above)"
        ));
    }
    let name = found.refusal().as_str_name();
    let why = name.trim_start_matches("REWRITING_REFUSAL_").to_lowercase().replace('_', " ");
    let invented = if found.invented.is_empty() {
        String::new()
    } else {
        format!(": {}", clean(&found.invented.join("、")))
    };
    output::line(&format!("≈ not rewritten: {why}{invented}"))
}

async fn together(services: &Services, args: &Args, articles: Vec<String>) -> Result<(), Failure> {
    let request = wire::SummarizeArticlesRequest {
        articles,
        query: args.query.clone().unwrap_or_default(),
        filter: args.filter.clone().unwrap_or_default(),
        article_count: args.limit,
        style: args.style_of_set().into(),
        budget_chars: args.budget.unwrap_or_default(),
        rewrite: args.rewrite(),
        options: Some(args.telling.options(args.html)),
    };
    let answer =
        services.summary().summarize_articles(connect::patient(request)).await?.into_inner();
    if args.json {
        return output::json("SummarizeArticlesResponse", &answer);
    }
    show(args, &answer)
}

impl Args {
    fn rewrite(&self) -> bool {
        self.rewrite || self.generate.rewrite_model.is_some()
    }

    /// The services; those inside this process with the language model.
    async fn services(&self, needs: Needs) -> Result<Services, Failure> {
        let services = Services::connect(&self.connect, needs).await?;
        match services.engine() {
            Some(engine) => Services::local(engine.clone().with_rewriter(&self.generate)?).await,
            None => Ok(services),
        }
    }

    /// Only a report has Markdown and HTML.
    fn style_of_set(&self) -> wire::SummaryStyle {
        if self.markdown || self.html { wire::SummaryStyle::Report } else { self.style.wire() }
    }
}

fn show(args: &Args, answer: &wire::SummarizeArticlesResponse) -> Result<(), Failure> {
    if args.markdown {
        return output::line(answer.markdown.trim_end());
    }
    if args.html {
        return output::line(answer.html.trim_end());
    }
    if answer.sentences.is_empty() {
        return output::line("nothing to cite: no article was found, or none says anything new");
    }
    print(answer, args.style)
}

fn print(answer: &wire::SummarizeArticlesResponse, style: Style) -> Result<(), Failure> {
    output::line(&format!("▌ {} [{}]", clean(&answer.headline), answer.headline_source))?;
    for sentence in &answer.sentences {
        let also: Vec<String> = sentence.also_sources.iter().map(|at| format!("[{at}]")).collect();
        let also = also.concat();
        output::line(&format!("- {} [{}]{also}", clean(said(sentence)), sentence.source))?;
    }
    print_comparison(answer.comparison.as_ref())?;
    for series in &answer.series {
        let figure = |figure: &wire::SummaryFigure| {
            let source = figure.sentence.as_ref().map_or(0, |sentence| sentence.source);
            format!("{} [{source}]", clean(&figure.text))
        };
        let figures: Vec<String> = series.figures.iter().map(figure).collect();
        output::line(&format!("~ {}: {}", clean(&series.what), figures.join(" → ")))?;
    }
    for conflict in &answer.conflicts {
        if let (Some(left), Some(right)) = (&conflict.left, &conflict.right) {
            let side = |figure: &wire::SummaryFigure| {
                let source = figure.sentence.as_ref().map_or(0, |sentence| sentence.source);
                format!("{} [{source}]", clean(&figure.text))
            };
            output::line(&format!("! numbers disagree: {}, {}", side(left), side(right)))?;
        }
    }
    print_rewriting(answer.rewriting.as_ref())?;
    if style == Style::Report {
        output::line("")?;
        for day in &answer.timeline {
            let date = day.date.unwrap_or_default();
            let (headline, source) = (clean(&day.headline), day.source);
            let date = format!("{:04}-{:02}-{:02}", date.year, date.month, date.day);
            output::line(&format!("{date}  {headline} [{source}]"))?;
        }
        for one in &answer.statements {
            let sentence = one.sentence.clone().unwrap_or_default();
            output::line(&format!("— {} [{}]", clean(said(&sentence)), sentence.source))?;
        }
    }
    let phrases: Vec<&str> = answer.keyphrases.iter().map(|one| one.text.as_str()).collect();
    output::line(&format!("  {}", clean(&phrases.join(" · "))))?;
    let cited: Vec<u32> = answer
        .sentences
        .iter()
        .map(|one| one.source)
        .chain(answer.timeline.iter().filter(|_| style == Style::Report).map(|day| day.source))
        .chain([answer.headline_source])
        .collect();
    for source in answer.sources.iter().filter(|source| cited.contains(&source.number)) {
        let (outlet, title) = (clean(&source.outlet), clean(&source.title));
        output::line(&format!("[{}] {outlet} {title}  {}", source.number, source.article))?;
    }
    let (articles, outlets) = (answer.sources.len(), answer.outlets.len());
    let articles = output::counted(articles, "article");
    // Who printed it may be unknown of all.
    let outlets = if outlets == 0 {
        String::new()
    } else {
        format!(", {}", output::counted(outlets, "outlet"))
    };
    output::line(&format!("{articles}{outlets}"))
}

/// What two outlets tell, where that was asked.
fn print_comparison(found: Option<&wire::SummaryComparison>) -> Result<(), Failure> {
    let Some(found) = found else { return Ok(()) };
    let parts = [
        (format!("{} and {}", found.left, found.right), &found.both),
        (format!("only {}", found.left), &found.only_left),
        (format!("only {}", found.right), &found.only_right),
    ];
    for (who, sentences) in parts {
        for sentence in sentences {
            let (who, text) = (clean(&who), clean(said(sentence)));
            output::line(&format!("= {who}: {text} [{}]", sentence.source))?;
        }
    }
    Ok(())
}

/// The words of a piece, with the days that it means where they were added.
pub(super) fn said(sentence: &wire::SummarySentence) -> &str {
    if sentence.dated.is_empty() { &sentence.text } else { &sentence.dated }
}

/// Where a piece stands: paragraph and characters, both counted from 0.
fn places(sentence: &wire::SummarySentence) -> String {
    let place = |part: &wire::SummarySpan| {
        let span = part.place.unwrap_or_default();
        format!("¶{} {}–{}", part.paragraph, span.start_char, span.end_char)
    };
    let all: Vec<String> = sentence.parts.iter().map(place).collect();
    let cut = if sentence.cut { ", cut" } else { "" };
    format!("{}{cut}", all.join(", "))
}

/// `text` without what steers a terminal.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::budget;

    #[test]
    fn a_budget_must_be_within_its_range() {
        assert_eq!(budget("80"), Ok(80));
        for wrong in ["0", "9", "5001", "-3", "x"] {
            assert!(budget(wrong).is_err(), "{wrong}");
        }
    }
}
