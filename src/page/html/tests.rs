//! Kinds of web pages, made up: a county that does not exist, the markup that sites have.

mod about;
mod kinds;

use super::Extract;
use super::extract;
use super::is_html;
use crate::Issue;
use crate::PageKind;
use crate::parse;

const FIRST: &str = "清河大桥昨日合龙，历时两年，两岸群众来到现场，看最后一段钢梁落位。";
const SECOND: &str = "大桥全长一千二百米，双向六车道，明年五月通车，两岸从此告别渡船。";

/// A page with a headline and `body` behind it.
fn page(body: &str) -> String {
    format!(
        "<!DOCTYPE html><html><head><title>清河大桥合龙_清河网</title></head><body>\
         <div class=top><a href=/>首页</a> <a href=/news>新闻</a></div><h1>清河大桥合龙</h1>{body}</body></html>"
    )
}

/// The two paragraphs.
fn text() -> String {
    format!("<p>{FIRST}</p><p>{SECOND}</p>")
}

fn words(found: &Extract) -> Vec<&str> {
    found.paragraphs.iter().map(|(words, _)| words.as_str()).collect()
}

/// Asserts that a page gives the two paragraphs under the headline and nothing else.
fn is_the_article(markup: &str) {
    let found = extract(markup);
    assert_eq!(found.title, "清河大桥合龙", "{markup}");
    assert_eq!(words(&found), [FIRST, SECOND], "{markup}");
}

fn kind(markup: &str) -> Option<PageKind> {
    extract(markup).nothing.map(|nothing| nothing.kind)
}

fn names(found: &Extract) -> Vec<&str> {
    found.authors.iter().map(|person| person.name.as_str()).collect()
}

#[test]
fn a_name_that_contains_a_word_hides_nothing() {
    for name in [
        "football-news",
        "shareholder",
        "commentary-detail",
        "js_img_share_area",
        "blq-int-nav",
        "contentWithSidebar",
        "bellowheader",
        "newsletter-free",
        "navy",
        "rankings-of-bridges",
    ] {
        is_the_article(&page(&format!(
            "<div class='{name}' id='{name}'>{}</div><div class=bottom><p>清河网由清河县融媒体中心主办，地址：清河县文化路1号，\
             欢迎提供新闻线索。</p></div>",
            text()
        )));
    }
}

#[test]
fn a_form_or_an_aside_may_stand_around_everything() {
    for element in ["form", "aside", "nav", "footer", "details open"] {
        let end = element.split(' ').next().unwrap();
        let inside = page(&text()).replace("<body>", &format!("<body><{element}>"));
        is_the_article(&inside.replace("</body>", &format!("</{end}></body>")));
    }
}

#[test]
fn comments_longer_than_the_article_are_not_it() {
    let reply = "<li><span>网友甲</span><p>太好了，终于等到这一天，以前每次过江都要排队等船，刮风下雨还停航，真不容易，希望公交早点开通。</p></li>";
    let replies = reply.repeat(20);
    for comments in [
        format!(
            "<div class=tie-area><h3>网友跟贴</h3><ul class='pinglun reply-list'>{replies}</ul></div>"
        ),
        format!(
            "<details class=PL_Box open><summary>最新留言</summary><ul>{replies}</ul></details>"
        ),
        format!("<h3>网友评论</h3><ul>{replies}</ul>"),
        format!(
            "<div class=x><div class=y><h4>全部评论（20）</h4></div><div class=z>{replies}</div></div>"
        ),
    ] {
        is_the_article(&page(&format!("<div class=post_body>{}</div>{comments}", text())));
    }
}

#[test]
fn a_longer_article_below_is_another_one() {
    let other =
        format!("<p>柳溪镇秋粮开镰，二十台收割机下田，稻浪一片片倒下。{SECOND}</p>").repeat(12);
    is_the_article(&page(&format!(
        "<article>{}</article><section><h1>柳溪镇秋粮开镰</h1><div class=content>{other}</div></section>",
        text()
    )));
    is_the_article(&page(&format!(
        "<div class=content>{}</div><div class=sponsored><h2>推广：柳溪秋粮</h2><div class=content>{other}</div></div>",
        text()
    )));
}

