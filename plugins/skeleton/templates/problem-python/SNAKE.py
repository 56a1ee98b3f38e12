"""{{.Name}}: say here what it is and where it is published."""

import torch
from torch import nn
from torch.utils.data import TensorDataset


class {{.Camel}}(nn.Sequential):
    """A network of two layers. Put your model in its place."""

    def __init__(self):
        super().__init__(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))


def spirals(n, seed):
    """n points on two noisy spirals, and which of them each is on. Put your data in their place."""
    g = torch.Generator().manual_seed(seed)
    turn, label = 3 * torch.rand(n, generator=g), torch.randint(2, (n,), generator=g)
    angle = 2 * turn + torch.pi * label
    points = torch.stack([turn * angle.cos(), turn * angle.sin()], 1) / 3
    return TensorDataset(points + 0.05 * torch.randn(n, 2, generator=g), label)
