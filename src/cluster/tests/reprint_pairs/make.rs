//! Makes pairs of articles of which one is a reprint of the other, or only looks like one.

use jiff::ToSpan as _;
use jiff::civil::date;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::disguise::disguised;
use crate::stock;
use wenmai_domain::article::Record;

/// What a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    OtherHeadline,
    Remark,
    Traditional,
    EditorsLine,
    Markup,
    CutEnding,
    Typo,
    Punctuation,
    SubtitleMoved,
    Dateline,
    Numerals,
    Source,
    Several,
    BriefSlot,
    LongSlot,
    UnseenBrief,
    UnseenLong,
    Person,
    Place,
    Swapped,
    Headline,
    Negation,
    Figure,
    Bulletin,
    Lottery,
    Grown,
}

impl Kind {
    /// True reprints in all disguises.
    pub const REPRINTS: [Kind; 13] = [
        Kind::OtherHeadline,
        Kind::Remark,
        Kind::Traditional,
        Kind::EditorsLine,
        Kind::Markup,
        Kind::CutEnding,
        Kind::Typo,
        Kind::Punctuation,
        Kind::SubtitleMoved,
        Kind::Dateline,
        Kind::Numerals,
        Kind::Source,
        Kind::Several,
    ];
    /// What looks like a reprint and is other news.
    pub const OTHERS: [Kind; 13] = [
        Kind::BriefSlot,
        Kind::LongSlot,
        Kind::UnseenBrief,
        Kind::UnseenLong,
        Kind::Person,
        Kind::Place,
        Kind::Swapped,
        Kind::Headline,
        Kind::Negation,
        Kind::Figure,
        Kind::Bulletin,
        Kind::Lottery,
        Kind::Grown,
    ];

    pub fn is_reprint(self) -> bool {
        Self::REPRINTS.contains(&self)
    }
}

/// Two articles, the earlier one first.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub kind: Kind,
    pub first: Record,
    pub second: Record,
}

/// Makes `count` pairs of each kind.
pub fn make(count: usize, rng: &mut ChaCha8Rng) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for kind in Kind::REPRINTS.into_iter().chain(Kind::OTHERS) {
        for number in 0..count {
            let (first, mut second) = pair(kind, number, rng);
            "转载网".clone_into(&mut second.source);
            let later = rng.random_range(1..60_i64).hours();
            second.published_at = first.published_at.map(|at| at.saturating_add(later));
            pairs.push(Pair { kind, first, second });
        }
    }
    pairs
}

fn pair(kind: Kind, number: usize, rng: &mut ChaCha8Rng) -> (Record, Record) {
    match kind {
        Kind::BriefSlot | Kind::LongSlot => {
            slot(stock::SLOTS[number * 7 % stock::SLOTS.len()], kind == Kind::LongSlot, rng)
        }
        Kind::UnseenBrief | Kind::UnseenLong => {
            slot(stock::UNSEEN[number % stock::UNSEEN.len()], kind == Kind::UnseenLong, rng)
        }
        Kind::Several => {
            let first = report(rng);
            let mut second = first.clone();
            let mut kinds = Kind::REPRINTS.to_vec();
            kinds.retain(|kind| !matches!(kind, Kind::Several | Kind::SubtitleMoved));
            kinds.shuffle(rng);
            for kind in kinds.into_iter().take(3) {
                second = disguised(&second, kind, rng);
            }
            (first, second)
        }
        Kind::Person | Kind::Place | Kind::Swapped => names(kind, rng),
        Kind::Headline => headlines(number, rng),
        Kind::Negation => negation(number, rng),
        Kind::Figure => figure(rng),
        Kind::Bulletin => bulletin(rng),
        Kind::Lottery => lottery(rng),
        Kind::Grown => grown(rng),
        _ => {
            let mut first = report(rng);
            if kind == Kind::SubtitleMoved {
                first.paragraphs.push(pick(&stock::SUBTITLES, rng).to_owned());
            }
            let second = disguised(&first, kind, rng);
            (first, second)
        }
    }
}

pub fn pick<'a>(list: &[&'a str], rng: &mut ChaCha8Rng) -> &'a str {
    list.choose(rng).copied().unwrap_or_default()
}

