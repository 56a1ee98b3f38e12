#!/bin/sh
# Compares the time of gradients of a network, with and without variance, with PyTorch's. Usage:
#
#   benchmarks/networks.sh NAME|all [-turns 10] [-threads 2] [-batch N] [-format channels_last]
#       [-memory] [-python PATH]
#
# The two take turns, so that other work on the machine slows both; ratios are medians over the
# turns, then of the shortest times. It also prints the throughput of two runs side by side, on one
# thread each, relative to that of one. With -memory, and one NAME, it prints the peak memory of
# each process instead.
#
# Debian: apt-get install python3-torch libopenblas0-pthread. Without the second package, PyTorch
# multiplies with the reference BLAS, which is many times slower. To run both sides as on a processor
# without AVX-512:
#   GODEBUG=cpu.avx512f=off ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 \
#       OPENBLAS_CORETYPE=Haswell benchmarks/networks.sh all
name=${1:?"want the name of a network, or all"}
shift
cd "$(dirname "$0")/.." &&
	exec go test ./plugins/problems -run '^TestAgainstPyTorch$' -count=1 -timeout 0 -v -pytorch "$name" "$@"
