"""Make models that differ from the bundled one, to see whether decisions hold for them.

Writes a model2vec folder in 16 bits: the bundled token vectors cut to `--dim` numbers, with a vector of length `--common`
(in lengths of a typical text) added to each token, so that every text shares it. Unrelated texts of models such as bge lie
at 0.6 to 0.8; `--common 3.5` gives about that. Then

    wenmai eval related --input stories-dev.jsonl.xz --model DIR [--uncalibrated] --json
    wenmai eval topics  --input stories-dev.jsonl.xz --model DIR [--uncalibrated] --json
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--common", type=float, default=0.0)
    args = parser.parse_args()
    model = tensors(BUNDLED / "model.safetensors")
    rng = np.random.default_rng(7)
    vectors = model["embeddings"].astype(np.float32) * model["weights"][:, None]
    vectors = vectors[:, : args.dim]
    lengths = np.linalg.norm(vectors, axis=1)
    common = rng.normal(size=args.dim)
    common *= args.common * np.sqrt((lengths**2).mean() / TEXT_TOKENS) / np.linalg.norm(common)
    scale = 1 / lengths.max()
    args.output.mkdir(parents=True, exist_ok=True)
    write(args.output / "model.safetensors", ((vectors + common) * scale).astype(np.float16))
    shutil.copy(BUNDLED / "tokenizer.json", args.output)
    shutil.copy(BUNDLED / "config.json", args.output)


if __name__ == "__main__":
    main()
