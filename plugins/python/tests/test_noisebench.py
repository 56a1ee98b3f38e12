import contextlib
import io
import math
import os
import shutil
import sys
import tempfile
import unittest
from unittest import mock

import numpy

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [HERE, os.path.join(HERE, "testdata"), os.path.join(HERE, "examples")]

import noisebench
from noisebench import _signature

try:
    import torch
except ImportError:
    torch = None


def declared(definition):
    return {h.name: (h.default, h.min, h.max, h.integer, h.tuned, list(h.grid)) for h in definition.hyperparameters}


def start(setting, dim, blocks=(), seed=1, dtype="float64"):
    return noisebench.Start(setting, dim, dtype, list(blocks), 8, 100, 1000, seed)


def told(gradient, scale=1.0, step=0):
    return noisebench.Measurement(noisebench.GRADIENT, 8, 0.5, 0.0, step, 8, scale, numpy.array(gradient, dtype=float))


class TestSignatures(unittest.TestCase):
    def test_names(self):
        for name, want in (("MyAdam", "my-adam"), ("NAdam", "nadam"), ("RMSprop", "rmsprop"), ("my_sgd2", "my-sgd2")):
            self.assertEqual(_signature.hyphenated(name), want)

    def test_hyperparameters(self):
        def step(x, g, state, lr=0.5, betas=(0.9, 0.99), eps=1e-8, nesterov=False, history=10, mode="fast", foreach=None):
            pass

        inf = float("inf")
        self.assertEqual(declared(noisebench.function(step, tune={"eps": [1e-6], "beta2": (0.9, 0.98)}, defaults={"history": 5})), {
            "step_size": (0.5, 0, inf, False, True, []), "beta1": (0.9, 0, 1, False, False, []),
            "beta2": (0.99, 0, 1, False, True, [0.9, 0.919, 0.939, 0.959, 0.98, 0.99]), "eps": (1e-8, 0, inf, False, True, [1e-8, 1e-6]),
            "nesterov": (0, 0, 1, True, False, []), "history": (5, 1, inf, True, False, [])})

    def test_mistakes(self):
        def step(x, g, state, lr=0.5):
            pass

        for options, want in (({"tune": {"beta": [1]}}, "tune names beta"), ({"defaults": {"momentum": 1}}, "defaults names momentum"),
                              ({"tune": {"step_size": [1]}}, "search")):
            with self.assertRaisesRegex(ValueError, want):
                noisebench.function(step, **options)


class TestFunctions(unittest.TestCase):
    def test_schedule_and_state(self):
        def momentum(x, g, state, step_size=0.5, beta=0.5):
            m = state.setdefault("m", 0 * g)
            m *= beta
            m += g
            x -= step_size * m

        definition = noisebench.function(momentum)
        setting = {"step_size": 0.5, "beta": 0.5}
        first, x = definition.open(start(setting, 2)), numpy.zeros(2)
        first.step(x, told([1, 2]))
        first.step(x, told([1, 2], scale=0.5))
        numpy.testing.assert_array_equal(x, [-0.875, -1.75])
        second = definition.open(start(setting, 2))
        second.restore(first.save())
        y = x.copy()
        first.step(x, told([1, 1]))
        second.step(y, told([1, 1]))
        numpy.testing.assert_array_equal(x, y)
        with self.assertRaisesRegex(ValueError, "2 elements of float64, want 3"):
            definition.open(start(setting, 3)).restore(first.save())

    def test_random_is_of_the_run(self):
        def walk(x, g, state, random, step_size=1.0):
            x += step_size * random.standard_normal(len(x))

        ends = []
        for seed in (1, 1, 2):
            x = numpy.zeros(3)
            noisebench.function(walk).open(start({"step_size": 1.0}, 3, seed=seed)).step(x, told([0, 0, 0]))
            ends.append(x.tolist())
        self.assertEqual(ends[0], ends[1])
        self.assertNotEqual(ends[0], ends[2])


