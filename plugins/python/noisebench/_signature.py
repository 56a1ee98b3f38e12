"""Hyperparameters from the signature of a class or function."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from .contract import Hyperparameter, step_size

# Arguments that say how a step is computed, not which.
_TECHNICAL = {"foreach", "capturable", "differentiable", "fused", "maximize", "decoupled_lr_decay"}
_LR = ("lr", "learning_rate", "step_size")
_FRACTIONS = re.compile(r"^(beta\d*|betas|momentum|dampening|decay|b\d)$")


class Argument:
    """How one argument of the author's code is made of hyperparameters."""

    def __init__(self, name: str, default: Any, names: Sequence[str]) -> None:
        self.name, self.default, self.names = name, default, names

    def value(self, setting: Mapping[str, float]) -> Any:
        if isinstance(self.default, (tuple, list)):
            return type(self.default)(_like(d, setting[n]) for d, n in zip(self.default, self.names))
        return _like(self.default, setting[self.names[0]])


def _like(default: Any, value: float) -> Any:
    """A setting's number in the type of the default."""
    if isinstance(default, bool):
        return bool(value)
    return int(value) if isinstance(default, int) and value == int(value) else value


def _number(v: Any) -> bool:
    return isinstance(v, (bool, int, float)) and math.isfinite(v)


def _declare(name: str, default: Any) -> Hyperparameter:
    if isinstance(default, bool):
        return Hyperparameter(name, float(default), max=1, integer=True)
    if isinstance(default, int) and not _FRACTIONS.match(name) and default > 0:
        return Hyperparameter(name, default, min=1, max_open=True, integer=True)
    if _FRACTIONS.match(name) and 0 <= default < 1:
        return Hyperparameter(name, default, max=1, max_open=True)
    if default < 0:
        return Hyperparameter(name, default, min=-math.inf, min_open=True, max_open=True)
    return Hyperparameter(name, default, max_open=True, log=True)


def read(what: Callable[..., Any], skip: int, start: Optional[float], tune: Optional[Mapping[str, Sequence[float]]],
         fixed: Mapping[str, Any], defaults: Mapping[str, float]) -> Tuple[List[Hyperparameter], List[Argument]]:
    """The hyperparameters that what declares by its signature after skip arguments, and how its arguments are made of them.

    Arguments without a number as default are left to the code's own defaults, unless fixed gives them."""
    found: List[Hyperparameter] = []
    arguments: List[Argument] = []
    for p in list(inspect.signature(what).parameters.values())[skip:]:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) or p.name in fixed or p.name in _TECHNICAL:
            continue
        if p.name in _LR:
            value = start if start is not None else float(p.default) if _number(p.default) else 1e-3
            found.append(step_size(value))
            arguments.append(Argument(p.name, value, ["step_size"]))
        elif _number(p.default):
            found.append(_declare(snake(p.name), p.default))
            arguments.append(Argument(p.name, p.default, [found[-1].name]))
        elif isinstance(p.default, (tuple, list)) and p.default and all(map(_number, p.default)):
            stem = snake(p.name)
            stem = stem[:-1] if stem.endswith("s") else stem
            names = [f"{stem}{i + 1}" for i in range(len(p.default))]
            found += [_declare(n, d) for n, d in zip(names, p.default)]
            arguments.append(Argument(p.name, p.default, names))
    by_name = {h.name: h for h in found}
    for given, where in ((defaults, "defaults"), (tune or {}, "tune")):
        for name in given:
            if name not in by_name:
                raise ValueError(f"{where} names {name}, which is no hyperparameter; want one of {', '.join(by_name) or 'none'}")
    for name, value in defaults.items():
        by_name[name].default = value
    for name, values in (tune or {}).items():
        if name == "step_size":
            raise ValueError("step_size is tuned by noisebench's search; say where that starts by the argument step_size")
        by_name[name].tuned, by_name[name].grid = True, grid(by_name[name], values)
    return found, arguments


def grid(h: Hyperparameter, values: Sequence[float]) -> List[float]:
    """The values to try: those of a list, or five across a range (least, greatest) in equal factors, or in equal distances where
    the range is not of positive numbers; and the default."""
    points = [float(v) for v in values]
    if isinstance(values, tuple) and len(points) == 2:
        low, high = points
        if not low < high:
            raise ValueError(f"the range of {h.name} is ({low}, {high}), want (least, greatest)")
        if low > 0:
            points = [low * (high / low) ** (i / 4) for i in range(5)]
        else:
            points = [low + (high - low) * i / 4 for i in range(5)]
        points = [float(f"{p:.3g}") for p in points]
    if h.integer:
        points = [float(round(p)) for p in points]
    return sorted(set(points) | {float(h.default)})


def snake(name: str) -> str:
    """A name in lower case, words joined by underscores."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")
    return re.sub(r"_+", "_", re.sub(r"[^a-z0-9]+", "_", name)) or "x"


def hyphenated(name: str) -> str:
    """A name in lower case, words joined by hyphens."""
    return snake(name).replace("_", "-")


def doc_of(what: Any, otherwise: str) -> str:
    """The first paragraph of what something says of itself, for listings."""
    text = inspect.getdoc(what) or ""
    first = " ".join(text.split("\n\n")[0].split())
    first = re.sub(r":\w+:`~?([^`<]*)[^`]*`", r"\1", first)
    return first[:300] if first else otherwise


def fixed_names(fixed: Dict[str, Any]) -> str:
    return ", ".join(f"{k}={v!r}" for k, v in sorted(fixed.items()))
