//! `wenmai reindex`: takes every article of a running server over into an index made anew.
//!
//! For a new model or a new version of the terms: the old server goes on answering while the new
//! index is built beside it, in the order in which articles came. A second run takes over what
//! changed since the first and deletes what was deleted; what is there already is passed over, so a
//! run that was stopped goes on where it was. Topics are found anew; what editors changed by hand
//! is not taken over.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream;
use serde::Serialize;
use tokio::sync::mpsc;
use tonic::Code;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::resumed::IngestStream;
use wenmai_proto::wire;
use wenmai_proto::wire::ingest_articles_response::Outcome;
use wenmai_rpc::LIST_PAGE_SIZE_MAX;

/// Articles read ahead of the writing.
const AHEAD: usize = 32;

/// Arguments of `wenmai reindex`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The running server whose articles are taken over.
    #[arg(long, value_name = "URL")]
    from: String,

    #[command(flatten)]
    connect: connect::Args,

    /// Print the counts as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What became of the articles.
#[derive(Debug, Default, Serialize)]
struct Counts {
    taken_over: u64,
    unchanged: u64,
    deleted: u64,
    failed: u64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let source = args.connect.remote(&args.from).await?;
    let target = Services::connect(&args.connect, Needs::Folder).await?;
    let wanted = by_arrival(&source).await?;
    let mut counts = Counts::default();
    take_over(&source, &target, &wanted, &mut counts).await?;
    delete_others(&target, &wanted, &mut counts).await?;
    target.close().await?;
    if args.json {
        let text = serde_json::to_string(&counts).map_err(|error| Failure::failed(&error))?;
        output::line(&text)?;
    } else {
        let Counts { taken_over, unchanged, deleted, failed } = counts;
        output::line(&format!(
            "{taken_over} taken over, {unchanged} there already, {deleted} deleted, {failed} failed; \
             in {}",
            args.connect.place()
        ))?;
    }
    if counts.failed == 0 { Ok(()) } else { Err(Failure::Partial) }
}

/// The names of all articles, in the order in which they were first stored.
async fn by_arrival(services: &Services) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut request = wire::ListArticlesRequest {
        page_size: i32::try_from(LIST_PAGE_SIZE_MAX).unwrap_or(i32::MAX),
        view: wire::ArticleView::Basic.into(),
        ..Default::default()
    };
    loop {
        let page = connect::patient(request.clone());
        let page = services.articles().list_articles(page).await?.into_inner();
        for article in page.articles {
            let at = article.create_time.map(|time| (time.seconds, time.nanos));
            found.push((at, article.name));
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    found.sort();
    Ok(found.into_iter().map(|(_, name)| name).collect())
}

/// Reads the articles of `names` and stores them in that order.
async fn take_over(
    source: &Services,
    target: &Services,
    names: &[String],
    counts: &mut Counts,
) -> Result<(), Failure> {
    let (items, queue) = mpsc::channel(AHEAD);
    let mut stream = IngestStream::new(target.articles(), queue);
    let answers = async move {
        while let Some(answer) = stream.next().await? {
            note(answer, counts);
        }
        Ok::<(), Failure>(())
    };
    let read = async {
        let mut found = stream::iter(names).map(|name| read(source, name)).buffered(AHEAD);
        while let Some(article) = found.next().await {
            let Some(item) = article? else { continue };
            // Closed only when the answers ended, which says why.
            if items.send(item).await.is_err() {
                break;
            }
        }
        drop(items);
        Ok(())
    };
    futures::try_join!(read, answers).map(|_both| ())
}

/// One article as an item; `None` if it was deleted meanwhile.
async fn read(
    source: &Services,
    name: &str,
) -> Result<Option<wire::IngestArticlesRequest>, Failure> {
    let request = wire::GetArticleRequest {
        name: name.to_owned(),
        view: wire::ArticleView::Full.into(),
        with_topics: false,
    };
    match source.articles().get_article(connect::patient(request)).await {
        Ok(answer) => {
            let article = answer.into_inner().article.and_then(|article| article.record);
            Ok(Some(wire::IngestArticlesRequest { item_id: name.to_owned(), article }))
        }
        Err(status) if status.code() == Code::NotFound => Ok(None),
        Err(status) => Err(status.into()),
    }
}

fn note(answer: wire::IngestArticlesResponse, counts: &mut Counts) {
    match answer.outcome {
        Some(Outcome::Ingested(done)) if done.outcome() == wire::IngestOutcome::Unchanged => {
            counts.unchanged += 1;
        }
        Some(Outcome::Ingested(_)) => counts.taken_over += 1,
        Some(Outcome::Error(error)) => {
            counts.failed += 1;
            output::note(&format!("{}: {} [{}]", answer.item_id, error.message, error.reason));
        }
        None => {}
    }
}

/// Deletes what the source does not have, from an earlier run.
async fn delete_others(
    target: &Services,
    wanted: &[String],
    counts: &mut Counts,
) -> Result<(), Failure> {
    let wanted: BTreeSet<&String> = wanted.iter().collect();
    for name in by_arrival(target).await? {
        if !wanted.contains(&name) {
            let request = wire::DeleteArticleRequest { name };
            target.articles().delete_article(connect::patient(request)).await?;
            counts.deleted += 1;
        }
    }
    Ok(())
}
