"""The training articles: reading, cleaning, splitting of bundles."""

import hashlib
import json
import lzma
import re
import unicodedata

# A short line that reads like a headline, followed by a paragraph: the form of a 快讯 bundle.
_SENTENCE_END = re.compile(r"[。！？；：，、]$")


def read_rows(path):
    """Rows of a JSON Lines file, xz-compressed or plain."""
    opener = lzma.open if str(path).endswith(".xz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def squash(text):
    """NFKC, lower case, letters and digits only: the form two copies of a text share."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def fingerprints(row):
    """What makes an article the same as another for leaving it out: its title, its first 40 characters."""
    title, opening = squash(row["title"]), squash(row["body"])[:40]
    return {hashlib.sha1(t.encode()).hexdigest() for t in (title, opening) if len(t) >= 8}


def split_bundle(body):
    """A 快讯 bundle as (title, body) pairs: a headline line and the paragraphs after it."""
    pairs, title, text = [], None, []
    for line in (line.strip() for line in body.split("\n")):
        if not line:
            continue
        if len(line) <= 32 and not _SENTENCE_END.search(line):
            if title and text:
                pairs.append((title, "\n".join(text)))
            title, text = line, []
        else:
            text.append(line)
    if title and text:
        pairs.append((title, "\n".join(text)))
    return [(t, b) for t, b in pairs if len(b) >= 40]


def articles(path, exclude=()):
    """(title, body) pairs; bundles split, articles that share a title or opening with `exclude` files left out."""
    left_out = set()
    for other in exclude:
        for row in read_rows(other):
            left_out |= fingerprints(row)
    pairs, dropped, bundles = [], 0, 0
    for row in read_rows(path):
        if left_out and fingerprints(row) & left_out:
            dropped += 1
        elif "快讯" in row["title"]:
            bundles += 1
            pairs.extend(split_bundle(row["body"]))
        else:
            pairs.append((row["title"].strip(), row["body"].strip()))
    return pairs, {"articles": len(pairs), "bundles_split": bundles, "left_out": dropped}
