package results

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strconv"
)

// IDs computes the IDs of many runs. It is much faster than [Run.ID] when a run differs from the
// previous one only in its seed, as replicates do. The zero value is ready for use. IDs must not be
// used concurrently.
type IDs struct {
	last   Run       // whose JSON is split at the seed
	digest hash.Hash // reused
	before []byte    // its state after what comes before the seed
	after  []byte
	rest   [sha256.Size]byte // digest of the JSON without the seed
	text   []byte            // reused
}

// Of returns r.ID(). It retains the maps and slices of r until the next call; they must not be
// modified meanwhile.
func (ids *IDs) Of(r *Run) string {
	ids.prepare(r)
	if err := ids.digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(ids.before); err != nil {
		panic("results: " + err.Error()) // it is what MarshalBinary wrote
	}
	ids.text = append(strconv.AppendUint(ids.text[:0], r.Seed, 10), ids.after...)
	ids.digest.Write(ids.text)
	ids.text = ids.digest.Sum(ids.text[:0])
	return hex.EncodeToString(ids.text)
}

// RunID is a run's ID without its encoding, which takes less memory.
type RunID [sha256.Size]byte

// ParseID decodes an ID. ok is false if the text is none.
func ParseID(text string) (id RunID, ok bool) {
	if len(text) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(text))
	return id, err == nil
}

// MustParseID is [ParseID] for what [Run.ID] returned; it panics if the text is no ID.
func MustParseID(text string) RunID {
	id, ok := ParseID(text)
	if !ok {
		panic("results: " + text + " is no ID of a run")
	}
	return id
}

// String returns the ID as [Run.ID] does.
func (id RunID) String() string { return hex.EncodeToString(id[:]) }

// ShortID tells runs apart as their IDs do.
type ShortID struct {
	Rest [sha256.Size / 2]byte // beginning of the digest of all but the seed
	Seed uint64
}

// Short returns the ShortID of a run, which takes less time and memory than the ID.
func (ids *IDs) Short(r *Run) ShortID {
	ids.prepare(r)
	return ShortID{[sha256.Size / 2]byte(ids.rest[:]), r.Seed}
}

func (ids *IDs) prepare(r *Run) {
	if ids.digest != nil && sameButSeed(r, &ids.last) {
		return
	}
	b := r.json()
	mark := []byte(`,"seed":`)
	// later keys differ, and quotes within strings are escaped
	i := bytes.LastIndex(b, mark) + len(mark)
	ids.last = *r
	ids.after = bytes.TrimLeft(b[i:], "0123456789")
	ids.digest = sha256.New()
	ids.digest.Write(b[:i])
	var err error
	if ids.before, err = ids.digest.(encoding.BinaryAppender).AppendBinary(nil); err != nil {
		panic("results: " + err.Error()) // SHA-256 can always be continued
	}
	ids.digest.Write(ids.after)
	ids.digest.Sum(ids.rest[:0])
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
