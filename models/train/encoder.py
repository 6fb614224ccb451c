"""The contextual model: a small BERT (post-LN, erf GELU), mean pooling, one Dense layer, and its export.

Parameter names are those of Hugging Face's BertModel, so the exported folder loads in transformers, in
sentence-transformers and in the service without a line of own code.
"""

import json
import pathlib
import shutil

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

PAD, UNK = 0, 1


class Layer(nn.Module):
    def __init__(self, dim, heads, inner):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(dim, dim) for _ in range(4))
        self.norm_attention, self.norm_output = nn.LayerNorm(dim, 1e-12), nn.LayerNorm(dim, 1e-12)
        self.up, self.down = nn.Linear(dim, inner), nn.Linear(inner, dim)

    def forward(self, x, mask, drop):
        batch, tokens, dim = x.shape
        split = lambda y: y.view(batch, tokens, self.heads, dim // self.heads).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(split(self.query(x)), split(self.key(x)), split(self.value(x)), mask)
        mixed = self.output(mixed.transpose(1, 2).reshape(batch, tokens, dim))
        x = self.norm_attention(x + F.dropout(mixed, drop, self.training))
        return self.norm_output(x + F.dropout(self.down(F.gelu(self.up(x))), drop, self.training))


class Encoder(nn.Module):
    """Ids `[batch, tokens]` (0 = padding) → embeddings `[batch, out]`, not normalised."""

    def __init__(self, vocab, dim, layers, heads, inner, out, positions=512, drop=0.0):
        super().__init__()
        self.shape = dict(vocab=vocab, dim=dim, layers=layers, heads=heads, inner=inner, out=out, positions=positions)
        self.drop = drop
        self.words, self.positions = nn.Embedding(vocab, dim), nn.Embedding(positions, dim)
        self.norm = nn.LayerNorm(dim, 1e-12)
        self.layers = nn.ModuleList(Layer(dim, heads, inner) for _ in range(layers))
        self.dense = nn.Linear(dim, out)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def hidden(self, ids):
        keep = ids != PAD
        # Additive, as the reference does it; a boolean mask is slower on CPU.
        mask = torch.zeros(ids.shape, dtype=self.norm.weight.dtype, device=ids.device).masked_fill(~keep, -1e9)
        x = self.norm(self.words(ids) + self.positions(torch.arange(ids.shape[1], device=ids.device)))
        x = F.dropout(x, self.drop, self.training)
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :].to(x.dtype), self.drop)
        return x, keep

    def forward(self, ids):
        x, keep = self.hidden(ids)
        keep = keep.unsqueeze(2).to(x.dtype)
        return self.dense((x * keep).sum(1) / keep.sum(1).clamp(min=1))

    @torch.no_grad()
    def start_from(self, vectors, spare):
        """Starts exactly at the static model `vectors` `[vocab, n]` (nearly: n is cut to dim − spare by SVD).

        LayerNorm takes a vector's length away, and with it the static model's weight of a token. So the weight is
        kept as a share of the hidden state: `spare` numbers hold what an unimportant token lacks in content, and the
        Dense layer drops them. The layers add nothing at first.
        """
        dim = self.shape["dim"]
        content = dim - spare
        v = vectors.float().clone()
        v[: UNK + 1] = 0
        axes = torch.linalg.svd(v[UNK + 1 :], full_matrices=False)[2][:content]
        v = v @ axes.T
        top = torch.quantile(v.norm(dim=1), 0.999)
        v = v * (1 / top)
        v = v * torch.clamp(0.999 / v.norm(dim=1, keepdim=True).clamp(min=1e-9), max=1.0)
        rest = (1 - v.square().sum(1)).sqrt()[:, None]
        sign = torch.ones(spare)
        sign[1::2] = -1  # of mean zero, so that LayerNorm leaves the direction alone
        self.words.weight.copy_(torch.cat([v, rest * sign / spare**0.5], 1) * dim**0.5)
        self.positions.weight.zero_()
        for layer in self.layers:
            layer.output.weight.zero_()
            layer.down.weight.zero_()
        self.dense.weight.zero_()
        self.dense.weight[: min(content, len(self.dense.weight)), :content] = torch.eye(content)[: len(self.dense.weight)]

    def state_of_bert(self):
        """The weights under BertModel's names."""
        out = {
            "embeddings.word_embeddings.weight": self.words.weight,
            "embeddings.position_embeddings.weight": self.positions.weight,
            "embeddings.token_type_embeddings.weight": torch.zeros(1, self.shape["dim"]),
            "embeddings.LayerNorm.weight": self.norm.weight,
            "embeddings.LayerNorm.bias": self.norm.bias,
        }
        names = {
            "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
            "output": "attention.output.dense", "norm_attention": "attention.output.LayerNorm",
            "up": "intermediate.dense", "down": "output.dense", "norm_output": "output.LayerNorm",
        }
        for at, layer in enumerate(self.layers):
            for ours, theirs in names.items():
                for part in ("weight", "bias"):
                    out[f"encoder.layer.{at}.{theirs}.{part}"] = getattr(getattr(layer, ours), part)
        return out

    def export(self, folder, tokenizer):
        """Writes a sentence-transformers folder in half precision."""
        folder = pathlib.Path(folder)
        half = lambda state: {k: v.detach().half().cpu().contiguous() for k, v in state.items()}
        for name in ("1_Pooling", "2_Dense"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        write = lambda name, value: (folder / name).write_text(json.dumps(value, indent=2) + "\n")
        save_file(half(self.state_of_bert()), str(folder / "model.safetensors"), {"format": "pt"})
        dense = {"linear.weight": self.dense.weight, "linear.bias": self.dense.bias}
        save_file(half(dense), str(folder / "2_Dense" / "model.safetensors"), {"format": "pt"})
        s = self.shape
        write("config.json", {
            "architectures": ["BertModel"], "model_type": "bert", "vocab_size": s["vocab"], "hidden_size": s["dim"],
            "num_hidden_layers": s["layers"], "num_attention_heads": s["heads"], "intermediate_size": s["inner"],
            "hidden_act": "gelu", "max_position_embeddings": s["positions"], "type_vocab_size": 1,
            "layer_norm_eps": 1e-12, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
            "pad_token_id": PAD, "position_embedding_type": "absolute", "torch_dtype": "float16",
        })
        write("1_Pooling/config.json", {"word_embedding_dimension": s["dim"], "pooling_mode_mean_tokens": True})
        write("2_Dense/config.json", {
            "in_features": s["dim"], "out_features": s["out"], "bias": True,
            "activation_function": "torch.nn.modules.linear.Identity",
        })
        kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Dense", "Dense"), ("3_Normalize", "Normalize")]
        write("modules.json", [
            {"idx": at, "name": str(at), "path": path, "type": f"sentence_transformers.models.{kind}"}
            for at, (path, kind) in enumerate(kinds)
        ])
        write("sentence_bert_config.json", {"max_seq_length": s["positions"], "do_lower_case": False})
        write("tokenizer_config.json", {
            "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]",
            "model_max_length": s["positions"], "clean_up_tokenization_spaces": False,
        })
        if pathlib.Path(tokenizer).resolve() != (folder / "tokenizer.json").resolve():
            shutil.copyfile(tokenizer, folder / "tokenizer.json")
