"""Test problems that are a model of PyTorch with a data set."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import random
import threading
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy
import torch
import torch.nn.functional as F
from torch import nn

from . import _server, _signature
from . import per_example
from .contract import (GRADIENT, SAMPLED_GRADIENT, VARIANCE, VARIANCE_NORM, Block, Measurement, Problem, ProblemDef, Spec, derive)
from .device import chosen_device, deterministic, environment, one_thread

_server.on_thread.append(one_thread)

# Modules that take statistics over the batch, so that its examples depend on each other.
_MIXING = nn.modules.batchnorm._BatchNorm


def define(model: Union[nn.Module, Callable[[], nn.Module]], loss: Callable[[Any, Any], torch.Tensor], train: Any,
           validation: Any = None, test: Any = None, *, name: Optional[str] = None, version: str = "1", batch_size: int = 128,
           epochs: float = 10, budget: Optional[int] = None, metric: Union[str, Callable[[Any, Any], Any]] = "loss",
           higher_better: Optional[bool] = None, schedule: Sequence[Tuple[float, float]] = (), dtype: str = "float32",
           device: Optional[str] = None, roles: Optional[Mapping[str, str]] = None, variance: str = "auto", plain_train: Any = None,
           data: Sequence[str] = (), evaluation_batch: int = 500, microbatch: Optional[int] = None,
           autocast: Optional[torch.dtype] = None, doc: str = "", source: str = "") -> ProblemDef:
    """Defines a test problem: f(x) is the mean of loss(model(input), target) over the examples of train.

    model: makes the model, a class or function without arguments, under a seed that belongs to the run; or a model, whose layers
        are then started anew by their reset_parameters. Parameters that need no gradient stay what they are under seed 0
    loss: from outputs and targets of a batch, the mean over its examples
    train, validation, test: map-style data sets of pairs (input, target)
    metric: loss, accuracy, or a function of outputs and targets that is a mean over examples; higher_better says its direction
    batch_size, epochs or budget (in examples), schedule (pairs: fraction of the budget, factor): what the problem advises
    dtype: float32 or float64, of parameters and inputs
    device: default: NOISEBENCH_DEVICE if the host sets it, else the CPU. Algorithms are deterministic, products not rounded to
        TF32; autocast, a type, asks for mixed precision, which is then a part of the problem's identity
    roles: of parameters whose name says it better than the layer: weight, bias, scale, embedding, output
    variance: how that of per-example gradients is measured: "hooks" on the layers, "vmap", "loop" over the examples, or "none";
        "auto" takes the first that serves the model: none where it takes statistics over the batch, as batch normalization does
    plain_train: the examples of train as they are evaluated, without augmentation
    data: paths of files that the data come from, which belong to the problem's identity; tensors of a TensorDataset always do
    evaluation_batch, microbatch: how many examples go through the model at a time in evaluations, and in measurements (default: the
        batch), for models whose batch does not fit into memory; the sums, and so the bits, depend on it

    Dropout is drawn for each example from its place in the stream (R5), as modules nn.Dropout alone can be; so is whatever a
    data set draws from the generators of torch, numpy and random when it is asked for an example. Evaluation has no dropout, and
    batch normalization then has the statistics of a fixed part of train, taken anew at each point.
    """
    options = _Options(model, loss, train, validation, test, metric, dtype, torch.device(device) if device else None, dict(roles or {}),
                       variance, plain_train, evaluation_batch, microbatch, autocast)
    shared: List[_Model] = []
    lock = threading.Lock()

    def built() -> _Model:
        with lock:
            if not shared:
                shared.append(_Model(options))
            return shared[0]

    def spec(_: Dict[str, float]) -> Spec:
        m = built()
        measures = GRADIENT
        if m.variance != "none":
            measures |= VARIANCE | VARIANCE_NORM
        if _cross_entropy(loss):
            measures |= SAMPLED_GRADIENT
        named = metric if isinstance(metric, str) else getattr(metric, "__name__", "metric")
        better = named == "accuracy" if higher_better is None else higher_better
        return Spec(
            dim=m.dim, dtype=dtype, train=len(train), validation=_size(validation), test=_size(test), measures=measures, metric=named,
            higher_better=better, batch_size=batch_size, budget=budget or round(epochs * len(train)), schedule=schedule,
            blocks=m.blocks, data=_sums(data, {"train": train, "validation": validation, "test": test}))

    title = name or _signature.hyphenated(getattr(model, "__name__", type(model).__name__))
    target = torch.device(device) if device else chosen_device()
    more = {"autocast": str(autocast)} if autocast else {}
    deterministic()
    return ProblemDef(
        name=title, spec=spec, open=lambda _: _TorchProblem(built()), version=version,
        doc=doc or _signature.doc_of(model, f"{title}, by PyTorch"), source=source or f"PyTorch {torch.__version__}", dtypes=[dtype],
        environment={**environment(target), **more})


class _Options:
    """What define was told."""

    def __init__(self, model: Any, loss: Any, train: Any, validation: Any, test: Any, metric: Any, dtype: str,
                 device: Optional[torch.device], roles: Dict[str, str], variance: str, plain_train: Any, evaluation_batch: int,
                 microbatch: Optional[int], autocast: Optional[torch.dtype]) -> None:
        self.model, self.metric, self.dtype = model, metric, dtype
        self.loss = _cross_entropy_of_rows if _cross_entropy(loss) else loss
        self.parts = {"train": train, "validation": validation, "test": test}
        self.device, self.roles, self.variance, self.plain_train = device, roles, variance, plain_train
        self.evaluation_batch, self.microbatch, self.autocast = evaluation_batch, microbatch, autocast
        if variance not in ("auto", "hooks", "vmap", "loop", "none"):
            raise ValueError(f"variance is {variance!r}, want auto, hooks, vmap, loop or none")
        if (microbatch is not None and microbatch < 1) or evaluation_batch < 1:
            raise ValueError(f"microbatch is {microbatch} and evaluation_batch {evaluation_batch}, want at least 1")
        if dtype not in ("float32", "float64"):
            raise ValueError(f"dtype is {dtype!r}, want float32 or float64; for mixed precision give autocast")


def _size(part: Any) -> int:
    return 0 if part is None else len(part)


def _sums(files: Sequence[str], parts: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """Names and SHA-256 of data."""
    found = []
    for path in files:
        h = hashlib.sha256()
        with open(path, "rb") as f:
            while piece := f.read(1 << 20):
                h.update(piece)
        found.append((path.replace("\\", "/").rpartition("/")[2], h.hexdigest()))
    for name, part in parts.items():
        if isinstance(part, torch.utils.data.TensorDataset):
            h = hashlib.sha256()
            for t in part.tensors:
                h.update(f"{t.dtype} {tuple(t.shape)}".encode())
                h.update(t.detach().cpu().contiguous().numpy().tobytes())
            found.append((name, h.hexdigest()))
    return found


def _cross_entropy(loss: Any) -> bool:
    """Whether loss is -log p of a softmax, mean over examples, and nothing else."""
    if isinstance(loss, nn.CrossEntropyLoss):
        return (loss.weight is None and loss.reduction == "mean" and loss.ignore_index == -100
                and getattr(loss, "label_smoothing", 0.0) == 0.0)
    return loss is F.cross_entropy


def _cross_entropy_of_rows(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The cross-entropy of outputs whose classes are on axis 1, as a matrix with a row for each target: on CUDA, PyTorch has no
    deterministic algorithm for outputs with more axes."""
    if targets.is_floating_point():  # probabilities of the classes
        return F.cross_entropy(outputs, targets)
    return F.cross_entropy(outputs.movedim(1, -1).flatten(0, -2), targets.flatten())


