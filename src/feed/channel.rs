//! What a feed says of itself beside its items: its name, and how often it is worth asking for.
//!
//! Read are `ttl`, `skipHours` and `skipDays` of RSS 2.0, and `updatePeriod` with `updateFrequency` of
//! the syndication module. Source: <https://www.rssboard.org/rss-specification>,
//! <https://web.resource.org/rss/1.0/modules/syndication/>.

use crate::Format;
use crate::markup;
use crate::xml::tree;
use crate::xml::tree::Element;

/// Minutes that a feed can ask to be left alone for, at most: a week.
const MINUTES_MAX: u32 = 7 * 24 * 60;

/// What a feed says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channel {
    /// Its name; empty where it has none.
    pub title: String,
    /// Minutes for which a copy of it is good enough.
    pub ttl_minutes: Option<u32>,
    /// Hours of the day in UTC at which it need not be asked: bit 0 is the hour from midnight on.
    pub skip_hours: u32,
    /// Days of the week in UTC on which it need not be asked: bit 0 is Monday.
    pub skip_days: u8,
}

/// What the feed `text` of the given format says of itself; nothing where it is another format, or
/// broken.
#[must_use]
pub fn channel(text: &str, format: Format) -> Channel {
    match format {
        Format::Rss | Format::Rdf | Format::Atom => {
            tree::parse(text.trim_start_matches('\u{feff}'))
                .map(|(root, _)| of_xml(&root))
                .unwrap_or_default()
        }
        Format::JsonFeed => {
            let whole: Option<serde_json::Value> = serde_json::from_str(text).ok();
            let title = whole.as_ref().and_then(|whole| whole.get("title")?.as_str());
            Channel { title: markup::line(title.unwrap_or_default()), ..Channel::default() }
        }
        Format::JsonLines
        | Format::JsonArray
        | Format::Ninjs
        | Format::NewsMl
        | Format::Xml
        | Format::Csv
        | Format::Tsv
        | Format::Html
        | Format::Text
        | Format::Opml
        | Format::Parquet
        | Format::Excel
        | Format::Document
        | Format::Pdf
        | Format::Archive
        | Format::Sqlite
        | Format::Media
        | Format::Code
        | Format::Binary
        | Format::Empty => Channel::default(),
    }
}

fn of_xml(root: &Element) -> Channel {
    let channel = root.child("channel").unwrap_or(root);
    let text = |name| channel.child(name).map(Element::content).unwrap_or_default();
    let number = |name| text(name).trim().parse::<u32>().ok();
    let ttl = number("ttl").filter(|minutes| *minutes > 0);
    let period = match text("updatePeriod").trim().to_ascii_lowercase().as_str() {
        "hourly" => Some(60),
        "daily" => Some(24 * 60),
        "weekly" | "monthly" | "yearly" => Some(MINUTES_MAX),
        _ => None,
    };
    let often = number("updateFrequency").unwrap_or(1).max(1);
    let ttl = ttl.max(period.map(|minutes: u32| minutes / often));
    let hours = channel.child("skipHours");
    let hours = hours.iter().flat_map(|hours| hours.children("hour"));
    let hours = hours.filter_map(|hour| hour.content().trim().parse::<u32>().ok());
    // Some count from 1 to 24.
    let skip_hours = hours.filter(|hour| *hour <= 24).fold(0, |all, hour| all | 1 << (hour % 24));
    let days = channel.child("skipDays");
    let days = days.iter().flat_map(|days| days.children("day"));
    let skip_days =
        days.filter_map(|day| weekday(&day.content())).fold(0, |all, day| all | 1 << day);
    Channel {
        title: markup::line(&text("title")),
        ttl_minutes: ttl.map(|minutes| minutes.min(MINUTES_MAX)),
        skip_hours,
        skip_days,
    }
}

/// The number of a day of the week from Monday, 0.
fn weekday(name: &str) -> Option<u8> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let name = name.trim().to_ascii_lowercase();
    DAYS.iter().zip(0..).find(|(day, _)| name.starts_with(**day)).map(|(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::Channel;
    use super::channel;
    use crate::Format;

    #[test]
    fn a_feed_says_how_often_it_is_to_be_asked() {
        let text = "<rss><channel><title>清河网 &amp; 要闻</title><ttl> 90 </ttl>\
            <skipHours><hour>0</hour><hour>24</hour><hour>5</hour><hour>77</hour></skipHours>\
            <skipDays><day>Sunday</day><day>sat</day><day>x</day></skipDays>\
            <item><title>开镰</title><ttl>7</ttl></item></channel></rss>";
        let said = channel(text, Format::Rss);
        assert_eq!((said.title.as_str(), said.ttl_minutes), ("清河网 & 要闻", Some(90)));
        assert_eq!((said.skip_hours, said.skip_days), (0b10_0001, 0b110_0000));
        let text = "<rdf:RDF xmlns:rdf=\"r\"><channel><title>清</title><sy:updatePeriod>daily</sy:updatePeriod>\
            <sy:updateFrequency>4</sy:updateFrequency></channel></rdf:RDF>";
        assert_eq!(channel(text, Format::Rdf).ttl_minutes, Some(360));
        let text = "<rss><channel><ttl>999999999999</ttl></channel></rss>";
        assert_eq!(channel(text, Format::Rss), Channel::default());
        let text = "<rss><channel><ttl>4000000000</ttl></channel></rss>";
        assert_eq!(channel(text, Format::Rss).ttl_minutes, Some(10_080));
        assert_eq!(channel("{\"title\": \"清\"}", Format::JsonFeed).title, "清");
    }
}
