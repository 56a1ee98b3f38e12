"""Optimizers of optax: any function that makes a gradient transformation."""

from __future__ import annotations

import inspect
import os
import pickle
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

_INDEX = os.environ.get("NOISEBENCH_DEVICE", "")
if _INDEX:  # before JAX starts
    os.environ["XLA_FLAGS"] = (os.environ.get("XLA_FLAGS", "") + " --xla_gpu_deterministic_ops=true").strip()

import jax
import numpy
import optax

from . import _signature
from .contract import Block, Measurement, Optimizer, OptimizerDef, Request, Start


def chosen_device() -> Any:
    """The accelerator that the host names by NOISEBENCH_DEVICE, an index; else the CPU."""
    if not _INDEX:
        return jax.devices("cpu")[0]
    found = [d for d in jax.devices() if d.platform != "cpu"]
    if not _INDEX.isdecimal() or int(_INDEX) >= len(found):
        raise RuntimeError(f"NOISEBENCH_DEVICE is {_INDEX}, but JAX finds {len(found) or 'no'} accelerators")
    return found[int(_INDEX)]


def define(transformation: Callable[..., Any], *, name: Optional[str] = None, version: str = "1", step_size: Optional[float] = None,
           tune: Optional[Mapping[str, Sequence[float]]] = None, defaults: Optional[Mapping[str, float]] = None,
           fixed: Optional[Mapping[str, Any]] = None, doc: str = "", source: str = "",
           dtypes: Sequence[str] = ("float32", "float64")) -> OptimizerDef:
    """Defines an optimizer by a function of optax, such as optax.lion, or one with its form: arguments with numbers as defaults are
    hyperparameters, learning_rate is step_size, and what it returns is a gradient transformation. Schedules of noisebench arrive
    as a factor on learning_rate, by optax.inject_hyperparams. Parameters are a list of arrays, one for each block, with its shape.
    Options are those of noisebench.torch. The state is saved; one that holds anything but arrays and numbers is refused.
    Transformations whose update evaluates the function again, such as optax.lbfgs, are not served."""
    fixed = dict(fixed or {})
    found, arguments = _signature.read(transformation, 0, step_size, tune, fixed, dict(defaults or {}))
    title = getattr(transformation, "__name__", "transformation")
    device = chosen_device()
    jax.config.update("jax_default_device", device)
    jax.config.update("jax_default_matmul_precision", "highest")  # products are not rounded to TF32 or bfloat16
    theirs = (getattr(transformation, "__module__", "") or "").startswith("optax")
    if name is None:
        name = ("optax-" if theirs else "") + _signature.hyphenated(title)

    def open_(start: Start) -> Optimizer:
        keywords = {**fixed, **{a.name: a.value(start.setting) for a in arguments}}
        rate = next((a.name for a in arguments if list(a.names) == ["step_size"]), None)
        return _Optax(transformation, keywords, rate, start)

    return OptimizerDef(
        name=name, open=open_, hyperparameters=found, version=version, doc=doc or _signature.doc_of(transformation, f"{title}, by optax"),
        source=source or f"{getattr(transformation, '__module__', '?')}.{title}, optax {optax.__version__}", dtypes=dtypes, saves=True,
        environment={"device": device.device_kind})


class _Optax(Optimizer):
    def __init__(self, transformation: Callable[..., Any], keywords: Dict[str, Any], rate: Optional[str], start: Start) -> None:
        jax.config.update("jax_enable_x64", start.dtype == "float64")  # whatever the run before this one has asked for
        self.start, self.rate = start, rate
        self.blocks = start.blocks or [Block("x", 0, start.dim)]
        if rate:
            self.base = keywords[rate] = float(keywords[rate])  # an integer would stay one, whatever it is multiplied by
            # All else is static: injected values are traced, which integers that decide about shapes must not be, and functions,
            # such as masks, would be taken for schedules.
            static = [n for n in inspect.signature(transformation).parameters if n != rate]
            self.transformation = optax.inject_hyperparams(transformation, static_args=static)(**keywords)
        else:
            self.transformation = transformation(**keywords)
        self.state: Any = None

        def move(gradient: Any, state: Any, point: Any) -> Any:
            updates, state = self.transformation.update(gradient, state, point)
            return optax.apply_updates(point, updates), state

        self.move = jax.jit(move)

    def arrays(self, flat: numpy.ndarray) -> List[Any]:
        return [jax.numpy.array(flat[b.offset:b.offset + b.len].reshape(b.shape or (b.len,))) for b in self.blocks]

    def step(self, x: numpy.ndarray, m: Measurement) -> Optional[Request]:
        point = self.arrays(x)
        if self.state is None:
            self.state = self.transformation.init(point)
        if self.rate:
            known = self.state.hyperparams[self.rate]
            self.state.hyperparams[self.rate] = jax.numpy.asarray(self.base * m.step_scale, dtype=jax.numpy.asarray(known).dtype)
        point, self.state = self.move(self.arrays(m.gradient), self.state, point)
        for b, p in zip(self.blocks, point):
            x[b.offset:b.offset + b.len] = numpy.asarray(p).reshape(-1)
        return None

    def save(self) -> bytes:
        leaves = None if self.state is None else [numpy.asarray(v) for v in jax.tree_util.tree_leaves(self.state)]
        for v in leaves or ():
            if v.dtype.kind not in "biufcV":  # V: types of JAX's own, such as bfloat16
                raise ValueError(f"the state holds {v.item()!r}, which is neither an array nor a number, and cannot be saved")
        return pickle.dumps((self.start.dim, self.start.dtype, leaves), protocol=4)

    def restore(self, data: bytes) -> None:
        try:
            dim, dtype, leaves = pickle.loads(data)
        except Exception as e:
            raise ValueError(f"the data are no saved state of this optimizer: {e}") from e
        if (dim, dtype) != (self.start.dim, self.start.dtype):
            raise ValueError(f"the saved state is of {dim} elements of {dtype}, want {self.start.dim} of {self.start.dtype}")
        if leaves is None:
            self.state = None
            return
        fresh = self.transformation.init(self.arrays(numpy.zeros(dim, dtype)))
        self.state = jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(fresh), [jax.numpy.asarray(v) for v in leaves])
