"""The encoder: a plain BERT (pre-trained as multilingual-e5-small) and one linear head.

Two inputs, both int64 of shape (batch, length):

* `ids`: token ids
* `mask`: 0 padding, 1 the text that is judged, 2 its context

The context is attended to, but only the judged text is pooled: a label describes the text.
One output (batch, outputs) of logits. What its columns mean stands in the manifest.

The one definition: `models/companion-v1` trains with it, `guardrail train` goes on from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

__all__ = ["Companion", "Config", "Layer", "SmallTable", "load", "save"]


@dataclass
class Config:
    """The sizes of a net; `dropout` is at work in training only."""

    vocab: int
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    eps: float
    outputs: int
    dropout: float = 0.1


class Layer(nn.Module):
    """Attention and two linear layers, each with a residual and a norm after it."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.heads = c.heads
        self.qkv = nn.Linear(c.hidden, 3 * c.hidden)
        self.out = nn.Linear(c.hidden, c.hidden)
        self.norm1 = nn.LayerNorm(c.hidden, c.eps)
        self.up = nn.Linear(c.hidden, c.inner)
        self.down = nn.Linear(c.inner, c.hidden)
        self.norm2 = nn.LayerNorm(c.hidden, c.eps)
        self.drop = nn.Dropout(c.dropout)

    def forward(self, x: Any, bias: Any) -> Any:
        """From (batch, length, hidden) to the same; `bias` is added to every attention logit."""
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        # Written out: on a CPU with bf16 the fused attention's backward takes half of the step.
        weights = torch.softmax((q @ k.transpose(-1, -2)) * (d // self.heads) ** -0.5 + bias, -1)
        mixed = weights @ v
        mixed = mixed.transpose(1, 2).reshape(b, n, d)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.drop(self.down(functional.gelu(self.up(x)))))


class Companion(nn.Module):
    """The whole net; see the top of this file."""

    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config = c
        self.word = nn.Embedding(c.vocab, c.hidden)
        self.position = nn.Embedding(c.positions, c.hidden)
        self.segment = nn.Embedding(2, c.hidden)  # 0 text, 1 context
        self.norm = nn.LayerNorm(c.hidden, c.eps)
        self.drop = nn.Dropout(c.dropout)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.head = nn.Linear(2 * c.hidden, c.outputs)

    def forward(self, ids: Any, mask: Any) -> Any:
        """The logits, (batch, outputs)."""
        return self.seen(ids, mask)[0]

    def seen(self, ids: Any, mask: Any) -> tuple[Any, list[Any]]:
        """The logits, and what each layer saw, (batch, length, hidden)."""
        where = torch.arange(ids.shape[1], device=ids.device)
        x = self.word(ids) + self.position(where) + self.segment((mask == 2).long())  # noqa: PLR2004
        x = self.drop(self.norm(x))
        bias = (mask == 0).to(x.dtype)[:, None, None, :] * -1e4
        states = []
        for layer in self.layers:
            x = layer(x, bias)
            states.append(x)
        return self.head(self.drop(self.pooled(x, mask))), states

    def pooled(self, x: Any, mask: Any) -> Any:
        """The judged text's mean state beside the first one: (batch, 2 * hidden)."""
        text = (mask == 1).to(x.dtype).unsqueeze(-1)
        return torch.cat([(x * text).sum(1) / text.sum(1), x[:, 0]], -1)


class SmallTable(nn.Module):
    """A table of vectors in int8, with one scale for each row."""

    def __init__(self, weight: Any) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("table", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: Any) -> Any:
        """The vectors of these rows, in float."""
        return functional.embedding(ids, self.table).float() * functional.embedding(ids, self.scale)


def save(model: Companion, path: Path) -> None:
    """Write a checkpoint: the sizes and the weights."""
    torch.save({"config": asdict(model.config), "state": model.state_dict()}, path)


def load(path: Path) -> Companion:
    """Read a checkpoint onto the CPU, ready to answer."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    outputs = {"outputs": len(stored["state"]["head.bias"])}  # older ones do not say it
    model = Companion(Config(**(outputs | stored["config"])))
    model.load_state_dict(stored["state"])
    model.eval()
    return model
