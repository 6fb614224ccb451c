"""Dev scores of a model in training: held-out headlines, related articles of labelled stories, sentence similarity."""

import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from corpus import read_rows
from eval_related import Judge, spearman
from train_static import encode

LEAD = 200


def unit(x):
    return F.normalize(x, dim=1)


class Dev:
    """Texts tokenised once; `scores` embeds them with whatever the model is by now."""

    def __init__(self, args, held, titles, bodies):
        cut = lambda of, n: [of.ids[of.start[i] : of.start[i + 1]][:n] for i in held]
        self.held = cut(titles, 64), cut(bodies, 160)
        tokenizer = Tokenizer.from_file(str(pathlib.Path(args.out) / "tokenizer.json"))
        some = lambda texts: [ids if len(ids) else np.ones(1, np.int32) for ids in encode(tokenizer, texts)]
        self.stories = list(read_rows(args.stories)) if args.stories else []
        self.titles = some([r["title"] for r in self.stories])
        self.heads = some([r["title"] + "\n" + r["body"][:LEAD] for r in self.stories])
        self.sts = {}
        for path in args.sts:
            rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8")]
            gold = [float(r[2]) for r in rows]
            self.sts[pathlib.Path(path).stem] = some([r[0] for r in rows]), some([r[1] for r in rows]), gold

    def scores(self, embed):
        t, b = (unit(embed(rows)) for rows in self.held)
        s = t @ b.T
        rank = (s > s.diagonal()[:, None]).sum(1).float() + 1
        out = {"held_out": round((rank == 1).float().mean().item(), 4)}
        for name, (left, right, gold) in self.sts.items():
            cosine = (unit(embed(left)) * unit(embed(right))).sum(1).numpy()
            out[name] = round(spearman(cosine, gold), 4)
        if self.stories:
            out |= self.related(unit(embed(self.titles)), unit(embed(self.heads)))
        return out

    def related(self, title, head):
        """nDCG@10, event MRR, event recall@10, story recall@100 of 2,000 queries, seed 7, as eval_related.py."""
        labelled = [i for i, r in enumerate(self.stories) if r["event"] is not None]
        queries = np.sort(np.random.default_rng(7).choice(labelled, 2000, replace=False))
        judge = Judge(self.stories)
        kinds = {"title": title, "head": head, "mean": unit(title + head)}
        for part in np.array_split(queries, 8):
            for name, vectors in kinds.items():
                v = vectors.numpy()
                judge.add(name, part, v[part] @ v.T)
        return judge.figures()
