"""Our encoder and ONNX Runtime on the same random model, in turns.

    pip install -r benches/peers/requirements.txt
    taskset -c 0 python benches/peers/onnxruntime_peer.py --threads 1
    python benches/peers/onnxruntime_peer.py --threads 2

Makes a BERT of bge-small-zh's shape with random weights (4 layers x 512, 8 heads, inner 2048, vocabulary 21128) in
`--work`, exports it to ONNX, fuses it with onnxruntime's own transformer optimizer and quantizes that with its dynamic
int8, per tensor and per channel. Then both sides run the same token ids, for each shape and precision in many short
rounds, one of ours and one of each of theirs; the peer's best setting of the round counts. With two threads the
peer's settings are one session on two threads and two sessions on one thread each; ours is two passes side by side.

With one thread both sides count the time that their thread ran on a processor, so that other programs disturb little;
with two, the time that passed.

Printed: the median of the rounds' ratios (their time / ours: above 1 we are faster) with the first and ninth tenth,
tokens per second of both, and the least cosine of each side's embeddings with those of the fused f32 graph.
`--pooling mean` (the default) makes both sides compute every hidden state; with `cls` ours leaves out what the last
layer computes for nobody. ONNX Runtime cannot be kept from instructions the processor has, so both sides use the best.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import statistics
import subprocess
import time

import numpy as np
import onnxruntime
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHAPES = [(8, 32), (32, 128), (4, 512)]
DIM, HEADS, VOCABULARY, CLS, SEP = 512, 8, 21128, 101, 102
INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
# The peer's candidates: files made below.
GRAPHS = {"f32": ["plain", "fused"], "int8": ["int8", "int8-per-channel"]}


def make_model(folder):
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=VOCABULARY, hidden_size=DIM, num_hidden_layers=4, num_attention_heads=HEADS,
        intermediate_size=2048, max_position_embeddings=512, attn_implementation="eager",
    )
    model = BertModel(config, add_pooling_layer=False).eval()
    model.save_pretrained(folder, safe_serialization=True)
    vocab = {f"[unused{i}]": i for i in range(VOCABULARY)}
    for mark, i in {"[PAD]": 0, "[UNK]": 100, "[CLS]": CLS, "[SEP]": SEP}.items():
        del vocab[f"[unused{i}]"]
        vocab[mark] = i
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", SEP), ("[CLS]", CLS))
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    return model


class States(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, ids, mask, types):
        return self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state


def make_graphs(model, work):
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions

    ids = torch.randint(200, VOCABULARY, (2, 16))
    axes = {name: {0: "batch", 1: "tokens"} for name in [*INPUTS, "states"]}
    torch.onnx.export(
        States(model), (ids, torch.ones_like(ids), torch.zeros_like(ids)), str(work / "plain.onnx"),
        input_names=INPUTS, output_names=["states"], dynamic_axes=axes, opset_version=17, dynamo=False,
    )
    fused = optimizer.optimize_model(
        str(work / "plain.onnx"), model_type="bert", num_heads=HEADS, hidden_size=DIM, opt_level=1,
        optimization_options=FusionOptions("bert"), use_gpu=False,
    )
    print("fused:", {name: n for name, n in fused.get_fused_operator_statistics().items() if n})
    fused.save_model_to_file(str(work / "fused.onnx"))
    for name, per_channel in [("int8", False), ("int8-per-channel", True)]:
        quantize_dynamic(
            str(work / "fused.onnx"), str(work / f"{name}.onnx"), per_channel=per_channel,
            weight_type=QuantType.QInt8, extra_options={"DefaultTensorType": 1},
        )


class Peer:
    """One graph with one way of using the threads."""

    def __init__(self, path, threads, sessions):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads // sessions
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        load = lambda: onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.sessions = [load() for _ in range(sessions)]
        self.one = threads == 1
        self.name = f"{path.stem} {sessions}x{threads // sessions}"
        self.pool = concurrent.futures.ThreadPoolExecutor(sessions)

    def states(self, ids):
        return self.sessions[0].run(None, feed(ids))[0]

    def seconds(self, ids, rounds):
        """Of one pass, with all threads busy."""
        batch = feed(ids)
        clock = time.thread_time if self.one else time.perf_counter

        def run(session):
            for _ in range(rounds):
                session.run(None, batch)

        start = clock()
        if len(self.sessions) == 1:
            run(self.sessions[0])
        else:
            list(self.pool.map(run, self.sessions))
        return (clock() - start) / rounds / len(self.sessions)


def feed(ids):
    return dict(zip(INPUTS, [ids, np.ones_like(ids), np.zeros_like(ids)]))


class Ours:
    """The example `forward`, by lines of JSON."""

    def __init__(self, program, folder, precision, threads):
        self.threads = threads
        command = [program, str(folder), precision, str(threads)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, ids, rounds):
        request = {"windows": ids[:, 1:-1].tolist(), "rounds": rounds}
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def seconds(self, ids, rounds):
        clock = "busy_seconds" if self.threads == 1 else "seconds"
        return self.ask(ids, rounds)[clock] / rounds / self.threads

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def build():
    subprocess.run(["cargo", "build", "--release", "--example", "forward"], cwd=ROOT, check=True)
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=ROOT, check=True, capture_output=True
    )
    return pathlib.Path(json.loads(metadata.stdout)["target_directory"]) / "release/examples/forward"


def pooled(states, pooling):
    rows = states[:, 0] if pooling == "cls" else states.mean(1)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def compare(ours, peers, exact, shape, args):
    batch, tokens = shape
    ids = np.random.default_rng(tokens).integers(200, VOCABULARY, (batch, tokens))
    ids[:, 0], ids[:, -1] = CLS, SEP
    wanted = pooled(exact.states(ids), args.pooling)
    least = lambda embeddings: float((embeddings * wanted).sum(1).min())
    cosine = least(np.array(ours.ask(ids, 1)["embeddings"]))
    cosines = [least(pooled(peer.states(ids), args.pooling)) for peer in peers]
    # As many passes in a turn as fill a tenth of a second.
    rounds = max(1, round(0.1 / ours.seconds(ids, 2)))
    ratios, mine, theirs, best = [], [], [], []
    end = time.time() + args.seconds
    while time.time() < end or len(ratios) < 5:
        own = ours.seconds(ids, rounds)
        others = [peer.seconds(ids, max(1, rounds // 2)) for peer in peers]
        own = (own + ours.seconds(ids, rounds)) / 2
        ratios.append(min(others) / own)
        mine.append(own)
        theirs.append(min(others))
        best.append(peers[others.index(min(others))].name)
    tenths = statistics.quantiles(ratios, n=10)
    speed = lambda times: f"{batch * tokens / statistics.median(times):9.0f}"
    often = max(set(best), key=best.count)
    print(
        f"{batch:3} x {tokens:3}  ratio {statistics.median(ratios):5.2f} ({tenths[0]:.2f} to {tenths[-1]:.2f}, "
        f"{len(ratios)} rounds)  tokens/s ours {speed(mine)} theirs {speed(theirs)} [{often}]  "
        f"cosine ours {cosine:.6f} theirs {max(cosines):.6f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("target/peer"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20, help="for each shape and precision")
    parser.add_argument("--pooling", choices=["mean", "cls"], default="mean")
    parser.add_argument("--program", help="a built example `forward`; without it, it is built")
    args = parser.parse_args()
    work = args.work.resolve()
    folder = work / "model"
    if not (work / "int8-per-channel.onnx").exists():
        folder.mkdir(parents=True, exist_ok=True)
        make_graphs(make_model(folder), work)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    flag = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token"}[args.pooling]
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({flag: True}))
    program = args.program or build()
    print(f"onnxruntime {onnxruntime.__version__}, {args.threads} threads, processors {sorted(os.sched_getaffinity(0))}, "
          f"pooling {args.pooling}, load {os.getloadavg()[0]:.1f}")
    exact = Peer(work / "fused.onnx", 1, 1)
    for precision, graphs in GRAPHS.items():
        ours = Ours(program, folder, precision, args.threads)
        splits = sorted({1, args.threads})
        peers = [Peer(work / f"{graph}.onnx", args.threads, n) for graph in graphs for n in splits]
        print(precision)
        for shape in SHAPES:
            compare(ours, peers, exact, shape, args)
        ours.close()


if __name__ == "__main__":
    main()
