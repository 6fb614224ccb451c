//! What tonic itself says of a request that it cannot read, in codes and reasons of the contract.

use tonic::Code;
use tonic::Status;

use crate::status::Failure;

/// The failure that a status of tonic's own stands for. Statuses of this program always have
/// details, by which they are told from tonic's; for them the result is `None`.
#[must_use]
pub fn of_transport(status: &Status) -> Option<Failure> {
    if !status.details().is_empty() {
        return None;
    }
    // The first for a message that is too large, the second for one that is when unpacked.
    if matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted) {
        return Some(Failure::RequestTooLarge);
    }
    (status.code() == Code::Internal).then(|| of_decoder(status.message()))
}

/// What is wrong with a message that tonic could not read, by what tonic says: its sentences are all
/// that tells them from a failure of our own.
fn of_decoder(sentence: &str) -> Failure {
    if let Some(why) = sentence.strip_prefix("failed to decode Protobuf message: ") {
        // The fields from the inside out, each after its message: `Article.title: Request.article: …`.
        let mut parts: Vec<&str> = why.split(": ").collect();
        let at = parts.iter().position(|part| !is_field(part)).unwrap_or(parts.len());
        let cause = parts.split_off(at).join(": ");
        let names = parts.iter().rev().filter_map(|part| part.rsplit('.').next());
        let field = names.collect::<Vec<_>>().join(".");
        return Failure::Malformed { field, is_text: cause.contains("UTF-8") };
    }
    let of_caller =
        ["protocol error: ", "Error decompressing", "Unexpected EOF", "Missing request"];
    if of_caller.iter().any(|prefix| sentence.starts_with(prefix)) {
        return Failure::Malformed { field: String::new(), is_text: false };
    }
    Failure::Unexplained { sentence: sentence.to_owned() }
}

/// Whether a part of a decoder's sentence is a field after the name of its message.
fn is_field(part: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    part.rsplit_once('.').is_some_and(|(message, field)| is_name(message) && is_name(field))
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::of_decoder;
    use crate::status::Failure;
    use wenmai_proto::wire;

    #[test]
    fn a_field_that_cannot_be_read_is_named_from_the_outside_in() {
        let told = |sentence: &str| {
            let failure = of_decoder(sentence);
            let Failure::Malformed { field, is_text } = failure else { return None };
            Some((field, is_text))
        };
        // As a message says it that is none.
        let article = wire::ArticleRecord { title: "AA".into(), ..Default::default() };
        let request = wire::BatchUpsertArticlesRequest { articles: vec![article] };
        let mut bytes = request.encode_to_vec();
        for byte in bytes.iter_mut().filter(|byte| **byte == b'A') {
            *byte = 0xff;
        }
        let error = wire::BatchUpsertArticlesRequest::decode(bytes.as_slice()).unwrap_err();
        assert_eq!(told(&error.to_string()), Some(("articles.title".to_owned(), true)));
        let error = wire::BatchUpsertArticlesRequest::decode([0xff].as_slice()).unwrap_err();
        assert_eq!(told(&error.to_string()), Some((String::new(), false)));
        assert_eq!(told("Missing request message."), Some((String::new(), false)));
        assert_eq!(told("the disk is on fire"), None);
    }
}