#[test]
fn a_lead_beside_the_holder_belongs_to_the_text() {
    let lead = "历时两年、横跨清河两岸的大桥合龙，记者在现场看到了它的最后一道焊缝。";
    let found = extract(&page(&format!(
        "<p class=lead>{lead}</p><div class=content>{}</div>",
        text().repeat(3)
    )));
    assert_eq!(words(&found).first(), Some(&lead));
    assert_eq!(found.paragraphs.len(), 7);
    // A summary repeats what the text says.
    let repeats = extract(&page(&format!(
        "<p class=x>{FIRST}</p><div class=content>{}</div>",
        text().repeat(3)
    )));
    assert_eq!(repeats.paragraphs.len(), 6);
}

#[test]
fn boxes_notes_and_captions_are_no_text() {
    let found = extract(&page(&format!(
        "<div class=content><p>原标题：大桥合龙</p><p>{FIRST}</p>\
         <div class=img_wrap><img src=a.jpg><span class=img_descr>图为合龙现场。许舟 摄</span></div>\
         <div class=box><h4>相关阅读</h4><p><a href=1>柳溪秋粮开镰，农机手连夜下田</a></p></div>\
         <p>{SECOND}</p><p>（责任编辑：林小满）</p><p>点击下载清河客户端查看更多</p>\
         <p>特别声明：以上内容仅代表作者本人观点，不代表本网立场，如有侵权请联系删除。</p><p>投票：您怎么看，欢迎留言。</p></div>"
    )));
    assert_eq!(words(&found), [FIRST, SECOND]);
    assert_eq!(found.captions, ["图为合龙现场。许舟 摄"]);
    assert!(found.authors.is_empty(), "{:?}", found.authors);
}

#[test]
fn lines_in_brackets_do_not_part_an_article() {
    let photo =
        "<p style='text-align:center'><img src=a.jpg></p><p style='text-align:center'>合龙现场</p>";
    let markup = page(&format!(
        "<div class=content><p>【清河一座桥】</p><p>{FIRST}</p>{photo}<p>【两岸告别渡船】</p><p>{SECOND}</p></div>"
    ));
    let found = parse(&markup, &Issue::default());
    assert_eq!(found.articles.len(), 1);
    let body = found.articles[0].article.record.body();
    assert!(body.contains(FIRST) && body.contains(SECOND), "{body}");
}

#[test]
fn the_site_is_not_part_of_the_headline() {
    for (title, heading) in [
        ("清河大桥合龙 - 清河网", "<h1>清河网 让新闻更近</h1><h2>清河大桥合龙</h2>"),
        (
            "清河大桥合龙_要闻_清河网",
            "<h1 class=logo>清河网</h1><div class=title>清河大桥合龙</div>",
        ),
        ("清河大桥合龙--清河网", "<h3><span>原创</span>清河大桥合龙</h3>"),
        ("[视频]清河大桥合龙_清河网", "<h3>[视频]清河大桥合龙</h3>"),
        ("清河大桥合龙｜清河网", ""),
    ] {
        let markup = format!(
            "<html><head><title>{title}</title></head><body>{heading}<div class=content><p>{FIRST}</p>\
             <h2>两岸告别渡船</h2><p>{SECOND}</p></div></body></html>"
        );
        let found = extract(&markup);
        assert_eq!(found.title, "清河大桥合龙", "{title} {heading}");
        assert_eq!(words(&found), [FIRST, "两岸告别渡船", SECOND], "{heading}");
    }
}

#[test]
fn a_page_named_for_its_site_has_the_heading_above_the_text() {
    let found = extract(&format!(
        "<html><head><title>新闻动态--清河学会官网</title></head><body><h3>首页 - 新闻动态</h3><div class=news>\
         <h5>清河大桥合龙研讨会举行</h5><div class=ly>发布时间：2025-09-08</div><div class=detailCon>{}</div></div></body></html>",
        text()
    ));
    assert_eq!(found.title, "清河大桥合龙研讨会举行");
    assert_eq!(found.published.unwrap().to_string(), "2025-09-08T00:00:00");
}

