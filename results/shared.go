package results

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"

	"noisebench/protocol"
)

// mostShared is how many different parts of a kind are kept for records that are read later.
const mostShared = 4096

// shared holds the parts that many records have in common, so that each is decoded and kept once.
// It is safe for concurrent use. A nil *shared shares nothing.
type shared struct {
	mu    sync.RWMutex
	specs map[string]protocol.ProblemSpec // by their JSON
	runs  map[string]Run                  // by their JSON without the digits of the seed
	hosts map[string]Host                 // by their JSON before the start time
}

func newShared() *shared {
	return &shared{
		specs: map[string]protocol.ProblemSpec{}, runs: map[string]Run{}, hosts: map[string]Host{},
	}
}

// run decodes a Run. Bytes that differ from the form that Encode writes, so that the seed cannot be
// separated, are decoded as a whole.
func (s *shared) run(value []byte, r *Run) error {
	i := bytes.LastIndex(value, []byte(`,"seed":`))
	if s == nil || i < 0 {
		return json.Unmarshal(value, r)
	}
	i += len(`,"seed":`)
	scan := scanner{value[i:], true}
	seed := uint64(scan.integer(""))
	if !scan.ok || !bytes.HasPrefix(scan.rest, []byte(`,"budget":`)) {
		return json.Unmarshal(value, r)
	}
	var space [2048]byte
	rest := append(append(space[:0], value[:i]...), scan.rest...)
	if lookUp(s, s.runs, rest, r) {
		r.Seed = seed
		return nil
	}
	err := json.Unmarshal(value, r)
	if err == nil {
		keep(s, s.runs, rest, *r)
	}
	return err
}

func (s *shared) spec(value []byte, p *protocol.ProblemSpec) error {
	if s != nil && lookUp(s, s.specs, value, p) {
		return nil
	}
	err := json.Unmarshal(value, p)
	if s != nil && err == nil {
		keep(s, s.specs, value, *p)
	}
	return err
}

// host decodes a Host. Bytes that differ from the form that Encode writes, so that the times cannot
// be separated, are decoded as a whole.
func (s *shared) host(value []byte, h *Host) error {
	i := bytes.LastIndex(value, []byte(`,"started":`))
	if s == nil || i < 0 {
		return json.Unmarshal(value, h)
	}
	if !lookUp(s, s.hosts, value[:i], h) {
		if json.Unmarshal(append(slices.Clone(value[:i]), '}'), h) != nil {
			*h = Host{}
			return json.Unmarshal(value, h)
		}
		keep(s, s.hosts, value[:i], *h)
	}
	if scanTimes(value[i+1:], h) {
		return nil
	}
	*h = Host{}
	return json.Unmarshal(value, h)
}

// lookUp copies the value for some JSON, and reports whether there is one.
func lookUp[T any](s *shared, known map[string]T, text []byte, into *T) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := known[string(text)]
	if ok {
		*into = v
	}
	return ok
}

func keep[T any](s *shared, known map[string]T, text []byte, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(known) >= mostShared {
		clear(known)
	}
	known[string(text)] = v
}
