//! Trains the line models of the parser: `src/page/learned/{lines,openings,common}.tsv`.
//!
//! ```sh
//! xz -dc ../shared/data/train/news-train.jsonl.xz | cargo run --release -p wenmai-page --example train_lines
//! ```
//!
//! Reads articles, JSON Lines with `source`, `title` and `body`, from its input; writes the files in
//! place, prints accuracies on every tenth article, which is kept apart, and is the same in every
//! run. Nothing of a newspaper page is read here.
//!
//! - `lines.tsv`: is a short line a headline, a subheading, or a piece of running text? Headlines
//!   are the articles' titles and the short lines of bulletins (快讯); subheadings the short lines
//!   inside other bodies; pieces are cut out of paragraphs at the length of a heading.
//! - `openings.tsv`: does a paragraph begin an article, or go on with one?
//! - `common.tsv`: how many articles have a pair of characters, in powers of two, for the pairs that
//!   many have. A pair that is not listed is rare: two texts that share it are about one thing.
#![allow(clippy::print_stdout, reason = "an example prints what it finds")]
#![allow(clippy::indexing_slicing, reason = "a missing key of JSON is null; positions are its own")]

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::HashSet;
use std::error::Error;
use std::fmt::Write as _;
use std::io::BufRead as _;
use std::path::Path;

use serde_json::Value;

#[path = "../learned/gram.rs"]
mod gram;

/// Passes over the examples.
const PASSES: usize = 4;
/// Step of `AdaGrad`.
const RATE: f32 = 0.15;
/// Pull of a weight to zero at each step that it takes part in.
const PULL: f32 = 2e-5;
/// Fewest examples with a feature.
const FEWEST: u32 = 12;
/// Smallest weight that is written.
const SMALLEST: f32 = 0.06;
/// Fewest articles with a pair of characters that is listed as common.
const COMMON: u32 = 48;
/// Headlines for each subheading.
const HEADLINES: usize = 8;

struct Article {
    source: String,
    title: String,
    paragraphs: Vec<String>,
}

/// One line or paragraph: its features and its class.
struct Example {
    features: Vec<u32>,
    class: usize,
}

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % end.max(1)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut articles = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let say = |key: &str| row[key].as_str().unwrap_or_default().trim().to_owned();
        let paragraphs = say("body").lines().map(|line| line.trim().to_owned()).collect();
        articles.push(Article { source: say("source"), title: say("title"), paragraphs });
    }
    let mut random = Random(0x5eed_1e55);
    random.shuffle(&mut articles);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("learned");
    let head = "# Made by src/page/examples/train_lines.rs. A feature (gram.rs) and, in hundredths, \
                what it adds to the score of";
    let lines = lines(&articles, &mut random);
    let names = ["headline", "subheading", "running text"];
    let table = train(&lines, gram_line, &names, &mut random);
    std::fs::write(folder.join("lines.tsv"), format!("{head} {}\n{table}", names.join(", ")))?;
    let openings = openings(&articles, &mut random);
    let names = ["going on", "a beginning"];
    let table = train(&openings, gram_opening, &names, &mut random);
    std::fs::write(folder.join("openings.tsv"), format!("{head} {}\n{table}", names.join(", ")))?;
    std::fs::write(folder.join("common.tsv"), common(&articles))?;
    Ok(())
}

fn gram_line(text: &str, see: &mut dyn FnMut(&str)) {
    gram::of_line(text, see);
}

fn gram_opening(text: &str, see: &mut dyn FnMut(&str)) {
    gram::of_opening(text, see);
}

fn is_closed(line: &str) -> bool {
    line.trim_end_matches(['”', '）', ')', '》'])
        .ends_with(['。', '！', '？', '；', '：', '…', '，', '、'])
}

fn is_heading(line: &str) -> bool {
    (4..=24).contains(&line.chars().count()) && !is_closed(line) && !line.contains('。')
}

/// Whether a line names people or says where it comes from, and heads nothing.
fn is_furniture(line: &str) -> bool {
    const WORDS: [&str; 10] =
        ["记者", "作者", "编辑", "摄", "资料图", "配图", "截图", "来源", "责编", "【"];
    WORDS.iter().any(|word| line.contains(word))
}

