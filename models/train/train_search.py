"""Train an order of search answers on the features of labelled queries, and judge it by folds.

Reads what `cargo run -p wenmai-eval --example search_features` writes: a line per query with its gains and, per candidate,
the gain and fourteen features. Weights are linear over the features and some of their products, fitted so that each relevant
candidate stands before everything that is not (`-log(e^s / (e^s + sum of e^s over what is not relevant))`), and each of the
highest gain before everything of a lower one. Queries
are put into five folds by hash; every figure of the learned order is of queries that its weights never saw. Intervals
resample queries.
"""

import argparse
import json
import zlib

import numpy as np

NAMES = ["hybrid", "cosine", "lexical", "lexical_of_best", "neighbours", "first_terms", "held", "held_in_title", "length",
         "best", "needs", "middle_5", "middle_20", "middle_50"]
SHOWN = 250


def derived(x):
    """The inputs of the linear score: features, and products that say near-full matches and agreement of the legs."""
    c = dict(zip(NAMES, x.T))
    cosine = np.clip(c["cosine"], 0, 1)
    inputs = {
        "cosine": cosine, "lexical": c["lexical"], "lexical8": c["lexical"] ** 8, "neighbours": c["neighbours"],
        "first_terms": c["first_terms"], "held": c["held"], "held_in_title": c["held_in_title"], "middle_5": c["middle_5"],
        "middle_20": c["middle_20"], "middle_50": c["middle_50"], "length": c["length"] / 8,
        "cosine*lexical": cosine * c["lexical"], "cosine*middle_20": cosine * c["middle_20"], "held2": c["held"] ** 2,
    }
    return list(inputs), np.stack(list(inputs.values()), 1)


class Query:
    def __init__(self, line):
        row = json.loads(line)
        self.text, self.kind = row["query"], row["kind"]
        self.relevant = np.array(row["relevant"], float)
        self.gain = np.array(row["gains"], float)
        x = np.array(row["features"], np.float32)
        self.hybrid, self.cosine, self.lexical = x[:, 0], x[:, 1], x[:, 2]
        self.names, self.inputs = derived(x)
        self.fold = zlib.crc32(self.text.encode()) % 5

    def figures(self, score):
        order = np.argsort(-score, kind="stable")
        gain = self.gain[order]
        discount = 1 / np.log2(np.arange(2, 12))
        ideal = np.sort(self.relevant)[::-1][:10]
        ndcg = (gain[:10] * discount[: len(gain[:10])]).sum() / (ideal * discount[: len(ideal)]).sum()
        return ndcg, (gain[:100] > 0).sum() / min(100, len(self.relevant)), float(gain[0] > 0)


def rows(queries):
    """Inputs, gains and the number of the query of what is trained on: the first of the hybrid order, and relevant ones."""
    kept = []
    for query in queries:
        keep = np.zeros(len(query.gain), bool)
        keep[np.argsort(-query.hybrid, kind="stable")[:SHOWN]] = True
        keep[np.flatnonzero(query.gain > 0)[:100]] = True
        gain, inputs = query.gain[keep], query.inputs[keep]
        # Where gains differ, the higher ones are to stand before the others too.
        for wanted in {1.0, gain.max()}:
            above = (gain >= wanted).astype(float)
            if above.any() and not above.all():
                kept.append((inputs, above))
    number = np.concatenate([np.full(len(gain), at) for at, (_, gain) in enumerate(kept)])
    return np.concatenate([x for x, _ in kept]), np.concatenate([gain for _, gain in kept]), number


def fit(queries, chosen, decay, steps=400):
    x, gain, number = rows(queries)
    x = x[:, chosen]
    mean, scale = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / scale
    begin = np.searchsorted(number, np.arange(number.max() + 1))
    total = lambda values: np.add.reduceat(values, begin)
    share = gain / np.maximum(total(gain), 1e-9)[number] / len(begin)
    other = (gain == 0).astype(float)
    weights, first, second = (np.zeros(z.shape[1]) for _ in range(3))
    for step in range(1, steps + 1):
        score = z @ weights
        exp = np.exp(score - np.maximum.reduceat(score, begin)[number])
        pull = share / (exp + total(exp * other)[number])
        slope = z.T @ (-share + pull * exp + exp * other * total(pull)[number]) + decay * weights
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights -= 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights / scale


def told(name, figures, base, rng):
    draws = rng.integers(0, len(figures), (2000, len(figures)))
    bounds = lambda values: np.quantile(values[draws].mean(1), [0.025, 0.975])
    text = "  ".join(f"{figures[:, at].mean():.4f} ({bounds(figures[:, at])[0]:.4f} to {bounds(figures[:, at])[1]:.4f})"
                     for at in range(3))
    ahead = bounds(figures[:, 0] - base[:, 0])
    print(f"{name:24} {text}  nDCG over hybrid {(figures - base)[:, 0].mean():+.4f} ({ahead[0]:+.4f} to {ahead[1]:+.4f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", nargs="+")
    parser.add_argument("--decay", type=float, default=1e-3)
    args = parser.parse_args()
    queries = [Query(line) for path in args.features for line in open(path, encoding="utf-8")]
    queries = [query for query in queries if len(query.relevant) and len(query.gain)]
    names = queries[0].names
    rng = np.random.default_rng(20240314)
    sets = {
        "learned": names,
        "without middles": [n for n in names if "middle" not in n],
        "without first_terms": [n for n in names if n != "first_terms"],
        "without held": [n for n in names if "held" not in n],
        "legs alone": ["cosine", "lexical", "lexical8", "neighbours", "cosine*lexical"],
    }
    learned = {}
    for label, inputs in sets.items():
        chosen = [names.index(name) for name in inputs]
        scores = {}
        for fold in range(5):
            weights = fit([q for q in queries if q.fold != fold], chosen, args.decay)
            scores.update({id(q): q.inputs[:, chosen] @ weights for q in queries if q.fold == fold})
        learned[label] = scores
    for kind in ["", *sorted({query.kind for query in queries})]:
        some = [query for query in queries if kind in ("", query.kind)]
        print(f"\n{kind or 'all'}: {len(some)} queries; nDCG@10, recall@100, success@1")
        of = lambda score: np.array([query.figures(score(query)) for query in some])
        base = of(lambda q: q.hybrid)
        for name, score in [("lexical", lambda q: q.lexical), ("dense", lambda q: q.cosine), ("hybrid", lambda q: q.hybrid)]:
            told(name, of(score), base, rng)
        for label, scores in learned.items():
            told(label, of(lambda q: scores[id(q)]), base, rng)
    weights = fit(queries, list(range(len(names))), args.decay)
    print("\nweights of all:", ", ".join(f"{name} {weight:+.2f}" for name, weight in zip(names, weights)))


main()
