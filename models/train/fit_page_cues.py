"""Fits the weights of the page parser's cues (src/page/weights.tsv) on labelled pages.

    cargo test --test it composed_pages_are_written -- --ignored   # writes target/composed.jsonl
    cp target/composed.jsonl target/labelled.jsonl                 # and append labelled pages of your own
    cargo test --lib cues_are_written -- --ignored                 # writes target/page-cues.json
    python models/train/fit_page_cues.py target/labelled.jsonl target/page-cues.json > src/page/weights.tsv

A structured perceptron with a margin, averaged (Collins 2002): where the best path of a page is not one that
the labels allow, the weights move a little towards the allowed one. It starts from the present weights, is
pulled back to them, and moves no weight that is zero. Every fifth page is kept apart and only measured.
"""

import json
import random
import sys
import unicodedata

import numpy as np

RATE, PULL, MARGIN, PASSES, SMALLEST = 0.05, 0.002, 1.0, 6, 0.15
HEADINGS_ABOVE = 8
# A short line with one of these may be the beginning of a sentence, or whole without being a heading.
WHOLE = {"closing-line", "figures", "label", "office", "after-label", "after-broken", "bracket-note", "flows", "broken",
         "ends-open", "stop-inside", "number-across", "lead-begins", "word-across"}


def folded(text):
    text = unicodedata.normalize("NFKC", text or "")
    return "".join(c for c in text if not c.isspace() and c not in "\ufeff\u200b")


def closed(line):
    core = line.rstrip("”’)》\"」』")
    return core == "" or core[-1] in "。!?…;:." or len(core) < len(line)


class Parser:
    """The parser's tables, and its best path."""

    def __init__(self, table):
        self.classes, self.cues = table["classes"], table["cues"]
        self.cls = {name: at for at, name in enumerate(self.classes)}
        self.cue = {name: at for at, name in enumerate(self.cues)}
        self.weights = np.zeros((len(self.cues), len(self.classes)))
        for cue, name, weight in table["weights"]:
            self.weights[self.cue[cue], self.cls[name]] = weight
        self.prior, self.steps = np.array(table["prior"]), np.array(table["steps"])
        self.begins, self.ends = np.array(table["begins"]), np.array(table["ends"])

    def seen(self, blocks):
        rows = np.zeros((len(blocks), len(self.cues)))
        for at, (_, cues) in enumerate(blocks):
            rows[at, [self.cue[cue] for cue in cues]] = 1
        return rows

    def scores(self, rows, weights):
        scores = rows @ weights + self.prior
        scores[:, self.cls["Lead"]] += scores[:, self.cls["Body"]]
        return scores

    def best(self, scores):
        back = np.zeros(scores.shape, int)
        total = self.begins + scores[0]
        for at in range(1, len(scores)):
            steps = total[:, None] + self.steps
            back[at] = steps.argmax(0)
            total = steps.max(0) + scores[at]
        path = [int((total + self.ends).argmax())]
        for at in range(len(scores) - 1, 0, -1):
            path.append(int(back[at][path[-1]]))
        return path[::-1]

    def counts(self, rows, path):
        counts = np.zeros_like(self.weights)
        for row, at in zip(rows, path):
            counts[:, at] += row
            if at == self.cls["Lead"]:
                counts[:, self.cls["Body"]] += row
        return counts


