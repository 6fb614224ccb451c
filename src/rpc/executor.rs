//! Runs calls on threads of their own, so that the threads which accept and refuse calls, and
//! answer health checks, never wait for a call that calculates.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::task::JoinError;
use tokio::task::JoinHandle;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http;
use tracing::Instrument;

use crate::status::Failure;

/// The response of a service.
type Answer = Result<http::Response<Body>, Infallible>;

/// Runs calls; the default one runs them on the thread of the caller. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct CallExecutor(Option<Handle>);

impl CallExecutor {
    /// An executor that runs calls on the threads of `runtime`.
    #[must_use]
    pub fn on(runtime: Handle) -> Self {
        Self(Some(runtime))
    }

    /// Runs `call` and returns its response. Dropping the returned future ends the call.
    pub(super) async fn run(&self, call: impl Future<Output = Answer> + Send + 'static) -> Answer {
        let Some(runtime) = &self.0 else { return call.await };
        let task = Task(runtime.spawn(call.in_current_span()));
        match task.await {
            Ok(answer) => answer,
            Err(error) => Ok(Status::from(Failure::of_task(error)).into_http()),
        }
    }
}

/// A running call; dropping it ends the call, since nobody waits for it any more.
struct Task(JoinHandle<Answer>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Future for Task {
    type Output = Result<Answer, JoinError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tonic::Code;
    use tonic::body::Body;
    use tonic::codegen::http;

    use super::CallExecutor;
    use crate::record::code_of;

    fn threads() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap()
    }

    #[test]
    fn who_accepts_is_not_behind_who_calculates() {
        let (calculating, accepting) = (threads(), threads());
        let executor = CallExecutor::on(calculating.handle().clone());
        let (go_on, wait) = mpsc::channel::<()>();
        let busy = accepting.spawn(async move {
            let blocks = async move {
                wait.recv().unwrap();
                Ok(http::Response::new(Body::empty()))
            };
            executor.run(blocks).await
        });
        // The only thread that accepts is free meanwhile.
        accepting.block_on(accepting.spawn(async {})).unwrap();
        go_on.send(()).unwrap();
        accepting.block_on(busy).unwrap().unwrap();
    }

    #[test]
    fn a_call_that_is_given_up_ends() {
        struct Told(mpsc::Sender<()>);
        impl Drop for Told {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let threads = threads();
        let executor = CallExecutor::on(threads.handle().clone());
        let (sender, told) = mpsc::channel();
        // It is dropped with the call, whether that was begun or not.
        let held = Told(sender);
        let call = async move {
            let _held = held;
            std::future::pending().await
        };
        let given_up = threads
            .block_on(async { futures::FutureExt::now_or_never(executor.run(call)).is_none() });
        assert!(given_up);
        told.recv_timeout(Duration::from_mins(1)).unwrap();
    }

    #[test]
    fn a_panic_is_answered() {
        let threads = threads();
        let executor = CallExecutor::on(threads.handle().clone());
        let answer = threads.block_on(executor.run(async { panic!("a bug") })).unwrap();
        assert_eq!(code_of(answer.headers()), Some(Code::Internal));
    }
}
