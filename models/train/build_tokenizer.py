"""Build the Unigram tokenizer of wenmai-news-zh from a word count of the training text.

The vocabulary is chosen by counting, not by Unigram training: words cut by jieba, at most four characters long,
all single characters seen more than once, numbers, Latin words and pieces. A piece's score is its log frequency.
"""

import argparse
import collections
import json
import math
import multiprocessing
import pathlib
import re
import time
import unicodedata

import jieba
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

from corpus import articles

PAD, UNK = "[PAD]", "[UNK]"
SIZE = 40_000
TITLE_WEIGHT = 4  # words of headlines are what queries are made of
RUN = re.compile(r"[0-9]+|[a-z]+|[^\W_]+?(?=[0-9a-z]|\W|_|$)")
NUMBER, LATIN = re.compile(r"^[0-9]+$"), re.compile(r"^[a-z]+$")
HAN = re.compile(r"^[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+$")


def plain(text):
    return unicodedata.normalize("NFKC", text).lower()


def count(pairs):
    """Counts of words and of characters in one share of the articles."""
    jieba.setLogLevel(60)
    words, chars = collections.Counter(), collections.Counter()
    for title, body in pairs:
        for text, weight in ((title, TITLE_WEIGHT), (body, 1)):
            text = plain(text)
            for c in text:
                chars[c] += 1
            for word in jieba.cut(text):
                for run in RUN.findall(word):
                    words[run] += weight
    return words, chars


def choose(words, chars):
    """The vocabulary: a list of (piece, log probability), [PAD] and [UNK] first."""
    total = sum(words.values())
    chosen = {}

    def add(piece, mass):
        if piece not in chosen:
            chosen[piece] = mass

    for c, n in chars.items():
        if n >= 2 and c.isalnum() and not NUMBER.match(c) and not LATIN.match(c):
            add(c, words[c] + 0.02 * n + 0.5)
    for digit in "0123456789":
        add(digit, words[digit] + 1)
    for n in range(100):
        for form in (str(n), f"{n:02}"):
            add(form, words[form] + 1)
    for letter in "abcdefghijklmnopqrstuvwxyz":
        add(letter, words[letter] + 1)
    pairs_of_letters = collections.Counter()
    for word, n in words.items():
        if LATIN.match(word):
            for i in range(len(word) - 1):
                pairs_of_letters[word[i : i + 2]] += n
            for i in range(len(word) - 2):
                pairs_of_letters[word[i : i + 3]] += n
    for piece, n in pairs_of_letters.most_common(700):
        add(piece, words[piece] + 0.02 * n)
    latin = [(word, n) for word, n in words.most_common() if LATIN.match(word) and 2 <= len(word) <= 16]
    for word, n in latin[:1500]:
        if n >= 4:
            add(word, n)
    for word, n in words.most_common():
        if len(chosen) >= SIZE - 2:
            break
        if HAN.match(word) and 2 <= len(word) <= 4:
            add(word, n)
        elif NUMBER.match(word) and len(word) <= 4 and n >= 30:
            add(word, n)
    pieces = sorted(chosen.items(), key=lambda item: (-item[1], item[0]))[: SIZE - 2]
    scored = [(piece, math.log(mass / total)) for piece, mass in pieces]
    return [(PAD, 0.0), (UNK, 0.0)] + [(piece, round(score, 4)) for piece, score in scored]


def tokenizer_of(vocab):
    """NFKC and lower case; punctuation, symbols and spaces dropped; runs of digits and of letters apart."""
    tokenizer = Tokenizer(models.Unigram(vocab, unk_id=1, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"[\s\p{P}\p{S}\p{Z}\p{C}]+"), "removed"),
            pre_tokenizers.Split(Regex(r"[0-9]+|[a-z]+"), "isolated"),
        ]
    )
    tokenizer.add_special_tokens([PAD, UNK])
    return tokenizer


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--train", required=True)
    arguments.add_argument("--exclude", nargs="*", default=[])
    arguments.add_argument("--out", required=True, help="folder for tokenizer.json")
    arguments.add_argument("--workers", type=int, default=2)
    args = arguments.parse_args()
    start = time.time()
    pairs, facts = articles(args.train, args.exclude)
    print(facts, flush=True)
    words, chars = collections.Counter(), collections.Counter()
    shares = [pairs[i : i + 2000] for i in range(0, len(pairs), 2000)]
    with multiprocessing.Pool(args.workers) as pool:
        for w, c in pool.imap_unordered(count, shares):
            words.update(w)
            chars.update(c)
    vocab = choose(words, chars)
    assert len(vocab) == SIZE, len(vocab)
    tokenizer = tokenizer_of(vocab)
    out = pathlib.Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    titles = tokenizer.encode_batch([t for t, _ in pairs[::50]], add_special_tokens=False)
    bodies = tokenizer.encode_batch([b for _, b in pairs[::50]], add_special_tokens=False)
    tokens = sum(len(e.ids) for e in titles), sum(len(e.ids) for e in bodies)
    unknown = sum(e.ids.count(1) for e in titles + bodies)
    report = {
        "latin_words": sum(1 for p, _ in vocab[2:] if LATIN.match(p) and len(p) > 3),
        "rarest_words": [(w, words[w]) for w, _ in vocab[2:] if len(w) > 1 and HAN.match(w)][-12:],
        "lengths": collections.Counter(len(p) for p, _ in vocab[2:]).most_common(),
        "lowest_score": vocab[-1],
        "tokens_per_title": tokens[0] / len(titles),
        "tokens_per_body": tokens[1] / len(bodies),
        "unknown_share": unknown / sum(tokens),
        "seconds": time.time() - start,
    }
    print(json.dumps(report, ensure_ascii=False, indent=1), flush=True)
    for encoding in titles[::300]:
        print(" ".join(encoding.tokens))


if __name__ == "__main__":
    main()
