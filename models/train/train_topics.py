"""Train the weights of topic clustering, and one set per fold of the stories to judge them by.

The decisions of a stream depend on those before, so the features come from streams: start with weights set by hand
(`--start`), run `wenmai eval topics --folds ... --features FILE`, train on what it wrote, run again with the trained
folds, and train on all rounds together; three rounds are enough. Writes `topics.json` (all folds) and
`topics-folds.json` (each trained without one fold), as `src/cluster/topic/weights.rs` reads them.

A line of features has `what` (pair, candidate, merge), `level`, `fold` of the article's story, for a pair the fold of the
other's story, `purity` (share of what is compared that belongs together) and `x`; the first line holds the names.
"""

import argparse
import json
import pathlib

import numpy as np
from scipy.optimize import minimize

FOLDS = 5
# By hand, to start with: the nearest articles decide.
START = {
    "pair": {"cosine": 7.0, "text_terms": 5.0, "neighbours": 4.0, "within_months": 1.0, "bias": -8.5},
    "candidate": {"best_three": 6.0, "share": 1.0, "bias": -4.5},
    "merge": {"centres": 20.0, "bias": -19.0},
}


class Rows:
    def __init__(self, paths):
        self.names, found = None, {}
        for path in paths:
            with open(path, encoding="utf-8") as lines:
                self.names = json.loads(next(lines))
                for line in lines:
                    row = json.loads(line)
                    kept = found.setdefault((row["what"], row["level"]), ([], [], [], [], []))
                    for part, key in zip(kept, ("x", "purity", "fold", "other_fold", "size")):
                        part.append(row[key])
        types = (np.float32, np.float32, np.int8, np.int8, np.float32)
        self.of = {key: [np.array(part, t) for part, t in zip(parts, types)] for key, parts in found.items()}


def fit(x, y, weight, units, decay, seed):
    """Logistic regression over the standardized features and a few tanh units."""
    rng = np.random.default_rng(seed)
    mean, scale = x.mean(0, dtype=np.float64), x.std(0, dtype=np.float64) + 1e-6
    z, width = ((x - mean) / scale).astype(np.float64), x.shape[1]
    weight = weight / weight.sum()

    def split(theta):
        a = units * width
        return theta[:a].reshape(units, width), theta[a : a + units], theta[a + units : a + 2 * units], \
            theta[a + 2 * units : -1], theta[-1]

    def loss(theta):
        weights, bias, gain, linear, base = split(theta)
        hidden = np.tanh(z @ weights.T + bias)
        logit = hidden @ gain + z @ linear + base
        value = (weight * (np.logaddexp(0, logit) - y * logit)).sum() + decay * theta @ theta
        slope = weight * (1 / (1 + np.exp(-np.clip(logit, -40, 40))) - y)
        back = slope[:, None] * gain * (1 - hidden * hidden)
        gradient = [(back.T @ z).ravel(), back.sum(0), hidden.T @ slope, z.T @ slope, [slope.sum()]]
        return value, np.concatenate(gradient) + 2 * decay * theta

    theta = np.concatenate([rng.normal(0, 0.3, units * width), np.zeros(units), np.full(units, 0.5),
                            np.zeros(width + 1)])
    found = minimize(loss, theta, jac=True, method="L-BFGS-B", options={"maxiter": 250})
    weights, bias, gain, linear, base = split(found.x)
    return (mean, scale, weights, bias, gain, linear, base), found.fun


def net(names, fitted):
    mean, scale, weights, bias, gain, linear, base = fitted
    number = lambda values: [round(float(v), 5) for v in values]
    return {
        "features": [{"name": n, "mean": round(float(m), 6), "scale": round(max(float(s), 1e-5), 6)}
                     for n, m, s in zip(names, mean, scale)],
        "units": [{"gain": round(float(g), 5), "bias": round(float(b), 5), "weights": number(w)}
                  for g, b, w in zip(gain, bias, weights)],
        "linear": number(linear), "bias": round(float(base), 5),
    }


def by_hand(names, what):
    given = START[what]
    linear = np.array([given.get(name, 0.0) for name in names])
    none = np.zeros(0)
    width = len(names)
    return net(names, (np.zeros(width), np.ones(width), none.reshape(0, width), none, none, linear, given["bias"]))


def train(rows, without, args, note):
    def one(what, level, units, decay, most):
        x, purity, fold, other, size = rows.of[what, level]
        rng = np.random.default_rng(args.seed)
        chosen = np.flatnonzero((fold != without) & (other != without))
        if len(chosen) > most:
            chosen = np.sort(rng.choice(chosen, most, replace=False))
        weight = np.abs(purity[chosen] - 0.5) * 2 + 1e-9
        if what == "merge":
            weight *= np.sqrt(np.minimum(size[chosen], 50))
        fitted, loss = fit(x[chosen], (purity[chosen] >= 0.5).astype(float), weight, units, decay, args.seed)
        print(f"  {what} {level}: {len(chosen)} rows, loss {loss:.4f}", flush=True)
        return net(rows.names[what], fitted)

    return {
        "version": args.version, "model": args.model, "trained_on": note,
        "story": {"pair": one("pair", "story", 3, 1e-5, 200_000),
                  "candidate": one("candidate", "story", 4, 3e-5, 250_000), "from": args.story_from},
        "event": {"pair": one("pair", "event", 3, 1e-5, 150_000),
                  "candidate": one("candidate", "event", 4, 3e-5, 150_000), "from": args.event_from},
        "merge": one("merge", "story", 3, 1e-4, 250_000), "merge_from": args.merge_from,
    }


def start(args):
    names = json.loads(pathlib.Path(args.start).read_text(encoding="utf-8").splitlines()[0])
    level = {"pair": by_hand(names["pair"], "pair"), "candidate": by_hand(names["candidate"], "candidate"), "from": 0.5}
    return {"version": args.version, "model": args.model, "trained_on": "set by hand", "story": level,
            "event": level, "merge": by_hand(names["merge"], "merge"), "merge_from": 0.8}


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--features", nargs="*", default=[], help="what `wenmai eval topics --features` wrote")
    arguments.add_argument("--start", help="write weights set by hand; a file whose first line names the features")
    arguments.add_argument("--model", required=True, help="family@version, the start of the index version")
    arguments.add_argument("--out", required=True, help="folder for the two files")
    arguments.add_argument("--version", default="topics-1")
    arguments.add_argument("--note", default="", help="what it was trained on, for the file")
    arguments.add_argument("--story-from", type=float, default=0.6)
    arguments.add_argument("--event-from", type=float, default=0.5)
    arguments.add_argument("--merge-from", type=float, default=0.7)
    arguments.add_argument("--seed", type=int, default=20240314)
    args = arguments.parse_args()
    if args.start:
        published = start(args)
        folds = [published] * FOLDS
    else:
        rows, folds = Rows(args.features), []
        for fold in range(FOLDS):
            print(f"without fold {fold}")
            folds.append(train(rows, fold, args, f"{args.note} without fold {fold}"))
        print("all")
        published = train(rows, -1, args, args.note)
    out = pathlib.Path(args.out)
    (out / "topics.json").write_text(json.dumps(published) + "\n")
    (out / "topics-folds.json").write_text(json.dumps(folds) + "\n")


if __name__ == "__main__":
    main()