/// Two different ones of `list`.
fn two<'a>(list: &[&'a str], rng: &mut ChaCha8Rng) -> (&'a str, &'a str) {
    let mut order: Vec<&str> = list.to_vec();
    order.shuffle(rng);
    (order[0], order[1])
}

fn record(title: String, paragraphs: Vec<String>, rng: &mut ChaCha8Rng) -> Record {
    let day = date(2025, 1, 1).saturating_add(rng.random_range(0..360_i64).days());
    let published_at = Some(day.at(rng.random_range(6..22), 0, 0, 0));
    Record { source: "澜溪日报".into(), title, paragraphs, published_at, ..Record::default() }
}

/// `template` with its names filled in.
fn filled(template: &str, place: &str, person: &str) -> String {
    template.replace("{place}", place).replace("{person}", person)
}

/// Some sentences that fit any report.
fn fillers(count: usize, rng: &mut ChaCha8Rng) -> Vec<String> {
    let mut all = stock::FILLERS.to_vec();
    all.shuffle(rng);
    all.truncate(count);
    all.into_iter().map(str::to_owned).collect()
}

/// A report of 60 to 700 characters in one to four paragraphs.
fn report(rng: &mut ChaCha8Rng) -> Record {
    let (place, person) = (pick(&stock::PLACES, rng), pick(&stock::PERSONS, rng));
    let lead = filled(pick(&stock::LEADS, rng), place, person);
    let count = rng.random_range(1..18);
    let mut sentences = vec![lead];
    sentences.extend(fillers(count, rng));
    let size = rng.random_range(2..6);
    let paragraphs = sentences.chunks(size).map(<[String]>::concat).collect();
    record(filled(pick(&stock::HEADS, rng), place, person), paragraphs, rng)
}

/// Two reports in the words of one, but for the word that is the news; alone or with what fits any.
fn slot(
    (one, other, template): (&str, &str, &str),
    is_long: bool,
    rng: &mut ChaCha8Rng,
) -> (Record, Record) {
    let (place, person) = (pick(&stock::PLACES, rng), pick(&stock::PERSONS, rng));
    let count = if is_long { rng.random_range(4..14) } else { rng.random_range(0..2) };
    let rest = fillers(count, rng).concat();
    let title = if rng.random_bool(0.5) {
        filled(template, place, person).split('，').next().unwrap_or_default().to_owned()
    } else {
        format!("{place}最新消息")
    };
    let of = |word: &str| {
        let lead = filled(&template.replace("{}", word), place, person);
        (title.replace("{}", word), vec![format!("{lead}{rest}")])
    };
    let ((title, text), (other_title, other_text)) = (of(one), of(other));
    (record(title, text, rng), record(other_title, other_text, rng))
}

/// Another person, another place, or two teams in each other's place.
fn names(kind: Kind, rng: &mut ChaCha8Rng) -> (Record, Record) {
    let (person, other) = two(&stock::PERSONS, rng);
    let (place, elsewhere) = two(&stock::PLACES, rng);
    let (team, rival) = two(&stock::TEAMS, rng);
    let templates: &[&str] = match kind {
        Kind::Person => &[
            "县委决定，任命{a}同志为教育局局长，免去其原任职务，公示期间接受群众监督。",
            "经投票选举，{a}当选为商会新一届会长，任期五年，他在会上作了简短发言。",
            "警方昨天将涉嫌诈骗的{a}抓获，追回赃款若干，案件还在侦办当中。",
            "老教师{a}昨天在家中去世，享年八十六岁，学生自发前往吊唁。",
            "青年演员{a}昨晚在话剧中首次登台，谢幕三次，观众久久不愿离去。",
            "运动员{a}昨天在百米比赛里刷新了县纪录，赛后他向看台鞠躬。",
        ],
        Kind::Place => &[
            "{a}昨天凌晨发生山体滑坡，公路中断，抢险人员已经赶到，没有人员伤亡。",
            "今年首场秋季招聘会昨天在{a}举行，上百家单位进场，现场收到简历两千份。",
            "{a}昨天通水，三万居民喝上了山泉水，水质检测全部达标。",
            "{a}入选全省文明城镇名单，评审组认为当地的河道治理值得推广。",
            "{a}今起实施夜间限行，货车须凭证通过，期限为三个月。",
        ],
        _ => &[
            "{a}昨晚以3比1战胜{b}，夺得联赛冠军，颁奖仪式在雨中进行。",
            "在昨天的揭幕战里，{a}击败{b}，取得开门红，赛后两队交换了队服。",
            "{a}昨天起诉{b}，要求归还器材款，法院已经受理，下月开庭。",
            "加时赛中{a}绝杀{b}，全场观众起立鼓掌，比分定格在88比87。",
            "{a}宣布收购{b}的训练基地，双方昨天签字，价格没有公布。",
        ],
    };
    let template = templates.choose(rng).copied().unwrap_or_default();
    let (a, b) = match kind {
        Kind::Person => ((person, ""), (other, "")),
        Kind::Place => ((place, ""), (elsewhere, "")),
        _ => ((team, rival), (rival, team)),
    };
    let count = rng.random_range(0..8);
    let rest = fillers(count, rng).concat();
    let of = |(a, b): (&str, &str)| {
        let text = template.replace("{a}", a).replace("{b}", b);
        (text.split('，').next().unwrap_or_default().to_owned(), vec![format!("{text}{rest}")])
    };
    let ((title, text), (other_title, other_text)) = (of(a), of(b));
    (record(title, text, rng), record(other_title, other_text, rng))
}

