//! Filters: read or refused, with the place of the mistake in the text; and asking one never fails.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::filter::Filter;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;

fuzz_target!(|text: &str| {
    match Filter::parse(text) {
        Ok(filter) => {
            let article = Article::new(Record { title: "清河".into(), ..Record::default() });
            let group = GroupId::found(article.id, "hash");
            let standing = Membership { group, is_original: true };
            let passes = filter.matches(&article, standing);
            let denied = Filter::Not(Box::new(filter)).matches(&article, standing);
            assert_ne!(passes, denied);
        }
        Err(invalid) => assert!(invalid.at_char <= text.chars().count(), "{invalid}"),
    }
});
