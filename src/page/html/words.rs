//! What the words of `class` and `id` say of an element: evidence to be weighed, never a verdict.
//!
//! Only whole words count. A value is cut at blanks, hyphens, underscores, digits and changes of
//! case, so `shareholder-news` holds *shareholder* and *news*, never *share*.

/// A set of roles that the names of an element speak for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Roles(u16);

impl Roles {
    /// The text of an article.
    pub const BODY: Roles = Roles(1);
    /// What readers wrote.
    pub const COMMENT: Roles = Roles(1 << 1);
    /// Other articles, advertisements.
    pub const OTHER: Roles = Roles(1 << 2);
    /// Menus, feet, tools: the frame of the site.
    pub const FRAME: Roles = Roles(1 << 3);
    /// Words under a picture.
    pub const CAPTION: Roles = Roles(1 << 4);
    /// The headline.
    pub const TITLE: Roles = Roles(1 << 5);
    /// The line above the headline.
    pub const KICKER: Roles = Roles(1 << 6);
    /// The line below the headline.
    pub const SUBTITLE: Roles = Roles(1 << 7);
    /// Who published.
    pub const SOURCE: Roles = Roles(1 << 8);
    /// When it was published.
    pub const TIME: Roles = Roles(1 << 9);
    /// Who wrote.
    pub const AUTHOR: Roles = Roles(1 << 10);
    /// A summary of the article.
    pub const SUMMARY: Roles = Roles(1 << 11);
    /// Who is responsible at the office.
    pub const EDITOR: Roles = Roles(1 << 12);
    /// A notice about rights or payment.
    pub const NOTICE: Roles = Roles(1 << 13);

    /// The page of an issue.
    pub const PAGE: Roles = Roles(1 << 14);
    /// The parts of a headline.
    pub const HEADINGS: Roles = Roles(1 << 5 | 1 << 6 | 1 << 7);

    /// The lines around a headline.
    pub const AROUND: Roles = Roles(1 << 6 | 1 << 7);
    /// What speaks of the article: when, where and by whom it was published.
    pub const ABOUT: Roles = Roles(1 << 8 | 1 << 9 | 1 << 10 | 1 << 12);

    /// Whether any of `others` is among them.
    pub fn has(self, others: Roles) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether nothing is said.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// These and `others`.
    pub fn with(self, others: Roles) -> Roles {
        Roles(self.0 | others.0)
    }

    /// These without `others`.
    fn without(self, others: Roles) -> Roles {
        Roles(self.0 & !others.0)
    }
}

/// Words and the role that each speaks for.
const WORDS: &[(Roles, &[&str])] = &[
    (
        Roles::BODY,
        &[
            "article",
            "artical",
            "content",
            "contents",
            "cont",
            "con",
            "text",
            "txt",
            "body",
            "detail",
            "details",
            "post",
            "entry",
            "story",
            "zoom",
            "ozoom",
            "zhengwen",
            "neirong",
            "wenzhang",
            "articlebody",
            "nr",
            "paragraph",
            "richtext",
            "main",
            "news",
            "trs",
        ],
    ),
    (
        Roles::COMMENT,
        &[
            "comment",
            "comments",
            "reply",
            "replies",
            "replylist",
            "pinglun",
            "pl",
            "gentie",
            "tie",
            "cmt",
            "cmnt",
            "discuss",
            "discussion",
            "disqus",
            "liuyan",
            "guestbook",
            "tucao",
            "commentlist",
            "commentbox",
        ],
    ),
    (
        Roles::OTHER,
        &[
            "related",
            "relate",
            "relation",
            "relative",
            "relevant",
            "recommend",
            "recommended",
            "recommendation",
            "rec",
            "xiangguan",
            "tuijian",
            "hot",
            "hots",
            "rank",
            "ranking",
            "paihang",
            "sidebar",
            "aside",
            "sponsor",
            "sponsored",
            "promo",
            "promotion",
            "ad",
            "ads",
            "advert",
            "advertisement",
            "adv",
            "guess",
            "guesslike",
            "more",
            "keywords",
            "tags",
            "taglist",
            "feed",
            "latest",
            "newest",
            "readmore",
            "outbrain",
            "taboola",
            "widget",
            "teaser",
            "survey",
            "vote",
            "toupiao",
            "quiz",
            "guanggao",
            "gg",
            "next",
            "prev",
        ],
    ),
    (
        Roles::FRAME,
        &[
            "nav",
            "navbar",
            "navigation",
            "menu",
            "submenu",
            "foot",
            "footer",
            "bottom",
            "breadcrumb",
            "breadcrumbs",
            "crumb",
            "crumbs",
            "copyright",
            "login",
            "register",
            "search",
            "toolbar",
            "tools",
            "toolbox",
            "share",
            "sharebox",
            "sharing",
            "bdshare",
            "social",
            "friendlink",
            "friendlinks",
            "qrcode",
            "ewm",
            "erweima",
            "topbar",
            "sitemap",
            "weizhi",
            "position",
            "dangqian",
            "mianbao",
            "player",
            "popup",
            "modal",
            "dialog",
        ],
    ),
    (
        Roles::CAPTION,
        &["caption", "figcaption", "imgdesc", "picdesc", "pictext", "tushuo", "imgtxt"],
    ),
    (Roles::TITLE, &["title", "headline", "biaoti", "maintitle", "subject", "bt", "tit"]),
    (
        Roles::KICKER,
        &["pretitle", "yinti", "introtitle", "shoulder", "kicker", "jianti", "eyebrow"],
    ),
    (Roles::SUBTITLE, &["subtitle", "futi", "subhead", "subheadline", "fubiaoti"]),
    (
        Roles::SOURCE,
        &["source", "laiyuan", "origin", "medianame", "comefrom", "ly", "copyfrom", "infosource"],
    ),
    (
        Roles::TIME,
        &[
            "time",
            "date",
            "pubtime",
            "pubdate",
            "publishtime",
            "publishdate",
            "datetime",
            "timestamp",
            "riqi",
            "shijian",
            "published",
            "publish",
            "datesource",
            "fbsj",
        ],
    ),
    (
        Roles::AUTHOR,
        &["author", "authors", "zuozhe", "writer", "byline", "reporter", "nickname", "jizhe"],
    ),
    (
        Roles::SUMMARY,
        &[
            "summary",
            "abstract",
            "daodu",
            "zhaiyao",
            "digest",
            "highlight",
            "highlights",
            "keypoints",
        ],
    ),
    (
        Roles::PAGE,
        &["nowlayout", "layout", "banci", "banmian", "ban", "pageno", "verorder", "pagename"],
    ),
    (Roles::EDITOR, &["editor", "bianji", "zebian", "zrbj"]),
    (
        Roles::NOTICE,
        &[
            "statement",
            "disclaimer",
            "mianze",
            "shengming",
            "declare",
            "copyright",
            "banquan",
            "paywall",
            "pay",
            "notice",
            "tip",
            "tips",
        ],
    ),
];

