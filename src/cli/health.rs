//! `wenmai health`: whether a running server serves, for healthchecks and scripts.
//!
//! Exit code 0 if it does, 1 if not or if nobody answers. It loads no model and touches no data
//! folder, and needs no key: health is open to all.

use std::time::Duration;

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::connect::Services;
use crate::connect::TrustArgs;
use crate::failure::Failure;
use crate::output;

/// Arguments of `wenmai health`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The running server, also as unix:PATH.
    #[arg(
        long,
        env = "WENMAI_SERVER",
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    server: String,

    #[command(flatten)]
    trust: TrustArgs,

    /// One service, such as `wenmai.v1.SearchService`; empty asks about all together.
    #[arg(long, default_value = "", value_name = "NAME")]
    service: String,

    /// Milliseconds to wait for an answer, connecting included.
    #[arg(long, default_value_t = 3_000, value_name = "MS")]
    timeout_ms: u64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let patience = Duration::from_millis(args.timeout_ms);
    let answer = tokio::time::timeout(patience, ask(&args)).await;
    let late = |_| Failure::Failed(format!("no answer from {} in {patience:?}", args.server));
    let status = answer.map_err(late)??;
    if status != ServingStatus::Serving {
        return Err(Failure::Failed(format!("{} is not serving", args.server)));
    }
    output::line("serving")
}

async fn ask(args: &Args) -> Result<ServingStatus, Failure> {
    let services = Services::remote(&args.server, &args.trust).await?;
    let request = HealthCheckRequest { service: args.service.clone() };
    match HealthClient::new(services.transport()).check(request).await {
        Ok(answer) => Ok(answer.into_inner().status()),
        Err(status) if status.code() == Code::NotFound => {
            Err(Failure::Usage(format!("there is no service `{}`", args.service)))
        }
        Err(status) => Err(status.into()),
    }
}
