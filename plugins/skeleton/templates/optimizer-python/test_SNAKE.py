import unittest

import torch

from {{.Snake}} import {{.Camel}}


class Test{{.Camel}}(unittest.TestCase):
    def test_first_steps(self):
        x = torch.nn.Parameter(torch.tensor([1.0, -2.0], dtype=torch.float64))
        optimizer = {{.Camel}}([x], lr=0.5, momentum=0.5)
        want = ([0.5, -1.5], [-0.25, -0.75])  # with the gradient (1, -1) throughout
        for expected in want:
            x.grad = torch.tensor([1.0, -1.0], dtype=torch.float64)
            optimizer.step()
            self.assertEqual(x.tolist(), expected)


if __name__ == "__main__":
    unittest.main()
