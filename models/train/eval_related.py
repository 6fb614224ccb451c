"""Measure related-article retrieval on labelled stories, and sentence similarity as a sanity check.

A query is a labelled article; the same event gains 2, the same story 1, itself is left out. Every article of the file
is a candidate. Lexical: BM25 over jieba words, the title as query, title and body as document. Dense: a static model.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import scipy.sparse as sp
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from corpus import read_rows

UNK = 1
LEADS = (64, 128, 200, 320, 480, 800)


class Static:
    def __init__(self, folder, dims=0):
        folder = pathlib.Path(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tensors = load_file(str(folder / "model.safetensors"))
        self.vectors = tensors["embeddings"].astype(np.float32)
        if "weights" in tensors:
            self.vectors *= tensors["weights"][:, None]
        if dims:
            self.vectors = np.ascontiguousarray(self.vectors[:, :dims])

    def bags(self, texts):
        """Token counts of texts as a sparse matrix, [UNK] left out."""
        indices, start = [], [0]
        for i in range(0, len(texts), 4096):
            for encoding in self.tokenizer.encode_batch(texts[i : i + 4096], add_special_tokens=False):
                ids = [t for t in encoding.ids if t != UNK]
                indices.extend(ids)
                start.append(len(indices))
        ones = np.ones(len(indices), np.float32)
        return sp.csr_matrix((ones, indices, start), shape=(len(texts), len(self.vectors)))

    def encode(self, texts):
        return unit(self.bags(texts) @ self.vectors)


def unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def words(texts):
    import jieba

    jieba.setLogLevel(60)
    return [[w for w in jieba.cut(t.lower()) if any(c.isalnum() for c in w)] for t in texts]


def lexical(rows, cache):
    """Term counts of titles and of whole articles (sparse), from the cache if there is one."""
    if cache and cache.exists():
        return sp.load_npz(cache), sp.load_npz(cache.with_suffix(".title.npz"))
    import multiprocessing

    with multiprocessing.Pool(2) as pool:
        share = [[r["title"] for r in rows[i : i + 500]] for i in range(0, len(rows), 500)]
        titles = [w for part in pool.imap(words, share) for w in part]
        share = [[r["body"] for r in rows[i : i + 500]] for i in range(0, len(rows), 500)]
        bodies = [w for part in pool.imap(words, share) for w in part]
    vocabulary, out = {}, []
    for texts in ([t + b for t, b in zip(titles, bodies)], titles):
        indices, start = [], [0]
        for text in texts:
            indices.extend(vocabulary.setdefault(w, len(vocabulary)) for w in text)
            start.append(len(indices))
        out.append((indices, start))
    built = []
    for indices, start in out:
        m = sp.csr_matrix((np.ones(len(indices), np.float32), indices, start), (len(rows), len(vocabulary)))
        m.sum_duplicates()
        built.append(m)
    if cache:
        sp.save_npz(cache, built[0])
        sp.save_npz(cache.with_suffix(".title.npz"), built[1])
    return built


def bm25(documents, k1=1.2, b=0.75):
    """Documents as BM25 term weights: a query's score is the sum over its terms."""
    n = documents.shape[0]
    df = np.bincount(documents.indices, minlength=documents.shape[1])
    idf = np.log(1 + (n - df + 0.5) / (df + 0.5))
    length = np.asarray(documents.sum(axis=1)).ravel()
    norm = k1 * (1 - b + b * length / length.mean())
    tf = documents.data
    weights = idf[documents.indices] * tf * (k1 + 1) / (tf + np.repeat(norm, np.diff(documents.indptr)))
    shape = documents.shape
    return sp.csr_matrix((weights.astype(np.float32), documents.indices, documents.indptr), shape)


class Judge:
    """Collects the measures of each system over the queries."""

    def __init__(self, rows):
        self.story = np.unique([r["story"] for r in rows], return_inverse=True)[1]
        names = [r["event"] if r["event"] is not None else f"\0{i}" for i, r in enumerate(rows)]
        self.event = np.unique(names, return_inverse=True)[1]
        self.results = {}

    def add(self, system, queries, scores):
        """`scores`: a row per query over all articles; changed in place."""
        scores[np.arange(len(queries)), queries] = -np.inf
        top = np.argpartition(-scores, 100, axis=1)[:, :100]
        order = np.argsort(-np.take_along_axis(scores, top, axis=1), axis=1, kind="stable")
        top = np.take_along_axis(top, order, axis=1)
        discount = 1 / np.log2(np.arange(2, 12))
        kept = self.results.setdefault(system, [])
        for q, ranked in zip(queries, top):
            same_event, same_story = self.event == self.event[q], self.story == self.story[q]
            events, stories = same_event.sum() - 1, same_story.sum() - 1
            gains = np.where(same_event[ranked], 2, np.where(same_story[ranked], 1, 0))
            ideal = np.array([2] * events + [1] * (stories - events))[:10]
            ndcg = (gains[:10] * discount).sum() / (ideal * discount[: len(ideal)]).sum()
            hits = np.flatnonzero(gains == 2)
            mrr = recall = np.nan
            if events:
                mrr = 1 / (hits[0] + 1) if len(hits) else 0.0
                recall = (hits < 10).sum() / min(events, 10)
            kept.append((ndcg, mrr, recall, (gains > 0).sum() / min(stories, 100)))

    def figures(self):
        return {s: [round(float(x), 4) for x in np.nanmean(np.array(v), axis=0)] for s, v in self.results.items()}

    def against(self, system, baseline, queries, rounds=2000):
        """Difference in nDCG@10, with a 95 % interval from resampling whole stories."""
        difference = np.array(self.results[system])[:, 0] - np.array(self.results[baseline])[:, 0]
        stories = self.story[queries]
        total = np.bincount(stories, difference, minlength=stories.max() + 1)
        count = np.bincount(stories, minlength=stories.max() + 1)
        present = np.flatnonzero(count)
        drawn = np.random.default_rng(0).choice(present, (rounds, len(present)))
        low, high = np.quantile(total[drawn].sum(axis=1) / count[drawn].sum(axis=1), (0.025, 0.975))
        return f"{system} - {baseline}: {difference.mean():+.4f} ({low:+.4f} to {high:+.4f})"