/// One text that says little, under two headlines of one mould that say it all.
fn headlines(number: usize, rng: &mut ChaCha8Rng) -> (Record, Record) {
    let (place, person) = (pick(&stock::PLACES, rng), pick(&stock::PERSONS, rng));
    let (one, other, template) = stock::SLOTS[number * 11 % stock::SLOTS.len()];
    let mould = filled(template, place, person);
    let mould = mould.split('，').next().unwrap_or_default();
    let bodies = [
        "详细情况请看正式公告，本站将继续关注后续进展，如有更新会在第一时间告知读者。",
        "点击视频查看现场画面。更多内容请留意今晚的节目，节目将在八点整准时播出。",
        "具体内容见附件。附件可以在官方网站首页下载，也可以到服务窗口领取纸质版本。",
    ];
    let body = pick(&bodies, rng).to_owned();
    let is_repeated = rng.random_bool(0.5);
    let of = |word: &str| {
        let title = mould.replace("{}", word);
        let mut text = vec![body.clone()];
        if is_repeated {
            text.insert(0, title.clone());
        }
        (title, text)
    };
    // A mould whose slot is not in its first clause has nothing to tell apart.
    let (one, other) = if mould.contains("{}") { (one, other) } else { ("", "不再") };
    let ((mut title, mut text), (other_title, other_text)) = (of(one), of(other));
    if title == other_title {
        title = format!("{title}：上半场");
        text = vec![format!("{title}。{body}")];
        let second = format!("{other_title}：下半场");
        let other_text = vec![format!("{second}。{body}")];
        return (record(title, text, rng), record(second, other_text, rng));
    }
    (record(title, text, rng), record(other_title, other_text, rng))
}

/// What happened and what did not.
fn negation(number: usize, rng: &mut ChaCha8Rng) -> (Record, Record) {
    let pairs = [
        ("{place}的水质检测昨天通过验收", "{place}的水质检测昨天未通过验收"),
        ("{place}将举办元宵灯会", "{place}将不举办元宵灯会"),
        ("{person}承认打人", "{person}否认打人"),
        ("{place}取消烟花燃放限制", "{place}不取消烟花燃放限制"),
        ("{place}发布大风预警", "{place}解除大风预警"),
        ("专家称这种药对老人有效", "专家称这种药对老人无效"),
        ("{place}允许电动车上楼", "{place}禁止电动车上楼"),
        ("{person}获准保释", "{person}未获准保释"),
        ("{place}的桥可以通行", "{place}的桥不可以通行"),
        ("{person}将出任馆长", "{person}将不再出任馆长"),
        ("{place}启动防汛应急响应", "{place}终止防汛应急响应"),
        ("{place}小学明天开学", "{place}小学明天推迟开学"),
    ];
    let (yes, no) = pairs[number % pairs.len()];
    let (place, person) = (pick(&stock::PLACES, rng), pick(&stock::PERSONS, rng));
    let count = rng.random_range(1..9);
    let rest = fillers(count, rng).concat();
    let of = |head: &str| {
        let head = filled(head, place, person);
        (head.clone(), vec![format!("{head}，消息昨晚公布后引起关注。{rest}")])
    };
    let ((title, text), (other_title, other_text)) = (of(yes), of(no));
    (record(title, text, rng), record(other_title, other_text, rng))
}

