//! Kinds of sites, made up: forums, pages that scripts fill, lists of cards, pages that are named for
//! their site.

use super::FIRST;
use super::SECOND;
use super::is_the_article;
use super::kind;
use super::names;
use super::page;
use super::text;
use super::words;
use crate::Issue;
use crate::PageKind;
use crate::html::extract;
use crate::parse;

/// A post of a thread.
fn post(floor: usize, words: &str) -> String {
    format!(
        "<div id=post_{floor}><table><tr><td class=who><a href=u>江边人</a></td>\
         <td><em>发表于 2025-09-0{floor} 10:20</em> <a href=a>只看该作者</a>\
         <div id=postmessage_{floor}>{words}</div></td></tr></table><a href=r>回复</a> <a href=j>举报</a></div>"
    )
}

#[test]
fn the_first_post_of_a_thread_is_its_article() {
    let reply = "桥是好桥，停车的地方跟得上吗？旧桥头每到周末就堵，请有关部门提前想一想。";
    let posts = [post(1, &format!("{FIRST}<br>{SECOND}")), post(2, reply), post(3, reply)].concat();
    let markup = page(&posts).replace("<h1>", "<h1><a href=x>[见闻]</a> ");
    is_the_article(&markup);
    let read = parse(&markup, &Issue::default());
    assert!(read.articles.first().unwrap().rules_fired.contains(&"first-post-of-thread"));
    assert_eq!(extract(&markup).published.unwrap().to_string(), "2025-09-01T10:20:00");
    // Comments below an article make no thread of it.
    let comment =
        |at: usize| format!("<div class=c{at}><i>发表于 2025-09-0{at}</i><p>{reply}</p></div>");
    let below = page(&format!(
        "<div class=content>{}</div><h3>网友评论</h3>{}{}",
        text(),
        comment(1),
        comment(2)
    ));
    is_the_article(&below);
    let read = parse(&below, &Issue::default());
    assert!(!read.articles.first().unwrap().rules_fired.contains(&"first-post-of-thread"));
}

#[test]
fn an_article_in_the_data_of_a_framework_is_read_with_what_is_said_of_it() {
    let whole = text().repeat(3);
    let object = serde_json::json!({"props": {"detail": {
        "title": "清河大桥合龙", "pubTime": "2025-09-08 21:35:00", "author": "周小禾",
        "source": "清河日报", "content": whole}}, "more": [{"title": "老街修旧如旧"}]});
    let json = object.to_string();
    let encoded = json.bytes().fold(String::new(), |all, byte| all + &format!("%{byte:02X}"));
    let escaped =
        serde_json::to_string(&whole).unwrap().replace('<', "\\u003C").replace('/', "\\u002F");
    for script in [
        format!("<script id=__NEXT_DATA__ type='application/json'>{json}</script>"),
        format!("<script type='application/json'>{encoded}</script>"),
        format!(
            "<script>window.S=(function(a){{return {{info:{{title:\"清河大桥合龙\",content:{escaped},\
             pubTime:\"2025-09-08 21:35:00\",source:\"清河日报\",author:\"周小禾\"}}}}}}(1));</script>"
        ),
    ] {
        let markup = format!(
            "<html><head><title>清河大桥合龙-清河头条</title></head><body><div id=root></div>{script}</body></html>"
        );
        let found = extract(&markup);
        assert_eq!((found.title.as_str(), found.paragraphs.len()), ("清河大桥合龙", 6), "{script}");
        assert_eq!(
            (found.source.as_str(), names(&found)),
            ("清河日报", vec!["周小禾"]),
            "{script}"
        );
        assert_eq!(found.published.unwrap().to_string(), "2025-09-08T21:35:00", "{script}");
    }
}

#[test]
fn cards_of_other_articles_beside_a_short_one_are_not_taken() {
    let card = |name: &str, linked: bool| {
        let name = if linked { format!("<a href=x>{name}</a>") } else { name.to_owned() };
        format!(
            "<div class=card><h4>{name}</h4><p>修缮以加固为主，不改动沿街立面，预计工期五个月，商户分三批歇业。</p></div>"
        )
    };
    for linked in [true, false] {
        let cards: String =
            ["老街修旧如旧", "柳溪镇秋粮开镰", "云水村的图书室", "夜间公交再增四条"]
                .iter()
                .map(|name| card(name, linked))
                .collect();
        let left =
            format!("<div class=left><h1>清河大桥合龙</h1><p>{FIRST}</p><p>{SECOND}</p></div>");
        let markup = page("")
            .replace("<h1>清河大桥合龙</h1>", &format!("{left}<div class=right>{cards}</div>"));
        is_the_article(&markup);
    }
}

