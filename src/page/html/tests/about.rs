//! What pages say of their articles: days, sources, people, the parts of an e-paper.

use super::FIRST;
use super::SECOND;
use super::names;
use super::page;
use super::text;
use super::words;
use crate::Issue;
use crate::html::extract;
use crate::parse;

/// When a page was published.
fn published(markup: &str) -> String {
    extract(markup).published.map(|at| at.to_string()).unwrap_or_default()
}

#[test]
fn the_hour_of_publication_is_kept() {
    let about = |line: &str| {
        published(&page(&format!(
            "<div class=info>{line}</div><div class=content>{}</div>",
            text()
        )))
    };
    assert_eq!(
        about("发布时间：2025-09-08 21:35　来源：清河网　作者：周小禾"),
        "2025-09-08T21:35:00"
    );
    assert_eq!(
        about("<span>2025</span> <span>09/08</span> <span>19:02</span>"),
        "2025-09-08T19:02:00"
    );
    assert_eq!(about("1998年08月21日 来源：清河日报"), "1998-08-21T00:00:00");
    assert_eq!(
        about("<p>更新时间：2025-09-10 08:00</p><p>发布时间：2025-09-08</p>"),
        "2025-09-08T00:00:00"
    );
}

#[test]
fn the_foot_of_the_site_is_no_day_of_publication() {
    let markup = page(&format!(
        "<div class=info>1998年08月21日 来源：清河日报</div><div class=content>{}<p>据介绍，大桥2003年3月1日开工。</p></div>\
         <div class=bottom>版权所有 2003-2025 清河网 更新于 2025-01-15 10:00</div>",
        text()
    ));
    assert_eq!(published(&markup), "1998-08-21T00:00:00");
}

#[test]
fn days_are_those_of_china() {
    let meta = |metas: &str| {
        published(
            &page(&format!("<div class=content>{}</div>", text()))
                .replace("<title>", &format!("{metas}<title>")),
        )
    };
    let first = "<meta property='article:published_time' content='2025-09-08T22:10:00Z'>";
    assert_eq!(meta(first), "2025-09-09T06:10:00");
    // A site that calls its own hour UTC says the hour elsewhere without a zone.
    assert_eq!(
        meta(&format!("{first}<meta name=pubdate content='2025-09-08T22:10:00'>")),
        "2025-09-08T22:10:00"
    );
}

#[test]
fn one_order_of_trust_gives_one_answer() {
    let metas = "<meta name=pubdate content='2025-09-08 08:00'><meta name=publishdate content='2025-09-10'>\
         <meta property='og:release_date' content='2025-09-12'><meta property='article:published_time' content='2025-09-08T07:58:00+08:00'>\
         <meta property='article:modified_time' content='2025-09-13'><meta name=mediaid content=柳溪晚报><meta name=source content='来源：清河网'>\
         <meta name=author content=周小禾><meta property='article:author' content=许舟>\
         <link rel=canonical href='https://news.example/a/1.html'>";
    let markup = page(&format!("<div class=content>{}</div>", text()))
        .replace("<title>", &format!("{metas}<title>"));
    let first = extract(&markup);
    assert_eq!(first.published.unwrap().to_string(), "2025-09-08T07:58:00");
    assert_eq!((first.source.as_str(), names(&first)), ("清河网", vec!["周小禾"]));
    assert_eq!(first.url, "https://news.example/a/1.html");
    for _ in 0..20 {
        assert_eq!(extract(&markup), first);
    }
}

#[test]
fn the_text_for_machines_is_read_where_the_page_shows_none() {
    let markup = format!(
        "<html><head><title>清河大桥合龙</title><script type='application/ld+json'>{{\"@type\":\"NewsArticle\",\"headline\":\
         \"清河大桥合龙\",\"datePublished\":\"2025-09-08\",\"author\":{{\"name\":\"周小禾\"}},\"articleBody\":\"{FIRST}\\n{SECOND}\\n{SECOND}\"}}\
         </script></head><body><div id=root></div></body></html>"
    );
    let found = extract(&markup);
    assert_eq!(words(&found), [FIRST, SECOND, SECOND]);
    assert_eq!((found.title.as_str(), names(&found)), ("清河大桥合龙", vec!["周小禾"]));
}