#[test]
fn elements_that_are_no_blocks_stand_in_the_line() {
    let markup = page(
        "<div class=TRS_Editor><p class=MsoNormal>自<st1:chsdate Year=2025>9月8日</st1:chsdate>起，城南路<o:p></o:p>封闭，\
         工期<q>两个月</q>，请绕行<cite>文化路</cite>。</p><p><s>12路</s>公交<code>12</code>路改线，清<ruby>河<rt>hé</rt></ruby>\
         方向的乘客请到<bdi>北站</bdi>换乘。</p></div>",
    );
    let expected = [
        "自9月8日起，城南路封闭，工期两个月，请绕行文化路。",
        "公交12路改线，清河方向的乘客请到北站换乘。",
    ];
    assert_eq!(words(&extract(&markup)), expected);
}

#[test]
fn invisible_characters_part_no_word() {
    let markup = page(
        "<div class=content><p>清&#8203;河大&shy;桥除险&zwj;加固工程昨日验收，大\u{2060}坝运行平稳。</p></div>",
    );
    assert_eq!(words(&extract(&markup)), ["清河大桥除险加固工程昨日验收，大坝运行平稳。"]);
}

#[test]
fn what_is_hidden_is_no_text_unless_nothing_else_is() {
    let hidden = "<div style='display: none'><p>本页面的旧版本，仅供内部核对，请勿转载，也请勿引用其中的数字。</p></div>";
    is_the_article(&page(&format!(
        "<div class=content>{}</div>{hidden}<noscript>请打开脚本，否则无法浏览。</noscript>",
        text()
    )));
    is_the_article(&page(&format!(
        "<div class=content style='visibility:hidden'>{}</div>",
        text()
    )));
    is_the_article(&page(&format!("<div class=content style='display:none'>{}</div>", text())));
}

#[test]
fn characters_that_only_copies_show_are_no_text() {
    is_the_article(&page(&format!(
        "<div class=content><p>{}<span style='display:none'>清河网版权</span>{}</p><p>{SECOND}</p></div>",
        &FIRST[..15],
        &FIRST[15..]
    )));
}

#[test]
fn lines_of_set_text_are_paragraphs() {
    is_the_article(&page(&format!("<div class=content><pre>{FIRST}\n{SECOND}\n</pre></div>")));
}

#[test]
fn a_gallery_has_the_words_under_its_pictures() {
    let third = "傍晚，云水村的村民走上桥头，看江水从桥下流过。";
    let photo =
        |words: &str| format!("<figure><img src=a.jpg><figcaption>{words}</figcaption></figure>");
    let photos = [FIRST, SECOND, third].map(photo).concat();
    let found = extract(&page(&format!("<div class=gallery>{photos}</div>")));
    assert_eq!(words(&found), [FIRST, SECOND, third]);
}

#[test]
fn the_description_tells_which_text_is_the_article() {
    let other =
        "<p>清河网是清河县的门户，每天有五万人浏览，内容包括新闻、办事、便民，欢迎各界投稿。</p>";
    let links = "<a href=x>便民服务大厅网上预约办理指南</a>".repeat(30);
    let markup = page(&format!(
        "<div class=a>{}</div><div class=b>{links}<div class=c>{}</div></div>",
        text(),
        other.repeat(3)
    ));
    assert_ne!(
        words(&extract(&markup)),
        [FIRST, SECOND],
        "the test needs a rival that wins by length"
    );
    let meta = format!("<meta name=description content='{FIRST}'><title>");
    is_the_article(&markup.replace("<title>", &meta));
}

#[test]
fn what_is_glued_to_the_headline_comes_off() {
    for (title, heading) in [
        ("清河大桥主桥合龙-清河网", ""),
        ("清河大桥主桥合龙 | 清河网", "<h1>清河大桥主桥合龙<span> 2025-09-08 21:35</span></h1>"),
    ] {
        let markup = format!(
            "<html><head><title>{title}</title></head><body>{heading}<div class=content>{}</div></body></html>",
            text()
        );
        assert_eq!(extract(&markup).title, "清河大桥主桥合龙", "{title}");
    }
}

