package results

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
)

// IDs gives the IDs of many runs. It is many times faster than [Run.ID] where a run differs from the one before it in its seed
// alone, as replicates do. The zero value is ready; it must not be used side by side.
type IDs struct {
	last          Run    // whose JSON is before, its seed, after
	before, after []byte //
	text          []byte // reused
}

// Of returns r.ID(). It keeps maps and slices of r until it is called again; they must not be changed meanwhile.
func (ids *IDs) Of(r *Run) string {
	if ids.before == nil || !sameButSeed(r, &ids.last) {
		b := r.json()
		mark := []byte(`,"seed":`)
		i := bytes.LastIndex(b, mark) + len(mark) // what follows it has no such key, and quotes within strings are escaped
		ids.last = *r
		ids.before, ids.after = b[:i:i], bytes.TrimLeft(b[i:], "0123456789")
	}
	ids.text = append(ids.text[:0], ids.before...)
	ids.text = strconv.AppendUint(ids.text, r.Seed, 10)
	ids.text = append(ids.text, ids.after...)
	id := digest(ids.text)
	return string(id[:])
}

// sameButSeed compares all that a Run has but its seed.
func sameButSeed(r, s *Run) bool {
	return r.Protocol == s.Protocol &&
		r.Problem.Name == s.Problem.Name && r.Problem.Version == s.Problem.Version && r.Problem.Plugin == s.Problem.Plugin && r.Problem.Fingerprint == s.Problem.Fingerprint &&
		maps.Equal(r.Problem.Parameters, s.Problem.Parameters) && slices.Equal(r.Problem.Data, s.Problem.Data) &&
		r.Optimizer.Name == s.Optimizer.Name && r.Optimizer.Version == s.Optimizer.Version && r.Optimizer.Plugin == s.Optimizer.Plugin &&
		r.Optimizer.Fingerprint == s.Optimizer.Fingerprint &&
		maps.Equal(r.Optimizer.Setting, s.Optimizer.Setting) &&
		r.Budget == s.Budget && r.BatchSize == s.BatchSize && r.Schedule.Equal(s.Schedule) && r.Clip == s.Clip &&
		r.Order == s.Order && r.Evaluations == s.Evaluations && r.Trace == s.Trace && r.Diagnostics == s.Diagnostics
}
