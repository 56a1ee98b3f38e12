"""Optimizers of PyTorch: any subclass of torch.optim.Optimizer."""

from __future__ import annotations

import copy
import inspect
import io
import random
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy
import torch

from . import _server, _signature
from .contract import AGAIN, Block, Measurement, Optimizer, OptimizerDef, Request, Start, derive
from .device import chosen_device, deterministic, environment, one_thread

_server.on_thread.append(one_thread)


class Parameter(torch.nn.Parameter):
    """A block of the point as optimizers see it; block says which, with its name and role."""

    block: Block


def define(optimizer: Callable[..., torch.optim.Optimizer], *, name: Optional[str] = None, version: str = "1",
           step_size: Optional[float] = None, tune: Optional[Mapping[str, Sequence[float]]] = None,
           defaults: Optional[Mapping[str, float]] = None, fixed: Optional[Mapping[str, Any]] = None,
           groups: Optional[Callable[[List[Parameter]], List[Dict[str, Any]]]] = None,
           estimate: Optional[Callable[[torch.optim.Optimizer, List[Parameter]], Sequence[torch.Tensor]]] = None,
           closure: Optional[bool] = None, copies: bool = False, outputs_first: bool = False,
           compiled: bool = False, device: Optional[str] = None,
           doc: str = "", source: str = "", dtypes: Sequence[str] = ("float32", "float64")) -> OptimizerDef:
    """Defines an optimizer by a class of PyTorch, or by a function with its signature.

    Hyperparameters are the arguments after the first that have numbers as defaults: lr is step_size, betas are beta1 and beta2,
    switches are 0 or 1. The parameters are tensors that share memory with the point, one for each block, with its shape; their
    attribute block has name, role and axis of outputs.

    step_size: where the search of the step size starts; default: that of lr
    tune: hyperparameters that the protocol tunes beside it, by name: (least, greatest), or a list of values
    defaults: other defaults than the signature has, by hyperparameter
    fixed: arguments that are given as they are, such as {"line_search_fn": "strong_wolfe"}
    groups: parameter groups from the list of parameters, as PyTorch takes them; "lr_factor" in a group multiplies its step size
    estimate: what is judged in the place of the parameters (averages): tensors in their order, from the optimizer and the
        parameters, which it must not change
    closure: whether step needs a closure that evaluates again; default: it does if its argument closure has no default. Each
        evaluation but the first at an unmoved point is a measurement of its own, which the budget is charged for
    copies: give the optimizer copies of gradients, since it changes them in place
    outputs_first: give layers the axes that PyTorch has, outputs first, whatever their blocks have; costs a copy where these have
        them last. For optimizers that go by the shape of a matrix
    compiled: compile step by torch.compile
    device: where the parameters lie; default: NOISEBENCH_DEVICE if the host sets it, else the CPU
    """
    fixed, defaults = dict(fixed or {}), dict(defaults or {})
    skip = 1  # the parameters; the signature of a class has no self
    found, arguments = _signature.read(optimizer, skip, step_size, tune, fixed, defaults)
    title = getattr(optimizer, "__name__", "optimizer")
    theirs = (getattr(optimizer, "__module__", "") or "").startswith("torch.optim")
    if closure is None:
        step = inspect.signature(getattr(optimizer, "step", lambda closure=None: None)).parameters.get("closure")
        closure = step is not None and step.default is step.empty
    target = torch.device(device) if device else chosen_device()
    if target.type != "cpu":
        deterministic()  # what optimizers compute on the CPU by one thread is
    if name is None:
        name = "torch-" + title.lower().replace("_", "-") if theirs else _signature.hyphenated(title)

    def open_(start: Start) -> Optimizer:
        keywords = {**fixed, **{a.name: a.value(start.setting) for a in arguments}}
        how = _How(optimizer, keywords, groups, estimate, copies, outputs_first, compiled, target)
        return _Closure(how, start) if closure else _Torch(how, start)

    return OptimizerDef(
        name=name, open=open_, hyperparameters=found, version=version,
        doc=doc or _signature.doc_of(optimizer, f"{title}, by PyTorch") + (f"\n\nFixed: {_signature.fixed_names(fixed)}" if fixed else ""),
        source=source or f"{getattr(optimizer, '__module__', '?')}.{title}, PyTorch {torch.__version__}", averages=estimate is not None,
        trials=closure, saves=not closure, dtypes=dtypes, environment=environment(target))