/// A toll, a sum or a share that has changed.
fn figure(rng: &mut ChaCha8Rng) -> (Record, Record) {
    let templates = [
        "{place}化工园区昨晚起火，目前有{n}人受伤，明火已被扑灭，原因正在调查。",
        "{place}公布人口数据，常住人口{n}万人，其中老人接近三成。",
        "{place}今年的秋粮收购已经过半，入库{n}万吨，农户当场拿到了钱。",
        "{place}大桥还差{n}米合龙，工人分三班昼夜施工，月底见分晓。",
        "{place}募集救灾款{n}万元，账目每天贴在公告栏上。",
        "{place}民调显示，{n}%的受访者赞成延长图书馆开放时间。",
    ];
    let template = templates.choose(rng).copied().unwrap_or_default();
    let place = pick(&stock::PLACES, rng);
    let n = rng.random_range(3..90);
    let m = n + rng.random_range(1..40);
    let count = rng.random_range(0..8);
    let rest = fillers(count, rng).concat();
    let title = format!("{place}最新通报");
    let of = |n: i32| {
        vec![format!("{}{rest}", template.replace("{place}", place).replace("{n}", &n.to_string()))]
    };
    let (text, other) = (of(n), of(m));
    (record(title.clone(), text, rng), record(title, other, rng))
}

/// The weather or the market on two days.
fn bulletin(rng: &mut ChaCha8Rng) -> (Record, Record) {
    let place = pick(&stock::PLACES, rng);
    let mut of = |day: i32| {
        let sky = pick(&["晴到多云", "阴有小雨", "多云转阴", "雷阵雨", "晴间多云"], rng);
        let wind = pick(&["北风三到四级", "南风二到三级", "东风四级", "西北风五级"], rng);
        let (low, high) = (rng.random_range(2..14), rng.random_range(15..33));
        let text = format!(
            "{place}气象台9月{day}日发布天气预报：今天白天到夜间{sky}，{wind}，最低气温{low}℃，最高气温{high}℃，空气质量良，早晚温差较大，请注意增减衣物，驾车出行请保持车距。"
        );
        (format!("{place}今日天气"), vec![text])
    };
    let ((title, text), (other_title, other_text)) = (of(8), of(9));
    (record(title, text, rng), record(other_title, other_text, rng))
}

/// Two draws of a lottery.
fn lottery(rng: &mut ChaCha8Rng) -> (Record, Record) {
    let issue = rng.random_range(10..300);
    let mut of = |issue: i32| {
        let balls: Vec<String> =
            (0..6).map(|_| format!("{:02}", rng.random_range(1..34))).collect();
        let text = format!(
            "福彩双色球第2025{issue:03}期昨晚开奖，红球号码为{}，当期一等奖开出若干注，奖池滚存继续累积，兑奖有效期六十天，请彩民到当地网点办理。",
            balls.join("、")
        );
        ("双色球开奖公告".to_owned(), vec![text])
    };
    let ((title, text), (other_title, other_text)) = (of(issue), of(issue + 1));
    (record(title, text, rng), record(other_title, other_text, rng))
}

/// A report, and the same grown by what was learned since.
fn grown(rng: &mut ChaCha8Rng) -> (Record, Record) {
    let first = report(rng);
    let mut second = first.clone();
    let more = [
        "记者随后从救援指挥部获悉，截至晚上十点又有两名失联人员被找到，伤者增至七人，其中一人伤势较重，已转往省城医院治疗。",
        "当晚的补充通报说，经过复核，受影响的住户从原先统计的四十户改为五十六户，临时安置点增设三处，物资由邻县支援。",
        "最新的消息是，调查组已经进驻，三名责任人被停职，涉事企业的账户被冻结，整改方案要在十五天内公布，逾期将从严处理。",
        "傍晚时分，又有两支专业队伍携带设备到达，现场指挥说，预计明天中午以前可以打通道路，届时受困群众将分批撤离。",
    ];
    let mut more: Vec<&str> = more.to_vec();
    more.shuffle(rng);
    for text in more.iter().take(rng.random_range(1..4)) {
        second.paragraphs.push((*text).to_owned());
    }
    (first, second)
}
