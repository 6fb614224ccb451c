//! Bylines and photo credits: who wrote and who photographed, in which role.

use std::sync::LazyLock;

use regex::Regex;

use crate::names;
use crate::script;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Role;

/// Words that say a role, wherever in the line they stand.
static ROLE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"(?P<adj>(?:\p{Han}{2,6}(?:日报|晚报|早报|晨报|时报|商报|周报|快报|导报|新报|京报|青年报|法治报|电视台|网))?",
        r"(?:本报|本台|本刊|本网|新华社|特约|特派|见习|实习|首席|驻地|融媒体?|全媒体?)*)",
        r"(?P<role>通讯员|摄影报道|摄影记者|记者|评论员|撰稿人|撰稿|撰文|采写|整理|作者|编译|实习生|",
        r"摄影|摄像|文[/／、]?图|图[/／、]?文|供图|[文图](?:[/／:：])|[/／](?:[文图摄])|摄)(?:报道)?\s*[:：/／]?",
    ))
});

/// A paper's commentator without a name: `清河日报评论员`.
static COMMENTATOR: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"^\p{Han}{2,6}(?:日报|晚报|时报|周报|快报|导报|青年报|电视台)(?:特约|首席)?评论员$",
    )
});

/// A newsroom among names: `记者 周小禾 清河融媒 林小满`.
static NEWSROOM: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"^\p{Han}{2,8}(?:微融[站圈]|融媒|融媒体|融媒体中心|电视台|日报|晚报|报社|记者站|通讯站|工作室|公众号|发布)$",
    )
});

/// A line that is nothing but a credit: `本报记者 周小禾 摄`, `林小满 摄影（清河图片社）`.
static CREDIT: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^[（(]?(?:(?:图片由|图为)?(?:本报|本台|新华社)?(?:特约|见习|实习|融媒体|全媒体)*(?:记者|通讯员|摄影记者)?[:：\s]*",
        r"(?P<names>[\p{Han}\s、·/]{2,24}?)\s*[/／]?\s*(?:摄影报道|摄影|摄|供图|图)",
        r"|(?:摄影|供图|图[/／]|图片)[:：/／\s]*(?:本报|新华社)?(?:记者|通讯员)?\s*(?P<after>[\p{Han}\s、·]{2,16}))",
        r"[）)]?\s*(?:[（(][^（）()]{2,20}[）)])?[。]?$",
    ))
});

/// A credit at the end of a caption: `……正在收割。本报记者 周小禾 摄`.
static TRAILING: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"[。！？”）)]\s*(?P<credit>[（(]?(?:本报|新华社)?(?:特约|见习|实习|融媒体|全媒体)*(?:记者|通讯员|摄影记者)?[:：\s]*",
        r"[\p{Han}\s、·]{2,16}?\s*(?:摄影报道|摄影|摄)[）)]?(?:[（(][^（）()]{2,20}[）)])?[。]?)$",
    ))
});

/// A duty and a name: `清河县水利局局长 林小满`.
static TITLED: LazyLock<Regex> = LazyLock::new(|| {
    script::both(concat!(
        r"^(?P<title>\S{2,40}?(?:长|书记|主任|教授|委员|代表|研究员|主席|经理|院士|专家|总监|会长|干事|工程师|律师|医师|",
        r"农艺师|教师|学者|作家))\s+(?P<name>\p{Han}{1,2}\s?\p{Han}{1,2})$",
    ))
});

/// Longest line that is looked at, in bytes: bylines are short, so bodies are not searched.
const LONGEST: usize = 400;

