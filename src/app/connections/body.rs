//! The body of an answer on its way to the client.
//!
//! A large message goes out in pieces, so that it is seen whether the client takes it, and a call
//! that outlives its connection ends with a status instead of a broken stream.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;

use futures::FutureExt;
use http_body::Frame;
use http_body::SizeHint;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use super::activity::AnswerGuard;
use super::activity::CallGuard;
use super::activity::Cut;
use wenmai_rpc as rpc;

/// Frames of more than this go out in pieces, and it is seen whether they are taken.
const SMALL_BYTES: usize = 16 * 1024;
/// The bytes of a piece.
const PIECE_BYTES: usize = 64 * 1024;

/// An answer on its way; the call lasts until it is sent.
pub(super) struct Outgoing {
    inner: Body,
    call: CallGuard,
    cut: Cut,
    /// What is not yet sent of a large frame.
    rest: Option<Rest>,
    ended: bool,
}

/// The part of a large frame that is not yet sent.
struct Rest {
    data: Bytes,
    answer: Arc<AnswerGuard>,
}

/// A piece of a large frame, until it is written to the client.
struct Piece {
    data: Bytes,
    answer: Arc<AnswerGuard>,
}

impl Outgoing {
    pub(super) fn new(inner: Body, call: CallGuard) -> Self {
        let cut = call.activity().cut_seen();
        Self { inner, call, cut, rest: None, ended: false }
    }

    /// The next piece of a large frame.
    fn piece(&mut self) -> Option<Bytes> {
        let mut rest = self.rest.take()?;
        let data = rest.data.split_to(rest.data.len().min(PIECE_BYTES));
        let piece = Piece { data, answer: Arc::clone(&rest.answer) };
        if !rest.data.is_empty() {
            self.rest = Some(rest);
        }
        Some(Bytes::from_owner(piece))
    }

    /// Takes a frame of the call, or the first piece of a large one.
    fn sent(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        match frame.into_data() {
            Ok(data) if data.len() > SMALL_BYTES => {
                let answer = Arc::new(self.call.activity().answer());
                self.rest = Some(Rest { data, answer });
                Frame::data(self.piece().unwrap_or_default())
            }
            Ok(data) => Frame::data(data),
            Err(frame) => frame,
        }
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.answer.progress();
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        if let Some(piece) = this.piece() {
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map(|it| this.sent(it)))),
            Poll::Pending if this.cut.poll_unpin(context).is_ready() => {
                this.ended = true;
                Poll::Ready(Some(Ok(Frame::trailers(rpc::connection_ended()))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || (self.rest.is_none() && self.inner.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.inner.size_hint(), self.rest.as_ref());
        let rest = rest.map_or(0, |rest| rest.data.len() as u64);
        let mut with_rest = SizeHint::new();
        with_rest.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            with_rest.set_upper(upper + rest);
        }
        with_rest
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::Context;
    use std::task::Poll;
    use std::task::Waker;

    use http_body::Body as _;
    use http_body::Frame;
    use tonic::Status;
    use tonic::body::Body;
    use tonic::codegen::Bytes;

    use super::Outgoing;
    use super::PIECE_BYTES;
    use crate::connections::activity::Activity;

    /// One frame of so many bytes, and then nothing, with or without an end.
    struct Once(Option<usize>, bool);

    impl http_body::Body for Once {
        type Data = Bytes;
        type Error = Status;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
            match self.0.take() {
                Some(count) => Poll::Ready(Some(Ok(Frame::data(vec![1; count].into())))),
                None if self.1 => Poll::Ready(None),
                None => Poll::Pending,
            }
        }
    }

    fn next(body: &mut Outgoing) -> Poll<Option<Frame<Bytes>>> {
        let context = &mut Context::from_waker(Waker::noop());
        Pin::new(body).poll_frame(context).map(|frame| frame.map(Result::unwrap))
    }

    #[test]
    fn a_large_message_goes_out_in_pieces_and_is_stalled_until_they_are_written() {
        let activity = Activity::new();
        let inner = Body::new(Once(Some(2 * PIECE_BYTES + 1), true));
        let mut body = Outgoing::new(inner, activity.call());
        let mut pieces = Vec::new();
        while let Poll::Ready(Some(frame)) = next(&mut body) {
            pieces.push(frame.into_data().unwrap());
        }
        let sizes: Vec<usize> = pieces.iter().map(Bytes::len).collect();
        assert_eq!(sizes, [PIECE_BYTES, PIECE_BYTES, 1]);
        drop(body);
        assert!(activity.stalled_for().is_some(), "the pieces are not yet written");
        drop(pieces);
        assert!(activity.stalled_for().is_none());
    }

    #[test]
    fn a_call_that_is_cut_ends_with_a_status() {
        let activity = Activity::new();
        let mut body = Outgoing::new(Body::new(Once(Some(3), false)), activity.call());
        assert!(matches!(next(&mut body), Poll::Ready(Some(frame)) if frame.is_data()));
        assert!(next(&mut body).is_pending());
        activity.cut();
        let Poll::Ready(Some(frame)) = next(&mut body) else { unreachable!() };
        let status = Status::from_header_map(&frame.into_trailers().unwrap()).unwrap();
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(body.is_end_stream() && matches!(next(&mut body), Poll::Ready(None)));
    }
}