/// Short lines with their classes: 0 headline, 1 subheading, 2 running text.
fn lines(articles: &[Article], random: &mut Random) -> Vec<(String, usize)> {
    let mut heads: Vec<String> = Vec::new();
    let mut subs: Vec<String> = Vec::new();
    let mut pieces: Vec<String> = Vec::new();
    for article in articles {
        heads.push(article.title.clone());
        // A headline of two parts is set in two lines.
        heads.extend(article.title.split([' ', '　']).filter(|p| is_heading(p)).map(str::to_owned));
        let bulletin = article.source == "新闻联播";
        for at in 1..article.paragraphs.len().saturating_sub(1) {
            let line = &article.paragraphs[at];
            let text = |at: usize| article.paragraphs[at].chars().nth(30).is_some();
            if !(text(at - 1) && text(at + 1)) {
                continue;
            }
            if is_heading(line) && !is_furniture(line) {
                if bulletin { heads.push(line.clone()) } else { subs.push(line.clone()) }
            } else if text(at) {
                pieces.extend(piece(line, random));
            }
        }
    }
    for list in [&mut heads, &mut pieces] {
        random.shuffle(list);
        list.truncate(subs.len() * HEADLINES);
    }
    let classed = [heads, subs, pieces].into_iter().enumerate();
    let mut all: Vec<(String, usize)> =
        classed.flat_map(|(class, lines)| lines.into_iter().map(move |l| (l, class))).collect();
    random.shuffle(&mut all);
    all
}

/// A piece of a paragraph, as long as a heading is.
fn piece(paragraph: &str, random: &mut Random) -> Option<String> {
    let chars: Vec<char> = paragraph.chars().collect();
    let from = random.below(chars.len());
    // Half of them begin where a clause does.
    let clause =
        chars.iter().skip(from).position(|c| "，。；".contains(*c)).map(|at| from + at + 1);
    let from = if random.below(2) == 0 { clause? } else { from };
    let piece: String = chars.iter().skip(from).take(6 + random.below(18)).collect();
    (piece.chars().count() >= 6 && !is_closed(&piece)).then_some(piece)
}

/// Paragraphs with their classes: 0 for those that go on, 1 for first ones.
fn openings(articles: &[Article], random: &mut Random) -> Vec<(String, usize)> {
    let mut all = Vec::new();
    let mut bulletins = 0;
    for article in articles {
        bulletins += usize::from(article.source == "新闻联播");
        if article.source == "新闻联播" && bulletins > 20_000 {
            continue;
        }
        let texts = article.paragraphs.iter().filter(|text| text.chars().nth(24).is_some());
        for (at, text) in texts.enumerate().take(3) {
            let text = if at == 0 { without_opener(text) } else { text };
            all.push((text.to_owned(), usize::from(at == 0)));
        }
    }
    random.shuffle(&mut all);
    all
}

/// A first paragraph without `新华社…电（记者 甲）`: what follows must tell that it is the first.
fn without_opener(text: &str) -> &str {
    let reach = text.char_indices().nth(24).map_or(text.len(), |(at, _)| at);
    let start = text.get(..reach).unwrap_or_default();
    let named = start.contains(['社', '网', '报', '台']);
    let Some(at) = start.find(['电', '讯']).filter(|_| named) else {
        return text;
    };
    let rest = text.get(at + '电'.len_utf8()..).unwrap_or_default().trim_start();
    let close = rest.find(['）', ')']).filter(|_| rest.starts_with(['（', '(']));
    close.map_or(rest, |at| rest.get(at..).unwrap_or_default().trim_start_matches(['）', ')', ' ']))
}

/// Calls its second argument with each feature of a text.
type Grams = fn(&str, &mut dyn FnMut(&str));

/// Fits a softmax over the classes by `AdaGrad`; returns the table of weights.
fn train(
    examples: &[(String, usize)],
    grams: Grams,
    names: &[&str],
    random: &mut Random,
) -> String {
    let (apart, kept): (Vec<_>, Vec<_>) =
        examples.iter().enumerate().partition(|(at, _)| at % 10 == 0);
    let mut counts: HashMap<String, u32> = HashMap::new();
    for (_, (text, _)) in &kept {
        grams(text, &mut |gram| *counts.entry(gram.to_owned()).or_default() += 1);
    }
    let mut known: Vec<String> =
        counts.into_iter().filter(|(_, n)| *n >= FEWEST).map(|(g, _)| g).collect();
    known.sort_unstable();
    let numbers: HashMap<&str, u32> =
        known.iter().zip(1..).map(|(gram, number)| (gram.as_str(), number)).collect();
    let number = |list: Vec<(usize, &(String, usize))>| -> Vec<Example> {
        let example = |(_, (text, class)): (usize, &(String, usize))| {
            // Feature 0 is always there.
            let mut features = vec![0];
            grams(text, &mut |gram| features.extend(numbers.get(gram)));
            Example { features, class: *class }
        };
        list.into_iter().map(example).collect()
    };
    let (mut kept, apart) = (number(kept), number(apart));
    let mut model = Model::new(known.len() + 1, names.len());
    for _ in 0..PASSES {
        random.shuffle(&mut kept);
        for example in &kept {
            model.learn(example);
        }
    }
    model.measure(&apart, names);
    model.table(&known)
}

