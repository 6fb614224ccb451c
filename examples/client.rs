//! A client in Rust: stores two articles over a stream, searches, asks what is related, deletes them.
//!
//! `cargo run --example client -- http://127.0.0.1:50051` against a running `wenmai serve`. The
//! messages and clients are those of the crate; another crate makes its own from `proto/` with
//! tonic-prost-build.
#![allow(clippy::print_stdout, reason = "an example")]

use tonic::Request;
use tonic::Status;
use tonic::transport::Endpoint;
use tonic_types::StatusExt;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::find_related_articles_request::Target;
use wenmai::proto::wire::ingest_articles_response::Outcome;
use wenmai::proto::wire::search_service_client::SearchServiceClient;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:50051".to_owned());
    let channel = Endpoint::from_shared(server)?.connect().await?;
    let mut articles = ArticleServiceClient::new(channel.clone());
    let mut search = SearchServiceClient::new(channel);

    // One answer for each article, in order, once it is on disk.
    let items = [
        item(1, "清河大桥今日合龙", "清河大桥主桥今天上午顺利合龙，预计年底通车。"),
        item(2, "清河大桥年底通车", "清河大桥建成后，两岸车程将缩短到十分钟。"),
    ];
    let mut answers = articles.ingest_articles(futures::stream::iter(items)).await?.into_inner();
    let mut names = Vec::new();
    while let Some(answer) = answers.message().await? {
        match answer.outcome {
            Some(Outcome::Ingested(stored)) => names.push(stored.name),
            Some(Outcome::Error(error)) => println!("{}: {}", answer.item_id, error.message),
            None => {}
        }
    }
    println!("stored {}", names.join(", "));

    let query = wire::SearchArticlesRequest {
        query: "大桥 通车".to_owned(),
        filter: "paper = \"清河日报\"".to_owned(),
        ..Default::default()
    };
    for hit in search.search_articles(query).await?.into_inner().hits {
        println!("{:.3} {}", hit.fused_score, title(&hit));
    }
    let target = names.first().cloned().map(Target::Article);
    let mut question =
        Request::new(wire::FindRelatedArticlesRequest { target, ..Default::default() });
    // A deadline of the caller's own.
    question.set_timeout(std::time::Duration::from_secs(5));
    for hit in search.find_related_articles(question).await?.into_inner().hits {
        println!("related: {}", title(&hit));
    }

    for name in names {
        articles.delete_article(wire::DeleteArticleRequest { name: name.clone() }).await?;
        let gone =
            articles.get_article(wire::GetArticleRequest { name, ..Default::default() }).await;
        println!("then {}", gone.err().map_or_else(|| "still there".to_owned(), |e| reason(&e)));
    }
    Ok(())
}

/// An article of a paper that does not exist.
fn item(number: u32, title: &str, body: &str) -> wire::IngestArticlesRequest {
    let article = wire::ArticleRecord {
        paper: "清河日报".to_owned(),
        source: "example".to_owned(),
        source_id: number.to_string(),
        title: title.to_owned(),
        paragraphs: vec![body.to_owned()],
        ..Default::default()
    };
    wire::IngestArticlesRequest { item_id: number.to_string(), article: Some(article) }
}

fn title(hit: &wire::SearchHit) -> &str {
    let record = hit.article.as_ref().and_then(|article| article.record.as_ref());
    record.map_or("", |record| &record.title)
}

/// The stable reason of an error, which a program can tell apart.
fn reason(status: &Status) -> String {
    status.get_details_error_info().map_or_else(|| status.message().to_owned(), |info| info.reason)
}