class _How:
    """What define was told."""

    def __init__(self, new: Callable[..., torch.optim.Optimizer], keywords: Dict[str, Any], groups: Any, estimate: Any, copies: bool,
                 outputs_first: bool, compiled: bool, device: torch.device) -> None:
        self.new, self.keywords, self.groups, self.estimate = new, keywords, groups, estimate
        self.copies, self.outputs_first, self.compiled, self.device = copies, outputs_first, compiled, device


def shaped(flat: torch.Tensor, blocks: Sequence[Block], outputs_first: bool = False) -> List[torch.Tensor]:
    """Views of a vector, one for each block, with its shape. With outputs_first those of layers are as PyTorch has them; that of
    an embedding, which has a row for each token, is already."""
    views = []
    for b in blocks:
        v = flat[b.offset:b.offset + b.len]
        if len(b.shape) > 1:
            v = v.view(b.shape)
            if outputs_first and _turned(b):
                v = v.movedim(-1, 0)
        views.append(v)
    return views


def _turned(b: Block) -> bool:
    """Whether PyTorch has the axes of a block in another order."""
    return len(b.shape) > 1 and b.output != 0 and b.role != "embedding"


class _Torch(Optimizer):
    """A run of an optimizer that needs no closure."""

    def __init__(self, how: _How, start: Start) -> None:
        self.how, self.dim = how, start.dim
        self.dtype = torch.float32 if start.dtype == "float32" else torch.float64
        self.blocks = start.blocks or [Block("x", 0, start.dim)]
        torch.set_default_dtype(self.dtype)  # of the scalars that optimizers keep in tensors
        seed = derive(start.seed, "optimizer")
        torch.manual_seed(seed)
        numpy.random.seed(seed % 2**32)
        random.seed(seed)
        self.home = torch.zeros(start.dim, dtype=self.dtype, device=how.device)  # until the point comes, and where it is no CPU's
        self.turned = [how.outputs_first and _turned(b) for b in self.blocks]
        self.parameters = []
        for b, view in zip(self.blocks, self.views(self.home)):
            p = Parameter(view.contiguous())
            p.block = b
            self.parameters.append(p)
        given = how.groups(list(self.parameters)) if how.groups else list(self.parameters)
        factors = [g.pop("lr_factor", 1.0) if isinstance(g, dict) else 1.0 for g in given] if how.groups else [1.0]
        self.optimizer = how.new(given, **how.keywords)
        if how.groups and sum(len(g["params"]) for g in self.optimizer.param_groups) != len(self.parameters):
            raise ValueError("groups leaves out some of the parameters, want each in one group")
        for g, factor in zip(self.optimizer.param_groups, factors):
            if "lr" in g and factor != 1.0:
                g["lr"] *= factor
        self.scale = 1.0
        self.steps = 0
        self.x: Optional[numpy.ndarray] = None  # whose memory the parameters share
        self.g: Optional[numpy.ndarray] = None
        self.gradient: Optional[torch.Tensor] = None
        self.gradients: List[torch.Tensor] = []
        self.given: List[torch.Tensor] = []  # the parameters' gradients
        self.places = self.views(self.home)  # of the point, that are the parameters
        self.versions = 0
        self.do: Callable[..., Any] = self.optimizer.step
        if how.compiled:
            self.do = torch.compile(self.optimizer.step)  # type: ignore[attr-defined]

    def views(self, flat: torch.Tensor) -> List[torch.Tensor]:
        return shaped(flat, self.blocks, self.how.outputs_first)

    def here(self, x: numpy.ndarray) -> None:
        """Lets the parameters be the point: they share its memory unless that is on another device or has other axes."""
        if self.how.device.type != "cpu":
            self.home.copy_(torch.from_numpy(x))
        elif x is not self.x:
            self.places = self.views(torch.from_numpy(x))
        elif not any(self.turned):
            return
        with torch.no_grad():
            for p, place, turned in zip(self.parameters, self.places, self.turned):
                if turned:
                    p.copy_(place)
                elif p.data_ptr() != place.data_ptr():
                    p.data = place
        self.x = x

    def told(self, g: numpy.ndarray) -> None:
        """Lets the parameters' gradients be the measured one."""
        if self.how.device.type != "cpu" or self.how.copies or any(self.turned):
            if self.gradient is None:
                self.gradient = torch.empty(self.dim, dtype=self.dtype, device=self.how.device)
                self.gradients = self.views(self.gradient)
            self.gradient.copy_(_tensor(g))
            given = [v.contiguous() for v in self.gradients]  # itself, or a copy of what has other axes
        elif g is not self.g:
            given = self.gradients = self.views(_tensor(g))
            self.g = g
        else:
            given = self.gradients
        for p, view in zip(self.parameters, given):
            p.grad = view
        self.given = given
        self.versions = sum(v._version for v in given)

    def rescale(self, scale: float) -> None:
        """Multiplies the step sizes by the schedule's factor."""
        if scale != self.scale:
            for g in self.optimizer.param_groups:
                if "lr" in g:
                    if g.get("_noisebench_lr") != (self.scale, g["lr"]):  # at first, or where the optimizer has changed it itself
                        g["_noisebench_base"] = g["lr"] / self.scale if self.scale else g.get("_noisebench_base", g["lr"])
                    g["lr"] = g["_noisebench_base"] * scale
                    g["_noisebench_lr"] = (scale, g["lr"])
            self.scale = scale

    def back(self) -> None:
        """Writes the parameters to the point, where they do not share its memory, or the optimizer has let them share another."""
        with torch.no_grad():
            for p, place, turned in zip(self.parameters, self.places, self.turned):
                if turned or p.data_ptr() != place.data_ptr():
                    place.copy_(p)
                    if not turned:
                        p.data = place
        if self.how.device.type != "cpu":
            torch.from_numpy(self.x).copy_(self.home)

    def step(self, x: numpy.ndarray, m: Measurement) -> Optional[Request]:
        self.here(x)
        self.told(m.gradient)
        self.rescale(m.step_scale)
        self.do()
        self.back()
        if self.given is self.gradients and sum(v._version for v in self.given) != self.versions:
            raise RuntimeError(f"{type(self.optimizer).__name__} changes gradients in place; define it with copies=True")
        self.steps += 1
        return None

    def estimate(self, x: numpy.ndarray, out: numpy.ndarray) -> None:
        if not self.steps or self.how.estimate is None:
            out[:] = x
            return
        self.here(x)
        with torch.no_grad():
            estimates = list(self.how.estimate(self.optimizer, self.parameters))
            if len(estimates) != len(self.parameters):
                raise ValueError(f"estimate returned {len(estimates)} tensors, want one for each of {len(self.parameters)} parameters")
            for view, e in zip(self.views(torch.from_numpy(out)), estimates):
                view.copy_(e)

    def save(self) -> bytes:
        state = {"optimizer": self.optimizer.state_dict(), "point": (self.dim, str(self.dtype)), "scale": self.scale, "steps": self.steps,
                 "random": (torch.get_rng_state(), numpy.random.get_state(), random.getstate())}
        if self.how.device.type == "cuda":
            state["device_random"] = torch.cuda.get_rng_state(self.how.device)
        buffer = io.BytesIO()
        torch.save(state, buffer)
        return buffer.getvalue()

    def restore(self, data: bytes) -> None:
        try:
            more = {"weights_only": False} if "weights_only" in inspect.signature(torch.load).parameters else {}
            state = torch.load(io.BytesIO(data), map_location=self.how.device, **more)
            saved, point = state["optimizer"], state["point"]
        except Exception as e:
            raise ValueError(f"the data are no saved state of {type(self.optimizer).__name__}: {e}") from e
        if point != (self.dim, str(self.dtype)):
            raise ValueError(f"the saved state is of {point[0]} elements of {point[1]}, want {self.dim} of {self.dtype}")
        groups = self.optimizer.param_groups
        if type(self.optimizer).load_state_dict is torch.optim.Optimizer.load_state_dict:
            # As load_state_dict, which however converts to the parameters' type what may have been kept in another one.
            order = [p for g in groups for p in g["params"]]
            names = [i for g in saved["param_groups"] for i in g["params"]]
            place = dict(zip(names, order))
            for key, value in saved["state"].items():
                self.optimizer.state[place.get(key, key)] = value
            for g, old in zip(groups, saved["param_groups"]):
                g.update({k: v for k, v in old.items() if k != "params"})
        else:
            self.optimizer.load_state_dict(saved)
        self.scale, self.steps = state["scale"], state["steps"]
        torch_state, numpy_state, own = state["random"]
        torch.set_rng_state(torch_state.cpu())
        numpy.random.set_state(numpy_state)
        random.setstate(own)
        if self.how.device.type == "cuda":
            torch.cuda.set_rng_state(state["device_random"].cpu(), self.how.device)


