//! Chinese surnames.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Surnames of one character, the common ones first.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏\
魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常\
温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛\
曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏\
宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗\
燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁\
芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元\
赖聂占宛郏浑束檀衣信展阴昝智幸奉植衡富尧闭由";

/// Surnames of two characters.
const COMPOUND: [&str; 16] = [
    "欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "令狐", "公孙", "慕容", "司徒", "端木", "夏侯",
    "东方", "独孤", "南宫", "长孙",
];

/// How many of the list, from its start, are common.
const COMMON_COUNT: usize = 150;

/// Each surname of one character, and whether it is common.
static RANKS: LazyLock<HashMap<char, bool>> = LazyLock::new(|| {
    let ranked = SURNAMES.chars().enumerate();
    ranked.map(|(rank, surname)| (surname, rank < COMMON_COUNT)).collect()
});

/// How many characters of a surname `text` begins with: 0, 1 or 2.
pub fn length(text: &str) -> usize {
    let Some(first) = text.chars().next() else { return 0 };
    if COMPOUND.iter().any(|surname| text.starts_with(surname)) {
        return 2;
    }
    usize::from(RANKS.contains_key(&first))
}

/// Whether `surname` is one of the common ones.
pub fn is_common(surname: char) -> bool {
    RANKS.get(&surname).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::is_common;
    use super::length;

    #[test]
    fn surnames_have_one_or_two_characters() {
        assert_eq!((length("欧阳春雨"), length("周小禾"), length("的"), length("")), (2, 1, 0, 0));
    }

    #[test]
    fn common_surnames_stand_first() {
        assert!(is_common('王') && !is_common('由') && !is_common('的'));
    }
}
