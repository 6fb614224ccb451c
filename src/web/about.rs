//! 关于: what is running here: the model and how its cosines are measured, the store, the limits.

use askama::Template;
use axum::response::Response;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::visit::Form;
use crate::visit::Visit;
use crate::words::Lang;
use wenmai_proto::wire;

/// A name and what is said of it.
type Fact = (&'static str, String);

/// How the cosines of texts of one script are measured.
struct Measure {
    script: &'static str,
    /// What it was made from; empty where there is none.
    name: String,
    facts: String,
    /// Why there is none, as the service says it.
    off_because: String,
}

#[derive(Template)]
#[template(path = "about.html")]
struct Page {
    shell: Shell,
    service: Vec<Fact>,
    store: Vec<Fact>,
    model: Vec<Fact>,
    measures: Vec<Measure>,
    limits: Vec<Fact>,
}

/// What is running.
pub(crate) async fn show(visit: Visit) -> Response {
    let answer = answer(&visit).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit) -> Result<Response, Failure> {
    let info = told(visit.info_service().get_info(visit.call(wire::GetInfoRequest {})).await)?;
    match visit.form {
        Form::Json => json::answer("GetInfoResponse", &info),
        Form::Html => Ok(html_answer(Page::of(visit, info).render()?)),
        Form::Atom | Form::Csv | Form::Markdown => Err(Failure::NoForm),
    }
}

impl Page {
    fn of(visit: &Visit, info: wire::GetInfoResponse) -> Self {
        let l = visit.lang;
        let seconds = info.uptime.map_or(0, |uptime| uptime.seconds);
        let model = info.model.unwrap_or_default();
        let store = info.store.unwrap_or_default();
        let limits = info.limits.unwrap_or_default();
        Self {
            shell: Shell::of(visit, Tab::None, l.about_here()),
            service: vec![
                (l.version(), info.version),
                (l.index_version(), info.index_version),
                (l.up_since(), l.lasted(seconds)),
                (l.topics_kept(), l.yes_or_no(info.has_topics).to_owned()),
                (l.features(), info.features.join(l.comma())),
            ],
            store: vec![
                (l.articles_stored(), store.article_count.to_string()),
                (l.backend(), backend(&store.backend, l).to_owned()),
                (l.survives(), survives(&store.survives, l)),
            ],
            measures: model.calibrations.iter().map(|one| measured(one, l)).collect(),
            model: vec![
                (l.model(), model.name),
                (l.family(), model.family),
                (l.dimension(), model.dim.to_string()),
                (l.window(), model.window_tokens_max.to_string()),
                (l.pooling(), model.pooling),
                (l.version(), model.version),
            ],
            limits: vec![
                (l.limit_text(), l.bytes(limits.text_bytes_max)),
                (l.limit_request(), l.bytes(limits.request_bytes_max)),
                (l.limit_query(), limits.query_chars_max.to_string()),
                (l.limit_hits(), limits.search_hits_max.to_string()),
                (l.limit_summarized(), limits.summarized_articles_max.to_string()),
            ],
        }
    }
}

fn backend(name: &str, l: Lang) -> &str {
    match name {
        "edge" => l.backend_edge(),
        "server" => l.backend_server(),
        "memory" => l.backend_memory(),
        other => other,
    }
}

fn survives(kinds: &[String], l: Lang) -> String {
    let named = |name: &String| match name.as_str() {
        "process" => l.survives_process().to_owned(),
        "power" => l.survives_power().to_owned(),
        "node" => l.survives_node().to_owned(),
        other => other.to_owned(),
    };
    let all: Vec<_> = kinds.iter().map(named).collect();
    if all.is_empty() { l.survives_nothing().to_owned() } else { all.join(l.comma()) }
}

fn measured(calibration: &wire::Calibration, l: Lang) -> Measure {
    Measure {
        script: if calibration.script == "chinese" { l.script_chinese() } else { l.script_other() },
        name: calibration.name.clone(),
        facts: l.measured_by(calibration.text_count, calibration.told_apart),
        off_because: calibration.off_because.clone(),
    }
}