@unittest.skipIf(torch is None, "torch is not installed: apt-get install python3-torch")
class TestTorch(unittest.TestCase):
    def test_parameters_share_the_points_memory(self):
        seen = []

        class Watch(torch.optim.SGD):
            def step(self):
                seen.extend((tuple(p.shape), p.block.role, p.data_ptr()) for g in self.param_groups for p in g["params"])
                super().step()

        blocks = [noisebench.Block("w", 0, 6, (2, 3), 1, "weight"), noisebench.Block("b", 6, 3, (3,), 0, "bias")]
        for turned, shape in ((False, (2, 3)), (True, (3, 2))):
            seen.clear()
            x = numpy.arange(9.0)
            o = noisebench.torch(Watch, step_size=1, outputs_first=turned).open(start({"step_size": 1.0, "momentum": 0.0, "dampening": 0.0,
                                                                                       "weight_decay": 0.0, "nesterov": 0.0}, 9, blocks))
            o.step(x, told(range(9)))
            numpy.testing.assert_array_equal(x, numpy.zeros(9))
            self.assertEqual([s[:2] for s in seen], [(shape, "weight"), ((3,), "bias")])
            self.assertEqual(seen[1][2], x.ctypes.data + 48)
            self.assertEqual(seen[0][2] == x.ctypes.data, not turned)

    def measured(self, problem, want=noisebench.GRADIENT | noisebench.VARIANCE, examples=(0, 7, 7, 19, 3)):
        """What a problem measures at its start, moved a little, and how."""
        spec, opened = problem.spec({}), problem.open({})
        x = numpy.zeros(spec.dim, spec.dtype)
        opened.init(x, 3)
        x += 0.1 * numpy.sin(numpy.arange(spec.dim)).astype(x.dtype)
        m = noisebench.Measurement(0, len(examples), 0.0, 0.0, 0, 0, 1.0, numpy.zeros_like(x), numpy.zeros_like(x),
                                   {"sampled_gradient": numpy.zeros_like(x)})
        opened.measure(x, numpy.array(examples), 1, 0, want, m)
        return m, opened.model.variance, x

    def test_variance_of_all_methods(self):
        from torch import nn
        from torch.utils.data import TensorDataset

        class Scale(nn.Module):
            """A layer that noisebench does not know."""

            def __init__(self):
                super().__init__()
                self.gains, self.shift = nn.Parameter(torch.ones(36)), nn.Parameter(torch.zeros(()))

            def forward(self, x):
                return x * self.gains / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt() + self.shift

        g = torch.Generator().manual_seed(1)
        data = TensorDataset(torch.randn(20, 2, 6, 6, generator=g), torch.randint(3, (20,), generator=g))
        layers = [lambda: nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, stride=2), nn.GroupNorm(2, 4), nn.ReLU(inplace=True), nn.Flatten(),
                                        nn.LayerNorm(36), nn.Linear(36, 3)),
                  lambda: nn.Sequential(nn.Flatten(2), nn.Linear(36, 5), nn.LayerNorm(5), nn.Flatten(), nn.Linear(10, 3)),
                  lambda: nn.Sequential(nn.Conv2d(2, 4, 3, padding="same", groups=2), nn.PReLU(4), nn.Flatten(2), Scale(), nn.Flatten(),
                                        nn.Linear(144, 3))]
        for make in layers:
            found = {}
            for method in ("hooks", "vmap", "loop"):
                found[method], used, _ = self.measured(
                    noisebench.problem(make, nn.CrossEntropyLoss(), data, name="p", dtype="float64", variance=method))
                self.assertEqual(used, method)
            self.assertGreater(found["loop"].variance.max(), 0)
            for method in ("hooks", "vmap"):
                numpy.testing.assert_allclose(found[method].variance, found["loop"].variance, rtol=1e-9, atol=1e-15)
                self.assertAlmostEqual(found[method].variance_norm, found["loop"].variance.sum(), places=12)

    def test_rms_normalization(self):
        from noisebench import per_example
        from torch import nn

        class RMSNorm(nn.Module):
            """As the documentation of torch.nn.RMSNorm, of PyTorch 2.4 and later, has it."""

            def __init__(self, shape, eps):
                super().__init__()
                self.normalized_shape, self.eps, self.weight = shape, eps, nn.Parameter(torch.ones(shape))

            def forward(self, x):
                axes = tuple(range(-len(self.normalized_shape), 0))
                eps = torch.finfo(x.dtype).eps if self.eps is None else self.eps
                return x / (x.square().mean(axes, keepdim=True) + eps).sqrt() * self.weight

        for layer, x in ((RMSNorm((4,), None), torch.randn(3, 5, 4)), (RMSNorm((5, 4), 0.1), torch.randn(3, 5, 4))):
            layer, x, d = layer.double(), x.double(), torch.randn(x.shape, dtype=torch.float64)
            want = torch.zeros_like(layer.weight)
            for i in range(len(x)):
                want += torch.autograd.grad((layer(x[i:i + 1]) * d[i:i + 1]).sum(), layer.weight)[0].square()
            with mock.patch.object(per_example, "_RMS_NORM", RMSNorm):
                self.assertTrue(per_example._known(layer))
                torch.testing.assert_close(per_example._layer(layer, x, d)[0], want)

    def test_what_hooks_cannot_see_is_looped(self):
        from torch import nn
        from torch.utils.data import TensorDataset

        class Twice(nn.Module):
            """Uses the weight of a layer outside of it."""

            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(4, 4)

            def forward(self, x):
                return self.layer(x) @ self.layer.weight

        data = TensorDataset(torch.randn(20, 4), torch.randint(4, (20,)))
        _, used, _ = self.measured(noisebench.problem(Twice, nn.CrossEntropyLoss(), data))
        self.assertEqual(used, "vmap")
        with mock.patch("noisebench.per_example.has_vmap", lambda: False):
            _, used, _ = self.measured(noisebench.problem(Twice, nn.CrossEntropyLoss(), data))
        self.assertEqual(used, "loop")

    def test_microbatches_and_mixed_precision(self):
        from torch import nn
        from torch.utils.data import TensorDataset

        g = torch.Generator().manual_seed(2)
        data = TensorDataset(torch.randn(20, 6, 5, generator=g), torch.randint(4, (20, 6), generator=g))

        class Sequences(nn.Sequential):
            def __init__(self):
                super().__init__(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 4))

            def forward(self, x):
                return super().forward(x).transpose(1, 2)

        every = noisebench.GRADIENT | noisebench.VARIANCE | noisebench.SAMPLED_GRADIENT
        whole, _, _ = self.measured(noisebench.problem(Sequences, nn.CrossEntropyLoss(), data), every)
        for method in ("hooks", "vmap", "loop"):
            parts, _, _ = self.measured(noisebench.problem(Sequences, nn.CrossEntropyLoss(), data, microbatch=2, variance=method), every)
            mixed, _, _ = self.measured(noisebench.problem(Sequences, nn.CrossEntropyLoss(), data, autocast=torch.bfloat16,
                                                           variance=method), every)
            for got, tolerance in ((parts, 1e-5), (mixed, 0.05)):
                self.assertAlmostEqual(got.loss, whole.loss, delta=tolerance * whole.loss)
                self.assertAlmostEqual(got.variance_norm, whole.variance_norm, delta=tolerance * whole.variance_norm)
                for a, b in ((got.gradient, whole.gradient), (got.variance, whole.variance)):
                    self.assertLessEqual(numpy.linalg.norm(a - b), tolerance * numpy.linalg.norm(b))
            numpy.testing.assert_allclose(parts.more["sampled_gradient"], whole.more["sampled_gradient"], rtol=1e-4, atol=1e-6)
            self.assertFalse(numpy.array_equal(mixed.gradient, whole.gradient))
        norm = lambda: nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(6), nn.Flatten(), nn.Linear(48, 4))  # noqa: E731
        with self.assertRaisesRegex(ValueError, "BatchNorm1d takes statistics over the whole batch"):
            noisebench.problem(norm, nn.CrossEntropyLoss(), data, name="p", microbatch=2).spec({})

    def test_cross_entropy(self):
        from noisebench.torch_problems import _cross_entropy_of_rows
        from torch.nn import functional as F

        for shape, targets in (((4, 3), (4,)), ((4, 3, 5), (4, 5)), ((4, 3, 2, 5), (4, 2, 5))):
            outputs, labels = torch.randn(shape), torch.randint(3, targets)
            torch.testing.assert_close(_cross_entropy_of_rows(outputs, labels), F.cross_entropy(outputs, labels))
            chances = torch.rand(shape)
            self.assertEqual(_cross_entropy_of_rows(outputs, chances), F.cross_entropy(outputs, chances))

    def test_devices(self):
        from noisebench.device import chosen_device

        with mock.patch.dict(os.environ, {"NOISEBENCH_DEVICE": ""}):
            self.assertEqual(chosen_device().type, "cpu")
        for index, found, want in (("0", 0, "finds no CUDA devices"), ("2", 2, "finds 2 CUDA devices"), ("all", 2, "is all")):
            with mock.patch.dict(os.environ, {"NOISEBENCH_DEVICE": index}), mock.patch("torch.cuda.device_count", lambda: found):
                with self.assertRaisesRegex(RuntimeError, want):
                    chosen_device()
        with mock.patch.dict(os.environ, {"NOISEBENCH_DEVICE": "1"}), mock.patch("torch.cuda.device_count", lambda: 2):
            self.assertEqual(str(chosen_device()), "cuda:1")

    def test_mixing_models_have_no_variance(self):
        from torch import nn
        from torch.utils.data import TensorDataset

        data = TensorDataset(torch.randn(20, 4), torch.randint(3, (20,)))
        make = lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))  # noqa: E731
        self.assertFalse(noisebench.problem(make, nn.CrossEntropyLoss(), data, name="p").spec({}).measures & noisebench.VARIANCE)
        with self.assertRaisesRegex(ValueError, "BatchNorm1d makes the examples"):
            noisebench.problem(make, nn.CrossEntropyLoss(), data, name="p", variance="loop").spec({})


