"""What a definition says of itself and what a session is told: the contract of noisebench's Go package protocol, in Python."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

# Quantities: bits of a set. The loss comes with every measurement.
GRADIENT = 1 << 0  # g, the mean of the examples' gradients; d elements
VARIANCE_NORM = 1 << 1  # the sum of s
VARIANCE = 1 << 2  # s = 1/(m-1) sum (g_i - g)^2, elementwise over the examples of the batch; d elements
FISHER = 1 << 3
EMPIRICAL_FISHER = 1 << 4
SAMPLED_FISHER = 1 << 5
HESSIAN = 1 << 6
GAUSS_NEWTON = 1 << 7
COVARIANCE = 1 << 8
ORACLE = 1 << 9
SAMPLED_GRADIENT = 1 << 10  # the gradient of -log p at labels drawn from the model; d elements
MATRICES = FISHER | EMPIRICAL_FISHER | SAMPLED_FISHER | HESSIAN | GAUSS_NEWTON | COVARIANCE

# The vectors of a measurement beside gradient and variance, in the order in which they travel: quantity and name.
MORE: Sequence[Tuple[int, str]] = (
    (FISHER, "fisher"), (EMPIRICAL_FISHER, "empirical_fisher"), (SAMPLED_FISHER, "sampled_fisher"), (HESSIAN, "hessian"),
    (GAUSS_NEWTON, "gauss_newton"), (COVARIANCE, "covariance"), (ORACLE, "true_gradient"), (ORACLE, "true_variance"),
    (SAMPLED_GRADIENT, "sampled_gradient"),
)

# What an optimizer may ask to be measured next.
NEW, AGAIN, ALL = 0, 1, 2


@dataclass
class Request:
    """What an optimizer wants to have measured next. The default is as many new examples as before and the standing needs."""

    batch_size: int = 0  # 0 keeps the size
    draw: int = NEW
    want: int = 0  # set of quantities within the needs; 0: all of them
    trial: bool = False  # x is a trial point, which evaluation must not judge


@dataclass(frozen=True)
class Block:
    """A named range of the point: the weights of a layer, say."""

    name: str
    offset: int
    len: int
    shape: Tuple[int, ...] = ()  # row-major; its product is len. (): a vector
    output: int = 0  # the axis of shape that numbers the layer's outputs: 0 or the last
    role: str = ""  # weight, bias, scale, embedding, output, or empty


@dataclass
class Hyperparameter:
    """A declared hyperparameter. step_size is the one that noisebench's search tunes."""

    name: str
    default: float
    doc: str = ""
    min: float = 0.0
    max: float = math.inf
    min_open: bool = False
    max_open: bool = False
    integer: bool = False
    log: bool = False  # its scale is logarithmic
    tuned: bool = False
    grid: Sequence[float] = ()  # if tuned and not step_size: the values to try, the default among them


def step_size(default: float) -> Hyperparameter:
    """The step size: any positive number, tuned by noisebench's search, which starts at default."""
    return Hyperparameter("step_size", default, "step size", min_open=True, log=True, tuned=True)


@dataclass
class Start:
    """What an optimizer knows before its first step."""

    setting: Dict[str, float]
    dim: int
    dtype: str  # float32 or float64
    blocks: List[Block]  # of x; may be empty
    batch_size: int
    train: int  # number of training examples; 0: endless
    budget: int  # examples
    seed: int
    constants: Dict[str, float] = field(default_factory=dict)


@dataclass
class Measurement:
    """What an optimizer learns about one batch. Vectors are numpy arrays on the host's memory: they must not be changed and not be
    kept. Those of matrices have d*d elements."""

    have: int
    batch_size: int
    loss: float
    variance_norm: float
    step: int  # the number of measurements before this one
    seen: int  # examples charged, this batch included
    step_scale: float  # the schedule's factor on the step size
    gradient: Any = None
    variance: Any = None
    more: Dict[str, Any] = field(default_factory=dict)  # by the names in MORE


class Optimizer:
    """One optimizer in one run. first is its first request."""

    first = Request()

    def step(self, x: Any, m: Measurement) -> Optional[Request]:
        """Moves x, a numpy array, in place; says what to measure next (None: the usual)."""
        raise NotImplementedError

    def estimate(self, x: Any, out: Any) -> None:
        """Writes the current estimate to out, for definitions with averages. It must not change x."""
        out[:] = x

    def reports(self) -> Sequence[float]:
        """The values for the last step, one for each name in the definition's reports."""
        return ()

    def save(self) -> bytes:
        """The state, for definitions with saves."""
        raise NotImplementedError

    def restore(self, state: bytes) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """The run has ended."""


@dataclass
class OptimizerDef:
    """An optimizer to serve. open makes an Optimizer for a run; sources are objects whose modules belong to its code."""

    name: str
    open: Callable[[Start], Optimizer]
    hyperparameters: List[Hyperparameter]
    version: str = "1"
    doc: str = ""
    source: str = ""
    needs: int = GRADIENT
    dtypes: Sequence[str] = ("float32", "float64")
    chooses_batch_size: bool = False
    averages: bool = False
    reports: Sequence[str] = ()
    trials: bool = False
    saves: bool = False
    full_batch: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Spec:
    """A problem at given parameters."""

    dim: int
    batch_size: int
    budget: int  # examples
    dtype: str = "float32"
    train: int = 0
    validation: int = 0
    test: int = 0
    measures: int = GRADIENT
    metric: str = "loss"
    higher_better: bool = False
    schedule: Sequence[Tuple[float, float]] = ()  # (fraction of the budget, factor from there on)
    blocks: Sequence[Block] = ()
    data: Sequence[Tuple[str, str]] = ()  # (name, SHA-256 in hexadecimal)
    constants: Mapping[str, float] = field(default_factory=dict)


class Problem:
    """A problem at fixed parameters, opened for one run. It is pure: no call may influence another."""

    def init(self, x: Any, seed: int) -> None:
        """Writes the starting point of runs with this seed to x."""
        raise NotImplementedError

    def measure(self, x: Any, examples: Any, seed: int, position: int, want: int, out: Measurement) -> None:
        """Measures a batch: sets out.loss, and the wanted quantities by writing to out's vectors and out.variance_norm.

        examples are numbers in [0, train), int64; seed and position key whatever is random about the i-th of them:
        (seed, position + i)."""
        raise NotImplementedError

    def evaluate(self, x: Any, part: str) -> Tuple[float, float]:
        """Loss and metric, exact means over the part: train, validation or test. No call depends on another."""
        raise NotImplementedError

    def close(self) -> None:
        """The run has ended."""


@dataclass
class ProblemDef:
    """A problem to serve."""

    name: str
    spec: Callable[[Dict[str, float]], Spec]
    open: Callable[[Dict[str, float]], Problem]
    parameters: List[Hyperparameter] = field(default_factory=list)
    version: str = "1"
    doc: str = ""
    source: str = ""
    dtypes: Sequence[str] = ("float32",)
    environment: Mapping[str, str] = field(default_factory=dict)


def derive(seed: int, purpose: str, *keys: int) -> int:
    """A seed of 63 bits for a generator of one purpose: different arguments give independent generators (R5)."""
    text = purpose.encode()
    data = (seed % 2**64).to_bytes(8, "little") + len(text).to_bytes(8, "little") + text
    data += b"".join((k % 2**64).to_bytes(8, "little") for k in keys)
    return int.from_bytes(hashlib.sha256(data).digest()[:8], "little") >> 1
