//! Who gets in: keys, sessions, forged forms, strange hosts.

use std::fs;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::web::browser::Browser;
use crate::web::until_topics;
use wenmai::app;
use wenmai::app::App;
use wenmai::proto::wire;

use crate::support::app_config;
use crate::support::fake_engine;

pub const WRITE: &str = "write-key-of-the-pages";
const READ: &str = "read-key-of-the-pages";

/// A server that asks for keys; calls over gRPC bring the one that writes.
pub async fn with_keys(folder: &std::path::Path) -> (Running, Browser) {
    let (write, read) = (folder.join("write"), folder.join("read"));
    fs::write(&write, WRITE).unwrap();
    fs::write(&read, READ).unwrap();
    let running = Running::start_with(|config| {
        config.web.web = Some("127.0.0.1:0".parse().unwrap());
        (config.keys.write_keys, config.keys.read_keys) = (Some(write), Some(read));
    })
    .await;
    let browser = Browser::new(running.pages.unwrap());
    (running, browser)
}

async fn sign_in(browser: &mut Browser, key: &str) -> u16 {
    let form = browser.get("/sign-in?to=/search").await;
    let (token, to) = (form.fields("token")[0].clone(), form.fields("to")[0].clone());
    let entered = browser.post("/sign-in", &[("token", &token), ("to", &to), ("key", key)]).await;
    if entered.code == 303 {
        assert_eq!(entered.header("location"), Some("/search"));
        let cookie = entered.header("set-cookie").unwrap();
        for part in ["HttpOnly", "SameSite=Strict"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        assert!(!cookie.contains(key), "the cookie holds no key: {cookie}");
    }
    entered.code
}

#[tokio::test]
async fn a_key_signs_in_and_signing_out_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, mut browser) = with_keys(folder.path()).await;
    let away = browser.get("/search?q=a").await;
    assert_eq!(away.code, 303);
    assert_eq!(away.header("location"), Some("/sign-in?to=%2Fsearch%3Fq%3Da"));
    assert_eq!(browser.get("/search.json?q=a").await.code, 401, "a script is told so");
    assert_eq!(sign_in(&mut browser, "a-key-that-is-not-known").await, 401);
    assert_eq!(sign_in(&mut browser, WRITE).await, 303);
    let page = browser.get("/search?q=a").await;
    assert_eq!(page.code, 200);
    let token = page.fields("token")[0].clone();
    assert_eq!(browser.post("/sign-out", &[("token", "x")]).await.code, 403, "a forged form");
    assert_eq!(browser.post("/sign-out", &[("token", &token)]).await.code, 303);
    assert_eq!(browser.get("/search?q=a").await.code, 303);
}

#[tokio::test]
async fn a_script_brings_its_key_in_a_header() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, browser) = with_keys(folder.path()).await;
    let mut script = Browser::new(browser.address).with("authorization", &format!("Bearer {READ}"));
    assert_eq!(script.get("/search.json?q=a").await.code, 200);
    let mut wrong = Browser::new(browser.address).with("authorization", "Bearer nothing-of-ours-x");
    assert_eq!(wrong.get("/search.json?q=a").await.code, 401);
}

#[tokio::test]
async fn a_read_key_sees_no_editing_and_is_refused_it() {
    let folder = tempfile::tempdir().unwrap();
    let (running, mut browser) = with_keys(folder.path()).await;
    let mut articles = running.articles();
    let mut request =
        tonic::Request::new(wire::BatchUpsertArticlesRequest { articles: flood_and_others() });
    let key = format!("Bearer {WRITE}").parse().unwrap();
    request.metadata_mut().insert("authorization", key);
    articles.batch_upsert_articles(request).await.unwrap();
    assert_eq!(sign_in(&mut browser, READ).await, 303);
    let topic = loop {
        let page = browser.get("/?days=all").await;
        if let Some(link) = page.links().into_iter().find(|link| link.starts_with("/topics/")) {
            break link;
        }
        tokio::task::yield_now().await;
    };
    let page = browser.get(&topic).await;
    assert!(!page.links().iter().any(|link| link.ends_with("/edit")), "{:?}", page.links());
    assert_eq!(browser.get(&format!("{topic}/edit")).await.code, 403);
    let token = page.fields("token")[0].clone();
    let pinned = [("token", token.as_str()), ("action", "pin"), ("confirm", "1")];
    assert_eq!(browser.post(&format!("{topic}/edit"), &pinned).await.code, 403);
    let layout = browser.get("/layout").await;
    assert!(!layout.body.contains("name=\"store\""));
    let store = [("token", token.as_str()), ("text", "# 标题\n\n正文。"), ("store", "1")];
    assert_eq!(browser.post("/layout", &store).await.code, 403);
}

#[tokio::test]
async fn guessing_keys_is_slowed_down() {
    let folder = tempfile::tempdir().unwrap();
    let (_running, mut browser) = with_keys(folder.path()).await;
    let mut codes = Vec::new();
    for _ in 0..14 {
        codes.push(sign_in(&mut browser, "a-key-that-is-not-known").await);
    }
    assert_eq!(codes[0], 401);
    assert_eq!(codes[13], 429, "{codes:?}");
}

#[tokio::test]
async fn a_form_of_a_page_elsewhere_does_nothing() {
    let running = Running::start_with(|config| {
        config.web.web = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    running.with(flood_and_others()).await;
    until_topics(&running).await;
    let address = running.pages.unwrap();
    let mut browser = Browser::new(address);
    let token = browser.get("/layout").await.fields("token")[0].clone();
    let text = ("text", "# 标题\n\n正文。");
    assert_eq!(browser.post("/layout", &[text]).await.code, 403, "no token");
    for (name, value) in [("origin", "http://else.example"), ("sec-fetch-site", "cross-site")] {
        let mut lured = Browser::new(address).with(name, value);
        assert_eq!(lured.post("/layout", &[("token", &token), text]).await.code, 403, "{name}");
    }
    let own = format!("http://{address}");
    let mut own = Browser::new(address).with("origin", &own);
    assert_eq!(own.post("/layout", &[("token", &token), text]).await.code, 200);
}

#[tokio::test]
async fn without_keys_pages_are_for_names_of_this_machine() {
    let running = Running::start_with(|config| {
        config.web.web = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let address = running.pages.unwrap();
    for (host, code) in [("localhost:8080", 200), ("rebound.example:8080", 421)] {
        let mut browser = Browser::new(address).with("host", host);
        assert_eq!(browser.get("/search").await.code, code, "{host}");
    }
}

#[tokio::test]
async fn pages_beyond_this_machine_need_keys() {
    let (engine, _store, _gate) = fake_engine();
    let mut config = app_config("127.0.0.1:0".parse().unwrap());
    config.web.web = Some(":0".parse().unwrap());
    let refused = App::bind(config, engine).await.err().expect("it must not start");
    assert!(matches!(refused, app::Error::OpenPages), "{refused}");
    assert!(refused.to_string().contains("--write-keys"), "{refused}");
}
