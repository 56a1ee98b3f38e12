#!/usr/bin/env python3
"""The plugins of the Go tests: what is served is named by the first argument."""
import os
import signal
import sys
import threading
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [HERE, os.path.join(HERE, "examples")]

import noisebench
import numpy


class Broken(noisebench.Optimizer):
    """Follows the gradient for three steps, then breaks."""

    def __init__(self, how):
        self.how, self.steps = how, 0
        if how == "constructor":
            raise RuntimeError("no run can begin")
        if how == "constructor-exits":
            sys.exit("no run can begin")

    def step(self, x, m):
        self.steps += 1
        x -= 0.1 * m.gradient
        if self.steps < 4:
            return None
        if self.how == "raises":
            self.deeper({})
        if self.how == "sys-exit":
            sys.exit(3)
        if self.how == "os-exit":
            print("the last words")
            os._exit(3)
        if self.how == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.how == "nan":
            x[0] = numpy.nan
        if self.how == "prints":
            for _ in range(200):
                print("x" * 100_000)
                print("y" * 1000, file=sys.stderr)
        if self.how == "wrong-length":
            x[:] = numpy.zeros(len(x) + 1)
        if self.how == "wrong-batch-size":
            return noisebench.Request(batch_size=-1)
        if self.how == "wrong-answer":
            return "as many as before"
        if self.how == "threads" and self.steps == 4:
            threading.Thread(target=self.talk).start()
        if self.how == "hangs":
            time.sleep(3600)
        return None

    def talk(self):
        while True:
            print("still here")
            time.sleep(0.001)

    def reports(self):
        return [1.0, 2.0] if self.how == "wrong-reports" else [1.0]

    def estimate(self, x, out):
        out[:] = numpy.zeros(len(out) + 1) if self.how == "wrong-estimate" else x

    def save(self):
        return "a text" if self.how == "wrong-state" else b""

    def restore(self, state):
        pass

    def deeper(self, empty):
        return empty["nothing is here"]


BREAKS = ("constructor", "constructor-exits", "raises", "sys-exit", "os-exit", "killed", "nan", "prints", "wrong-length", "wrong-batch-size",
          "wrong-answer", "wrong-reports", "wrong-estimate", "wrong-state", "threads", "hangs")


def broken(how):
    return noisebench.OptimizerDef(how, lambda start: Broken(how), [noisebench.contract.step_size(0.1)], doc=how, source="a test",
                                   reports=["number"], averages=how == "wrong-estimate", saves=how == "wrong-state")


def momentum(x, g, state, step_size=0.1, beta=0.9):
    """SGD with momentum on numpy arrays."""
    m = state.setdefault("m", numpy.zeros_like(x))
    m *= beta
    m += g
    x -= x.dtype.type(step_size) * m


def with_noise(x, g, state, random, measurement, step_size=0.1):
    """SGD with noise as large as that of the gradient."""
    x -= step_size * (g + numpy.sqrt(measurement.variance / measurement.batch_size) * random.standard_normal(len(x), dtype=x.dtype))


def full_steps(x, g, state, measurement, step_size=0.1):
    """Every second step is a second look at the batch, from a trial point."""
    if "trial" in state:
        x += state.pop("trial")
        x -= step_size * g
        return None
    state["trial"] = 0.05 * g
    x -= state["trial"]
    return noisebench.Request(draw=noisebench.AGAIN, trial=True)


def on_numpy():
    return [noisebench.function(momentum, tune={"beta": [0.5, 0.9]}),
            noisebench.function(with_noise, needs=noisebench.GRADIENT | noisebench.VARIANCE),
            noisebench.function(full_steps, trials=True)]


