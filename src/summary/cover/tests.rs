use super::Matter;
use super::choose;
use crate::reading::tests::readings;
use crate::set::Scope;
use crate::set::tests::flood;
use wenmai_text::entity::Kind;

#[test]
fn a_fact_is_worth_what_the_articles_make_of_it() {
    let sources = flood();
    let readings = readings(&sources);
    let matter = Matter::of(&readings);
    let place = readings[0].titled.iter().find(|one| one.kind == Kind::Place).unwrap();
    assert!((matter.fact(Kind::Place, &place.key) - 3.0).abs() < 1e-5, "in all of all three");
    let number = matter.fact(Kind::Number, "3200人");
    assert!((number - 2.0 / 3.0).abs() < 1e-5, "one of three, in opening and text: {number}");
    assert!(matter.fact(Kind::Number, "9人").abs() < 1e-9);
}

#[test]
fn pieces_fit_do_not_overlap_and_add_something() {
    let sources = flood();
    let readings = readings(&sources);
    let matter = Matter::of(&readings);
    for char_max in [10, 30, 60, 200] {
        let chosen = choose(&readings, &matter, &Scope::default(), None, char_max);
        let offers: Vec<_> =
            chosen.iter().map(|place| (place.reading, place.of(&readings).unwrap().1)).collect();
        let cost: usize = offers.iter().map(|(_, one)| one.extract.char_count()).sum();
        assert!(cost <= char_max);
        for (at, (reading, one)) in offers.iter().enumerate() {
            let apart = |(other_reading, other): &(usize, &crate::reading::Offer)| {
                other_reading != reading || one.to < other.from || other.to < one.from
            };
            assert!(offers[at + 1..].iter().all(apart));
        }
    }
}
