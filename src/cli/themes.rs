//! `wenmai themes`: which standing subjects run through the stories, and the stories of one.

use jiff::civil::Date;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::topics::label;
use crate::topics::span;
use wenmai_domain::topic::ThemeId;
use wenmai_proto::wire;
use wenmai_rpc::date_to_wire;
use wenmai_text::normalize::normal;

/// Arguments of `wenmai themes`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Show the stories of this theme (its word, `themes/…`, or its id) instead of a list.
    #[arg(value_name = "THEME")]
    theme: Option<String>,

    /// Only stories with articles of this day and later.
    #[arg(long, value_name = "DAY", conflicts_with = "theme")]
    from: Option<Date>,

    /// Only stories with articles of this day and earlier.
    #[arg(long, value_name = "DAY", conflicts_with = "theme")]
    to: Option<Date>,

    /// How many at most, 1 to 100.
    #[arg(long, short = 'n', default_value_t = 20, value_name = "N",
          value_parser = clap::value_parser!(i32).range(1..=100))]
    limit: i32,

    #[command(flatten)]
    connect: connect::Args,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let services = Services::connect(&args.connect, Needs::Topics).await?;
    let done = match &args.theme {
        Some(theme) => show(&services, &args, theme).await,
        None => list(&services, &args).await,
    };
    services.close().await?;
    done
}

async fn list(services: &Services, args: &Args) -> Result<(), Failure> {
    let request = wire::ListThemesRequest {
        from: args.from.map(date_to_wire),
        to: args.to.map(date_to_wire),
        page_size: args.limit,
        ..Default::default()
    };
    let found = services.topics().list_themes(connect::patient(request)).await?.into_inner();
    if args.json {
        return output::json("ListThemesResponse", &found);
    }
    for theme in &found.themes {
        output::line(&line(theme))?;
    }
    let shown = u32::try_from(found.themes.len()).unwrap_or(u32::MAX);
    if shown < found.total_count {
        output::line(&format!("{shown} of {} themes; -n shows more", found.total_count))?;
    }
    Ok(())
}

async fn show(services: &Services, args: &Args, theme: &str) -> Result<(), Failure> {
    let id = theme.strip_prefix("themes/").unwrap_or(theme).parse::<ThemeId>();
    let id = id.unwrap_or_else(|_word| ThemeId::of(&normal(theme)));
    let request = wire::GetThemeRequest { name: format!("themes/{id}"), limit: args.limit };
    let found = services.topics().get_theme(connect::patient(request)).await?.into_inner();
    if args.json {
        return output::json("GetThemeResponse", &found);
    }
    output::line(&line(&found.theme.unwrap_or_default()))?;
    for wire::ThemeStory { topic, weight } in &found.stories {
        let topic = topic.clone().unwrap_or_default();
        output::line(&format!("  {weight:.2}  {}", label(&topic)))?;
        let facts = format!("{} articles · {}", topic.article_count, span(&topic));
        output::line(&format!("        {facts} · {}", topic.name))?;
    }
    Ok(())
}

/// A theme on a line.
fn line(theme: &wire::Theme) -> String {
    let wire::Theme { name, label, keywords, story_count, article_count, .. } = theme;
    let words = keywords.join(" ");
    format!("{label}  {words}\n     {story_count} stories · {article_count} articles · {name}")
}
