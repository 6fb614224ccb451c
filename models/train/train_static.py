"""Train wenmai-news-zh: one vector per token, a text is the normalised mean of its tokens' vectors.

Contrastive (InfoNCE, the other pairs of the batch are the negatives), from scratch, on headlines and the text under
them and on neighbouring passages. Every run is seeded; a checkpoint every --every steps can be resumed.
"""

import argparse
import json
import pathlib
import re
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer

from corpus import articles

UNK = 1
DIGITS = re.compile(r"[0-9０-９一二三四五六七八九十百千万亿两]+")


class Ragged:
    """Many id sequences in one array."""

    def __init__(self, sequences):
        self.start = np.zeros(len(sequences) + 1, np.int64)
        np.cumsum([len(s) for s in sequences], out=self.start[1:])
        self.ids = np.concatenate([np.asarray(s, np.int32) for s in sequences])

    def lengths(self):
        return np.diff(self.start)


def encode(tokenizer, texts):
    """Token ids without [UNK], as at inference."""
    out = []
    for i in range(0, len(texts), 4096):
        for encoding in tokenizer.encode_batch(texts[i : i + 4096], add_special_tokens=False):
            ids = np.asarray(encoding.ids, np.int32)
            out.append(ids[ids != UNK])
    return out


def prepare(args):
    """Tokenised articles, kept in the work folder for the next run."""
    cache = pathlib.Path(args.work) / "tokens.npz"
    if cache.exists():
        data = np.load(cache)
        titles, bodies = Ragged([[0]]), Ragged([[0]])
        titles.ids, titles.start, bodies.ids, bodies.start = (data[k] for k in ("ti", "ts", "bi", "bs"))
        return titles, bodies, data["groups"]
    pairs, facts = articles(args.train, args.exclude)
    tokenizer = Tokenizer.from_file(str(pathlib.Path(args.out) / "tokenizer.json"))
    titles = encode(tokenizer, [t for t, _ in pairs])
    bodies = encode(tokenizer, [b for _, b in pairs])
    keep = [i for i in range(len(pairs)) if len(titles[i]) >= 3 and len(bodies[i]) >= 24]
    # Headlines that differ in numbers only are one series (疫情通报, 第几批): never each other's negatives.
    names = {}
    groups = np.array([names.setdefault(DIGITS.sub("", pairs[i][0]), len(names)) for i in keep], np.int64)
    titles, bodies = Ragged([titles[i] for i in keep]), Ragged([bodies[i] for i in keep])
    print(json.dumps({**facts, "used": len(keep), "series": len(names)}), flush=True)
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.savez(cache, ti=titles.ids, ts=titles.start, bi=bodies.ids, bs=bodies.start, groups=groups)
    return titles, bodies, groups


def gather(ids, starts, lengths, rng, drop):
    """The id spans as one flat array and bag offsets; each token is left out with chance `drop`."""
    offsets = np.zeros(len(lengths), np.int64)
    np.cumsum(lengths[:-1], out=offsets[1:])
    where = np.repeat(starts - offsets, lengths) + np.arange(lengths.sum())
    flat = ids[where]
    if drop > 0:
        keep = rng.random(len(flat), np.float32) >= drop
        keep[offsets] = True  # no bag is emptied
        flat, kept = flat[keep], np.add.reduceat(keep, offsets)
        np.cumsum(kept[:-1], out=offsets[1:])
    return torch.from_numpy(flat.astype(np.int64)), torch.from_numpy(offsets)


