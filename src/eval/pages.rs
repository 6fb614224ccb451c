//! `wenmai eval pages`: are the articles of a page found whole, with their parts?
//!
//! An article is exact where its headline and its body are those of the labels, after folding
//! width (NFKC) and white space. An opener (`本报讯（记者 甲）`) or a signature that the parser keeps
//! apart from the body may stand in the labelled body or not: both readings count. Beside the
//! parser stand two baselines that cut at headings and at blank lines.

mod baseline;
mod candidate;
mod gold;
mod judge;
mod seam;

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use crate::bootstrap::Bootstrap;
use crate::bootstrap::Interval;
use crate::bootstrap::once;
use wenmai_page as page;
use wenmai_page::Issue;

pub use gold::Gold;
pub use gold::Labelled;
pub use gold::read;
use judge::Field;
use judge::Judged;

/// What was measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How the intervals were drawn: whole pages, with replacement.
    pub bootstrap: Bootstrap,
    /// One entry per style of page, by name, then one for all (`all`) where there are several.
    pub styles: Vec<StyleReport>,
    /// Bytes of all pages.
    pub bytes: usize,
    /// Megabytes of page text parsed per second, on one core, without decoding or network.
    pub mb_per_s: f64,
}

/// Figures of the pages of one style.
#[derive(Debug, Clone, Serialize)]
pub struct StyleReport {
    /// The style's name in the file.
    pub style: String,
    /// Pages.
    pub page_count: usize,
    /// Labelled articles, photos among them.
    pub article_count: usize,
    /// The parser and the baselines.
    pub systems: Vec<SystemReport>,
    /// The parser's fields.
    pub fields: Vec<FieldReport>,
    /// Sentences that the page's layout broke, and how many the parser put together.
    pub seams: SeamReport,
}

/// How whole one system finds the articles.
#[derive(Debug, Clone, Serialize)]
pub struct SystemReport {
    /// Its name.
    pub name: &'static str,
    /// Exact articles out of all that it found.
    pub precision: Option<f64>,
    /// Exact articles out of all that are labelled.
    pub recall: Option<f64>,
    /// Harmonic mean of both.
    pub f1: Option<f64>,
    /// The 95 % interval of F1 over pages.
    pub f1_interval: Option<Interval>,
    /// Mean over labelled articles of the F1 of body characters (as runs of four) with the article
    /// found that is most like it.
    pub body_f1: Option<f64>,
}

/// How often one part of an article is right.
#[derive(Debug, Clone, Serialize)]
pub struct FieldReport {
    /// Its name.
    pub field: &'static str,
    /// Articles that have it by the labels or by the parser.
    pub count: usize,
    /// Of them, those where both say the same.
    pub accuracy: Option<f64>,
    /// Of those where the parser has it, the part that is right.
    pub precision: Option<f64>,
    /// Of those that are labelled with it, the part that is right.
    pub recall: Option<f64>,
}

/// Broken sentences.
#[derive(Debug, Clone, Serialize)]
pub struct SeamReport {
    /// Breaks inside a paragraph.
    pub count: usize,
    /// The part of them that is joined.
    pub joined: Option<f64>,
    /// Breaks between paragraphs, known only where the labels give paragraphs.
    pub apart_count: usize,
    /// The part of them that is kept apart.
    pub kept_apart: Option<f64>,
}

/// Parses every page and compares.
#[must_use]
pub fn run(pages: &[Labelled], bootstrap: Bootstrap) -> Report {
    let mut styles: BTreeMap<&str, Vec<Judged>> = BTreeMap::new();
    let mut all = Vec::new();
    let (mut bytes, mut seconds) = (0, 0.0);
    for labelled in pages {
        let issue = Issue {
            paper: labelled.paper.clone(),
            date: labelled.date,
            page: labelled.page,
            ..Issue::default()
        };
        let start = Instant::now();
        let read = page::parse(&labelled.text, &issue);
        seconds += start.elapsed().as_secs_f64();
        bytes += labelled.text.len();
        let judged = judge::judge(labelled, &read);
        styles.entry(&labelled.style).or_default().push(judged.clone());
        all.push(judged);
    }
    let several = styles.len() > 1;
    let mut reports: Vec<StyleReport> =
        styles.iter().map(|(style, judged)| style_report(style, judged, bootstrap)).collect();
    if several {
        reports.push(style_report("all", &all, bootstrap));
    }
    #[expect(clippy::cast_precision_loss, reason = "a size of files")]
    let mb_per_s = bytes as f64 / 1e6 / f64::max(seconds, 1e-9);
    Report { bootstrap, styles: reports, bytes, mb_per_s }
}

