//! Writes that break off on a server; see `writes`.

use super::Place;
use crate::model_based::setting;
use crate::support;
use crate::writes::Opener;
use crate::writes::campaign;
use wenmai::store;

fn opener(place: &Place) -> Opener {
    let config = place.config(&place.url);
    Box::new(move || store::open(&config, &support::fake_make()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_breaks_off_leaves_nothing_half_done_on_a_server() {
    let place = Place::anywhere();
    campaign(13, 40, opener(&place)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn thousands_of_writes_that_break_off_leave_nothing_half_done_on_a_server() {
    let first: u64 = setting("WENMAI_TEST_SEED", 3_000);
    let steps = u32::try_from(setting("WENMAI_TEST_STEPS", 1_000)).unwrap();
    for seed in first..first + setting("WENMAI_TEST_ROUNDS", 10) {
        let place = Place::anywhere();
        campaign(seed, steps, opener(&place)).await;
    }
}
