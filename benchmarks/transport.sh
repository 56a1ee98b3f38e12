#!/bin/sh
# Times a step through plugins, that is one call of a problem and one of an optimizer in processes
# of their own, by every transport, alone and beside two and eight busy processes; then the plan
# quick, through plugins and in process, with two and eight runs at a time.
#
#   benchmarks/transport.sh          all, some minutes
#   benchmarks/transport.sh steps    the steps alone, under a minute
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
busy=
trap 'kill $busy 2>/dev/null || true; rm -rf "$dir"' EXIT
go test -c -o "$dir/plugins.test" ./plugins
for n in 0 2 8; do
	while [ "$(echo $busy | wc -w)" -lt $n ]; do
		sh -c 'while :; do :; done' &
		busy="$busy $!"
	done
	echo "beside $n busy processes, microseconds a step, least and median of 5 times:"
	for transport in in-process doorbell memory messages; do
		for _ in 1 2 3 4 5; do
			"$dir/plugins.test" -test.run NONE -test.bench "Step/dim=100/runs=1/$transport\$" -test.benchtime 300x |
				awk '/ns\/step/ { print $3 / 1000 }'
		done | sort -g | awk -v t=$transport '{ v[NR] = $1 } END { printf "  %-10s %10.1f %10.1f\n", t, v[1], v[3] }'
	done
done
kill $busy
busy=
[ "${1:-}" = steps ] && exit
go build -o "$dir/bench" ./cmd/bench
for jobs in 2 8; do
	for isolate in false true; do
		began=$(date +%s%N)
		"$dir/bench" run quick -j $jobs --isolate=$isolate --results "$dir/results-$jobs-$isolate" >/dev/null 2>&1
		echo "quick -j $jobs --isolate=$isolate: $((($(date +%s%N) - began) / 1000000)) ms"
	done
done
