//! `wenmai words`: the words that an archive has of its own, and the table that keeps them.

use std::path::Path;
use std::path::PathBuf;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use wenmai_proto::wire;
use wenmai_suggest::discover::NewWord;
use wenmai_suggest::words::Table;

/// Arguments of `wenmai words`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Action {
    /// Words that the archive holds and the dictionary lacks, by how firmly they hold together and how
    /// freely what stands beside them changes, with names.
    List(Find),
    /// The table with what the archive holds, to be corrected and given to --words.
    Export(Find),
    /// Puts words into the table.
    Add(Correct),
    /// Keeps words out, whatever the archive holds.
    Drop(Correct),
}

/// Which words.
#[derive(Debug, Clone, clap::Args)]
struct Find {
    /// Articles that hold a word, at least.
    #[arg(long, default_value_t = 5, value_name = "N")]
    min: u32,

    /// How many words at most.
    #[arg(short = 'n', long, default_value_t = 100, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=20_000))]
    limit: i32,

    #[command(flatten)]
    connect: connect::Args,

    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Which words of which table.
#[derive(Debug, Clone, clap::Args)]
struct Correct {
    /// The words.
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,

    /// The table; made if it is not there.
    #[arg(long = "words", env = "WENMAI_WORDS", value_name = "FILE")]
    table: PathBuf,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    match args.action {
        Action::List(find) => {
            let json = find.json;
            let answer = found(&find).await?;
            if json { output::json("ListWordsResponse", &answer) } else { print(&answer) }
        }
        Action::Export(find) => {
            let mut table = match find.connect.words() {
                Some(path) => read(path)?,
                None => Table::default(),
            };
            table.learn(&words(found(&find).await?));
            output::line(table.write().trim_end())
        }
        Action::Add(Correct { words, table }) => correct(&table, |table| {
            words.iter().try_for_each(|word| table.add(word, 0).map_err(|why| (word.clone(), why)))
        }),
        Action::Drop(Correct { words, table }) => correct(&table, |table| {
            words.iter().try_for_each(|word| table.drop(word).map_err(|why| (word.clone(), why)))
        }),
    }
}

async fn found(find: &Find) -> Result<wire::ListWordsResponse, Failure> {
    let request = wire::ListWordsRequest { article_count_min: find.min, limit: find.limit };
    let services = Services::connect(&find.connect, Needs::Articles).await?;
    let answer = services.search().list_words(connect::patient(request)).await;
    services.close().await?;
    Ok(answer?.into_inner())
}

fn print(answer: &wire::ListWordsResponse) -> Result<(), Failure> {
    let mut table = output::table(&["word", "articles", "times", "cohesion", "entropy"]);
    for word in &answer.words {
        let wire::ArchiveWord { text, article_count, count, cohesion, entropy } = word;
        let measured =
            |value: f64| if value > 0.0 { format!("{value:.2}") } else { "name".to_owned() };
        table.add_row([
            text.clone(),
            article_count.to_string(),
            count.to_string(),
            measured(*cohesion),
            measured(*entropy),
        ]);
    }
    output::line(&table.to_string())?;
    output::note(&format!("{} words of {} articles", answer.words.len(), answer.article_count));
    Ok(())
}

fn words(answer: wire::ListWordsResponse) -> Vec<NewWord> {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let word = |word: wire::ArchiveWord| {
        let wire::ArchiveWord { text, article_count, count, cohesion, entropy } = word;
        NewWord {
            text,
            article_count: small(article_count),
            count: small(count),
            cohesion,
            entropy,
        }
    };
    answer.words.into_iter().map(word).collect()
}

fn read(path: &Path) -> Result<Table, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::Usage(format!("words {} cannot be read: {error}", path.display()))
    })?;
    Table::read(&text).map_err(|wrong| Failure::Usage(format!("words {}: {wrong}", path.display())))
}

/// Reads the table, if there is one, changes it and writes it in place of the old one.
fn correct(
    path: &Path,
    change: impl FnOnce(&mut Table) -> Result<(), (String, &'static str)>,
) -> Result<(), Failure> {
    let mut table = if path.exists() { read(path)? } else { Table::default() };
    change(&mut table).map_err(|(word, why)| Failure::Usage(format!("`{word}`: {why}")))?;
    let failed = |error: std::io::Error| {
        Failure::Failed(format!("words {} cannot be written: {error}", path.display()))
    };
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, table.write()).map_err(failed)?;
    std::fs::rename(&beside, path).map_err(failed)
}
