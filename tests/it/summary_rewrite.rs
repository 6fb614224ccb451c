//! Summaries in a language model's words: a tiny random model that the tests write themselves, and
//! scripted ones. The citation comes back in any case.

use std::fs::File;
use std::path::Path;

use candle_core::Device;
use candle_core::Tensor;
use candle_core::quantized::GgmlDType;
use candle_core::quantized::QTensor;
use candle_core::quantized::gguf_file;
use candle_core::quantized::gguf_file::Value;
use serde_json::json;
use wenmai::generate;
use wenmai::generate::Config;
use wenmai::generate::Error;
use wenmai::generate::Prompt;
use wenmai::generate::Writer;
use wenmai::generate::Written;
use wenmai::proto::wire;
use wenmai::proto::wire::RewritingRefusal;
use wenmai::proto::wire::summarize_article_request::Target;

use crate::cli::Desk;
use crate::support::Running;
use crate::support::fake_engine;
use crate::support::flood_and_others;

const TEXT: &str =
    "清河县12日遭遇暴雨，已转移群众3200人。县水利局局长周小禾表示，堤防没有出现险情。";
/// Rows of the tiny model's vocabulary.
const ROWS: usize = 12;
const HIDDEN: usize = 32;
const HEAD: usize = 16;

/// A tokenizer of single characters, the same for every test.
fn tokenizer(more: &str) -> String {
    let mark = |id: u32, content: &str| {
        json!({"id": id, "content": content, "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true})
    };
    let mut vocab = json!({"[UNK]": 0, "7": 1, "8": 2, "9": 3, "清": 4, "河": 5, "\n": 6, "。": 7});
    vocab["<|im_start|>"] = 8.into();
    vocab["<|im_end|>"] = 9.into();
    if !more.is_empty() {
        vocab[more] = ROWS.into();
    }
    json!({
        "version": "1.0", "truncation": null, "padding": null,
        "added_tokens": [mark(8, "<|im_start|>"), mark(9, "<|im_end|>")],
        "normalizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?s)."},
            "behavior": "Isolated", "invert": false},
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "[UNK]"}
    })
    .to_string()
}

/// Numbers of a generator that is the same on every machine, in `[-0.5, 0.5]`.
struct Noise(u64);

impl Noise {
    fn tensor(&mut self, dims: &[usize], loud: impl Fn(usize) -> bool) -> QTensor {
        let width = dims.last().copied().unwrap_or(1);
        let values: Vec<f32> = (0..dims.iter().product())
            .map(|at| {
                self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let value = f32::from((self.0 >> 48) as u16) / 65_536.0 - 0.5;
                if loud(at / width) { value } else { value / 100.0 }
            })
            .collect();
        let tensor = Tensor::from_vec(values, dims, &Device::Cpu).unwrap();
        QTensor::quantize(&tensor, GgmlDType::F32).unwrap()
    }
}

/// Writes a random Qwen3 of two layers that likes digits best: what it writes is made up.
fn write_model(path: &Path, architecture: &str) {
    let mut noise = Noise(7);
    let mut tensors = vec![
        ("token_embd.weight".to_owned(), noise.tensor(&[ROWS, HIDDEN], |_| true)),
        ("output_norm.weight".to_owned(), noise.tensor(&[HIDDEN], |_| true)),
        ("output.weight".to_owned(), noise.tensor(&[ROWS, HIDDEN], |row| (1..=3).contains(&row))),
    ];
    for layer in 0..2 {
        let shapes: [(&str, &[usize]); 11] = [
            ("attn_q", &[2 * HEAD, HIDDEN]),
            ("attn_k", &[HEAD, HIDDEN]),
            ("attn_v", &[HEAD, HIDDEN]),
            ("attn_output", &[HIDDEN, 2 * HEAD]),
            ("attn_q_norm", &[HEAD]),
            ("attn_k_norm", &[HEAD]),
            ("attn_norm", &[HIDDEN]),
            ("ffn_norm", &[HIDDEN]),
            ("ffn_gate", &[HIDDEN, HIDDEN]),
            ("ffn_up", &[HIDDEN, HIDDEN]),
            ("ffn_down", &[HIDDEN, HIDDEN]),
        ];
        for (name, shape) in shapes {
            let tensor = noise.tensor(shape, |_| true);
            tensors.push((format!("blk.{layer}.{name}.weight"), tensor));
        }
    }
    let number = |key: &str, value: u32| (format!("qwen3.{key}"), Value::U32(value));
    let mut facts = vec![
        ("general.architecture".to_owned(), Value::String(architecture.to_owned())),
        ("general.name".to_owned(), Value::String("tiny".to_owned())),
        number("attention.head_count", 2),
        number("attention.head_count_kv", 1),
        number("attention.key_length", 16),
        number("block_count", 2),
        number("embedding_length", 32),
        number("context_length", 4_096),
    ];
    for (key, value) in [("attention.layer_norm_rms_epsilon", 1e-6), ("rope.freq_base", 1e6)] {
        facts.push((format!("qwen3.{key}"), Value::F32(value)));
    }
    let facts: Vec<(&str, &Value)> =
        facts.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut File::create(path).unwrap(), &facts, &tensors).unwrap();
}

