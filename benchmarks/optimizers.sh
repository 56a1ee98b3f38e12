#!/bin/sh
# Compares the time of steps of adamw, muon and soap with PyTorch's. Debian: apt-get install
# python3-torch libopenblas0-pthread. Without the second package, PyTorch multiplies with the
# reference BLAS, which is many times slower.
#
# To run both sides as on a processor without AVX-512:
#   GODEBUG=cpu.avx512f=off ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell benchmarks/optimizers.sh
cd "$(dirname "$0")/.." && exec go run ./plugins/optimizers/benchmarks "$@"
