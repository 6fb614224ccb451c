//! Any bytes as the message of any call: answered or refused, never a fault of ours.
//!
//! The first byte chooses the method, the rest is the message as it comes off the wire.
#![no_main]

use libfuzzer_sys::Corpus;
use libfuzzer_sys::fuzz_target;

const METHODS: [&str; 26] = [
    "ArticleService/ParsePage",
    "ArticleService/ParseIssue",
    "ArticleService/IngestPage",
    "ArticleService/IngestArticles",
    "ArticleService/BatchUpsertArticles",
    "ArticleService/GetArticle",
    "ArticleService/ListArticles",
    "ArticleService/DeleteArticle",
    "EmbeddingService/EmbedTexts",
    "InfoService/GetInfo",
    "SearchService/SearchArticles",
    "SearchService/FindRelatedArticles",
    "SearchService/FindReprints",
    "SummaryService/SummarizeArticle",
    "SummaryService/SummarizeArticles",
    "SummaryService/SummarizeTopic",
    "TopicService/ListTopics",
    "TopicService/GetTopic",
    "TopicService/ListTopicArticles",
    "TopicService/SearchTopics",
    "TopicService/GetTopicTimeline",
    "TopicService/GetTrending",
    "TopicService/ClusterArticles",
    "TopicService/MergeTopics",
    "TopicService/SplitTopic",
    "TopicService/UpdateTopic",
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((first, message)) = bytes.split_first() else { return Corpus::Reject };
    let method = METHODS[usize::from(*first) % METHODS.len()];
    wenmai_fuzz::call(&format!("/wenmai.v1.{method}"), message);
    Corpus::Keep
});
