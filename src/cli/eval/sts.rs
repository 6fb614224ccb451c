//! `wenmai eval sts`: do the model's cosines order pairs of sentences as people do?

use serde::Serialize;

use crate::eval::done;
use crate::eval::figure;
use crate::eval::json;
use crate::eval::rows;
use crate::eval::show;
use crate::eval::signed;
use crate::failure::Failure;
use crate::ingest;
use crate::output;
use wenmai_eval::Progress;
use wenmai_eval::bootstrap::Bootstrap;
use wenmai_eval::sts;
use wenmai_eval::sts::Agreement;

/// Arguments of `wenmai eval sts`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    rows: rows::Args,
}

#[derive(Serialize)]
struct Report {
    model: String,
    model_version: String,
    bootstrap: Bootstrap,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    input: String,
    row_count: usize,
    bad_count: usize,
    unreadable_count: usize,
    scorers: Vec<Agreement>,
    #[serde(skip)]
    counted: String,
}

pub(super) async fn run(Args { rows: args }: Args) -> Result<(), Failure> {
    let files: Vec<rows::File> =
        args.input.iter().map(|path| rows::read(path, Ok)).collect::<Result<_, Failure>>()?;
    let handle = args.model()?;
    let bootstrap = args.bootstrap.bootstrap();
    let bar = ingest::progress_bar();
    let mut reports = Vec::new();
    for file in files {
        let scored = rows::score(&handle, &file, &bar).await?;
        show(&bar, Progress::Resample);
        reports.push(FileReport {
            row_count: scored.scores.len(),
            bad_count: file.bad_count,
            unreadable_count: scored.unreadable.len(),
            scorers: sts::measure(&scored, bootstrap),
            counted: rows::counted(&file, &scored),
            input: file.input,
        });
    }
    bar.finish_and_clear();
    let info = handle.info();
    let report = Report {
        model: info.name.clone(),
        model_version: info.version.clone(),
        bootstrap,
        files: reports,
    };
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
    }
    done(report.files.iter().map(|file| file.bad_count + file.unreadable_count).sum())
}

fn print(report: &Report) -> Result<(), Failure> {
    for file in &report.files {
        output::line(&file.counted)?;
        let mut table = output::table(&["", "Spearman", "Pearson", "model ahead, Spearman"]);
        for one in &file.scorers {
            table.add_row(vec![
                one.scorer.name().to_owned(),
                figure(one.spearman, one.spearman_interval),
                figure(one.pearson, one.pearson_interval),
                signed(one.model_ahead),
            ]);
        }
        output::line(&table.to_string())?;
    }
    rows::footer(&report.model, &report.model_version, report.bootstrap)
}
