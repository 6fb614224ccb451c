//! The names in a byline.

/// The names in a byline: 张三 李四, 张三、李四, 记者：张三.
pub(super) fn people(text: &str) -> Vec<String> {
    const ROLES: [&str; 9] =
        ["本报记者", "本报通讯员", "记者", "作者", "通讯员", "文", "撰文", "文/图", "by "];
    let mut text = text.trim().trim_matches(['(', ')', '（', '）', '【', '】']).trim();
    for role in ROLES {
        let rest = text.strip_prefix(role).filter(|rest| {
            rest.starts_with(['：', ':', '/', ' ', '|', '丨', '\u{3000}'])
                || role.ends_with(' ')
                || role.chars().count() > 2
        });
        if let Some(rest) = rest {
            text = rest.trim_start_matches(|c: char| c.is_whitespace() || "：:/|丨".contains(c));
            break;
        }
    }
    let is_han =
        |text: &str| text.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c) || c == '·');
    let parts = text.split(['、', '，', ',', ';', '；', '/', '|']).map(str::trim);
    parts
        .flat_map(|part| {
            let words: Vec<&str> = part.split_whitespace().collect();
            // Blanks part Chinese names, but stand inside Latin ones; 张 三 is one name.
            let short = words.iter().all(|word| word.chars().count() == 1);
            match words.as_slice() {
                [_, _, ..] if words.iter().all(|word| is_han(word)) && short => {
                    vec![words.concat()]
                }
                [_, _, ..] if words.iter().all(|word| is_han(word)) => {
                    words.iter().map(|word| (*word).to_owned()).collect()
                }
                _ => vec![words.join(" ")],
            }
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::people;

    #[test]
    fn bylines_are_cut_into_names() {
        for (text, names) in [
            ("周小禾", vec!["周小禾"]),
            ("本报记者 周小禾 林大川", vec!["周小禾", "林大川"]),
            ("记者：周小禾、林大川", vec!["周小禾", "林大川"]),
            ("周 禾", vec!["周禾"]),
            ("Mary Ann Lee, 林大川", vec!["Mary Ann Lee", "林大川"]),
            ("", vec![]),
        ] {
            assert_eq!(people(text), names, "{text}");
        }
    }
}
