#!/bin/sh
# Checks bundles, makes some of their runs again, and joins all of bundles/ into public/index.html. What was found is
# written to comment.md, and to verified/, by which the board tells what was made again. The exit status is 1 if one of the
# bundles fails.
#
#   ./check.sh bundles/a.noisebench.tar.zst ...
#
# BENCH is the bench to use, RERUN how many runs of each bundle to make again.
set -eu
cd "$(dirname "$0")"
bench=${BENCH:-bench}
rerun=${RERUN:-{{.Rerun}}}
status=0
found=$(mktemp)
trap 'rm -f "$found"' EXIT

echo "## Bundles" >comment.md
for bundle in "$@"; do
	verdict=passed
	"$bench" verify "$bundle" --rerun "$rerun" --signers allowed_signers --save verified >"$found" 2>&1 || verdict=FAILED
	[ "$verdict" = passed ] || status=1
	# Indented lines are shown as they are, whatever a bundle has for its title.
	{
		printf '\n### %s\n\n' "$verdict"
		sed 's/^/    /' "$found"
	} >>comment.md
done
[ "$#" -gt 0 ] || printf '\nNo bundle was added or changed.\n' >>comment.md

mkdir -p public
printf '\n## Board\n\n' >>comment.md
board() { "$bench" board bundles --verified verified --signers allowed_signers --title "$(cat title)" "$@"; }
if board --out public/index.html >"$found" 2>&1; then
	board --format json --out public/board.json >/dev/null 2>&1 # it found the same
else
	status=1
fi
sed 's/^/    /' "$found" >>comment.md
exit $status
