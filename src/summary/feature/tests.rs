use super::Body;
use super::NAMES;

fn feature(name: &str, body: &Body<'_>, at: usize, title: &str) -> f32 {
    let place = NAMES.iter().position(|known| *known == name).unwrap();
    body.features(title)[at][place]
}

#[test]
fn a_heading_inside_the_text_is_known() {
    let body = Body::new("清河县昨天开闸。\n麦田返青\n农民下地。");
    let subheads: Vec<bool> = (0..3).map(|at| body.is_subhead(at)).collect();
    assert_eq!(subheads, [false, true, false]);
    assert!(feature("subhead_just_above", &body, 2, "") > 0.5);
    assert!(!Body::new("麦田返青").is_subhead(0));
}

#[test]
fn a_line_that_no_mark_ends_is_told_only_where_all_are_like_that() {
    let told = |text: &str| {
        let body = Body::new(text);
        (0..body.clauses.len()).map(|at| body.is_told(at)).collect::<Vec<bool>>()
    };
    assert_eq!(
        told("麦田返青\n清河开闸，水来了。\n他说：“好。”下文"),
        [false, true, true, true, true, false]
    );
    assert_eq!(told("麦田返青\n清河开闸，水来了"), [true; 3]);
    assert_eq!(told("清河开闸引水\n昨天，清河县开闸引水。"), [true; 3], "a heading borne out");
}

#[test]
fn a_line_that_repeats_the_title_is_known() {
    let body = Body::new("清河县引水灌溉麦田！\n清河县引水灌溉麦田，农民林大川说水来得早。");
    let lines = body.lines_like("清河县引水灌溉 麦田");
    assert!(lines.contains(&0) && !lines.contains(&1), "{lines:?}");
    assert!(body.lines_like("").is_empty());
}

#[test]
fn words_of_the_title_are_counted() {
    let body = Body::new("天晴，清河开闸。");
    assert!(feature("title_bigrams", &body, 1, "清河开闸放水") > 0.99);
    assert!(feature("title_bigrams", &body, 0, "清河开闸放水") < 0.01);
    assert!((feature("title_covered", &body, 1, "清河开闸放水") - 0.6).abs() < 1e-6);
}

#[test]
fn every_feature_of_every_clause_is_a_number() {
    let body = Body::new("甲。\n\n乙，丙“丁。”");
    assert_eq!(body.features("").len(), body.clauses.len());
    assert!(body.features("").iter().flatten().all(|value| value.is_finite()));
}
