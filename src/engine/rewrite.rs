//! Citations in the words of a language model, where one is loaded and what it writes may be shown.

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

/// What became of the wish for other words.
#[derive(Debug, Clone, PartialEq)]
pub struct Rewriting {
    /// Which model was asked; empty without one.
    pub model: String,
    /// The text, or why there is none and the citation stands.
    pub outcome: Result<String, Unwritten>,
}

/// Why nothing was rewritten.
#[derive(Debug, Clone, PartialEq)]
pub enum Unwritten {
    /// No model is loaded.
    Off,
    /// Nothing is cited.
    Nothing,
    /// Too many wait for the model.
    Busy,
    /// It took longer than it may.
    TimedOut,
    /// The model failed.
    Failed,
    /// What it wrote must not be shown.
    Refused(Refusal),
}

/// A citation and the day of its publication.
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
        self.writer = Some(Handle::start(writer, config)?);
        Ok(self)
    }

    /// `cited` in other words of at most `budget` characters; a failure is told, never returned, as
    /// the citation can be shown in any case.
    pub(super) async fn rewritten(&self, cited: &[Citation], budget: Budget) -> Rewriting {
        let Some(writer) = &self.writer else {
            return Rewriting { model: String::new(), outcome: Err(Unwritten::Off) };
        };
        let outcome = self.write(writer, cited, budget).await;
        Rewriting { model: writer.name().to_owned(), outcome }
    }

    async fn write(
        &self,
        writer: &Handle,
        cited: &[Citation],
        budget: Budget,
    ) -> Result<String, Unwritten> {
        if cited.is_empty() {
            return Err(Unwritten::Nothing);
        }
        let texts: Vec<&str> = cited.iter().map(|(text, _)| text.as_str()).collect();
        let rewrite::Instruction { system, user } = rewrite::instruction(&texts, budget);
        // A character is a token at most, or a little more in rare scripts.
        let prompt = Prompt { system, user, token_max: 2 * budget.chars() };
        let written = writer.write(prompt).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "nothing was rewritten");
            match error {
                generate::Error::Overloaded => Unwritten::Busy,
                generate::Error::TimedOut => Unwritten::TimedOut,
                generate::Error::Folder { .. }
                | generate::Error::TooLong { .. }
                | generate::Error::Model(_)
                | generate::Error::Panicked
                | generate::Error::Stopped => Unwritten::Failed,
            }
        })?;
        let basis: Vec<Basis<'_>> =
            cited.iter().map(|(text, issue)| Basis { text, issue: *issue }).collect();
        let generate::Written { text, is_finished } = written;
        rewrite::judged(&text, is_finished, &basis, &self.extractor, budget)
            .map_err(Unwritten::Refused)
    }
}
