//! Questions: what remains to look for once the asking is taken away.

/// Words that ask and name nothing, the longer before those that they hold.
const ASKING: [&str; 53] = [
    "都说了些什么",
    "都说了什么",
    "说了些什么",
    "说了什么",
    "说过什么",
    "怎么说的",
    "怎么说",
    "如何看待",
    "怎么看待",
    "怎么看",
    "怎么评价",
    "如何评价",
    "怎么回应",
    "如何回应",
    "作何回应",
    "有什么看法",
    "有何看法",
    "有何评论",
    "有何影响",
    "是多少",
    "为什么",
    "是什么",
    "有什么",
    "什么时候",
    "什么时间",
    "什么地方",
    "什么样",
    "怎么样",
    "怎么办",
    "怎么回事",
    "有没有",
    "是不是",
    "能不能",
    "会不会",
    "多少钱",
    "什么",
    "怎么",
    "怎样",
    "如何",
    "为何",
    "为啥",
    "何时",
    "何地",
    "何处",
    "哪里",
    "哪儿",
    "哪些",
    "哪个",
    "哪年",
    "哪天",
    "多少",
    "请问",
    "是否",
];

/// Particles that end a question.
const ENDS: [char; 4] = ['吗', '呢', '?', '？'];

/// `text` without what asks in it, if it is a question; a text that only asks stays as it is.
///
/// 谁 and 几 stay: they stand in too many words that are no question.
#[must_use]
pub fn without_asking(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let body = trimmed.trim_end_matches(ENDS);
    let mut found = body.to_owned();
    for word in ASKING {
        if found.contains(word) {
            found = found.replace(word, " ");
        }
    }
    let words: Vec<&str> = found.split_whitespace().collect();
    let found = words.join(" ");
    (found != trimmed && found.chars().any(char::is_alphanumeric)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::without_asking;

    #[test]
    fn what_asks_is_taken_away() {
        assert_eq!(without_asking("清河大桥什么时候通车？").as_deref(), Some("清河大桥 通车"));
        assert_eq!(without_asking("请问清河水价涨了吗").as_deref(), Some("清河水价涨了"));
    }

    #[test]
    fn what_somebody_said_is_asked_by_who_and_about_what() {
        for (question, left) in [
            ("王莆中关于外卖说了什么？", "王莆中关于外卖"),
            ("周小禾怎么评价清河大桥", "周小禾 清河大桥"),
            ("县长对涨价有何看法", "县长对涨价"),
            ("清河水价是多少", "清河水价"),
        ] {
            assert_eq!(without_asking(question).as_deref(), Some(left));
        }
    }

    #[test]
    fn a_statement_stays() {
        assert_eq!(without_asking("清河大桥通车"), None);
    }

    #[test]
    fn a_text_that_only_asks_stays() {
        assert_eq!(without_asking("为什么？"), None);
        assert_eq!(without_asking("？"), None);
    }
}
