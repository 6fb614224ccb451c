//! `wenmai embed`: the vectors of texts.

use std::collections::BTreeMap;
use std::io::BufRead;

use tonic::Status;
use tonic_types::StatusExt;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use wenmai_engine as engine;
use wenmai_proto::wire;

/// Texts of one call: few enough for a large model to answer in time.
const CHUNK_TEXTS: usize = 64;

/// Arguments of `wenmai embed`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Texts; `-` reads one per line from standard input. Blank and unreadable lines are passed over
    /// and named at the end.
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,

    /// The texts are questions, not texts to be found: some models want another prompt.
    #[arg(long)]
    query: bool,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object with all numbers for every 64 texts.
    #[arg(long)]
    json: bool,
}

/// A text and the line of the input, or the place among the arguments, that it stands at.
struct Text {
    line: usize,
    text: String,
}

/// What is given and what cannot be used of it.
#[derive(Default)]
struct Input {
    texts: Vec<Text>,
    /// Line and reason.
    passed_over: Vec<(usize, String)>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let mut input = match args.texts.as_slice() {
        [only] if only == "-" => lines(std::io::stdin().lock())?,
        texts => given(texts.iter().map(|text| Ok(text.clone()))),
    };
    let purpose = if args.query { wire::EmbedPurpose::Query } else { wire::EmbedPurpose::Passage };
    let services = Services::connect(&args.connect, Needs::Nothing).await?;
    let mut embedded = 0;
    for chunk in std::mem::take(&mut input.texts).chunks(CHUNK_TEXTS) {
        let answer = embed(&services, chunk, purpose, &mut input.passed_over).await?;
        if let Some((texts, answer)) = answer {
            embedded += texts.len();
            if args.json {
                output::json("EmbedTextsResponse", &answer)?;
            } else {
                show(&texts, &answer)?;
            }
        }
    }
    services.close().await?;
    input.passed_over.sort();
    for (line, why) in &input.passed_over {
        output::note(&format!("line {line}: {why}"));
    }
    match input.passed_over.len() {
        0 => Ok(()),
        count => {
            output::note(&format!("{embedded} texts embedded, {count} lines passed over"));
            Err(Failure::Partial)
        }
    }
}

/// The lines of a stream. One that is not UTF-8 is decoded by what its bytes look like.
fn lines(reader: impl BufRead) -> Result<Input, Failure> {
    let mut read = Vec::new();
    for line in reader.split(b'\n') {
        let line = line?;
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        let decoded = engine::decode("line", line).map(|decoded| decoded.text.into_owned());
        read.push(decoded.map_err(|error| error.to_string()));
    }
    Ok(given(read.into_iter()))
}

/// Texts with their places; blank ones are passed over.
fn given(texts: impl Iterator<Item = Result<String, String>>) -> Input {
    let mut input = Input::default();
    for (line, text) in (1..).zip(texts) {
        match text {
            Ok(text) if text.trim().is_empty() => {
                input.passed_over.push((line, "is blank".to_owned()));
            }
            Ok(text) => input.texts.push(Text { line, text }),
            Err(why) => input.passed_over.push((line, why)),
        }
    }
    input
}

/// Embeds a chunk of texts. One that the model cannot read is passed over by itself, and the others
/// are asked about again.
async fn embed<'t>(
    services: &Services,
    chunk: &'t [Text],
    purpose: wire::EmbedPurpose,
    passed_over: &mut Vec<(usize, String)>,
) -> Result<Option<(Vec<&'t Text>, wire::EmbedTextsResponse)>, Failure> {
    let mut texts: Vec<&Text> = chunk.iter().collect();
    while !texts.is_empty() {
        let request = wire::EmbedTextsRequest {
            texts: texts.iter().map(|one| one.text.clone()).collect(),
            purpose: purpose.into(),
            ..Default::default()
        };
        let status = match services.embedding().embed_texts(connect::patient(request)).await {
            Ok(answer) => return Ok(Some((texts, answer.into_inner()))),
            Err(status) => status,
        };
        let refused = refused(&status, texts.len());
        if refused.is_empty() {
            return Err(status.into());
        }
        for (at, why) in refused.into_iter().rev() {
            passed_over.push((texts.remove(at).line, why));
        }
    }
    Ok(None)
}

/// Which of `count` texts a refusal names (`texts[3]`), in order, and why.
fn refused(status: &Status, count: usize) -> Vec<(usize, String)> {
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations);
    let named = violations.unwrap_or_default().into_iter().filter_map(|violation| {
        let at = violation.field.strip_prefix("texts[")?.strip_suffix(']')?.parse().ok()?;
        (at < count).then_some((at, violation.description))
    });
    named.collect::<BTreeMap<usize, String>>().into_iter().collect()
}

/// Tokens and windows of each text, and the cosines among them.
fn show(texts: &[&Text], answer: &wire::EmbedTextsResponse) -> Result<(), Failure> {
    let mut table = output::table(&["#", "text", "tokens (used)", "windows", "cosine with each"]);
    for (text, one) in texts.iter().zip(&answer.embeddings) {
        let start: String = text.text.chars().take(30).collect();
        let cosines = answer.embeddings.iter().take(10).map(|other| {
            let cosine: f32 = one.values.iter().zip(&other.values).map(|(a, b)| a * b).sum();
            format!("{cosine:.3}")
        });
        table.add_row(vec![
            text.line.to_string(),
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

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn blank_and_broken_lines_are_named_and_cost_the_others_nothing() {
        let input = lines(&b"\xe6\xa1\xa5\r\n\n\xe3\x80\x80\n\x00\x01\x02\nlast"[..]).unwrap();
        let texts: Vec<(usize, &str)> =
            input.texts.iter().map(|one| (one.line, one.text.as_str())).collect();
        assert_eq!(texts, [(1, "桥"), (5, "last")]);
        let passed: Vec<usize> = input.passed_over.iter().map(|(line, _)| *line).collect();
        assert_eq!(passed, [2, 3, 4]);
    }
}
