//! Web pages: no markup may break the parser, and every span must lie in the text that was taken out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wenmai_page as page;
use wenmai_page::Issue;

fuzz_target!(|markup: &str| {
    let text = format!("<!DOCTYPE html><html><head>{markup}</html>");
    let page = page::parse(&text, &Issue::default());
    let whole = page.extracted.as_deref().expect("it is a web page");
    for span in page.articles.iter().flat_map(|parsed| parsed.spans.spans()) {
        assert!(span.of(whole).is_some(), "{span:?} is no span");
    }
});
