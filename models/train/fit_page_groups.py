"""Fits what the features of groups of short lines say (src/page/learned/groups.tsv) on labelled pages.

    # labelled.jsonl: pages in the format of `wenmai eval pages`, without heading marks, each with its `paper`
    cargo test -p wenmai-page --lib cues_are_written -- --ignored     # target/labelled.jsonl → target/page-cues.json
    python models/train/fit_page_groups.py target/labelled.jsonl target/page-cues.json > src/page/learned/groups.tsv

A logistic regression with a pull towards what is known before, by full gradients: the same in every run, and no libraries. It prints to
the error stream how well pages of each paper are told by a model of all the other papers. A paper counts as much as
another, however many pages it has, up to a factor of four. `--without PAPER` leaves one out of what is written, to
measure the whole parser on a paper that it has not seen.
"""

import json
import math
import sys
import unicodedata

STEPS, RATE, PULL, PULL_KNOWN = 400, 0.5, 0.002, 0.01
# What is known before any page is looked at; every other weight is pulled towards zero.
PRIOR = {"role-below": 4.0, "told-below": 5.0, "own-opener": 3.0, "wire-opener": 2.0, "behind-end": 2.0, "first": 2.0,
         "behind-names": -0.8, "names-above": 1.5, "dash": 2.0, "notice": 2.0, "numbered": -1.5, "unsigned-here": -1.0, "unended-here": -1.0, "one-line": -0.5}


def folded(text):
    text = unicodedata.normalize("NFKC", text or "")
    return "".join(c for c in text if not c.isspace() and c not in "\ufeff\u200b")


def start_of(body, lines):
    """The block in which a body begins."""
    for at, line in enumerate(lines):
        for skip in range(min(60, len(line))):
            rest = line[skip:]
            if len(rest) >= 8 and (body.startswith(rest) or rest.startswith(body[:30])):
                return at
    return None


def label(group, lines, articles):
    """1 where a group opens an article, 0 where it stands in a body, None where the labels do not say."""
    first, end, text = group[:3]
    part = [line.strip("—-") for line in lines[first:end]]
    for article in articles:
        inside = sum(1 for line in part if len(line) > 1 and line in article["heading"])
        if inside * 2 > len(part) and article["start"] is not None and first < article["start"] <= text + 3:
            return 1
    for article in articles:
        if article["start"] is not None and article["start"] <= first and all(line in article["body"] for line in part):
            return 0
    return None


def examples(page, blocks, groups):
    lines = [folded(text) for text, _ in blocks]
    articles = []
    for gold in page["articles"]:
        heading = "".join(folded(gold.get(key)) for key in ("section", "kicker", "title", "subtitle"))
        body = folded(gold.get("body") or "".join(gold.get("paragraphs") or []))
        articles.append({"heading": heading.replace("—", ""), "body": body, "start": start_of(body, lines)})
    for group in groups:
        said = label(group, lines, articles)
        if said is not None:
            yield page.get("paper") or page.get("style"), group[3], said, "|".join(lines[group[0]:group[1]])


def sigmoid(value):
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def fit(rows, features):
    papers = [paper for paper, *_ in rows]
    most = max(papers.count(paper) for paper in set(papers))
    weight = {paper: min(4.0, most / papers.count(paper)) for paper in set(papers)}
    total = sum(weight[paper] for paper in papers)
    prior = [PRIOR.get(name, 0.0) for name in features]
    weights = prior[:]
    speed = [0.0] * len(weights)
    for _ in range(STEPS):
        slopes = [(PULL_KNOWN if p else PULL) * (w - p) for w, p in zip(weights, prior)]
        for paper, seen, said, _ in rows:
            error = (sigmoid(sum(s * w for s, w in zip(seen, weights))) - said) * weight[paper] / total
            for at, s in enumerate(seen):
                slopes[at] += error * s
        speed = [0.9 * v - RATE * s for v, s in zip(speed, slopes)]
        weights = [w + v for w, v in zip(weights, speed)]
    return weights


def main():
    pages = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    table = json.load(open(sys.argv[2], encoding="utf-8"))
    rows, features = [], table["features"]
    for page, blocks, groups in zip(pages, table["pages"], table["groups"]):
        rows.extend(examples(page, blocks, groups))
    for paper in sorted({paper for paper, *_ in rows}):
        rest, kept = [row for row in rows if row[0] != paper], [row for row in rows if row[0] == paper]
        weights = fit(rest, features) if rest else fit(rows, features)
        right = {0: [0, 0], 1: [0, 0]}
        for _, seen, said, lines in kept:
            odds = sum(s * w for s, w in zip(seen, weights))
            right[said][0] += (odds > 0) == (said == 1)
            right[said][1] += 1
            if "-v" in sys.argv and (odds > 0) != (said == 1):
                print(f"  {odds:+.1f} {said} {lines}", file=sys.stderr)
        print(f"{paper} by the others: openings {right[1]}, inside {right[0]}", file=sys.stderr)
    if "--without" in sys.argv:
        apart = sys.argv[sys.argv.index("--without") + 1]
        rows = [row for row in rows if row[0] != apart]
    weights = fit(rows, features)
    print("# What each feature of a group of short lines (opening.rs) adds to the log odds that it opens an article.")
    for name, weight in zip(features, weights):
        print(f"{name}\t{weight:.2f}")


if __name__ == "__main__":
    main()