#[test]
fn editors_and_people_in_the_news_are_no_authors() {
    let about = |line: &str| {
        let markup = page(&format!(
            "<div class=info>{line}</div><div class=content>{}<p>“桥通了。”何青禾说。</p></div>",
            text()
        ));
        let found = extract(&markup.replace("<title>", "<meta name=author content=林小满><title>"));
        names(&found).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(about("来源：清河网 责任编辑：林小满"), [] as [&str; 0]);
    assert_eq!(about("来源：清河网　作者：周小禾　编辑：林小满"), ["周小禾"]);
    assert_eq!(about("清河新闻记者 周小禾 许舟"), ["周小禾", "许舟"]);
}

#[test]
fn the_account_of_a_post_is_its_author_where_nobody_signs() {
    let markup = page(&format!(
        "<div class=author-txt><p class=author-name>柳溪笔记</p></div><div class=content>{}</div>\
         <script>var nickname = '柳溪笔记'; var ct = '1757338500'; var msg_title = '清河大桥合龙';</script>",
        text()
    ));
    let found = extract(&markup);
    assert_eq!(names(&found), ["柳溪笔记"]);
    assert_eq!(found.published.unwrap().to_string(), "2025-09-08T21:35:00");
}

/// An article of an e-paper: what its system writes, and what its page shows.
fn epaper() -> String {
    format!(
        "<html><head><title>清河日报</title></head><body><div class=list><a href=node_1.html>第A01版：要闻</a>\
         <a href=node_3.html>第A03版：民生</a></div><div class=now>第A03版：民生</div><div id=scroller><div class=caption>\
         <font id=intro-title>历时两年</font><font id=main-title>清河大桥合龙</font><font id=sub-title>——明年五月通车</font>\
         <font id=author>2025年09月08日</font></div><div id=content><img src=a.jpg><p>合龙现场。（清河日报记者 许舟 摄）</p>\
         <founder-content><!--enpcontent--><p>清河日报记者 周小禾</p><p>{FIRST}</p><p><strong>两岸告别渡船</strong></p><p>{SECOND}</p>\
         <!--/enpcontent--><!--enpproperty <date>2025-09-08 00:00:00:0</date><author></author><title>清河大桥合龙</title>\
         <introtitle>历时两年</introtitle><subtitle>——明年五月通车</subtitle><url>http://e.example/c_1.html</url>/enpproperty-->\
         </founder-content></div></div></body></html>"
    )
}

#[test]
fn an_article_of_an_e_paper_keeps_its_parts() {
    let found = parse(&epaper(), &Issue::default());
    let record = &found.articles[0].article.record;
    assert_eq!((record.kicker.as_str(), record.title.as_str()), ("历时两年", "清河大桥合龙"));
    assert_eq!(record.subtitle, "明年五月通车");
    assert_eq!(record.paragraphs, [FIRST, "两岸告别渡船", SECOND]);
    assert_eq!(record.published_at.unwrap().to_string(), "2025-09-08T00:00:00");
    assert_eq!(
        (record.page.unwrap().to_string().as_str(), record.page_name.as_str()),
        ("A03", "民生")
    );
    assert_eq!(record.url, "http://e.example/c_1.html");
    assert_eq!(record.byline[0].name, "周小禾");
    assert_eq!(record.captions[0].text, "合龙现场。");
}

#[test]
fn an_e_paper_without_its_systems_comment_shows_its_parts() {
    let found = extract(&epaper().replace("enpproperty", "nothing"));
    assert_eq!((found.kicker.as_str(), found.title.as_str()), ("历时两年", "清河大桥合龙"));
    assert_eq!(found.published.unwrap().to_string(), "2025-09-08T00:00:00");
}

#[test]
fn the_first_heading_of_three_is_not_the_headline() {
    let found = extract(&format!(
        "<html><head><title>历时两年 清河大桥合龙-清河日报</title></head><body><div class=article><h3>历时两年</h3>\
         <h1>清河大桥合龙</h1><h2>明年五月通车</h2><p class=sec>本报记者　周小禾　《 清河日报 》（ 2024年05月06日 第 02 版）</p>\
         <table class=pci_c><tr><td><p>上图：合龙现场。许舟摄</p></td></tr></table><div id=ozoom><p>{FIRST}</p><p>{SECOND}</p></div>\
         </div></body></html>"
    ));
    assert_eq!((found.kicker.as_str(), found.title.as_str()), ("历时两年", "清河大桥合龙"));
    assert_eq!(found.subtitle, "明年五月通车");
    assert_eq!((found.source.as_str(), found.page.as_str()), ("清河日报", "02"));
    assert_eq!(found.captions, ["上图：合龙现场。许舟摄"]);
    assert_eq!((words(&found), names(&found)), (vec![FIRST, SECOND], vec!["周小禾"]));
}
