//! Articles on their way to the services, one by one.

use prost::Message;
use tokio::runtime::Handle;
use tonic::Code;
use tonic::Status;

use crate::connect::Services;
use crate::connect::Transport;
use crate::connect::patient;
use crate::failure::Failure;
use crate::resumed::is_connection_ended;
use wenmai_domain::article::Record;
use wenmai_follow::NotStored;
use wenmai_follow::Sink;
use wenmai_follow::Stored;
use wenmai_proto::wire;
use wenmai_proto::wire::article_service_client::ArticleServiceClient;
use wenmai_rpc::REQUEST_BYTES_MAX;

/// Stores articles through the contract.
pub(super) struct Articles {
    client: ArticleServiceClient<Transport>,
    /// Where calls run: whoever follows has threads of its own.
    runtime: Handle,
}

impl Articles {
    /// Must be called inside the runtime.
    pub(super) fn new(services: &Services) -> Self {
        Self { client: services.articles(), runtime: Handle::current() }
    }
}

impl Sink for Articles {
    fn store(&self, record: Record) -> Result<Stored, NotStored> {
        let articles = vec![wenmai_rpc::record_to_wire(record)];
        let request = wire::BatchUpsertArticlesRequest { articles };
        if request.encoded_len() > REQUEST_BYTES_MAX {
            return Err(NotStored::Refused(format!("it has more than {REQUEST_BYTES_MAX} bytes")));
        }
        let mut client = self.client.clone();
        let answer = self.runtime.block_on(async move {
            let first = client.batch_upsert_articles(patient(request.clone())).await;
            match first {
                // No connection lasts for ever; storing twice changes nothing.
                Err(status) if is_connection_ended(&status) => {
                    client.batch_upsert_articles(patient(request)).await
                }
                first => first,
            }
        });
        let answer = answer.map_err(|status| not_stored(&status))?.into_inner();
        let stored = answer.articles.first().map(wire::IngestedArticle::outcome);
        Ok(match stored {
            Some(wire::IngestOutcome::Updated) => Stored::Updated,
            Some(wire::IngestOutcome::Unchanged) => Stored::Unchanged,
            Some(wire::IngestOutcome::Created | wire::IngestOutcome::Unspecified) | None => {
                Stored::Created
            }
        })
    }
}

fn not_stored(status: &Status) -> NotStored {
    let what = match Failure::from(status.clone()) {
        Failure::Failed(what) | Failure::Usage(what) => what,
        Failure::Partial => String::new(),
    };
    match status.code() {
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition | Code::NotFound => {
            NotStored::Refused(what)
        }
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => NotStored::Away(what),
    }
}
