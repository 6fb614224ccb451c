//! The methods that there are: a call of any other is counted under one name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use prost::Message;
use prost_types::FileDescriptorSet;

use crate::DESCRIPTORS;
use crate::access::Right;
use crate::access::needed;
use wenmai_telemetry::label::Lane;

/// What a method that is none is called, in OpenTelemetry's words.
pub(super) const OTHER: &str = "_OTHER";
/// Not ours, and not in our descriptors.
const REFLECTION: &str = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// Calls that last as long as their client likes.
pub(super) const STREAMS: [&str; 3] =
    ["wenmai.v1.ArticleService/IngestArticles", "wenmai.v1.TopicService/WatchTopics", REFLECTION];

/// Calls that only read and may take seconds: in a lane of their own they keep no search waiting.
const LONG: [&str; 6] = [
    "wenmai.v1.ArticleService/ParsePage",
    "wenmai.v1.ArticleService/ParseIssue",
    "wenmai.v1.SummaryService/SummarizeArticle",
    "wenmai.v1.SummaryService/SummarizeArticles",
    "wenmai.v1.SummaryService/SummarizeTopic",
    "wenmai.v1.TopicService/ClusterArticles",
];

static METHODS: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    // The descriptors are made by the same build; without them no method has a name, and all is
    // counted under `_OTHER`.
    let files = FileDescriptorSet::decode(DESCRIPTORS).unwrap_or_default().file;
    let mut methods = BTreeSet::from([REFLECTION.to_owned()]);
    for file in &files {
        for service in &file.service {
            let service_name = format!("{}.{}", file.package(), service.name());
            let names = service.method.iter().map(|of| format!("{service_name}/{}", of.name()));
            methods.extend(names);
        }
    }
    methods
});

/// The name of the method at `path` (`/package.Service/Method`), without the slash before it.
pub(super) fn named(path: &str) -> &'static str {
    let name = path.strip_prefix('/').unwrap_or(path);
    METHODS.get(name).map_or(OTHER, String::as_str)
}

/// The limits that a call of `method` shares.
pub(super) fn lane(method: &str) -> Lane {
    if STREAMS.contains(&method) {
        return Lane::Stream;
    }
    match needed(method) {
        Right::Read if LONG.contains(&method) => Lane::Long,
        Right::Read => Lane::Read,
        Right::Write => Lane::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::LONG;
    use super::METHODS;
    use super::OTHER;
    use super::STREAMS;
    use super::lane;
    use super::named;
    use wenmai_telemetry::label::Lane;

    #[test]
    fn methods_of_the_contract_have_their_names_and_others_have_one() {
        let search = "wenmai.v1.SearchService/SearchArticles";
        assert_eq!(named(&format!("/{search}")), search);
        assert_eq!(named("/wenmai.v1.SearchService/Nothing"), OTHER);
        assert_eq!(named(""), OTHER);
        assert!(METHODS.len() > 15, "{METHODS:?}");
    }

    #[test]
    fn every_stream_is_a_method_and_shares_the_limits_of_streams() {
        for stream in STREAMS {
            assert_eq!(named(&format!("/{stream}")), stream);
            assert_eq!(lane(stream), Lane::Stream);
        }
        for long in LONG {
            assert_eq!(named(&format!("/{long}")), long);
            assert_eq!(lane(long), Lane::Long);
        }
        assert_eq!(lane("wenmai.v1.ArticleService/GetArticle"), Lane::Read);
        assert_eq!(lane("wenmai.v1.ArticleService/DeleteArticle"), Lane::Write);
    }
}
