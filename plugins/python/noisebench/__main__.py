"""Serves what references name: python3 -m noisebench torch.optim:NAdam, or my_optimizer:MyAdam, or path/to/file.py:MyAdam."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from typing import Any

import noisebench


def resolve(reference: str) -> Any:
    """The definition that a reference names: a class of PyTorch, a function on numpy arrays, a transformation of optax, or
    whatever a module has defined by noisebench.torch, optax, function or problem."""
    module, _, name = reference.rpartition(":")
    if not module or not name:
        raise ValueError(f"{reference!r} names nothing; want MODULE:NAME, such as torch.optim:NAdam")
    if module.endswith(".py"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(module)))
        module = os.path.basename(module)[:-len(".py")]
    what = importlib.import_module(module)
    for part in name.split("."):
        if not hasattr(what, part):
            raise ValueError(f"module {module} has no {name}")
        what = getattr(what, part)
    if isinstance(what, (noisebench.OptimizerDef, noisebench.ProblemDef)):
        return what
    torch = sys.modules.get("torch")
    if torch is not None and inspect.isclass(what) and issubclass(what, torch.optim.Optimizer):
        return noisebench.torch(what)
    if (getattr(what, "__module__", "") or "").split(".")[0] == "optax":
        return noisebench.optax(what)
    if inspect.isfunction(what):
        return noisebench.function(what)
    raise ValueError(f"{reference} is {what!r}; want a class of torch.optim.Optimizer, a transformation of optax, a function "
                     "step(x, g, state), or what noisebench.torch, optax, function or problem return")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {os.path.basename(sys.executable)} -m noisebench MODULE:NAME ...")
    try:
        definitions = [resolve(reference) for reference in sys.argv[1:]]
    except (ValueError, ImportError) as e:
        sys.exit(str(e))
    noisebench.serve(*definitions)
