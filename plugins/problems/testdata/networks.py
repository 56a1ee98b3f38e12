"""Times gradients of a network in PyTorch, on request.

The first line of input describes it as JSON: its input's shape, its layers, and the batch size. Each further line asks
for a number: "gradient" or "channels_last" for the seconds that one takes, "memory" for the greatest number of bytes that
the process has held so far.
"""

import json
import math
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Apply(nn.Module):
    def __init__(self, f):
        super().__init__()
        self.forward = f


class Residual(nn.Module):
    def __init__(self, layers, shortcut):
        super().__init__()
        self.layers, self.shortcut = layers, shortcut

    def forward(self, x):
        return self.layers(x) + self.shortcut(x)


class Add(nn.Module):
    def __init__(self, *shape):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.w


class LSTM(nn.LSTM):
    def forward(self, x):
        return super().forward(x)[0]


def attention(heads, causal):
    """As in nanoGPT, where PyTorch has no fused attention."""
    def f(x):
        n, t, d = x.shape[0], x.shape[1], x.shape[2] // 3
        q, k, v = (y.view(n, t, heads, d // heads).transpose(1, 2) for y in x.split(d, dim=2))
        scores = q @ k.transpose(-2, -1) / math.sqrt(d // heads)
        if causal:
            scores = scores.masked_fill(torch.ones(t, t).tril() == 0, -math.inf)
        return (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, d)
    return f


def span(n, size, stride, padding):
    if padding == 1:
        return (n - size) // stride + 1, 0, 0
    out = -(-n // stride)
    missing = max((out - 1) * stride + size - n, 0)
    return out, missing // 2, missing - missing // 2


class Builder:
    """Adds layers and keeps track of the shape: (height, width, channels), (steps, channels) or (features,)."""

    def __init__(self, shape, first):
        self.shape = (shape[0],) if first == "Embedding" else tuple(shape)
        if self.shape[:-1] == (1, 1):
            self.shape = self.shape[2:]

    def all(self, layers):
        return nn.Sequential(*(m for layer in layers for m in self.one(**layer)))

    def window(self, size, stride, padding):
        h, w, c = self.shape
        oh, top, bottom = span(h, size, stride, padding)
        ow, left, right = span(w, size, stride, padding)
        self.shape = oh, ow, c
        return top, bottom, left, right

    def sequence(self):
        if len(self.shape) < 3:
            return []
        h, w, c = self.shape
        self.shape = h * w, c
        return [Apply(lambda x: x.flatten(2).transpose(1, 2))]

    def one(self, type, **l):
        if type == "Dense":
            n = math.prod(self.shape)
            before = [nn.Flatten()] if len(self.shape) > 1 else []
            self.shape = (l["Units"],)
            return [*before, nn.Linear(n, l["Units"], bias=not l["NoBias"])]
        if type == "Conv":
            if len(self.shape) == 2:
                self.shape, c = (self.shape[0], l["Channels"]), self.shape[1]
                return [nn.Linear(c, l["Channels"], bias=not l["NoBias"])]
            stride, c = max(l["Stride"], 1), self.shape[2]
            t, b, le, r = self.window(l["Size"], stride, l["Padding"])
            self.shape = (*self.shape[:2], l["Channels"])
            pad = [] if (t, le) == (b, r) else [nn.ZeroPad2d((le, r, t, b))]
            return [*pad, nn.Conv2d(c, l["Channels"], l["Size"], stride, 0 if pad else (t, le), bias=not l["NoBias"])]
        if type == "Deconv":
            h, w, c = self.shape
            size, stride = l["Size"], max(l["Stride"], 1)
            self.shape = h * stride, w * stride, l["Channels"]
            _, t, b = span(h * stride, size, stride, l["Padding"])
            crop = [] if t == b else [Apply(lambda x: x[:, :, :-1, :-1])]
            return [nn.ConvTranspose2d(c, l["Channels"], size, stride, t), *crop]
        if type == "MaxPool":
            stride = l["Stride"] or l["Size"]
            t, b, le, r = self.window(l["Size"], stride, l["Padding"])
            # After ReLU nothing is below 0, so that zeros around it do not matter.
            pad = [nn.ZeroPad2d((le, r, t, b))] if t or b or le or r else []
            return [*pad, nn.MaxPool2d(l["Size"], stride)]
        if type == "AveragePool":
            if l["Size"]:
                raise ValueError("AveragePool with windows")
            axes = (2, 3) if len(self.shape) == 3 else (1,)
            self.shape = self.shape[-1:]
            return [Apply(lambda x: x.mean(axes))]
        if type == "Residual":
            before = self.shape
            shortcut = self.all(l["Shortcut"] or [])
            self.shape = before
            return [Residual(self.all(l["Layers"]), shortcut)]
        if type == "BatchNorm":
            return [nn.BatchNorm2d(self.shape[-1])]
        if type == "GroupNorm":
            return [nn.GroupNorm(l["Groups"], self.shape[-1])]
        if type == "LayerNorm":
            return [*self.sequence(), nn.LayerNorm(self.shape[-1])]
        if type == "Positions":
            before = self.sequence()
            return [*before, Add(*self.shape)]
        if type == "Attention":
            before = self.sequence()
            self.shape = self.shape[0], self.shape[1] // 3
            return [*before, Apply(attention(l["Heads"], l["Causal"]))]
        if type == "Embedding":
            self.shape = (*self.shape, l["Units"])
            return [nn.Embedding(l["Words"], l["Units"])]
        if type == "LSTM":
            c, self.shape = self.shape[1], (self.shape[0], l["Units"])
            return [LSTM(c, l["Units"], batch_first=True)]
        if type == "Latent":
            n, self.shape = self.shape[0] // 2, (self.shape[0] // 2,)

            def sample(x):
                self.divergence = 0.5 * (x[:, :n] ** 2 + x[:, n:].exp() - 1 - x[:, n:]).sum()
                return x[:, :n] + (x[:, n:] / 2).exp() * torch.randn(len(x), n)
            return [Apply(sample)]
        if type == "Reshape":
            self.shape = l["Height"], l["Width"], l["Channels"]
            shape = l["Channels"], l["Height"], l["Width"]
            return [Apply(lambda x: x.view(-1, *shape))]
        if type == "Dropout":
            return [nn.Dropout(l["Rate"])]
        return [{"ReLU": nn.ReLU, "GELU": lambda: nn.GELU("tanh"), "Sigmoid": nn.Sigmoid,
                 "LeakyReLU": lambda: nn.LeakyReLU(l["Slope"])}[type]()]


d = json.loads(sys.stdin.readline())
layers, loss, batch = d["layers"][:-1], d["layers"][-1]["type"], d["batch"]
builder = Builder(d["shape"], layers[0]["type"])
net = builder.all(layers)
h, w, c = d["shape"]
if layers[0]["type"] == "Embedding":
    x = torch.randint(0, layers[0]["Words"], (batch, h))
elif layers[0]["type"] == "Dense":
    x = torch.randn(batch, h * w * c)
else:
    x = torch.randn(batch, c, h, w)
if loss == "SoftmaxCrossEntropy":
    y = torch.randint(0, builder.shape[-1], (batch, *builder.shape[:-1]))
else:
    y = torch.randn(batch, math.prod(builder.shape))


def gradient():
    net.zero_grad()
    out = net(x)
    if loss == "SoftmaxCrossEntropy":
        value = F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))
    else:
        value = ((out - y) ** 2).sum() / batch
    if hasattr(builder, "divergence"):
        value = value + builder.divergence / batch
    value.backward()


for line in sys.stdin:
    if line.strip() == "memory":
        print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
        continue
    if line.strip() == "channels_last" and x.dim() == 4:
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    start = time.perf_counter()
    gradient()
    print(time.perf_counter() - start, flush=True)
