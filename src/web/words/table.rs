//! The table of words.

use super::Lang;

/// Methods that give the words of a language.
macro_rules! words {
    ($($name:ident: $zh:literal, $en:literal;)*) => {
        impl Lang {
            $(pub(crate) fn $name(self) -> &'static str {
                match self {
                    Self::Zh => $zh,
                    Self::En => $en,
                }
            })*
        }
    };
}

pub(super) use words;

words! {
    name: "闻脉", "wenmai";
    navigation: "导航", "Navigation";
    skip: "跳到正文", "Skip to content";
    today: "今日", "Today";
    search: "搜索", "Search";
    watch: "监看", "Watch";
    map: "地图", "Map";
    themes: "主题", "Themes";
    layout: "版面", "Page";
    search_hint: "词语、\"原文短语\"、-不含、date:2025-03", "words, \"exact phrase\", -without, date:2025-03";
    other_name: "English", "中文";
    theme_auto: "明暗：随系统", "Light: as the system";
    theme_dark: "明暗：深色", "Light: dark";
    theme_light: "明暗：浅色", "Light: light";
    keys_move: "上下", "up and down";
    sign_in: "登录", "Sign in";
    sign_out: "退出登录", "Sign out";
    sign_in_why: "本站需要钥匙才能查看。", "A key is needed here.";
    sign_in_note:
        "钥匙由管理员发给；只保存在本服务的会话里，退出登录即清除。",
        "Your administrator gives you a key. It is kept in a session of this server until you sign out.";
    key: "钥匙", "Key";
    wrong_key: "钥匙不对，请核对后再试。", "This key is not known.";
    too_many_attempts: "尝试太多，请稍候再试。", "Too many attempts; wait a moment.";
    untitled: "（无标题）", "(untitled)";
    detail: "技术细节", "Technical detail";
    to_today: "回到今日", "To today's stories";
    fail_retries: "几秒后自动重试。", "Tried again in a few seconds.";
    fail_forged: "表单已过期", "This form is out of date";
    fail_forged_advice: "请返回上一页，刷新后再提交。", "Go back, reload the page and send it again.";
    fail_no_page: "没有这个页面", "No such page";
    fail_no_page_advice: "地址可能写错了。", "The address may be wrong.";
    fail_no_form: "没有这种格式", "Not in this form";
    fail_no_form_advice: "此页面没有所要的格式。", "The page cannot be had in the form asked for.";
    fail_no_article: "找不到这篇文章", "No such article";
    fail_no_article_advice:
        "它可能已被删除或撤稿，也可能地址有误。",
        "It may have been deleted or withdrawn, or the address may be wrong.";
    fail_no_topic: "找不到这个话题", "No such topic";
    fail_no_topic_advice:
        "它的报道可能都已删除，也可能地址有误。",
        "Its articles may be gone, or the address may be wrong.";
    fail_no_key: "需要登录", "Sign in first";
    fail_no_key_advice: "此操作需要有效的钥匙。", "This needs a key that is valid.";
    fail_read_only: "没有权限", "Not allowed";
    fail_read_only_advice: "您的钥匙只能阅读，不能修改。", "Your key reads, and changes nothing.";
    fail_invalid: "无法理解这个请求", "This request cannot be read";
    fail_invalid_advice: "请检查搜索语句、日期和筛选条件。", "Check the words, the dates and what was chosen.";
    fail_stale: "有人先改过了", "Somebody was faster";
    fail_stale_advice: "请重新打开后再决定。", "Open it again and decide anew.";
    fail_busy: "现在请求太多", "Too busy right now";
    fail_busy_advice: "请稍候再试。", "Try again in a moment.";
    fail_late: "超时没有答复", "No answer in time";
    fail_away: "服务暂时不可用", "Not available right now";
    fail_away_advice:
        "存储或模型暂时联系不上；恢复后页面会自动回来。",
        "Store or model cannot be reached; the page comes back by itself.";
    fail_internal: "出错了", "Something failed";
    fail_internal_advice: "错误已记入日志。", "It is in the log.";
    as_of: "截至", "as of";
    order: "排序", "Order";
    period: "时段", "Period";
    level: "层级", "Level";
    by_heat: "热度", "Heat";
    by_burst: "突发", "Burst";
    by_recency: "最新", "Newest";
    by_size: "篇数", "Size";
    one_day: "一天", "Day";
    one_week: "一周", "Week";
    one_month: "一月", "Month";
    all_time: "全部", "All";
    stories: "故事", "Stories";
    events: "事件", "Events";
    story: "故事", "Story";
    event: "事件", "Event";
    topic: "话题", "Topic";
    from: "从", "From";
    to: "到", "To";
    show: "显示", "Show";
    more: "更多", "More";
    is_new: "新", "new";
    is_pinned: "已固定", "pinned";
    unit_articles: "篇", "articles";
    unit_outlets: "家", "outlets";
    bursting: "正在升温", "Rising";
    burst: "突发度", "burst";
    places: "地点", "Places";
    persons: "人物", "People";
    organisations: "机构", "Organisations";
    numbers: "数字与日期", "Numbers and days";
    outlets: "媒体", "Outlets";
    no_topics: "这个时段没有符合条件的话题。", "No topics in this period with these filters.";
    empty_title: "库里还没有文章", "Nothing is stored yet";
    empty_advice:
        "放进第一批文章，话题、转载和时间线就会自动出现。",
        "Store the first articles; topics, reprints and timelines then appear by themselves.";
    empty_step_page: "把一个报纸版面贴进来：", "Paste a page of a paper:";
    empty_step_ingest: "或者在命令行存入版面文件：", "Or store a page from the command line:";
    empty_step_feed: "或者存入订阅源、导出文件和表格：", "Or a feed, an export or a table:";
    syntax_words: "任意词语，命中越多排得越前", "any words; more of them rank higher";
    syntax_phrase: "标题或正文必须一字不差地含有", "title or body must hold exactly this";
    syntax_not: "不含这个词", "without this word";
    syntax_field:
        "限定日期、地点、人物（person:）、报纸（paper:）、版面（page:）",
        "dates, places, people (person:), papers (paper:), pages (page:)";
    all_articles: "全部文章", "All articles";
    by_relevance: "相关", "Relevance";
    by_newest: "最新", "Newest";
    by_oldest: "最早", "Oldest";
    fold_reprints: "折叠转载", "Fold reprints";
    unfold_reprints: "展开转载", "Show reprints";
    export_brief: "综述", "Brief";
    subscribe: "订阅", "Subscribe";
    watch_this: "加入监看", "Watch";
    take_out: "去掉此条件", "Take out";
    within_topic: "限本话题", "Within a topic";
    hits: "结果", "Results";
    nothing_found: "没有找到。换个说法，或去掉一些条件。", "Nothing found. Try other words or fewer filters.";
    did_you_mean: "你是不是要找", "Did you mean";
    as_condition: "按条件找", "As a condition";
    open_chain: "看转载链", "Open the chain";
    first_page: "回到第一页", "First page";
    months: "按月", "By month";
    papers: "报纸", "Papers";
    sites: "网站", "Sites";
    sections: "栏目", "Sections";
    kinds: "体裁", "Kinds";
    kind_news: "消息", "News";
    kind_comment: "评论", "Comment";
    kind_feature: "特写", "Feature";
    kind_brief: "简讯", "In brief";
    kind_photo: "图片", "Photo";
    kind_notice: "公告", "Notice";
    kind_teaser: "导读", "Teaser";
    kind_staff: "编辑名单", "Staff";
    holds: "含", "holds";
    comma: "、", ", ";
    meaning_alike: "意思很相近", "very close in meaning";
    meaning_close: "意思相近", "close in meaning";
    meaning_only: "按意思找到", "found by meaning";
    read_names: "另按别称", "also as";
    read_phrases: "必须含", "must hold";
    read_left_out: "不含", "without";
    read_days: "优先日期", "days";
    notice_broken_quote:
        "引号没有配对，其后按普通词语理解。",
        "A quotation mark has no partner; what follows was read as words.";
    notice_quotes_as_words:
        "句中的引号按标题引号理解；要求原文请让引号单独成段。",
        "Quotation marks inside the text were taken for those of a headline.";
    notice_bad_value: "有个条件的值无效，已按普通词语理解。", "A condition has no valid value and was read as words.";
    notice_too_many: "条件太多，只用了前面的。", "Too many conditions; only the first ones count.";
    notice_shortened: "语句太长，只查找了前面的词。", "A long query; only its first terms were looked for.";
    notice_common: "都是太常见的词，请加上具体的词。", "Only common words; add something specific.";
    notice_unknown: "库里没有文章含有这些词，以下按意思找到。", "No article holds these words; found by meaning.";
    notice_empty: "库里还没有文章。", "Nothing is stored.";
    notice_filtered: "没有文章符合所选条件。", "No article passes the filters.";
    notice_phrase: "没有文章含有这个原文短语。", "No article holds the phrase.";
    notice_left_out: "找到的文章都含有要排除的词。", "All that was found holds what you left out.";
    notice_only_first:
        "相符的文章很多，计数和排序只限最相关的一千篇。",
        "Many match; counts and order are those of the best thousand.";
    update: "新版本（内容有增补或更正）", "Updates of this text";
    earlier_version: "旧版本", "Earlier versions";
    same_event: "同一事件", "Same event";
    background: "前情", "Before";
    follow_up: "后续", "After";
    same_story: "同一故事", "Same story";
    reprint: "转载", "Reprints";
    related: "相关", "Related";
    both_name: "都提到", "both name";
    same_numbers: "相同数字", "same numbers";
    reason_cosine: "意思相近", "close in meaning";
    reason_title_terms: "标题用词相近", "similar words in the headline";
    reason_text_terms: "正文用词相近", "similar words in the text";
    reason_neighbours: "与同类报道相近", "close to its neighbours";
    reason_title_overlap: "标题重合", "headlines overlap";
    reason_title_mentioned: "正文提到标题内容", "its text tells the headline";
    reason_days: "相隔几天", "days apart";
    reason_weeks: "相隔几周", "weeks apart";
    reason_months: "相隔几月", "months apart";
    author: "作者", "By";
    reporter: "记者", "Reporter";
    correspondent: "通讯员", "Correspondent";
    photographer: "摄影", "Photo";
    cited_here: "以下标出的是被引用的文字。", "The cited passage is marked below.";
    to_the_place: "跳到引文", "Go to it";
    at_the_source: "原网页", "At the source";
    brief: "提要", "In brief";
    belongs_to: "所属话题", "Topics";
    chain: "刊登与转载", "Who printed it";
    original: "首发", "first";
    difference: "比较异同", "compare";
    partly: "部分刊登", "In part";
    versions: "新旧版本", "Versions";
    updates: "内容有更新", "updates this text";
    updated: "较早的版本", "an earlier version";
    to_article: "回到文章", "Back to the article";
    probability: "属同一故事的概率", "probability of one story";
    no_related: "没有找到相关报道。", "No related coverage.";
    only_here: "仅此有", "only here";
    no_difference: "两篇文字相同。", "Both texts are the same.";
    overview: "概览", "Overview";
    members: "报道", "Articles";
    report: "综述", "Report";
    changes: "变更", "Changes";
    edit: "编辑", "Edit";
    was_merged: "您打开的话题已并入本话题。", "The topic that you opened was merged into this one.";
    named_by_hand: "人工命名", "named by hand";
    to_story: "所属故事", "its story";
    by_day: "报道量", "Articles by day";
    timeline: "时间线", "Timeline";
    related_topics: "相近的故事", "Similar stories";
    themes_what: "贯穿多个故事的题材", "subjects that run through several stories";
    no_themes: "这个时段没有贯穿三个以上故事的主题。", "No subject runs through three stories in this period.";
    theme_weight: "与主题的紧密程度", "How firmly it belongs";
    by_centrality: "代表性", "Most central";
    by_time: "时间", "Time";
    by_outlet: "媒体", "Outlet";
    centrality: "代表性", "centrality";
    style_brief: "百字", "100 characters";
    style_digest: "三百字", "300 characters";
    style_report: "全文", "Report";
    report_options: "选项", "Options";
    characters_most: "字数", "Characters";
    oldest_first: "按时间", "By time";
    newest_first: "最新在前", "Newest first";
    most_told_first: "多家报道在前", "Most told first";
    what_happened: "经过", "What happened";
    latest: "最新", "latest";
    nothing_cited: "没有可引用的文字。", "There is no text to cite.";
    series: "数字的变化", "Figures over time";
    figures: "数字", "Figures";
    conflicts: "说法不一", "Disagreement";
    statements: "谁说了什么", "Who said what";
    in_quotes: "原话", "verbatim";
    sources: "来源", "Sources";
    who_covered: "媒体分布", "Who covered it";
    only_there: "独有：", "Only there:";
    status_active: "进行中", "active";
    status_dormant: "沉寂", "dormant";
    status_closed: "已结束", "closed";
    status_merged: "已并入他题", "merged";
    status_empty: "已无报道", "empty";
    confirm: "请确认", "Please confirm";
    done: "已完成", "Done";
    undo: "撤销", "Undo";
    do_it: "执行", "Do it";
    cancel: "取消", "Cancel";
    to_topic: "看话题", "To the topic";
    next_step: "下一步", "Next";
    rename: "改名", "Rename";
    new_name: "新名称", "New name";
    rename_note: "留空则恢复自动命名。", "Left empty, the topic names itself again.";
    pin: "固定", "Pin";
    unpin: "取消固定", "Unpin";
    pin_note: "固定后不会自动合并或拆分。", "A pinned topic is never merged or divided by itself.";
    not_pinned: "未固定", "not pinned";
    merge: "合并", "Merge";
    or_address: "或粘贴话题地址", "or the address of a topic";
    split_or_move: "拆分或移动报道", "Split or move articles";
    split: "分出为新话题", "Make a new topic";
    move_to: "移到", "Move to";
    will_merge_note:
        "较早的话题保留，另一个的地址会自动转到它。",
        "The older one stays; the address of the other leads there.";
    will_split_note: "两个话题以后不会再自动合并。", "The two are never merged again by themselves.";
    done_rename: "已改名。", "Renamed.";
    done_pin: "已固定。", "Pinned.";
    done_unpin: "已取消固定。", "No longer pinned.";
    stale_note:
        "您打开之后，话题已被别人或系统改动，这次没有执行任何修改。",
        "The topic changed after you opened it; nothing was done.";
    you_saw: "您当时看到的", "As you saw it";
    it_is: "现在的", "As it is now";
    edit_again: "按现在的状态重新编辑", "Edit it as it is now";
    gone: "（已不在）", "(gone)";
    goes_into: "归入", "into";
    comes_from: "分自", "from";
    change_assigned: "新报道", "new article";
    change_removed: "撤下", "removed";
    change_merged: "合并", "merged";
    change_split: "拆分", "divided";
    change_moved: "移动", "moved";
    change_renamed: "改名", "renamed";
    change_pinned: "固定", "pinned";
    change_unpinned: "取消固定", "unpinned";
    change_repaired: "整理", "looked at again";
    watch_what: "话题的变化，随时更新", "changes of topics as they happen";
    live: "实时更新中", "live";
    not_live: "连接已断，正在重连…", "connection lost, trying again…";
    no_changes: "没有变更记录。", "No changes.";
    watched: "我的监看", "Watched";
    nothing_watched:
        "还没有监看的搜索或话题。在搜索页或话题页点“加入监看”。",
        "Nothing is watched yet: press “Watch” on a search or a topic.";
    needs_script: "这一栏需要 JavaScript。", "This list needs JavaScript.";
    watch_note:
        "监看列表只保存在这个浏览器里。也可以用 Atom 订阅任何搜索和话题。",
        "The list is kept in this browser. Any search and topic can be subscribed to as Atom as well.";
    only_recent_changes: "只列最近的变更。", "Only recent changes are listed.";
    was_created: "已存入", "stored";
    was_updated: "已更新", "replaced an earlier text";
    was_unchanged: "库中已有", "was there already";
    doubt_no_title: "没有找到标题，请核对", "no headline was found";
    doubt_no_text: "没有正文，请核对", "no text was found";
    doubt_short: "正文很短，可能切错", "a short text; the cut may be wrong";
    doubt_long_title: "标题过长，可能混入正文", "a long headline; it may hold text";
    page_list: "这是列表页，没有文章正文。", "This is a list of articles, not an article.";
    page_login: "这是登录页。", "This page asks for a login.";
    page_missing: "这是“页面不存在”的提示页。", "This page says that what was asked for is not there.";
    page_shell: "正文要靠脚本加载，页面里没有。", "The text comes only when the page's scripts run.";
    page_empty: "页面没有文字。", "The page holds no text.";
    page_no_text: "页面里没有成段的文字。", "The page holds no running text.";
    page_several:
        "页面上有几篇长度相近的文章，无法判断是哪一篇。",
        "The page holds several articles of about the same length.";
    layout_what: "粘贴或拖入一个版面，看它如何分成文章", "paste or drop a page to see its articles";
    was_stored: "已存入，话题稍后更新。", "Stored; topics follow shortly.";
    the_page: "版面原文", "The page";
    left_over: "未归入任何文章", "in no article";
    part_title: "标题", "headline";
    part_kicker: "引题、副题", "kicker, subtitle";
    part_byline: "署名", "byline";
    part_dateline: "电头", "dateline";
    part_body: "正文", "text";
    part_caption: "图说", "caption";
    part_jump: "转接版", "jump";
    date: "日期", "Date";
    page_label: "版次", "Page";
    file: "文件", "File";
    page_text: "版面文字（Markdown、纯文本或网页源码）", "The page as Markdown, plain text or HTML";
    take_apart: "切分", "Take apart";
    store_it: "切分并存入", "Take apart and store";
    one_year: "一年", "Year";
    map_what: "相近的故事排在一起", "similar stories stand together";
    map_note:
        "圆的大小是篇数，颜色越浓越热；右栏是同样内容的列表。",
        "Size is the number of articles, colour is heat; the list has the same content.";
    find_on_map: "在图上找", "Find on the map";
    zoom_in: "放大", "Zoom in";
    zoom_out: "缩小", "Zoom out";
    related_coverage: "相关报道", "Related coverage";
    filters: "筛选", "Filters";
    show_counts: "显示各项计数", "Show counts to choose from";
}
