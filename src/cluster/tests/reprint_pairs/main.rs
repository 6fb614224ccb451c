//! Is what is folded the same news, and is the same news folded?
//!
//! Pairs are made with a seed, as many of each kind: true reprints in all disguises, and other news in
//! the same words. The figures by kind are printed: `cargo test -p wenmai-cluster --test reprint_pairs
//! -- --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails should say where, and its figures are printed"
)]

mod disguise;
mod make;
mod stock;

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use make::Kind;
use make::Pair;
use wenmai_cluster::reprint::Anchor;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::compare;
use wenmai_cluster::reprint::join;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::reprint::GroupId;

/// Pairs of each kind.
const COUNT: usize = 60;

fn printed(record: &Record) -> Printed {
    let article = Article::new(record.clone());
    Printed::new(&article, Arc::new(Plain::of(&article.record)))
}

/// Whether the second article joins the group of the first.
fn is_folded(pair: &Pair) -> bool {
    let (first, second) = (printed(&pair.first), printed(&pair.second));
    let group = |one: &Printed| GroupId::found(one.standing.id(), "");
    let own = group(&second);
    let anchor = Anchor { group: group(&first), original: first.clone(), printed: first };
    join(&second, own, [&anchor]).membership.group != own
}

#[test]
fn what_is_folded_is_the_same_news() {
    let pairs = make::make(COUNT, &mut ChaCha8Rng::seed_from_u64(20_251_130));
    assert!(pairs.len() >= 500);
    let mut of_kind: BTreeMap<Kind, (usize, usize)> = BTreeMap::new();
    for pair in &pairs {
        let (folded, count) = of_kind.entry(pair.kind).or_default();
        *count += 1;
        *folded += usize::from(is_folded(pair));
        if is_folded(pair) != pair.kind.is_reprint() {
            let (first, second) = (printed(&pair.first), printed(&pair.second));
            let changes = compare(&first.plain, &second.plain).changes;
            let (one, other) = (brief(&pair.first), brief(&pair.second));
            println!("{:?} {changes:?}\n  {one}\n  {other}", pair.kind);
        }
    }
    let share = |is_reprint: bool| {
        let kinds = of_kind.iter().filter(|(kind, _)| kind.is_reprint() == is_reprint);
        let (folded, count) = kinds.fold((0, 0), |sum, (_, one)| (sum.0 + one.0, sum.1 + one.1));
        f64::from(u32::try_from(folded).unwrap()) / f64::from(u32::try_from(count).unwrap())
    };
    for (kind, (folded, count)) in &of_kind {
        println!("{kind:?}: {folded} of {count} folded");
    }
    let (found, wrong) = (share(true), share(false));
    println!("true reprints found {found:.4}, other news folded {wrong:.4}");
    assert!(found >= 0.95, "true reprints found: {found:.4}");
    assert!(wrong <= 0.005, "other news folded: {wrong:.4}");
}

fn brief(record: &Record) -> String {
    let body: String = record.body().chars().take(90).collect();
    format!("{} ▏{body}", record.title)
}
