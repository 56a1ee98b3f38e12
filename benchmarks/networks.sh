#!/bin/sh
# Compares the time of gradients, with and without variance, with PyTorch's. Debian: apt-get install python3-torch
cd "$(dirname "$0")/.." && exec go run ./plugins/problems/internal/nn/benchmarks "$@"