def write_tokens(folder, name, numbers, header=(20240520, 1)):
    with open(os.path.join(folder, name), "wb") as f:
        f.write(numpy.array([*header, len(numbers)] + [0] * 253, "<i4").tobytes() + numpy.array(numbers, "<u2").tobytes())


@unittest.skipIf(torch is None, "torch is not installed: apt-get install python3-torch")
class TestNanoGPT(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        draw = numpy.random.default_rng(1).integers
        self.tokens = [draw(0, 11, n) for n in (90, 61, 90)]
        for name, numbers in zip(("train_000001", "train_000002", "val_000000"), self.tokens):
            write_tokens(self.folder, f"fineweb_{name}.bin", numbers)

    def define(self, **options):
        import nanogpt_small

        self.example = nanogpt_small
        tiny = dict(vocabulary=11, layers=2, width=16, head=8, length=6, evaluated=7, batch=4, steps=5, microbatch=3, autocast=None)
        return nanogpt_small.define(self.folder, **{**tiny, **options})

    def test_size(self):
        self.define()
        with torch.no_grad(), mock.patch("torch.nn.init.normal_"):
            model = self.example.GPT(50304, 1, 768, 128)
        layer = sum(p.numel() for p in model.blocks.parameters())
        # Embedding and output layer; in each of 12 layers four and eight square matrices, and biases and gains.
        self.assertEqual(sum(p.numel() for p in model.parameters()) + 11 * layer,
                         2 * 50304 * 768 + 50304 + 2 * 768 + 12 * (12 * 768 ** 2 + 11 * 768))

    def test_data(self):
        problem = self.define()
        spec, parts = problem.spec({}), problem.open({}).model.o.parts
        # 90 tokens have 14 sequences of 6 with what follows them, 61 have 10.
        self.assertEqual((spec.train, spec.validation, spec.test, spec.batch_size, spec.budget), (24, 7, 7, 4, 20))
        for part, i, file, at in (("train", 0, 0, 0), ("train", 13, 0, 78), ("train", 14, 1, 0), ("train", 23, 1, 54),
                                  ("validation", 6, 2, 36), ("test", 0, 2, 42), ("test", 6, 2, 78)):
            ids, following = parts[part][i]
            self.assertEqual(ids.tolist(), self.tokens[file][at:at + 6].tolist())
            self.assertEqual(following.tolist(), self.tokens[file][at + 1:at + 7].tolist())
        self.assertEqual([name for name, _ in spec.data], ["fineweb_train_000001.bin", "fineweb_train_000002.bin", "fineweb_val_000000.bin"])
        roles = {b.name: b.role for b in spec.blocks}
        self.assertEqual({n: roles[n] for n in ("embed.weight", "blocks.1.attn.proj.weight", "blocks.0.mlp.fc.bias", "norm2.gains",
                                                "proj.weight", "proj.bias")},
                         {"embed.weight": "embedding", "blocks.1.attn.proj.weight": "weight", "blocks.0.mlp.fc.bias": "bias",
                          "norm2.gains": "scale", "proj.weight": "output", "proj.bias": "bias"})
        self.assertEqual(spec.blocks[0].shape, (11, 16))

    def test_mistakes(self):
        def refused(want, folder=None):
            said = io.StringIO()
            with self.assertRaises(SystemExit) as e, contextlib.redirect_stderr(said):
                self.example.define(folder or self.folder, length=6, evaluated=7)
            self.assertIn(want, str(e.exception))

        self.define()
        refused("cached_fineweb10B.py", folder="/nowhere")
        write_tokens(self.folder, "fineweb_val_000000.bin", self.tokens[2][:60])
        refused("has 9 sequences, want 14")
        write_tokens(self.folder, "fineweb_val_000000.bin", self.tokens[2], header=(20240520, 2))
        refused("does not begin as files of tokens do")
        path = os.path.join(self.folder, "fineweb_train_000002.bin")
        with open(path, "ab") as f:
            f.write(b"12")
        refused("has 62 tokens, its header says 61")

    def test_model(self):
        """Against the benchmark's definition, written anew position by position, and a plain loop in PyTorch."""
        opened = self.define().open({})
        x = numpy.zeros(opened.model.dim, numpy.float32)
        opened.init(x, 1)
        self.assertAlmostEqual(opened.evaluate(x, "test")[0], math.log(11), places=6)  # outputs start at 0
        x += 0.2 * numpy.random.default_rng(2).standard_normal(len(x)).astype("f4")
        examples = numpy.array([3, 20, 3, 8])
        every = noisebench.GRADIENT | noisebench.VARIANCE
        m = noisebench.Measurement(every, 4, 0.0, 0.0, 0, 0, 1.0, numpy.zeros_like(x), numpy.zeros_like(x))
        opened.measure(x, examples, 1, 0, every, m)

        model = self.example.GPT(11, 2, 16, 8)
        torch.nn.utils.vector_to_parameters(torch.from_numpy(x), model.parameters())
        gradients, losses = [], []
        for i in examples:
            ids, following = opened.model.o.parts["train"][i]
            loss = torch.nn.functional.cross_entropy(model(ids[None])[0].T, following)
            gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))]).double().numpy())
            losses.append(loss.item())
            self.assertAlmostEqual(loss.item(), self.by_hand(dict(model.named_parameters()), ids.tolist(), following.tolist()), places=4)
        self.assertAlmostEqual(m.loss, numpy.mean(losses), places=5)
        for got, want in ((m.gradient, numpy.mean(gradients, 0)), (m.variance, numpy.var(gradients, 0, ddof=1))):
            self.assertLess(numpy.abs(got - want).max(), 1e-4 * numpy.abs(want).max())

    @staticmethod
    def by_hand(parameters, ids, following, layers=2, heads=2, head=8):
        w = {n: p.detach().double().numpy() for n, p in parameters.items()}

        def linear(name, v):
            return w[name + ".weight"] @ v + w[name + ".bias"]

        def normal(v, gains=1.0):
            return v / math.sqrt(numpy.mean(v * v) + 2 ** -23) * gains

        def turned(v, t):
            half, quarter = len(v) // 2, len(v) // 4
            out = v.copy()
            for j in range(quarter):  # the other quarters do not turn
                angle = t * 1024 ** (-j / (quarter - 1))
                a, b = v[j], v[half + j]
                out[j], out[half + j] = a * math.cos(angle) + b * math.sin(angle), b * math.cos(angle) - a * math.sin(angle)
            return out

        stream = [normal(w["embed.weight"][i], w["norm1.gains"]) for i in ids]
        for layer in range(layers):
            name = f"blocks.{layer}."
            inside = [normal(v, w[name + "norm1.gains"]) for v in stream]
            q, k, value = ([linear(name + "attn." + kind, v) for v in inside] for kind in "qkv")
            for t in range(len(ids)):
                mixed = []
                for h in range(heads):
                    part = slice(h * head, (h + 1) * head)
                    scores = [0.12 * turned(normal(q[t][part]), t) @ turned(normal(k[s][part]), s) for s in range(t + 1)]
                    weights = numpy.exp(scores) / numpy.exp(scores).sum()
                    mixed.append(sum(p * value[s][part] for s, p in enumerate(weights)))
                stream[t] = stream[t] + linear(name + "attn.proj", numpy.concatenate(mixed))
            stream = [v + linear(name + "mlp.proj", numpy.maximum(linear(name + "mlp.fc", normal(v, w[name + "norm2.gains"])), 0) ** 2)
                      for v in stream]
        loss = 0.0
        for v, target in zip(stream, following):
            z = linear("proj", normal(v, w["norm2.gains"]))
            z = 15 * z / numpy.sqrt(z * z + 225)
            loss += math.log(numpy.exp(z).sum()) - z[target]
        return loss / len(following)


