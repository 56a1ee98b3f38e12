import os
import sys
import unittest

import numpy

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

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

    def test_variance_of_all_methods(self):
        from noisebench import torch_problems
        from torch import nn
        from torch.utils.data import TensorDataset

        g = torch.Generator().manual_seed(1)
        data = TensorDataset(torch.randn(20, 2, 6, 6, generator=g), torch.randint(3, (20,), generator=g))
        layers = [lambda: nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, stride=2), nn.GroupNorm(2, 4), nn.ReLU(inplace=True), nn.Flatten(),
                                        nn.LayerNorm(36), nn.Linear(36, 3)),
                  lambda: nn.Sequential(nn.Flatten(2), nn.Linear(36, 5), nn.LayerNorm(5), nn.Flatten(), nn.Linear(10, 3))]
        for make in layers:
            found = {}
            for method in ("hooks", "loop"):
                problem = noisebench.problem(make, nn.CrossEntropyLoss(), data, name="p", dtype="float64", variance=method)
                spec, opened = problem.spec({}), problem.open({})
                self.assertIsInstance(opened, torch_problems._TorchProblem)
                self.assertEqual(opened.model.variance, method)
                x = numpy.zeros(spec.dim)
                opened.init(x, 3)
                m = noisebench.Measurement(0, 5, 0.0, 0.0, 0, 0, 1.0, numpy.zeros(spec.dim), numpy.zeros(spec.dim))
                opened.measure(x, numpy.array([0, 7, 7, 19, 3]), 1, 0, noisebench.GRADIENT | noisebench.VARIANCE, m)
                found[method] = m
            self.assertGreater(found["loop"].variance.max(), 0)
            numpy.testing.assert_allclose(found["hooks"].variance, found["loop"].variance, rtol=1e-9, atol=1e-15)
            self.assertAlmostEqual(found["hooks"].variance_norm, found["loop"].variance.sum(), places=12)

    def test_mixing_models_have_no_variance(self):
        from torch import nn
        from torch.utils.data import TensorDataset

        data = TensorDataset(torch.randn(20, 4), torch.randint(3, (20,)))
        make = lambda: nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))  # noqa: E731
        self.assertFalse(noisebench.problem(make, nn.CrossEntropyLoss(), data, name="p").spec({}).measures & noisebench.VARIANCE)
        with self.assertRaisesRegex(ValueError, "BatchNorm1d makes the examples"):
            noisebench.problem(make, nn.CrossEntropyLoss(), data, name="p", variance="loop").spec({})


if __name__ == "__main__":
    unittest.main()
