"""Trains the ranker of clauses: how much of a clause an editor would keep.

    wenmai eval summary --input briefs-dev.jsonl.xz --features features.jsonl
    python models/train/train_summary.py features.jsonl models/rankers

Input: one JSON object per article, `fold`, `features` [clauses, features], `kept` [clauses]. Ridge
regression; an article counts as the root of its number of clauses. Writes `summary.json`, trained on
all, and `summary-folds.json`, one ranker per fold trained on the others. Needs numpy.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

FOLDS = 5
RIDGE = 10.0
# Expected share above which a clause is worth its characters: at 0.25 and 0.3 ROUGE is a point
# higher, with summaries a fifth shorter that leave more out.
KEEP = 0.2
VERSION = "summary1"


def names():
    source = (Path(__file__).parents[2] / "src/summary/feature.rs").read_text()
    block = source[source.index("pub const NAMES") :]
    return re.findall(r'"([a-z_]+)",', block[: block.index("];")])


def fit(articles, trained_on):
    x = np.concatenate([a["features"] for a in articles]).astype(np.float64)
    y = np.concatenate([a["kept"] for a in articles]).astype(np.float64)
    w = np.concatenate([np.full(len(a["kept"]), len(a["kept"]) ** -0.5) for a in articles])
    mean = np.average(x, axis=0, weights=w)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=w))
    scale[scale < 1e-6] = 1.0
    z = (x - mean) / scale
    bias = np.average(y, weights=w)
    gram = (z * w[:, None]).T @ z + RIDGE * np.eye(z.shape[1])
    weights = np.linalg.solve(gram, (z * w[:, None]).T @ (y - bias))
    features = [
        {"name": n, "mean": round(m, 6), "scale": round(s, 6), "weight": round(v, 6)}
        for n, m, s, v in zip(names(), mean.tolist(), scale.tolist(), weights.tolist(), strict=True)
    ]
    return {
        "version": VERSION,
        "trained_on": trained_on,
        "keep": KEEP,
        "bias": round(float(bias), 6),
        "features": features,
    }


def main():
    articles = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    articles = [a for a in articles if a["kept"]]
    out = Path(sys.argv[2])
    n = len(articles)
    whole = fit(articles, f"{n} articles with an editor's brief")
    folds = []
    for fold in range(FOLDS):
        rest = [a for a in articles if a["fold"] != fold]
        folds.append(fit(rest, f"{len(rest)} of {n} articles, without fold {fold}"))
    (out / "summary.json").write_text(json.dumps(whole, indent=1) + "\n")
    (out / "summary-folds.json").write_text(json.dumps(folds, indent=1) + "\n")


if __name__ == "__main__":
    main()