class TestOptax(unittest.TestCase):
    """With JAX and optax where they are installed, else with stand-ins."""

    @classmethod
    def setUpClass(cls):
        import stand_ins

        cls.real = stand_ins.install()
        import jax
        import optax

        cls.jax, cls.optax = jax, optax

    def run_of(self, definition, setting, steps=3, dtype="float64", scale=lambda i: 1.0, blocks=()):
        o, x = definition.open(start(setting, 4, blocks, dtype=dtype)), numpy.array([1.0, -2.0, 3.0, 4.0], dtype)
        for i in range(steps):
            m = told(x, scale(i))
            m.gradient = m.gradient.astype(dtype)
            o.step(x, m)
        return o, x

    def test_signature(self):
        d = noisebench.optax(self.optax.adam)
        found = declared(d)
        self.assertEqual((d.name, found["step_size"][0], found["b1"][:3], found["nesterov"][3]), ("optax-adam", 1e-3, (0.9, 0, 1), True))

    def test_steps_and_schedule(self):
        blocks = [noisebench.Block("w", 0, 2, (1, 2), 1, "weight"), noisebench.Block("b", 2, 2, (2,), 0, "bias")]
        d = noisebench.optax(self.optax.lion, name="lion", fixed={"mask": lambda parameters: [p.ndim > 1 for p in parameters]})
        _, x = self.run_of(d, {"step_size": 1, "b1": 0.9, "b2": 0.99, "weight_decay": 0.25}, 2, scale=lambda i: 1 - i / 2, blocks=blocks)
        # To [-0.25, -0.5, 2, 3] by signs and, for weights, a quarter of them; then half as far, with the other sign for the first.
        numpy.testing.assert_allclose(x, [0.28125, 0.0625, 1.5, 2.5])

    def test_saves(self):
        setting = {"step_size": 0.1, "b1": 0.9, "b2": 0.99, "eps": 1e-8, "eps_root": 0.0, "nesterov": 0.0}
        d = noisebench.optax(self.optax.adam)
        o, x = self.run_of(d, setting)
        other = d.open(start(setting, 4))
        other.restore(o.save())
        y = x.copy()
        o.step(x, told([1, 2, 3, 4]))
        other.step(y, told([1, 2, 3, 4]))
        numpy.testing.assert_array_equal(x, y)
        with self.assertRaisesRegex(ValueError, "4 elements of float64, want 5"):
            d.open(start(setting, 5)).restore(o.save())

        def odd(learning_rate=0.1):
            return self.optax.GradientTransformation(lambda p: {"what": "a text"}, lambda g, s, p=None: (g, s))

        if not self.real:  # which lets no text through jit
            with self.assertRaisesRegex(ValueError, "'a text', which is neither an array nor a number"):
                self.run_of(noisebench.optax(odd), {"step_size": 0.1})[0].save()

    def test_precision_of_the_run_before_is_forgotten(self):
        setting = {"step_size": 0.1, "b1": 0.9, "b2": 0.99, "eps": 1e-8, "eps_root": 0.0, "nesterov": 0.0}
        d = noisebench.optax(self.optax.adam)
        _, first = self.run_of(d, setting, dtype="float32")
        self.run_of(d, setting)
        o, again = self.run_of(d, setting, dtype="float32")
        numpy.testing.assert_array_equal(first, again)
        self.assertTrue(all(leaf.dtype.itemsize <= 4 for leaf in map(numpy.asarray, self.jax.tree_util.tree_leaves(o.state))))


if __name__ == "__main__":
    unittest.main()
