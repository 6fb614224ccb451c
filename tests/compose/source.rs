//! Our own articles, out of `tests/fixtures/compose`.

const FILES: [&str; 2] = [
    include_str!("../fixtures/compose/articles-1.txt"),
    include_str!("../fixtures/compose/articles-2.txt"),
];

/// A line of a body.
#[derive(Debug, Clone)]
pub enum Line {
    /// A paragraph.
    Text(String),
    /// A subheading.
    Subhead(String),
    /// The heading of a box that belongs to the article.
    BoxHead(String),
}

/// An article, before it is set.
#[derive(Debug, Clone, Default)]
pub struct Source {
    pub kicker: String,
    pub title: String,
    pub subtitle: String,
    pub section: String,
    pub names: Vec<String>,
    /// Place of the opener; `None` where the article has no opener.
    pub place: Option<String>,
    pub day: String,
    pub kind: String,
    pub credit: String,
    pub body: Vec<Line>,
}

/// All articles, in the order of the files.
pub fn articles() -> Vec<Source> {
    let pieces = FILES.iter().flat_map(|file| file.split("===\n"));
    let found: Vec<Source> = pieces.map(read).filter(|source| !source.body.is_empty()).collect();
    assert!(found.len() >= 40, "articles are missing");
    found
}

fn read(text: &str) -> Source {
    let mut source = Source { kind: "news".into(), ..Source::default() };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, rest) = line.split_once(' ').unwrap_or((line, ""));
        match key {
            "引" => source.kicker = rest.into(),
            "题" => source.title = rest.into(),
            "副" => source.subtitle = rest.trim_start_matches('—').into(),
            "栏" => source.section = rest.into(),
            "名" => source.names = rest.split(' ').map(str::to_owned).collect(),
            "地" => source.place = Some(rest.into()),
            "日" => source.day = rest.into(),
            "型" => source.kind = rest.into(),
            "图" => source.credit = rest.into(),
            _ if line.starts_with('+') => source.body.push(Line::Subhead(line[1..].into())),
            _ if line.starts_with('=') => source.body.push(Line::BoxHead(line[1..].into())),
            _ => source.body.push(Line::Text(line.into())),
        }
    }
    source
}
