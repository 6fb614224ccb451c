"""Make models that differ from the bundled one, to see whether decisions hold for them.

Writes a model2vec folder in 16 bits: the bundled token vectors cut to `--dim` numbers, with a vector of length `--common`
(in lengths of a typical text) added to each token, so that every text shares it. Unrelated texts of models such as bge lie
at 0.6 to 0.8; `--common 3.5` gives about that. The first numbers of the bundled model carry most; those of other models do
not, as with `--rotate`, which leaves every cosine as it is. `--bits 4` rounds each token's numbers to 4 bits. `--all DIR`
writes the folders that docs/models.md has figures of. Then

    wenmai eval related --input stories-dev.jsonl.xz --one-in 3 --model DIR [--uncalibrated] --json
    wenmai eval topics  --input stories-dev.jsonl.xz --one-in 3 --model DIR [--uncalibrated] --json
"""

import argparse
import json
import pathlib
import shutil
import struct

import numpy as np

BUNDLED = pathlib.Path(__file__).parent.parent / "wenmai-news-zh"
# Tokens of a typical title with its lead, which decide how long the mean of its vectors is.
TEXT_TOKENS = 100


def tensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    kinds = {"F32": np.float32, "I8": np.int8}

    def read(name):
        about = header[name]
        begin, end = (8 + length + offset for offset in about["data_offsets"])
        return np.frombuffer(data[begin:end], kinds[about["dtype"]]).reshape(about["shape"])

    return {name: read(name) for name in header if name != "__metadata__"}


def write(path, embeddings):
    about = {"dtype": "F16", "shape": list(embeddings.shape), "data_offsets": [0, embeddings.nbytes]}
    header = json.dumps({"embeddings": about}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(struct.pack("<Q", len(header)) + header + embeddings.tobytes())


def variant(output, dim, common=0.0, rotate=False, bits=0):
    model = tensors(BUNDLED / "model.safetensors")
    rng = np.random.default_rng(7)
    vectors = model["embeddings"].astype(np.float32) * model["weights"][:, None]
    vectors = vectors[:, :dim]
    lengths = np.linalg.norm(vectors, axis=1)
    shared = rng.normal(size=dim)
    shared *= common * np.sqrt((lengths**2).mean() / TEXT_TOKENS) / np.linalg.norm(shared)
    vectors = (vectors + shared).astype(np.float32)
    if rotate:
        turned, _ = np.linalg.qr(rng.normal(size=(dim, dim)))
        vectors = vectors @ turned.astype(np.float32)
    if bits:
        step = np.abs(vectors).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
        vectors = np.round(vectors / np.maximum(step, 1e-12)) * step
    scale = 1 / np.linalg.norm(vectors, axis=1).max()
    output.mkdir(parents=True, exist_ok=True)
    write(output / "model.safetensors", (vectors * scale).astype(np.float16))
    shutil.copy(BUNDLED / "tokenizer.json", output)
    shutil.copy(BUNDLED / "config.json", output)


# The models of docs/models.md.
ALL = {
    "512": {"dim": 512},
    "256": {"dim": 256},
    "128": {"dim": 128},
    "64": {"dim": 64},
    "512-rotated": {"dim": 512, "rotate": True},
    "512-common": {"dim": 512, "common": 3.5},
    "256-common": {"dim": 256, "common": 3.5},
    "128-common": {"dim": 128, "common": 3.5},
    "64-common": {"dim": 64, "common": 3.5},
    "512-common-rotated": {"dim": 512, "common": 3.5, "rotate": True},
    "512-4bit": {"dim": 512, "bits": 4},
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="all models of docs/models.md, each in a folder below")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--common", type=float, default=0.0)
    parser.add_argument("--rotate", action="store_true")
    parser.add_argument("--bits", type=int, default=0)
    args = parser.parse_args()
    if args.all:
        for name, options in ALL.items():
            variant(args.output / name, **options)
    else:
        variant(args.output, args.dim, args.common, args.rotate, args.bits)


if __name__ == "__main__":
    main()
