"""Train the contextual model: masked-token pre-training, then contrastive (InfoNCE) with Matryoshka dims.

One script for CPU and GPU, seeded, resumable: the same command goes on from the last checkpoint in --work. From
scratch (with --pretrain-steps), or from static vectors (--start MODEL), where it begins at their quality. The log has
loss, rate, pairs/s, and with --stories and --sts the dev scores at every --every steps.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import dev_scores
from encoder import UNK, Encoder
from train_static import prepare

KINDS = ("title-lead", "head-rest", "neighbours", "title-body")


def pad(rows, device):
    out = np.zeros((len(rows), max(len(r) for r in rows)), np.int64)
    for at, row in enumerate(rows):
        out[at, : len(row)] = row
    return torch.from_numpy(out).to(device)


def chunks(rows, tokens_max):
    """Indices of `rows` in groups of like length: little padding, at most `tokens_max` tokens each."""
    order, part = np.argsort([len(r) for r in rows], kind="stable"), []
    for at in order:
        if part and (len(part) + 1) * len(rows[at]) > tokens_max:
            yield part
            part = []
        part.append(at)
    yield part


def embed(model, rows, device, tokens_max):
    """Embeddings of id rows in their order, not normalised."""
    at, out = [], []
    for part in chunks(rows, tokens_max):
        at.extend(part)
        out.append(model(pad([rows[i] for i in part], device)))
    return torch.cat(out)[torch.from_numpy(np.argsort(at)).to(device)]


class Pairs:
    """Batches of two texts that belong together, drawn by seed and step.

    Half of a batch are neighbours in the file (same source, same days): the hard negatives. One article per series of
    headlines that differ in numbers only.
    """

    def __init__(self, titles, bodies, groups, usable, args):
        self.titles, self.bodies, self.groups, self.usable, self.args = titles, bodies, groups, np.sort(usable), args
        self.shares = np.array([float(s) for s in args.mix.split(",")])
        self.shares /= self.shares.sum()

    def drawn(self, rng):
        size, near = self.args.batch, int(self.args.batch * self.args.near)
        start = rng.integers(0, len(self.usable) - 3 * near - 1)
        window = self.usable[start : start + 3 * near]
        some = np.concatenate([rng.choice(window, min(near, len(window)), replace=False),
                               rng.choice(self.usable, size + size // 3, replace=False)])
        _, first = np.unique(self.groups[some], return_index=True)
        return some[np.sort(first)][:size]

    def text(self, of, at):
        return of.ids[of.start[at] : of.start[at + 1]]

    def pair(self, at, rng):
        title, body = self.text(self.titles, at), self.text(self.bodies, at)
        kind = KINDS[rng.choice(len(KINDS), p=self.shares)]
        longest = self.args.tokens
        if len(body) < 48 and kind in ("head-rest", "neighbours"):
            kind = "title-lead"
        if kind == "title-lead":
            return title, body[: rng.integers(24, longest + 1)]
        if kind == "title-body":
            start = rng.integers(0, max(1, len(body) - 32))
            return title, body[start : start + rng.integers(24, longest + 1)]
        if kind == "head-rest":
            cut = int(len(body) * rng.uniform(0.3, 0.7))
            lead = np.concatenate([title, body[: min(cut, longest - len(title))]])
            return lead, body[cut : cut + longest]
        cut = int(len(body) * rng.uniform(0.25, 0.75))
        return body[max(0, cut - rng.integers(16, longest + 1)) : cut], body[cut : cut + rng.integers(16, longest + 1)]

    def batch(self, step):
        rng = np.random.default_rng([self.args.seed, step])
        left, right = zip(*(self.pair(at, rng) for at in self.drawn(rng)))
        thin = lambda row, share: row[keep] if (keep := rng.random(len(row)) >= share).any() else row
        return [thin(r, self.args.drop_tokens / 2) for r in left], [thin(r, self.args.drop_tokens) for r in right]


def contrastive(left, right, args):
    """InfoNCE both ways at every Matryoshka dim; the other pairs of the batch are the negatives."""
    loss, dims = 0.0, [int(d) for d in args.dims.split(",")]
    target = torch.arange(len(left), device=left.device)
    for dim in dims:
        scores = args.scale * F.normalize(left[:, :dim], dim=1) @ F.normalize(right[:, :dim], dim=1).T
        loss = loss + (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
    return loss / len(dims)


def masked(model, head, rows, rng, device):
    """Masked-token loss: 30 % of tokens hidden ([UNK] stands for the mask), told from the rest; output tied to input."""
    ids = pad(rows, device)
    hide = torch.from_numpy(rng.random(ids.shape) < 0.3).to(device) & (ids > UNK)
    hidden, _ = model.hidden(ids.masked_fill(hide, UNK))
    logits = head(hidden[hide]) @ model.words.weight.T
    return F.cross_entropy(logits, ids[hide])


def rate(step, steps, warm):
    return min(1.0, (step + 1) / warm) * max(0.0, 1 - step / steps)


class Run:
    """A training run: model, optimiser, step and where they are kept."""

    def __init__(self, args, model, head):
        self.args, self.model, self.head = args, model, head
        words = [model.words.weight]
        rest = [p for n, p in model.named_parameters() if n != "words.weight"] + list(head.parameters())
        self.optimizer = torch.optim.AdamW(
            [{"params": words, "base": args.lr_words}, {"params": rest, "base": args.lr}], lr=args.lr, weight_decay=0.0
        )
        self.file, self.step, self.seconds = pathlib.Path(args.work) / f"{args.name}.pt", 0, 0.0
        if self.file.exists():
            state = torch.load(self.file, map_location=args.device)
            assert state["seed"] == args.seed, "the checkpoint is of another seed"
            model.load_state_dict(state["model"]), head.load_state_dict(state["head"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.seconds = state["step"], state["seconds"]

    def take(self, loss, share):
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * share
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1

    def save(self):
        part = self.file.with_suffix(".part")
        torch.save({"model": self.model.state_dict(), "head": self.head.state_dict(), "step": self.step,
                    "optimizer": self.optimizer.state_dict(), "seed": self.args.seed, "seconds": self.seconds}, part)
        part.rename(self.file)


def parse():
    arguments = argparse.ArgumentParser(description=__doc__)
    add = arguments.add_argument
    add("--train", required=True)
    add("--exclude", nargs="*", default=[], help="articles that must not be trained on")
    add("--out", required=True, help="model folder with tokenizer.json")
    add("--work", required=True, help="folder for tokens and checkpoints")
    add("--start", help="static model.safetensors to start from")
    add("--stories"), add("--sts", nargs="*", default=[])
    add("--name", default="contextual"), add("--seed", type=int, default=20240314)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--threads", type=int, default=2)
    add("--vocab", type=int, default=40_000), add("--dim", type=int, default=256), add("--out-dim", type=int, default=256)
    add("--layers", type=int, default=1), add("--heads", type=int, default=4), add("--inner", type=int, default=512)
    add("--spare", type=int, default=8, help="numbers that hold a token's lack of weight (with --start)")
    add("--pretrain-steps", type=int, default=0), add("--steps", type=int, default=1000)
    add("--batch", type=int, default=512), add("--near", type=float, default=0.5, help="share drawn from the same days")
    add("--tokens", type=int, default=96, help="longest text"), add("--pass-tokens", type=int, default=4096)
    add("--mix", default="0.45,0.2,0.25,0.1", help="shares of " + ", ".join(KINDS))
    add("--dims", default="256,128,64"), add("--scale", type=float, default=20.0)
    add("--lr", type=float, default=5e-4), add("--lr-words", type=float, default=5e-4, help="times sqrt(dim) of --start")
    add("--drop", type=float, default=0.1), add("--drop-tokens", type=float, default=0.1)
    add("--every", type=int, default=200)
    return arguments.parse_args()


def main():
    args = parse()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    titles, bodies, groups = prepare(args)
    order = np.random.default_rng(args.seed).permutation(len(groups))
    held, usable = order[:2000], order[2000:]
    usable = usable[~np.isin(groups[usable], groups[held])]
    model = Encoder(args.vocab, args.dim, args.layers, args.heads, args.inner, args.out_dim, drop=args.drop)
    if args.start:
        static = load_file(args.start)
        factor = static.get("weights", torch.ones(args.vocab))
        model.start_from(static["embeddings"].float() * factor[:, None], args.spare)
    model, head = model.to(args.device), torch.nn.Linear(args.dim, args.dim).to(args.device)
    run, pairs = Run(args, model, head), Pairs(titles, bodies, groups, usable, args)
    print(json.dumps(vars(args)), flush=True)
    cast = torch.autocast(args.device, torch.bfloat16, enabled=args.device != "cpu")
    judge = dev_scores.Dev(args, held, titles, bodies)
    report(run, judge, args)
    began, losses, total = time.time() - run.seconds, [], args.pretrain_steps + args.steps
    while run.step < total:
        model.train()
        step = run.step
        with cast:
            if step < args.pretrain_steps:
                rng = np.random.default_rng([args.seed, 1, step])
                rows = [pairs.text(bodies, at)[: args.tokens] for at in rng.choice(usable, args.batch, replace=False)]
                parts = list(chunks(rows, args.pass_tokens))
                loss = sum(masked(model, head, [rows[i] for i in p], rng, args.device) for p in parts) / len(parts)
                share = rate(step, args.pretrain_steps, 200)
            else:
                left, right = pairs.batch(step)
                both = embed(model, left + right, args.device, args.pass_tokens)
                loss = contrastive(both[: len(left)].float(), both[len(left) :].float(), args)
                share = rate(step - args.pretrain_steps, args.steps, 30)
        run.take(loss, share)
        losses.append(loss.item())
        run.seconds = time.time() - began
        if run.step % 20 == 0:
            print(f"step {run.step} loss {np.mean(losses[-20:]):.4f} {run.seconds:.0f} s", flush=True)
        if run.step % args.every == 0 or run.step == total:
            run.save()
            report(run, judge, args)


def report(run, judge, args):
    run.model.eval()
    with torch.no_grad():
        scores = judge.scores(lambda rows: embed(run.model, rows, args.device, 4 * args.pass_tokens).float().cpu())
    print(f"step {run.step} {json.dumps(scores)}", flush=True)
    run.model.export(args.out, pathlib.Path(args.out) / "tokenizer.json")


if __name__ == "__main__":
    main()
