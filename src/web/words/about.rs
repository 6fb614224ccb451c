//! The words of the page about the service, of the brief of a day, and of doubts about a page.

use super::Lang;
use super::table::words;

words! {
    about_here: "关于", "About";
    about_what: "这里运行的是什么", "what is running here";
    archive: "文章库", "Archive";
    service: "服务", "Service";
    model: "模型", "Model";
    calibration: "模型的校准", "Calibration of the model";
    calibration_none:
        "排序、概率和话题就是用这个模型训练的，不需要校准（或者还没有用到）。",
        "Ranker, probabilities and topics were fitted to this model, so none is needed (or nothing asked for it yet).";
    calibration_off:
        "没有校准：这类文字的相关报道没有概率，也不归入话题。",
        "None: related coverage of such texts has no probabilities, and topics take none of them.";
    limits: "限额", "Limits";
    version: "版本", "Version";
    index_version: "索引版本", "Index version";
    up_since: "已运行", "Running for";
    topics_kept: "归并话题", "Keeps topics";
    features: "内置部分", "Built with";
    articles_stored: "文章数", "Articles";
    backend: "存储", "Store";
    backend_edge: "本机数据目录（Qdrant 引擎）", "a folder of this machine (Qdrant's engine)";
    backend_server: "Qdrant 服务器", "a Qdrant server";
    backend_memory: "内存（不保存）", "memory (nothing is kept)";
    survives: "已存入的文章不怕", "What is stored survives";
    survives_process: "程序中断", "a crash of the program";
    survives_power: "断电", "loss of power";
    survives_node: "一个节点失效", "the loss of a node";
    survives_nothing: "（无保证）", "(nothing)";
    family: "类型", "Family";
    dimension: "维数", "Dimension";
    window: "一窗词元数", "Tokens in a window";
    pooling: "池化", "Pooling";
    script_chinese: "中文", "Chinese";
    script_other: "其他文字", "Other scripts";
    limit_text: "一个版面或一篇文章", "A page or an article";
    limit_request: "一次请求", "A request";
    limit_query: "搜索语句字数", "Characters of a search";
    limit_hits: "一次搜索能翻到的结果", "Hits that a search pages through";
    limit_summarized: "一次综述的文章", "Articles summarized together";
    day_brief: "简报", "Brief";
    day_brief_what: "当天的故事，每个几句，附出处", "a day's stories in a few sentences each, with sources";
    day_before: "前一天", "The day before";
    day_after: "后一天", "The day after";
    days_told: "天数", "Days";
    three_days: "三天", "Three days";
    nothing_to_tell: "这段时间没有归入话题的报道。", "No article of this time is in a topic.";
    print: "打印", "Print";
    nothing_given: "请粘贴版面文字，或选择一个文件。", "Paste a page, or choose a file.";
    cut_here: "这里另起一篇", "an article begins here";
    goes_on_here: "这里接上文", "this goes on from above";
    doubtful_cuts: "可疑的切分", "Doubtful cuts";
    doubtful_what:
        "勾选的改为另一种读法，再按“按选择重新切分”。",
        "Tick what is read wrongly, then take the page apart again.";
    was_decided: "已定", "decided";
    cut_again: "按选择重新切分", "Take apart again";
    page_picture: "版面图", "The page as it lies";
    page_words: "版面文字", "The words of the page";
    page_before: "上一页", "Page before";
    page_after: "下一页", "Next page";
    held_back: "切分没有把握，没有存入", "not stored: not sure enough";
    store_which: "存入", "Store";
    store_all: "全部", "all";
    also_after: "已按下面的切分存入。改了切分再存一次，会更新改动的文章；原来错切出来的文章仍在库里，要另外删除。",
        "Stored as cut below. Stored again with other cuts, changed articles are updated; an article \
         that was cut by mistake stays in the archive until it is deleted.";
    kept_file: "已上传的文件", "the file from before";
    file_what:
        "文本、网页，或带坐标的 ALTO、hOCR、PAGE XML、PDF、OCR 结果（JSON）",
        "text, web page, or with places: ALTO, hOCR, PAGE XML, PDF, JSON of an OCR";
    part_picture: "图片", "picture";
    range_note: "拖动选时段", "drag to choose a period";
    map_making:
        "先显示最热的话题（或上次的图）；全部话题正在后台排布，稍后刷新就能看到。",
        "The hottest topics, or the map from before: all topics are being laid out, look again in a moment.";
    back: "上一页", "Back";
    fail_encoding: "读不了这个文件", "This file cannot be read";
    fail_encoding_advice:
        "请存为 UTF-8 文本再上传，或者直接粘贴；带坐标的版面要 ALTO、hOCR、PAGE XML、PDF 或 OCR 的 JSON。",
        "Save it as UTF-8, or paste its text. Pages with places may be ALTO, hOCR, PAGE XML, PDF or JSON of an OCR.";
}

