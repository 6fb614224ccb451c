//! An index moves to the server and back without a change of a bit.

use std::time::Duration;

use tempfile::TempDir;

use super::Place;
use crate::Error;
use crate::Lease;
use crate::Mark;
use crate::TopicStore as _;
use crate::conformance::sample;
use crate::raw::Part;
use crate::transfer::tests::everything;
use crate::transfer::tests::fill;
use crate::transfer::tests::folder;
use crate::transfer::transfer;

#[tokio::test]
async fn everything_arrives_to_the_bit_and_comes_back_so() {
    let Some(place) = Place::on_server() else { return };
    let root = TempDir::new().unwrap();
    let (source, back) = (folder(&root, "source"), folder(&root, "back"));
    let server = place.open(&sample::make());
    fill(&source).await;
    let there = transfer(&source, &server, &|_| ()).await.unwrap();
    assert!(there.is_same(), "{there:?}");
    assert_eq!(there.articles.written_count, 450);
    let again = transfer(&source, &server, &|_| ()).await.unwrap();
    assert!(again.is_same() && again.parts().iter().all(|(_, moved)| moved.written_count == 0));
    let here = transfer(&server, &back, &|_| ()).await.unwrap();
    assert!(here.is_same(), "{here:?}");
    for part in [Part::Articles, Part::Topics] {
        assert_eq!(everything(&source, part).await, everything(&back, part).await);
    }
    assert_eq!(back.mark().await.unwrap(), Mark { projected: 7, arrival: 450, ..Mark::default() });
    // The lease was given back.
    assert_eq!(server.lease().await.unwrap().holder, "");
}

#[tokio::test]
async fn nothing_moves_while_somebody_writes() {
    let Some(place) = Place::on_server() else { return };
    let root = TempDir::new().unwrap();
    let server = place.open(&sample::make());
    let busy = Lease { term: 1, holder: "somebody".into(), beat: 0 };
    assert!(server.swap_lease(&Lease::default(), &busy).await.unwrap());
    // Somebody who is silent would be taken for dead.
    let beating = async {
        let mut seen = busy;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let next = Lease { beat: seen.beat + 1, ..seen.clone() };
            assert!(server.swap_lease(&seen, &next).await.unwrap(), "the lease was taken");
            seen = next;
        }
    };
    let target = folder(&root, "target");
    let refused = tokio::select! {
        refused = transfer(&server, &target, &|_| ()) => refused,
        () = beating => unreachable!("it beats for ever"),
    };
    assert!(matches!(refused, Err(Error::Led { .. })), "{refused:?}");
}