def on_torch():
    import torch
    from torch import optim

    class Sam(optim.Optimizer):
        """Sharpness-aware minimization: an SGD step with the gradient at the worst point nearby."""

        def __init__(self, params, lr=0.1, rho=0.05):
            super().__init__(params, {"lr": lr, "rho": rho})

        @torch.no_grad()
        def step(self, closure):
            for group in self.param_groups:
                norm = torch.stack([p.grad.norm() for p in group["params"]]).norm()
                moves = [p.grad * (group["rho"] / (norm + 1e-12)) for p in group["params"]]
                for p, e in zip(group["params"], moves):
                    p.add_(e)
                self.zero_grad()
                with torch.enable_grad():
                    closure()
                for p, e in zip(group["params"], moves):
                    p.sub_(e).sub_(p.grad, alpha=group["lr"])

    class Averaged(optim.SGD):
        """SGD whose iterates are averaged."""

        def __init__(self, params, lr=0.1):
            super().__init__(params, lr=lr)

        @torch.no_grad()
        def step(self):
            super().step()
            for group in self.param_groups:
                for p in group["params"]:
                    s = self.state[p]
                    s["n"] = s.get("n", 0) + 1
                    s.setdefault("mean", torch.zeros_like(p)).lerp_(p, 1 / s["n"])

    class Muon(optim.Optimizer):
        """Orthogonalized momentum for the groups that ask for it, AdamW for others: Jordan et al. 2024, as the public code
        (KellerJordan/Muon, 2025) computes it, but not in bfloat16."""

        def __init__(self, params, lr=0.02, momentum=0.95, adam_factor=0.015, beta1=0.9, beta2=0.95, eps=1e-10, weight_decay=0.0):
            super().__init__(params, {"lr": lr, "momentum": momentum, "adam_factor": adam_factor, "b": (beta1, beta2), "eps": eps,
                                      "weight_decay": weight_decay})

        @torch.no_grad()
        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    s = self.state[p]
                    s["n"] = s.get("n", 0) + 1
                    m = s.setdefault("m", torch.zeros_like(p))
                    step = group["lr"] * (1 if group["orthogonal"] else group["adam_factor"])
                    p.mul_(1 - step * group["weight_decay"])
                    if group["orthogonal"]:
                        m.lerp_(p.grad, 1 - group["momentum"])
                        u = p.grad.lerp(m, group["momentum"]).flatten(1)
                        p.sub_(step * max(1, u.shape[0] / u.shape[1]) ** 0.5 * self.orthogonal(u).view_as(p))
                    else:
                        b1, b2 = group["b"]
                        v = s.setdefault("v", torch.zeros_like(p))
                        m.lerp_(p.grad, 1 - b1)
                        v.lerp_(p.grad.square(), 1 - b2)
                        p.sub_(step * (m / (1 - b1 ** s["n"])) / ((v / (1 - b2 ** s["n"])).sqrt() + group["eps"]))

        @staticmethod
        def orthogonal(u):
            x = u / (u.norm() + 1e-7)
            for _ in range(5):
                a = x @ x.T
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
            return x

    class Spoiler(optim.SGD):
        """Changes gradients in place."""

        def __init__(self, params, lr=0.1):
            super().__init__(params, lr=lr)

        @torch.no_grad()
        def step(self):
            for p in self.param_groups[0]["params"]:
                p.grad.mul_(0.5)
            super().step()

    def hidden(parameters):
        matrices = [p for p in parameters if p.block.role == "weight" and p.dim() > 1]
        outer = [p for p in parameters if p.block.role in ("embedding", "output")]
        rest = [p for p in parameters if not any(p is m for m in matrices + outer)]
        return [{"params": matrices, "orthogonal": True}, {"params": outer, "orthogonal": False},
                {"params": rest, "orthogonal": False, "weight_decay": 0.0}]

    def rest(parameters):
        halves = [p for p in parameters if p.block.role == "bias"]
        return [{"params": [p for p in parameters if p.block.role != "bias"]}, {"params": halves, "lr_factor": 0.5}]

    def averages(optimizer, parameters):
        return [optimizer.state[p]["mean"] for p in parameters]

    served = [noisebench.torch(c) for c in (optim.Adam, optim.RAdam, optim.AdamW, optim.Adagrad, optim.RMSprop, optim.Adadelta,
                                            optim.Adamax, Sam)]
    return served + [
        noisebench.torch(optim.NAdam, fixed={"foreach": True}),  # the other way has a mistake before PyTorch 2
        noisebench.torch(optim.SGD, step_size=0.1, tune={"momentum": (0, 0.9)}),
        noisebench.torch(optim.SGD, step_size=0.1, name="slow-biases", groups=rest),
        noisebench.torch(optim.LBFGS, step_size=1, defaults={"max_iter": 4}),
        noisebench.torch(Averaged, estimate=averages),
        noisebench.torch(Muon, name="muon", groups=hidden, outputs_first=True),
        noisebench.torch(Spoiler),
        noisebench.torch(Spoiler, name="spoiler-of-copies", copies=True),
    ]