impl Lang {
    pub(crate) fn yes_or_no(self, is_so: bool) -> &'static str {
        match (self, is_so) {
            (Self::Zh, true) => "是",
            (Self::Zh, false) => "否",
            (Self::En, true) => "yes",
            (Self::En, false) => "no",
        }
    }

    /// A time that has passed.
    pub(crate) fn lasted(self, seconds: i64) -> String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        match self {
            Self::Zh => format!("{days} 天 {hours} 小时 {minutes} 分"),
            Self::En => format!("{days} d {hours} h {minutes} min"),
        }
    }

    /// A size.
    pub(crate) fn bytes(self, bytes: u64) -> String {
        match (self, bytes / (1024 * 1024)) {
            (Self::Zh, 0) => format!("{} 千字节", bytes / 1024),
            (Self::En, 0) => format!("{} KiB", bytes / 1024),
            (Self::Zh, mega) => format!("{mega} 兆字节"),
            (Self::En, mega) => format!("{mega} MiB"),
        }
    }

    /// How a model was measured.
    pub(crate) fn measured_by(self, texts: u64, told_apart: f64) -> String {
        let share = 100.0 * told_apart;
        match self {
            Self::Zh => {
                format!(
                    "用 {texts} 篇文字量过；同一故事的两篇比不同主题的两篇更近：{share:.1}%（50% 是碰巧）"
                )
            }
            Self::En => format!(
                "measured on {texts} texts; two articles of one story are nearer than two of \
                 different subjects in {share:.1}% of pairs (50% is chance)"
            ),
        }
    }

    /// Which page of a file of several is shown, `at` counted from 1.
    pub(crate) fn sheet_of(self, at: u32, count: u32) -> String {
        match self {
            Self::Zh => format!("文件共 {count} 页，这是第 {at} 页"),
            Self::En => format!("page {at} of the file's {count}"),
        }
    }

    /// Only articles that are sure to so much.
    pub(crate) fn sure_to(self, share: u32) -> String {
        match self {
            Self::Zh => format!("把握在 {share}% 以上的"),
            Self::En => format!("those sure to {share} %"),
        }
    }

    /// How sure the parser is of the cuts of an article.
    pub(crate) fn unsure_cut(self, share: &str) -> String {
        match self {
            Self::Zh => format!("切分的把握只有 {share}，请核对"),
            Self::En => format!("cut with only {share} confidence"),
        }
    }

    /// How many stories a brief tells.
    pub(crate) fn stories_told(self, told: usize, all: u32) -> String {
        let is_all = u32::try_from(told).is_ok_and(|told| told >= all);
        match (self, is_all) {
            (Self::Zh, true) => format!("共 {all} 个故事"),
            (Self::Zh, false) => format!("共 {all} 个故事，取报道最多的 {told} 个"),
            (Self::En, true) => format!("{all} stor{}", if all == 1 { "y" } else { "ies" }),
            (Self::En, false) => format!("the {told} of {all} stories with the most articles"),
        }
    }
}
