//! Questions: what remains to look for once the asking is taken away.

/// Words that ask and name nothing, the longer before those that they hold.
const ASKING: [&str; 33] = [
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
    fn a_statement_stays() {
        assert_eq!(without_asking("清河大桥通车"), None);
    }

    #[test]
    fn a_text_that_only_asks_stays() {
        assert_eq!(without_asking("为什么？"), None);
        assert_eq!(without_asking("？"), None);
    }
}
