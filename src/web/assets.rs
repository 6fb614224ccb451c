//! Style, script and icon of the pages: compiled in, under addresses that change with their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::IntoResponse;
use axum::response::Response;
use sha2::Digest;
use sha2::Sha256;
use tonic::codegen::http::StatusCode;
use tonic::codegen::http::header;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/page.js");
const ICON: &str = include_str!("assets/icon.svg");
/// They are asked for by content, so they never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

static STYLE_HREF: LazyLock<String> = LazyLock::new(|| href("style.css", STYLE));
static SCRIPT_HREF: LazyLock<String> = LazyLock::new(|| href("page.js", SCRIPT));

/// Where the style is.
pub(crate) fn style() -> &'static str {
    &STYLE_HREF
}

/// Where the script is.
pub(crate) fn script() -> &'static str {
    &SCRIPT_HREF
}

fn href(name: &str, content: &str) -> String {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(content));
    format!("/assets/{name}?v={:08x}", u32::from_be_bytes([a, b, c, d]))
}

/// Answers with a file.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let (kind, content) = match name.as_str() {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "page.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_EVER)], content).into_response()
}
