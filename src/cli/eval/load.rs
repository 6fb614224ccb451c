//! `wenmai eval load`: how much does a running server do, and what does it do with more?
//!
//! It asks a server on this machine about the articles that the server itself holds: first with
//! clients that ask again as soon as they are answered, then, with `--overload`, at a rate that does
//! not wait for answers. Time counts from the moment when a question was due, so that a server that
//! stalls is charged with all the questions that came due meanwhile. Bounded in time and number.

mod drive;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tonic::codegen::http::Uri;

use crate::connect::Services;
use crate::connect::TrustArgs;
use crate::eval::json;
use crate::failure::Failure;
use crate::output;
use wenmai_proto::wire;

use drive::Call;
use drive::Driver;
use drive::Question;
use tally::Row;

/// Articles that questions are made of, at most.
const ARTICLES: i32 = 200;
/// Characters of an article that are embedded.
const TEXT_CHARS: usize = 200;
/// Time for the metrics to be read.
const SCRAPE_TIMEOUT: Duration = Duration::from_secs(5);
/// Rate of the measurement that overload is compared with, as a share of what the server can do.
const NORMAL_SHARE: f64 = 0.5;
/// Most questions a second.
const RATE_MAX: f64 = 20_000.0;
/// Clients that find out how much the server can do.
const CAPACITY_CLIENTS: usize = 8;

/// Arguments of `wenmai eval load`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The server, on this machine and with articles in it, such as <http://127.0.0.1:50051>.
    #[arg(long, env = "WENMAI_SERVER", value_name = "URL")]
    server: String,

    /// Its metrics port, such as 127.0.0.1:9464, to tell its memory.
    #[arg(long, value_name = "ADDR:PORT")]
    metrics: Option<std::net::SocketAddr>,

    /// What is called, apart by commas.
    #[arg(long, value_enum, value_delimiter = ',',
          default_values_t = [Call::Search, Call::Related, Call::Embed], value_name = "CALL")]
    calls: Vec<Call>,

    /// Clients that ask at the same time, one measurement after the other, apart by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 64], value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=512))]
    clients: Vec<u16>,

    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: u16,

    /// Then ask so many times as often as the server can answer.
    #[arg(long, value_name = "TIMES", value_parser = clap::value_parser!(u16).range(2..=100))]
    overload: Option<u16>,

    /// Seconds of overload.
    #[arg(long, default_value_t = 180, value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=600))]
    overload_seconds: u16,

    #[command(flatten)]
    trust: TrustArgs,

    /// Print the rows as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    stays_here(&args.server)?;
    let services = Services::remote(&args.server, &args.trust).await?;
    services.wait_until_ready().await?;
    let questions = questions(&services).await?;
    let question_count = questions.len();
    let driver = Driver { server: args.server.clone(), trust: args.trust.clone(), questions };
    let driver = Arc::new(driver);
    let mut rows = Vec::new();
    let period = Duration::from_secs(args.seconds.into());
    for &call in &args.calls {
        for &clients in &args.clients {
            let tally = driver.closed(call, clients.into(), period).await?;
            rows.push(row(&args, tally.row(call, format!("{clients} clients"), period)).await);
        }
        if let Some(times) = args.overload {
            overload(&args, &driver, (call, f64::from(times)), &mut rows).await?;
        }
    }
    if args.json { json(&rows) } else { print(&rows, question_count) }
}

/// What the server can do, half of it, and so many times as much.
async fn overload(
    args: &Args,
    driver: &Arc<Driver>,
    (call, times): (Call, f64),
    rows: &mut Vec<Row>,
) -> Result<(), Failure> {
    let period = Duration::from_secs(args.seconds.into());
    let tally = driver.closed(call, CAPACITY_CLIENTS, period).await?;
    let capacity = tally.row(call, String::new(), period).answers_per_s;
    let long = Duration::from_secs(args.overload_seconds.into());
    for (rate, period) in [(capacity * NORMAL_SHARE, period), (capacity * times, long)] {
        let rate = rate.clamp(1.0, RATE_MAX);
        let tally = driver.open(call, rate, period).await?;
        let load = format!("{rate:.0}/s, {:.1} of capacity", rate / capacity.max(1e-9));
        rows.push(row(args, tally.row(call, load, period)).await);
    }
    Ok(())
}

