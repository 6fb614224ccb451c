//! What a page says of its article outside the text: titles, days, sources, authors, address.
//!
//! Pages contradict themselves, so every claim has a [`Trust`], and the one with most trust wins; of
//! two with the same trust the first in the page. Nothing depends on the order of a table, so the
//! same page gives the same answer every time. The order, from the most trusted:
//!
//! 1. for authors, a line of credit printed with the text: systems write editors into metadata;
//! 2. the properties that an e-paper's system wrote into the page, a chat account's variables;
//! 3. schema.org as JSON, then as attributes of elements;
//! 4. Open Graph and other metadata of first publication, in the order of [`DATES`];
//! 5. what stands under the headline;
//! 6. what stands at the end of the text, in the address, and times of release or change.

use std::sync::LazyLock;

use regex::Regex;

use crate::html::credit;
use crate::html::data;
use crate::html::moment;
use crate::html::moment::Moment;
use crate::html::office;
use crate::html::tree::Outline;
use crate::script;
use wenmai_domain::article::Contributor;
use wenmai_text::pattern;

/// How much a claim is trusted; the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// A time of change or release.
    Changed,
    /// In the page's address.
    Address,
    /// The account that published, where no person is named.
    Account,
    /// At the end of the text, or elsewhere with a word that says what it is.
    AtEnd,
    /// Beside the headline, without a word that says what it is.
    Beside,
    /// Metadata that any system writes.
    Meta(u8),
    /// Schema.org, on elements.
    Microdata,
    /// Schema.org, as JSON.
    Linked,
    /// The properties of an e-paper or the variables of an account's page.
    System,
    /// Printed with the text: a line of credit.
    Printed,
}

/// What is claimed, with most trust first.
#[derive(Debug, Clone)]
pub(super) struct Ranked<T>(Vec<(Trust, T)>);

impl<T> Default for Ranked<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Ranked<T> {
    /// Adds a claim.
    pub fn claim(&mut self, trust: Trust, value: T) {
        self.0.push((trust, value));
    }

    /// The claims from the most trusted; those of one trust in the order of the page.
    pub fn ranked(&self) -> Vec<&T> {
        let mut order: Vec<&(Trust, T)> = self.0.iter().collect();
        order.sort_by_key(|(trust, _)| std::cmp::Reverse(*trust));
        order.into_iter().map(|(_, value)| value).collect()
    }
}

/// Everything that a page claims of its article.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims {
    /// What it calls the article, the most trusted first.
    pub titles: Vec<String>,
    /// When it was published.
    pub moments: Ranked<Moment>,
    /// Who published it.
    pub sources: Ranked<String>,
    /// Who wrote it: each claim is a list of people.
    pub authors: Ranked<Vec<Contributor>>,
    /// Its canonical address.
    pub url: Ranked<String>,
    /// The line above the headline.
    pub kicker: String,
    /// The line below the headline.
    pub subtitle: String,
    /// The whole text, where the page gives it to machines.
    pub text: String,
    /// What the page says that it is (`og:type`, schema.org), lower case.
    pub kinds: Vec<String>,
    /// The site's names in the page's title.
    pub site: Vec<String>,
    /// The paper, where it is an e-paper.
    pub paper: String,
    /// The page of the issue, as printed.
    pub page: String,
    /// That page's name.
    pub page_name: String,
}

