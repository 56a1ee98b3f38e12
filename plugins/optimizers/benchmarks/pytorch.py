"""Times steps of optimizers for matrices in PyTorch, on request.

Each line of input names an optimizer; the answer is a line with the seconds that its next ten steps took. The blocks are those
of main.go, as outputs × inputs.
"""

import sys
import time

import torch

BLOCKS = [(32, 25), (32,), (64, 800), (64,), (1024, 3136), (1024,), (10, 1024), (10,)]
HIDDEN = [0, 2, 4]
LONGEST = 1024
torch.manual_seed(1)
gradients = [[torch.randn(shape) for shape in BLOCKS] for _ in range(2)]


class AdamW:
    def __init__(self):
        self.t = 0

    def direction(self, g, state, beta1, beta2, epsilon):
        m = state.setdefault("m", torch.zeros_like(g))
        v = state.setdefault("v", torch.zeros_like(g))
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = (v / (1 - beta2**self.t)).sqrt_().add_(epsilon)
        return (m / (1 - beta1**self.t)).div_(root)

    def one(self, k, x, g, state):
        x.add_(self.direction(g, state, 0.9, 0.95, 1e-10), alpha=-1e-3)

    def step(self, xs, gs, states):
        self.t += 1
        for k, (x, g, state) in enumerate(zip(xs, gs, states)):
            self.one(k, x, g, state)


class Muon(AdamW):
    def one(self, k, x, g, state):
        if k not in HIDDEN:
            return super().one(k, x, g, state)
        m = state.setdefault("m", torch.zeros_like(g))
        m.lerp_(g, 0.05)
        y = g.lerp(m, 0.95)
        tall = y.size(0) > y.size(1)
        y = y.T if tall else y
        y = y / (y.norm() + 1e-7)
        for _ in range(5):
            a = y @ y.T
            y = 3.4445 * y + (-4.7750 * a + 2.0315 * a @ a) @ y
        y = y.T if tall else y
        x.add_(y, alpha=-0.02 * max(1, x.size(0) / x.size(1)) ** 0.5)


class Soap(AdamW):
    def one(self, k, x, g, state):
        if x.dim() < 2:
            return super().one(k, x, g, state)
        sides = [n if n <= LONGEST else 0 for n in x.shape]
        if "grams" not in state:
            state["grams"] = [torch.zeros(n, n) for n in sides]
            state["bases"] = [torch.eye(n) for n in sides]

        def turn(a, back):
            left, right = state["bases"]
            if sides[0]:
                a = (left if back else left.T) @ a
            if sides[1]:
                a = a @ (right.T if back else right)
            return a

        if self.t > 1:
            m = state.setdefault("m", torch.zeros_like(g))
            v = state.setdefault("v", torch.zeros_like(g))
            turned = turn(g, False)
            m.lerp_(turned, 0.05)
            v.mul_(0.95).addcmul_(turned, turned, value=0.05)
            x.add_(turn(m / (v.sqrt() + 1e-8), True), alpha=-3e-3)
            again = self.t % 10 == 1
            outside = turn(m, True) if again else None
        for i, n in enumerate(sides):
            if not n:
                continue
            state["grams"][i].lerp_(g @ g.T if i == 0 else g.T @ g, 0.05)
            if self.t == 1:
                state["bases"][i] = torch.linalg.eigh(state["grams"][i])[1].flip(1)
            elif self.t % 10 == 1:
                image = state["grams"][i] @ state["bases"][i]
                order = (image * state["bases"][i]).sum(0).argsort(descending=True)
                v.copy_(v.index_select(i, order))
                state["bases"][i] = torch.linalg.qr(image[:, order])[0]
        if self.t > 1 and again:
            m.copy_(turn(outside, False))


optimizers = {"adamw": AdamW(), "muon": Muon(), "soap": Soap()}
points = {name: ([torch.ones(shape) for shape in BLOCKS], [{} for _ in BLOCKS]) for name in optimizers}
for line in sys.stdin:
    name = line.strip()
    start = time.perf_counter()
    with torch.no_grad():
        for i in range(10):
            optimizers[name].step(points[name][0], gradients[i % 2], points[name][1])
    print(time.perf_counter() - start, flush=True)