def ranks(scores):
    """Position of every candidate in its row, from 1."""
    order = np.argsort(-scores, axis=1, kind="stable")
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.arange(1, scores.shape[1] + 1)[None, :].repeat(len(scores), 0), axis=1)
    return out


def spearman(a, b):
    """Spearman's correlation with ties at their mean rank."""

    def ranked(x):
        _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
        return (np.cumsum(counts) - (counts - 1) / 2)[inverse]

    return float(np.corrcoef(ranked(np.asarray(a)), ranked(np.asarray(b)))[0, 1])


def sentences(model, path):
    rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
    left, right = model.encode([r[0] for r in rows]), model.encode([r[1] for r in rows])
    return round(spearman((left * right).sum(axis=1), [float(r[2]) for r in rows]), 4)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stories", required=True)
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--sts", nargs="*", default=[])
    arguments.add_argument("--queries", type=int, default=2000)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--dims", type=int, default=0, help="first numbers of a vector to use; 0 = all")
    arguments.add_argument("--cache", help="folder for the term counts")
    arguments.add_argument("--quick", action="store_true", help="dense only")
    arguments.add_argument("--fusion", action="store_true", help="many ways to join lexical and dense scores")
    args = arguments.parse_args()
    started = time.time()
    rows = list(read_rows(args.stories))
    labelled = [i for i, r in enumerate(rows) if r["event"] is not None]
    queries = np.sort(np.random.default_rng(args.seed).choice(labelled, args.queries, replace=False))
    model, judge = Static(args.model, args.dims), Judge(rows)
    titles = model.encode([r["title"] for r in rows])
    dense = {"title": titles}
    for n in LEADS if not args.quick else (200, 320):
        lead = model.encode([r["title"] + "\n" + r["body"][:n] for r in rows])
        dense[f"lead{n}"] = lead
        dense[f"mean{n}"] = unit(titles + lead)
    parts = np.array_split(queries, max(1, len(queries) // 250))
    for part in parts:
        for name, vectors in dense.items():
            judge.add(f"dense {name}", part, vectors[part] @ vectors.T)
    if not args.quick:
        cache = pathlib.Path(args.cache) / "stories.npz" if args.cache else None
        documents, title_terms = lexical(rows, cache)
        weights = bm25(documents).T.tocsc()
        title_terms.data[:] = 1
        for part in parts:
            score = (title_terms[part] @ weights).toarray()
            own = np.maximum(score[np.arange(len(part)), part], 1e-6)[:, None]
            others = score.copy()
            others[np.arange(len(part)), part] = 0
            top = np.maximum(others.max(axis=1, keepdims=True), 1e-6)
            judge.add("bm25 title", part, score.copy())
            kinds = ("mean200", "mean320") if args.fusion else ("mean200",)
            for kind in kinds:
                cosine = dense[kind][part] @ dense[kind].T
                judge.add(f"0.4 bm25/self + 0.6 {kind}", part, 0.4 * score / own + 0.6 * cosine)
                if args.fusion:
                    fuse(judge, part, kind, score / own, others / top, cosine)
    for name, row in judge.figures().items():
        print(f"{name:40} ndcg@10 {row[0]:.4f}  event mrr {row[1]:.4f}  event recall@10 {row[2]:.4f}"
              f"  story recall@100 {row[3]:.4f}", flush=True)
    if not args.quick:
        joined = "0.4 bm25/self + 0.6 mean200"
        for system, baseline in (("dense mean200", "bm25 title"), (joined, "bm25 title"), (joined, "dense mean200")):
            print(judge.against(system, baseline, queries))
    for path in args.sts:
        print(pathlib.Path(path).stem, sentences(model, path))
    print(f"{time.time() - started:.0f} s", file=sys.stderr)


def fuse(judge, part, kind, by_self, by_top, cosine):
    for w in (0.3, 0.5, 0.6, 0.7):
        judge.add(f"{w} bm25/self + {1 - w:.1f} {kind}", part, w * by_self + (1 - w) * cosine)
    for w in (0.3, 0.4, 0.5, 0.6):
        judge.add(f"{w} bm25/max + {1 - w:.1f} {kind}", part, w * by_top + (1 - w) * cosine)
    for w in (0.4, 0.5, 0.6):
        judge.add(f"{w} sqrt(bm25/self) + {1 - w:.1f} {kind}", part, w * np.sqrt(by_self) + (1 - w) * cosine)
        positive = np.maximum(cosine, 0)
        judge.add(f"{w} bm25/self + {1 - w:.1f} {kind}^2", part, w * by_self + (1 - w) * positive**2)
    masked_a, masked_b = by_self.copy(), cosine.copy()
    masked_a[np.arange(len(part)), part] = masked_b[np.arange(len(part)), part] = -np.inf
    a, b = ranks(masked_a), ranks(masked_b)
    judge.add(f"rrf60 {kind}", part, 1 / (60.0 + a) + 1 / (60.0 + b))
    judge.add(f"rrf10 {kind}", part, 1 / (10.0 + a) + 1 / (10.0 + b))


if __name__ == "__main__":
    main()
