"""Train the scorer of related coverage, and one scorer per fold of the stories to judge it by.

Reads the features that `wenmai eval related --features FILE` writes: a line per query with its story's fold and, per
candidate, the gain (2 same event, 1 same story) and ten features. Writes `related.json` (all folds) and
`related-folds.json` (each trained without one fold), as `src/rank/scorer.rs` reads them.
"""

import argparse
import json
import pathlib

import numpy as np
from scipy.optimize import minimize

NAMES = ["cosine", "title_terms", "text_terms", "neighbours", "title_overlap", "title_mentioned", "within_days",
         "within_weeks", "within_months", "undated"]
SHOWN = 100
KNOTS = 16
# The stories all have dates. So that a missing one does not count as a distant one, some are hidden.
HIDDEN_DATES = 0.05


class Data:
    """Candidates of all queries, one after another; `start` is where a query's begin."""

    def __init__(self, path):
        queries = [json.loads(line) for line in open(path, encoding="utf-8")]
        queries = [q for q in queries if q["gains"]]
        self.x = np.concatenate([np.array(q["features"], np.float32) for q in queries])
        self.gain = np.concatenate([np.array(q["gains"], np.int8) for q in queries])
        count = np.array([len(q["gains"]) for q in queries])
        self.start = np.concatenate([[0], np.cumsum(count)])
        self.fold = np.array([q["fold"] for q in queries])
        self.to_find = np.array([(q["event_count"], q["story_count"]) for q in queries])

    def rows(self, chosen, rng):
        """Rows to train on: everything of the event, some of the story, the hardest others and a few easy ones."""
        kept, query = [], []
        hard = 0.6 * self.x[:, 0] + 0.4 * self.x[:, 1] ** 2
        for n, q in enumerate(chosen):
            begin, end = self.start[q], self.start[q + 1]
            gain = self.gain[begin:end]
            keep = gain == 2
            story = np.flatnonzero(gain == 1)
            keep[rng.choice(story, min(len(story), 60), replace=False)] = True
            keep[np.argsort(-hard[begin:end], kind="stable")[:130]] = True
            keep[rng.choice(end - begin, min(end - begin, 60), replace=False)] = True
            rows = begin + np.flatnonzero(keep)
            kept.append(rows)
            query.append(np.full(len(rows), n))
        return np.concatenate(kept), np.concatenate(query)


def split(theta, units):
    weights = theta[: units * len(NAMES)].reshape(units, len(NAMES))
    return weights, theta[units * len(NAMES) : -units], theta[-units:]