/// Words of pictures, and those that make a caption's name with them (`img_descr`, `pic_txt`).
const PICTURE: [&str; 7] = ["img", "image", "pic", "picture", "photo", "tu", "pci"];
const DESCRIBES: [&str; 10] =
    ["desc", "descr", "des", "description", "txt", "text", "note", "intro", "info", "c"];

/// What the value of a `class` or `id` says.
pub(super) fn roles(value: &str) -> Roles {
    let mut all = Roles::default();
    for name in value.split_whitespace().take(NAMES_MAX) {
        all = all.with(roles_of_name(name));
    }
    all
}

/// Names of one attribute that are looked at; pages name an element a dozen times at most.
const NAMES_MAX: usize = 24;

fn roles_of_name(name: &str) -> Roles {
    let whole: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut found = role(&whole.to_ascii_lowercase());
    let words = words(name);
    for word in &words {
        found = found.with(role(word)).with(role(second(word)));
    }
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    if has(&PICTURE) && has(&DESCRIBES) {
        found = found.with(Roles::CAPTION).without(Roles::BODY);
    }
    if has(&["sub", "second", "vice", "fu"]) && found.has(Roles::TITLE) {
        found = found.with(Roles::SUBTITLE).without(Roles::TITLE);
    }
    if has(&["intro", "pre", "lead", "shoulder", "yin"]) && found.has(Roles::TITLE) {
        found = found.with(Roles::KICKER).without(Roles::TITLE);
    }
    if has(&["trs"]) {
        found = found.without(Roles::EDITOR);
    }
    found
}

/// The second of two words written as one: `newstitle` → title.
fn second(word: &str) -> &str {
    const FIRST: [&str; 14] = [
        "article", "content", "detail", "topic", "main", "news", "page", "post", "info", "blog",
        "art", "doc", "con", "txt",
    ];
    const SECOND: [&str; 10] =
        ["title", "tit", "content", "text", "body", "author", "source", "time", "date", "from"];
    let rest = FIRST.iter().find_map(|first| word.strip_prefix(first)).unwrap_or_default();
    if SECOND.contains(&rest) { rest } else { "" }
}

fn role(word: &str) -> Roles {
    WORDS
        .iter()
        .filter(|(_, words)| words.contains(&word))
        .fold(Roles::default(), |all, (role, _)| all.with(*role))
}

/// The words of a name, in lower case: `newsImgDesc_2` → news, img, desc.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut low = false;
    for c in name.chars().take(80) {
        let letter = c.is_ascii_alphabetic();
        let cuts = !letter || c.is_ascii_uppercase() && low;
        if cuts && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter {
            word.push(c.to_ascii_lowercase());
        }
        low = c.is_ascii_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::Roles;
    use super::roles;

    #[test]
    fn only_whole_words_count() {
        for name in [
            "football",
            "shareholder-news",
            "commentary-detail",
            "bellowheader",
            "contentWithSidebars",
        ] {
            let found = roles(name);
            assert!(!found.has(Roles::FRAME.with(Roles::COMMENT).with(Roles::OTHER)), "{name}");
        }
        assert!(roles("blq-int-nav").has(Roles::FRAME));
        assert!(roles("pinglun reply-list").has(Roles::COMMENT));
    }

    #[test]
    fn words_together_make_a_role() {
        assert!(roles("img_descr").has(Roles::CAPTION) && roles("picTxt").has(Roles::CAPTION));
        assert!(roles("intro-title").has(Roles::KICKER) && !roles("intro-title").has(Roles::TITLE));
        assert!(roles("sub-title").has(Roles::SUBTITLE) && roles("main-title").has(Roles::TITLE));
        assert!(!roles("TRS_Editor").has(Roles::EDITOR));
    }
}
