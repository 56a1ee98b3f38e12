"""Optimizers that are a function on numpy arrays."""

from __future__ import annotations

import inspect
import pickle
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy

from . import _signature
from .contract import GRADIENT, Measurement, Optimizer, OptimizerDef, Request, Start, derive


def function(step: Callable[..., Optional[Request]], *, name: Optional[str] = None, version: str = "1",
             step_size: Optional[float] = None, tune: Optional[Mapping[str, Sequence[float]]] = None,
             defaults: Optional[Mapping[str, float]] = None, needs: int = GRADIENT, chooses_batch_size: bool = False,
             trials: bool = False, full_batch: bool = False, doc: str = "", source: str = "",
             dtypes: Sequence[str] = ("float32", "float64")) -> OptimizerDef:
    """Defines an optimizer by a function step(x, g, state, …) that moves x, a numpy array, in place, given the gradient g.

    state is a dictionary of the run, empty at first, for whatever can be pickled; state["random"] is a numpy Generator of its own
    if the function has an argument random. Further arguments with numbers as defaults are hyperparameters: step_size (or lr) is
    given with the schedule's factor multiplied in. An argument named measurement is given the whole Measurement, and blocks the
    list of blocks. The function returns nothing, or a Request. Options are those of OptimizerDef and of noisebench.torch."""
    special = {"measurement", "random", "blocks", "start"}
    accepts = set(inspect.signature(step).parameters)
    found, arguments = _signature.read(step, 3, step_size, tune, {n: None for n in special}, dict(defaults or {}))
    title = getattr(step, "__name__", "step")
    return OptimizerDef(
        name=name or _signature.hyphenated(title), version=version, hyperparameters=found,
        open=lambda start: _Function(step, arguments, accepts & special, start),
        doc=doc or _signature.doc_of(step, f"the function {title}"), source=source or f"{step.__module__}.{title}", needs=needs,
        chooses_batch_size=chooses_batch_size, trials=trials, full_batch=full_batch, dtypes=dtypes, saves=True)


class _Function(Optimizer):
    def __init__(self, step: Callable[..., Optional[Request]], arguments: List[_signature.Argument], special: set, start: Start) -> None:
        self.do, self.special, self.start = step, special, start
        self.keywords = {a.name: a.value(start.setting) for a in arguments}
        self.sized = [a.name for a in arguments if a.names == ["step_size"]]
        self.state: Dict[str, Any] = {}
        if "random" in special:
            self.state["random"] = numpy.random.Generator(numpy.random.PCG64(derive(start.seed, "optimizer")))

    def step(self, x: numpy.ndarray, m: Measurement) -> Optional[Request]:
        keywords = dict(self.keywords)
        for name in self.sized:
            keywords[name] *= m.step_scale
        for name in self.special:
            keywords[name] = {"measurement": m, "random": self.state.get("random"), "blocks": self.start.blocks,
                              "start": self.start}[name]
        return self.do(x, m.gradient, self.state, **keywords)

    def save(self) -> bytes:
        return pickle.dumps((self.start.dim, self.start.dtype, self.state), protocol=4)

    def restore(self, state: bytes) -> None:
        try:
            dim, dtype, restored = pickle.loads(state)
        except Exception as e:
            raise ValueError(f"the data are no saved state of this optimizer: {e}") from e
        if (dim, dtype) != (self.start.dim, self.start.dtype):
            raise ValueError(f"the saved state is of {dim} elements of {dtype}, want {self.start.dim} of {self.start.dtype}")
        self.state = restored
