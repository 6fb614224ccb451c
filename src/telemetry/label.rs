//! The values of metric labels. Each label has a fixed set of them, so that no caller can make the
//! number of series grow.

use tracing::Span;

macro_rules! labels {
    ($(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// All values, in the order in which they are declared.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The value as it is written in the label.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

labels! {
    /// Groups of calls that share limits.
    Lane {
        /// Calls that only read.
        Read = "read",
        /// Calls that only read but may take seconds: pages, summaries, clustering.
        Long = "long",
        /// Calls that may change something.
        Write = "write",
        /// Streams, which last as long as their client wants.
        Stream = "stream",
    }
}

labels! {
    /// Why work was refused because of load.
    OverloadReason {
        /// As many calls of the lane as are allowed are at work or waiting.
        Calls = "calls",
        /// The calls before it would have kept it waiting too long.
        Wait = "wait",
        /// As many streams as are allowed are open.
        Streams = "streams",
        /// The queue of texts for the model is full.
        EmbedQueue = "embed_queue",
        /// The queue of operations for the store is full.
        StoreQueue = "store_queue",
        /// Answers that clients have not yet received fill the memory that they may take.
        Answers = "answers",
        /// A key was used more often than it may be.
        Rate = "rate",
    }
}

labels! {
    /// Why a call was not let in.
    Denied {
        /// The call had no key.
        NoKey = "no_key",
        /// The key of the call is not known.
        WrongKey = "wrong_key",
        /// The key of the call may only read, and the call may write.
        ReadOnly = "read_only",
    }
}

labels! {
    /// Why the service ended a connection, or did not let one in.
    Ending {
        /// The connection said nothing for too long after it was opened.
        Handshake = "handshake",
        /// The connection had no call for too long.
        Idle = "idle",
        /// The connection reached its age.
        Age = "age",
        /// The client did not take its answer.
        Stalled = "stalled",
        /// The connection had no call when another needed its place.
        Displaced = "displaced",
        /// All places were taken by connections with calls.
        Refused = "refused",
    }
}

labels! {
    /// The queues in which texts wait for the model.
    Queue {
        /// The queue of queries, for whose answers somebody waits.
        EmbedQuery = "embed_query",
        /// The queue of imports.
        EmbedBulk = "embed_bulk",
    }
}

labels! {
    /// The parts of the work that are timed.
    Stage {
        /// A call waits for its permit to work.
        Wait = "wait",
        /// Texts wait for a thread of the model.
        EmbedWait = "embed_wait",
        /// Texts are turned into tokens.
        Tokenize = "tokenize",
        /// Tokens are turned into vectors.
        Forward = "forward",
        /// The texts of one call are embedded, waiting included.
        Embed = "embed",
        /// Texts are cut into terms, and entities are found.
        Terms = "terms",
        /// A query, or the article asked about, is read and embedded.
        Question = "question",
        /// Candidates are fetched from the store.
        Candidates = "candidates",
        /// Candidates are put in order.
        Rank = "rank",
        /// The hits of a page are fetched and marked.
        Show = "show",
        /// Reprints are found and articles written.
        Write = "write",
        /// Articles are placed in topics.
        Topics = "topics",
    }
}

labels! {
    /// How an operation of the store failed.
    StoreFailure {
        /// The queue of the store was full.
        Overloaded = "overloaded",
        /// The store could not be reached.
        Unavailable = "unavailable",
        /// There was no room on the disk.
        Full = "full",
        /// The store was closed.
        Closed = "closed",
        /// The operation failed for another reason.
        Failed = "failed",
    }
}

impl Stage {
    /// The span of the stage in a trace. It has debug level, so that it costs nothing where nobody
    /// traces.
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
