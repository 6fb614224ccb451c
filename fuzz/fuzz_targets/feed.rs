//! Feeds and exports: no bytes may break them, what is taken has what an article needs, a record
//! written as a line comes back, and a list of feeds names addresses only.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wenmai_feed as feed;
use wenmai_feed::Format;
use wenmai_feed::Options;
use wenmai_feed::channel;
use wenmai_feed::encoding;
use wenmai_feed::format;
use wenmai_feed::json;
use wenmai_feed::names::Names;
use wenmai_feed::opml;

fuzz_target!(|bytes: &[u8]| {
    let names = Names::default();
    let format = format::detect(bytes, "", &names);
    let Ok(decoded) = encoding::decode(bytes, None) else { return };
    let text = &*decoded.text;
    if format == Format::Opml
        && let Ok(outlines) = opml::outlines(text)
    {
        assert!(!outlines.is_empty() && outlines.iter().all(|one| !one.url.trim().is_empty()));
    }
    let said = channel::channel(text, format);
    assert!(said.skip_hours < 1 << 24 && said.skip_days < 1 << 7);
    assert!(said.ttl_minutes.is_none_or(|minutes| minutes <= 7 * 24 * 60));
    let options = Options::default();
    let Ok((_, items)) = feed::read(text, format, &options) else { return };
    for taken in items.into_iter().filter_map(|item| item.outcome.ok()) {
        let record = taken.record;
        assert!(!record.title.is_empty() || !record.paragraphs.is_empty(), "{record:?}");
        assert!(record.paragraphs.iter().all(|paragraph| !paragraph.is_empty()), "{record:?}");
        assert!(!record.title.contains(['\n', '\r']), "{record:?}");
    }
    // One line alone is read like one of many, or refused.
    let line = text.lines().next().unwrap_or_default();
    let _ = json::line(line, &options);
});
