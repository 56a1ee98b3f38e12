#!/bin/sh
# Runs the plan "standard" in full and makes anew what is in this folder. Runs are kept in noisebench-published, so that an
# interrupted run goes on from there. The build has no path and no revision in it: the same sources and the same version of
# Go give the same executable, whose hash is in every record.
set -eu
cd "$(dirname "$0")/../.."
here=results/published
go build -trimpath -buildvcs=false -o noisebench-published/bench ./cmd/bench
bench() { noisebench-published/bench "$@"; }
# In this process: the bits are those of plugin processes (R2), and the time column is that of problems and optimizers alone.
bench run standard --in-process -o noisebench-published/runs >/dev/null
bench publish standard -o noisebench-published/runs --title "The standard comparison" --author "the noisebench developers" \
	--licence MIT --out "$here/standard.noisebench.tar.zst"
size=$(wc -c <"$here/standard.noisebench.tar.zst")
sum=$(sha256sum "$here/standard.noisebench.tar.zst" | cut -d ' ' -f 1)
printf '[\n {\n  "Name": "standard.noisebench.tar.zst",\n  "Size": %d,\n  "SHA256": "%s"\n }\n]\n' "$size" "$sum" \
	>plugins/problems/internal/data/published.json
bench verify "$here/standard.noisebench.tar.zst" --rerun 20 --save "$here/verified.new"
rm -rf "$here/verified" && mv "$here/verified.new" "$here/verified"
bench report standard -o noisebench-published/runs --out "$here/standard.html"
bench table standard -o noisebench-published/runs --format markdown >"$here/standard.md"
