//! Our own fictional articles as newspaper pages set by a browser: CSS columns, printed to PDF.

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::compose::Gold;
use super::source;
use super::source::Line as Words;
use super::source::Source;

/// How a rendered page looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub name: &'static str,
    /// Columns of the page.
    pub columns: usize,
    /// Articles in a row, with the columns of each.
    pub rows: &'static [&'static [usize]],
    pub gap_px: u32,
    pub leading: f32,
    pub rule: bool,
    /// Chances in hundred: a frame, a vertical headline, white on black, a picture.
    pub framed: u32,
    pub vertical: u32,
    pub reversed: u32,
    pub pictures: u32,
    pub advert: bool,
}

const FIVE: Look = Look {
    name: "five",
    columns: 5,
    rows: &[&[3, 2], &[2, 3], &[5]],
    gap_px: 20,
    leading: 1.5,
    rule: false,
    framed: 0,
    vertical: 0,
    reversed: 0,
    pictures: 0,
    advert: false,
};

/// Looks that are rendered.
pub const LOOKS: &[Look] = &[
    FIVE,
    Look { name: "four", columns: 4, rows: &[&[4], &[2, 2], &[1, 3]], pictures: 60, ..FIVE },
    Look { name: "six-rules", columns: 6, rows: &[&[4, 2], &[3, 3], &[2, 4]], rule: true, ..FIVE },
    Look {
        name: "seven-frames",
        columns: 7,
        rows: &[&[4, 3], &[2, 3, 2]],
        framed: 50,
        gap_px: 16,
        ..FIVE
    },
    Look { name: "eight", columns: 8, rows: &[&[5, 3], &[4, 4], &[3, 2, 3]], gap_px: 14, ..FIVE },
    Look { name: "five-vertical", vertical: 50, reversed: 30, ..FIVE },
    Look {
        name: "six-all",
        columns: 6,
        rows: &[&[4, 2], &[3, 3], &[2, 4]],
        framed: 25,
        vertical: 20,
        reversed: 25,
        pictures: 40,
        advert: true,
        leading: 1.4,
        ..FIVE
    },
];

const CSS: &str = "@page{size:1000px 2600px;margin:0}*{box-sizing:border-box}\
body{margin:0;width:1000px;padding:24px;font:13px/LEAD 'Noto Serif CJK SC',serif}\
.row{display:flex;align-items:flex-start;margin-bottom:26px}\
.art h1{font:bold 34px/1.2 'Noto Sans CJK SC',sans-serif;text-align:center;margin:0 0 10px;\
break-inside:avoid}.art .k,.art .s{text-align:center;font-size:17px;line-height:1.3;margin:2px 0}\
.art .by{text-align:center;margin:4px 0 8px}.text{text-align:justify;column-fill:balance}\
.text p{margin:0;text-indent:2em;orphans:1;widows:1}.text p.h{text-indent:0;text-align:center;\
font-weight:bold}.frame{border:1px solid #000;padding:12px}.rev h1{background:#000;color:#fff;\
padding:6px}.vert{display:flex}.vert h1{writing-mode:vertical-rl;margin:0 14px 0 0;line-height:1.25;\
text-align:left;text-indent:0}figure{margin:0 0 8px;break-inside:avoid}figure img{display:block;\
width:100%}figcaption{font-size:12px;line-height:1.4;margin-top:4px}.mast{display:flex;\
justify-content:space-between;align-items:flex-end;margin-bottom:24px}.mast b{font-size:44px;\
line-height:1.1}.ad{border:2px solid #000;padding:14px;width:420px;text-align:center}.ad b{\
font-size:32px;display:block;line-height:1.3}.staff{text-align:right}";

/// A picture of one grey point.
const GREY: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/// Finds the browser; `None` where there is none.
pub fn browser() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&paths)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|path| path.is_file())
}

