//! Lines of credit and names in metadata.

use super::account;
use super::closing;
use super::line;
use super::named;
use super::opening;

fn people(text: &str) -> Vec<String> {
    line(text).unwrap_or_default().into_iter().map(|person| person.name).collect()
}

#[test]
fn lines_of_credit_name_their_people() {
    for text in [
        "清河新闻记者 周小禾 许舟",
        "采写：清河晚报见习记者 周小禾 许舟",
        "周小禾、许舟/清河日报",
        "文｜清河网 周小禾 许舟",
        "作者：周小禾 许舟  编辑：林小满",
        "记者周小禾、许舟／綜合報導",
        "（文/图 周小禾 许舟）",
        "执笔/周小禾&许舟",
    ] {
        assert_eq!(people(text), ["周小禾", "许舟"], "{text}");
    }
    assert_eq!(people("生活中心／周小禾報導"), ["周小禾"]);
    assert_eq!(people("《棱角》作者 周小禾"), ["周小禾"]);
}

#[test]
fn editors_offices_and_sentences_are_no_authors() {
    for text in [
        "责任编辑：周小禾",
        "作者：未知",
        "来源：网络整理",
        "编辑 周小禾 校对 许舟",
        "记者从县里获悉",
        "简介",
        "作者：清河日报社",
        "记者走基层",
        "清河县交通局局长周小禾说，大桥通了。",
    ] {
        assert_eq!(people(text), [] as [&str; 0], "{text}");
    }
}

#[test]
fn paragraphs_name_people_at_their_ends() {
    let names = |found: Option<Vec<super::Contributor>>| -> Vec<String> {
        found.unwrap_or_default().into_iter().map(|person| person.name).collect()
    };
    assert_eq!(names(opening("清河网9月4日讯（记者周小禾 整合）大桥通了。")), ["周小禾"]);
    assert_eq!(names(opening("【編譯周小禾、記者许舟／綜合報導】大橋通了。")), ["周小禾", "许舟"]);
    assert_eq!(names(opening("大桥通了，县里说（记者周小禾）")), [] as [&str; 0]);
    assert_eq!(names(closing("明年五月通车。（评论员 周小禾 许舟）")), ["周小禾", "许舟"]);
}

#[test]
fn metadata_names_people_or_accounts() {
    let names: Vec<String> =
        named("編譯周小禾、記者许舟／綜合報導").into_iter().map(|person| person.name).collect();
    assert_eq!(names, ["周小禾", "许舟"]);
    assert!(named("admin").is_empty() && named("清河日报").is_empty());
    assert!(
        account("柳溪笔记").is_some()
            && account("责任编辑").is_none()
            && account("2025-09-08 21:35").is_none()
    );
}
