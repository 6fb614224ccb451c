//! The values that labels may have: fixed sets, so that no caller can make the series grow.

use tracing::Span;

macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As the label has it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

labels! {
    /// Calls that share limits.
    Lane {
        /// Calls that only read.
        Read = "read",
        /// Of these, calls that may take seconds: pages, summaries, clustering.
        Long = "long",
        /// Calls that may change something.
        Write = "write",
        /// Streams that last as long as their client likes.
        Stream = "stream",
    }
}

labels! {
    /// Why work was refused because of load.
    Shed {
        /// As many calls as may be are at work or waiting.
        Calls = "calls",
        /// Those before it would have kept it waiting too long.
        Wait = "wait",
        /// As many streams as may be are open.
        Streams = "streams",
        /// A lane before the model is full.
        EmbedQueue = "embed_queue",
        /// The queue before the store is full.
        StoreQueue = "store_queue",
        /// Answers that clients do not take fill the memory set aside for them.
        Answers = "answers",
        /// A key was used too often.
        Rate = "rate",
    }
}

labels! {
    /// Why a call was not let in.
    Denied {
        /// It brought no key.
        NoKey = "no_key",
        /// Its key is not known.
        WrongKey = "wrong_key",
        /// Its key only reads.
        ReadOnly = "read_only",
    }
}

labels! {
    /// What texts wait in.
    Queue {
        /// The model's lane of those for whom somebody waits.
        EmbedQuery = "embed_query",
        /// The model's lane of imports.
        EmbedBulk = "embed_bulk",
    }
}

labels! {
    /// A part of the work.
    Stage {
        /// A call waiting for its turn.
        Wait = "wait",
        /// Texts waiting for a thread of the model.
        EmbedWait = "embed_wait",
        /// Text to tokens.
        Tokenize = "tokenize",
        /// Tokens to vectors.
        Forward = "forward",
        /// The vectors of one call, waiting included.
        Embed = "embed",
        /// Text to terms and entities.
        Terms = "terms",
        /// Reading the question.
        Question = "question",
        /// Candidates from the store.
        Candidates = "candidates",
        /// Putting candidates in order.
        Rank = "rank",
        /// Fetching and marking what is shown.
        Show = "show",
        /// Finding reprints and writing articles.
        Write = "write",
        /// Placing articles in topics.
        Topics = "topics",
    }
}

labels! {
    /// How an operation of the store failed.
    StoreFailure {
        /// Its queue was full.
        Overloaded = "overloaded",
        /// It is not there.
        Unavailable = "unavailable",
        /// No room on the disk.
        Full = "full",
        /// It was closed.
        Closed = "closed",
        /// All else.
        Failed = "failed",
    }
}

impl Stage {
    /// Its span in a trace. At debug level: without somebody who traces it costs nothing.
    #[must_use]
    pub fn span(self) -> Span {
        match self {
            Stage::Wait => tracing::debug_span!("wait"),
            Stage::EmbedWait => tracing::debug_span!("embed_wait"),
            Stage::Tokenize => tracing::debug_span!("tokenize"),
            Stage::Forward => tracing::debug_span!("forward"),
            Stage::Embed => tracing::debug_span!("embed"),
            Stage::Terms => tracing::debug_span!("terms"),
            Stage::Question => tracing::debug_span!("question"),
            Stage::Candidates => tracing::debug_span!("candidates"),
            Stage::Rank => tracing::debug_span!("rank"),
            Stage::Show => tracing::debug_span!("show"),
            Stage::Write => tracing::debug_span!("write"),
            Stage::Topics => tracing::debug_span!("topics"),
        }
    }
}