def _tensor(a: numpy.ndarray) -> torch.Tensor:
    """A tensor on an array's memory. What came inside a message cannot be written to, and is copied."""
    return torch.from_numpy(a if a.flags.writeable else a.copy())


class _Ended(BaseException):
    """Ends a step that waits for a measurement that will not come."""


class _Closure(_Torch):
    """A run of an optimizer whose step evaluates again. The step runs in a thread of its own and is held whenever it needs a
    measurement, since noisebench drives: measurements come to optimizers, which never ask for them in the middle of a step."""

    def __init__(self, how: _How, start: Start) -> None:
        how = copy.copy(how)
        how.copies = True  # closures set gradients to zero
        super().__init__(how, start)
        self.thread: Optional[threading.Thread] = None
        self.go, self.held = threading.Semaphore(0), threading.Semaphore(0)
        self.loss = 0.0
        self.failed: Optional[BaseException] = None
        self.done = self.ended = self.fresh = False
        self.moved = 0

    def version(self) -> int:
        return sum(p._version for p in self.parameters)

    def step(self, x: numpy.ndarray, m: Measurement) -> Optional[Request]:
        self.here(x)
        self.told(m.gradient)
        self.loss = m.loss
        if self.thread is None:
            self.rescale(m.step_scale)
            self.done, self.failed, self.fresh, self.moved = False, None, True, self.version()
            self.thread = threading.Thread(target=self.run, daemon=True)
            self.thread.start()
        else:
            self.go.release()
        self.held.acquire()
        self.back()
        if not self.done:
            return Request(draw=AGAIN, trial=True)
        self.thread.join()
        self.thread = None
        if self.failed is not None:
            raise self.failed
        self.steps += 1
        return None

    def run(self) -> None:
        _server.prepare_thread()
        try:
            self.optimizer.step(self.closure)
        except _Ended:
            return
        except BaseException as e:
            self.failed = e
        self.done = True
        self.held.release()

    def closure(self, *_: Any, **__: Any) -> torch.Tensor:
        if not (self.fresh and self.version() == self.moved):  # else the batch was measured here
            self.held.release()
            self.go.acquire()
            if self.ended:
                raise _Ended
        self.fresh = False
        for p, view in zip(self.parameters, self.given):
            p.grad = view
        return torch.tensor(self.loss, dtype=torch.float64)

    def close(self) -> None:
        if self.thread is not None:
            self.ended = True
            self.go.release()
            self.thread.join(1)

