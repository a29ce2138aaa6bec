"""Imported by the training scripts: batches of like length, tensors, loss, figures per output."""

import copy
import dataclasses

import data
import numpy as np
import torch
from model import DETECTORS, LABELS, LEVELS, OUTPUTS
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional

PAD = 1  # the tokenizer's


def batches(pairs, rng, tokens):
    """Batches of (row, coded) of like length and about `tokens` tokens, in random order."""
    order = sorted(pairs, key=lambda pair: len(pair[1][0]) + rng.random() * 8)
    out, batch = [], []
    for pair in order:
        if batch and (len(batch) + 1) * max(len(pair[1][0]), len(batch[-1][1][0])) > tokens:
            out.append(batch)
            batch = []
        batch.append(pair)
    out.append(batch)
    rng.shuffle(out)
    return out


def fewer(model, layers):
    """The net with so many of its layers, evenly taken up to the last; and which those are."""
    depth = model.config.layers
    taken = [round((i + 1) * depth / layers) - 1 for i in range(layers)]
    small = copy.deepcopy(model)
    small.layers = nn.ModuleList(small.layers[i] for i in taken)
    small.config = dataclasses.replace(model.config, layers=layers)
    return small, taken


def wider(model, outputs):
    """The net with so many outputs; a new one begins as unlikely as most rows are of it."""
    head, missing = model.head, outputs - model.head.out_features
    if missing <= 0:
        return model
    model.head = nn.Linear(head.in_features, outputs)
    with torch.no_grad():
        model.head.weight.copy_(functional.pad(head.weight, (0, 0, 0, missing)))
        model.head.bias.copy_(functional.pad(head.bias, (0, missing), value=-3.0))
    model.config = dataclasses.replace(model.config, outputs=outputs)
    return model


def tensors(coded, device="cpu"):
    """Ids and mask of several coded texts, padded to the longest: (batch, length) each."""
    width = max(len(ids) for ids, _ in coded)
    ids = torch.tensor([list(i) + [PAD] * (width - len(i)) for i, _ in coded])
    mask = torch.tensor([list(m) + [0] * (width - len(m)) for _, m in coded])
    return ids.to(device), mask.to(device)


POSITIVE_WEIGHT = 2.0
OUTPUT_WEIGHT = torch.tensor([1.0] * len(LABELS) + [0.5] * len(LEVELS + DETECTORS))


def loss(logits, rows):
    """Cross entropy over what is known of each row, weighed by its source, its output, its truth."""
    truth = torch.tensor([row["targets"] for row in rows], device=logits.device)
    weight = torch.tensor([row["weight"] for row in rows], device=logits.device)[:, None]
    known = ~torch.isnan(truth)
    truth = truth.nan_to_num(0.0)
    each = functional.binary_cross_entropy_with_logits(logits.float(), truth, reduction="none")
    weight = weight * known * OUTPUT_WEIGHT.to(logits.device) * (1 + (POSITIVE_WEIGHT - 1) * truth)
    return (each * weight).sum() / weight.sum() * len(LABELS)


def follow(mean, model, step, average):
    """Move the running mean of the weights towards the model's; quicker in the first steps."""
    keep = min(average, step / (step + 10))
    with torch.no_grad():
        torch._foreach_lerp_(list(mean.parameters()), list(model.parameters()), 1 - keep)


def said(model, rows, tokenizer, limit, *, device="cpu"):
    """What a model answers, (rows, outputs), in evaluation mode and bf16."""
    model.eval()
    coded = data.encode(rows, tokenizer, limit)
    order = sorted(range(len(rows)), key=lambda i: len(coded[i][0]))
    out = np.zeros((len(rows), len(OUTPUTS)), np.float32)
    with torch.no_grad(), torch.autocast(device, torch.bfloat16):
        for at in range(0, len(order), 32):
            part = order[at : at + 32]
            out[part] = model(*tensors([coded[i] for i in part], device)).float().cpu().numpy()
    return out


def auc(rows, scores):
    """Per output; nan where one class is missing."""
    truth = np.array([row["targets"] for row in rows])
    out = {}
    for i, name in enumerate(OUTPUTS):
        known = ~np.isnan(truth[:, i])
        mixed = len(set(truth[known, i])) == 2
        out[name] = roc_auc_score(truth[known, i], scores[known, i]) if mixed else float("nan")
    return out
