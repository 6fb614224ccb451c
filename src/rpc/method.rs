//! The methods that there are, and how calls of each are let in, as the contract says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use prost::Message;

use crate::access::Right;
use wenmai_proto::DESCRIPTORS;
use wenmai_proto::wire;
use wenmai_telemetry::label::Lane;

/// What a method that is none is called, in OpenTelemetry's words.
const OTHER: &str = "_OTHER";
/// Reflection, whose methods are not in our descriptors.
const REFLECTION: [&str; 2] = [
    "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// A method, and how calls of it are let in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Method {
    /// `package.Service/Method`.
    pub(super) name: String,
    /// What the key of the caller must allow.
    pub(super) needed: Right,
    /// The limits that a call shares.
    pub(super) lane: Lane,
}

static METHODS: LazyLock<BTreeMap<String, Method>> = LazyLock::new(|| {
    let reflection = REFLECTION.map(|name| Method {
        name: name.to_owned(),
        needed: Right::Read,
        lane: Lane::Stream,
    });
    let all = methods().into_iter().map(Method::of).chain(reflection);
    all.map(|method| (method.name.clone(), method)).collect()
});
/// What a call of no method is counted as; nobody who may only read reaches it.
static NONE: LazyLock<Method> = LazyLock::new(|| Method::of((OTHER.to_owned(), None)));

/// The method at `path` (`/package.Service/Method`); one called `_OTHER` if there is none.
pub(super) fn at(path: &str) -> &'static Method {
    METHODS.get(path.strip_prefix('/').unwrap_or(path)).unwrap_or(&NONE)
}

impl Method {
    fn of((name, rule): (String, Option<wire::CallRule>)) -> Self {
        let rule = rule.unwrap_or_default();
        let needed = match rule.access() {
            wire::CallAccess::Read => Right::Read,
            wire::CallAccess::Write | wire::CallAccess::Unspecified => Right::Write,
        };
        let lane = match rule.lane() {
            wire::CallLane::Read => Lane::Read,
            wire::CallLane::Long => Lane::Long,
            wire::CallLane::Stream => Lane::Stream,
            wire::CallLane::Write | wire::CallLane::Unspecified => Lane::Write,
        };
        Self { name, needed, lane }
    }
}

/// The methods of the contract and their rules.
fn methods() -> Vec<(String, Option<wire::CallRule>)> {
    // The descriptors are made by the same build; without them every method counts as one that
    // writes, under one name.
    let files = Files::decode(DESCRIPTORS).unwrap_or_default().file;
    let mut methods = Vec::new();
    for File { package, service } in files {
        for Service { name: service_name, method } in service {
            methods.extend(method.into_iter().map(|method| {
                let name = format!("{package}.{service_name}/{}", method.name);
                (name, method.options.and_then(|options| options.rule))
            }));
        }
    }
    methods
}

// The parts of `google/protobuf/descriptor.proto` that lead to our option, with its numbers there:
// the types of prost-types know no options but Google's.

#[derive(Clone, PartialEq, prost::Message)]
struct Files {
    #[prost(message, repeated, tag = "1")]
    file: Vec<File>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct File {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "6")]
    service: Vec<Service>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Service {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    method: Vec<OneMethod>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct OneMethod {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "4")]
    options: Option<Options>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Options {
    /// `(wenmai.v1.rule)`.
    #[prost(message, optional, tag = "50751")]
    rule: Option<wire::CallRule>,
}

#[cfg(test)]
mod tests {
    use prost::Message;
    use prost_types::FileDescriptorSet;

    use super::OTHER;
    use super::REFLECTION;
    use super::at;
    use super::methods;
    use crate::access::Right;
    use wenmai_proto::DESCRIPTORS;
    use wenmai_proto::wire::CallAccess;
    use wenmai_proto::wire::CallLane;
    use wenmai_telemetry::label::Lane;

    #[test]
    fn every_method_says_how_calls_are_let_in() {
        let methods = methods();
        assert!(methods.len() > 15, "{methods:?}");
        for (name, rule) in methods {
            let rule = rule.unwrap_or_else(|| panic!("{name} has no rule"));
            assert_ne!(rule.access(), CallAccess::Unspecified, "{name}");
            assert_ne!(rule.lane(), CallLane::Unspecified, "{name}");
            let is_of_writers = rule.lane() == CallLane::Write;
            if is_of_writers {
                assert_eq!(rule.access(), CallAccess::Write, "{name}");
            }
            assert_eq!(at(&format!("/{name}")).name, name);
        }
    }

    #[test]
    fn streams_and_only_streams_are_in_the_lane_of_streams() {
        for file in FileDescriptorSet::decode(DESCRIPTORS).unwrap().file {
            for service in &file.service {
                for method in &service.method {
                    let name = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    let streams = method.client_streaming() || method.server_streaming();
                    assert_eq!(at(&name).lane == Lane::Stream, streams, "{name}");
                }
            }
        }
        for reflection in REFLECTION {
            assert_eq!((at(reflection).lane, at(reflection).needed), (Lane::Stream, Right::Read));
        }
    }

    #[test]
    fn what_is_no_method_has_one_name_and_needs_the_most() {
        for path in ["", "/", "/wenmai.v1.SearchService/Nothing", "/x"] {
            assert_eq!((at(path).name.as_str(), at(path).needed), (OTHER, Right::Write));
        }
    }

    #[test]
    fn who_may_only_read_can_ask_and_not_store() {
        let needed = |name: &str| at(&format!("/wenmai.v1.{name}")).needed;
        assert_eq!(needed("ArticleService/GetArticle"), Right::Read);
        assert_eq!(needed("SummaryService/SummarizeTopic"), Right::Read);
        for name in ["ArticleService/IngestPage", "TopicService/MergeTopics"] {
            assert_eq!(needed(name), Right::Write, "{name}");
        }
    }
}
