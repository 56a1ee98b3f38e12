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
    """Sums of squares from what layers are given and put out, in one backward pass through the model. Linear layers, convolutions,
    embeddings, layer, group and RMS normalization have formulas, which make no gradient of a single example where a product
    tells the sum; any other layer without layers inside is differentiated by itself, for each example, given the gradient at its
    output."""

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
            if len(given) != 1 or not torch.is_tensor(given[0]) or not torch.is_tensor(output):
                raise Unsupported(f"a {type(module).__name__} is not given one tensor, or does not put out one")
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
            own = [(n, p) for n, p in layer.named_parameters(recurse=False) if id(p) in self.places]
            dtype = own[0][1].dtype  # sums are not made in the types of mixed precision
            d = torch.zeros_like(output, dtype=dtype) if d is None else d.to(dtype)
            if given.is_floating_point():
                given = given.to(dtype)
            if _known(layer):
                sums = dict(zip(("weight", "bias"), _layer(layer, given, d * m)))
            else:
                sums = _by_itself(layer, own, given, d * m)
            for n, p in own:
                found[self.places[id(p)]] = sums[n].view(p.shape)
        self.seen = {}
        return found


_RMS_NORM = getattr(nn, "RMSNorm", ())  # since PyTorch 2.4
_KNOWN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Embedding, nn.LayerNorm, nn.GroupNorm)


def _known(layer: nn.Module) -> bool:
    """Whether _layer has the layer's formula."""
    if isinstance(layer, (nn.Conv1d, nn.Conv2d)) and (
            layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str)):
        return False
    return type(layer) in _KNOWN or type(layer) is _RMS_NORM


def _check(layer: nn.Module) -> None:
    """Refuses what has no gradient for each example by itself, or none that its input and output tell."""
    if isinstance(layer, nn.Embedding) and (layer.max_norm is not None or layer.scale_grad_by_freq or layer.sparse):
        raise Unsupported("an Embedding has max_norm, scale_grad_by_freq or sparse")
    if any(True for _ in layer.children()):
        raise Unsupported(f"the layer {type(layer).__name__} has parameters of its own beside those of layers inside it")


def _layer(layer: nn.Module, a: torch.Tensor, d: torch.Tensor) -> Tuple[torch.Tensor, ...]:
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
    if isinstance(layer, _RMS_NORM):
        kept = len(layer.normalized_shape)
        eps = torch.finfo(a.dtype).eps if layer.eps is None else layer.eps
        scale = d * a * (a.square().mean(tuple(range(-kept, 0)), keepdim=True) + eps).rsqrt()
        if a.dim() > kept + 1:
            scale = scale.flatten(1, -kept - 1).sum(1)
        return (scale.square().sum(0),)
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


def _by_itself(layer: nn.Module, own: Sequence[Tuple[str, torch.Tensor]], a: torch.Tensor, d: torch.Tensor) -> Dict[str, torch.Tensor]:
    """Sums of squares for the parameters of any layer, whose gradients for an example are those of <layer(a_i), d_i>."""
    def inner(output: torch.Tensor, at_output: torch.Tensor) -> torch.Tensor:
        return (output * at_output).sum()

    if has_vmap():
        try:
            sums = by_vmap(layer, own, inner, a, d)
        except RuntimeError as e:  # what vmap says of operations that it has no rule for, and of ones that look at values
            raise Unsupported(f"vmap cannot be applied to a {type(layer).__name__}: {e}") from e
    else:
        sums = [torch.zeros_like(p) for _, p in own]
        for i in range(len(a)):
            with torch.enable_grad():
                one = inner(layer(a[i:i + 1]), d[i:i + 1])
            for s, g in zip(sums, torch.autograd.grad(one, [p for _, p in own], allow_unused=True)):
                if g is not None:
                    s.addcmul_(g, g)
    return {n: s for (n, _), s in zip(own, sums)}


def _transforms() -> Any:
    """vmap, grad and functional_call: of torch.func (PyTorch 2), or of functorch, which came with PyTorch 1.13. None without."""
    if hasattr(torch, "func"):
        from torch.func import functional_call, grad, vmap  # type: ignore[import-not-found]
    else:
        try:
            from functorch import grad, vmap  # type: ignore[import-not-found]
            from torch.nn.utils.stateless import functional_call
        except ImportError:
            return None
    return vmap, grad, functional_call


def has_vmap() -> bool:
    return _transforms() is not None


def by_vmap(model: nn.Module, named: Sequence[Tuple[str, torch.Tensor]], loss: Callable[[Any, Any], torch.Tensor], inputs: Any,
            targets: Any) -> List[torch.Tensor]:
    """The sums over the examples of a batch of the squared gradients of loss(model(input), target), one for each of the named
    parameters, by vmap over examples, each given to the model as a batch of one."""
    from torch.utils._pytree import tree_flatten, tree_map  # type: ignore[attr-defined]

    vmap, grad, functional_call = _transforms()
    parameters = {n: p.detach() for n, p in named}

    def one(parameters: Any, x: Any, y: Any) -> torch.Tensor:
        x, y = (tree_map(lambda t: t.unsqueeze(0), v) for v in (x, y))
        return loss(functional_call(model, parameters, (x,)), y)

    size = sum(p.numel() for p in parameters.values())
    step = max(1, _ROOM // size)
    totals = {n: torch.zeros_like(p) for n, p in parameters.items()}
    each = vmap(grad(one), (None, 0, 0))
    for i in range(0, len(tree_flatten(inputs)[0][0]), step):
        x, y = (tree_map(lambda t: t[i:i + step], v) for v in (inputs, targets))
        for n, g in each(parameters, x, y).items():
            totals[n] += g.detach().square().sum(0)
    return [totals[n] for n, _ in named]
