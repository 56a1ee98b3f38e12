"""Times gradients of two networks in PyTorch, on request.

Each line of input names a network; the answer is a line with the seconds that one gradient took.
"""

import sys
import time

import torch
from torch import nn


def network(size):
    """The network of main.go: the pools have windows of the given size, stride 2 and TensorFlow's SAME padding."""
    def pool():
        if size == 2:
            return nn.MaxPool2d(2, 2)
        # After ReLU nothing is below 0, so that zeros at the end do not matter.
        return nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(3, 2))

    return nn.Sequential(
        nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), pool(),
        nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), pool(),
        nn.Flatten(), nn.Linear(7 * 7 * 64, 1024), nn.ReLU(), nn.Linear(1024, 10))


problems = {}
for name, size, batch in (("P1", 3, 64), ("fmnist_2c2d", 2, 128)):
    problems[name] = network(size), torch.randn(batch, 1, 28, 28), torch.randint(0, 10, (batch,))

loss = nn.CrossEntropyLoss()
for line in sys.stdin:
    net, images, labels = problems[line.strip()]
    start = time.perf_counter()
    net.zero_grad()
    loss(net(images), labels).backward()
    print(time.perf_counter() - start, flush=True)
