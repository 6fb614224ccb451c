//! `wenmai topics recluster`.

use jiff::civil::Date;

use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::topics::Days;
use wenmai_domain::day;
use wenmai_engine::Period;
use wenmai_engine::Recluster;
use wenmai_engine::Reclustered;

/// Arguments of `wenmai topics recluster`.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    #[command(flatten)]
    days: Days,

    /// Say what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(services: &Services, args: Args, json: bool) -> Result<(), Failure> {
    let Args { days: Days { from, to }, dry_run } = args;
    let Some(engine) = services.engine() else {
        let what = "works on the data folder of this machine, not on a server";
        return Err(Failure::Usage(format!("`topics recluster` {what}")));
    };
    if from.is_some_and(|from| to.is_some_and(|to| to < from)) {
        return Err(Failure::Usage("`--to` is before `--from`".to_owned()));
    }
    let number = |day: Date| i64::from(day::number(day));
    let period = Period { from: from.map(number), to: to.map(number) };
    let done = engine.recluster_topics(Recluster { period, dry_run }).await?;
    let Reclustered { article_count, left_alone_count, moved_count, .. } = done;
    let Reclustered { story_count_before, story_count, new_count, merged_count, .. } = done;
    if json {
        let told = serde_json::json!({
            "article_count": article_count,
            "left_alone_count": left_alone_count,
            "moved_count": moved_count,
            "story_count_before": story_count_before,
            "story_count": story_count,
            "new_count": new_count,
            "merged_count": merged_count,
            "dry_run": dry_run,
        });
        return output::line(&told.to_string());
    }
    let would = if dry_run { "would be" } else { "were" };
    output::line(&format!(
        "{article_count} articles in {story_count_before} stories, now {story_count}: {moved_count} \
         {would} moved; {new_count} new topics, {merged_count} lead to others; \
         {left_alone_count} articles left alone"
    ))
}
