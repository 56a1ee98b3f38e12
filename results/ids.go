package results

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
)

// IDs computes the IDs of many runs. It is much faster than [Run.ID] when a run differs from the
// previous one only in its seed, as replicates do. The zero value is ready for use. IDs must not be
// used concurrently.
type IDs struct {
	last          Run    // whose JSON is before, its seed, after
	before, after []byte //
	text          []byte // reused
}

// Of returns r.ID(). It retains the maps and slices of r until the next call; they must not be
// modified meanwhile.
func (ids *IDs) Of(r *Run) string {
	if ids.before == nil || !sameButSeed(r, &ids.last) {
		b := r.json()
		mark := []byte(`,"seed":`)
		// later keys differ, and quotes within strings are escaped
		i := bytes.LastIndex(b, mark) + len(mark)
		ids.last = *r
		ids.before, ids.after = b[:i:i], bytes.TrimLeft(b[i:], "0123456789")
	}
	ids.text = append(ids.text[:0], ids.before...)
	ids.text = strconv.AppendUint(ids.text, r.Seed, 10)
	ids.text = append(ids.text, ids.after...)
	id := digest(ids.text)
	return string(id[:])
}

// sameButSeed reports whether two runs are equal apart from their seeds.
func sameButSeed(r, s *Run) bool {
	return r.Protocol == s.Protocol &&
		r.Problem.Name == s.Problem.Name && r.Problem.Version == s.Problem.Version &&
		r.Problem.Plugin == s.Problem.Plugin && r.Problem.Fingerprint == s.Problem.Fingerprint &&
		maps.Equal(r.Problem.Parameters, s.Problem.Parameters) &&
		slices.Equal(r.Problem.Data, s.Problem.Data) &&
		r.Optimizer.Name == s.Optimizer.Name && r.Optimizer.Version == s.Optimizer.Version &&
		r.Optimizer.Plugin == s.Optimizer.Plugin &&
		r.Optimizer.Fingerprint == s.Optimizer.Fingerprint &&
		maps.Equal(r.Optimizer.Setting, s.Optimizer.Setting) &&
		r.Budget == s.Budget && r.BatchSize == s.BatchSize && r.Schedule.Equal(s.Schedule) &&
		r.Clip == s.Clip &&
		r.Order == s.Order && r.Evaluations == s.Evaluations && r.Trace == s.Trace &&
		r.Diagnostics == s.Diagnostics
}