#[test]
fn broken_markup_is_read_as_far_as_it_goes() {
    is_the_article(&page(&format!(
        "</div></td><div class=content>{}</div></html><div></html>",
        text()
    )));
    is_the_article(&page(&format!(
        "<div class=content><p>{FIRST}<p>{SECOND}<div></p></span></section>"
    )));
    is_the_article(&page(&format!("<table><tr><td>{}</td></div></div></tr></table>", text())));
    is_the_article(&page(&format!("<a name=top><div class=content>{}</div>", text())));
}

#[test]
fn markup_is_known_by_its_tags() {
    for markup in [
        "<meta charset=utf-8><p>大桥合龙。",
        "\u{feff}\n<!DOCTYPE html>",
        "<font id=a>大桥</font>",
        "<!-- a --><div>",
    ] {
        assert!(is_html(markup), "{markup}");
    }
    for text in [
        "## 大桥合龙\n\n昨日，大桥合龙。",
        "<本报讯> 昨日，大桥合龙。",
        "<table><tr></tr></table>\n\n## 大桥合龙\n",
    ] {
        assert!(!is_html(text), "{text}");
    }
}

#[test]
fn the_rows_of_a_table_are_lines() {
    let found = extract(&page(&format!(
        "<div class=content>{}<table><tr><th>路段</th><th>工期</th></tr><tr><td>城南路</td><td>两个月</td></tr></table>\
         <p>施工期间，请绕行。</p></div>",
        text()
    )));
    assert!(words(&found).contains(&"城南路  两个月"), "{found:?}");
}

#[test]
fn a_list_holds_no_article_and_says_where_it_leads() {
    let link =
        |n: usize| format!("<li><a href='content_{n}.html'>清河县第{n}座便民桥建成通车</a></li>");
    let links = (1..=14).map(link).collect::<Vec<_>>().concat();
    let rights = "<p>《清河日报》电子版的一切内容仅供读者阅读使用，未经清河日报社书面授权，任何单位及个人不得转载，违者依法追究责任。</p>";
    let markup = format!(
        "<html><head><title>清河日报数字报</title></head><body><h2>第01版：要闻</h2><ul>{links}</ul><div class=bottom>\
         <p>版权声明</p>{rights}</div></body></html>"
    );
    let nothing = extract(&markup).nothing.unwrap();
    assert_eq!(nothing.kind, PageKind::List);
    assert_eq!(nothing.links.len(), 14);
    assert_eq!(nothing.links[0].url, "content_1.html");
    let page = parse(&markup, &Issue::default());
    assert!(page.articles.is_empty() && page.no_article.is_some());
}

#[test]
fn a_list_with_blurbs_is_a_list() {
    let blurb = |n: usize| {
        format!(
            "<div><h3><a href=/{n}>清河县第{n}座便民桥建成通车</a></h3><p>{FIRST}<a href=/{n}>详细</a></p></div>"
        )
    };
    let blurbs = (0..12).map(blurb).collect::<Vec<_>>().concat();
    let markup = format!(
        "<html><head><title>清河网_清河人的家园</title></head><body><h1>清河网</h1>{blurbs}</body></html>"
    );
    assert_eq!(kind(&markup), Some(PageKind::List));
}

#[test]
fn one_sentence_is_an_article_beside_a_long_list() {
    let item =
        format!("<li><a href=x>别处的新闻标题一二三</a><span>别处新闻的摘要，{SECOND}</span></li>");
    let found = extract(&page(&format!(
        "<div>2024-05-06 07:30 来源：清河网</div><div class=con>{FIRST}</div><div class=list><h3>今日热点</h3>{}</div>",
        item.repeat(10)
    )));
    assert_eq!(words(&found), [FIRST]);
}

#[test]
fn pages_without_an_article_say_what_they_are() {
    let login = "<html><head><title>用户登录</title></head><body><form><p>用户名<input name=u></p><p>密码<input type=password></p>\
        <p>登录后即可阅读全部内容，忘记密码，请联系管理员。</p></form></body></html>";
    assert_eq!(kind(login), Some(PageKind::Login));
    let gone = "<html><head><title>404</title></head><body><h1>404</h1><p>抱歉，您访问的页面不存在，可能已被删除，请返回首页。</p></body></html>";
    assert_eq!(kind(gone), Some(PageKind::Missing));
    let shell = format!(
        "<html><head><title>清河新闻</title></head><body><div id=app></div><script>{}</script></body></html>",
        "load();".repeat(200)
    );
    assert_eq!(kind(&shell), Some(PageKind::Shell));
    assert_eq!(kind("<html><body></body></html>"), Some(PageKind::Empty));
    assert_eq!(
        kind("<html><body><div>清河</div><div>新闻</div></body></html>"),
        Some(PageKind::NoText)
    );
}