class _Dropout:
    """Draws the masks of dropout modules for each example by itself."""

    def __init__(self, model: nn.Module) -> None:
        self.seed, self.positions = 0, range(0)
        self.calls = 0
        self.modules = [m for m in model.modules() if isinstance(m, nn.modules.dropout._DropoutNd)]
        for number, m in enumerate(self.modules):
            if type(m) not in (nn.Dropout, nn.Dropout2d):
                raise ValueError(f"the model has a {type(m).__name__}; want nn.Dropout or nn.Dropout2d, which can be drawn for each example")
            m.forward = self.forward(number, m)  # type: ignore[assignment]

    def forward(self, number: int, m: nn.Module) -> Callable[[torch.Tensor], torch.Tensor]:
        def forward(x: torch.Tensor) -> torch.Tensor:
            if not m.training or m.p == 0:
                return x
            if len(x) != len(self.positions):
                raise ValueError(f"dropout was given a batch of {len(x)} examples, want {len(self.positions)}, one for each example")
            self.calls += 1
            shape = x.shape[1:] if type(m) is nn.Dropout else x.shape[1:2] + (1,) * (x.dim() - 2)
            masks = torch.empty((len(x),) + tuple(shape))
            for mask, position in zip(masks, self.positions):
                g = torch.Generator()
                g.manual_seed(derive(self.seed, "dropout", position, number, self.calls))
                mask.bernoulli_(1 - m.p, generator=g)
            return x * (masks.to(x.device, x.dtype) / (1 - m.p))
        return forward

    @contextlib.contextmanager
    def drawing(self, seed: int, positions: range) -> Iterator[None]:
        self.seed, self.positions, self.calls = seed, positions, 0
        yield


