//! The lines of a report's parts.

use jiff::civil::DateTime;

use super::Maker;
use super::Run;
use crate::figure::Figure;
use crate::series::Point;
use crate::series::is_named;
use crate::set::Source;
use crate::set::Told;
use crate::topic::Story;
use crate::when;

/// Outlets that are told one by one; each article's stands in the list of sources anyway.
const OUTLETS_MAX: usize = 8;
/// Figures in dispute that are told.
const CONFLICTS_MAX: usize = 4;
/// Sources that are named for one piece.
const TELLERS_MAX: usize = 4;

/// A piece with its day, where that is not clear, and the numbers of all that tell it, at most [`TELLERS_MAX`].
pub(super) fn told(maker: &Maker<'_, '_>, one: &Told) -> Vec<Run> {
    let issue = maker.time(one.piece.source).map(DateTime::date);
    let says = |issue| when::told_day(&one.piece.extract.text, issue).is_some();
    // Beside events that are told by their headlines every line has its day.
    let is_clear = !maker.story.is_of_events && (maker.is_of_one_day() || issue.is_some_and(says));
    let day = day_of(maker.time(one.piece.source).filter(|_| !is_clear));
    let mut line = Vec::new();
    if !day.is_empty() {
        line.push(Run::Text(format!("{} ", day.trim_start())));
    }
    line.extend(maker.cited(&one.piece));
    line.extend(one.also.iter().take(TELLERS_MAX - 1).map(|at| Run::Cite(at + 1)));
    let more = one.also.len().saturating_sub(TELLERS_MAX - 1);
    if more > 0 {
        line.push(Run::Text(format!("（另有{more}篇）")));
    }
    line
}

/// The figures that changed.
pub(super) fn series(story: &Story, sources: &[Source<'_>]) -> Vec<Vec<Run>> {
    let line = |series: &crate::series::Series| {
        let mut line = vec![Run::Text(format!("{}：", series.what))];
        for (at, Point { figure, .. }) in series.points.iter().enumerate() {
            if at > 0 {
                line.push(Run::Text(" → ".to_owned()));
            }
            line.extend(figure_of(sources, figure));
        }
        line
    };
    story.series.iter().filter(|one| is_named(&one.what)).map(line).collect()
}

/// The figures that disagree.
pub(super) fn conflicts(story: &Story, sources: &[Source<'_>]) -> Vec<Vec<Run>> {
    let line = |conflict: &crate::series::Conflict| {
        let mut line = vec![Run::Text(format!("{}：", conflict.what))];
        line.extend(figure_of(sources, &conflict.left));
        line.push(Run::Text("；".to_owned()));
        line.extend(figure_of(sources, &conflict.right));
        line
    };
    // Of a figure that went on changing only the last is still in dispute.
    let latest = |what: &str, key: &str| {
        let of = story.series.iter().filter(|one| one.what == what);
        of.filter_map(|one| one.points.last()).all(|last| last.figure.key == key)
    };
    let open = story
        .conflicts
        .iter()
        .filter(|one| is_named(&one.what))
        .filter(|one| latest(&one.what, &one.left.key) || latest(&one.what, &one.right.key));
    open.map(line).take(CONFLICTS_MAX).collect()
}

/// `11人（清河日报 2024-03-12 [2]）`.
fn figure_of(sources: &[Source<'_>], figure: &Figure) -> [Run; 3] {
    let source = sources.get(figure.piece.source);
    let outlet = source.map_or("", |source| source.outlet);
    let printed = format!("{outlet}{} ", day_of(source.and_then(|source| source.time)));
    [
        Run::Text(format!("{}（{}", figure.text, printed.trim_start())),
        Run::Cite(figure.piece.source + 1),
        Run::Text("）".to_owned()),
    ]
}

/// A line for each piece that holds figures, with all of them before it.
pub(super) fn figures(
    all: &mut dyn Iterator<Item = &Figure>,
    unit: &str,
    maker: &Maker<'_, '_>,
) -> Vec<Vec<Run>> {
    let mut lines: Vec<(Vec<Run>, Vec<Run>)> = Vec::new();
    for Figure { text, piece, outlet_count, .. } in all {
        let figure = [Run::Strong(text.clone()), Run::Text(format!("（{outlet_count}{unit}）"))];
        let piece = maker.cited(piece);
        match lines.iter_mut().find(|(_, other)| *other == piece) {
            Some((figures, _)) => {
                figures.push(Run::Text("、".to_owned()));
                figures.extend(figure);
            }
            None => lines.push((figure.to_vec(), piece)),
        }
    }
    let whole = |(mut figures, piece): (Vec<Run>, Vec<Run>)| {
        figures.push(Run::Text("：".to_owned()));
        figures.extend(piece);
        figures
    };
    lines.into_iter().map(whole).collect()
}

/// A line for each outlet, and one for the rest.
pub(super) fn outlets(story: &Story) -> Vec<Vec<Run>> {
    let (shown, rest) = story.outlets.split_at(story.outlets.len().min(OUTLETS_MAX));
    let rest = (!rest.is_empty()).then(|| {
        let count: usize = rest.iter().map(|outlet| outlet.article_count).sum();
        format!("另有{}家：共{count}篇", rest.len())
    });
    let outlets = shown.iter().map(|outlet| {
        let first = day_of(outlet.first);
        let first = if first.is_empty() { first } else { format!("，最早{first}") };
        let (all, own) = (outlet.article_count, outlet.original_count);
        let own = match own {
            0 => "，均为转载".to_owned(),
            own if own == all => String::new(),
            own => format!("，其中首发{own}篇"),
        };
        format!("{}：{all}篇{own}{first}", outlet.name)
    });
    outlets.chain(rest).map(|line| vec![Run::Text(line)]).collect()
}

/// `12篇报道，5家来源，2024-03-12 至 2024-03-14`.
pub(super) fn coverage(sources: &[Source<'_>], outlet_count: usize) -> String {
    let times = || sources.iter().filter_map(|source| source.time);
    let (first, last) = (day_of(times().min()), day_of(times().max()));
    let range = if first == last { first } else { format!("{first} 至{last}") };
    let range = if range.is_empty() { range } else { format!("，{}", range.trim_start()) };
    let outlets =
        if outlet_count > 0 { format!("，{outlet_count}家来源") } else { String::new() };
    format!("{}篇报道{outlets}{range}", sources.len())
}

/// The day with a space before it; empty where unknown.
pub(super) fn day_of(time: Option<DateTime>) -> String {
    time.map_or_else(String::new, |time| format!(" {}", time.date()))
}
