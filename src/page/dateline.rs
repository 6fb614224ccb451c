//! Openers: `本报讯（记者 甲 乙）`, `本报清河9月8日电`, `新华社清河9月8日电`; those of Taiwan and Hong Kong are
//! read by [`wire`].

use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::byline;
use crate::script;
use crate::wire;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Dateline;
use wenmai_text::date;

static OPENER: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?x)^\s*[（(【]?
        (?: (?:本报|本台|本网|本刊) (?P<place>\p{Han}{0,10}?) \s*
              (?P<date>(?:[0-9０-９]{1,2}月)?[0-9０-９]{1,2}日)? \s* (?:综合)?(?:讯|电|专电|消息)
          | (?:据)?(?P<agency>新华社|中新社|新华网|中新网|人民网|央视网|\p{Han}{1,4}通讯社|\p{Han}{1,3}社)
              (?P<place2>[\p{Han}·]{0,12}?) \s*
              (?P<date2>(?:[0-9０-９]{4}年)?(?:[0-9０-９]{1,2}月)?[0-9０-９]{1,2}日) \s* (?:电|讯|消息|专电)
          | (?:据)?(?P<agency2>新华社|中新社) (?P<place3>[\p{Han}·]{0,8}?) (?:电|讯)
          | (?P<named>(?P<outlet>\p{Han}{2,6}?(?:日报|晚报|早报|晨报|时报|商报|周报|快报|导报|新报|京报|青年报|法治报|
              电视台|广播电台|融媒|网))
              (?P<place4>\p{Han}{0,6}?) \s* (?P<date3>(?:[0-9０-９]{1,2}月)?[0-9０-９]{1,2}日)? \s* (?:讯|消息)) )
        [）)】]? \s*
        (?P<names>[（(][^（）()]{2,80}[）)])? \s*
        (?P<loose>(?:本报|全媒体|融媒体|特约|见习|实习)*记者\s+[\p{Han}\s、]{2,30}?\s*报道)? [\s：:—]*",
    )
});

/// 据…报道 at the beginning: it names the source and stays in the body.
static REPORTED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(r"^据(?P<agency>新华社|中新社|新华网|中新网)[^，。]{0,12}(?:报道|消息|电)")
});

/// How many bytes at the beginning of a block are looked at: an opener is short.
const HEAD: usize = 600;

/// How far into the body the date may stand that an opener does not give, in characters.
const DATE_REACH: usize = 24;

/// An opener, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Opener {
    /// Bytes that it takes at the beginning of the block.
    pub len: usize,
    /// Where it says it was written, and on which day where it says so.
    pub dateline: Dateline,
    /// The agency it names.
    pub agency: String,
    /// The reporters it names.
    pub byline: Vec<Contributor>,
    /// Whether the paper or station itself reports, and no agency.
    pub own: bool,
}