def problems():
    import torch
    from torch import nn
    from torch.utils.data import Dataset, TensorDataset

    g = torch.Generator().manual_seed(5)
    images, classes = torch.randn(300, 3, 8, 8, generator=g), torch.randint(0, 4, (300,), generator=g)
    text = torch.randint(0, 7, (200, 12), generator=g)

    class Augmented(Dataset):
        def __len__(self):
            return 200

        def __getitem__(self, i):
            return images[i] + 0.1 * torch.randn(3, 8, 8), classes[i]

    def part(a, b):
        return TensorDataset(images[a:b], classes[a:b])

    def cnn():
        return nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, stride=2), nn.GroupNorm(5, 5), nn.Tanh(), nn.Flatten(), nn.LayerNorm(80),
                             nn.Linear(80, 4))

    def norms():
        return nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.BatchNorm2d(5), nn.Tanh(), nn.Flatten(), nn.Linear(320, 4))

    def drop():
        return nn.Sequential(nn.Dropout2d(0.2), nn.Flatten(), nn.Linear(192, 10), nn.Tanh(), nn.Dropout(0.3), nn.Linear(10, 4))

    class Bare(nn.Module):
        """Has a parameter that belongs to no layer."""

        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(0.05 * torch.randn(192, 4))

        def forward(self, x):
            return torch.tanh(x.flatten(1) @ self.w)

    class Sequences(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.mix, self.out = nn.Embedding(7, 6), nn.Conv1d(6, 6, 3, padding=1), nn.Linear(6, 7)

        def forward(self, t):
            return self.out(torch.tanh(self.mix(self.embedding(t).transpose(1, 2)).transpose(1, 2))).transpose(1, 2)

    def on_images(model, train=part(0, 200), **options):
        return noisebench.problem(model, nn.CrossEntropyLoss(), train, part(200, 250), part(250, 300), metric="accuracy", batch_size=16,
                                  **options)

    def on_text(a, b):
        return TensorDataset(text[a:b, :-1].clone(), text[a:b, 1:].clone())

    return [
        on_images(cnn), on_images(norms), on_images(drop), on_images(Bare), on_images(cnn, name="cnn-double", dtype="float64"),
        on_images(cnn, Augmented(), name="augmented", plain_train=part(0, 200)),
        noisebench.problem(Sequences, nn.CrossEntropyLoss(), on_text(0, 100), on_text(100, 150), on_text(150, 200), batch_size=8),
    ]


class WideProblem(noisebench.Problem):
    """All of its elements depend on all that is read."""

    def init(self, x, seed):
        x[:] = 1 / (numpy.arange(len(x)) + seed)

    def measure(self, x, examples, seed, position, want, out):
        if seed == 13:
            raise ValueError("thirteen is out of stock")
        total = float(x.sum() + examples.sum())
        out.loss = total
        out.gradient[:] = x + total
        out.variance[:] = (x - total) ** 2

    def evaluate(self, x, part):
        return float(x.sum()), float(x[-1])


class WideOptimizer(noisebench.Optimizer):
    def step(self, x, m):
        x -= 0.1 * m.gradient + 0.2 * numpy.sqrt(m.variance)[::-1]

    def estimate(self, x, out):
        out[:] = x[::-1]


def wide():
    both = noisebench.GRADIENT | noisebench.VARIANCE
    spec = lambda s: noisebench.Spec(dim=int(s["dim"]), dtype="float64", batch_size=1, budget=1, measures=both)
    return [
        noisebench.ProblemDef("wide", spec, lambda s: WideProblem(), dtypes=("float64",),
                              parameters=[noisebench.contract.Hyperparameter("dim", 10, min=1, integer=True)]),
        noisebench.OptimizerDef("wide", lambda start: WideOptimizer(), [noisebench.contract.step_size(0.1)], needs=both, averages=True),
    ]


def on_optax():
    import stand_ins

    stand_ins.install()
    import optax

    def kept(parameters):
        """A mask: decay for all but biases, which have one axis."""
        return [p.ndim > 1 for p in parameters]

    return [noisebench.optax(optax.adam), noisebench.optax(optax.lion, step_size=1e-4, tune={"weight_decay": [0, 1e-3]}),
            noisebench.optax(optax.lion, name="masked-lion", fixed={"mask": kept})]


def examples():
    """Those of the folder examples, small."""
    import shutil
    import tempfile

    import nanogpt_small
    import small_resnet

    folder = tempfile.mkdtemp()
    for name, seed in (("train_000001", 1), ("train_000002", 2), ("val_000000", 3)):
        numbers = numpy.random.default_rng(seed).integers(0, 13, 100)
        with open(os.path.join(folder, f"fineweb_{name}.bin"), "wb") as f:
            f.write(numpy.array([20240520, 1, len(numbers)] + [0] * 253, "<i4").tobytes() + numbers.astype("<u2").tobytes())
    gpt = nanogpt_small.define(folder, vocabulary=13, layers=1, width=8, head=4, length=4, evaluated=12, batch=4, steps=50, microbatch=16,
                               autocast=None)
    spec = gpt.spec({})  # which reads the files; what is mapped stays when they are gone
    gpt.spec = lambda setting: spec
    shutil.rmtree(folder)
    return [gpt, small_resnet.define(train=60, held_out=20, batch_size=6, size=8)]


SERVED = {
    "numpy": on_numpy, "wide": wide, "torch": on_torch, "optax": on_optax, "problems": problems, "examples": examples,
    "broken": lambda: [broken(how) for how in BREAKS],
}

if __name__ == "__main__":
    print("a word before the handshake")
    noisebench.serve(*SERVED[sys.argv[1]]())
