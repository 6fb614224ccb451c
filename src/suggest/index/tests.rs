use std::sync::LazyLock;

use super::Found;
use super::Index;
use super::Slip;
use crate::lexicon::Kind;
use crate::lexicon::Lexicon;
use crate::lexicon::Named;
use wenmai_domain::id::ArticleId;
use wenmai_text::terms::Analyzer;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::load().unwrap());

fn id(n: u128) -> ArticleId {
    ArticleId::from(uuid::Uuid::from_u128(n))
}

fn named(day: i32, texts: &[(Kind, &str)]) -> Named {
    Named { day, texts: texts.iter().map(|(kind, text)| (*kind, (*text).to_owned())).collect() }
}

fn articles() -> Vec<(ArticleId, Named)> {
    vec![
        (
            id(1),
            named(
                9,
                &[
                    (Kind::Title, "外卖骑手勇救落水老人"),
                    (Kind::Person, "王莆中"),
                    (Kind::Word, "外卖"),
                ],
            ),
        ),
        (
            id(2),
            named(
                8,
                &[(Kind::Title, "清河大桥今日通车"), (Kind::Place, "清河县"), (Kind::Word, "外卖")],
            ),
        ),
        (
            id(3),
            named(
                7,
                &[
                    (Kind::Title, "外卖平台调整规则"),
                    (Kind::Person, "王莆中"),
                    (Kind::Place, "重庆市"),
                ],
            ),
        ),
        (
            id(4),
            named(
                6,
                &[(Kind::Title, "清河县气象局发布预警"), (Kind::Organisation, "清河县气象局")],
            ),
        ),
    ]
}

fn index(articles: &[(ArticleId, Named)]) -> Index {
    let mut lexicon = Lexicon::default();
    for (id, named) in articles {
        lexicon.put(*id, named, &ANALYZER);
    }
    lexicon.index(&ANALYZER)
}

fn texts(index: &Index, typed: &str) -> Vec<String> {
    index.complete(typed, 8).into_iter().map(|one| one.text).collect()
}

#[test]
fn names_and_headlines_are_completed_from_the_beginning_of_a_word() {
    let index = index(&articles());
    assert_eq!(texts(&index, "外")[0], "外卖");
    assert_eq!(texts(&index, "外卖骑"), ["外卖骑手勇救落水老人"]);
    assert_eq!(texts(&index, "气象"), ["清河县气象局", "清河县气象局发布预警"]);
    assert_eq!(texts(&index, "外賣"), texts(&index, "外卖"));
    assert_eq!(texts(&index, "没有"), Vec::<String>::new());
    assert_eq!(texts(&index, " ，"), Vec::<String>::new());
}

#[test]
fn pinyin_completes_in_full_by_initials_and_behind_characters() {
    let index = index(&articles());
    for typed in ["waim", "wm", "WAIMAI", "wai'mai"] {
        assert_eq!(texts(&index, typed)[0], "外卖", "{typed}");
    }
    for typed in ["wangp", "wpz", "王pu", "王蒲"] {
        assert_eq!(texts(&index, typed)[0], "王莆中", "{typed}");
    }
    assert_eq!(texts(&index, "chongq"), ["重庆市"]);
    assert_eq!(index.complete("wpz", 1)[0].found, Found::Sound);
}

#[test]
fn the_last_of_several_words_is_completed() {
    let index = index(&articles());
    assert_eq!(texts(&index, "清河 王莆"), ["清河 王莆中"]);
}

#[test]
fn a_mistyped_name_is_known_by_its_sound_and_by_one_character() {
    let index = index(&articles());
    let meant = |query: &str| {
        let found = index.correct(query, &ANALYZER, 3);
        found.first().map(|one| (one.query.clone(), one.parts[0].slip))
    };
    assert_eq!(meant("王蒲中"), Some(("王莆中".into(), Some(Slip::SameSound))));
    assert_eq!(meant("王蒲中 外卖"), Some(("王莆中 外卖".into(), Some(Slip::SameSound))));
    assert_eq!(meant("王甫中说了什么"), Some(("王莆中说了什么".into(), Some(Slip::OneCharacter))));
    assert_eq!(meant("王莆忠"), Some(("王莆中".into(), Some(Slip::SameSound))));
    assert_eq!(meant("清江县气象局"), Some(("清河县气象局".into(), Some(Slip::OneCharacter))));
    assert_eq!(meant("waimai"), Some(("外卖".into(), None)));
    assert_eq!(meant("waimai wangpuzhong"), Some(("外卖 王莆中".into(), None)));
    assert_eq!(meant("wangpuzhongwaimai"), Some(("王莆中 外卖".into(), None)));
}

#[test]
fn what_is_known_or_near_nothing_is_not_corrected() {
    let index = index(&articles());
    for query in ["王莆中", "外卖", "大雨", "google", "", "\"", "《》", "王莆中 外卖", "12345"]
    {
        assert_eq!(index.correct(query, &ANALYZER, 3), [], "{query}");
    }
    let long = "王蒲中".repeat(100);
    assert_eq!(index.correct(&long, &ANALYZER, 3), []);
}

#[test]
fn the_same_articles_in_any_order_give_the_same_answers() {
    let one = articles();
    let mut other = one.clone();
    other.reverse();
    let mut lexicon = Lexicon::default();
    lexicon.put(id(2), &named(99, &[(Kind::Person, "周小禾"), (Kind::Title, "旧标题")]), &ANALYZER);
    lexicon.put(id(9), &named(99, &[(Kind::Person, "周小禾")]), &ANALYZER);
    for (id, named) in &other {
        lexicon.put(*id, named, &ANALYZER);
    }
    lexicon.remove(id(9));
    let (one, other) = (index(&one), lexicon.index(&ANALYZER));
    for typed in ["外", "清河", "w", "q", "zxh", "旧", "周小", "qinghe"] {
        assert_eq!(one.complete(typed, 20), other.complete(typed, 20), "{typed}");
    }
    assert_eq!(other.article_count(), 4);
}

#[test]
fn labels_of_topics_are_replaced_as_a_whole() {
    let mut lexicon = Lexicon::default();
    lexicon.replace(Kind::Topic, [("清河大桥通车".to_owned(), 4)]);
    assert_eq!(texts(&lexicon.index(&ANALYZER), "qhdq"), ["清河大桥通车"]);
    lexicon.replace(Kind::Topic, [("麦收".to_owned(), 4)]);
    assert_eq!(texts(&lexicon.index(&ANALYZER), "清河"), Vec::<String>::new());
}
