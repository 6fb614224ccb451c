//! One published text, as the page or the feed gave it.

use jiff::civil::Date;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde::Serialize;

use crate::entity::Entities;
use crate::id::ArticleId;
use crate::page_code::PageCode;

/// A record, its stable id, and what it names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Article {
    /// Derived from the record: the same article has the same id in every run.
    pub id: ArticleId,
    /// What was published.
    #[serde(flatten)]
    pub record: Record,
    /// What title and body name; empty until it is ingested.
    #[serde(default, skip_serializing_if = "Entities::is_empty")]
    pub entities: Entities,
}

impl Article {
    /// Gives `record` its id.
    #[must_use]
    pub fn new(record: Record) -> Self {
        Self { id: ArticleId::derive(&record), record, entities: Entities::default() }
    }
}

/// What was published; every text is as printed, empty where there was none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Record {
    /// The newspaper, as it names itself (聊城日报); empty for web sources that are not papers.
    pub paper: String,
    /// The feed or site it came from (`m.mnw.cn`).
    pub source: String,
    /// The id that the source gives it; with `source` it decides the article's id.
    pub source_id: String,
    /// The address of its page on the web; empty where there is none.
    pub url: String,
    /// When it was published, civil time of the paper (China Standard Time); a paper's issue has
    /// midnight.
    pub published_at: Option<DateTime>,
    /// Edition or section of the issue (`A`, `晚间版`).
    pub edition: String,
    /// Page of the issue (`3`, `A03`).
    #[serde(alias = "page_no")]
    pub page: Option<PageCode>,
    /// The page's name (要闻).
    pub page_name: String,
    /// Position on the page, from 0.
    pub order_on_page: Option<u32>,
    /// What kind of text it is.
    pub kind: Kind,
    /// 引题: the line above the headline.
    pub kicker: String,
    /// The headline.
    pub title: String,
    /// 副题: the line below the headline.
    pub subtitle: String,
    /// 栏目: the column or series it stands in.
    pub section: String,
    /// Who wrote or photographed it.
    pub byline: Vec<Contributor>,
    /// The news agency it names (新华社).
    pub agency: String,
    /// The opening that says where and when (`本报北京讯 … 3月12日`).
    pub dateline: Option<Dateline>,
    /// The body, one string per paragraph, repaired where columns broke it.
    pub paragraphs: Vec<String>,
    /// Captions of its photos.
    pub captions: Vec<Caption>,
    /// Where it goes on, or comes from.
    pub jump: Option<Jump>,
    /// For a teaser: the id of the article that it announces, where known.
    pub teaser_of: Option<ArticleId>,
    /// The note at its end that names who supplied it (`(聊城市委巡察办)`).
    pub source_note: String,
    /// For a staff box: who did what in this issue, in order.
    pub staff: Vec<StaffLine>,
}

impl Record {
    /// The body as one text: paragraphs joined by a line feed.
    #[must_use]
    pub fn body(&self) -> String {
        self.paragraphs.join("\n")
    }

    /// The day it was published.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.published_at.map(DateTime::date)
    }
}

/// What kind of text an article is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A report.
    #[default]
    News,
    /// Opinion, signed or of the paper.
    Comment,
    /// A long report, interview or series.
    Feature,
    /// One of several short items.
    Brief,
    /// A photo with its caption.
    Photo,
    /// A public notice, advertisement or table.
    Notice,
    /// A pointer to an article elsewhere in the issue; not an article of its own.
    Teaser,
    /// The box that names the editors; not an article.
    Staff,
}

impl Kind {
    /// Every kind, in the order of the contract.
    pub const ALL: [Kind; 8] = [
        Kind::News,
        Kind::Comment,
        Kind::Feature,
        Kind::Brief,
        Kind::Photo,
        Kind::Notice,
        Kind::Teaser,
        Kind::Staff,
    ];

    /// Its name in filters, JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::News => "news",
            Kind::Comment => "comment",
            Kind::Feature => "feature",
            Kind::Brief => "brief",
            Kind::Photo => "photo",
            Kind::Notice => "notice",
            Kind::Teaser => "teaser",
            Kind::Staff => "staff",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is an article that can be stored and found: teasers and staff boxes are not.
    #[must_use]
    pub fn is_article(self) -> bool {
        !matches!(self, Kind::Teaser | Kind::Staff)
    }
}

/// Somebody named in a byline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contributor {
    /// The name, without spaces inside.
    pub name: String,
    /// In which role; [`Role::Author`] where the page does not say.
    #[serde(default)]
    pub role: Role,
}

/// What a contributor did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 作者, or not said.
    #[default]
    Author,
    /// 记者.
    Reporter,
    /// 通讯员.
    Correspondent,
    /// 摄影.
    Photographer,
}

/// Where and when a report was written, as its opening says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dateline {
    /// The date words as printed (`3月12日至13日`); empty where there are none.
    pub raw: String,
    /// The place (北京); empty where there is none.
    pub place: String,
    /// First day, resolved against the date.
    pub date_from: Option<Date>,
    /// Last day; equals `date_from` for one day.
    pub date_to: Option<Date>,
}

/// A photo's caption.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caption {
    /// The words under the photo.
    pub text: String,
    /// Who took it; empty where not said.
    pub credit: String,
}

/// Where an article goes on in the issue, or comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jump {
    /// 下转N版, or 详见N版.
    ToPage(PageCode),
    /// 上接N版.
    FromPage(PageCode),
}

/// One line of a staff box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffLine {
    /// The duty (责编).
    pub duty: String,
    /// Who had it.
    pub names: Vec<String>,
}
