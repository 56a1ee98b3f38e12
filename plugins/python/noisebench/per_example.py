"""Sums of squares of per-example gradients: the second moment behind the variance."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import nn

_ROOM = 1 << 24  # elements of per-example gradients that are kept at a time


class Unsupported(Exception):
    """The model has what hooks cannot serve."""


class Hooks:
    """Sums of squares from what layers are given and put out, without the gradient of any example by itself where a product
    tells it, in one backward pass. Layers: linear, convolution, embedding, layer and group normalization."""

    def __init__(self, model: nn.Module, named: Sequence[Tuple[str, torch.Tensor]]) -> None:
        self.layers: List[nn.Module] = []
        self.places: Dict[int, int] = {id(p): i for i, (_, p) in enumerate(named)}
        self.count = len(named)
        owned: Dict[int, str] = {}
        for module in model.modules():
            own = [p for p in module.parameters(recurse=False) if id(p) in self.places]
            if not own:
                continue
            _check(module)
            for p in own:
                if id(p) in owned:
                    raise Unsupported("a parameter is shared by two layers")
                owned[id(p)] = type(module).__name__
            self.layers.append(module)
        for name, p in named:
            if id(p) not in owned:
                raise Unsupported(f"parameter {name} belongs to no layer")
        self.seen: Dict[int, Tuple[torch.Tensor, torch.Tensor]] = {}
        self.twice = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Notes what goes through the layers."""
        self.seen, self.twice = {}, False

        def note(module: nn.Module, given: Any, output: torch.Tensor) -> torch.Tensor:
            self.twice = self.twice or id(module) in self.seen
            kept = output.clone()  # which no later layer changes in place, as it may the output
            self.seen[id(module)] = (given[0].detach(), output)
            return kept

        handles = [layer.register_forward_hook(note) for layer in self.layers]
        try:
            yield
        finally:
            for h in handles:
                h.remove()

    def outputs(self) -> List[torch.Tensor]:
        """What the layers put out, in their order."""
        if self.twice or len(self.seen) < len(self.layers):
            raise Unsupported("a layer is used not once, but twice or never")
        return [self.seen[id(layer)][1] for layer in self.layers]

    def squares(self, gradients: Sequence[torch.Tensor], m: int) -> List[torch.Tensor]:
        """The sums over the m examples of a batch, one for each parameter, from the mean loss' gradients at the outputs."""
        found: List[Any] = [None] * self.count
        for layer, d in zip(self.layers, gradients):
            given, output = self.seen[id(layer)]
            if len(output) != m or len(given) != m:
                raise Unsupported(f"a {type(layer).__name__} is given {len(given)} in the place of {m} examples")
            if d is None:
                d = torch.zeros_like(output)
            weight, bias = _layer(layer, given, d * m)
            for p, s in ((layer.weight, weight), (getattr(layer, "bias", None), bias)):
                if p is not None and id(p) in self.places:
                    found[self.places[id(p)]] = s.view(p.shape)
        self.seen = {}
        return found


def _check(layer: nn.Module) -> None:
    """Refuses what _layer cannot serve."""
    kind = type(layer)
    if kind in (nn.Conv1d, nn.Conv2d):
        if layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
            raise Unsupported(f"a {kind.__name__} has groups or another padding than a number of zeros")
    elif kind is nn.Embedding:
        if layer.max_norm is not None or layer.scale_grad_by_freq or layer.sparse:
            raise Unsupported("an Embedding has max_norm, scale_grad_by_freq or sparse")
    elif kind not in (nn.Linear, nn.LayerNorm, nn.GroupNorm):
        raise Unsupported(f"the layer {kind.__name__} has parameters of its own")