#[test]
fn a_list_with_a_blurb_and_a_day_for_each_gives_none() {
    let item = |name: &str| {
        format!(
            "<div class=item><h2><a href={name}>{name}的消息</a></h2><p>2025-09-08</p><p>{FIRST}</p></div>"
        )
    };
    let items: String = (1..10).map(|at| item(&format!("清河县第{at}条"))).collect();
    let markup =
        format!("<html><head><title>民生 - 清河网</title></head><body>{items}</body></html>");
    assert_eq!(kind(&markup), Some(PageKind::List));
}

#[test]
fn a_page_named_for_its_site_is_read_by_its_heading() {
    let named = |title: &str, markup: &str| {
        markup.replace("<title>清河大桥合龙_清河网</title>", &format!("<title>{title}</title>"))
    };
    let about = "<p class=info>2025-09-08 10:20　清河日报</p>";
    let whole = page(&format!("{about}<div class=c>{}</div>", text()));
    let lines = [
        "<h1>清河大桥合龙</h1>",
        "<div class=newstitle>清河大桥合龙</div>",
        "<p><b>清河大桥合龙</b></p>",
        "<h1><a href=/>清河网</a></h1><h2>清河大桥合龙</h2>",
    ];
    for line in lines {
        for title in ["清河网", "云上清河", "清河网 > 新闻 > 清河大桥合龙"] {
            is_the_article(&named(title, &whole.replace("<h1>清河大桥合龙</h1>", line)));
        }
    }
}

#[test]
fn lines_beside_a_headline_are_its_own_only_if_they_speak_of_its_text() {
    let around = |before: &str, behind: &str| {
        let found = extract(
            &page(&format!("{behind}{}", text())).replace("<h1>", &format!("{before}<h1>")),
        );
        (found.kicker, found.subtitle)
    };
    let none = (String::new(), String::new());
    assert_eq!(around("<h2>学校要闻</h2>", "<h2>播报文章</h2>"), none);
    let both = around("<h2>两岸告别渡船</h2>", "<h2>最后一段钢梁落位</h2>");
    assert_eq!(both, ("两岸告别渡船".to_owned(), "最后一段钢梁落位".to_owned()));
    let inside = page(&text())
        .replace("清河大桥合龙</h1>", "清河大桥合龙<br><small>——渡船谢幕记</small></h1>");
    assert_eq!(extract(&inside).subtitle, "——渡船谢幕记");
    is_the_article(&inside);
}

#[test]
fn a_document_is_named_in_the_table_of_its_properties() {
    let table = "<table><tr><td>标　　题：</td><td>清河县关于大桥通车的通知</td></tr>\
                 <tr><td>发布日期：</td><td>2025年09月08日</td></tr></table>";
    let markup = format!(
        "<html><head><title>政府信息公开</title></head><body>{table}<div id=zoom>\
         <p><b>清河县关于<br>大桥通车的通知</b></p>{}</div></body></html>",
        text()
    );
    let found = extract(&markup);
    assert_eq!(
        (found.title.as_str(), words(&found)),
        ("清河县关于大桥通车的通知", vec![FIRST, SECOND])
    );
    assert_eq!(found.published.unwrap().to_string(), "2025-09-08T00:00:00");
}

#[test]
fn who_published_needs_no_label_beside_the_day() {
    for (line, source) in [
        ("2025-09-08 10:20 清河日报", "清河日报"),
        ("http://qinghe.example　2025年09月08日10:20　清河热线", "清河热线"),
        ("2025-09-08 | 发布者: 小禾 | 来自: 清河晚报", "清河晚报"),
        ("<cite>清河晚报</cite><time>2025.09.08 07:12</time>", "清河晚报"),
        ("<span>2025-09-08</span> <span>清河网</span>", "清河网"),
    ] {
        let markup = page(&format!("<div class=m>{line}</div><div class=content>{}</div>", text()));
        assert_eq!(extract(&markup).source, source, "{line}");
        is_the_article(&markup);
    }
}

#[test]
fn what_sites_put_at_the_ends_of_texts_is_left_out() {
    for end in [
        "<p>- END -</p><p>来源 | 清河晚报</p>",
        "<p>监 制：周小禾</p><p>编辑 林小满 ｜ 排版 何穗</p>",
        "<p>【评论】【推荐】【打印】【关闭】</p>",
        "<p>内容由AI生成，仅供参考</p>",
        "<amp-ad><div>广告</div></amp-ad>",
        "<p>本文由 周小禾 发表于 2025年9月8日</p>",
    ] {
        is_the_article(&page(&format!("<div class=content>{}{end}</div>", text())));
    }
    let last = format!("{SECOND}（編輯：周小禾）1140908");
    is_the_article(&page(&format!("<div class=content><p>{FIRST}</p><p>{last}</p></div>")));
}
