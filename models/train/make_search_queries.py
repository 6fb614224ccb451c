"""Make search queries with known answers from labelled stories, in the format of `wenmai eval search`.

Reads a stories file (`id`, `story`, `event`, `title`; .xz) and writes three kinds of queries: `story` is the headline that
shares most pairs of characters with the other headlines of its story, `event` the same within an event, `words` the two or
three longest pieces that most headlines of a story hold. An article of the event gains 2, one of the story 1. The same file
gives the same queries.
"""

import argparse
import collections
import json
import lzma
import re

MARKS = re.compile(r"[^\w]+")
SITE = re.compile(r"[_|—-]{1,2}[^_|—-]{2,12}$")


def pairs(title):
    text = MARKS.sub("", title)
    return {text[at : at + 2] for at in range(len(text) - 1)}


def central(rows):
    """The row whose headline has the highest mean share of pairs in the other headlines; of 8 to 30 characters if there is one."""
    counts = collections.Counter(pair for row in rows for pair in pairs(row["title"]))

    def score(row):
        own = pairs(row["title"])
        fits = 8 <= len(row["title"]) <= 30
        share = sum(counts[pair] - 1 for pair in own) / max(len(own), 1)
        return (fits, share, row["id"])

    return max(rows, key=score)


def pieces(rows):
    """Up to three pieces of 2 to 6 characters that a third of the headlines hold, the most frequent first, longer before shorter."""
    counts = collections.Counter()
    for row in rows:
        runs = [run for run in MARKS.split(row["title"]) if run]
        found = {run[at : at + size] for run in runs for size in range(2, 7) for at in range(len(run) - size + 1)}
        counts.update(found)
    chosen = []
    enough = max(3, len(rows) // 3)
    for piece, count in sorted(counts.items(), key=lambda item: (-item[1] * (len(item[0]) - 1), item[0])):
        if count >= enough and not any(set(piece) & set(known) for known in chosen):
            chosen.append(piece)
        if len(chosen) == 3:
            break
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stories")
    parser.add_argument("out")
    parser.add_argument("--events", type=int, default=2, help="events of one story at most")
    args = parser.parse_args()
    stories = collections.defaultdict(list)
    for line in lzma.open(args.stories, "rt", encoding="utf-8"):
        row = json.loads(line)
        stories[row["story"]].append(row)
    with open(args.out, "w", encoding="utf-8") as out:

        def write(query, gains, kind):
            out.write(json.dumps({"query": query, "relevant": gains, "kind": kind}, ensure_ascii=False) + "\n")

        for name in sorted(stories):
            rows = sorted(stories[name], key=lambda row: row["id"])
            clean = [row for row in rows if len(row["title"]) >= 6]
            if len(clean) < 10:
                continue
            everything = {row["id"]: 1 for row in rows}
            write(SITE.sub("", central(clean)["title"]), everything, "story")
            chosen = pieces(clean)
            if chosen:
                write(" ".join(chosen), everything, "words")
            events = collections.defaultdict(list)
            for row in clean:
                if row["event"]:
                    events[row["event"]].append(row)
            largest = sorted(events.items(), key=lambda item: (-len(item[1]), item[0]))[: args.events]
            for event, members in largest:
                if len(members) >= 4:
                    gains = {**everything, **{row["id"]: 2 for row in rows if row["event"] == event}}
                    write(SITE.sub("", central(members)["title"]), gains, "event")


main()