/// `row` with the server's memory, where it is told.
async fn row(args: &Args, mut row: Row) -> Row {
    if let Some(address) = args.metrics {
        let read = tokio::time::timeout(SCRAPE_TIMEOUT, resident_bytes(address)).await;
        row.resident_mib = read.ok().flatten().map(|bytes| bytes / 1_048_576.0);
    }
    row
}

/// Refuses servers elsewhere: this is not for the machines of others.
fn stays_here(server: &str) -> Result<(), Failure> {
    let url = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let uri: Uri = url.parse().map_err(|error| {
        Failure::Usage(format!("`{server}` is not a server's address: {error}"))
    })?;
    match uri.host() {
        Some("127.0.0.1" | "localhost" | "[::1]") => Ok(()),
        Some(_) | None => Err(Failure::Usage(format!(
            "`{server}` is not on this machine; a load test would be an attack there"
        ))),
    }
}

/// Questions made of the articles that the server holds.
async fn questions(services: &Services) -> Result<Vec<Question>, Failure> {
    let request = wire::ListArticlesRequest { page_size: ARTICLES, view: 2, ..Default::default() };
    let listed = services.articles().list_articles(request).await?.into_inner();
    let question = |article: wire::Article| {
        let record = article.record?;
        let text = format!("{}\n{}", record.title, record.paragraphs.join("\n"));
        let text = text.chars().take(TEXT_CHARS).collect();
        let title = if record.title.is_empty() { None } else { Some(record.title) };
        Some(Question { name: article.name, title: title?, text })
    };
    let questions: Vec<Question> = listed.articles.into_iter().filter_map(question).collect();
    if questions.is_empty() {
        return Err(Failure::Failed("the server holds no article with a headline".to_owned()));
    }
    Ok(questions)
}

/// `process_resident_memory_bytes` of the metrics at `address`.
async fn resident_bytes(address: std::net::SocketAddr) -> Option<f64> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let line = answer.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes "));
    line?.trim().parse().ok()
}

fn print(rows: &[Row], question_count: usize) -> Result<(), Failure> {
    let header = [
        "call",
        "load",
        "asked",
        "answered/s",
        "p50 ms",
        "p99 ms",
        "refused",
        "p50 ms",
        "p99 ms",
        "failed",
        "not sent",
        "server MiB",
    ];
    let mut table = output::table(&header);
    let ms = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.1}"));
    for row in rows {
        let Row { call, load, asked, answers_per_s, refused, failed, unsent, resident_mib, .. } =
            row;
        table.add_row(vec![
            call.name().to_owned(),
            load.clone(),
            asked.to_string(),
            format!("{answers_per_s:.0}"),
            ms(row.p50_ms),
            ms(row.p99_ms),
            refused.to_string(),
            ms(row.refused_p50_ms),
            ms(row.refused_p99_ms),
            failed.to_string(),
            unsent.to_string(),
            resident_mib.map_or_else(String::new, |mib| format!("{mib:.0}")),
        ]);
    }
    output::line(&table.to_string())?;
    output::line(&format!(
        "questions made of {question_count} articles; refused is RESOURCE_EXHAUSTED; client and \
         server share this machine"
    ))
}

#[cfg(test)]
mod tests {
    use super::stays_here;

    #[test]
    fn only_this_machine_is_loaded() {
        for here in ["http://127.0.0.1:50051", "localhost:50051", "https://[::1]:1"] {
            stays_here(here).unwrap();
        }
        for elsewhere in ["http://10.0.0.7:50051", "http://localhost.example.com", "::"] {
            stays_here(elsewhere).unwrap_err();
        }
    }
}