fn tiny(folder: &Path) {
    write_model(&folder.join("tiny-F32.gguf"), "qwen3");
    std::fs::write(folder.join("tokenizer.json"), tokenizer("")).unwrap();
}

/// A server whose citations `writer` rewrites.
async fn running(writer: Box<dyn Writer>, config: &Config) -> Running {
    let (engine, store, gate) = fake_engine();
    Running::serve(engine.with_writer(writer, config).unwrap(), store, gate, |_config| {}).await
}

fn ask(rewrite: bool) -> wire::SummarizeArticleRequest {
    let target = Some(Target::Text(TEXT.into()));
    // Room for both sentences.
    wire::SummarizeArticleRequest { target, rewrite, budget_chars: 300, ..Default::default() }
}

async fn answered(running: &Running) -> wire::SummaryRewriting {
    let answer = running.summary().summarize_article(ask(true)).await.unwrap().into_inner();
    assert!(answer.text.contains("转移群众3200人"), "the citation is there: {}", answer.text);
    answer.rewriting.unwrap()
}

/// Writes what it was told to.
struct Scripted(&'static str);

impl Writer for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn write(&mut self, _: &Prompt, _: &mut dyn FnMut() -> bool) -> Result<Written, Error> {
        Ok(Written { text: self.0.to_owned(), is_finished: true })
    }
}

/// Never comes to an end by itself.
struct Endless;

impl Writer for Endless {
    fn name(&self) -> &'static str {
        "endless"
    }

    fn write(&mut self, _: &Prompt, goes_on: &mut dyn FnMut() -> bool) -> Result<Written, Error> {
        while goes_on() {
            std::thread::yield_now();
        }
        Err(Error::Stopped)
    }
}

#[tokio::test]
async fn what_a_random_model_writes_is_refused_and_the_citation_stands() {
    let folder = tempfile::tempdir().unwrap();
    tiny(folder.path());
    let config = Config { rewrite_ms_max: 60_000, ..Config::default() };
    let running = running(generate::open(folder.path()).unwrap(), &config).await;
    let found = answered(&running).await;
    assert_eq!(found.refusal(), RewritingRefusal::Invented, "{found:?}");
    assert!(found.text.is_empty() && found.model == "tiny");
    let is_number = |text: &String| text.chars().any(|c| c.is_ascii_digit());
    assert!(!found.invented.is_empty() && found.invented.iter().all(is_number), "{found:?}");
    assert_eq!(answered(&running).await, found, "the same every time");
}

#[test]
fn a_model_writes_as_long_as_it_may_and_stops_when_told() {
    let folder = tempfile::tempdir().unwrap();
    tiny(folder.path());
    let mut model = generate::open(folder.path()).unwrap();
    let prompt = |user: &str| Prompt { system: "清".into(), user: user.into(), token_max: 20 };
    let written = model.write(&prompt("河"), &mut || true).unwrap();
    assert_eq!((written.text.chars().count(), written.is_finished), (20, false), "{written:?}");
    // A prompt of several steps, and one that does not fit.
    assert!(model.write(&prompt(&"清".repeat(400)), &mut || true).is_ok());
    let long = model.write(&prompt(&"清".repeat(5_000)), &mut || true);
    assert!(matches!(long, Err(Error::TooLong { limit: 4_076, .. })), "{long:?}");
    let mut left = 3;
    let stopped = model.write(&prompt("河"), &mut || {
        left -= 1;
        left > 0
    });
    assert!(matches!(stopped, Err(Error::Stopped)) && left == 0, "{stopped:?}");
    assert_eq!(model.write(&prompt("河"), &mut || true).unwrap(), written, "nothing is left over");
}

