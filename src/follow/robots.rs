//! `robots.txt`: which paths of a site a program may ask for, and how slowly.
//!
//! Source: RFC 9309; `Crawl-delay` is no part of it, and widely used.

use std::fmt::Write;
use std::time::Duration;

/// The name under which rules are looked for.
pub const PRODUCT: &str = "wenmai";
/// Bytes of a file that are read; RFC 9309 asks for 500 KiB at least.
pub const BYTES_MAX: usize = 512 * 1024;
/// Rules of one file that are kept, at most.
const RULES_MAX: usize = 5_000;
/// Bytes of a rule's path, at most; a longer one is passed over.
const PATH_BYTES_MAX: usize = 2_000;
/// Wildcards of a rule, at most: each may cost a look through the whole path.
const WILDCARDS_MAX: usize = 20;

/// The rules of a site.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Robots {
    rules: Vec<Rule>,
    /// How long to wait between two requests, if the site says so.
    pub delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
struct Rule {
    is_allowed: bool,
    path: String,
}

/// What a line of the file says.
enum Line<'t> {
    Agent(&'t str),
    Rule(bool, &'t str),
    Delay(&'t str),
    Other,
}

impl Robots {
    /// Reads a file; what cannot be read in it says nothing.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..BYTES_MAX).unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}');
        let (mut ours, mut of_all) = (None::<Robots>, None::<Robots>);
        // Agents in front of the rules that follow; a new group begins with the first agent behind a
        // rule.
        let (mut is_ours, mut is_of_all, mut in_rules) = (false, false, false);
        for line in text.lines().map(line) {
            match line {
                Line::Agent(name) => {
                    if in_rules {
                        (is_ours, is_of_all, in_rules) = (false, false, false);
                    }
                    if is_product(name) {
                        is_ours = true;
                        ours.get_or_insert_default();
                    } else if name == "*" {
                        is_of_all = true;
                        of_all.get_or_insert_default();
                    }
                }
                Line::Other => {}
                line @ (Line::Rule(..) | Line::Delay(_)) => {
                    in_rules = true;
                    let groups = [(is_ours, &mut ours), (is_of_all, &mut of_all)];
                    for (_, group) in groups.into_iter().filter(|(is_meant, _)| *is_meant) {
                        group.get_or_insert_default().add(&line);
                    }
                }
            }
        }
        ours.or(of_all).unwrap_or_default()
    }

    fn add(&mut self, line: &Line<'_>) {
        match line {
            Line::Rule(is_allowed, path) => {
                let fits = path.len() <= PATH_BYTES_MAX
                    && path.matches('*').count() <= WILDCARDS_MAX
                    && self.rules.len() < RULES_MAX;
                // A rule without a path holds for nothing.
                if fits && !path.is_empty() {
                    self.rules.push(Rule { is_allowed: *is_allowed, path: normal(path) });
                }
            }
            Line::Delay(seconds) => {
                let seconds = seconds.parse::<f64>().ok();
                let seconds = seconds.filter(|seconds| (0.0..=86_400.0).contains(seconds));
                self.delay = seconds.map(Duration::from_secs_f64).or(self.delay);
            }
            Line::Agent(_) | Line::Other => {}
        }
    }

    /// Whether `path`, with its query, may be asked for: the longest rule that fits decides, of two
    /// of one length the one that allows.
    #[must_use]
    pub fn allows(&self, path: &str) -> bool {
        if path == "/robots.txt" {
            return true;
        }
        let path = normal(path);
        let fitting = self.rules.iter().filter(|rule| fits(&rule.path, &path));
        let best = fitting.max_by_key(|rule| (rule.path.len(), rule.is_allowed));
        best.is_none_or(|rule| rule.is_allowed)
    }
}

fn line(line: &str) -> Line<'_> {
    let line = line.split('#').next().unwrap_or_default();
    let Some((name, value)) = line.split_once(':') else { return Line::Other };
    let value = value.trim();
    match name.trim().to_ascii_lowercase().as_str() {
        "user-agent" | "useragent" | "user agent" => Line::Agent(value),
        "allow" => Line::Rule(true, value),
        "disallow" | "dissallow" | "disalow" => Line::Rule(false, value),
        "crawl-delay" | "crawldelay" => Line::Delay(value),
        _ => Line::Other,
    }
}

