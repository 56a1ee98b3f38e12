#!/bin/sh
# Times steps of PyTorch's Adam in a plugin, by each transport, beside bare ones in Python, for 100 and 1.34 million parameters:
# medians in microseconds, what a step takes more than a bare one, and its ratio to it. Bare steps are timed before and after.
# Debian: apt-get install python3-torch python3-grpcio python3-protobuf
#
#   benchmarks/python.sh             all, a minute
#   benchmarks/python.sh doorbell    by the fastest transport alone
cd "$(dirname "$0")/.." && exec go test ./plugins/python -run '^$' -bench "Step/.*/$1" -benchtime 500x
