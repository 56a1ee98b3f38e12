#!/bin/sh
# Compares the time of gradients of a network, with and without variance, with PyTorch's. Usage:
#
#   benchmarks/networks.sh NAME|all [-turns 10] [-threads 2] [-batch N] [-format channels_last] [-memory] [-python PATH]
#
# The two take turns, so that whatever else the machine does hits both; ratios are medians over the turns, then of the
# shortest times. It also prints how many times the work of one run on one thread two of them do in the same time. With
# -memory, and one NAME, it prints the most memory that either process has taken instead.
#
# Debian: apt-get install python3-torch libopenblas0-pthread. Without the second, PyTorch multiplies with the reference BLAS,
# which is many times slower. Both sides as on a processor without AVX-512:
#   GODEBUG=cpu.avx512f=off ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 OPENBLAS_CORETYPE=Haswell benchmarks/networks.sh all
name=${1:?"want the name of a network, or all"}
shift
cd "$(dirname "$0")/.." &&
	exec go test ./plugins/problems -run '^TestAgainstPyTorch$' -count=1 -timeout 0 -v -pytorch "$name" "$@"