def _layer(layer: nn.Module, a: torch.Tensor, d: torch.Tensor) -> Tuple[torch.Tensor, torch.Tensor]:
    """Sums of squares for weight and bias, from inputs a and the examples' gradients d at the outputs."""
    if isinstance(layer, nn.Linear):
        if a.dim() == 2:
            return (d * d).T @ (a * a), (d * d).sum(0)
        a, d = a.flatten(1, -2), d.flatten(1, -2)
        return _products(d.transpose(1, 2), a), d.sum(1).square().sum(0)
    if isinstance(layer, (nn.Conv1d, nn.Conv2d)):
        size, stride, padding, dilation = (tuple(v) for v in (layer.kernel_size, layer.stride, layer.padding, layer.dilation))
        if isinstance(layer, nn.Conv1d):
            a, size, stride, padding, dilation = a.unsqueeze(2), (1,) + size, (1,) + stride, (0,) + padding, (1,) + dilation
        patches = F.unfold(a, size, dilation, padding, stride)
        d = d.flatten(2)
        return _products(d, patches.transpose(1, 2)), d.sum(2).square().sum(0)
    if isinstance(layer, nn.Embedding):
        return _embedding(layer, a.flatten(1), d.flatten(1, -2)), d
    if isinstance(layer, nn.LayerNorm):
        kept = len(layer.normalized_shape)
        normal = F.layer_norm(a, layer.normalized_shape, None, None, layer.eps)
        scale, shift = d * normal, d
        if a.dim() > kept + 1:
            scale, shift = scale.flatten(1, -kept - 1).sum(1), shift.flatten(1, -kept - 1).sum(1)
        return scale.square().sum(0), shift.square().sum(0)
    normal = F.group_norm(a, layer.num_groups, None, None, layer.eps)
    return (d * normal).flatten(2).sum(2).square().sum(0), d.flatten(2).sum(2).square().sum(0)


def _products(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """The sum over examples of the squared elements of left_i right_i."""
    total = left.new_zeros(left.shape[1], right.shape[2])
    step = max(1, _ROOM // total.numel())
    for i in range(0, len(left), step):
        total += torch.bmm(left[i:i + step], right[i:i + step]).square_().sum(0)
    return total


def _embedding(layer: nn.Embedding, rows: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    total = torch.zeros_like(layer.weight)
    step = max(1, _ROOM // total.numel())
    for i in range(0, len(rows), step):
        r, e = rows[i:i + step], d[i:i + step]
        one = total.new_zeros(len(r) * layer.num_embeddings, layer.embedding_dim)
        start = torch.arange(len(r), device=r.device).unsqueeze(1) * layer.num_embeddings
        one.index_add_(0, (r + start).flatten(), e.reshape(-1, layer.embedding_dim))
        total += one.view(len(r), *total.shape).square_().sum(0)
    if layer.padding_idx is not None:
        total[layer.padding_idx] = 0
    return total


def has_vmap() -> bool:
    return hasattr(torch, "func")


def by_vmap(model: nn.Module, named: Sequence[Tuple[str, torch.Tensor]], loss: Callable[[Any, Any], torch.Tensor], inputs: Any,
            targets: Any) -> List[torch.Tensor]:
    """The sums by torch.func of PyTorch 2."""
    from torch.func import functional_call, grad, vmap  # type: ignore[import-not-found]
    from torch.utils._pytree import tree_map  # type: ignore[attr-defined]

    parameters = {n: p.detach() for n, p in named}

    def one(parameters: Any, x: Any, y: Any) -> torch.Tensor:
        x, y = tree_map(lambda t: t.unsqueeze(0), (x, y))
        return loss(functional_call(model, parameters, (x,)), y)

    size = sum(p.numel() for p in parameters.values())
    step = max(1, _ROOM // size)
    totals = {n: torch.zeros_like(p) for n, p in parameters.items()}
    each = vmap(grad(one), (None, 0, 0))
    length = len(targets) if torch.is_tensor(targets) else len(targets[0])
    for i in range(0, length, step):
        x, y = tree_map(lambda t: t[i:i + step], (inputs, targets))
        for n, g in each(parameters, x, y).items():
            totals[n] += g.square().sum(0)
    return [totals[n] for n, _ in named]
