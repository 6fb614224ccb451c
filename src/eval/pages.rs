//! `wenmai eval pages`: whether the articles of a newspaper page are found complete, with their
//! parts.
//!
//! An article is right leniently if its headline is right and the runs of four characters of its body
//! overlap with the labelled ones by 0.95 (Dice), so that a line of names in the body does not hide a
//! right cut; it is cut right if its body is. An article is exact if its headline and its body equal those of the labels after folding width
//! (NFKC) and white space. An opener (`本报讯（记者 甲）`) or a signature that the parser keeps apart from
//! the body may or may not be part of the labelled body: both are accepted. Two baselines are
//! measured beside the parser, which cut at headings and at blank lines.

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
use wenmai_domain::article::Kind;
use wenmai_page as page;
use wenmai_page::Issue;

pub use gold::Gold;
pub use gold::Labelled;
pub use gold::read;
use judge::Field;
use judge::Judged;

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// How the intervals were drawn, by resampling whole pages.
    pub bootstrap: Bootstrap,
    /// One entry for each style of page, in order of name, then one for all pages (`all`) if there
    /// are several styles. Where some styles are of real pages (their names end with `-real`) and
    /// others are not, `real` and `composed` come before `all`.
    pub styles: Vec<StyleReport>,
    /// The size of all pages in bytes.
    pub bytes: usize,
    /// Megabytes of page text that are parsed per second on one core, without decoding or network.
    pub mb_per_s: f64,
}

/// The figures for pages of one style.
#[derive(Debug, Clone, Serialize)]
pub struct StyleReport {
    /// The name of the style in the file.
    pub style: String,
    /// The number of pages.
    pub page_count: usize,
    /// The number of labelled articles, including photos.
    pub article_count: usize,
    /// How well the parser and the baselines find articles.
    pub systems: Vec<SystemReport>,
    /// How well the parser finds the parts of articles.
    pub fields: Vec<FieldReport>,
    /// How many sentences were broken by the layout, and how many of them the parser joined.
    pub seams: SeamReport,
    /// How many articles of each labelled kind were read as which kind, where kinds are labelled.
    pub kinds: Vec<KindCount>,
}

/// How often articles of one labelled kind were read as one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The labelled kind; `none` for an article that was found where none is labelled.
    pub labelled: &'static str,
    /// The kind that was read; `none` for an article that was not found.
    pub read: &'static str,
    pub count: usize,
}

/// How well one system finds articles.
#[derive(Debug, Clone, Serialize)]
pub struct SystemReport {
    /// The name of the system.
    pub name: &'static str,
    /// The share of its articles that are exact.
    pub precision: Option<f64>,
    /// The share of the labelled articles that it found exactly.
    pub recall: Option<f64>,
    pub f1: Option<f64>,
    /// The 95 % interval of F1 from resampling pages.
    pub f1_interval: Option<Interval>,
    /// F1 of the articles that are right leniently: headline right, body nearly.
    pub lenient_f1: Option<f64>,
    /// F1 of the articles whose body is nearly right, whatever their headline.
    pub cut_f1: Option<f64>,
    /// The mean over labelled articles of the F1 of body characters, as runs of four, with the most
    /// similar article that was found.
    pub body_f1: Option<f64>,
}

/// How often one part of an article is right.
#[derive(Debug, Clone, Serialize)]
pub struct FieldReport {
    /// The name of the part.
    pub field: &'static str,
    /// How many articles have the part by the labels or by the parser.
    pub count: usize,
    /// The share of these articles in which labels and parser agree.
    pub accuracy: Option<f64>,
    /// The share of the parts found by the parser that are right.
    pub precision: Option<f64>,
    /// The share of the labelled parts that were found.
    pub recall: Option<f64>,
}

/// How sentences that the layout broke were treated.
#[derive(Debug, Clone, Serialize)]
pub struct SeamReport {
    /// How many breaks are inside a paragraph.
    pub count: usize,
    /// The share of these that the parser joined.
    pub joined: Option<f64>,
    /// How many breaks are between paragraphs; known only where the labels give paragraphs.
    pub apart_count: usize,
    /// The share of these that the parser kept apart.
    pub kept_apart: Option<f64>,
}

