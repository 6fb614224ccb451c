//! `wenmai embed`: the vectors of texts.

use std::io::BufRead;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use wenmai_proto::wire;

/// Texts of one call: few enough for a large model to answer in time.
const CHUNK_TEXTS: usize = 64;

/// Arguments of `wenmai embed`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Texts; `-` reads one per line from standard input.
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,

    /// The texts are questions, not texts to be found: some models want another prompt.
    #[arg(long)]
    query: bool,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object with all numbers.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let texts = match args.texts.as_slice() {
        [only] if only == "-" => {
            std::io::stdin().lock().lines().collect::<Result<Vec<String>, _>>()?
        }
        texts => texts.to_vec(),
    };
    let purpose = if args.query { wire::EmbedPurpose::Query } else { wire::EmbedPurpose::Passage };
    let services = Services::connect(&args.connect, Needs::Nothing).await?;
    for texts in texts.chunks(CHUNK_TEXTS) {
        let request = wire::EmbedTextsRequest { texts: texts.to_vec(), purpose: purpose.into() };
        let answer =
            services.embedding().embed_texts(connect::patient(request)).await?.into_inner();
        if args.json {
            output::json("EmbedTextsResponse", &answer)?;
        } else {
            show(texts, &answer)?;
        }
    }
    services.close().await
}

/// Tokens and windows of each text, and the cosines among them.
fn show(texts: &[String], answer: &wire::EmbedTextsResponse) -> Result<(), Failure> {
    let mut table = output::table(&["#", "text", "tokens (used)", "windows", "cosine with each"]);
    for (at, (text, one)) in texts.iter().zip(&answer.embeddings).enumerate() {
        let start: String = text.chars().take(30).collect();
        let cosines = answer.embeddings.iter().take(10).map(|other| {
            let cosine: f32 = one.values.iter().zip(&other.values).map(|(a, b)| a * b).sum();
            format!("{cosine:.3}")
        });
        table.add_row(vec![
            (at + 1).to_string(),
            start,
            format!("{} ({})", one.token_count, one.token_count_used),
            one.window_count.to_string(),
            cosines.collect::<Vec<_>>().join(" "),
        ]);
    }
    output::line(&table.to_string())?;
    let dim = answer.embeddings.first().map_or(0, |one| one.values.len());
    output::line(&format!("model {}, {dim} numbers each; --json prints them", answer.model_version))
}
