#!/usr/bin/env python3
"""A residual network on images of the shape of CIFAR-10's. The images are made up, so that nothing needs to be fetched: put
torchvision.datasets.CIFAR10 in their place."""

import noisebench
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import TensorDataset


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.norm2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.short = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if stride > 1 else nn.Identity()

    def forward(self, x):
        h = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(h)) + self.short(x))


class SmallResNet(nn.Sequential):
    """ResNet-8: three stages of one residual block."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), Residual(16, 16, 1), Residual(16, 32, 2),
            Residual(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def images(n, seed, size):
    """n images, each a pattern of its class with noise."""
    patterns = torch.randn(10, 3, size, size, generator=torch.Generator().manual_seed(0))
    g = torch.Generator().manual_seed(seed)
    classes = torch.randint(10, (n,), generator=g)
    return TensorDataset(0.3 * patterns[classes] + torch.randn(n, 3, size, size, generator=g), classes)


def define(train=2000, held_out=500, batch_size=64, size=32):
    return noisebench.problem(SmallResNet, nn.CrossEntropyLoss(), images(train, 1, size), images(held_out, 2, size),
                              images(held_out, 3, size), metric="accuracy", name="small-resnet", batch_size=batch_size, epochs=5)


if __name__ == "__main__":
    noisebench.serve(define())
