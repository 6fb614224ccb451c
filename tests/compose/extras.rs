//! What stands between articles: public notices, results of a lottery, the weather, an offer.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

/// A piece that nobody signs.
#[derive(Debug, Clone)]
pub struct Extra {
    pub kind: &'static str,
    pub title: &'static str,
    pub lines: Vec<String>,
}

/// One of them, with figures of its own.
#[allow(clippy::too_many_lines, reason = "a list of texts")]
pub fn one(rng: &mut ChaCha8Rng) -> Extra {
    let mut number = |from: u32, to: u32| rng.random_range(from..=to);
    match number(0, 4) {
        0 => Extra {
            kind: "notice",
            title: "清河县供电公司停电公告",
            lines: vec![
                format!("因线路检修，9月{}日8时至17时停电，影响柳溪镇部分用户。", number(15, 28)),
                "请提前做好准备。给您带来不便，敬请谅解。".to_owned(),
                "清河县供电公司".to_owned(),
                format!("2025年9月{}日", number(10, 14)),
            ],
        },
        1 => Extra {
            kind: "notice",
            title: "遗失声明",
            lines: vec![
                format!(
                    "清河县云水商贸行营业执照副本遗失，编号3700{}，声明作废。",
                    number(10_000, 99_999)
                ),
                format!("何青禾身份证遗失，编号3700{}，声明作废。", number(10_000, 99_999)),
            ],
        },
        2 => Extra {
            kind: "news",
            title: "福利彩票开奖公告",
            lines: vec![
                format!(
                    "双色球第2025{}期：{:02} {:02} {:02} {:02}",
                    number(100, 150),
                    number(1, 9),
                    number(10, 15),
                    number(16, 22),
                    number(23, 33)
                ),
                format!(
                    "3D第2025{}期：{} {} {}",
                    number(240, 260),
                    number(0, 9),
                    number(0, 9),
                    number(0, 9)
                ),
            ],
        },
        3 => Extra {
            kind: "news",
            title: "今明两天天气预报",
            lines: vec![
                format!(
                    "今天白天到夜间：晴转多云，南风三级，{}℃到{}℃。",
                    number(15, 19),
                    number(24, 29)
                ),
                format!("明天：多云转小雨，北风四级，{}℃到{}℃。", number(12, 16), number(20, 24)),
            ],
        },
        _ => Extra {
            kind: "notice",
            title: "清河县第一中学招聘启事",
            lines: vec![
                format!(
                    "因工作需要，现面向社会招聘后勤人员{}名，要求身体健康，责任心强。",
                    number(2, 9)
                ),
                "报名时间：9月16日至9月20日".to_owned(),
                "联系电话：0000-0000000".to_owned(),
            ],
        },
    }
}
