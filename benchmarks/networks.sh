#!/bin/sh
# Compares the time of gradients, with and without variance, with PyTorch's. Debian: apt-get install python3-torch
# libopenblas0-pthread. Without the second, PyTorch multiplies with the reference BLAS, which is many times slower.
#
# Both sides as on a processor without AVX-512:
#   GODEBUG=cpu.avx512f=off ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell benchmarks/networks.sh
cd "$(dirname "$0")/.." && exec go run ./plugins/problems/internal/nn/benchmarks "$@"
