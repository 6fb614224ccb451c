//! The page parser: no text may break it, and every span must lie in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wenmai_page as page;
use wenmai_page::Issue;

fuzz_target!(|text: &str| {
    let page = page::parse(text, &Issue::default());
    let whole = page.extracted.as_deref().unwrap_or(text);
    let parts = page.articles.iter().flat_map(|parsed| parsed.spans.spans());
    for span in parts.chain(page.unassigned.iter().copied()).chain(page.marks.iter().copied()) {
        assert!(span.of(whole).is_some(), "{span:?} is no span");
    }
});
