"""Writes networks.json: loss, gradient and variance of the small networks by PyTorch, in float64, at a made-up point and batch.
Run: python3 testdata/networks_golden.py"""
import json, math, os
import numpy as np
import torch
import torch.nn.functional as F

M = 3  # examples


def dense(h, w, b):
    return h @ w + b


def conv(h, w, b=None, stride=1, same=True):
    """h: examples × channels × height × width; w: height × width × input × output channels, as the Go side stores it. Padding is
    that of TensorFlow: of an odd number of missing rows or columns, the extra one is at the end."""
    k = w.shape[0]
    if same:
        pad = []
        for n in reversed(h.shape[2:]):
            missing = max((-(-n // stride) - 1) * stride + k - n, 0)
            pad += [missing // 2, missing - missing // 2]
        h = F.pad(h, pad)
    return F.conv2d(h, w.permute(3, 2, 0, 1), b, stride)


def flat(h):
    """Position by position, the channels of each together."""
    return h.permute(0, 2, 3, 1).reshape(len(h), -1)


def mlp(w, x):
    h = x.reshape(len(x), -1)
    for i in 0, 2:
        h = dense(h, *w[i:i + 2]).relu()
    return dense(h, *w[4:])


def lenet5(w, x):
    h = F.max_pool2d(conv(x, w[0], w[1]).relu(), 2)
    h = flat(F.max_pool2d(conv(h, w[2], w[3], same=False).relu(), 2))
    return dense(dense(dense(h, *w[4:6]).relu(), *w[6:8]).relu(), *w[8:])


def resnet8(w, x):
    w = iter(w)

    def norm(h):
        return F.group_norm(h, 4, next(w), next(w), 1e-5)
    h = norm(conv(x, next(w), stride=2)).relu()
    for block in range(3):
        stride = 1 if block == 0 else 2
        y = norm(conv(h, next(w), stride=stride)).relu()
        y = norm(conv(y, next(w)))
        h = (y + (h if block == 0 else conv(h, next(w), stride=stride))).relu()
    return dense(h.mean((2, 3)), next(w), next(w))


def autoencoder(w, x):
    h = x.reshape(len(x), -1)
    for layer in range(6):
        h = dense(h, *w[2 * layer:2 * layer + 2])
        h = h.sigmoid() if layer == 5 else h if layer == 2 else h.relu()
    return h


def vit(w, x):
    d, heads = 32, 2
    m = len(x)
    h = conv(x, w[0], w[1], stride=7, same=False).permute(0, 2, 3, 1).reshape(m, 16, d) + w[2]
    for at in 3, 15:
        g1, b1, wq, bq, wo, bo, g2, b2, wu, bu, wd, bd = [v.reshape(v.shape[-2:]) if v.dim() > 2 else v for v in w[at:at + 12]]
        q, k, v = [a.reshape(m, 16, heads, d // heads).transpose(1, 2)
                   for a in dense(F.layer_norm(h, (d,), g1, b1), wq, bq).split(d, 2)]
        p = (q @ k.transpose(2, 3) / math.sqrt(d // heads)).softmax(3)
        h = h + dense((p @ v).transpose(1, 2).reshape(m, 16, d), wo, bo)
        h = h + dense(F.gelu(dense(F.layer_norm(h, (d,), g2, b2), wu, bu), approximate="tanh"), wd, bd)
    return dense(F.layer_norm(h, (d,), w[27], w[28]).mean(1), *w[29:])


def layers(*widths):
    shapes = []
    for a, b in zip(widths, widths[1:]):
        shapes += [(a, b), (b,)]
    return shapes


def resnet_shapes():
    shapes, c = [(3, 3, 1, 8), ("scale", 8), (8,)], 8
    for o in 8, 16, 32:
        shapes += [(3, 3, c, o), ("scale", o), (o,), (3, 3, o, o), ("scale", o), (o,)] + ([(1, 1, c, o)] if o != c else [])
        c = o
    return shapes + layers(32, 10)


def vit_shapes():
    d = 32
    block = [("scale", d), (d,), (d, 3 * d), (3 * d,), (d, d), (d,), ("scale", d), (d,), (d, 4 * d), (4 * d,), (4 * d, d), (d,)]
    return [(7, 7, 1, d), (d,), (16, d)] + 2 * block + [("scale", d), (d,)] + layers(d, 10)


NETWORKS = {  # the function, the shapes of its parameters, and the side of its images
    "digits-mlp": (mlp, layers(64, 64, 64, 10), 8),
    "fmnist-lenet5": (lenet5, [(5, 5, 1, 6), (6,), (5, 5, 6, 16), (16,)] + layers(400, 120, 84, 10), 28),
    "fmnist-resnet8": (resnet8, resnet_shapes(), 28),
    "mnist-autoencoder": (autoencoder, layers(784, 256, 64, 16, 64, 256, 784), 28),
    "fmnist-vit": (vit, vit_shapes(), 28),
}


def golden(network, shapes, side):
    scale = [s[0] == "scale" for s in shapes]
    shapes = [(s[1],) if s[0] == "scale" else s for s in shapes]
    sizes = [math.prod(s) for s in shapes]
    i = np.arange(sum(sizes), dtype=np.float64)
    x = 0.1 * np.sin(0.7 * i + 0.001 * (i % 977) ** 2)
    for end, size, one in zip(np.cumsum(sizes), sizes, scale):
        x[end - size:end] += one
    x = torch.tensor(x.astype(np.float32).astype(np.float64), requires_grad=True)
    j = np.arange(M * side * side, dtype=np.float64)
    images = (0.5 + 0.5 * np.sin(0.37 * j + 0.0003 * (j % 613) ** 2)).astype(np.float32).astype(np.float64)
    images = torch.tensor(images).reshape(M, 1, side, side)

    def loss(n):
        y = network([v.reshape(s) for v, s in zip(torch.split(x, sizes), shapes)], images[n:n + 1])
        if network is autoencoder:
            return ((y - images[n:n + 1].reshape(1, -1)) ** 2).sum() / 2
        return F.cross_entropy(y, torch.tensor([(3 * n + 1) % 10]))
    each = [loss(n) for n in range(M)]
    grads = torch.stack([torch.autograd.grad(l, x)[0] for l in each]).numpy()
    g, s = grads.mean(0), grads.var(0, ddof=1)
    blocks, at = [], 0
    for size in sizes:
        k = np.arange(at, at + size)
        gb, sb = g[k], s[k]
        blocks.append({"norm": np.linalg.norm(gb), "dot": gb @ np.cos(k), "first": gb[0], "last": gb[-1],
                       "variance": sb.sum(), "variance_dot": sb @ np.cos(k)})
        at += size
    return {"loss": float(torch.stack(each).mean()), "blocks": blocks}


if __name__ == "__main__":
    out = {name: golden(*of) for name, of in NETWORKS.items()}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "networks.json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")
