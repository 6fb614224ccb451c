//! Page tokens: where a list goes on, bound to the request that it answers.
//!
//! A token is opaque to clients. It holds a position and a hash over method, request and position,
//! so a token of another request, or a changed one, is refused. It is no secret and grants nothing.

use prost::Message;
use sha2::Digest;
use sha2::Sha256;

use wenmai_domain::digest::hex;
use wenmai_domain::digest::unhex;
use wenmai_domain::id::ArticleId;
use wenmai_engine::Violation;

/// Bytes of the hash that a token carries; enough against accidents, and there is nothing to forge.
const HASH_BYTES: usize = 8;

/// What a token is bound to: a method and the request without its page size and token.
#[derive(Debug, Clone)]
pub struct Binding(Sha256);

impl Binding {
    /// Binds to `method` and to `request`, from which the caller has cleared page size and page
    /// token.
    ///
    /// Requests with map fields must not be given: a map's bytes have no fixed order.
    pub fn new(method: &str, request: &impl Message) -> Self {
        let mut hash = Sha256::new();
        hash.update(method.as_bytes());
        hash.update([0]);
        hash.update(request.encode_to_vec());
        Self(hash)
    }

    /// A token for `position`.
    fn seal(&self, position: &[u8]) -> String {
        let hash = self.hash(position);
        hex(&[position, &hash].concat())
    }

    /// The position in `token`; `None` for an empty token, which asks for the beginning.
    fn open<const N: usize>(&self, token: &str) -> Result<Option<[u8; N]>, Violation> {
        if token.is_empty() {
            return Ok(None);
        }
        let invalid = || Violation::new("page_token", "is not a token of this request");
        let bytes = unhex(token).ok_or_else(invalid)?;
        let (position, hash) = bytes.split_first_chunk::<N>().ok_or_else(invalid)?;
        if hash != self.hash(position) {
            return Err(invalid());
        }
        Ok(Some(*position))
    }

    /// A token to go on at hit number `offset`, from 0.
    #[must_use]
    pub fn seal_offset(&self, offset: u32) -> String {
        self.seal(&offset.to_be_bytes())
    }

    /// The offset in `token`; 0 for an empty one.
    ///
    /// # Errors
    /// A violation of `page_token` if it is not one of this request.
    pub fn open_offset(&self, token: &str) -> Result<u32, Violation> {
        Ok(self.open(token)?.map_or(0, u32::from_be_bytes))
    }

    /// A token to go on at article `id`, that one included.
    #[must_use]
    pub fn seal_id(&self, id: ArticleId) -> String {
        self.seal(id.uuid().as_bytes())
    }

    /// The article in `token`; `None` for an empty one.
    ///
    /// # Errors
    /// A violation of `page_token` if it is not one of this request.
    pub fn open_id(&self, token: &str) -> Result<Option<ArticleId>, Violation> {
        Ok(self.open(token)?.map(|bytes| ArticleId::from(uuid::Uuid::from_bytes(bytes))))
    }

    fn hash(&self, position: &[u8]) -> Vec<u8> {
        let mut hash = self.0.clone();
        hash.update(position);
        hash.finalize().iter().copied().take(HASH_BYTES).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Binding;
    use wenmai_proto::wire;

    fn binding(query: &str) -> Binding {
        let request = wire::SearchArticlesRequest { query: query.into(), ..Default::default() };
        Binding::new("SearchArticles", &request)
    }

    #[test]
    fn a_token_comes_back_as_it_was_sealed() {
        let here = binding("防汛");
        assert_eq!(here.open_offset(&here.seal_offset(30)), Ok(30));
        let id = uuid::Uuid::from_u128(7).into();
        assert_eq!(here.open_id(&here.seal_id(id)), Ok(Some(id)));
        assert_eq!(here.open_offset(""), Ok(0));
    }

    #[test]
    fn tokens_of_other_requests_methods_and_kinds_are_refused() {
        let here = binding("防汛");
        assert!(here.open_offset(&binding("抗旱").seal_offset(30)).is_err());
        let elsewhere = Binding::new("Other", &wire::SearchArticlesRequest::default());
        assert!(here.open_offset(&elsewhere.seal_offset(30)).is_err());
        assert!(here.open_id(&here.seal_offset(30)).is_err());
    }

    #[test]
    fn a_changed_position_is_refused() {
        let here = binding("防汛");
        let token = here.seal_offset(30).replacen("0000001e", "0000001f", 1);
        assert!(here.open_offset(&token).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".*") {
            let _ = binding("防汛").open_id(&text);
            let _ = binding("防汛").open_offset(&text);
        }
    }
}
