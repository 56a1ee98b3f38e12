"""Small modules jax and optax on numpy, for tests of what serves optax where JAX is not installed: the documented functions that
noisebench calls, with what their documentation says of them, and two optimizers. Where JAX and optax are installed, tests use these."""
import inspect
import sys
import types
from typing import Any, Dict, NamedTuple

import numpy


def install():
    """Makes jax and optax importable, and reports whether they are the real ones."""
    try:
        import jax  # noqa: F401
        import optax  # noqa: F401
        return True
    except ImportError:
        sys.modules["jax"], sys.modules["optax"] = _jax(), _optax()
        return False


def _module(name, **contents):
    module = types.ModuleType(name)
    module.__dict__.update(contents)
    return module


def _flatten(tree):
    """The leaves of nested tuples, lists and dictionaries, dictionaries by sorted keys, and what puts them back."""
    if tree is None:
        return [], lambda leaves: None
    if isinstance(tree, dict):
        keys = sorted(tree)
        parts, build = [tree[k] for k in keys], lambda values: dict(zip(keys, values))
    elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
        parts, build = list(tree), lambda values: type(tree)(*values)
    elif isinstance(tree, (tuple, list)):
        parts, build = list(tree), type(tree)
    else:
        return [tree], lambda leaves: next(leaves)
    flat = [_flatten(p) for p in parts]
    return [leaf for leaves, _ in flat for leaf in leaves], lambda leaves: build([back(leaves) for _, back in flat])


def _map(f, tree, *rest):
    leaves, back = _flatten(tree)
    return back(iter([f(*v) for v in zip(leaves, *(_flatten(r)[0] for r in rest))]))


def _after(count):
    return numpy.asarray(count + 1, "int32")


class _Config:
    """Configuration options, as they were set."""

    def __init__(self):
        self.values: Dict[str, Any] = {"jax_enable_x64": False}

    def update(self, name, value):
        self.values[name] = value


def _jax():
    config = _Config()

    def asarray(v, dtype=None):
        """Without jax_enable_x64 there are no 64 bits."""
        a = numpy.array(v, dtype=dtype)
        narrow = {"float64": "float32", "int64": "int32"}.get(a.dtype.name)
        return a if config.values["jax_enable_x64"] or narrow is None else a.astype(narrow)

    cpu = types.SimpleNamespace(platform="cpu", device_kind="cpu")
    tree_util = _module(
        "jax.tree_util", tree_leaves=lambda tree: _flatten(tree)[0], tree_structure=lambda tree: _flatten(tree)[1],
        tree_unflatten=lambda structure, leaves: structure(iter(leaves)))
    return _module("jax", config=config, jit=lambda f: f, devices=lambda backend=None: [cpu], tree_util=tree_util,
                   numpy=_module("jax.numpy", asarray=asarray, array=asarray))


class GradientTransformation(NamedTuple):
    init: Any
    update: Any


class InjectStatefulHyperparamsState(NamedTuple):
    count: Any
    hyperparams: Dict[str, Any]
    hyperparams_states: Dict[str, Any]
    inner_state: Any


class LionState(NamedTuple):
    count: Any
    mu: Any


class AdamState(NamedTuple):
    count: Any
    mu: Any
    nu: Any


def lion(learning_rate, b1: float = 0.9, b2: float = 0.99, weight_decay: float = 1e-3, mask=None):
    """Lion, by Chen et al., 2023: the sign of an average of gradients and momentum."""
    def init(params):
        return LionState(numpy.zeros([], "int32"), _map(numpy.zeros_like, params))

    def update(updates, state, params=None):
        keep = _map(lambda p: True, params) if mask is None else mask(params)
        moves = _map(lambda g, m, p, k: -learning_rate * (numpy.sign((1 - b1) * g + b1 * m) + (weight_decay * p if k else 0)),
                     updates, state.mu, params, keep)
        return moves, LionState(_after(state.count), _map(lambda g, m: (1 - b2) * g + b2 * m, updates, state.mu))

    return GradientTransformation(init, update)


def adam(learning_rate, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8, eps_root: float = 0.0, *, nesterov: bool = False):
    """Adam, by Kingma and Ba, 2014."""
    if not isinstance(nesterov, bool):
        raise TypeError("nesterov decides what is computed, and must not be traced")

    def init(params):
        return AdamState(numpy.zeros([], "int32"), _map(numpy.zeros_like, params), _map(numpy.zeros_like, params))

    def update(updates, state, params=None):
        n = _after(state.count)
        mu = _map(lambda g, m: (1 - b1) * g + b1 * m, updates, state.mu)
        nu = _map(lambda g, v: (1 - b2) * g * g + b2 * v, updates, state.nu)
        moves = _map(lambda m, v: -learning_rate * (m / (1 - b1 ** n)) / (numpy.sqrt(v / (1 - b2 ** n) + eps_root) + eps), mu, nu)
        return moves, AdamState(n, mu, nu)

    return GradientTransformation(init, update)


def inject_hyperparams(inner_factory, static_args=()):
    """Numbers that are not static are arrays of the parameters' type in the state; functions that are not static are schedules,
    which nothing here has."""
    def wrapped(*args, **keywords):
        bound = inspect.signature(inner_factory).bind(*args, **keywords)
        bound.apply_defaults()
        numbers = {n: v for n, v in bound.arguments.items() if n not in static_args and isinstance(v, (int, float, numpy.ndarray))
                   and not isinstance(v, bool)}
        others = {n: v for n, v in bound.arguments.items() if n not in numbers}
        if any(callable(v) for n, v in others.items() if n not in static_args):
            raise TypeError("a function that is not static is a schedule")

        def init(params):
            dtype = numpy.result_type(*_flatten(params)[0])
            found = {n: numpy.asarray(v, dtype if isinstance(v, float) else None) for n, v in numbers.items()}
            return InjectStatefulHyperparamsState(numpy.zeros([], "int32"), found, {}, inner_factory(**others, **found).init(params))

        def update(updates, state, params=None):
            moves, inner = inner_factory(**others, **state.hyperparams).update(updates, state.inner_state, params)
            return moves, InjectStatefulHyperparamsState(_after(state.count), dict(state.hyperparams), {}, inner)

        return GradientTransformation(init, update)

    return wrapped


def _optax():
    for f in (lion, adam):
        f.__module__ = "optax"
    return _module("optax", __version__="0 (stand-in)", lion=lion, adam=adam, inject_hyperparams=inject_hyperparams,
                   GradientTransformation=GradientTransformation,
                   apply_updates=lambda params, updates: _map(lambda p, u: (p + u).astype(p.dtype), params, updates))