#[tokio::test]
async fn other_words_for_the_same_are_shown() {
    let allowed = "清河县12日遭暴雨，转移群众3200人；县水利局局长周小禾说，堤防没有险情。";
    let running = running(Box::new(Scripted(allowed)), &Config::default()).await;
    let found = answered(&running).await;
    assert_eq!((found.text.as_str(), found.refusal()), (allowed, RewritingRefusal::Unspecified));
    assert_eq!(found.model, "scripted");
    let silent = running.summary().summarize_article(ask(false)).await.unwrap().into_inner();
    assert!(silent.rewriting.is_none(), "nobody asked");
}

#[tokio::test]
async fn a_set_is_rewritten_too_and_a_made_up_number_is_named() {
    let script = "清河水位上涨，防汛应急响应启动，4800人转移。";
    let running = running(Box::new(Scripted(script)), &Config::default()).await;
    let articles = running.with(flood_and_others()).await;
    let request = wire::SummarizeArticlesRequest {
        articles: articles.into_iter().take(3).collect(),
        rewrite: true,
        ..Default::default()
    };
    let answer = running.summary().summarize_articles(request).await.unwrap().into_inner();
    let found = answer.rewriting.unwrap();
    assert_eq!(found.refusal(), RewritingRefusal::Invented, "{found:?}");
    assert_eq!(found.invented, ["4800人"]);
    assert!(!answer.sentences.is_empty());
}

#[tokio::test]
async fn without_a_model_and_out_of_time_the_reason_is_told() {
    let off = Running::start().await;
    assert_eq!(answered(&off).await.refusal(), RewritingRefusal::Off);
    let config = Config { rewrite_ms_max: 1, ..Config::default() };
    let late = running(Box::new(Endless), &config).await;
    assert_eq!(answered(&late).await.refusal(), RewritingRefusal::TimedOut);
}

#[test]
fn a_broken_folder_is_an_error_that_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny-F32.gguf");
    let reason = || generate::open(folder.path()).err().expect("it was loaded").to_string();
    tiny(folder.path());
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer("河水")).unwrap();
    assert!(reason().contains("id 12, the model vectors for 12"), "{}", reason());
    tiny(folder.path());
    write_model(&path, "llama");
    assert!(reason().contains("llama, not qwen3"), "{}", reason());
    tiny(folder.path());
    let whole = std::fs::read(&path).unwrap();
    // The last bytes only fill up.
    for length in (0..whole.len() - 64).step_by(331) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(reason().contains("tiny-F32.gguf"), "{length} bytes: {}", reason());
    }
    std::fs::remove_file(&path).unwrap();
    assert!(reason().contains("no .gguf"), "{}", reason());
}

#[test]
fn no_changed_byte_of_the_head_breaks_the_program() {
    let folder = tempfile::tempdir().unwrap();
    tiny(folder.path());
    let path = folder.path().join("tiny-F32.gguf");
    let whole = std::fs::read(&path).unwrap();
    for at in (0..1_600).step_by(7) {
        let mut changed = whole.clone();
        changed[at] ^= 0xff;
        std::fs::write(&path, &changed).unwrap();
        // Loaded or refused, but it comes back.
        let _loaded = generate::open(folder.path());
    }
}

#[test]
fn the_terminal_shows_why_nothing_was_rewritten() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("tiny")).unwrap();
    tiny(&desk.path("tiny"));
    let model = desk.path("tiny").display().to_string();
    let text = desk.file("text.txt", TEXT);
    let args = ["summarize", "--plain", "--rewrite-ms", "60000", "--rewrite-model", &model, &text];
    let run = desk.run(&args).ok();
    assert!(run.out.contains("转移群众3200人"), "{}", run.out);
    assert!(run.out.contains("≈ not rewritten: invented: "), "{}", run.out);
    let run = desk.run(&[args.as_slice(), &["--json"]].concat()).ok();
    let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["rewriting"]["refusal"], "REWRITING_REFUSAL_INVENTED");
    let off = desk.run(&["summarize", "--plain", "--rewrite", &text]).ok();
    assert!(off.out.contains("≈ not rewritten: off"), "{}", off.out);
    desk.run(&["summarize", "--plain", "--rewrite-model", "nowhere", &text])
        .misused(&["nowhere", "cannot be loaded"]);
}
