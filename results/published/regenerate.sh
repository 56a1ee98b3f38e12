#!/bin/sh
# Makes the published boards anew: results/published/regenerate.sh [PLAN...], where the plans are
# standard (half an hour on two cores) and networks (three hours), both by default. Runs are kept in
# noisebench-published, so that an interrupted call goes on from there. With --check it makes
# nothing, but looks for what is missing, added or changed in both bundles, and makes 20 random runs
# of each again.
set -eu
cd "$(dirname "$0")/../.."
here=results/published
# The build has no path and no revision in it: the same sources and the same version of Go give the
# same executable, whose hash is in every record.
go build -trimpath -buildvcs=false -o noisebench-published/bench ./cmd/bench
bench() { noisebench-published/bench "$@"; }
if [ "${1:-}" = --check ]; then
	for bundle in "$here"/*.noisebench.tar.zst; do
		bench verify "$bundle" --rerun 20
	done
	exit
fi
if [ $# = 0 ]; then
	set -- standard networks
fi
for plan in "$@"; do
	file=$here/$plan.noisebench.tar.zst
	# In this process: the bits are those of plugin processes (R2), and the time column is that of
	# problems and optimizers alone.
	bench run "$plan" --in-process -o noisebench-published/runs >/dev/null
	bench publish "$plan" -o noisebench-published/runs --title "The $plan comparison" \
		--author "the noisebench developers" --licence MIT --out "$file"
	bench report "$plan" -o noisebench-published/runs --out "$here/$plan.html"
	bench table "$plan" -o noisebench-published/runs --format markdown >"$here/$plan.md"
done
# The list of bundles that "bench data fetch published" and --baselines find.
{
	separator='['
	for bundle in "$here"/*.noisebench.tar.zst; do
		printf '%s\n {\n  "Name": "%s",\n  "Size": %d,\n  "SHA256": "%s"\n }' "$separator" \
			"$(basename "$bundle")" "$(wc -c <"$bundle")" "$(sha256sum "$bundle" | cut -d ' ' -f 1)"
		separator=,
	done
	printf '\n]\n'
} >plugins/problems/internal/data/published.json
rm -rf "$here/verified" # with reports of contents that there no longer are
for bundle in "$here"/*.noisebench.tar.zst; do
	bench verify "$bundle" --rerun 20 --save "$here/verified"
done