class Sampler:
    """Batches: headline ↔ opening of the body, or two neighbouring passages; one article per series."""

    def __init__(self, titles, bodies, groups, usable, args):
        self.titles, self.bodies, self.groups, self.usable, self.args = titles, bodies, groups, usable, args
        self.title_len, self.body_len = titles.lengths(), bodies.lengths()

    def batch(self, step):
        rng = np.random.default_rng([self.args.seed, step])
        size = self.args.batch
        drawn = rng.choice(self.usable, size + size // 3, replace=False)
        _, first = np.unique(self.groups[drawn], return_index=True)
        drawn = drawn[np.sort(first)][:size]
        headline = rng.random(len(drawn)) < self.args.title_share
        long_enough = self.body_len[drawn] >= 48
        headline |= ~long_enough
        a, b = drawn[headline], drawn[~headline]
        taken = np.minimum(rng.integers(48, 257, len(a)), self.body_len[a])
        bodies, titles = self.bodies, self.titles
        # Neighbouring passages: a cut between a quarter and three quarters, up to 96 tokens on each side.
        cut = (self.body_len[b] * (0.25 + 0.5 * rng.random(len(b)))).astype(np.int64)
        left = np.minimum(cut, rng.integers(16, 97, len(b)))
        right = np.minimum(self.body_len[b] - cut, rng.integers(16, 97, len(b)))
        n_title, n_left = self.title_len[a], left
        first_ids, first_off = gather(titles.ids, titles.start[a], n_title, rng, self.args.drop_title)
        second = gather(bodies.ids, bodies.start[a], taken, rng, self.args.drop)
        third = gather(bodies.ids, bodies.start[b] + cut - left, n_left, rng, self.args.drop)
        fourth = gather(bodies.ids, bodies.start[b] + cut, right, rng, self.args.drop)
        join = lambda x, y: (torch.cat([x[0], y[0]]), torch.cat([x[1], y[1] + len(x[0])]))
        return join((first_ids, first_off), third), join(second, fourth)


def embed(weight, bag):
    return F.normalize(F.embedding_bag(bag[0], weight, bag[1], mode="mean"), dim=1)


def initial(titles, bodies, args):
    """Random directions, lengths by SIF weight: at the start a random projection of weighted word counts."""
    counts = np.bincount(bodies.ids, minlength=args.vocab) + np.bincount(titles.ids, minlength=args.vocab)
    share = counts / counts.sum()
    weight = args.sif / (args.sif + share)
    generator = torch.Generator().manual_seed(args.seed)
    vectors = torch.randn(args.vocab, args.dim, generator=generator) / args.dim**0.5
    return vectors * torch.from_numpy(weight).float()[:, None] * args.init_scale


@torch.no_grad()
def held_out(weight, titles, bodies, held):
    """Share of held-out headlines whose own opening is the nearest, and mean reciprocal rank."""
    rng = np.random.default_rng(0)
    t = embed(weight, gather(titles.ids, titles.start[held], titles.lengths()[held], rng, 0))
    b = embed(weight, gather(bodies.ids, bodies.start[held], np.minimum(bodies.lengths()[held], 160), rng, 0))
    scores = t @ b.T
    rank = (scores > scores.diagonal()[:, None]).sum(1).float() + 1
    return (rank == 1).float().mean().item(), (1 / rank).mean().item()


@torch.no_grad()
def rotation(weight, titles, bodies):
    """Axes of 20,000 articles (title and opening), the strongest first: the first k numbers of a vector are then its
    best k. A rotation changes no cosine."""
    some = np.random.default_rng(0).choice(len(titles.lengths()), min(20_000, len(titles.lengths())), replace=False)
    rng, x = np.random.default_rng(0), 0
    for of, longest in ((titles, 64), (bodies, 128)):
        taken = np.minimum(of.lengths()[some], longest)
        x = x + embed(weight, gather(of.ids, of.start[some], taken, rng, 0))
    axes = torch.linalg.eigh((x.T @ x).double())[1].flip(1)
    return axes.float()


@torch.no_grad()
def export(weight, out, titles, bodies):
    """model.safetensors in the model2vec layout: a row of 8-bit numbers and one factor for each token."""
    path = pathlib.Path(out)
    path.mkdir(parents=True, exist_ok=True)
    weight = weight.detach().clone()
    weight[:2] = 0  # [PAD] and [UNK] are never looked up
    weight = weight @ rotation(weight, titles, bodies)
    # One common factor changes nothing after normalisation.
    weight *= 4.0 / weight.norm(dim=1)[2:].median()
    factor = weight.abs().amax(dim=1) / 127
    rows = (weight / factor.clamp(min=1e-12)[:, None]).round().to(torch.int8)
    part = path / "model.safetensors.part"
    save_file({"embeddings": rows.contiguous(), "weights": factor.contiguous()}, str(part))
    part.chmod(0o644)
    part.rename(path / "model.safetensors")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--train", required=True)
    arguments.add_argument("--exclude", nargs="*", default=[], help="articles that must not be trained on")
    arguments.add_argument("--out", required=True, help="model folder with tokenizer.json")
    arguments.add_argument("--work", required=True, help="folder for tokens and checkpoints")
    arguments.add_argument("--name", default="run")
    arguments.add_argument("--seed", type=int, default=20240314)
    arguments.add_argument("--vocab", type=int, default=40_000)
    arguments.add_argument("--dim", type=int, default=512)
    arguments.add_argument("--steps", type=int, default=1200)
    arguments.add_argument("--stop", type=int, default=0, help="stop early; the rate still aims at --steps")
    arguments.add_argument("--batch", type=int, default=2048)
    arguments.add_argument("--lr", type=float, default=2e-3)
    arguments.add_argument("--scale", type=float, default=20.0)
    arguments.add_argument("--title-share", type=float, default=0.6)
    arguments.add_argument("--drop", type=float, default=0.2, help="share of tokens left out of passages")
    arguments.add_argument("--drop-title", type=float, default=0.1)
    arguments.add_argument("--sif", type=float, default=1e-3)
    arguments.add_argument("--init-scale", type=float, default=1.0)
    arguments.add_argument("--every", type=int, default=300)
    arguments.add_argument("--threads", type=int, default=2)
    args = arguments.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    titles, bodies, groups = prepare(args)
    order = np.random.default_rng(args.seed).permutation(len(groups))
    held, usable = order[:2000], order[2000:]
    usable = usable[~np.isin(groups[usable], groups[held])]
    sampler = Sampler(titles, bodies, groups, usable, args)
    weight = initial(titles, bodies, args).requires_grad_()
    optimizer = torch.optim.Adam([weight], lr=args.lr)
    checkpoint = pathlib.Path(args.work) / f"{args.name}.pt"
    begin, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint)
        assert state["args"]["seed"] == args.seed and state["args"]["steps"] == args.steps
        weight.data.copy_(state["weight"])
        optimizer.load_state_dict(state["optimizer"])
        begin, spent = state["step"], state["seconds"]
    print(json.dumps(vars(args)), flush=True)
    print(f"step {begin} held-out accuracy, mrr {held_out(weight, titles, bodies, held)}", flush=True)
    started, losses = time.time() - spent, []
    for step in range(begin, args.stop or args.steps):
        for group in optimizer.param_groups:
            group["lr"] = args.lr * min(1.0, (step + 1) / 20) * (1 - step / args.steps)
        left, right = sampler.batch(step)
        scores = args.scale * embed(weight, left) @ embed(weight, right).T
        target = torch.arange(len(scores))
        loss = (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} loss {np.mean(losses[-50:]):.4f} {time.time() - started:.0f} s", flush=True)
        if (step + 1) % args.every == 0 or step + 1 == (args.stop or args.steps):
            print(f"step {step + 1} held-out accuracy, mrr {held_out(weight, titles, bodies, held)}", flush=True)
            state = {"weight": weight.detach(), "optimizer": optimizer.state_dict(), "step": step + 1}
            torch.save({**state, "seconds": time.time() - started, "args": vars(args)}, checkpoint)
            export(weight, args.out, titles, bodies)


if __name__ == "__main__":
    main()
