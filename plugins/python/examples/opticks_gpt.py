#!/usr/bin/env python3
"""A small GPT on Newton's Opticks: the built-in problem opticks-nanogpt, in PyTorch."""

import gzip
import math
import os
from collections import Counter

import noisebench
import torch
from torch import nn
from torch.utils.data import TensorDataset

LENGTH, WIDTH, HEADS, LAYERS = 64, 128, 4, 4
TEXT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "problems", "internal", "data", "files", "opticks.txt.gz")


def characters():
    """The text, its characters numbered by descending frequency."""
    with gzip.open(TEXT, "rt", encoding="utf-8", newline="") as f:
        text = f.read()
    order = {c: i for i, (c, _) in enumerate(Counter(text).most_common())}
    return torch.tensor([order[c] for c in text]), len(order)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.qkv, self.out = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.norm2, self.up, self.down = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, h):
        m, t, d = h.shape
        q, k, v = (a.view(m, t, HEADS, d // HEADS).transpose(1, 2) for a in self.qkv(self.norm1(h)).split(d, 2))
        hidden = torch.full((t, t), -math.inf, dtype=h.dtype, device=h.device).triu(1)
        p = (q @ k.transpose(2, 3) / math.sqrt(d // HEADS) + hidden).softmax(3)
        h = h + self.out((p @ v).transpose(1, 2).reshape(m, t, d))
        return h + self.down(nn.functional.gelu(self.up(self.norm2(h)), approximate="tanh"))


class OpticksGPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(SYMBOLS, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm, self.output = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, SYMBOLS, bias=False)
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * LAYERS) if name.endswith(("out.weight", "down.weight")) else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        places = torch.arange(LENGTH, device=ids.device).expand(len(ids), -1)  # for each example, so that each has its gradient
        h = self.embedding(ids) + self.positions(places)
        for block in self.blocks:
            h = block(h)
        return self.output(self.norm(h)).transpose(1, 2)  # classes on axis 1, as cross-entropy has them


IDS, SYMBOLS = characters()


def part(start, count):
    """Sequences behind each other from a character on, and what follows each of their characters."""
    n = count * LENGTH
    return TensorDataset(IDS[start:start + n].view(count, LENGTH).clone(), IDS[start + 1:start + n + 1].view(count, LENGTH).clone())


problem = noisebench.problem(
    OpticksGPT, nn.CrossEntropyLoss(), part(0, 8763), part(8763 * LENGTH, 48), part(8811 * LENGTH + 1, 48),
    name="opticks-gpt", batch_size=12, budget=24000, doc="causal transformer on Newton's Opticks, as the built-in opticks-nanogpt",
    source="nanoGPT, README, section on CPUs")

if __name__ == "__main__":
    noisebench.serve(problem)
