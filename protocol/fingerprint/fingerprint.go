// Package fingerprint identifies definitions by what they compute. A fingerprint is a hash of the
// bits that an optimizer or a problem computes from fixed inputs: builds whose code computes the
// same have equal fingerprints, and code that computes other bits has another fingerprint, whatever
// version it declares.
//
// # Coverage
//
// An optimizer makes 512 steps at its declared defaults, and fewer at settings that change one or
// all hyperparameters, in each of its element types. Further short runs have gradients that are
// zero, tiny, huge or not finite, a long vector, and no blocks. Batches are new, repeated or all
// examples, as the optimizer requests. Every point, request, estimate and report is hashed.
//
// A problem is opened at the parameters of a run. Hashed are starting points, measurements of
// several batches at several points, for the quantities that the run's optimizer needs, alone and
// together, and evaluations of those parts that are cheap enough. Code for quantities that an
// optimizer does not need is not part of the identity of its runs.
//
// Code that only longer runs or other settings reach is not covered. A change of such code must
// raise the definition's version.
//
// The inputs are computed by additions and multiplications of uniform random numbers, so that they
// are the same on every platform with the same arithmetic. On another platform a fingerprint may
// differ because of rounding, as the runs do (R2).
package fingerprint

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"math"

	"noisebench/protocol"
)

// ErrImpure is the error for a definition that computes other bits when a computation is repeated:
// it violates R2, and its results do not identify it.
var ErrImpure = errors.New("it computes other bits each time that it is asked the same (R2)")

// Version is the version of the coverage of fingerprints. Fingerprints of different versions cannot
// be compared.
const Version = 1

// Of returns the version of a fingerprint, or 0 if the text is none.
func Of(fingerprint string) (version int) {
	var sum string
	if n, err := fmt.Sscanf(fingerprint, "%d-%s", &version, &sum); n != 2 || err != nil {
		return 0
	}
	return version
}

// writer hashes the results of a definition.
type writer struct {
	hash hash.Hash
	buf  []byte
}

func newWriter() *writer { return &writer{hash: sha256.New()} }

// String returns the fingerprint of the data written so far.
func (w *writer) String() string {
	return fmt.Sprintf("%d-%s", Version, hex.EncodeToString(w.hash.Sum(nil)[:16]))
}

// text writes a text, preceded by its length.
func (w *writer) text(s string) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf[:0], uint64(len(s)))
	w.hash.Write(append(w.buf, s...))
}

// numbers writes the bits of float64s. All NaNs are equal, since the bits of a NaN depend on the
// processor.
func (w *writer) numbers(values ...float64) {
	w.buf = w.buf[:0]
	for _, v := range values {
		if v != v {
			v = math.NaN()
		}
		w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(v))
	}
	w.hash.Write(w.buf)
}

func (w *writer) whole(values ...int) {
	w.buf = w.buf[:0]
	for _, v := range values {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(v))
	}
	w.hash.Write(w.buf)
}

// json writes a value as JSON.
func (w *writer) json(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.text(string(bytes.TrimSpace(b)))
	return nil
}

// vector writes the elements of a vector, preceded by their number.
func vector[T protocol.Float](w *writer, x []T) {
	w.whole(len(x))
	const most = 4096
	for len(x) > 0 {
		n := min(most, len(x))
		w.buf = w.buf[:0]
		for _, v := range x[:n] {
			switch v := any(v).(type) {
			case float32:
				if v != v {
					v = float32(math.NaN())
				}
				w.buf = binary.LittleEndian.AppendUint32(w.buf, math.Float32bits(v))
			case float64:
				if v != v {
					v = math.NaN()
				}
				w.buf = binary.LittleEndian.AppendUint64(w.buf, math.Float64bits(v))
			}
		}
		w.hash.Write(w.buf)
		x = x[n:]
	}
}