/// What the names of styles of real pages end with.
const REAL: &str = "-real";

/// Parses every page and compares the articles with the labels.
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
        let is_real = |style: &str| style.ends_with(REAL);
        let of = |real: bool| -> Vec<Judged> {
            let styles = styles.iter().filter(|(style, _)| is_real(style) == real);
            styles.flat_map(|(_, judged)| judged.iter().cloned()).collect()
        };
        let (real, composed) = (of(true), of(false));
        if !real.is_empty() && !composed.is_empty() {
            reports.push(style_report("real", &real, bootstrap));
            reports.push(style_report("composed", &composed, bootstrap));
        }
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
        kinds: kind_counts(judged),
    }
}

/// The confusion table of kinds, without what never happened.
fn kind_counts(judged: &[Judged]) -> Vec<KindCount> {
    let name = |kind: Option<Kind>| kind.map_or("none", Kind::name);
    let mut counts: BTreeMap<(&'static str, &'static str), usize> = BTreeMap::new();
    for (labelled, read) in judged.iter().flat_map(|page| &page.kinds) {
        *counts.entry((name(*labelled), name(*read))).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((labelled, read), count)| KindCount { labelled, read, count })
        .collect()
}

fn system_report(at: usize, judged: &[Judged], bootstrap: Bootstrap) -> SystemReport {
    let figures = |counts: &[u32]| {
        let (mut right, mut found, mut gold, mut body) = (0, 0, 0, 0.0);
        let (mut lenient, mut cut) = (0, 0);
        for (page, count) in judged.iter().zip(counts) {
            let times = *count as usize;
            if let Some(system) = page.systems.get(at) {
                right += times * system.right;
                lenient += times * system.lenient;
                cut += times * system.cut;
                found += times * system.found;
                gold += times * page.gold_count;
                body += f64::from(*count) * system.body_f1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of articles")]
        let body = (gold > 0).then(|| body / gold as f64);
        let f1 = |right: usize| ratio(2 * right, found + gold);
        [ratio(right, found), ratio(right, gold), f1(right), f1(lenient), f1(cut), body]
    };
    let [precision, recall, f1, lenient_f1, cut_f1, body_f1] = figures(&once(judged.len()));
    let [f1_interval] = bootstrap.intervals(judged.len(), |counts| {
        let [_, _, f1, ..] = figures(counts);
        [f1]
    });
    let name = judge::SYSTEMS.get(at).copied().unwrap_or_default();
    SystemReport { name, precision, recall, f1, f1_interval, lenient_f1, cut_f1, body_f1 }
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

/// The ratio of two counts; `None` if `whole` is 0.
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
    fn a_line_more_in_the_body_is_right_leniently() {
        let sentence = "清河大桥主桥昨日上午顺利合龙，两岸干部群众来到现场，见证了这一刻。";
        let text = format!("## 清河大桥合龙\n\n{}\n", sentence.repeat(4));
        let title = |title: &str| {
            let body = format!("{}又。", sentence.repeat(4));
            let page = json!({"style": "md-real", "text": text, "articles": [
                {"title": title, "kind": "comment", "body": body},
            ]});
            let other = json!({"style": "md", "text": text, "articles": []});
            let report = measured(&format!("{page}\n{other}"));
            let names: Vec<_> = report.styles.iter().map(|s| s.style.as_str()).collect();
            assert_eq!(names, ["md", "md-real", "real", "composed", "all"]);
            assert_eq!(report.styles[0].kinds, []);
            let kind = &report.styles[1].kinds[0];
            assert_eq!((kind.labelled, kind.read, kind.count), ("comment", "news", 1));
            let ours = &report.styles[1].systems[0];
            (ours.f1, ours.lenient_f1, ours.cut_f1)
        };
        assert_eq!(title("清河大桥合龙"), (Some(0.0), Some(1.0), Some(1.0)));
        assert_eq!(title("秋粮开镰"), (Some(0.0), Some(0.0), Some(1.0)));
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
