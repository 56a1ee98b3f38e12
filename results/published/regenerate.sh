#!/bin/sh
# Makes the published boards anew: results/published/regenerate.sh [PLAN...], where the plans are
# standard (half an hour on two cores) and networks (five hours), both by default. Runs are kept in
# noisebench-published, so that an interrupted call goes on from there. With --check it makes
# nothing, but looks for what is missing, added or changed in both bundles, makes 20 random runs of
# each again, and draws the curves from the bundles, to compare them with those here.
set -eu
cd "$(dirname "$0")/../.."
here=results/published
# The build has no path and no revision in it: the same sources and the same version of Go give the
# same executable, whose hash is in every record.
go build -trimpath -buildvcs=false -o noisebench-published/bench ./cmd/bench
bench() { noisebench-published/bench "$@"; }
# curves PLAN RUNS FILE draws the training losses on all problems of a plan.
curves() {
	bench plot "$1" loss -o "$2" --width 7 --out "$2/curves" >/dev/null
	mv "$2/curves/$1--loss.svg" "$3"
	rm -r "$2/curves"
}
if [ "${1:-}" = --check ]; then
	temporary=$(mktemp -d)
	trap 'rm -rf "$temporary"' EXIT
	for bundle in "$here"/*.noisebench.tar.zst; do
		bench verify "$bundle" --rerun 20
		plan=$(basename "$bundle" .noisebench.tar.zst)
		bench import "$bundle" -o "$temporary/$plan" --check 0
		curves "$plan" "$temporary/$plan" "$temporary/$plan.svg"
		cmp "$temporary/$plan.svg" "$here/$plan-curves.svg"
	done
	exit
fi
if [ $# = 0 ]; then
	set -- standard networks
fi
for plan in "$@"; do
	file=$here/$plan.noisebench.tar.zst
	bench run "$plan" -o noisebench-published/runs >/dev/null
	bench publish "$plan" -o noisebench-published/runs --title "The $plan comparison" \
		--author "the noisebench developers" --licence MIT --out "$file"
	bench report "$plan" -o noisebench-published/runs --out "$here/$plan.html"
	bench table "$plan" -o noisebench-published/runs --format markdown >"$here/$plan.md"
	curves "$plan" noisebench-published/runs "$here/$plan-curves.svg"
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