/// Reads a line as a byline with roles: `本报记者 周小禾 通讯员 林小满`, `（本报记者 周小禾、许舟）`, `文/周小禾
/// 图/许舟`, `本报评论员`. `None` where a piece of it is neither a role nor a name.
pub(crate) fn with_roles(line: &str) -> Option<Vec<Contributor>> {
    if line.len() > LONGEST {
        return None;
    }
    let inner = unmarked(unbracketed(line.trim()));
    let unnamed = ["本报评论员", "本报特约评论员", "本刊评论员", "新华社评论员"];
    if unnamed.contains(&inner) || COMMENTATOR.is_match(inner) {
        return Some(vec![Contributor { name: inner.to_owned(), role: Role::Author }]);
    }
    // 记者走基层 is a column: unusual names are taken only where a mark sets them off.
    let set_off = inner != line.trim() || inner.contains([' ', '　', ':', '：', '/', '／', '、']);
    let mut people = Vec::new();
    let mut role: Option<Role> = None;
    let mut at = 0;
    let mut seen = false;
    for found in ROLE.captures_iter(inner) {
        let whole = found.get(0)?;
        let word = found.name("role").map_or("", |word| word.as_str());
        let before = separated(inner.get(at..whole.start())?);
        let word = script::simplified(word);
        let word = word.as_str();
        let suffix = is_suffix(word) && !before.is_empty();
        let meant = if suffix { role_of(word) } else { role.unwrap_or_default() };
        if !before.is_empty() {
            people.extend(contributors(before, meant, set_off && (seen || suffix))?);
        }
        role = (!suffix).then(|| role_of(word));
        at = whole.end();
        seen = true;
    }
    if !seen {
        return None;
    }
    let rest = separated(inner.get(at..)?);
    let rest = rest.strip_suffix("报道").map_or(rest, separated);
    if !rest.is_empty() {
        let role = role.unwrap_or_default();
        people.extend(contributors(rest, role, set_off).or_else(|| together(rest, role))?);
    }
    (!people.is_empty()).then_some(people)
}

/// Reads a bare list of names: `周小禾 林小满`.
pub(crate) fn bare(line: &str) -> Option<Vec<Contributor>> {
    if line.len() > LONGEST {
        return None;
    }
    contributors(unmarked(line.trim()), Role::Author, false).filter(|people| people.len() <= 8)
}

/// A line without the sign that papers set before names: `□ 周小禾`.
fn unmarked(line: &str) -> &str {
    line.trim_start_matches(|c: char| "□■◎●○◇◆△▲☆★·•※".contains(c)).trim_start()
}

/// Reads a duty with the name of who holds it.
pub(crate) fn titled(line: &str) -> Option<Contributor> {
    if line.len() > LONGEST {
        return None;
    }
    let found = TITLED.captures(line)?;
    let name: String = found.name("name")?.as_str().split_whitespace().collect();
    names::is_name(&name).then_some(Contributor { name, role: Role::Author })
}

/// Whether a line names who drew or filmed: `制图 周小禾`.
pub(crate) fn makers(line: &str) -> bool {
    const DUTIES: [&str; 7] = ["制图", "绘图", "漫画", "插画", "海报", "视频", "摄像"];
    let line = line.trim();
    let rest = DUTIES.iter().find_map(|duty| line.strip_prefix(duty));
    let names = rest.map(|rest| rest.trim_start_matches([':', '：', ' ', '　', '/', '／']));
    let set_off = |names: &&str| rest.is_some_and(|rest| rest.len() > names.len());
    line.len() <= LONGEST
        && names.filter(set_off).is_some_and(|n| names::list(n, names::may_be_name).is_some())
}

/// The names in a line that is only a photo credit; empty names where it names an agency alone.
pub(crate) fn credit(line: &str) -> Option<Vec<String>> {
    if line.len() > LONGEST {
        return None;
    }
    let found = CREDIT.captures(line.trim())?;
    let list = found.name("names").or_else(|| found.name("after"))?;
    let stated = line.contains("记者") || line.contains("通讯员") || line.trim().ends_with(" 摄");
    let accept = if stated { names::may_be_name } else { names::is_name };
    names::list(list.as_str(), accept).or_else(|| names::glued(list.as_str().trim()))
}

/// Where a credit begins that ends a caption, in bytes, and its names.
pub(crate) fn trailing_credit(text: &str) -> Option<(usize, Vec<String>)> {
    let from = text.char_indices().rev().nth(60).map_or(0, |(at, _)| at);
    let tail = text.get(from..)?;
    let found = TRAILING.captures(tail)?.name("credit")?;
    Some((from + found.start(), credit(found.as_str())?))
}

/// What stands within one pair of brackets around the whole line, else the line.
pub(crate) fn unbracketed(line: &str) -> &str {
    let inner = line
        .strip_prefix(['（', '(', '【', '〔', '['])
        .and_then(|line| line.strip_suffix(['）', ')', '】', '〕', ']']));
    inner.filter(|inner| !inner.contains(['（', '('])).map_or(line, str::trim)
}