/// Metadata that gives the day of first publication, the most trusted first.
const DATES: [&[&str]; 6] = [
    &[
        "article:published_time",
        "og:published_time",
        "datepublished",
        "og:article:published_time",
        "bytedance:published_time",
    ],
    &[
        "pubdate",
        "pubtime",
        "publish_time",
        "publishtime",
        "_pubtime",
        "og:pubdate",
        "weibo: article:create_at",
        "weibo:article:create_at",
    ],
    &[
        "publishdate",
        "publish-date",
        "publish_date",
        "publication_date",
        "apub:time",
        "firstpublishedtime",
        "firstcreatetime",
        "article:create_at",
    ],
    &[
        "og:time",
        "dc.date.issued",
        "dcterms.created",
        "dc.date",
        "sailthru.date",
        "parsely-pub-date",
        "cxenseparse:recs:publishtime",
        "shareaholic:article_published_time",
        "article.published",
        "createtime",
        "createdate",
        "creationdate",
    ],
    &["date", "displaydate", "issuedate"],
    &["og:release_date"],
];
/// Metadata of changes.
const CHANGES: [&str; 7] = [
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "lastmodified",
    "last-modified",
    "updatetime",
    "article:update_time",
];
/// Metadata that names who published, the most trusted first.
const SOURCES: [&[&str]; 4] = [
    &["source", "contentsource", "og:article:source", "article:source"],
    &["mediaid", "media", "copyfrom", "articlesource", "infosource", "cp_source", "newssource"],
    &["dc.source", "publisher", "article:publisher_name"],
    &["og:site_name", "application-name", "sitename"],
];
/// Metadata that names who wrote, the most trusted first.
const AUTHORS: [&[&str]; 3] = [
    &["author", "og:article:author", "byl"],
    &["article:author", "dc.creator", "parsely-author", "sailthru.author"],
    &["reporter", "zuozhe"],
];
/// Metadata that names the article, the most trusted first.
const TITLES: [&[&str]; 3] = [
    &["articletitle", "og:title"],
    &["twitter:title", "dc.title", "parsely-title", "sailthru.title"],
    &["title", "name"],
];

static SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"(?:(?:来源|來源|稿源|出处|出處|信息提供)\s*(?:[:：]|于|自)|[来來]自\s*[:：])\s*(?:【\s*)?",
        r"(?P<source>[^\s|｜:：（(【】\[\]，,；;《》]{2,30}|《[^》]{2,20}》)",
    ))
});

/// Words that follow the source in one line.
static AFTER_SOURCE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:(?:浏览|阅读|点击|评论|举报|关注|收藏|订阅)[数量次]*\s*[:：(（0-9]|作者|责?任?编辑|责编|(?:举报|关注|收藏|订阅)$|发布|时间|日期|字号|字体|分享|打印|纠错|我要|\d{4}).*$",
    )
});

/// Where a text was printed, at its end: `《清河日报》（2025年09月08日 05版）`.
static PRINTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(concat!(
        r"《\s*(?P<source>[^》]{2,20}?)\s*》\s*[（(]\s*(?:19|20)[0-9]{2}\s*[-年][^）)]{2,30}?",
        r"(?:第?\s*(?P<page>[A-Z]?[0-9]{1,3})\s*版)(?:[:：\s]*(?P<name>[^）)]{0,12}))?\s*[）)]",
    ))
});

/// Under which name a text was posted: `本文由 安之 发表于 2021年11月7日`.
static POSTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern::fixed(r"本文由\s*(?P<name>\S{2,12}?)\s*(?:发表|发布|撰写|投稿|發表|發布)")
});

impl Claims {
    /// Reads what the page says outside its text.
    pub fn of(outline: &Outline) -> Self {
        let mut claims = Self::default();
        claims.system(outline);
        data::tell(&outline.data, &mut claims);
        claims.elements(outline);
        claims.meta(outline);
        claims
    }

    fn system(&mut self, outline: &Outline) {
        for properties in &outline.properties {
            data::properties(properties, self);
        }
        for text in &outline.scripts {
            data::variables(text, self);
        }
    }