fn style_report(style: &str, judged: &[Judged], bootstrap: Bootstrap) -> StyleReport {
    let systems = (0..judge::SYSTEMS.len()).map(|at| system_report(at, judged, bootstrap));
    let fields = Field::ALL.iter().map(|field| field_report(*field, judged));
    let sum = |look: fn(&Judged) -> usize| judged.iter().map(look).sum::<usize>();
    let (count, joined) = (sum(|j| j.seams.count), sum(|j| j.seams.joined));
    let (apart_count, kept) = (sum(|j| j.seams.apart_count), sum(|j| j.seams.kept_apart));
    StyleReport {
        style: style.to_owned(),
        page_count: judged.len(),
        article_count: sum(|j| j.gold_count),
        systems: systems.collect(),
        fields: fields.collect(),
        seams: SeamReport {
            count,
            joined: ratio(joined, count),
            apart_count,
            kept_apart: ratio(kept, apart_count),
        },
    }
}

fn system_report(at: usize, judged: &[Judged], bootstrap: Bootstrap) -> SystemReport {
    let figures = |counts: &[u32]| {
        let (mut right, mut found, mut gold, mut body) = (0, 0, 0, 0.0);
        for (page, count) in judged.iter().zip(counts) {
            let times = *count as usize;
            if let Some(system) = page.systems.get(at) {
                right += times * system.right;
                found += times * system.found;
                gold += times * page.gold_count;
                body += f64::from(*count) * system.body_f1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of articles")]
        let body = (gold > 0).then(|| body / gold as f64);
        [ratio(right, found), ratio(right, gold), ratio(2 * right, found + gold), body]
    };
    let [precision, recall, f1, body_f1] = figures(&once(judged.len()));
    let [f1_interval] = bootstrap.intervals(judged.len(), |counts| {
        let [_, _, f1, _] = figures(counts);
        [f1]
    });
    let name = judge::SYSTEMS.get(at).copied().unwrap_or_default();
    SystemReport { name, precision, recall, f1, f1_interval, body_f1 }
}

fn field_report(field: Field, judged: &[Judged]) -> FieldReport {
    let tallies = judged.iter().filter_map(|page| page.fields.get(field as usize));
    let total = tallies.fold(judge::Tally::default(), |sum, tally| sum.plus(*tally));
    FieldReport {
        field: field.name(),
        count: total.either,
        accuracy: ratio(total.right, total.either),
        precision: ratio(total.right, total.found),
        recall: ratio(total.right, total.gold),
    }
}

/// A part of a whole; `None` of nothing.
fn ratio(part: usize, whole: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts of articles and seams")]
    let ratio = part as f64 / whole as f64;
    (whole > 0).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Report;
    use super::read;
    use super::run;
    use crate::bootstrap::Bootstrap;

    fn measured(lines: &str) -> Report {
        let pages: Vec<_> = read(lines.as_bytes()).map(|(_, page)| page.unwrap()).collect();
        run(&pages, Bootstrap { seed: 7, resample_count: 50 })
    }

    #[test]
    fn an_exact_article_may_keep_its_opener_or_not() {
        let text = "## 清河大桥合龙\n\n周小禾\n\n本报讯 9月7日，清河大桥主桥顺利合龙，两岸干部群众来到现\n\n\
                    场，见证了这一刻。\n\n## 柳溪镇秋粮开镰\n\n秋分时节，稻田里机声隆隆。\n";
        for opener in ["", "本报讯"] {
            let body = format!(
                "{opener}9月7日，清河大桥主桥顺利合龙，两岸干部群众来到现场，见证了这一刻。"
            );
            let page = json!({"style": "md", "text": text, "articles": [
                {"title": "清河大桥合龙", "byline": ["周小禾"], "kind": "news", "body": body},
                {"title": "柳溪镇秋粮开镰", "kind": "news", "body": "秋分时节，稻田里机声隆隆。"},
            ]});
            let report = measured(&page.to_string());
            let style = &report.styles[0];
            assert_eq!(style.systems[0].f1, Some(1.0));
            assert_eq!((style.seams.count, style.seams.joined), (1, Some(1.0)));
            let byline = style.fields.iter().find(|field| field.field == "byline").unwrap();
            assert_eq!((byline.count, byline.accuracy), (1, Some(1.0)));
        }
    }

    #[test]
    fn another_body_is_not_exact() {
        let page = json!({
            "text": "## 清河大桥合龙\n\n大桥昨日合龙。\n\n明年通车。\n",
            "articles": [{"title": "清河大桥合龙", "body": "大桥昨日合龙。"}],
        });
        let ours = &measured(&page.to_string()).styles[0].systems[0];
        assert_eq!((ours.f1, ours.precision), (Some(0.0), Some(0.0)));
        assert!(ours.body_f1.unwrap() > 0.5);
    }
}
