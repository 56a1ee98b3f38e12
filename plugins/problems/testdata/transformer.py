"""Writes transformer.json: loss, gradient and variance of opticks-transformer's network by PyTorch, in float64, at a made-up
point and batch. Run: python3 testdata/transformer.py [time]; with "time", it times float32 on one thread instead."""
import json, math, os, sys, time
import numpy as np
import torch
import torch.nn.functional as F

WORDS, T, HEADS = 91, 64, 4


def shapes(layers, d):
    """The blocks of parameters in their order, by what they are, of a transformer with d dimensions."""
    block = [("scale", (d,)), ("bias", (d,)), ("qkv", (d, 3 * d)), ("bias", (3 * d,)), ("out", (d, d)), ("bias", (d,)),
             ("scale", (d,)), ("bias", (d,)), ("up", (d, 4 * d)), ("bias", (4 * d,)), ("down", (4 * d, d)), ("bias", (d,))]
    return [("embedding", (WORDS, d)), ("positions", (T, d))] + layers * block + \
        [("scale", (d,)), ("bias", (d,)), ("output", (d, WORDS))]


SHAPES = shapes(2, 64)
SIZES = [math.prod(s) for _, s in SHAPES]


def point():
    i = np.arange(sum(SIZES), dtype=np.float64)
    x = 0.1 * np.sin(0.7 * i + 0.001 * (i % 977) ** 2)
    at = 0
    for (name, _), size in zip(SHAPES, SIZES):
        if name == "scale":
            x[at:at + size] += 1
        at += size
    return x.astype(np.float32).astype(np.float64)


def batch(m):
    t = np.arange(m * (T + 1)).reshape(m, T + 1)
    return torch.tensor((7 * t * t + 3 * t + t // 5) % WORDS)


def loss(x, tokens):
    return loss_of([v.reshape(s) for v, (_, s) in zip(torch.split(x, SIZES), SHAPES)], tokens)


def loss_of(w, tokens):
    """The mean loss of sequences of T + 1 tokens, by the blocks of parameters."""
    d = w[0].shape[1]
    mask = torch.full((T, T), -math.inf, dtype=w[0].dtype).triu(1)
    h = w[0][tokens[:, :-1]] + w[1]
    m = len(tokens)
    for at in range(2, len(w) - 3, 12):
        g1, b1, wq, bq, wo, bo, g2, b2, wu, bu, wd, bd = w[at:at + 12]
        q, k, v = [a.reshape(m, T, HEADS, d // HEADS).transpose(1, 2)
                   for a in (F.layer_norm(h, (d,), g1, b1) @ wq + bq).split(d, 2)]
        p = (q @ k.transpose(2, 3) / math.sqrt(d // HEADS) + mask).softmax(3)
        h = h + (p @ v).transpose(1, 2).reshape(m, T, d) @ wo + bo
        h = h + F.gelu(F.layer_norm(h, (d,), g2, b2) @ wu + bu, approximate="tanh") @ wd + bd
    logits = F.layer_norm(h, (d,), w[-3], w[-2]) @ w[-1]
    return F.cross_entropy(logits.reshape(-1, WORDS), tokens[:, 1:].reshape(-1))


def golden():
    x = torch.tensor(point(), requires_grad=True)
    tokens = batch(3)
    each = [loss(x, tokens[i:i + 1]) for i in range(3)]
    grads = torch.stack([torch.autograd.grad(l, x)[0] for l in each]).numpy()
    g, s = grads.mean(0), grads.var(0, ddof=1)
    blocks, at = [], 0
    for size in SIZES:
        i = np.arange(at, at + size)
        gb, sb = g[i], s[i]
        blocks.append({"norm": np.linalg.norm(gb), "dot": gb @ np.cos(i), "first": gb[0], "last": gb[-1],
                       "variance": sb.sum(), "variance_dot": sb @ np.cos(i)})
        at += size
    out = {"loss": float(torch.stack(each).mean()), "blocks": blocks}
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "transformer.json"), "w") as f:
        json.dump(out, f, indent=1)
        f.write("\n")


def timing(m=16):
    torch.set_num_threads(1)
    x = torch.tensor(point(), dtype=torch.float32, requires_grad=True)
    tokens = batch(m)

    def gradient():
        return torch.autograd.grad(loss(x, tokens), x)[0]

    def each():
        return torch.stack([torch.autograd.grad(loss(x, tokens[i:i + 1]), x)[0] for i in range(m)]).var(0)

    def vectorised():
        from functorch import grad, vmap
        return vmap(grad(lambda x, t: loss(x, t[None])), (None, 0))(x.detach(), tokens).var(0)

    for f in gradient, each, vectorised:
        try:
            f()
        except Exception as e:  # functorch is a package of its own before PyTorch 2
            print(f.__name__, "cannot run:", e)
            continue
        times = []
        for _ in range(20):
            start = time.perf_counter()
            f()
            times.append(time.perf_counter() - start)
        print(f"{f.__name__}: median {1e3 * np.median(times):.2f} ms, least {1e3 * min(times):.2f} ms")


if __name__ == "__main__":
    timing() if "time" in sys.argv[1:] else golden()
