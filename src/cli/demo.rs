//! `wenmai demo`: the main job on sample pages, from the page to the answer over gRPC.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::connect::Services;
use crate::connect::TrustArgs;
use crate::failure::Failure;
use crate::output;
use crate::page;
use crate::parse;
use wenmai_app as app;
use wenmai_app::App;
use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_proto::wire;
use wenmai_proto::wire::find_related_articles_request::Target;
use wenmai_proto::wire::page_article::Outcome;
use wenmai_store as store;

/// The paper of the samples.
const SAMPLE_PAPER: &str = "清河日报";
/// Time between two looks whether topics are done.
const TOPICS_POLL: Duration = Duration::from_millis(20);
/// Hits shown.
const HITS: i32 = 5;

/// Name and text of a sample page.
macro_rules! sample {
    ($name:literal) => {
        ($name, include_str!(concat!("../../tests/fixtures/pages/", $name)))
    };
}

/// Pages of a fictional county daily, written for this project.
const SAMPLES: [(&str, &str); 4] = [
    sample!("qinghe-20250908-p1.md"),
    sample!("qinghe-20250909-p2.md"),
    sample!("qinghe-20250910-p1.md"),
    sample!("qinghe-20250912-p3.md"),
];

/// Arguments of `wenmai demo`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Your own pages (.md, .txt) beside the samples; the article asked about is from the last.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Show the samples as pages in a browser as well, until Ctrl-C: at a free port of this machine,
    /// or where `--web=HOST:PORT` says.
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, require_equals = true,
          default_missing_value = "127.0.0.1:0")]
    web: Option<app::ListenAddress>,

    #[command(flatten)]
    issue: page::IssueArgs,

    #[command(flatten)]
    embed: embed::Config,
}

/// A page to show.
struct Sample {
    name: String,
    text: String,
    issue: wire::Issue,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let samples = samples(&args)?;
    let folder = tempfile::tempdir()?;
    let store = store::Config::folder(folder.path().join("wenmai-data"));
    let engine = Engine::open(&args.embed, &store)?.with_topics().await?;
    let config = app::Config {
        listen: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()],
        drain_ms: 0,
        stop_ms_max: 2_000,
        snapshots: None,
        keys: app::KeysConfig::default(),
        tls: app::TlsConfig::default(),
        limits: app::LimitsConfig::default(),
        connections: app::ConnectionsConfig::default(),
        web: app::WebConfig { web: args.web, ..app::WebConfig::default() },
        scrape: app::ScrapeConfig::default(),
    };
    let app = App::bind(config, engine).await.map_err(|error| Failure::failed(&error))?;
    let address = app.addresses().first().map(ToString::to_string).unwrap_or_default();
    let pages: Vec<String> = app.page_addresses().collect();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(app.run(async {
        // The sender is used or dropped: both mean the end.
        let _ = stopped.await;
    }));
    output::line(&format!("① serving on {address}, index in {}", store.data.display()))?;
    let mut shown = show(&format!("http://{address}"), samples).await;
    if let ([page, ..], true) = (pages.as_slice(), shown.is_ok()) {
        shown = output::line(&format!("\n⑥ the same as pages: {page} · Ctrl-C ends"));
        app::stop_signal()?.await;
    }
    // The server may have ended by itself.
    let _ = stop.send(());
    match server.await {
        Ok(end) => end.map_err(|error| Failure::failed(&error))?,
        Err(error) => return Err(Failure::failed(&error)),
    }
    shown
}

fn samples(args: &Args) -> Result<Vec<Sample>, Failure> {
    let built_in = page::IssueArgs {
        paper: SAMPLE_PAPER.to_owned(),
        date: None,
        page: None,
        page_name: String::new(),
        edition: String::new(),
        decisions: None,
    };
    let mut samples: Vec<Sample> = SAMPLES
        .into_iter()
        .map(|(name, text)| Sample {
            name: name.to_owned(),
            text: text.to_owned(),
            issue: built_in.issue(Path::new(name)),
        })
        .collect();
    for path in &args.files {
        let (name, text) = (path.display().to_string(), page::read(path)?);
        samples.push(Sample { name, text, issue: args.issue.issue(path) });
    }
    Ok(samples)
}

