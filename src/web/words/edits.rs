//! What edits of topics will do and did.

use super::Lang;

impl Lang {
    pub(crate) fn will_rename(self, old: &str, new: &str) -> String {
        match self {
            Self::Zh => format!("“{old}”将改名为“{new}”。"),
            Self::En => format!("“{old}” will be called “{new}”."),
        }
    }

    pub(crate) fn will_unname(self, old: &str) -> String {
        match self {
            Self::Zh => format!("“{old}”将恢复自动命名。"),
            Self::En => format!("“{old}” will name itself again."),
        }
    }

    pub(crate) fn will_pin(self, label: &str) -> String {
        match self {
            Self::Zh => format!("“{label}”将被固定：不再自动合并或拆分，新报道仍会归入。"),
            Self::En => format!("“{label}” will never be merged or divided by itself."),
        }
    }

    pub(crate) fn will_unpin(self, label: &str) -> String {
        match self {
            Self::Zh => format!("“{label}”将不再固定。"),
            Self::En => format!("“{label}” will no longer be pinned."),
        }
    }

    pub(crate) fn will_merge(self, one: (&str, u32), other: (&str, u32)) -> String {
        let (a, m) = one;
        let (b, n) = other;
        match self {
            Self::Zh => {
                format!("“{a}”（{m} 篇）与“{b}”（{n} 篇）将合为一个话题，共 {} 篇。", m + n)
            }
            Self::En => format!("“{a}” ({m}) and “{b}” ({n}) become one topic of {}.", m + n),
        }
    }

    pub(crate) fn will_split(self, label: &str, chosen: u32, rest: u32) -> String {
        match self {
            Self::Zh => format!("从“{label}”分出 {chosen} 篇为新话题，原话题余 {rest} 篇。"),
            Self::En => {
                format!("{chosen} leave “{label}” and become a new topic; {rest} stay.")
            }
        }
    }

    pub(crate) fn will_move(self, count: usize, from: &str, to: &str) -> String {
        match self {
            Self::Zh => format!("把 {count} 篇从“{from}”移到“{to}”。"),
            Self::En => format!("{count} go from “{from}” to “{to}”."),
        }
    }

    pub(crate) fn will_restore(self, count: usize) -> String {
        match self {
            Self::Zh => format!("把 {count} 篇移回原来的话题。"),
            Self::En => format!("{count} go back to where they were."),
        }
    }

    pub(crate) fn done_split(self, label: &str, count: u32) -> String {
        match self {
            Self::Zh => format!("已分出新话题“{label}”，{count} 篇。"),
            Self::En => format!("The new topic is “{label}”, {count} articles."),
        }
    }

    pub(crate) fn done_merge(self, label: &str, count: u32) -> String {
        match self {
            Self::Zh => format!("已合并为“{label}”，共 {count} 篇。"),
            Self::En => format!("Merged into “{label}”, {count} articles."),
        }
    }

    pub(crate) fn done_move(self, count: usize) -> String {
        match self {
            Self::Zh => format!("已移入 {count} 篇。"),
            Self::En => format!("{count} moved here."),
        }
    }

    pub(crate) fn done_restore(self, count: usize) -> String {
        match self {
            Self::Zh => format!("已移回 {count} 篇。"),
            Self::En => format!("{count} moved back."),
        }
    }
}
