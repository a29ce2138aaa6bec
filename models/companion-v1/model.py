"""The encoder: a plain BERT (pre-trained as multilingual-e5-small) and three small heads.

Two inputs, both int64 of shape (batch, length):

* `ids`: token ids
* `mask`: 0 padding, 1 the text that is judged, 2 its context

The context is attended to, but only the judged text is pooled: a label describes the text.
One output (batch, len(OUTPUTS)) of logits.
"""

from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional

LABELS = ("self_harm", "violence", "sexual", "gambling", "manipulation", "dependence", "minor")
LEVELS = ("at_least_active", "at_least_plan")  # two cuts make three ordered levels
USER_DETECTORS = ("leaving", "asks_human", "evading", "romance", "loss")
BOT_DETECTORS = (
    "claims_human", "professional", "probing", "purchase", "secrecy", "evading", "romance",
    "protective",
)  # fmt: skip
DETECTORS = tuple(dict.fromkeys(USER_DETECTORS + BOT_DETECTORS))
OUTPUTS = LABELS + LEVELS + DETECTORS


@dataclass
class Config:
    vocab: int
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    eps: float
    dropout: float = 0.1


class Layer(nn.Module):
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

    def forward(self, x, bias):
        b, n, d = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        # Written out: on a CPU with bf16 the fused attention's backward takes half of the step.
        weights = torch.softmax((q @ k.transpose(-1, -2)) * (d // self.heads) ** -0.5 + bias, -1)
        mixed = weights @ v
        mixed = mixed.transpose(1, 2).reshape(b, n, d)
        x = self.norm1(x + self.out(mixed))
        return self.norm2(x + self.drop(self.down(functional.gelu(self.up(x)))))


class Companion(nn.Module):
    def __init__(self, c: Config) -> None:
        super().__init__()
        self.config = c
        self.word = nn.Embedding(c.vocab, c.hidden)
        self.position = nn.Embedding(c.positions, c.hidden)
        self.segment = nn.Embedding(2, c.hidden)  # 0 text, 1 context
        self.norm = nn.LayerNorm(c.hidden, c.eps)
        self.drop = nn.Dropout(c.dropout)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.layers))
        self.head = nn.Linear(2 * c.hidden, len(OUTPUTS))

    def forward(self, ids, mask):
        return self.seen(ids, mask)[0]

    def seen(self, ids, mask):
        """The logits, and what each layer saw."""
        where = torch.arange(ids.shape[1], device=ids.device)
        x = self.word(ids) + self.position(where) + self.segment((mask == 2).long())
        x = self.drop(self.norm(x))
        bias = (mask == 0).to(x.dtype)[:, None, None, :] * -1e4
        states = []
        for layer in self.layers:
            x = layer(x, bias)
            states.append(x)
        text = (mask == 1).to(x.dtype).unsqueeze(-1)
        mean = (x * text).sum(1) / text.sum(1)
        return self.head(self.drop(torch.cat([mean, x[:, 0]], -1))), states


class SmallTable(nn.Module):
    """A table of vectors in int8, with one scale for each row."""

    def __init__(self, weight) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("table", (weight / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids):
        return functional.embedding(ids, self.table).float() * functional.embedding(ids, self.scale)


def save(model: Companion, path) -> None:
    torch.save({"config": asdict(model.config), "state": model.state_dict()}, path)


def load(path) -> Companion:
    stored = torch.load(path, map_location="cpu", weights_only=True)
    model = Companion(Config(**stored["config"]))
    model.load_state_dict(stored["state"])
    return model.eval()