    /// Schema.org's names on elements.
    fn elements(&mut self, outline: &Outline) {
        for element in outline.elements.iter().filter(|element| !element.property.is_empty()) {
            let words = || {
                let value = element.value.trim();
                if value.is_empty() {
                    outline.text_of(element).chars().take(300).collect()
                } else {
                    value.to_owned()
                }
            };
            match &*element.property {
                "datepublished" => self.moment(Trust::Microdata, &words()),
                "author" | "name" if &*element.property == "author" => {
                    self.people(Trust::Microdata, &words());
                }
                "headline" => {
                    let text: String = words();
                    if (2..=200).contains(&text.chars().count()) {
                        self.titles.push(text);
                    }
                }
                _ => {}
            }
        }
    }

    fn meta(&mut self, outline: &Outline) {
        let all = |names: &[&str]| {
            let found = outline.meta.iter().filter(|(name, _)| names.contains(&name.as_str()));
            found.map(|(_, value)| value.as_str()).collect::<Vec<_>>()
        };
        for (row, names) in DATES.iter().enumerate() {
            for value in all(names) {
                self.moment(Trust::Meta(rank(row)), value);
            }
        }
        for value in all(&CHANGES) {
            self.moment(Trust::Changed, value);
        }
        for (row, names) in SOURCES.iter().enumerate() {
            for value in all(names) {
                self.source(Trust::Meta(rank(row)), value);
            }
        }
        for (row, names) in AUTHORS.iter().enumerate() {
            for value in all(names) {
                self.people(Trust::Meta(rank(row)), value);
            }
        }
        for names in TITLES {
            self.titles.extend(all(names).into_iter().map(str::to_owned));
        }
        self.url(Trust::Linked, &outline.canonical);
        for value in all(&["og:url"]) {
            self.url(Trust::Meta(0), value);
        }
        self.kinds.extend(all(&["og:type"]).into_iter().map(str::to_lowercase));
        self.site = office::of_title(outline);
        if let Some(name) = self.site.clone().iter().find(|name| office::publishes(name)) {
            self.source(Trust::Changed, name);
        }
    }

    /// Claims a moment, where `value` is one.
    pub fn moment(&mut self, trust: Trust, value: &str) {
        if let Some(moment) = moment::value(value) {
            self.moments.claim(trust, moment);
        }
    }

    /// Claims a source, without its label.
    pub fn source(&mut self, trust: Trust, value: &str) {
        let value = source_in(value).unwrap_or_else(|| value.trim().to_owned());
        let value = value.trim_matches(|c: char| {
            c.is_whitespace() || matches!(c, '《' | '》' | '|' | '-' | ':' | '：')
        });
        if (2..=40).contains(&value.chars().count())
            && !value.contains([':', '：', '/'])
            && !NO_SOURCES.contains(&value)
            && value.chars().any(char::is_alphabetic)
        {
            self.sources.claim(trust, value.to_owned());
        }
    }

    /// Claims authors, where `value` names people.
    pub fn people(&mut self, trust: Trust, value: &str) {
        let people = credit::named(value);
        if !people.is_empty() {
            self.authors.claim(trust, people);
        }
    }

    /// Claims an account as the author: what people publish under a name of their own choice.
    pub fn account(&mut self, value: &str) {
        if let Some(account) = credit::account(value) {
            self.authors.claim(Trust::Account, vec![account]);
        }
    }

    /// Claims the page's address.
    pub fn url(&mut self, trust: Trust, value: &str) {
        let value = value.trim();
        let plain = value.starts_with("http://") || value.starts_with("https://");
        if plain && value.len() <= 2_000 && !value.contains(char::is_whitespace) {
            self.url.claim(trust, value.to_owned());
        }
    }

