package protocol

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// The purposes of random numbers of the harness and the built-in problems.
const (
	PurposeInit  = "init"  // a problem's starting point
	PurposeOrder = "order" // the permutation of one epoch; keyed by the epoch's number
	PurposeNoise = "noise" // an endless problem's examples; keyed by the example's number
	// the ỹ of SampledFisher and SampledGradient, one stream per example; keyed by its position
	// Batch.Position+i
	PurposeLabel = "label"
	// the choice of validation examples and of the training subset for evaluation
	PurposeSplit = "split"
	// the settings of a plan's ranges; keyed by the index of the hyperparameter in the sorted names
	PurposeTune = "tune"
	PurposeOwn  = "optimizer"
	// the steps and evaluations at which the harness looks whether outside plugins are pure
	PurposePurity = "purity"
)

// Stream returns the random stream of (seed, purpose, keys…). Different arguments give independent
// streams; the same arguments give the same numbers on every platform and in every version, which a
// test pins. The stream is ChaCha8 seeded with the SHA-256 of seed, length of the purpose, purpose
// and keys, with numbers as 8 little-endian bytes.
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
