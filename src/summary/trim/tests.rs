use super::dateline;
use super::is_balanced;
use super::is_filler;
use super::is_unattributed;
use super::may_begin;
use super::may_end;
use super::parts;
use super::qualifies;
use super::stands_alone;
use super::text_of;
use wenmai_domain::span::Span;

fn kept(text: &str) -> String {
    text_of(text, &parts(text, Span::new(0, text.len())))
}

#[test]
fn datelines_and_notes_are_left_out() {
    assert_eq!(kept("本报清河3月12日讯（记者 周小禾）清河开闸，"), "清河开闸");
    assert_eq!(kept("新华社北京3月12日电 清河开闸。"), "清河开闸。");
    assert_eq!(kept("（本报讯）清河开闸。"), "清河开闸。");
    assert_eq!(kept("核心阅读清河开闸。"), "清河开闸。");
    assert_eq!(kept("【清河网报道】清河开闸。"), "清河开闸。");
    assert_eq!(kept("答：清河开闸。"), "清河开闸。");
    assert_eq!(kept("\"\"\"清河开闸。"), "清河开闸。");
    assert_eq!(kept("县水利局（渠首所）开闸（见图）。"), "县水利局开闸。");
}

#[test]
fn a_note_with_a_number_and_an_electric_company_stay() {
    assert_eq!(kept("今天（3月12日）开闸。"), "今天（3月12日）开闸。");
    assert_eq!(kept("本报记者从国家电网了解情况。"), "本报记者从国家电网了解情况。");
    assert_eq!(dateline("清河县供电公司今天通电。"), 0);
}

#[test]
fn a_piece_leans_on_nothing_before_it() {
    for clause in [
        "他说水来了。",
        "但渠道老化，",
        "并要求清淤。",
        "该县已开闸。",
        "其中麦田两万亩。",
        "据悉，",
        "我们一起去看看。",
        "你会怎么做。",
    ] {
        assert!(!may_begin(clause, None, false), "{clause}");
    }
    assert!(may_begin("其他县也开闸。", None, false));
    assert!(may_begin("以色列代表团到访清河。", None, false));
    assert!(may_begin("清河开闸。", None, false));
    assert!(may_begin("我国东部开始春灌。", None, false));
    assert!(may_begin("清河开闸，", Some("据悉，"), true));
    assert!(may_begin("清河开闸，", Some("昨天，"), true));
    assert!(!may_begin("清河开闸，", Some("随着气温回升，"), true));
}

#[test]
fn a_claim_keeps_its_speaker() {
    assert!(!may_begin("渠道安全。", Some("县水利局表示，"), true));
}

#[test]
fn a_piece_ends_where_something_is_said() {
    assert!(!may_end("县水利局表示，", true) && !may_end("随着气温回升，", true));
    assert!(!may_end("分三步：", true));
    assert!(may_end("清河开闸，", true) && may_end("在清河开闸。", false));
    for clause in [
        "经查，",
        "1964年，",
        "县水利局、县气象局等12个单位，",
        "县水利局的举动，",
        "受冷空气影响，",
        "今年的3月12日，县里的水利峰会上，",
        "清河县水利局消息12日17时15分，",
    ] {
        assert!(!may_end(clause, true), "{clause}");
    }
    assert!(may_end("村里有了自己的水渠，", true) && may_end("送来种子、化肥等，", false));
}

#[test]
fn what_cannot_stand_alone_is_known() {
    for piece in ["3. 渠首。", "县长周小禾说。", "清河日报记者周小禾报道。", "——老话"]
    {
        assert!(!stands_alone(piece), "{piece}");
    }
    assert!(stands_alone("“水来了。”周小禾笑着。") && stands_alone("3月12日，清河开闸。"));
}

#[test]
fn words_in_quotes_need_who_said_them() {
    for piece in ["“水来了。”", "\"水来了。\"", "「水来了。」", "“水来了，大家放心。”他说。"]
    {
        assert!(is_unattributed(piece), "{piece}");
    }
    for piece in ["“水来了。”老周说。", "“连心桥”通车了。", "清河开闸。", "“连心桥”他修了三年。"]
    {
        assert!(!is_unattributed(piece), "{piece}");
    }
}

#[test]
fn any_quotation_mark_must_be_closed() {
    for piece in ["\"水来了", "水来了。”", "「水来了。", "‘水来了", "（水来了", "《水来了"]
    {
        assert!(!is_balanced(piece), "{piece}");
    }
    assert!(is_balanced("「水『来』了」（好）\"对\"《水》“来‘了’”"));
}

#[test]
fn who_took_a_picture_is_left_out() {
    assert_eq!(kept("本报记者 周小禾 摄 清河开闸。"), "清河开闸。");
    assert_eq!(kept("老周拍摄 清河开闸。"), "清河开闸。");
    assert_eq!(kept("县里拍摄纪录片。"), "县里拍摄纪录片。");
}

#[test]
fn a_heading_that_only_a_blank_sets_off_is_left_out() {
    assert_eq!(kept("渠首修好 水位回升 清河县昨日开闸，"), "清河县昨日开闸");
    assert_eq!(kept("来源：清河日报 清河县昨日开闸。"), "清河县昨日开闸。");
    assert_eq!(kept("渠首开闸 3月12日，水到村口。"), "3月12日，水到村口。");
    assert_eq!(kept("渠水“够用” “今年放心。”老周说。"), "“今年放心。”老周说。");
    assert_eq!(kept("清河县与 Bluewater 公司签约。"), "清河县与 Bluewater 公司签约。");
    assert_eq!(kept("记者 周小禾看到，水来了。"), "记者 周小禾看到，水来了。");
    // A line that is a heading is told whole: its second half says nothing alone.
    assert_eq!(kept("下游水位上涨 两县加固堤防"), "下游水位上涨 两县加固堤防");
}

#[test]
fn who_speaks_as_we_is_heard_in_quotes_only() {
    assert!(!stands_alone("从渠首到村口，一条老渠的故事 时间回到1958年。"));
    assert!(stands_alone("清河县与Bluewater Ltd签约，渠长 20 公里。"));
    assert!(!stands_alone("今天，我们第一次看到渠水进村。"));
    assert!(
        stands_alone("周小禾说：“我们看到渠水进村。”") && stands_alone("我国东部地区开始春灌。")
    );
}

#[test]
fn a_condition_stays_with_what_it_limits() {
    assert!(qualifies("如果明天下雨。") && qualifies("但尚未证实。") && !qualifies("但水来了。"));
}

#[test]
fn what_only_says_that_it_was_learnt_is_filler() {
    assert!(is_filler("记者从县水利局获悉，") && is_filler("据悉，"));
    assert!(!is_filler("县水利局称，"));
}
