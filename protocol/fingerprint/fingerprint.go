// Package fingerprint tells definitions apart by what they compute. A fingerprint is a hash of the bits that an optimizer
// or a problem produces from fixed inputs: two builds whose code computes the same have the same fingerprint, and code
// that computes other bits has another one, whatever version it declares.
//
// # What is covered
//
// An optimizer makes [steps] steps, in each width that it has, at its declared defaults, at settings that change one
// hyperparameter each, and at a few that change all; shorter runs meet gradients that are zero, huge or not finite, a long
// vector, and the absence of blocks. Batches are drawn anew, again or all at once, as it requests. Every point, request,
// estimate and report is hashed.
//
// A problem is opened at the parameters that a run uses. Starting points, and measurements of several batches at several
// points, are hashed, for the quantities that the run's optimizer needs, alone and together; so are evaluations, of as many
// parts as costs little, see [evaluated]. Code that an optimizer never asks for is not part of its runs' identity.
//
// What only a longer run reaches, or another setting, is not covered. A change there must raise the definition's version.
//
// The inputs come from additions and multiplications of uniform random numbers alone, so that they are the same wherever
// the arithmetic is. On another platform a fingerprint may differ by rounding, as the runs do (R2).
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

// ErrImpure says that a definition computed other bits when the same was asked again: it breaks R2, and what it computes
// does not tell it from others.
var ErrImpure = errors.New("it computes other bits each time that it is asked the same (R2)")

// Version is the version of what a fingerprint covers. Fingerprints of different versions cannot be compared.
const Version = 1

// Of names the version that a fingerprint has; 0 if it is none.
func Of(fingerprint string) (version int) {
	var sum string
	if n, err := fmt.Sscanf(fingerprint, "%d-%s", &version, &sum); n != 2 || err != nil {
		return 0
	}
	return version
}

// writer hashes what a definition computes.
type writer struct {
	hash hash.Hash
	buf  []byte
}

func newWriter() *writer { return &writer{hash: sha256.New()} }

// String is the fingerprint of all that was written.
func (w *writer) String() string {
	return fmt.Sprintf("%d-%s", Version, hex.EncodeToString(w.hash.Sum(nil)[:16]))
}

// text writes a text with its length.
func (w *writer) text(s string) {
	w.buf = binary.LittleEndian.AppendUint64(w.buf[:0], uint64(len(s)))
	w.hash.Write(append(w.buf, s...))
}

// numbers writes float64s by their bits. All NaNs are one: which of them an operation gives is up to the processor.
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

// json writes a value that JSON can carry.
func (w *writer) json(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.text(string(bytes.TrimSpace(b)))
	return nil
}

// vector writes the elements of a vector, with its length.
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
