package verify

import (
	"context"

	"noisebench/results/bundle/check"
)

// Verify makes all checks of the bundle at path: those of [Open], the comparison with the
// definitions that are here, and, if again selects runs, [Rerun]. It goes as far as the bundle can
// be read; that it cannot, or that a check fails, is a finding in the report. An error means that a
// run could not be made at all, as when ctx ends.
func Verify(
	ctx context.Context, path string, here check.Here, again Again, o Options,
) (*check.Checked, error) {
	x := Open(path, o)
	x.Seed = again.Seed
	if x.Bundle == nil {
		return x, nil
	}
	found := x.Compare(here)
	if x.Decisions == nil || again.None() && again.Cheapest == 0 {
		return x, nil
	}
	_, err := Rerun(ctx, x, found, again)
	return x, err
}
