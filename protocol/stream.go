package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// The purposes for which the harness and the built-in problems draw random numbers.
const (
	PurposeInit  = "init"  // a problem's starting point
	PurposeOrder = "order" // the permutation of one epoch; keyed by the epoch's number
	PurposeNoise = "noise" // an endless problem's examples; keyed by the example's number
	PurposeLabel = "label" // the ỹ of SampledFisher and SampledGradient, one stream per example; keyed by its place in the stream, Batch.Position+i
	PurposeSplit = "split" // the fixed choice of validation examples and the training subset for evaluation
	PurposeTune  = "tune"  // the settings of a plan's ranges; keyed by the hyperparameter's place among their sorted names
	PurposeOwn   = "optimizer"
)

// Stream returns the random stream of (seed, purpose, keys…). Different arguments give independent streams; the same
// arguments give the same numbers on every platform, for ever (pinned by a test). The stream is ChaCha8 seeded with the
// SHA-256 of seed, length of the purpose, purpose and keys, numbers as 8 bytes each, least significant first.
func Stream(seed uint64, purpose string, keys ...uint64) *rand.Rand {
	buf := make([]byte, 0, 64)
	buf = binary.LittleEndian.AppendUint64(buf, seed)
	buf = binary.LittleEndian.AppendUint64(buf, uint64(len(purpose)))
	buf = append(buf, purpose...)
	for _, k := range keys {
		buf = binary.LittleEndian.AppendUint64(buf, k)
	}
	return rand.New(rand.NewChaCha8(sha256.Sum256(buf)))
}