/// Weights of each feature for each class.
struct Model {
    weights: Vec<Vec<f32>>,
    squares: Vec<Vec<f32>>,
}

impl Model {
    fn new(features: usize, classes: usize) -> Self {
        Self {
            weights: vec![vec![0.0; classes]; features],
            squares: vec![vec![1e-2; classes]; features],
        }
    }

    fn probabilities(&self, example: &Example) -> Vec<f32> {
        let classes = self.weights[0].len();
        let sum = |class: usize| -> f32 {
            example.features.iter().map(|f| self.weights[*f as usize][class]).sum()
        };
        let scores: Vec<f32> = (0..classes).map(sum).collect();
        let most = scores.iter().copied().fold(f32::MIN, f32::max);
        let odds: Vec<f32> = scores.iter().map(|score| (score - most).exp()).collect();
        let total: f32 = odds.iter().sum();
        odds.into_iter().map(|odds| odds / total).collect()
    }

    fn learn(&mut self, example: &Example) {
        for (class, probability) in self.probabilities(example).into_iter().enumerate() {
            let error = probability - f32::from(u8::from(class == example.class));
            for feature in &example.features {
                let at = *feature as usize;
                let slope = error + PULL * self.weights[at][class];
                self.squares[at][class] += slope * slope;
                self.weights[at][class] -= RATE * slope / self.squares[at][class].sqrt();
            }
        }
    }

    /// Prints how many of each class are found among examples kept apart.
    #[expect(clippy::cast_precision_loss, reason = "counts of examples")]
    fn measure(&self, apart: &[Example], names: &[&str]) {
        let mut table = vec![vec![0_usize; names.len()]; names.len()];
        for example in apart {
            let probabilities = self.probabilities(example);
            let best =
                (0..names.len()).max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
            table[example.class][best.unwrap_or_default()] += 1;
        }
        for (name, row) in names.iter().zip(&table) {
            let total = row.iter().sum::<usize>().max(1) as f64;
            let shares: Vec<String> = row
                .iter()
                .zip(names)
                .map(|(n, as_)| format!("{as_} {:.3}", *n as f64 / total))
                .collect();
            println!("{name} ({total}) read as: {}", shares.join(", "));
        }
    }

    fn table(&self, known: &[String]) -> String {
        let mut table = String::new();
        let names = std::iter::once("").chain(known.iter().map(String::as_str));
        for (name, weights) in names.zip(&self.weights) {
            // Only differences between classes count.
            let mean =
                weights.iter().sum::<f32>() / f32::from(u8::try_from(weights.len()).unwrap_or(1));
            if weights.iter().all(|weight| (weight - mean).abs() < SMALLEST) {
                continue;
            }
            table.push_str(name);
            for weight in weights {
                let _ = write!(table, "\t{:.0}", (weight - mean) * 100.0);
            }
            table.push('\n');
        }
        table
    }
}

/// The pairs of Han characters that many articles have, by the power of two of how many.
fn common(articles: &[Article]) -> String {
    let han = |c: &char| ('\u{4e00}'..='\u{9fff}').contains(c);
    let mut counts: HashMap<[char; 2], u32> = HashMap::new();
    for article in articles {
        let mut pairs: HashSet<[char; 2]> = HashSet::new();
        for text in std::iter::once(&article.title).chain(&article.paragraphs) {
            let chars: Vec<char> = text.chars().collect();
            pairs.extend(chars.array_windows().filter(|pair| pair.iter().all(han)));
        }
        for pair in pairs {
            *counts.entry(pair).or_default() += 1;
        }
    }
    let mut levels: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (pair, count) in counts.into_iter().filter(|(_, count)| *count >= COMMON) {
        levels.entry(count.ilog2()).or_default().push(pair.iter().collect());
    }
    let mut table = format!(
        "# Made by src/page/examples/train_lines.rs. A power of two, and the pairs of characters \
         that so many of {} articles have.\n",
        articles.len()
    );
    for (level, mut pairs) in levels {
        pairs.sort_unstable();
        let _ = writeln!(table, "{level}\t{}", pairs.concat());
    }
    table
}
