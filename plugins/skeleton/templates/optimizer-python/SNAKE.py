"""{{.Name}}: say here what it is and where it is published."""

import torch


class {{.Camel}}(torch.optim.Optimizer):
    """SGD with momentum. Put your method in its place: arguments with numbers as defaults are its
    hyperparameters, lr is the step size."""

    def __init__(self, params, lr=0.1, momentum=0.9):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if "m" not in state:
                    state["m"] = torch.zeros_like(p)
                state["m"].mul_(group["momentum"]).add_(p.grad)
                p.add_(state["m"], alpha=-group["lr"])
