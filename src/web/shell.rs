//! What stands around every page: navigation, search, language, light and dark.

use crate::assets;
use crate::visit::Form;
use crate::visit::Visit;
use crate::visit::encoded;
use crate::words::Lang;

/// Which part of the navigation a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    Today,
    Themes,
    Brief,
    Search,
    Watch,
    Map,
    Layout,
    None,
}

/// An entry of the navigation.
pub(crate) struct Entry {
    pub(crate) href: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
    /// The key that leads there, behind `g`.
    pub(crate) key: &'static str,
}

/// What the frame of a page shows.
pub(crate) struct Shell {
    pub(crate) l: Lang,
    pub(crate) theme: &'static str,
    pub(crate) title: String,
    pub(crate) entries: Vec<Entry>,
    /// What stands in the box for searches.
    pub(crate) asked: String,
    pub(crate) may_write: bool,
    pub(crate) is_signed_in: bool,
    pub(crate) token: String,
    /// The same page in the other language, lighter or darker.
    pub(crate) lang_href: String,
    pub(crate) theme_href: String,
    pub(crate) json: String,
    /// The address of a feed of this page; empty where there is none.
    pub(crate) feed: String,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
}

impl Shell {
    pub(crate) fn of(visit: &Visit, tab: Tab, title: impl Into<String>) -> Self {
        let l = visit.lang;
        let entry = |of: Tab, href, name, key| Entry { href, name, is_here: of == tab, key };
        let back = |name: &str, value: &str| {
            let pairs = [(name.to_owned(), value.to_owned()), ("to".to_owned(), visit.here())];
            format!("/settings?{}", encoded(&pairs))
        };
        let is_search = tab == Tab::Search;
        let asked = visit.value("q").filter(|_| is_search).unwrap_or_default();
        let next_theme = match visit.theme {
            "" => "dark",
            "dark" => "light",
            _ => "auto",
        };
        Self {
            l,
            theme: visit.theme,
            title: title.into(),
            entries: vec![
                entry(Tab::Today, "/", l.today(), "h"),
                entry(Tab::Themes, "/themes", l.themes(), "t"),
                entry(Tab::Brief, "/brief", l.day_brief(), "b"),
                entry(Tab::Search, "/search", l.search(), "s"),
                entry(Tab::Watch, "/watch", l.watch(), "w"),
                entry(Tab::Map, "/map", l.map(), "m"),
                entry(Tab::Layout, "/layout", l.layout(), "l"),
            ],
            asked: asked.to_owned(),
            may_write: visit.may_write(),
            is_signed_in: visit.session.is_some(),
            token: visit.token(),
            lang_href: back("lang", l.other().code()),
            theme_href: back("theme", next_theme),
            json: if visit.form == Form::Html { visit.here_as("json") } else { String::new() },
            feed: String::new(),
            style: assets::style(),
            script: assets::script(),
        }
    }

    /// With a feed of what the page shows.
    pub(crate) fn with_feed(mut self, visit: &Visit) -> Self {
        self.feed = visit.here_as("atom");
        self
    }

    /// What the switch of light and dark says.
    pub(crate) fn theme_name(&self) -> &'static str {
        match self.theme {
            "" => self.l.theme_auto(),
            "dark" => self.l.theme_dark(),
            _ => self.l.theme_light(),
        }
    }
}