/// The page's HTML and what stands on it.
pub fn page(look: &Look, seed: u64) -> (String, Vec<Gold>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sources: Vec<Source> =
        source::articles().into_iter().filter(|source| source.kind != "photo").collect();
    sources.shuffle(&mut rng);
    let mut sources = sources.into_iter();
    let mut html = format!(
        "<!doctype html><meta charset=utf-8><style>{}</style><div class=mast><b>清河日报</b>\
         <span>2025年9月14日 星期日</span><span>第2版 要闻</span></div>",
        CSS.replace("LEAD", &look.leading.to_string())
    );
    let mut gold = Vec::new();
    let column = (952.0 - (look.columns - 1) as f32 * look.gap_px as f32) / look.columns as f32;
    for row in look.rows {
        html.push_str("<div class=row>");
        for (at, columns) in row.iter().enumerate() {
            let mut source = sources.next().unwrap();
            let want = columns * 170;
            while length(&source) < want {
                let Some(more) = sources.next() else { break };
                source.body.extend(more.body.into_iter().filter(|l| matches!(l, Words::Text(_))));
            }
            let width = *columns as f32 * column + (columns - 1) as f32 * look.gap_px as f32;
            let left = if at > 0 { look.gap_px } else { 0 };
            gold.push(article(look, &source, *columns, (width, left), &mut rng, &mut html));
        }
        html.push_str("</div>");
    }
    if look.advert {
        html.push_str(
            "<div class=ad><b>望江华府 盛大开盘</b>首付八万起 全场九折优惠！<br>\
             销售电话：0999-8866123 8866124<br>地址：清河县滨河路66号</div>",
        );
    }
    html.push_str("<div class=staff>责任编辑：唐一鸣　版式：何小溪　校对：秦晓</div>");
    (html, gold)
}

fn length(source: &Source) -> usize {
    let text = |line: &Words| match line {
        Words::Text(text) | Words::Subhead(text) | Words::BoxHead(text) => text.chars().count(),
    };
    source.body.iter().map(text).sum()
}

fn article(
    look: &Look,
    source: &Source,
    columns: usize,
    (width, left): (f32, u32),
    rng: &mut ChaCha8Rng,
    html: &mut String,
) -> Gold {
    let mut chance = |percent: u32| rng.random_range(0..100) < percent;
    let framed = chance(look.framed);
    let vertical = columns > 1 && chance(look.vertical) && !source.title.contains(' ');
    let reversed = !vertical && chance(look.reversed);
    let pictured = columns > 1 && chance(look.pictures);
    let class = [("art", true), ("frame", framed), ("rev", reversed), ("vert", vertical)];
    let class: Vec<&str> = class.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
    let _ = write!(
        html,
        "<div class='{}' style='width:{width:.1}px;margin-left:{left}px'>",
        class.join(" ")
    );
    let mut gold = Gold { title: source.title.clone(), ..Gold::default() };
    let size = if columns == 1 { 21 } else { 25 + 3 * columns.min(5) };
    if !vertical && !source.kicker.is_empty() && columns > 1 {
        let _ = write!(html, "<div class=k>{}</div>", source.kicker);
        gold.kicker.clone_from(&source.kicker);
    }
    let _ =
        write!(html, "<h1 style='font-size:{size}px'>{}</h1>", source.title.replace(' ', "<br>"));
    if !vertical && !source.subtitle.is_empty() && columns > 1 {
        let _ = write!(html, "<div class=s>——{}</div>", source.subtitle);
        gold.subtitle.clone_from(&source.subtitle);
    }
    if !vertical && !source.names.is_empty() {
        let _ = write!(html, "<div class=by>本报记者 {}</div>", source.names.join(" "));
    }
    let rule = if look.rule { "column-rule:1px solid #000;" } else { "" };
    let _ = write!(
        html,
        "<div class=text style='columns:{columns};column-gap:{}px;{rule}flex:1'>",
        look.gap_px
    );
    for (at, line) in source.body.iter().enumerate() {
        if pictured && at == 1 {
            let _ = write!(
                html,
                "<figure><img src='{GREY}' style='height:110px'><figcaption>大桥合龙现场。许舟 摄\
                 </figcaption></figure>"
            );
        }
        match line {
            Words::Text(text) => {
                gold.body.push(text.clone());
                let _ = write!(html, "<p>{text}</p>");
            }
            Words::Subhead(text) | Words::BoxHead(text) => {
                gold.body.push(text.clone());
                let _ = write!(html, "<p class=h>{text}</p>");
            }
        }
    }
    html.push_str("</div></div>");
    gold
}

/// Prints HTML to a PDF in `folder`.
pub fn print(browser: &Path, folder: &Path, name: &str, html: &str) -> Option<Vec<u8>> {
    let source = folder.join(format!("{name}.html"));
    let target = folder.join(format!("{name}.pdf"));
    std::fs::write(&source, html).ok()?;
    let profile = folder.join("profile");
    let status = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--print-to-pdf={}", target.display()))
        .arg(format!("file://{}", source.display()))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status()
        .ok()?;
    status.success().then(|| std::fs::read(target).ok())?
}
