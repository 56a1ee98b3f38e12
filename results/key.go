package results

import (
	"encoding/json"

	"noisebench/protocol"
)

// Key identifies a run whatever build made it, and whatever it traced: runs of equal keys have
// equal outcomes where the builds compute the same.
func (r Run) Key() string {
	r.Problem.Plugin, r.Optimizer.Plugin = protocol.Origin{}, protocol.Origin{}
	r.Trace, r.Diagnostics = 0, false // which change no result
	return string(r.json())
}

// PairKey identifies an optimizer on a problem under the circumstances that decide about results,
// whatever its setting and seed.
func (r Run) PairKey() string {
	r.Optimizer.Setting, r.Seed = nil, 0
	// which an entry may have of its own, and so are tuned like a setting
	r.Schedule, r.Clip = protocol.Schedule{}, 0
	return r.Key()
}

// SameOutcome reports whether two records have the same end and the same evaluations, bit by bit,
// whatever made them.
func SameOutcome(r, s *Record) bool {
	return r == s || outcomeText(r) == outcomeText(s)
}

func outcomeText(r *Record) string {
	text, err := json.Marshal(struct {
		End    End
		Points []Point
	}{r.End, r.Points})
	if err != nil {
		panic("results: " + err.Error()) // their numbers are protocol.Numbers
	}
	return string(text)
}
