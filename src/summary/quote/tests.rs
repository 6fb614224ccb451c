use super::Statement;
use crate::feature::Body;
use crate::reading::tests::TOOLS;
use crate::trim;

fn statements(text: &str) -> Vec<Statement> {
    super::statements(&Body::new(text), &TOOLS.extractor.entities(text, None))
}

#[test]
fn a_named_speaker_is_found_with_the_words() {
    let text = "清河开闸。县水利局局长周小禾表示：“渠道已经清淤，放水没有问题。”他说，水还会来，大家放心。";
    let found = statements(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].speaker, "周小禾");
    assert_eq!(found[0].parts[0].of(text), Some(found[0].text.as_str()));
    assert_eq!(found[0].speaker_parts[0].of(text), Some("周小禾"));
    assert!(found[0].is_direct && found[0].text.ends_with('”'));
}

#[test]
fn a_speaker_may_stand_behind_the_words() {
    for (open, close) in [('“', '”'), ('"', '"'), ('「', '」')] {
        let text = format!(
            "{open}最难的一段是渠首的岩石。{close}县水利局总工程师周小禾说，{open}换了三次钻头。{close}\
             水渠全长四公里。{open}以后浇地只要半天。{close}家住渠边的林大川说。"
        );
        let found = statements(&text);
        let speakers: Vec<&str> = found.iter().map(|one| one.speaker.as_str()).collect();
        assert_eq!(speakers, ["周小禾", "林大川"], "{found:?}");
        assert!(found.iter().all(|one| one.is_direct && trim::is_balanced(&one.text)));
        assert!(found[0].text.starts_with(open) && found[0].text.contains("三次钻头"));
    }
}

#[test]
fn a_credit_of_a_picture_says_nothing() {
    let speakers = |text: &str| {
        let found = statements(text);
        found.into_iter().map(|one| one.speaker).collect::<Vec<_>>()
    };
    let words = "“渠道已经清淤，放水没有问题。”";
    assert!(speakers(&format!("新华社记者 林大川 摄 他说：{words}")).is_empty());
    assert!(speakers(&format!("渠首外景 新华社图 他说：{words}")).is_empty());
    assert!(speakers(&format!("（图源：清河日报社）\n他说：{words}")).is_empty());
}

#[test]
fn who_is_spoken_of_or_asks_is_no_speaker() {
    let speakers = |text: &str| {
        let found = statements(text);
        found.into_iter().map(|one| one.speaker).collect::<Vec<_>>()
    };
    let words = "“渠道已经清淤，放水没有问题。”";
    assert_eq!(speakers(&format!("周小禾接受清河日报社采访时表示：{words}")), ["周小禾"]);
    assert!(speakers(&format!("对于周小禾来说，{words}")).is_empty());
    assert!(speakers("据清河县水利局报道，渠道已经清淤，放水没有问题。").is_empty());
    assert!(speakers(&format!("而周小禾表示，{words}")).is_empty());
}

#[test]
fn a_speaker_without_a_known_name_is_named_with_the_office() {
    let of = |text: &str| statements(text).into_iter().map(|one| one.speaker).collect::<Vec<_>>();
    let words = "，渠道已经清淤，放水没有问题，大家放心。";
    assert_eq!(
        of(&format!("清河县水利局驻村代表涅边贾12日表示{words}")),
        ["清河县水利局驻村代表涅边贾"]
    );
    assert_eq!(of(&format!("清河县水利局有关负责人表示{words}")), ["清河县水利局有关负责人"]);
    assert_eq!(of(&format!("清河县水利局12日发布公告称{words}")), ["清河县水利局"]);
    assert!(of(&format!("清河日报社援引清河县水利局观点认为{words}")).is_empty());
    assert_eq!(of(&format!("林大川在致周小禾的信中表示{words}")), ["林大川"]);
    assert!(
        of(&format!("综合清河县水利局等处消息{words}")).is_empty(),
        "a source, nobody who speaks"
    );
    assert!(of(&format!("一名专家对《清河日报社》说{words}")).is_empty());
}

#[test]
fn what_nobody_named_says_is_no_statement() {
    let text = "有人说，清河的水今年来得比往年早。数据显示，渠水流量比去年增加了两成。\
        周小禾问：“今年的水什么时候到村里？”";
    assert!(statements(text).is_empty());
}

#[test]
fn reporters_papers_titles_and_half_names_say_nothing() {
    let words = "渠道已经清淤，放水没有问题，大家放心。";
    for text in [
        format!("清河日报记者周小禾表示，{words}"),
        format!("县水利局评估报告指出，{words}"),
        format!("县水利局发布《关于表彰周小禾的决定》称，{words}"),
        format!("县长林大川在渠首同周小禾通话时表示，{words}").replace("县长林大川在渠首", "有人"),
        "清河县水利局宣布，以两千万元的价格买下渠首的石闸。".to_owned(),
        format!("县水利局局长周小禾表示，对此，{words}"),
    ] {
        assert!(statements(&text).is_empty(), "{text}: {:?}", statements(&text));
    }
    let text = format!("县水利局当地时间8日晚间表示，{words}");
    let found = statements(&text);
    assert!(found.iter().all(|one| !one.speaker.contains('8')), "{found:?}");
}
