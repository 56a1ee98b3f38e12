"""Writes torch.json: trajectories of PyTorch's own optimizers in float64, for a test to compare ours with.

    /usr/bin/python3 torch_trajectories.py

Made with PyTorch 1.13 as Debian has it (python3-torch). Gradients do not depend on the point, so that rounding does not
grow. Where a variant differs from ours, the note of the case says what was done about it.
"""

import json
import os

import torch

STEPS, D = 20, 4
START = [1.0, -2.0, 0.5, 0.25]
GRADIENTS = [[((7 * t + 5 * i + 3 * t * i + i * i) % 17 - 8) / 8 + (t == i) / 16 for i in range(D)] for t in range(STEPS)]
SCALES = [1.0] * 6 + [0.5] * 6 + [0.125] * 8

optim = torch.optim
torch.set_default_dtype(torch.float64)  # of scalars that optimizers keep in tensors, too


def case(name, setting, new, scaled=True, note="", average=None):
    """new opens the optimizer for a list of parameters, lr and all. scaled: the schedule acts on lr."""
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    o = new([x])
    lr = o.param_groups[0]["lr"]
    points, averages = [], []
    for t in range(STEPS):
        if scaled:
            o.param_groups[0]["lr"] = lr * SCALES[t]
        x.grad = torch.tensor(GRADIENTS[t], dtype=torch.float64)
        o.step()
        points.append(x.detach().tolist())
        if average:
            averages.append(o.state[x][average].tolist())
    out = {"optimizer": name, "setting": setting, "scaled": scaled, "note": note, "x": points}
    if averages:
        out["estimates"] = averages
    return out


adam = {"step_size": 0.01, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6}
torch_adam = {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6}
CASES = [
    case("sgd", {"step_size": 0.1}, lambda p: optim.SGD(p, lr=0.1)),
    case("heavy-ball", {"step_size": 0.1, "beta": 0.8}, lambda p: optim.SGD(p, lr=0.1, momentum=0.8), scaled=False,
         note="α is inside our velocity: equal at a constant step size only"),
    case("nesterov", {"step_size": 0.1, "beta": 0.8}, lambda p: optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
         scaled=False, note="α is inside our velocity: equal at a constant step size only"),
    case("adagrad", {"step_size": 0.1, "epsilon": 0}, lambda p: optim.Adagrad(p, lr=0.1, eps=0),
         note="ε is inside our root and outside theirs: equal at ε = 0 only"),
    case("rmsprop", {"step_size": 0.01, "beta": 0.8, "epsilon": 1e-6},
         lambda p: optim.RMSprop(p, lr=0.01, alpha=0.8, eps=1e-6)),
    case("adam", adam, lambda p: optim.Adam(p, **torch_adam)),
    case("adamw", {**adam, "weight_decay": 0.001}, lambda p: optim.AdamW(p, weight_decay=0.1, **torch_adam),
         note="our λ is that of one step, theirs times lr"),
    case("asgd", {"step_size": 0.1}, lambda p: optim.ASGD(p, lr=0.1, lambd=0, alpha=0, t0=-1), scaled=False, average="ax",
         note="without decay of x and of the step size; t0 = −1 averages from the first step on"),
    case("nadam", {**adam, "momentum_decay": 4e-3},
         lambda p: optim.NAdam(p, foreach=True, momentum_decay=4e-3, **torch_adam),
         note="foreach=True: that for one tensor has μ twice in a product, which PyTorch 2.0 corrects"),
    case("nadam", {**adam, "momentum_decay": 0.25},
         lambda p: optim.NAdam(p, foreach=True, momentum_decay=0.25, **torch_adam)),
    case("radam", adam, lambda p: optim.RAdam(p, **torch_adam)),
    case("amsgrad", adam, lambda p: optim.Adam(p, amsgrad=True, **torch_adam)),
    case("amsgrad", {**adam, "weight_decay": 0.1}, lambda p: optim.AdamW(p, amsgrad=True, weight_decay=0.1, **torch_adam)),
    case("adamax", adam, lambda p: optim.Adamax(p, **torch_adam)),
    case("adadelta", {"step_size": 0.5, "rho": 0.8, "epsilon": 1e-4},
         lambda p: optim.Adadelta(p, lr=0.5, rho=0.8, eps=1e-4)),
    case("rprop", {"step_size": 0.05}, lambda p: optim.Rprop(p, lr=0.05), scaled=False,
         note="their schedule has no effect: lr is the first step size alone"),
    case("rprop", {"step_size": 0.05, "shrink": 0.25, "growth": 1.5, "min_step": 0.02, "max_step": 0.08},
         lambda p: optim.Rprop(p, lr=0.05, etas=(0.25, 1.5), step_sizes=(0.02, 0.08)), scaled=False),
]


def l_bfgs(pairs, lr):
    """Points and gradients of L-BFGS without line search on a convex function; all steps but the first are lr times d."""
    x = torch.tensor(START, requires_grad=True)
    o = optim.LBFGS([x], lr=lr, max_iter=1, history_size=pairs)
    points, gradients = [], []

    def closure():
        o.zero_grad()
        f = sum((i + 1) * (u - i) ** 2 + (u - 0.5 * i) ** 4 for i, u in enumerate(x)) / 4 + x[0] * x[1] / 4
        f.backward()
        points.append(x.detach().tolist())
        gradients.append(x.grad.tolist())
        return f

    for _ in range(12):
        o.step(closure)
    return {"pairs": pairs, "lr": lr, "x": points, "gradients": gradients}


L_BFGS = l_bfgs(3, 0.5)


def rows(v, indent):
    return "[\n" + ",\n".join(indent + json.dumps(row) for row in v) + "\n" + indent[:-2] + "]"


if __name__ == "__main__":
    body = [f'  "torch": {json.dumps(torch.__version__)}', f'  "start": {START}', f'  "scales": {SCALES}',
            f'  "gradients": {rows(GRADIENTS, "    ")}']
    cases = []
    for c in CASES:
        parts = [f'      {json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}' for k, v in c.items() if k not in ("x", "estimates")]
        parts += [f'      {json.dumps(k)}: {rows(c[k], "        ")}' for k in ("x", "estimates") if k in c]
        cases.append("    {\n" + ",\n".join(parts) + "\n    }")
    body.append('  "cases": [\n' + ",\n".join(cases) + "\n  ]")
    parts = [f'    "pairs": {L_BFGS["pairs"]}', f'    "lr": {L_BFGS["lr"]}']
    parts += [f'    {json.dumps(k)}: {rows(L_BFGS[k], "      ")}' for k in ("x", "gradients")]
    body.append('  "l-bfgs": {\n' + ",\n".join(parts) + "\n  }")
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch.json"), "w", encoding="utf-8") as f:
        f.write("{\n" + ",\n".join(body) + "\n}\n")
