//! `wenmai eval pairs`: do the model's cosines tell pairs that match from pairs that do not?

use std::path::PathBuf;

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
use wenmai_eval::pairs;
use wenmai_eval::pairs::Separation;
use wenmai_eval::rows::label;

/// Arguments of `wenmai eval pairs`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    rows: rows::Args,

    /// Scores from here up are a match; without it labels must be 0 or 1.
    #[arg(long, value_name = "SCORE", allow_negative_numbers = true)]
    threshold: Option<f64>,
}

#[derive(Serialize)]
struct Report {
    model: String,
    model_version: String,
    bootstrap: Bootstrap,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    files: Vec<FileReport>,
}

#[derive(Serialize)]
struct FileReport {
    input: String,
    row_count: usize,
    match_count: usize,
    bad_count: usize,
    unreadable_count: usize,
    scorers: Vec<Separation>,
    #[serde(skip)]
    counted: String,
}

pub(super) async fn run(Args { rows: args, threshold }: Args) -> Result<(), Failure> {
    // Labels become 1 and 0 while reading, so that a line without one is named with its number.
    let read = |path: &PathBuf| {
        rows::read(path, |mut row| {
            row.score = f64::from(u8::from(label(row.score, threshold)?));
            Ok(row)
        })
    };
    let files: Vec<rows::File> = args.input.iter().map(read).collect::<Result<_, Failure>>()?;
    let handle = args.model()?;
    let bootstrap = args.bootstrap.bootstrap();
    let bar = ingest::progress_bar();
    let mut reports = Vec::new();
    for file in files {
        let scored = rows::score(&handle, &file, &bar).await?;
        show(&bar, Progress::Resample);
        let truths: Vec<bool> = scored.scores.iter().map(|score| *score > 0.5).collect();
        let match_count = truths.iter().filter(|truth| **truth).count();
        reports.push(FileReport {
            row_count: truths.len(),
            match_count,
            bad_count: file.bad_count,
            unreadable_count: scored.unreadable.len(),
            scorers: pairs::measure(&scored, &truths, bootstrap),
            counted: format!("{}; {match_count} match", rows::counted(&file, &scored)),
            input: file.input,
        });
    }
    bar.finish_and_clear();
    let info = handle.info();
    let report = Report {
        model: info.name.clone(),
        model_version: info.version.clone(),
        bootstrap,
        threshold,
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
        let mut table = output::table(&[
            "",
            "average precision",
            "ROC AUC",
            "best F1",
            "at",
            "accuracy",
            "model ahead, AP",
        ]);
        for one in &file.scorers {
            let cut = |number: Option<f64>| figure(number, None);
            table.add_row(vec![
                one.scorer.name().to_owned(),
                figure(one.average_precision, one.average_precision_interval),
                figure(one.roc_auc, one.roc_auc_interval),
                figure(one.best_f1.map(|cut| cut.f1), one.best_f1_interval),
                cut(one.best_f1.map(|cut| cut.threshold)),
                cut(one.best_f1.map(|cut| cut.accuracy)),
                signed(one.model_ahead),
            ]);
        }
        output::line(&table.to_string())?;
    }
    rows::footer(&report.model, &report.model_version, report.bootstrap)
}