class _Model:
    """The model of a problem, with its data: what all runs in a process share. Calls come one at a time."""

    def __init__(self, o: _Options) -> None:
        deterministic()
        self.o = o
        self.device = o.device or chosen_device()
        self.dtype = torch.float32 if o.dtype == "float32" else torch.float64
        self.model = self.build(0).to(self.device)
        self.named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        self.parameters = [p for _, p in self.named]
        self.blocks = blocks(self.model, self.named, o.roles)
        self.dim = sum(p.numel() for p in self.parameters)
        self.mixing = [m for m in self.model.modules() if isinstance(m, _MIXING)]
        if self.mixing and o.microbatch:
            raise ValueError(f"microbatch is {o.microbatch}, but {type(self.mixing[0]).__name__} takes statistics over the whole batch")
        self.dropout = _Dropout(self.model)
        self.home = torch.zeros(self.dim, dtype=self.dtype, device=self.device)
        self.x: Optional[numpy.ndarray] = None
        self.hooks: Optional[per_example.Hooks] = None
        self.autocast = o.autocast
        self.variance = self.method()

    def build(self, seed: int) -> nn.Module:
        """A new model, as runs of this seed start."""
        torch.set_default_dtype(self.dtype)  # which an optimizer of the same process may have changed
        s = derive(seed, "init")
        torch.manual_seed(s)
        numpy.random.seed(s % 2**32)
        random.seed(s)
        if isinstance(self.o.model, nn.Module):
            model = copy.deepcopy(self.o.model)
            for m in model.modules():
                if hasattr(m, "reset_parameters"):
                    m.reset_parameters()
        else:
            model = self.o.model()
        for n, p in model.named_parameters():
            if p.dtype in (torch.float16, torch.bfloat16):
                raise ValueError(f"parameter {n} is of type {p.dtype}; for mixed precision give autocast and keep the parameters in float32")
        return model.to(self.dtype)

    def method(self) -> str:
        """How the variance is measured."""
        asked = self.o.variance
        if self.mixing or asked == "none":
            if asked not in ("auto", "none"):
                raise ValueError(f"variance is {asked!r}, but {type(self.mixing[0]).__name__} makes the examples of a batch depend on each other")
            return "none"
        if asked in ("auto", "hooks"):
            try:
                self.hooks = per_example.Hooks(self.model, self.named)
                self.verify()
                return "hooks"
            except per_example.Unsupported as e:
                if asked == "hooks":
                    raise ValueError(f"the variance cannot be measured by hooks: {e}") from e
                self.hooks = None
        if asked in ("auto", "vmap") and per_example.has_vmap() and not self.dropout.modules:
            try:
                self.try_variance("vmap")
                return "vmap"
            except Exception as e:
                if asked == "vmap":
                    raise ValueError(f"the variance cannot be measured by vmap: {e}") from e
        if asked == "vmap":
            raise ValueError("the variance cannot be measured by vmap: it needs PyTorch 2, or functorch, and a model without dropout")
        return "loop"

    def try_variance(self, method: str) -> Tuple[List[torch.Tensor], List[torch.Tensor]]:
        """The sums of squares of per-example gradients of the first examples, by a method and by a loop, without mixed precision; near
        the start, since some models start where most gradients are 0."""
        g = torch.Generator()
        g.manual_seed(derive(0, "perturbation"))
        self.place(self.flat(self.build(0)) + 0.05 * torch.randn(self.dim, generator=g).to(self.device, self.dtype))
        examples = numpy.arange(min(3, len(self.o.parts["train"])))
        batch = self.batch(self.o.parts["train"], examples, 0, 0)
        self.autocast, found = None, []
        try:
            for self.variance in (method, "loop"):
                found.append(self.derivatives(batch, 0, 0, True, False)[2])
        finally:
            self.autocast = self.o.autocast
        return found[0], found[1]

    def verify(self) -> None:
        """Compares hooks with a loop: a model may use its parameters in ways that no layer shows."""
        got, want = self.try_variance("hooks")
        largest = max(float(w.max()) for w in want)
        for (name, _), g, w in zip(self.named, got, want):
            if not torch.allclose(g, w, rtol=1e-2, atol=max(1e-3 * float(w.max()), 1e-6 * largest)):
                raise per_example.Unsupported(
                    f"for {name} they do not give what a loop over the examples gives; the model uses it outside of its layer")

    def flat(self, model: nn.Module) -> torch.Tensor:
        return torch.cat([p.detach().reshape(-1) for p in model.parameters() if p.requires_grad]).to(self.device, self.dtype)

    def views(self, flat: torch.Tensor) -> List[torch.Tensor]:
        return [flat[b.offset:b.offset + b.len].view(p.shape) for b, p in zip(self.blocks, self.parameters)]

    def place(self, flat: torch.Tensor) -> None:
        """Lets the parameters lie in a vector."""
        with torch.no_grad():
            for p, v in zip(self.parameters, self.views(flat)):
                p.data = v
        self.x = None

    def here(self, x: numpy.ndarray) -> None:
        """Lets the parameters be the point: on the CPU where it lies, else a copy."""
        torch.set_default_dtype(self.dtype)
        if self.device.type == "cpu" and x.flags.writeable:
            if x is not self.x:
                self.place(torch.from_numpy(x))
                self.x = x
            return
        self.home.copy_(torch.from_numpy(x.copy() if not x.flags.writeable else x))
        self.place(self.home)

    def batch(self, part: Any, examples: numpy.ndarray, seed: int, position: int) -> Tuple[Any, Any]:
        """Inputs and targets of examples."""
        if isinstance(part, torch.utils.data.TensorDataset):
            index = torch.from_numpy(numpy.array(examples, dtype=numpy.int64))
            pair: Any = tuple(t[index] for t in part.tensors)
        else:
            items = []
            for i, example in enumerate(examples):
                s = derive(seed, "augment", position + i)
                torch.default_generator.manual_seed(s)  # torch.manual_seed takes ten times as long, for devices that do not exist
                if self.device.type == "cuda":
                    torch.cuda.manual_seed_all(s)
                numpy.random.seed(s % 2**32)
                random.seed(s)
                items.append(part[int(example)])
            pair = torch.utils.data.default_collate(items)
        inputs, targets = pair
        return self.moved(inputs), self.moved(targets)

    def moved(self, v: Any) -> Any:
        if torch.is_tensor(v):
            return v.to(self.device, self.dtype if v.is_floating_point() else v.dtype)
        if isinstance(v, (tuple, list)):
            return type(v)(self.moved(e) for e in v)
        if isinstance(v, dict):
            return {k: self.moved(e) for k, e in v.items()}
        return v

    def precision(self) -> Any:
        if self.autocast:
            return torch.autocast(self.device.type, dtype=self.autocast)
        return contextlib.nullcontext()

    def derivatives(self, batch: Tuple[Any, Any], seed: int, position: int, squares: bool, sampled: bool) -> Tuple[
            float, List[torch.Tensor], Optional[List[torch.Tensor]], Optional[List[torch.Tensor]]]:
        """Loss and gradient of a batch; if wanted, the sum of squares of per-example gradients, and the sampled gradient."""
        inputs, targets = batch
        m = _length(inputs)
        self.model.train()
        hooks = self.hooks if squares and self.variance == "hooks" else None
        with self.dropout.drawing(seed, range(position, position + m)), hooks.watching() if hooks else contextlib.nullcontext():
            with self.precision():
                outputs = self.model(inputs)
                loss = self.o.loss(outputs, targets)
        seen = hooks.outputs() if hooks else []
        found = torch.autograd.grad(loss, self.parameters + seen, retain_graph=sampled, allow_unused=True)
        gradient = [_or_zero(g, p) for g, p in zip(found, self.parameters)]
        label_gradient = None
        if sampled:
            with self.precision():
                again = _cross_entropy_of_rows(outputs, _draw_labels(outputs.detach(), seed, position))
            label_gradient = [_or_zero(g, p) for g, p in zip(torch.autograd.grad(again, self.parameters, allow_unused=True), self.parameters)]
        sums = None
        if hooks:
            sums = hooks.squares(found[len(self.parameters):], m)
        elif squares and self.variance == "vmap":
            with self.precision():
                sums = per_example.by_vmap(self.model, self.named, self.o.loss, inputs, targets)
        elif squares:
            sums = [torch.zeros_like(p) for p in self.parameters]
            for i in range(m):
                with self.dropout.drawing(seed, range(position + i, position + i + 1)), self.precision():
                    one = self.o.loss(self.model(_pick(inputs, i)), _pick(targets, i))
                for s, g in zip(sums, torch.autograd.grad(one, self.parameters, allow_unused=True)):
                    if g is not None:
                        s.addcmul_(g, g)
        return float(loss.detach()), gradient, sums, label_gradient

    def measured(self, examples: numpy.ndarray, seed: int, position: int, squares: bool, sampled: bool) -> Tuple[
            float, List[torch.Tensor], Optional[List[torch.Tensor]], Optional[List[torch.Tensor]]]:
        """As derivatives, of examples of the training part, a microbatch at a time."""
        train, m, most = self.o.parts["train"], len(examples), self.o.microbatch or len(examples)
        if m <= most:
            return self.derivatives(self.batch(train, examples, seed, position), seed, position, squares, sampled)
        loss, gradient = 0.0, [torch.zeros_like(p) for p in self.parameters]
        sums = [torch.zeros_like(p) for p in self.parameters] if squares else None
        labels = [torch.zeros_like(p) for p in self.parameters] if sampled else None
        for i in range(0, m, most):
            chosen = examples[i:i + most]
            part = self.derivatives(self.batch(train, chosen, seed, position + i), seed, position + i, squares, sampled)
            share = len(chosen) / m  # losses and gradients are means over their examples, sums are sums
            loss += share * part[0]
            for total, vectors, weight in ((gradient, part[1], share), (sums, part[2], 1), (labels, part[3], share)):
                for t, v in zip(total or (), vectors or ()):
                    t.add_(v, alpha=weight)
        return loss, gradient, sums, labels

    def calibrate(self) -> None:
        """Gives batch normalization the statistics of the training part at this point."""
        if not self.mixing:
            return
        for layer in self.mixing:
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over the batches
        self.model.train()
        for m in self.dropout.modules:
            m.eval()
        with torch.no_grad():
            for inputs, _, _ in self.batches("train"):
                with self.precision():
                    self.model(inputs)

    def batches(self, part: str) -> Iterator[Tuple[Any, Any, int]]:
        """The batches of a part for evaluation."""
        data = self.o.parts[part]
        if part == "train":
            data = self.o.plain_train if self.o.plain_train is not None else data
        index = numpy.arange(len(data))
        if part == "train":  # about as many as the other parts have
            most = max(_size(self.o.parts["test"]), _size(self.o.parts["validation"])) or len(data)
            if most < len(data):
                g = torch.Generator()
                g.manual_seed(derive(0, "split"))
                index = torch.randperm(len(data), generator=g)[:most].sort().values.numpy()
        for i in range(0, len(index), self.o.evaluation_batch):
            chosen = index[i:i + self.o.evaluation_batch]
            inputs, targets = self.batch(data, chosen, 0, int(chosen[0]))
            yield inputs, targets, len(chosen)

    def evaluate(self, part: str) -> Tuple[float, float]:
        self.calibrate()
        self.model.eval()
        loss = metric = 0.0
        count = 0
        with torch.no_grad():
            for inputs, targets, n in self.batches(part):
                with self.precision():
                    outputs = self.model(inputs)
                    loss += float(self.o.loss(outputs, targets)) * n
                if self.o.metric == "accuracy":
                    metric += float((outputs.argmax(1) == targets).to(torch.float64).mean()) * n
                elif callable(self.o.metric):
                    metric += float(self.o.metric(outputs, targets)) * n
                count += n
        return loss / count, (loss if self.o.metric == "loss" else metric) / count


