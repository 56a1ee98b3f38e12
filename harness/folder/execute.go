package folder

import (
	"context"
	"fmt"

	"noisebench/harness"
	"noisebench/results"
	"noisebench/results/bundle"
	"noisebench/results/claim"
)

// Execute makes the runs of a campaign that the folder does not hold, as [harness.Campaign.MakeAll]
// does, and returns the records of those that failed. It keeps what the names of the plan mean, by
// definitions, so that its results can be read without plugins; it claims runs, so that several
// harnesses can share the folder; and it keeps checkpoints of unfinished runs. Note is told of
// records that other code made. job names the task of a batch system that this process is; empty:
// none.
//
// Store, Claims and Checkpoints of the options are set here. It is an error if finished runs are no
// longer in the folder at the end.
func (s *Store) Execute(
	ctx context.Context, campaign *harness.Campaign, definitions bundle.Lookup, job string,
	o harness.Options,
) (failed map[string]*results.Record, err error) {
	if err := s.Prepare(); err != nil {
		return nil, err
	}
	dir := s.Records.Dir()
	if err := SavePlan(dir, &campaign.Plan, definitions); err != nil {
		return nil, err
	}
	defer s.Records.SaveIndex()
	claims := claim.New(dir, claim.Config{Job: job})
	defer claims.Close()
	o.Store, o.Claims, o.Checkpoints = s, claims, s.Records
	progress := o.Progress
	o.Progress = func(p harness.Progress) {
		if o.Note != nil && p.Record == nil && p.Found == 0 && p.Elsewhere == 0 {
			for _, other := range s.OtherCode(campaign) {
				o.Note(fmt.Sprintf("%s holds %s; they stay, but are not these runs", dir, other))
			}
		}
		if progress != nil {
			progress(p)
		}
	}
	if failed, err = campaign.MakeAll(ctx, o); err != nil {
		return nil, err
	}
	return failed, s.Lost()
}
