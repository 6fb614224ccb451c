//! Signing in with a key, signing out, and the choices of language and light.

use std::time::Instant;

use askama::Template;
use axum::body::Bytes;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::StatusCode;
use tonic::codegen::http::header;

use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::visit::Guest;
use crate::visit::LANG;
use crate::visit::SESSION;
use crate::visit::THEME;
use crate::visit::Visit;
use crate::visit::first;

/// Seconds for which a choice of language or light is kept.
const CHOICE_SECONDS: u32 = 365 * 86_400;
/// Seconds for which a browser keeps the name of a session.
const SESSION_SECONDS: u32 = 7 * 86_400;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    shell: Shell,
    to: &'a str,
    wrong: &'a str,
}

/// The form that asks for a key.
pub(crate) async fn form(Guest(visit): Guest) -> Response {
    let to = inside(visit.value("to").unwrap_or("/"));
    if visit.right.is_some() {
        return Redirect::to(to).into_response();
    }
    let page = page(&visit, to, "");
    shown(&visit, page)
}

fn page(visit: &Visit, to: &str, wrong: &str) -> Result<Response, Failure> {
    let shell = Shell::of(visit, Tab::None, visit.lang.sign_in());
    Ok(html_answer(Page { shell, to, wrong }.render()?))
}

/// Takes a key and begins a session with it.
pub(crate) async fn enter(Guest(visit): Guest, body: Bytes) -> Response {
    let entered = enter_with(&visit, &body);
    shown(&visit, entered)
}

fn enter_with(visit: &Visit, body: &[u8]) -> Result<Response, Failure> {
    let form = visit.form_of(body)?;
    let to = inside(first(&form, "to").unwrap_or("/"));
    if let Err(after) = visit.site.sessions.attempt(Instant::now()) {
        let mut response = page(visit, to, visit.lang.too_many_attempts())?;
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let seconds = after.as_secs() + 1;
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        return Ok(response);
    }
    let key = first(&form, "key").unwrap_or_default().trim();
    let bearer = HeaderValue::from_str(&format!("Bearer {key}")).ok();
    let mut headers = HeaderMap::new();
    headers.extend(bearer.clone().map(|bearer| (header::AUTHORIZATION, bearer)));
    let right = visit.site.doors.right(&headers);
    let Some((mut bearer, right)) = bearer.zip(right) else {
        tracing::info!(target: "wenmai::audit", "sign-in refused");
        let mut response = page(visit, to, visit.lang.wrong_key())?;
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return Ok(response);
    };
    tracing::info!(target: "wenmai::audit", ?right, "signed in");
    bearer.set_sensitive(true);
    let session = visit.site.sessions.begin(bearer);
    let cookie = cookie(visit, SESSION, &session, SESSION_SECONDS);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// Ends the session.
pub(crate) async fn leave(Guest(visit): Guest, body: Bytes) -> Response {
    if let Err(forged) = visit.form_of(&body) {
        return forged.page(&visit);
    }
    if let Some(session) = &visit.session {
        visit.site.sessions.end(session);
    }
    let gone = cookie(&visit, SESSION, "", 0);
    ([(header::SET_COOKIE, gone)], Redirect::to("/")).into_response()
}

/// Keeps the language or the light that was chosen, and goes back.
pub(crate) async fn settings(Guest(visit): Guest) -> Response {
    let mut response = Redirect::to(inside(visit.value("to").unwrap_or("/"))).into_response();
    let known: [(&str, &str, &[&str]); 2] =
        [("lang", LANG, &["zh", "en"]), ("theme", THEME, &["light", "dark", "auto"])];
    for (name, of_cookie, values) in known {
        let chosen = visit.value(name).filter(|value| values.contains(value));
        if let Some(chosen) = chosen {
            let cookie = cookie(&visit, of_cookie, chosen, CHOICE_SECONDS);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
    }
    response
}

/// A cookie that no script reads and no page elsewhere makes a browser send.
pub(crate) fn cookie(visit: &Visit, name: &str, value: &str, seconds: u32) -> String {
    let secure = if visit.site.reach.is_secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// `to`, if it leads to a page of ours; else the first page.
fn inside(to: &str) -> &str {
    let is_path = to.starts_with('/') && !to.starts_with("//");
    let is_plain = to.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    if is_path && is_plain { to } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn signing_in_leads_to_pages_of_ours_only() {
        assert_eq!(inside("/topics/1?a=%E6%B2%B3"), "/topics/1?a=%E6%B2%B3");
        for to in ["https://else.example", "//else.example", "/\\else.example", "", "/a\r\nb"] {
            assert_eq!(inside(to), "/", "{to}");
        }
    }
}
