#!/usr/bin/env python3
"""The model of the NanoGPT-small optimization benchmark (KellerJordan/modded-nanogpt, records/track_3_optimization): a GPT of 162
million parameters on FineWeb, whose entries are judged by the number of steps of 512 sequences to a validation loss of 3.28.

The tokens are fetched by you (see README.md); NOISEBENCH_FINEWEB names the folder. It wants a GPU, --devices 0, and
PyTorch 2.1 or later.

As there: architecture, initialization, batch, the tokens and their split into sequences, and the validation part, the first
10,485,760 tokens of the validation file. What differs: noisebench shuffles the sequences by the run's seed, where all runs of the
benchmark read them in the order of the files; the test part, which the benchmark has not, are the next 10,485,760 tokens of the
validation file; with mixed precision the embedding and the sums along the residual path are in float32, not bfloat16, and the
normalizations add the epsilon of float32."""

import bisect
import glob
import os
import sys

import noisebench
import numpy
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import Dataset, Subset

TARGET = 3.28  # validation loss
STEPS = 5625  # as many as the slowest published entry took to the target, AdamW


class RMSNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gains = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return normal(x) * self.gains


def normal(x):
    """x with a mean square of one along the last axis, in float32 at least."""
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    return x * (x.square().mean(-1, keepdim=True) + torch.finfo(torch.float32).eps).rsqrt()


class Attention(nn.Module):
    """Causal attention with normalized queries and keys and rotary positions, in which half of the axes do not turn."""

    def __init__(self, width, head):
        super().__init__()
        self.head = head
        self.q, self.k, self.v, self.proj = (nn.Linear(width, width) for _ in range(4))
        turning = (1 / 1024) ** torch.linspace(0, 1, head // 4)
        self.register_buffer("frequencies", torch.cat([turning, torch.zeros(head // 4)]))

    def turned(self, x):
        angle = torch.outer(torch.arange(x.shape[-2], device=x.device, dtype=x.dtype), self.frequencies)
        a, b = x.chunk(2, -1)
        return torch.cat([a * angle.cos() + b * angle.sin(), b * angle.cos() - a * angle.sin()], -1)

    def forward(self, x):
        q, k, v = (p(x).unflatten(-1, (-1, self.head)).transpose(-2, -3) for p in (self.q, self.k, self.v))
        q, k = self.turned(normal(q)), self.turned(normal(k))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q.type_as(v), k.type_as(v), v, is_causal=True, scale=0.12)
        else:  # PyTorch 1.13
            hidden = torch.full(2 * x.shape[-2:-1], -torch.inf, dtype=x.dtype, device=x.device).triu(1)
            y = (0.12 * q @ k.transpose(-1, -2) + hidden).softmax(-1).type_as(v) @ v
        return self.proj(y.transpose(-2, -3).flatten(-2))


class MLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc, self.proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return self.proj(self.fc(x).relu().square())


class Block(nn.Module):
    def __init__(self, width, head):
        super().__init__()
        self.attn, self.mlp, self.norm1, self.norm2 = Attention(width, head), MLP(width), RMSNorm(width), RMSNorm(width)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, vocabulary, layers, width, head):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, head) for _ in range(layers))
        self.norm1, self.norm2, self.proj = RMSNorm(width), RMSNorm(width), nn.Linear(width, vocabulary)
        for name, p in self.named_parameters():
            if name.endswith("proj.weight") or name.endswith("bias"):
                nn.init.zeros_(p)
            elif name == "embed.weight":
                nn.init.normal_(p)
            elif name.endswith("weight"):
                nn.init.normal_(p, std=(0.33 / p.shape[1]) ** 0.5)

    def forward(self, ids):
        x = self.norm1(self.embed(ids))
        for block in self.blocks:
            x = block(x)
        logits = self.proj(self.norm2(x))
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        logits = 15 * logits * (logits.square() + 15 ** 2).rsqrt()
        return logits.transpose(-1, -2)  # classes on axis 1, as cross-entropy has them


class Sequences(Dataset):
    """The tokens of files, in sequences of a length behind each other, each with what follows each of its tokens."""

    def __init__(self, files, length):
        self.length, self.files, self.ends = length, [tokens(f) for f in files], []
        for t in self.files:
            self.ends.append((self.ends[-1] if self.ends else 0) + (len(t) - 1) // length)

    def __len__(self):
        return self.ends[-1]

    def __getitem__(self, i):
        file = bisect.bisect_right(self.ends, i)
        start = (i - (self.ends[file - 1] if file else 0)) * self.length
        t = torch.from_numpy(self.files[file][start:start + self.length + 1].astype(numpy.int64))
        return t[:-1], t[1:]


def tokens(path):
    """The tokens of a file: 256 numbers of 4 bytes, the first three of which are a magic number, a version, and the number of tokens;
    then the tokens, 2 bytes each."""
    header = numpy.fromfile(path, "<i4", 256)
    if len(header) < 256 or header[0] != 20240520 or header[1] != 1:
        sys.exit(f"{path} does not begin as files of tokens do, with 20240520 and 1, but with {header[:2].tolist()}; fetch it again")
    found = (os.path.getsize(path) - 1024) // 2
    if found != header[2]:
        sys.exit(f"{path} has {found} tokens, its header says {header[2]}; fetch it again")
    return numpy.memmap(path, "<u2", "r", 1024)


def define(folder, vocabulary=50304, layers=12, width=768, head=128, length=1024, evaluated=10240, batch=512, steps=STEPS, microbatch=32,
           autocast=torch.bfloat16):
    """The problem with the tokens in a folder. microbatch sequences are in the GPU's memory at a time; autocast=None computes in
    float32 throughout."""
    train, held_out = (sorted(glob.glob(os.path.join(folder or "", f"fineweb_{part}_*.bin"))) for part in ("train", "val"))
    if not folder or not train or not held_out:
        sys.exit(f"NOISEBENCH_FINEWEB is {folder}, want a folder with fineweb_train_*.bin and fineweb_val_*.bin; to fetch them: git clone "
                 "https://github.com/KellerJordan/modded-nanogpt, then python3 modded-nanogpt/data/cached_fineweb10B.py 40")
    examples, judged = Sequences(train, length), Sequences(held_out[:1], length)
    if len(judged) < 2 * evaluated:
        sys.exit(f"{held_out[0]} has {len(judged)} sequences, want {2 * evaluated}; fetch it again")
    return noisebench.problem(
        lambda: GPT(vocabulary, layers, width, head), nn.CrossEntropyLoss(), examples, Subset(judged, range(evaluated)),
        Subset(judged, range(evaluated, 2 * evaluated)), name="nanogpt-small", batch_size=batch, budget=steps * batch,
        microbatch=microbatch, evaluation_batch=microbatch, autocast=autocast, data=[*train, *held_out[:1]],
        doc="GPT of the NanoGPT-small optimization benchmark on FineWeb; its target is a validation loss of 3.28",
        source="KellerJordan/modded-nanogpt, records/track_3_optimization, README and train_gpt_simple.py, 2026")


if __name__ == "__main__":
    noisebench.serve(define(os.environ.get("NOISEBENCH_FINEWEB")))
