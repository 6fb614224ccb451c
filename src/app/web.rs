//! What is not gRPC: an answer that says what this port speaks, and gRPC-Web for named origins.
//!
//! gRPC-Web is what browsers speak: HTTP/1.1 or HTTP/2, trailers in the body. It is off unless
//! origins are named, and then pages of those origins may call, and programs that name none. The
//! rules for pages of other origins (CORS) are those of the Fetch standard,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>.

use std::str::FromStr;
use std::sync::Arc;

use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::Method;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tonic::codegen::http::StatusCode;
use tonic::codegen::http::Version;
use tonic::codegen::http::header;
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tonic_web::GrpcWebService;
use tower_layer::Layer;

use crate::connections::Handler;
use crate::listen::ListenAddress;

/// What a request of gRPC is marked with.
const GRPC: &str = "application/grpc";
/// What a request of gRPC-Web is marked with.
const GRPC_WEB: &str = "application/grpc-web";
/// Headers that pages may send: those of gRPC-Web and our own.
const HEADERS_SENT: HeaderValue = HeaderValue::from_static(
    "authorization,content-type,grpc-timeout,traceparent,x-grpc-web,x-request-id,x-user-agent",
);
/// Headers that pages may read.
const HEADERS_READ: HeaderValue =
    HeaderValue::from_static("grpc-message,grpc-status,grpc-status-details-bin,x-request-id");
/// What somebody reads who comes with a browser, curl or a health check over HTTP.
const NOT_GRPC: &str = "This port speaks gRPC: HTTP/2 with content-type application/grpc.\n\
    Call it with a gRPC client, or with `wenmai search … --server http://HOST:PORT`.\n\
    Pages for people are on the port of --web.\n\
    Pages in a browser can call over gRPC-Web where --web-origins names their origin.\n\
    Health and metrics over plain HTTP are on the port of --metrics-listen.\n";
/// What somebody reads whose proxy speaks the older HTTP.
const HTTP_1: &str = "gRPC needs HTTP/2, and this request came over HTTP/1.\n\
    Set the proxy in between to HTTP/2 towards this port, such as grpc_pass in nginx.\n";
/// Seconds for which a browser need not ask again.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("7200");

/// The settings for browsers.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(skip)]
pub struct Config {
    /// Where to show pages for people who read news, such as 127.0.0.1:8080; in the forms of
    /// `--listen`, with its keys and certificates. Beyond this machine keys are needed. Off unless
    /// given.
    #[arg(long, env = "WENMAI_WEB", value_name = "HOST:PORT")]
    pub web: Option<ListenAddress>,

    /// Origins whose pages may call over gRPC-Web, such as <https://news.example>, separated by
    /// commas. Without it there is no gRPC-Web.
    #[arg(long, env = "WENMAI_WEB_ORIGINS", value_name = "ORIGIN", value_delimiter = ',')]
    pub web_origins: Vec<Origin>,
}

/// Where a page comes from: scheme, host, and port unless it is the usual one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// A text that is no origin.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not an origin; write https://HOST or http://HOST:PORT, without a path")]
pub struct InvalidOrigin(String);

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = || InvalidOrigin(text.to_owned());
        let text = text.to_ascii_lowercase();
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = host.ok_or_else(invalid)?;
        if host.is_empty() || host.contains(['/', '*', '?', '#', '@', ' ']) {
            return Err(invalid());
        }
        HeaderValue::from_str(&text).map(Self).map_err(|_| invalid())
    }
}

/// Answers gRPC by the services, gRPC-Web if it is allowed, and everything else by saying what is
/// spoken here.
#[derive(Clone)]
pub(super) struct Front {
    routes: Routes,
    /// `None` if there is no gRPC-Web.
    web: Option<Web>,
}

/// The services for gRPC-Web, and whose pages may call them.
#[derive(Clone)]
struct Web {
    service: GrpcWebService<Routes>,
    origins: Arc<[Origin]>,
}

impl Front {
    pub(super) fn new(routes: Routes, config: &Config) -> Self {
        let routes = routes.prepare();
        let web = (!config.web_origins.is_empty()).then(|| Web {
            service: GrpcWebLayer::new().layer(routes.clone()),
            origins: config.web_origins.as_slice().into(),
        });
        Self { routes, web }
    }
}

impl Handler for Front {
    fn handle(
        self,
        request: Request<Body>,
    ) -> impl Future<Output = Response<Body>> + Send + 'static {
        let is_web = is_of_type(request.headers(), GRPC_WEB);
        let is_grpc = is_of_type(request.headers(), GRPC) && !is_web;
        let web = self.web.filter(|_| is_web || is_preflight(&request));
        let routes = (is_grpc && request.version() == Version::HTTP_2).then_some(self.routes);
        async move {
            match (routes, web) {
                (Some(mut routes), _) => match routes.call(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
                (None, Some(web)) => web.answer(request).await,
                (None, None) => refusal(is_grpc, request.version()),
            }
        }
    }
}

impl Web {
    async fn answer(mut self, request: Request<Body>) -> Response<Body> {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let origin = match origin {
            Some(origin) if !self.may_call(&origin) => {
                return text(
                    StatusCode::FORBIDDEN,
                    "pages of this origin may not call; see --web-origins\n",
                );
            }
            origin => origin,
        };
        let mut response = if is_preflight(&request) {
            preflight()
        } else {
            match self.service.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        };
        let headers = response.headers_mut();
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HEADERS_READ);
        }
        response
    }

    fn may_call(&self, origin: &HeaderValue) -> bool {
        self.origins.iter().any(|Origin(known)| known == origin)
    }
}

fn is_of_type(headers: &HeaderMap, prefix: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    given.is_some_and(|given| given.starts_with(prefix.as_bytes()))
}

/// Whether a browser asks what a page may do.
fn is_preflight(request: &Request<Body>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS_SENT);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
    response
}

/// Says what this port speaks. Source of the code for what is not gRPC:
/// <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests>.
fn refusal(is_grpc: bool, version: Version) -> Response<Body> {
    let mut response = if is_grpc {
        text(StatusCode::HTTP_VERSION_NOT_SUPPORTED, HTTP_1)
    } else {
        text(StatusCode::UNSUPPORTED_MEDIA_TYPE, NOT_GRPC)
    };
    if version != Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

pub(super) fn text(code: StatusCode, text: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::new(text.into()));
    *response.status_mut() = code;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn origins_are_hosts_with_a_scheme_and_nothing_more() {
        for text in ["https://news.example", "http://localhost:3000", "HTTPS://News.Example"] {
            text.parse::<Origin>().unwrap();
        }
        for text in ["*", "news.example", "https://", "https://*.example", "https://a/b", "null"] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
