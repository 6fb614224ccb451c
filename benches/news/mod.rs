//! Made-up news and the bundled model, for every benchmark.
#![allow(dead_code, reason = "each benchmark uses its part")]

use wenmai::embed;
use wenmai::embed::Config;
use wenmai::embed::Model;

const SENTENCES: [&str; 6] = [
    "清河大桥主桥今天上午顺利合龙，预计年底建成通车，总投资3.2亿元。",
    "全县秋粮收购工作全面展开，已收购小麦12.6万吨，同比增长8.4%。",
    "县医院新院区正式启用，新增床位三百张，方便周边群众就近看病。",
    "受强降雨影响，清河水位上涨，县防汛指挥部启动三级应急响应。",
    "老旧小区改造惠及居民四千余户，加装电梯二十六部。",
    "记者从县统计局获悉，前三季度规模以上工业增加值增长7.9%。",
];

/// News of `char_count` characters.
pub fn text(char_count: usize) -> String {
    SENTENCES.iter().cycle().flat_map(|sentence| sentence.chars()).take(char_count).collect()
}

/// `count` different news of `char_count` characters.
pub fn texts(count: usize, char_count: usize) -> Vec<String> {
    (0..count).map(|at| format!("第{at}号：{}", text(char_count))).collect()
}

/// The settings of the bundled model on `threads` threads.
pub fn config(threads: usize) -> Config {
    Config { threads, queue_texts_max: 100_000, ..Config::default() }
}

/// The bundled model.
pub fn bundled_model() -> Model {
    embed::open(&config(1)).unwrap()
}