/// Whether rules for `name` are for this program: a version and what follows says nothing.
fn is_product(name: &str) -> bool {
    let end = name.find(|c: char| !c.is_ascii_alphabetic() && !matches!(c, '_' | '-'));
    name.get(..end.unwrap_or(name.len())).unwrap_or_default().eq_ignore_ascii_case(PRODUCT)
}

/// A path with each character written in one way: beyond ASCII as `%XX`, the digits large, and
/// letters and digits that need no escape without one.
fn normal(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        let byte = if escaped.is_some() { at + 2 } else { at };
        at = byte + 1;
        match escaped.or_else(|| bytes.get(byte).copied()) {
            Some(plain) if plain.is_ascii_alphanumeric() || b"-._~".contains(&plain) => {
                out.push(char::from(plain));
            }
            Some(plain) if escaped.is_none() && plain.is_ascii() => out.push(char::from(plain)),
            Some(other) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "%{other:02X}");
            }
            None => {}
        }
    }
    out
}

/// Whether `pattern` fits the beginning of `path`: `*` stands for anything, `$` at the end for the
/// end.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, to_end) =
        pattern.strip_suffix('$').map_or((pattern, false), |pattern| (pattern, true));
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return !to_end || rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() && to_end {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::Robots;

    #[test]
    fn the_rules_for_us_count_before_those_for_all() {
        let robots = Robots::parse(
            b"\xef\xbb\xbf# hello\nUser-agent: other\nUser-Agent: Wenmai/1.0\nDisallow: /closed # why\n\
              Crawl-delay: 2.5\n\nUser-agent: *\nDisallow: /\n\nuser-agent: wenmai\nDisallow: /more\n",
        );
        assert_eq!(robots.delay, Some(Duration::from_millis(2_500)));
        assert!(!robots.allows("/closed/1.html") && !robots.allows("/more"));
        assert!(robots.allows("/open") && robots.allows("/"));
        assert!(!Robots::parse(b"User-agent: *\nDisallow: /\n").allows("/a"));
        assert!(Robots::parse(b"User-agent: *\nDisallow: /\n").allows("/robots.txt"));
        // A name that only begins like ours is another one.
        assert!(Robots::parse(b"User-agent: wenmaibot\nDisallow: /\n").allows("/a"));
        assert!(Robots::parse(b"User-agent: *\nDisallow:\n").allows("/a"));
        assert!(Robots::parse(b"Disallow: /\n").allows("/a"));
    }

    #[test]
    fn the_longest_rule_decides_and_wildcards_stand_for_anything() {
        let robots = Robots::parse(
            b"User-agent: *\nDisallow: /a\nAllow: /a/open\nDisallow: /*.pdf$\nDisallow: /*?print=*\n\
              Allow: /same\nDisallow: /same\nDisallow: /\xe7\xa8\xbf/\nDisallow: /%7euser\n",
        );
        for (path, is_allowed) in [
            ("/a", false),
            ("/abc", false),
            ("/a/open/1", true),
            ("/b/x.pdf", false),
            ("/b/x.pdf?y", true),
            ("/b?print=1", false),
            ("/same", true),
            ("/%E7%A8%BF/1", false),
            ("/%e7%a8%bf/1", false),
            ("/~user/1", false),
            ("/b", true),
        ] {
            assert_eq!(robots.allows(path), is_allowed, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_file_is_read(bytes: Vec<u8>, text in "(User-agent: \\*\n)?((Dis)?allow: /[a*$%]{0,12}\n){0,9}", path in "/[a-z%*$]{0,30}") {
            let _ = Robots::parse(&bytes).allows(&path);
            let _ = Robots::parse(text.as_bytes()).allows(&path);
        }
    }
}
