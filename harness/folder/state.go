package folder

import (
	"time"

	"noisebench/harness"
	"noisebench/results"
	"noisebench/results/claim"
)

// State is how far one cell of a campaign is that other processes may be working on.
type State struct {
	Problem, Optimizer string
	Done, Failed       int
	Left               int            // runs to be made, at most
	Running            map[string]int // of those, runs that are being made, by machine
	// of those, runs whose process has ended without finishing them
	Dead      int
	Remaining time.Duration // for Left, one run after the other; 0 if no run is done
}

// States returns the states of the cells that can run, by the records in the folder and the claims
// on runs, see [claim.List]. ended reports whether the owner of a claim has ended, beyond what the
// claim says itself; it may be nil.
func (s *Store) States(
	campaign *harness.Campaign, claims []claim.Claim, ended func(*claim.Owner) bool,
) []State {
	owners := map[string]*claim.Claim{}
	for i := range claims {
		owners[claims[i].ID] = &claims[i]
	}
	forecast := campaign.Forecast()
	states := make([]*State, len(forecast))
	campaign.Each(s.Find, func(i int, c results.Cell, due []harness.Task) {
		if c.Impossible != "" {
			return
		}
		done := c.Records()
		state := State{
			Problem: c.Problem, Optimizer: c.Optimizer, Done: len(done), Failed: len(c.Failed),
			Left: len(due), Running: map[string]int{},
		}
		if c.Setting == nil { // tuning decides which runs follow
			state.Left = max(state.Left, forecast[i].Runs-len(done))
		}
		for _, task := range due {
			switch owner := owners[task.ID]; {
			case owner == nil:
			case owner.Gone || ended != nil && ended(&owner.Owner):
				state.Dead++
			default:
				state.Running[owner.Owner.Machine]++
			}
		}
		state.Remaining = meanTime(done) * time.Duration(state.Left)
		s.Records.Reuse(done)
		states[i] = &state
	})
	var possible []State
	for _, state := range states {
		if state != nil {
			possible = append(possible, *state)
		}
	}
	return possible
}

// meanTime is the mean time that runs took; 0 if there are none.
func meanTime(runs []*results.Record) time.Duration {
	var seconds float64
	for _, r := range runs {
		h := &r.Host
		seconds += h.ProblemTime + h.OptimizerTime + h.EvaluateTime + h.HarnessTime
	}
	return time.Duration(seconds / float64(max(1, len(runs))) * float64(time.Second))
}
