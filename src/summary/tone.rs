//! Whether an article reports or comments.
//!
//! Who asks, cries out, says 我 or turns to the reader in many sentences tells what they think of it: no
//! sentence of theirs is sent on as what happened.

use crate::alone;
use crate::feature::Body;
use crate::trim;

/// Sentences that are looked at, from the start.
const READ_MAX: usize = 40;
/// Sentences of an article that can be judged, at least.
const SENTENCES_MIN: usize = 6;
/// Share of the sentences that are in the voice of a comment from which on all of it is one.
const COMMENT: f32 = 0.2;

/// Whether `body` is a comment rather than a report.
#[must_use]
pub(crate) fn comments(body: &Body<'_>) -> bool {
    let (mut all, mut own) = (0_u8, 0_u8);
    // Reporters ask where somebody answers.
    let answers = ["提问", "答记者问", "记者问"].iter().any(|word| body.text.contains(word));
    let sentences = body.clauses.chunk_by(|left, right| left.sentence == right.sentence);
    let mut from = 0;
    for clauses in sentences.take(READ_MAX) {
        let at = from;
        from += clauses.len();
        let span = clauses.first().zip(clauses.last());
        let span = span.map(|(first, last)| (first.span.start, last.span.end));
        let text = span.and_then(|(start, end)| body.text.get(start..end)).unwrap_or_default();
        if !body.is_sentence(at) {
            continue;
        }
        all += 1;
        let cries = text.ends_with(['！', '!', '…', '~']);
        let asks = !answers && body.is_question(at);
        let voice = asks || cries || trim::speaks_for_itself(text);
        own += u8::from(voice || alone::chats(text));
    }
    usize::from(all) >= SENTENCES_MIN && f32::from(own) >= COMMENT * f32::from(all)
}

#[cfg(test)]
mod tests {
    use super::comments;
    use crate::feature::Body;

    #[test]
    fn who_asks_and_cries_out_comments() {
        let report = "清河县12日开闸。渠首的石闸修了三年。县里投入两千万元。农民开始浇地。渠水流进麦田。\
                      周小禾说：“我们等了三年！”";
        assert!(!comments(&Body::new(report)), "only who is quoted cries out");
        let comment = "清河县12日开闸。石闸为什么修了三年？我看其中有故事。县里投入两千万元。渠水流进麦田。\
                       这钱花得值吗？";
        assert!(comments(&Body::new(comment)));
        assert!(!comments(&Body::new("清河县开闸啦！为什么？")), "too short to be judged");
        let session = "清河县12日答记者问。石闸为什么修了三年？县里投入多少？周小禾说，投入两千万元。\
                       渠水流进麦田。农民开始浇地。";
        assert!(!comments(&Body::new(session)), "reporters asked");
    }
}
