//! Pages of one issue: what 下转 and 上接 part is joined, teasers are linked to other pages.

use std::collections::HashMap;

use crate::Continued;
use crate::Page;
use crate::Parsed;
use crate::assemble::ALIKE;
use crate::assemble::alike;
use crate::observe::folded;
use crate::seam;
use wenmai_domain::article::Article;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Kind;
use wenmai_domain::id::ArticleId;
use wenmai_domain::page_code::PageCode;

/// Joins articles that go on on another of `pages`, and links teasers to what they announce there.
///
/// Pages are known by the `page` of their articles. An article that says 下转N版 takes the one on
/// page N that says 上接 its own page: the most alike in its headline, or the only one. The
/// continuation leaves its page, and its spans are kept in [`Parsed::continued`].
pub fn join(pages: &mut [Page]) {
    let ids = jumps(pages);
    teasers(pages, &ids);
}

/// The code that the articles of a page carry.
fn code(page: &Page) -> Option<PageCode> {
    page.articles.iter().find_map(|parsed| parsed.article.record.page)
}

/// Joins what is continued; returns new ids by old ones.
fn jumps(pages: &mut [Page]) -> HashMap<ArticleId, ArticleId> {
    let codes: Vec<Option<PageCode>> = pages.iter().map(code).collect();
    let mut ids = HashMap::new();
    for from in 0..pages.len() {
        let mut at = 0;
        while let Some(parsed) = pages.get(from).and_then(|page| page.articles.get(at)) {
            let found = continuation(pages, &codes, from, parsed);
            if let Some((to, index)) = found {
                let rest = pages.get_mut(to).map(|page| page.articles.remove(index));
                // Articles before this one on the same page cannot be its continuation's page.
                let head = pages.get_mut(from).and_then(|page| page.articles.get_mut(at));
                if let Some((head, rest)) = head.zip(rest) {
                    let (old, gone) = (head.article.id, rest.article.id);
                    append(head, rest, to);
                    ids.insert(old, head.article.id);
                    ids.insert(gone, head.article.id);
                }
            }
            at += 1;
        }
    }
    ids
}

/// The page that a text on page `own` calls `target`: one without a part is of the same part.
fn page_at(codes: &[Option<PageCode>], target: PageCode, own: Option<PageCode>) -> Option<usize> {
    let full = own.map_or(target, |own| target.in_part_of(own));
    codes.iter().position(|code| *code == Some(full))
}

/// The page and index of the article that continues `head`, which stands on page `from`.
fn continuation(
    pages: &[Page],
    codes: &[Option<PageCode>],
    from: usize,
    head: &Parsed,
) -> Option<(usize, usize)> {
    let record = &head.article.record;
    let Some(Jump::ToPage(target)) = record.jump else {
        return None;
    };
    if !record.kind.is_article() || !head.continued.is_empty() {
        return None;
    }
    let own = codes.get(from).copied().flatten();
    let to = page_at(codes, target, own).filter(|to| *to != from)?;
    let fits = |parsed: &Parsed| match parsed.article.record.jump {
        Some(Jump::FromPage(page)) => own.is_none_or(|own| own == page.in_part_of(own)),
        Some(Jump::ToPage(_)) | None => false,
    };
    let page = pages.get(to)?;
    let candidates: Vec<usize> =
        page.articles.iter().enumerate().filter(|(_, p)| fits(p)).map(|(at, _)| at).collect();
    let title = folded(&record.title);
    let score = |at: &usize| {
        let other = page.articles.get(*at).map(|p| folded(&p.article.record.title));
        alike(&title, &other.unwrap_or_default())
    };
    let best = candidates.iter().copied().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    // The only text that comes from this page is meant, unless another article also goes there.
    let heads = pages.get(from).map_or(0, |page| {
        page.articles
            .iter()
            .filter(|p| p.article.record.jump == record.jump && p.article.record.kind.is_article())
            .count()
    });
    (score(&best) >= ALIKE || candidates.len() == 1 && heads == 1).then_some((to, best))
}

