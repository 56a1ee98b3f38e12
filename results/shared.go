package results

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"

	"noisebench/protocol"
)

// shared holds what many records have in common, so that it is decoded once, and kept once. It may be used from several
// goroutines. A nil *shared shares nothing.
type shared struct {
	mu    sync.RWMutex
	specs map[string]protocol.ProblemSpec // by their JSON
	runs  map[string]Run                  // by their JSON up to the seed
	hosts map[string]Host                 // by their JSON up to the time
}

func newShared() *shared {
	return &shared{specs: map[string]protocol.ProblemSpec{}, runs: map[string]Run{}, hosts: map[string]Host{}}
}

func (s *shared) run(value []byte, r *Run) error {
	if s == nil {
		return json.Unmarshal(value, r)
	}
	return unmarshalShared(s, s.runs, value, `,"seed":`, r)
}

func (s *shared) spec(value []byte, p *protocol.ProblemSpec) error {
	if s == nil {
		return json.Unmarshal(value, p)
	}
	return unmarshalShared(s, s.specs, value, "", p)
}

func (s *shared) host(value []byte, h *Host) error {
	if s == nil {
		return json.Unmarshal(value, h)
	}
	return unmarshalShared(s, s.hosts, value, `,"started":`, h)
}

// unmarshalShared decodes a JSON object. What comes before the last mark, or all of it if the mark is empty, is taken from known
// if it is there, else put there. If it is not what Encode writes, such that it cannot be taken apart, all is decoded anew.
func unmarshalShared[T any](s *shared, known map[string]T, value []byte, mark string, into *T) error {
	common, own := value, []byte(nil)
	if mark != "" {
		i := bytes.LastIndex(value, []byte(mark))
		if i < 0 {
			return json.Unmarshal(value, into)
		}
		common, own = value[:i], value[i+1:]
	}
	s.mu.RLock()
	v, ok := known[string(common)]
	s.mu.RUnlock()
	if !ok {
		whole := common
		if mark != "" {
			whole = append(slices.Clip(common), '}')
		}
		if json.Unmarshal(whole, &v) != nil {
			return json.Unmarshal(value, into)
		}
		s.mu.Lock()
		known[string(common)] = v
		s.mu.Unlock()
	}
	*into = v
	if own == nil {
		return nil
	}
	return json.Unmarshal(append([]byte{'{'}, own...), into)
}
