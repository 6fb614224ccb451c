//! The asynchronous side of a language model: a bounded queue before a thread that this module
//! owns.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::mpsc;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::Config;
use crate::Error;
use crate::Prompt;
use crate::Writer;
use crate::Written;

/// Sends prompts to the thread of the model. Cheap to clone. The thread ends, after the work that
/// it is doing, when the last handle is dropped.
#[derive(Clone)]
pub struct Handle {
    jobs: SyncSender<Job>,
    name: Arc<str>,
    patience: Duration,
}

struct Job {
    prompt: Prompt,
    until: Instant,
    reply: oneshot::Sender<Result<Written, Error>>,
}

impl Handle {
    /// Starts the thread for `writer`.
    ///
    /// # Errors
    /// [`Error::Model`] if the system cannot start a thread.
    pub fn start(writer: Box<dyn Writer>, config: &Config) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::sync_channel(config.rewrite_queue_max.max(1));
        let name: Arc<str> = writer.name().into();
        let work = move || serve(writer, &waiting);
        let thread = std::thread::Builder::new().name("generate".to_owned()).spawn(work);
        thread.map_err(|error| Error::Model(error.into()))?;
        Ok(Self { jobs, name, patience: config.patience() })
    }

    /// The name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for the model's answer to `prompt`.
    ///
    /// If the future is dropped, the work ends at the next token.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the queue is full; [`Error::TimedOut`]; [`Error::Panicked`]; the
    /// errors of [`Writer::write`].
    pub async fn write(&self, prompt: Prompt) -> Result<Written, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Job { prompt, until: Instant::now() + self.patience, reply };
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => Error::Overloaded,
            TrySendError::Disconnected(_) => Error::Stopped,
        })?;
        // One step of a large model may take longer than the whole time that is allowed.
        let answer = tokio::time::timeout(self.patience, answer).await;
        answer.map_err(|_elapsed| Error::TimedOut)?.map_err(|_closed| Error::Stopped)?
    }
}

fn serve(mut writer: Box<dyn Writer>, waiting: &mpsc::Receiver<Job>) {
    while let Ok(Job { prompt, until, reply }) = waiting.recv() {
        let mut late = false;
        let mut goes_on = || {
            late = Instant::now() >= until;
            !late && !reply.is_closed()
        };
        if !goes_on() {
            let _gone = reply.send(Err(Error::TimedOut));
            continue;
        }
        // A prompt that makes the model panic must not end the thread. The writer clears its cache
        // before the next one.
        let wrote = catch_unwind(AssertUnwindSafe(|| writer.write(&prompt, &mut goes_on)));
        let answer = match wrote.unwrap_or(Err(Error::Panicked)) {
            Err(Error::Stopped) if late => Err(Error::TimedOut),
            other => other,
        };
        let _gone = reply.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::Handle;
    use crate::Config;
    use crate::Error;
    use crate::Prompt;
    use crate::Writer;
    use crate::Written;

    /// A model that reports when it begins and how it ended, and waits for the gate before each
    /// word.
    struct Gated {
        said: mpsc::Sender<&'static str>,
        gate: mpsc::Receiver<()>,
    }

    impl Writer for Gated {
        fn name(&self) -> &'static str {
            "gated"
        }

        fn write(
            &mut self,
            prompt: &Prompt,
            goes_on: &mut dyn FnMut() -> bool,
        ) -> Result<Written, Error> {
            assert_ne!(prompt.user, "炸", "the model broke");
            self.said.send("begun").unwrap();
            for _ in 0..prompt.token_max {
                self.gate.recv().unwrap();
                if !goes_on() {
                    self.said.send("stopped").unwrap();
                    return Err(Error::Stopped);
                }
            }
            Ok(Written { text: prompt.user.clone(), is_finished: true })
        }
    }

    struct Gate {
        handle: Handle,
        said: mpsc::Receiver<&'static str>,
        open: mpsc::Sender<()>,
    }

    fn gated(config: &Config) -> Gate {
        let (tell, said) = mpsc::channel();
        let (open, gate) = mpsc::channel();
        let handle = Handle::start(Box::new(Gated { said: tell, gate }), config).unwrap();
        Gate { handle, said, open }
    }

    fn prompt(user: &str) -> Prompt {
        Prompt { system: String::new(), user: user.into(), token_max: 1 }
    }

    fn ask(gate: &Gate, user: &str) -> tokio::task::JoinHandle<Result<Written, Error>> {
        let (handle, prompt) = (gate.handle.clone(), prompt(user));
        tokio::spawn(async move { handle.write(prompt).await })
    }

    #[tokio::test]
    async fn what_is_written_comes_back() {
        let gate = gated(&Config::default());
        gate.open.send(()).unwrap();
        assert_eq!(gate.handle.write(prompt("清河")).await.unwrap().text, "清河");
        assert_eq!(gate.handle.name(), "gated");
    }

    #[tokio::test]
    async fn full_queue_refuses_at_once() {
        let gate = gated(&Config { rewrite_queue_max: 1, ..Config::default() });
        let running = ask(&gate, "一");
        tokio::task::yield_now().await;
        assert_eq!(gate.said.recv().unwrap(), "begun");
        let waiting = ask(&gate, "二");
        tokio::task::yield_now().await;
        let refused = gate.handle.write(prompt("三")).await;
        assert!(matches!(refused, Err(Error::Overloaded)), "{refused:?}");
        for _ in 0..2 {
            gate.open.send(()).unwrap();
        }
        assert!(running.await.unwrap().is_ok() && waiting.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_caller_that_goes_ends_the_work() {
        let gate = gated(&Config::default());
        let running = ask(&gate, "一");
        tokio::task::yield_now().await;
        assert_eq!(gate.said.recv().unwrap(), "begun");
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        gate.open.send(()).unwrap();
        assert_eq!(gate.said.recv().unwrap(), "stopped");
    }

    #[tokio::test]
    async fn time_that_is_up_ends_the_wait() {
        let gate = gated(&Config { rewrite_ms_max: 1, ..Config::default() });
        let late = gate.handle.write(prompt("一")).await;
        assert!(matches!(late, Err(Error::TimedOut)), "{late:?}");
        gate.open.send(()).unwrap();
    }

    #[tokio::test]
    async fn a_model_that_panics_fails_its_prompt_and_no_other() {
        let gate = gated(&Config::default());
        gate.open.send(()).unwrap();
        let broken = gate.handle.write(prompt("炸")).await;
        assert!(matches!(broken, Err(Error::Panicked)), "{broken:?}");
        assert!(gate.handle.write(prompt("好")).await.is_ok());
    }
}