class Labels:
    """Which classes the labels of a page allow each block; `None` where they say nothing."""

    def __init__(self, parser, page, blocks):
        self.parser, self.blocks = parser, blocks
        self.lines = [folded(text) for text, _ in blocks]
        self.allowed = [None] * len(blocks)
        for article in page["articles"]:
            if article["kind"] == "teaser":
                self.teaser(folded(article.get("title")))
            elif article["kind"] != "staff":
                self.article(article)

    def allow(self, at, *names):
        self.allowed[at] = frozenset(self.parser.cls[name] for name in names)

    def teaser(self, title):
        for at, line in enumerate(self.lines):
            if self.allowed[at] is None and title and line.startswith(title) and len(line) < len(title) + 8:
                self.allow(at, "TeaserTitle")
                return

    def start(self, body):
        """The block in which a body begins, and at which character."""
        for at, line in enumerate(self.lines):
            if self.allowed[at] is not None or len(line) < 2:
                continue
            skips = range(min(60, max(0, len(line) - min(6, len(body)) + 1)))
            skip = next((skip for skip in skips if body.startswith(line[skip:])), None)
            if skip is None:
                continue
            rest = body[len(line) - skip:]
            near = [next_line[:8] for next_line in self.lines[at + 1:at + 5] if len(next_line) >= 2]
            if not rest or any(rest.startswith(head) for head in near):
                return at, skip
        return None

    def article(self, article):
        body = folded(article.get("body") or "".join(article.get("paragraphs") or []))
        found = self.start(body)
        if not found:
            return
        first, skip = found
        at, done, photo = first, 0, article["kind"] == "photo"
        while at < len(self.lines) and done < len(body):
            line = self.lines[at][skip if at == first else 0:]
            if line and (body.startswith(line, done) or line.startswith(body[done:])):
                self.body(at, line, at == first, photo)
                done += len(line)
            at += 1
        credit = folded(article.get("credit"))
        if photo and at < len(self.lines) and credit and credit in self.lines[at] and len(self.lines[at]) < 26:
            self.allow(at, "Credit")
        self.above(article, first - 1)

    def body(self, at, line, first, photo):
        cues = set(self.blocks[at][1])
        short = len(line) <= 24 and not closed(line)
        if "credit-line" in cues:
            self.allow(at, "Credit")
        elif photo:
            self.allow(at, "Caption")
        elif first:
            self.allow(at, "Lead", *(("Subhead", "BoxHeading") if short else ("Caption",)))
        elif short and (cues & WHOLE or not closed(self.lines[at - 1]) or len(line) > 19):
            self.allow(at, "Body", "Subhead", "BoxHeading", "Signature", "Byline", "SourceNote")
        elif short:
            self.allow(at, "Subhead", "BoxHeading", "Signature", "Byline", "SourceNote")
        elif not closed(line):
            self.allow(at, "Body")
        elif cues & {"ends-with-credit", "before-credit"}:
            self.allow(at, "Body", "Signature", "SourceNote", "Caption")
        else:
            self.allow(at, "Body", "Signature", "SourceNote")

    def above(self, article, at):
        title, names = folded(article.get("title")), [folded(name) for name in article.get("byline") or []]
        kicker, section, subtitle = (
            folded(article.get(part)).strip("—-") for part in ("kicker", "section", "subtitle"))
        for at in range(at, max(-1, at - HEADINGS_ABOVE), -1):
            line = self.lines[at]
            plain = line.strip("—-")
            part = len(line) >= 3 and (title.startswith(line) or title.endswith(line))
            if self.allowed[at] is not None:
                return
            if title and (line == title or part and line not in (kicker, section)):
                self.allow(at, "Headline")
            elif kicker and plain == kicker:
                self.allow(at, *(("Kicker",) if plain == line else ("Kicker", "Subtitle")))
            elif subtitle and plain == subtitle:
                self.allow(at, "Subtitle")
            elif section and line == section:
                self.allow(at, "Section")
            elif names and all(name in line for name in names) and len(line) < sum(map(len, names)) + 12:
                self.allow(at, "Byline", "BylineAhead")
            else:
                return


def wrong(path, allowed):
    return sum(at not in may for at, may in zip(path, allowed) if may is not None)


def fit(parser, pages):
    start = parser.weights
    weights, total, count = start.copy(), np.zeros_like(start), 0
    movable, rng = start != 0, random.Random(1)
    kept, train = pages[::5], [page for at, page in enumerate(pages) if at % 5]
    for number in range(PASSES):
        rng.shuffle(train)
        for rows, allowed in train:
            mask = np.zeros((len(rows), len(parser.classes)))
            for at, may in enumerate(allowed):
                if may is not None:
                    mask[at] = -1e6
                    mask[at, list(may)] = 0
            scores = parser.scores(rows, weights)
            path = parser.best(scores + (mask < 0) * MARGIN)
            if wrong(path, allowed):
                step = parser.counts(rows, parser.best(scores + mask)) - parser.counts(rows, path)
                weights += RATE * np.clip(step, -3, 3) * movable
            weights += PULL * RATE * (start - weights)
            total += weights
            count += 1
        now = total / count
        for name, part in (("fitted", train), ("kept apart", kept)):
            errors = sum(wrong(parser.best(parser.scores(rows, now)), may) for rows, may in part)
            blocks = sum(may is not None for _, allowed in part for may in allowed)
            print(f"pass {number + 1}, {name}: {errors} of {blocks} blocks wrong", file=sys.stderr)
    return total / count


def main(labelled, table):
    table = json.load(open(table))
    parser, pages = Parser(table), []
    for line, blocks in zip(open(labelled), table["pages"]):
        if blocks:
            pages.append((parser.seen(blocks), Labels(parser, json.loads(line), blocks).allowed))
    weights = fit(parser, pages)
    print("# What each cue says for (+) or against (-) each class: a judgement, then fitted on labelled pages by")
    print("# `models/train/fit_page_cues.py`. A line per cue, in the order of `src/page/cue.rs`.")
    for cue, row in zip(parser.cues, weights):
        told = [f"{name} {weight:.1f}" for name, weight in zip(parser.classes, row) if abs(weight) >= SMALLEST]
        print("\t".join([cue, *told]))


if __name__ == "__main__":
    main(*sys.argv[1:])
