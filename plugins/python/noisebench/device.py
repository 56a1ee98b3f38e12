"""The device of a process, and what makes PyTorch's bits its own alone."""

from __future__ import annotations

import os
from typing import Dict

import torch


def chosen_device() -> torch.device:
    """The accelerator that the host names by NOISEBENCH_DEVICE, an index; else the CPU."""
    index = os.environ.get("NOISEBENCH_DEVICE", "")
    if index == "":
        return torch.device("cpu")
    found = torch.cuda.device_count()
    if not index.isdecimal() or int(index) >= found:
        raise RuntimeError(f"NOISEBENCH_DEVICE is {index}, but PyTorch {torch.__version__} finds {found or 'no'} CUDA devices")
    return torch.device("cuda", int(index))


def one_thread() -> None:
    """Sums must not depend on how many threads share them (R2): noisebench makes runs side by side instead."""
    torch.set_num_threads(1)


def deterministic() -> None:
    """Lets PyTorch use deterministic algorithms alone, and refuse what has none."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def environment(device: torch.device) -> Dict[str, str]:
    """What a definition on a device declares beside versions."""
    found = {"device": "cpu"}
    if device.type == "cuda":
        found = {"device": torch.cuda.get_device_name(device), "cuda": str(torch.version.cuda),
                 "cudnn": str(torch.backends.cudnn.version())}
    if torch.are_deterministic_algorithms_enabled():
        found["deterministic"] = "yes"
    return found
