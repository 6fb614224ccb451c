//! Lists that a page list leads to: read one deep, in its own section, again with every poll.

use super::Desk;
use super::page;
use super::server::Reply;
use super::server::Server;

/// A page that lists those, and enough that is gone to be taken for a list.
fn list(links: &[(&str, &str)]) -> String {
    let gone = ["停水通知三则汇总", "开镰消息三则汇总", "修路消息三则汇总", "桥梁消息三则汇总"];
    let rest = gone.iter().cycle().take(8).enumerate();
    let rest: String =
        rest.map(|(at, title)| format!("<li><a href='/x/{at}.html'>{title}</a></li>")).collect();
    let own: String =
        links.iter().map(|(to, title)| format!("<li><a href='{to}'>{title}</a></li>")).collect();
    format!("<html><head><title>清河网</title></head><body><ul>{own}{rest}</ul></body></html>")
}

#[test]
fn a_list_of_the_section_is_read_and_those_that_it_names_are_not() {
    let server = Server::start(|request| match request.path.as_str() {
        "/news/" => Reply::html(list(&[
            ("/news/1.html", "城东明日停水一天"),
            ("/news/more.html", "更早的消息请看这里"),
            ("/sport/more.html", "体育消息请看那一边"),
        ])),
        "/news/more.html" => {
            let mut links =
                vec![("/a/2.html", "柳溪镇昨日开镰"), ("/news/old.html", "去年的消息请看这里")];
            if request.before > 0 {
                links.push(("/a/4.html", "云水村通了客车"));
            }
            Reply::html(list(&links))
        }
        "/news/old.html" | "/sport/more.html" => {
            Reply::html(list(&[("/a/3.html", "老街修旧如旧了")]))
        }
        "/news/1.html" => Reply::html(page("城东明日停水一天")),
        "/a/2.html" => Reply::html(page("柳溪镇昨日开镰")),
        "/a/3.html" => Reply::html(page("老街修旧如旧了")),
        "/a/4.html" => Reply::html(page("云水村通了客车")),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/news/"]);
    let mut titles = desk.sink.titles();
    titles.sort();
    assert_eq!(titles, ["城东明日停水一天", "柳溪镇昨日开镰"]);
    let items = &report.feeds[0].items;
    assert_eq!((items["created"], items["list"], items["no_article_list"]), (2, 1, 2), "{items:?}");
    assert!(server.requests("/a/3.html").is_empty());
    // Again: the page list says the same, the list below it names one article more.
    let report = desk.follow(&server, &["/news/"]);
    assert!(desk.sink.titles().contains(&"云水村通了客车".to_owned()), "{report:?}");
    let asked = |path: &str| server.requests(path).len();
    assert_eq!((asked("/news/more.html"), asked("/a/2.html"), asked("/news/old.html")), (2, 1, 1));
}
