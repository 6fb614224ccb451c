//! Has a language model rewrite citations, where one is loaded, and checks what it writes.

use jiff::civil::Date;

use crate::Engine;
use wenmai_generate as generate;
use wenmai_generate::Handle;
use wenmai_generate::Prompt;
use wenmai_generate::Writer;
use wenmai_summary::Budget;
use wenmai_summary::guard::Basis;
use wenmai_summary::rewrite;
use wenmai_summary::rewrite::Refusal;

/// The result of rewriting a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewriting {
    /// The name of the model; empty where none is loaded.
    pub model: String,
    /// The rewritten text, or why there is none.
    pub outcome: Result<String, RewriteFailure>,
}

/// Why a summary was not rewritten.
#[derive(Debug, Clone, PartialEq)]
pub enum RewriteFailure {
    /// No model is loaded.
    Off,
    /// The summary is empty.
    Nothing,
    /// Too many requests wait for the model.
    Busy,
    /// The model took longer than it may.
    TimedOut,
    /// The model failed.
    Failed,
    /// What the model wrote did not pass the checks and must not be shown.
    Refused(Refusal),
}

/// A cited piece of text and the day on which it was published.
pub(super) type Citation = (String, Option<Date>);

impl Engine {
    /// The same engine with the language model that `config` names, if any.
    ///
    /// # Errors
    /// [`generate::Error::Folder`] for a folder that cannot be loaded.
    pub fn with_rewriter(self, config: &generate::Config) -> Result<Self, generate::Error> {
        match &config.rewrite_model {
            Some(folder) => self.with_writer(generate::open(folder)?, config),
            None => Ok(self),
        }
    }

    /// The same engine with `writer` to rewrite citations.
    ///
    /// # Errors
    /// [`generate::Error`] if its thread does not start.
    pub fn with_writer(
        mut self,
        writer: Box<dyn Writer>,
        config: &generate::Config,
    ) -> Result<Self, generate::Error> {
        self.rewriter = Some(Handle::start(writer, config)?);
        Ok(self)
    }

    /// Rewrites `cited` in at most `budget` characters. A failure is part of the result and not an
    /// error, since the citations can be shown in any case.
    pub(super) async fn rewritten(&self, cited: &[Citation], budget: Budget) -> Rewriting {
        let Some(writer) = &self.rewriter else {
            return Rewriting { model: String::new(), outcome: Err(RewriteFailure::Off) };
        };
        let outcome = self.write(writer, cited, budget).await;
        Rewriting { model: writer.name().to_owned(), outcome }
    }

    async fn write(
        &self,
        writer: &Handle,
        cited: &[Citation],
        budget: Budget,
    ) -> Result<String, RewriteFailure> {
        if cited.is_empty() {
            return Err(RewriteFailure::Nothing);
        }
        let texts: Vec<&str> = cited.iter().map(|(text, _)| text.as_str()).collect();
        let rewrite::Instruction { system, user } = rewrite::instruction(&texts, budget);
        // A character is a token at most, or a little more in rare scripts.
        let prompt = Prompt { system, user, token_max: 2 * budget.chars() };
        let written = writer.write(prompt).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "nothing was rewritten");
            match error {
                generate::Error::Overloaded => RewriteFailure::Busy,
                generate::Error::TimedOut => RewriteFailure::TimedOut,
                generate::Error::Folder { .. }
                | generate::Error::TooLong { .. }
                | generate::Error::Model(_)
                | generate::Error::Panicked
                | generate::Error::Stopped => RewriteFailure::Failed,
            }
        })?;
        let basis: Vec<Basis<'_>> =
            cited.iter().map(|(text, issue)| Basis { text, issue: *issue }).collect();
        let generate::Written { text, is_finished } = written;
        rewrite::judged(&text, is_finished, &basis, &self.extractor, budget)
            .map_err(RewriteFailure::Refused)
    }
}