def fit_units(z, gain, query, units, rng, event_weight, decay):
    """Ranks by `sum of gain * tanh(bias + weights * z)`.

    Every article of the event is to stand before everything else of its query, every article of the story before
    everything that is not: `-log(e^s / (e^s + sum of e^s over those below))`, averaged by query.
    """
    n = query.max() + 1
    begin = np.searchsorted(query, np.arange(n))
    total = lambda values: np.add.reduceat(values, begin)
    other, story, event = (gain == 0).astype(float), (gain == 1).astype(float), (gain == 2).astype(float)
    weigh_story = (gain >= 1) / np.sqrt(np.maximum(total(story + event), 1))[query] / 4 / n
    weigh_event = event_weight * event / np.maximum(total(event), 1)[query] / n

    def loss(theta):
        weights, bias, gains = split(theta, units)
        hidden = np.tanh(z @ weights.T + bias)
        score = np.clip(hidden @ gains, -40, 40)
        exp = np.exp(score)
        below_story = total(exp * other)
        below_event = below_story + total(exp * story)
        all_story, all_event = exp + below_story[query], exp + below_event[query]
        value = (weigh_story * (np.log(all_story) - score) + weigh_event * (np.log(all_event) - score)).sum()
        pull_story, pull_event = weigh_story / all_story, weigh_event / all_event
        slope = (exp * pull_story - weigh_story) + (exp * pull_event - weigh_event)
        slope += exp * other * (total(pull_story) + total(pull_event))[query] + exp * story * total(pull_event)[query]
        back = slope[:, None] * gains * (1 - hidden**2)
        gradient = np.concatenate([(back.T @ z).ravel(), back.sum(0), hidden.T @ slope])
        return value + decay * theta @ theta, gradient + 2 * decay * theta

    theta = np.concatenate([rng.normal(0, 0.3, units * len(NAMES)), np.zeros(units), np.full(units, 1.0)])
    found = minimize(loss, theta, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return split(found.x, units)


def fit_logistic(x, y):
    """Weights and bias of a logistic regression, hardly decayed."""

    def loss(theta):
        logit = x @ theta[:-1] + theta[-1]
        p = 1 / (1 + np.exp(-np.clip(logit, -40, 40)))
        value = np.logaddexp(0, logit).mean() - (y * logit).mean() + 1e-5 * theta @ theta
        slope = (p - y) / len(y)
        return value, np.concatenate([x.T @ slope, [slope.sum()]]) + 2e-5 * theta

    found = minimize(loss, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return found.x[:-1], found.x[-1]


def isotonic(score, y):
    """Knots of a rising line through the shares of `y` at equal parts of the scores."""
    order = np.argsort(score, kind="stable")
    blocks = []
    for part in np.array_split(order, KNOTS):
        blocks.append([score[part].mean(), y[part].mean(), len(part)])
        while len(blocks) > 1 and blocks[-2][1] >= blocks[-1][1]:
            s, p, n = blocks.pop()
            total = blocks[-1][2] + n
            blocks[-1] = [(blocks[-1][0] * blocks[-1][2] + s * n) / total,
                          (blocks[-1][1] * blocks[-1][2] + p * n) / total, total]
    return [[round(float(s), 5), round(float(np.clip(p, 0.002, 0.998)), 5)] for s, p, _ in blocks]


def train(data, chosen, args, note):
    rng = np.random.default_rng(args.seed)
    rows, query = data.rows(chosen, rng)
    x = data.x[rows].astype(np.float64)
    hidden_dates = rng.random(len(x)) < HIDDEN_DATES
    x[hidden_dates, NAMES.index("within_days") : NAMES.index("undated")] = 0
    x[hidden_dates, NAMES.index("undated")] = 1
    mean, scale = x.mean(0), x.std(0) + 1e-6
    z = (x - mean) / scale
    weights, bias, gains = fit_units(z, data.gain[rows], query, args.units, rng, args.event_weight, args.decay)
    shown = []
    for q in chosen:
        begin, end = data.start[q], data.start[q + 1]
        hidden = np.tanh((data.x[begin:end] - mean) / scale @ weights.T + bias)
        shown.append(begin + np.argsort(-(hidden @ gains), kind="stable")[:SHOWN])
    shown = np.concatenate(shown)
    z = (data.x[shown] - mean) / scale
    hidden = np.tanh(z @ weights.T + bias)
    # No date is hidden here: a column that never changes would share its weight with the bias.
    z[:, NAMES.index("undated")] = 0
    event, event_bias = fit_logistic(np.hstack([z, hidden]), (data.gain[shown] == 2).astype(float))
    number = lambda values: [round(float(v), 5) for v in values]
    return {
        "version": args.version, "model": args.model, "trained_on": note,
        "features": [{"name": n, "mean": round(float(m), 5), "scale": round(float(s), 5)}
                     for n, m, s in zip(NAMES, mean, scale)],
        "units": [{"gain": round(float(g), 5), "bias": round(float(b), 5), "weights": number(w)}
                  for w, b, g in zip(weights, bias, gains)],
        "related": isotonic(hidden @ gains, data.gain[shown] >= 1),
        "same_event": {"bias": round(float(event_bias), 5), "weights": number(event[: len(NAMES)]),
                       "units": number(event[len(NAMES) :])},
    }


def score(ranker, x):
    mean, scale = (np.array([f[key] for f in ranker["features"]]) for key in ("mean", "scale"))
    z = (x - mean) / scale
    return sum(u["gain"] * np.tanh(u["bias"] + z @ np.array(u["weights"])) for u in ranker["units"])


def figures(data, scores, chosen):
    """nDCG@10, event MRR, story recall@100."""
    discount = 1 / np.log2(np.arange(2, 12))
    out = []
    for q in chosen:
        begin, end = data.start[q], data.start[q + 1]
        gain = data.gain[begin:end][np.argsort(-scores[begin:end], kind="stable")].astype(float)
        events, stories = data.to_find[q]
        ideal = np.array([2.0] * events + [1.0] * (stories - events))[:10]
        first = np.flatnonzero(gain == 2)
        out.append(((gain[:10] * discount[: len(gain[:10])]).sum() / (ideal * discount[: len(ideal)]).sum(),
                    (1 / (first[0] + 1) if len(first) else 0.0) if events else np.nan,
                    (gain[:100] > 0).sum() / min(stories, 100)))
    return [round(float(v), 4) for v in np.nanmean(out, axis=0)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--features", required=True, help="what `wenmai eval related --features` wrote")
    arguments.add_argument("--model", required=True, help="family@version, the start of the index version")
    arguments.add_argument("--out", required=True, help="folder for the two files")
    arguments.add_argument("--version", default="related-1")
    arguments.add_argument("--note", default="", help="what it was trained on, for the file")
    arguments.add_argument("--units", type=int, default=3)
    arguments.add_argument("--event-weight", type=float, default=2.0)
    arguments.add_argument("--decay", type=float, default=1e-3)
    arguments.add_argument("--seed", type=int, default=20240314)
    args = arguments.parse_args()
    data = Data(args.features)
    everything = np.arange(len(data.fold))
    print(f"{len(everything)} queries, {len(data.gain)} candidates")
    crossed, folds = np.zeros(len(data.gain)), []
    for fold in range(5):
        ranker = train(data, np.flatnonzero(data.fold != fold), args, f"{args.note} without fold {fold}")
        folds.append(ranker)
        for q in np.flatnonzero(data.fold == fold):
            part = slice(data.start[q], data.start[q + 1])
            crossed[part] = score(ranker, data.x[part])
    print("candidates, perfectly ordered ", figures(data, data.gain.astype(float), everything))
    hybrid = 0.6 * data.x[:, 0] + 0.4 * data.x[:, 1] ** 2
    print("0.6 cosine + 0.4 BM25/self     ", figures(data, hybrid, everything))
    print("learned, cross-validated       ", figures(data, crossed, everything))
    published = train(data, everything, args, args.note)
    print("learned, on what it was taught ", figures(data, score(published, data.x), everything))
    out = pathlib.Path(args.out)
    (out / "related.json").write_text(json.dumps(published, indent=1) + "\n")
    (out / "related-folds.json").write_text(json.dumps(folds) + "\n")


if __name__ == "__main__":
    main()