/// Stores the pages, asks about an article of the last one, and searches.
async fn show(url: &str, samples: Vec<Sample>) -> Result<(), Failure> {
    let services = Services::remote(url, &TrustArgs::default()).await?;
    services.wait_until_ready().await?;
    let mut asked: Option<(String, wire::ArticleRecord)> = None;
    output::line("\n② pages in, articles out (IngestPage)")?;
    let mut table = output::table(&["page", "kind", "headline", "what became of it"]);
    for Sample { name, text, issue } in samples {
        let request = wire::IngestPageRequest { text, issue: Some(issue), ..Default::default() };
        let page = services.articles().ingest_page(request).await?.into_inner();
        let (mut first_of_page, mut asked_on_page) = (true, false);
        for article in page.articles {
            let parsed = article.parsed.unwrap_or_default();
            let record = parsed.record.unwrap_or_default();
            let became = match &article.outcome {
                Some(Outcome::Ingested(_)) => "stored".to_owned(),
                Some(Outcome::Error(error)) => error.message.clone(),
                Some(Outcome::Held(_)) => "held back".to_owned(),
                None => "not an article".to_owned(),
            };
            let page_name = if first_of_page { name.clone() } else { String::new() };
            let title = output::headline(&record);
            table.add_row(vec![page_name, parse::kind(&record), title, became]);
            // The first report of the last page is asked about.
            if record.kind() == wire::ArticleKind::News && !asked_on_page {
                asked_on_page = true;
                asked = Some((parsed.name, record));
            }
            first_of_page = false;
        }
    }
    output::line(&table.to_string())?;
    if let Some((name, record)) = asked {
        output::line(&format!("\n③ what is related to “{}”? (FindRelatedArticles)", record.title))?;
        let request = wire::FindRelatedArticlesRequest {
            target: Some(Target::Article(name)),
            page_size: HITS,
            view: output::view(false),
            ..wire::FindRelatedArticlesRequest::default()
        };
        let answer = services.search().find_related_articles(request).await?.into_inner();
        output::hits(&answer.hits)?;
    }
    topics(&services).await?;
    let query = "大桥什么时候通车";
    output::line(&format!("\n⑤ what was written about “{query}”? (SearchArticles)"))?;
    let request = wire::SearchArticlesRequest {
        query: query.to_owned(),
        page_size: HITS,
        view: output::view(false),
        ..wire::SearchArticlesRequest::default()
    };
    let answer = services.search().search_articles(request).await?.into_inner();
    output::hits(&answer.hits)?;
    services.close().await?;
    output::line(
        "\nnext: wenmai ingest YOUR-PAGE.md --paper NAME, then wenmai related, wenmai serve",
    )
}

/// Shows the largest stories.
async fn topics(services: &Services) -> Result<(), Failure> {
    output::line("\n④ which topics run through these pages? (ListTopics)")?;
    let request = wire::ListTopicsRequest {
        order: wire::TopicOrder::Size.into(),
        page_size: HITS,
        ..wire::ListTopicsRequest::default()
    };
    let mut list = services.topics().list_topics(request.clone()).await?.into_inner();
    // The pages were answered once they were stored; their topics follow right after.
    while list.pending_count > 0 {
        tokio::time::sleep(TOPICS_POLL).await;
        list = services.topics().list_topics(request.clone()).await?.into_inner();
    }
    for topic in list.topics {
        let keywords = topic.keywords.join(" ");
        output::line(&format!("{:>3}  {}  {keywords}", topic.article_count, topic.label))?;
    }
    Ok(())
}
