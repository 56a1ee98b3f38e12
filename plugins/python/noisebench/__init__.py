"""Serves optimizers and test problems written in Python to noisebench, and reads its results.

    #!/usr/bin/env python3
    import noisebench, torch, my_optimizer
    noisebench.serve(noisebench.torch(my_optimizer.MyAdam, step_size=1e-3, tune={"weight_decay": (1e-5, 1e-1)}),
                     noisebench.torch(torch.optim.NAdam))

PyTorch, JAX and pandas are imported only by what uses them.
"""

from __future__ import annotations

import os as _os
from typing import Any as _Any

if _os.environ.get("NOISEBENCH_PLUGIN") == "ask-and-tell":
    # Before numpy and PyTorch are loaded: sums of theirs must not depend on the number of threads (R2).
    for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        _os.environ[_name] = "1"

from . import _server
from ._functions import function
from ._server import serve
from .contract import (AGAIN, ALL, COVARIANCE, EMPIRICAL_FISHER, FISHER, GAUSS_NEWTON, GRADIENT, HESSIAN, NEW, ORACLE,
                       SAMPLED_FISHER, SAMPLED_GRADIENT, VARIANCE, VARIANCE_NORM, Block, Hyperparameter, Measurement, Optimizer,
                       OptimizerDef, Problem, ProblemDef, Request, Spec, Start, derive)
from .records import load, rank

__all__ = [
    "AGAIN", "ALL", "COVARIANCE", "EMPIRICAL_FISHER", "FISHER", "GAUSS_NEWTON", "GRADIENT", "HESSIAN", "NEW", "ORACLE",
    "SAMPLED_FISHER", "SAMPLED_GRADIENT", "VARIANCE", "VARIANCE_NORM", "Block", "Hyperparameter", "Measurement", "Optimizer",
    "OptimizerDef", "Problem", "ProblemDef", "Request", "Spec", "Start", "derive", "function", "load", "optax", "problem", "rank",
    "serve", "torch",
]

if _server.hosted():
    _server.take_stdout()  # what the author's modules print must not come before the handshake


def torch(optimizer: _Any, **options: _Any) -> OptimizerDef:
    """Defines an optimizer by a class of PyTorch; see noisebench.torch_optimizers.define for the options."""
    from .torch_optimizers import define

    return define(optimizer, **options)


def optax(transformation: _Any, **options: _Any) -> OptimizerDef:
    """Defines an optimizer by a gradient transformation of optax; see noisebench.optax_optimizers.define for the options."""
    from .optax_optimizers import define

    return define(transformation, **options)


def problem(model: _Any, loss: _Any, train: _Any, validation: _Any = None, test: _Any = None, **options: _Any) -> ProblemDef:
    """Defines a test problem by a model of PyTorch and its data; see noisebench.torch_problems.define for the options."""
    from .torch_problems import define

    return define(model, loss, train, validation, test, **options)