#[test]
fn a_text_that_scripts_are_to_show_is_read() {
    let third = format!("<p>{FIRST}</p><p>{SECOND}</p>").repeat(4);
    let escaped = third.replace('<', "&lt;").replace('>', "&gt;");
    let json = serde_json::to_string(&third).unwrap();
    for kept in [
        format!("<textarea class=article-content>{escaped}</textarea>"),
        format!("<script>window.STATE = {{\"id\":1,\"content\":{json},\"tags\":[]}};</script>"),
    ] {
        let markup = format!(
            "<html><head><title>清河大桥合龙_清河网</title></head><body><div id=app></div>{kept}</body></html>"
        );
        let found = extract(&markup);
        assert_eq!((found.title.as_str(), found.paragraphs.len()), ("清河大桥合龙", 8), "{kept}");
    }
}

#[test]
fn of_several_articles_alike_none_is_taken() {
    let one = |name: &str| {
        format!("<article><h2><a href=x>{name}</a></h2><p>{FIRST}</p><p>{SECOND}</p></article>")
    };
    let posts = [one("柳溪镇秋粮开镰"), one("云水村的图书室"), one("老街修旧如旧")].concat();
    let markup = format!("<html><head><title>清河笔记</title></head><body>{posts}</body></html>");
    assert_eq!(kind(&markup), Some(PageKind::Several));
    // Named for one of them, the page gives that one.
    let named = markup.replace("<title>清河笔记", "<title>云水村的图书室 - 清河笔记");
    assert_eq!(extract(&named).title, "云水村的图书室");
}

#[test]
fn no_markup_breaks_the_reader() {
    let nested = format!("{}<p>{FIRST}</p>{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
    for markup in [
        page(&nested),
        page(&format!("<div class=content>{}</div>", text()).replace('，', "，\0")),
        page(&"&amp;&lt;&bogus;&#xFFFFFFFF;&#0;".repeat(2_000)),
        page(&"<a href=x><table><tr><td>".repeat(5_000)),
        page(&"</p></td></table></a>".repeat(5_000)),
        "<html><p>大桥合龙，通车。<p".to_owned(),
        "<!DOCTYPE html><script>".to_owned(),
        "<html><head><meta name><title>".to_owned(),
    ] {
        let _ = extract(&markup);
    }
    assert_eq!(words(&extract(&page(&nested))), [FIRST]);
}

#[test]
fn time_grows_with_the_page() {
    let pages: [fn(usize) -> String; 6] = [
        |count| {
            page(&format!("<div class=content>{}</div>", format!("<p>{FIRST}</p>").repeat(count)))
        },
        |count| page(&format!("<p>相关阅读</p><p>{FIRST}</p>").repeat(count)),
        |count| page(&format!("<div class='news-list a-b'>{FIRST}").repeat(count)),
        |count| page(&"<p>清河大桥合龙</p><span class=author>来源：清河网</span>".repeat(count)),
        |count| {
            let card = format!("<div class=card><h3>柳溪镇秋粮开镰</h3><p>{SECOND}</p></div>");
            page(&format!("<div class=content>{}</div>{}", text(), card.repeat(count)))
        },
        |count| {
            page(
                &format!("<div class=post><i>2025-09-08 10:20</i><p>{FIRST}</p></div>")
                    .repeat(count),
            )
        },
    ];
    for make in pages {
        let time = |count: usize| {
            let markup = make(count);
            let times = (0..5).map(|_| {
                let start = std::time::Instant::now();
                let _ = extract(&markup);
                start.elapsed()
            });
            times.min().unwrap()
        };
        // Sixteen times the page may take sixteen times as long, with room for a busy machine; a
        // quadratic path would take 256 times as long.
        let (small, large) = (time(500), time(8_000));
        assert!(large < small * 16 * 8, "{small:?} for 500 and {large:?} for 8,000: {}", make(1));
    }
}