    /// Reads a line beside the headline or at the end of the text.
    pub fn line(&mut self, trust: Trust, line: &str) {
        if line.chars().count() > LINE_CHARS {
            return;
        }
        let changed = script::simplified(line).contains("更新")
            || line.contains("修改")
            || line.contains("编辑于");
        if let Some(moment) = moment::moment(line) {
            let first = line.contains("发布") || line.contains("發布");
            self.moments.claim(if changed && !first { Trust::Changed } else { trust }, moment);
        }
        if let Some(printed) = PRINTED.captures(line) {
            let part = |name: &str| printed.name(name).map_or("", |part| part.as_str().trim());
            self.sources.claim(trust, part("source").to_owned());
            part("page").clone_into(&mut self.page);
            part("name").clone_into(&mut self.page_name);
        } else if let Some(source) = source_in(line) {
            self.source(trust, &source);
        } else if trust == Trust::Beside
            && let Some(name) = office::beside_day(line, &self.site)
        {
            self.source(trust, &name);
        }
        if let Some(name) = POSTED.captures(line).and_then(|found| found.name("name")) {
            self.account(name.as_str());
        }
        // 本报记者 甲 《清河日报》（2025年09月09日 03版）
        let end = PRINTED.find(line).map_or(line.len(), |printed| printed.start());
        let head = line.get(..end).unwrap_or_default();
        let people = credit::line(head).unwrap_or_default();
        // Behind the text, names without a role are as likely places or tags.
        if credit::has_role(head) && !people.is_empty() {
            self.authors.claim(Trust::Printed, people);
        } else if trust >= Trust::Beside && !people.is_empty() {
            self.authors.claim(trust, people);
        }
    }

    /// The authors that are trusted most, none of whom the page names as its editor alone.
    pub fn people_of(&self, outline: &Outline) -> Vec<Contributor> {
        let mut order: Vec<&(Trust, Vec<Contributor>)> = self.authors.0.iter().collect();
        order.sort_by_key(|(trust, _)| std::cmp::Reverse(*trust));
        let editors = credit::editors(outline);
        let is_editor =
            |people: &[Contributor]| people.iter().all(|one| editors.contains(&one.name));
        let found = order
            .into_iter()
            .find(|(trust, people)| *trust == Trust::Printed || !is_editor(people));
        found.map(|(_, people)| people.clone()).unwrap_or_default()
    }

    /// The moment that is trusted most, with the hour of another claim of the same day where its own
    /// gives none.
    pub fn published(&self) -> Option<Moment> {
        let ranked = self.moments.ranked();
        let best =
            ranked.iter().copied().find(|moment| moment.day.year() >= FIRST_YEAR).copied()?;
        // Sites write their own hour and call it UTC: where another claim gives the same hour
        // without a zone, that is what was meant.
        if let Some(written) = best.written
            && let Some(local) =
                ranked.iter().find(|one| one.written.is_none() && one.at() == written)
        {
            return Some(**local);
        }
        let time = best.time.filter(|time| *time != jiff::civil::Time::midnight());
        let mut same_day = ranked.iter().filter(|moment| moment.day == best.day);
        Some(Moment { time: time.or_else(|| same_day.find_map(|moment| moment.time)), ..best })
    }
}

/// Words that stand for a source and name none.
const NO_SOURCES: [&str; 14] = [
    "本站",
    "本站原创",
    "原创",
    "转载",
    "未知",
    "互联网",
    "网络",
    "网络转载",
    "不详",
    "其他",
    "来源",
    "管理员",
    "admin",
    "佚名",
];
/// Years before this one are no days of publication on the web, nor of papers that were digitised.
const FIRST_YEAR: i16 = 1900;
/// Longest line beside the headline that is read, in characters.
const LINE_CHARS: usize = 160;

fn rank(row: usize) -> u8 {
    u8::MAX - u8::try_from(row).unwrap_or(u8::MAX)
}

/// The source that a line names behind its label.
pub(super) fn source_in(line: &str) -> Option<String> {
    if let Some(printed) = PRINTED.captures(line) {
        return Some(printed.name("source")?.as_str().to_owned());
    }
    let found = SOURCE.captures(line)?.name("source")?.as_str();
    let found = AFTER_SOURCE.replace(found, "");
    let plain = found.trim_matches(|c: char| c.is_whitespace() || "《》-|。.".contains(c));
    (plain.chars().count() >= 2).then(|| plain.to_owned())
}
