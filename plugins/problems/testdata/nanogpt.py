"""PyTorch's run of AdamW on opticks-nanogpt, from the start and on the batches of a run here, which
plugins/problems/internal/nanogpt writes to a folder. Run: benchmarks/nanogpt.sh"""
import math, os, sys
import numpy as np
import torch

import transformer

STEPS, WARMUP, BATCH, SAME, TOLERANCE = 2000, 100, 12, 20, 1e-4


def main(folder):
    def read(name, dtype):
        return np.fromfile(os.path.join(folder, name), dtype)
    shapes = transformer.shapes(4, 128)
    parts = torch.split(torch.tensor(read("start.f32", "<f4")), [math.prod(s) for _, s in shapes])
    w = [p.reshape(s).clone().requires_grad_() for p, (_, s) in zip(parts, shapes)]
    matrices, others = [p for p in w if p.dim() > 1], [p for p in w if p.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}],
                                  lr=1e-3, betas=(0.9, 0.99), eps=1e-8)

    def sequences(text):
        n = (len(text) - 1) // transformer.T
        return torch.tensor(np.stack([text[i * transformer.T:(i + 1) * transformer.T + 1] for i in range(n)]).astype(np.int64))
    train, test = sequences(read("train.u8", "u1")), sequences(read("test.u8", "u1"))
    examples = read("examples.i32", "<i4").reshape(STEPS, BATCH)
    ours, worst = read("losses.f64", "<f8"), 0
    for step, batch in enumerate(examples):
        decay = (1 + math.cos(math.pi * max(0, step - WARMUP) / (STEPS - WARMUP))) / 2
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * min(1, (step + 1) / WARMUP) * (0.1 + 0.9 * decay)
        optimizer.zero_grad()
        loss = transformer.loss_of(w, train[torch.tensor(batch.astype(np.int64))])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(w, 1)
        optimizer.step()
        difference = abs(loss.item() - ours[step])
        if step < SAME:
            worst = max(worst, difference)
            if not difference <= TOLERANCE:
                sys.exit(f"step {step + 1}: loss {loss.item():.6f} by PyTorch and {ours[step]:.6f} by noisebench, "
                         f"want a difference of at most {TOLERANCE}")
        if step + 1 == SAME:
            print(f"the losses of the first {SAME} steps differ by at most {worst:.2g}", flush=True)
        elif (step + 1) % 500 == 0:
            print(f"step {step + 1}: loss {loss.item():.4f} by PyTorch, {ours[step]:.4f} by noisebench", flush=True)
    with torch.no_grad():
        print(f"PyTorch: test loss {transformer.loss_of(w, test).item():.4f} after {len(examples)} steps")


if __name__ == "__main__":
    main(sys.argv[1])