/// Puts `rest`, which stands on page `to`, behind `head`.
fn append(head: &mut Parsed, rest: Parsed, to: usize) {
    let Parsed { article, spans, rules_fired, .. } = rest;
    let record = &mut head.article.record;
    let mut more = article.record;
    let open = record.paragraphs.last().is_some_and(|last| !seam::is_closed(last));
    if open && !more.paragraphs.is_empty() {
        let first = more.paragraphs.remove(0);
        if let Some(last) = record.paragraphs.last_mut() {
            last.push_str(&first);
        }
    }
    record.paragraphs.append(&mut more.paragraphs);
    record.captions.append(&mut more.captions);
    if record.byline.is_empty() {
        record.byline = more.byline;
    }
    if record.source_note.is_empty() {
        record.source_note = more.source_note;
    }
    head.continued.push(Continued { page: to, spans });
    head.rules_fired.push("joined-across-pages");
    for rule in rules_fired {
        if !head.rules_fired.contains(&rule) {
            head.rules_fired.push(rule);
        }
    }
    head.article = Article::new(std::mem::take(record));
}

/// Links teasers to the page that they point to, and follows ids that changed.
fn teasers(pages: &mut [Page], ids: &HashMap<ArticleId, ArticleId>) {
    let codes: Vec<Option<PageCode>> = pages.iter().map(code).collect();
    let titles: Vec<Vec<(String, ArticleId)>> = pages
        .iter()
        .map(|page| {
            let real = page.articles.iter().filter(|p| p.article.record.kind.is_article());
            real.map(|p| (folded(&p.article.record.title), p.article.id)).collect()
        })
        .collect();
    let all = pages.iter_mut().flat_map(|page| &mut page.articles);
    for parsed in all.filter(|p| p.article.record.kind == Kind::Teaser) {
        let record = &mut parsed.article.record;
        if let Some(known) = record.teaser_of {
            record.teaser_of = ids.get(&known).copied().or(Some(known));
            continue;
        }
        let Some(Jump::ToPage(target)) = record.jump else {
            continue;
        };
        let Some(others) = page_at(&codes, target, record.page).and_then(|at| titles.get(at))
        else {
            continue;
        };
        let title = folded(&record.title);
        let scored = others.iter().map(|(other, id)| (alike(&title, other), id));
        let best = scored.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(score, _)| *score >= ALIKE);
        record.teaser_of = best.map(|(_, id)| *id);
    }
}

#[cfg(test)]
mod tests {
    use super::join;
    use crate::Issue;
    use crate::Page;
    use crate::parse;

    const FRONT: &str = "## 清河大桥主桥合龙\n\n本报讯（记者 周小禾）9月7日，清河大桥主桥顺利合龙，两岸群众来到现\
        （下转2版）\n\n今日导读\n\n柳溪镇秋粮开镰收割\n\n2版\n";
    const SECOND: &str = "## 清河大桥主桥合龙\n\n（上接1版）场，见证这一刻。\n\n大桥全长一千二百米。\n\n\
        ## 柳溪镇秋粮开镰收割 农机手昼夜不停\n\n本报讯 9月7日，柳溪镇的水稻开镰。\n";

    fn pages() -> Vec<Page> {
        let page = |(text, number): (&str, u32)| {
            parse(text, &Issue { page: Some(number.into()), ..Issue::default() })
        };
        [(FRONT, 1), (SECOND, 2)].map(page).to_vec()
    }

    #[test]
    fn an_article_is_joined_across_pages() {
        let mut pages = pages();
        join(&mut pages);
        let bridge = &pages[0].articles[0];
        assert!(bridge.article.record.body().contains("来到现场，见证这一刻。\n大桥全长"));
        assert_eq!((bridge.continued.len(), bridge.continued[0].page), (1, 1));
        assert_eq!(pages[1].articles.len(), 1);
        let again = wenmai_domain::article::Article::new(bridge.article.record.clone());
        assert_eq!(again.id, bridge.article.id);
    }

    #[test]
    fn a_teaser_is_linked_to_the_page_that_it_names() {
        let mut pages = pages();
        join(&mut pages);
        let teaser = pages[0].articles.last().unwrap();
        assert_eq!(teaser.article.record.teaser_of, Some(pages[1].articles[0].article.id));
    }

    #[test]
    fn without_the_other_page_nothing_changes() {
        let mut alone = pages();
        alone.truncate(1);
        let before = alone.clone();
        join(&mut alone);
        assert_eq!(alone, before);
    }
}