/// The first characters of a text, at most `bytes` long.
fn head(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Reads the opener that `text` begins with.
pub(crate) fn opener(text: &str) -> Option<Opener> {
    let text = head(text, HEAD);
    // Before the other patterns, which would take a reporter's name for a part of the place.
    if let Some(found) = wire::opener(text) {
        return Some(found);
    }
    let found = OPENER.captures(text)?;
    let part = |names: &[&str]| {
        names.iter().find_map(|name| found.name(name)).map_or("", |part| part.as_str())
    };
    let mut len = found.get(0)?.end();
    if let Some(named) = found.name("named") {
        // Its own name stands for 本报 only where the sentence has not begun: …日报讯（记者 甲）.
        let rest = text.get(named.end()..)?;
        if !rest.starts_with(['（', '(', ' ', '　', '：', ':']) {
            return None;
        }
    }
    let mut byline = Vec::new();
    if let Some(names) = found.name("names") {
        let inner = byline::unbracketed(names.as_str());
        match byline::with_roles(names.as_str()).or_else(|| byline::bare(inner)) {
            Some(people) => byline = people,
            // A bracket that names nobody belongs to the sentence.
            None => len = names.start(),
        }
    }
    if let Some(loose) = found.name("loose").filter(|loose| loose.end() <= len) {
        byline.extend(byline::with_roles(loose.as_str()).unwrap_or_default());
    }
    let dateline = Dateline {
        raw: part(&["date", "date2", "date3"]).to_owned(),
        place: part(&["place", "place2", "place3", "place4"]).to_owned(),
        ..Dateline::default()
    };
    let agency = part(&["agency", "agency2"]).to_owned();
    let own = agency.is_empty();
    Some(Opener { len, dateline, agency, byline, own })
}

/// The agency that 据…报道 at the beginning of `text` names.
pub(crate) fn reported_by(text: &str) -> Option<&str> {
    REPORTED.captures(head(text, HEAD))?.name("agency").map(|agency| agency.as_str())
}

/// Fills the days of `dateline`: from its own words, else from the first date of `body`.
pub(crate) fn resolve(dateline: &mut Dateline, body: &str, issue: Option<Date>) {
    if dateline.raw.is_empty() {
        let reach = body.char_indices().nth(DATE_REACH).map_or(body.len(), |(at, _)| at);
        let near = head(body, HEAD);
        let found = date::dates(near, issue).into_iter().find(|found| found.span.start < reach);
        if let Some(found) = found {
            found.raw(near).clone_into(&mut dateline.raw);
            dateline.date_from = found.from;
            dateline.date_to = found.to;
        }
        return;
    }
    if let Some(found) = date::dates(&dateline.raw, issue).first() {
        dateline.date_from = found.from;
        dateline.date_to = found.to;
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::opener;
    use super::resolve;

    #[test]
    fn an_opener_gives_place_and_reporters() {
        let text = "本报柳溪讯（记者 周小禾 许舟）9月7日，大桥合龙。";
        let mut found = opener(text).unwrap();
        assert_eq!(&text[found.len..], "9月7日，大桥合龙。");
        assert_eq!(found.byline.len(), 2);
        resolve(&mut found.dateline, &text[found.len..], Some(date(2025, 9, 8)));
        assert_eq!(found.dateline.place, "柳溪");
        assert_eq!(found.dateline.raw, "9月7日");
        assert_eq!(found.dateline.date_to, Some(date(2025, 9, 7)));
    }

    #[test]
    fn an_agency_and_its_day_are_read() {
        let text = "新华社清河9月7日电 记者从县里获悉，";
        let mut found = opener(text).unwrap();
        resolve(&mut found.dateline, "", Some(date(2025, 9, 8)));
        assert_eq!((found.agency.as_str(), found.dateline.place.as_str()), ("新华社", "清河"));
        assert_eq!(found.dateline.date_from, Some(date(2025, 9, 7)));
        assert!(text[found.len..].starts_with("记者从"));
    }

    #[test]
    fn names_in_the_opener_need_no_role() {
        let found = opener("本报清河9月7日电（周小禾、林小满）近日，").unwrap();
        assert_eq!(found.byline.len(), 2);
    }

    #[test]
    fn a_paper_may_say_its_own_name() {
        let text = "清河日报讯 （记者周小禾、通讯员林小满）9月7日，大桥合龙。";
        let found = opener(text).unwrap();
        assert!(found.own && text[found.len..].starts_with("9月7日"));
        assert_eq!(found.byline.len(), 2);
        assert!(opener("市民向清河晚报热线来电反映").is_none());
        assert!(opener("清河电视台消息灵通，").is_none());
        assert!(!opener("新华社清河9月7日电 ").unwrap().own);
    }

    #[test]
    fn a_bracket_without_names_stays_in_the_body() {
        let text = "本报讯（上接第一版内容摘要）大桥合龙。";
        assert!(text[opener(text).unwrap().len..].starts_with('（'));
    }

    #[test]
    fn a_plain_sentence_is_no_opener() {
        assert!(opener("昨日，大桥合龙。").is_none());
        assert!(opener("他是合作社7日选出的理事").is_none());
    }
}
