import unittest

import torch

from {{.Snake}} import {{.Camel}}, spirals


class Test{{.Camel}}(unittest.TestCase):
    def test_model_and_data_fit(self):
        points, labels = spirals(100, 1).tensors
        self.assertEqual({{.Camel}}()(points).shape, (100, 2))
        self.assertEqual(sorted(set(labels.tolist())), [0, 1])

    def test_data_are_fixed(self):
        for a, b in zip(spirals(100, 1).tensors, spirals(100, 1).tensors):
            self.assertTrue(torch.equal(a, b))


if __name__ == "__main__":
    unittest.main()