def _length(inputs: Any) -> int:
    if torch.is_tensor(inputs):
        return len(inputs)
    return _length(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs[0])


def _pick(v: Any, i: int) -> Any:
    """The i-th example as a batch of one."""
    if torch.is_tensor(v):
        return v[i:i + 1]
    if isinstance(v, dict):
        return {k: _pick(e, i) for k, e in v.items()}
    return type(v)(_pick(e, i) for e in v)


def _or_zero(g: Optional[torch.Tensor], p: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(p) if g is None else g


def _draw_labels(outputs: torch.Tensor, seed: int, position: int) -> torch.Tensor:
    """A label for each example, and each place of it, from the model's softmax over axis 1."""
    labels = torch.empty(outputs.shape[:1] + outputs.shape[2:], dtype=torch.int64)
    for i, output in enumerate(outputs):  # one at a time: a large vocabulary takes much room
        sums = output.to("cpu", torch.float64).softmax(0).cumsum(0)
        g = torch.Generator()
        g.manual_seed(derive(seed, "label", position + i))
        u = torch.rand(labels.shape[1:], generator=g, dtype=torch.float64)
        labels[i] = (sums < u * sums[-1]).sum(0).clamp(max=len(sums) - 1)
    return labels.to(outputs.device)


def blocks(model: nn.Module, named: Sequence[Tuple[str, torch.Tensor]], roles: Mapping[str, str]) -> List[Block]:
    """The blocks of a model's parameters, with roles by the layers that own them."""
    owners = {id(p): m for m in model.modules() for p in m.parameters(recurse=False)}
    linear = [m for m in model.modules() if isinstance(m, (nn.Linear, nn.modules.conv._ConvNd)) and m.weight.requires_grad]
    found, at = [], 0
    for name, p in named:
        owner = owners[id(p)]
        if name in roles:
            role = roles[name]
        elif isinstance(owner, nn.Embedding):
            role = "embedding"
        elif name.endswith("bias") or p.dim() < 2 and not _normalizes(owner):
            role = "bias"
        elif _normalizes(owner):
            role = "scale"
        elif linear and owner is linear[-1]:
            role = "output"
        else:
            role = "weight"
        output = p.dim() - 1 if isinstance(owner, nn.Embedding) else 0
        found.append(Block(name, at, p.numel(), tuple(p.shape) or (1,), output, role))
        at += p.numel()
    return found


def _normalizes(m: nn.Module) -> bool:
    return "Norm" in type(m).__name__


class _TorchProblem(Problem):
    def __init__(self, model: _Model) -> None:
        self.model = model

    def init(self, x: numpy.ndarray, seed: int) -> None:
        x[:] = self.model.flat(self.model.build(seed)).cpu().numpy()

    def measure(self, x: numpy.ndarray, examples: numpy.ndarray, seed: int, position: int, want: int, out: Measurement) -> None:
        model = self.model
        model.here(x)
        wants_variance = bool(want & (VARIANCE | VARIANCE_NORM))
        out.loss, gradient, squares, sampled = model.measured(examples, seed, position, wants_variance, bool(want & SAMPLED_GRADIENT))
        if want & GRADIENT:
            _write(out.gradient, gradient)
        if sampled is not None:
            _write(out.more["sampled_gradient"], sampled)
        if squares is not None:
            m = len(examples)
            s = [torch.clamp((q - m * g * g) / (m - 1), min=0) for q, g in zip(squares, gradient)]
            out.variance_norm = float(sum(v.sum(dtype=torch.float64) for v in s))
            if want & VARIANCE:
                _write(out.variance, s)

    def evaluate(self, x: numpy.ndarray, part: str) -> Tuple[float, float]:
        if self.model.o.parts.get(part) is None:
            raise ValueError(f"there is no {part} part")
        self.model.here(x)
        return self.model.evaluate(part)

    def close(self) -> None:
        self.model.place(self.model.home)  # lets go of the host's memory


def _write(to: numpy.ndarray, parts: Sequence[torch.Tensor]) -> None:
    at = 0
    flat = torch.from_numpy(to)
    for v in parts:
        flat[at:at + v.numel()].copy_(v.detach().reshape(-1))
        at += v.numel()
