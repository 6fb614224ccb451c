//! What a visitor is told when a page cannot be shown.

use askama::Template;
use axum::response::IntoResponse;
use axum::response::Response;
use tonic::Code;
use tonic::Status;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::StatusCode;
use tonic::codegen::http::header;

use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::visit::Form;
use crate::visit::Guest;
use crate::visit::Visit;

/// Seconds after which a page that could not be shown is asked for again by itself.
const RETRY_SECONDS: u64 = 5;

/// Why a page cannot be shown.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A service refused or failed.
    #[error("a service did not answer")]
    Call(#[from] Status),
    /// There is no such page.
    #[error("no such page")]
    NoPage,
    /// The page has no such form (`.csv` of an article).
    #[error("the page has no such form")]
    NoForm,
    /// A key is needed.
    #[error("a key is needed")]
    NoKey,
    /// The key only reads.
    #[error("the key only reads")]
    ReadOnly,
    /// A form did not come from a page of ours, or from one of before a restart.
    #[error("a form does not come from a page of this server")]
    Forged,
    /// The request came under a name that is not this machine's.
    #[error("asked under a name of another machine")]
    Host,
    /// Too many live feeds are open.
    #[error("too many live feeds")]
    Feeds,
    /// A file is neither a page with places nor a text in UTF-8.
    #[error("a file that is no page in UTF-8 and none with places")]
    Encoding,
    /// The page could not be put together.
    #[error("the page could not be put together")]
    Page,
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be put together");
        Self::Page
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct Page<'a> {
    shell: Shell,
    code: u16,
    title: &'a str,
    advice: &'a str,
    /// What the service says, for somebody who can do something about it.
    detail: &'a str,
    retries: bool,
}

impl Failure {
    /// The code of HTTP, and that of the contract.
    fn codes(&self) -> (StatusCode, Code) {
        match self {
            Self::Call(status) => (http_code(status.code()), status.code()),
            Self::NoPage => (StatusCode::NOT_FOUND, Code::NotFound),
            Self::NoForm => (StatusCode::NOT_ACCEPTABLE, Code::Unimplemented),
            Self::NoKey => (StatusCode::UNAUTHORIZED, Code::Unauthenticated),
            Self::ReadOnly | Self::Forged => (StatusCode::FORBIDDEN, Code::PermissionDenied),
            Self::Host => (StatusCode::MISDIRECTED_REQUEST, Code::PermissionDenied),
            Self::Feeds => (StatusCode::SERVICE_UNAVAILABLE, Code::ResourceExhausted),
            Self::Encoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::InvalidArgument),
            Self::Page => (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal),
        }
    }

    /// The answer that says so, in the form that was asked for.
    pub(crate) fn page(&self, visit: &Visit) -> Response {
        let (code, of_contract) = self.codes();
        let detail = if let Self::Call(status) = self {
            status.message().to_owned()
        } else {
            self.to_string()
        };
        let retries = code == StatusCode::SERVICE_UNAVAILABLE;
        let mut response = if visit.form == Form::Html {
            self.html(visit, &detail)
        } else {
            let told = serde_json::json!({"code": i32::from(of_contract), "message": detail});
            json::of(told.to_string())
        };
        *response.status_mut() = code;
        let headers = response.headers_mut();
        if retries || code == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, RETRY_SECONDS.into());
        }
        // A GET that failed because something is away comes back by itself.
        if retries && visit.form == Form::Html {
            headers.insert("refresh", RETRY_SECONDS.into());
        }
        if code == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    fn html(&self, visit: &Visit, detail: &str) -> Response {
        let (code, of_contract) = self.codes();
        let (title, advice) = self.sentences(visit, of_contract);
        let page = Page {
            shell: Shell::of(visit, Tab::None, title),
            code: code.as_u16(),
            title,
            advice,
            detail,
            retries: code == StatusCode::SERVICE_UNAVAILABLE,
        };
        match page.render() {
            Ok(html) => html_answer(html),
            Err(_unlikely) => self.plain_body(),
        }
    }

    /// What happened, and what to do.
    fn sentences(&self, visit: &Visit, code: Code) -> (&'static str, &'static str) {
        let l = visit.lang;
        match self {
            Self::Forged => return (l.fail_forged(), l.fail_forged_advice()),
            Self::NoPage => return (l.fail_no_page(), l.fail_no_page_advice()),
            Self::NoForm => return (l.fail_no_form(), l.fail_no_form_advice()),
            Self::Encoding => return (l.fail_encoding(), l.fail_encoding_advice()),
            Self::Call(_)
            | Self::NoKey
            | Self::ReadOnly
            | Self::Host
            | Self::Feeds
            | Self::Page => {}
        }
        match code {
            Code::NotFound if visit.path.starts_with("/articles/") => {
                (l.fail_no_article(), l.fail_no_article_advice())
            }
            Code::NotFound if visit.path.starts_with("/topics/") => {
                (l.fail_no_topic(), l.fail_no_topic_advice())
            }
            Code::NotFound => (l.fail_no_page(), l.fail_no_page_advice()),
            Code::Unauthenticated => (l.fail_no_key(), l.fail_no_key_advice()),
            Code::PermissionDenied => (l.fail_read_only(), l.fail_read_only_advice()),
            Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => {
                (l.fail_invalid(), l.fail_invalid_advice())
            }
            Code::Aborted => (l.fail_stale(), l.fail_stale_advice()),
            Code::ResourceExhausted => (l.fail_busy(), l.fail_busy_advice()),
            Code::DeadlineExceeded => (l.fail_late(), l.fail_busy_advice()),
            Code::Unavailable => (l.fail_away(), l.fail_away_advice()),
            Code::Ok
            | Code::Cancelled
            | Code::Unknown
            | Code::AlreadyExists
            | Code::Unimplemented
            | Code::Internal
            | Code::DataLoss => (l.fail_internal(), l.fail_internal_advice()),
        }
    }

    /// The answer for somebody of whom nothing is known.
    pub(crate) fn plain(&self) -> tonic::codegen::http::Response<tonic::body::Body> {
        self.plain_body().map(tonic::body::Body::new)
    }

    fn plain_body(&self) -> Response {
        (self.codes().0, format!("{self}\n")).into_response()
    }
}

/// The code of HTTP for one of gRPC, as <https://cloud.google.com/apis/design/errors> has it.
fn http_code(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Cancelled | Code::Unknown | Code::Internal | Code::DataLoss => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// A page as an answer.
pub(crate) fn html_answer(html: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// The answer of a page that may have failed.
pub(crate) fn shown(visit: &Visit, result: Result<Response, Failure>) -> Response {
    result.unwrap_or_else(|failure| failure.page(visit))
}

/// What is answered at an address of which there is none.
pub(crate) async fn no_page(Guest(visit): Guest) -> Response {
    Failure::NoPage.page(&visit)
}
