//! Sentences that hold a number.

use super::Lang;

/// `s` where English wants a plural.
fn s(count: impl Into<u64>) -> &'static str {
    if count.into() == 1 { "" } else { "s" }
}

impl Lang {
    pub(crate) fn articles_of(self, articles: u32, outlets: u32) -> String {
        match (self, outlets) {
            // Where articles name no paper or site nobody is counted.
            (Self::Zh, 0) => format!("{articles} 篇"),
            (Self::En, 0) => format!("{articles} article{}", s(articles)),
            (Self::Zh, _) => format!("{articles} 篇 · {outlets} 家"),
            (Self::En, _) => {
                format!("{articles} article{} · {outlets} outlet{}", s(articles), s(outlets))
            }
        }
    }

    pub(crate) fn stories_of(self, stories: u32, articles: u32) -> String {
        match self {
            Self::Zh => format!("{stories} 个故事 · {articles} 篇"),
            Self::En => {
                let story = if stories == 1 { "story" } else { "stories" };
                format!("{stories} {story} · {articles} article{}", s(articles))
            }
        }
    }

    pub(crate) fn shown_stories(self, shown: usize, total: u32) -> String {
        match self {
            Self::Zh => format!("显示 {shown} / 共 {total} 个"),
            Self::En => format!("{shown} of {total}"),
        }
    }

    pub(crate) fn new_since(self, count: usize) -> String {
        match self {
            Self::Zh => format!("上次来访之后，有 {count} 个话题有新报道"),
            Self::En => format!("{count} with news since your last visit"),
        }
    }

    pub(crate) fn pending(self, count: u64) -> String {
        match self {
            Self::Zh => format!("还有 {count} 篇正在归入话题"),
            Self::En => format!("{count} article{} not yet in a topic", s(count)),
        }
    }

    pub(crate) fn reprints_count(self, count: u64) -> String {
        match self {
            Self::Zh => format!("其中转载 {count}"),
            Self::En => format!("{count} reprint{}", s(count)),
        }
    }

    pub(crate) fn about(self, count: u64) -> String {
        match self {
            Self::Zh => format!("{count} 篇相符"),
            Self::En => format!("{count} match"),
        }
    }

    pub(crate) fn printed_by(self, count: u32) -> String {
        match self {
            Self::Zh => format!("同一文字共 {count} 处刊登"),
            Self::En => format!("printed {count} times"),
        }
    }

    pub(crate) fn prints_part(self, share: &str) -> String {
        match self {
            Self::Zh => format!("刊登其中 {share}"),
            Self::En => format!("prints {share} of it"),
        }
    }

    /// How much more the later of two versions tells.
    pub(crate) fn characters_more(self, count: u32) -> String {
        match self {
            Self::Zh => format!("增加 {count} 字"),
            Self::En => format!("{count} characters more"),
        }
    }

    pub(crate) fn days_later(self, days: i32) -> String {
        let count = days.unsigned_abs();
        match (self, days < 0) {
            (Self::Zh, false) => format!("晚 {count} 天"),
            (Self::Zh, true) => format!("早 {count} 天"),
            (Self::En, false) => format!("{count} day{} later", s(count)),
            (Self::En, true) => format!("{count} day{} earlier", s(count)),
        }
    }

    pub(crate) fn page_of(self, page: &str) -> String {
        match self {
            Self::Zh => format!("第 {page} 版"),
            Self::En => format!("page {page}"),
        }
    }

    pub(crate) fn day_facts(self, published: u32, mentions: u32) -> String {
        match (self, mentions) {
            (Self::Zh, 0) => format!("当日 {published} 篇"),
            (Self::Zh, _) => format!("当日 {published} 篇 · 他日 {mentions} 篇提及"),
            (Self::En, 0) => format!("{published} that day"),
            (Self::En, _) => {
                format!("{published} that day · {mentions} later mention{}", s(mentions))
            }
        }
    }

    pub(crate) fn chart_note(self, most: u32, step: i32) -> String {
        match (self, step) {
            (Self::Zh, 1) => format!("每柱一天，最多一天 {most} 篇"),
            (Self::Zh, _) => format!("每柱 {step} 天，最多 {most} 篇"),
            (Self::En, 1) => format!("a bar a day, {most} at most"),
            (Self::En, _) => format!("{step} days a bar, {most} at most"),
        }
    }

    pub(crate) fn outlet_facts(self, articles: u32, originals: u32) -> String {
        match self {
            Self::Zh => format!("{articles} 篇，其中首发 {originals}"),
            Self::En => format!("{articles} article{}, {originals} first", s(articles)),
        }
    }

    pub(crate) fn shown_of(self, shown: usize, total: u32) -> String {
        match self {
            Self::Zh => format!("显示 {shown} / 共 {total} 篇"),
            Self::En => format!("{shown} of {total}"),
        }
    }

    pub(crate) fn chars(self, count: usize) -> String {
        match self {
            Self::Zh => format!("{count} 字"),
            Self::En => format!("{count} characters"),
        }
    }

    pub(crate) fn left_note(self, count: usize) -> String {
        match self {
            Self::Zh => format!("有 {count} 处文字没有归入任何文章（虚线框）。"),
            Self::En => format!("{count} passages are in no article (dashed)."),
        }
    }

    pub(crate) fn shown_topics(self, shown: usize, total: u32) -> String {
        match self {
            Self::Zh => format!("显示最热的 {shown} 个，共 {total} 个"),
            Self::En => format!("the hottest {shown} of {total}"),
        }
    }

    pub(crate) fn topics_in_all(self, count: u32) -> String {
        match self {
            Self::Zh => format!("共 {count} 个"),
            Self::En => format!("{count} in all"),
        }
    }
}