fn separated(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '、' | '，' | ',' | '/' | '／' | '；' | ';')
    })
}

fn contributors(text: &str, role: Role, stated: bool) -> Option<Vec<Contributor>> {
    let accept = if stated { names::may_be_name } else { names::is_name };
    let people = text.split_whitespace().filter(|word| !stated || !NEWSROOM.is_match(word));
    let names = names::list(&people.collect::<Vec<_>>().join(" "), accept)?;
    Some(names.into_iter().map(|name| Contributor { name, role }).collect())
}

/// Names that stand without anything between them.
fn together(text: &str, role: Role) -> Option<Vec<Contributor>> {
    let names = names::glued(text)?;
    Some(names.into_iter().map(|name| Contributor { name, role }).collect())
}

/// Whether the role word stands behind the names that it belongs to.
fn is_suffix(word: &str) -> bool {
    matches!(word, "摄" | "摄影" | "摄影报道" | "供图" | "整理" | "采写" | "撰文")
        || word.starts_with(['/', '／'])
        || word.starts_with("文图")
        || word.starts_with("图文")
        || (word.contains(['/', '／', '、']) && word.chars().count() == 3)
}

fn role_of(word: &str) -> Role {
    match script::simplified(word.trim_matches(['/', '／', ':', '：'])).as_str() {
        "记者" => Role::Reporter,
        "通讯员" => Role::Correspondent,
        "摄影记者" | "摄影" | "摄" | "摄影报道" | "摄像" | "供图" | "图" => {
            Role::Photographer
        }
        _ => Role::Author,
    }
}

#[cfg(test)]
mod tests {
    use super::bare;
    use super::credit;
    use super::titled;
    use super::trailing_credit;
    use super::with_roles;
    use wenmai_domain::article::Role;

    fn people(line: &str) -> Vec<(String, Role)> {
        with_roles(line).unwrap_or_default().into_iter().map(|p| (p.name, p.role)).collect()
    }

    #[test]
    fn roles_go_to_the_names_behind_them() {
        assert_eq!(
            people("（本报记者 周小禾、许舟 通讯员 林小满）"),
            [
                ("周小禾".into(), Role::Reporter),
                ("许舟".into(), Role::Reporter),
                ("林小满".into(), Role::Correspondent)
            ]
        );
    }

    #[test]
    fn newsrooms_are_no_names() {
        let names = people("清河日报全媒记者 周小禾 柳溪微融站 林小满 许舟");
        let names: Vec<_> = names.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["周小禾", "林小满", "许舟"]);
        assert_eq!(people("□ 清河日报评论员"), [("清河日报评论员".into(), Role::Author)]);
    }

    #[test]
    fn text_and_picture_are_told_apart() {
        assert_eq!(
            people("文/周小禾 图/许舟"),
            [("周小禾".into(), Role::Author), ("许舟".into(), Role::Photographer)]
        );
    }

    #[test]
    fn a_sentence_is_no_byline() {
        assert_eq!(with_roles("记者在现场看到河水上涨"), None);
        assert_eq!(with_roles("清河大桥合龙"), None);
        assert_eq!(with_roles("记者走基层"), None);
        assert_eq!(bare("高质量发展"), None);
    }

    #[test]
    fn bare_names_are_authors() {
        let names: Vec<_> = bare("周 禾 林小满").unwrap().into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["周禾", "林小满"]);
    }

    #[test]
    fn a_duty_is_not_part_of_the_name() {
        assert_eq!(titled("清河县水利局局长 林小满").unwrap().name, "林小满");
        assert_eq!(titled("清河县水利局局长谈防汛"), None);
    }

    #[test]
    fn credits_name_the_photographer() {
        assert_eq!(credit("本报记者 周小禾 摄"), Some(vec!["周小禾".into()]));
        assert_eq!(credit("许舟摄（清河图片社）"), Some(vec!["许舟".into()]));
        assert_eq!(credit("游客在拍摄"), None);
    }

    #[test]
    fn a_credit_may_end_the_caption() {
        let text = "图为农机手正在收割。本报记者 周小禾 摄";
        let (at, names) = trailing_credit(text).unwrap();
        assert_eq!(&text[at..], "本报记者 周小禾 摄");
        assert_eq!(names, ["周小禾"]);
    }
}
