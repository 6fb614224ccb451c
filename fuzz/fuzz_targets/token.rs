//! Page tokens: one that we did not give is refused as the caller's mistake, whatever it holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prost::Message;
use wenmai::proto::wire;

fuzz_target!(|token: &str| {
    let list = wire::ListArticlesRequest { page_token: token.into(), ..Default::default() };
    let refused =
        wenmai_fuzz::call("/wenmai.v1.ArticleService/ListArticles", &list.encode_to_vec());
    let search = wire::SearchArticlesRequest {
        query: "清河".into(),
        page_token: token.into(),
        ..Default::default()
    };
    let too = wenmai_fuzz::call("/wenmai.v1.SearchService/SearchArticles", &search.encode_to_vec());
    let topics = wire::ListTopicsRequest { page_token: token.into(), ..Default::default() };
    let also = wenmai_fuzz::call("/wenmai.v1.TopicService/ListTopics", &topics.encode_to_vec());
    if !token.is_empty() {
        // INVALID_ARGUMENT
        assert_eq!([refused, too, also], ["3", "3", "3"]);
    }
});
