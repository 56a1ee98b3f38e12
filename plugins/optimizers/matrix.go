package optimizers

import (
	"math"

	"noisebench/plugins/internal/linalg"
	"noisebench/protocol"
)

// matrix is a block of x that is a matrix: outputs × inputs, where a block of more dimensions counts all but the outputs
// as inputs (the taps and channels of a convolution). It is stored row by row with the outputs as its rows or, as networks
// here do, as its columns. What the methods for matrices do does not depend on it: they are the same for the transpose.
type matrix struct {
	protocol.Block
	rows, cols      int // as stored
	outputs, inputs int
}

// splitMatrices divides the blocks into those that are matrices and the rest. hidden: only matrices of hidden layers count,
// embeddings and the output layer do not. Biases and scales never do.
func splitMatrices(start protocol.Start, hidden bool) (matrices []matrix, rest []protocol.Block) {
	for _, b := range blocksOf(start) {
		rows, cols, outputsFirst, ok := b.Matrix()
		switch b.Role {
		case protocol.Bias, protocol.Scale:
			ok = false
		case protocol.Embedding, protocol.OutputLayer:
			ok = ok && !hidden
		}
		switch {
		case !ok:
			rest = append(rest, b)
		case outputsFirst:
			matrices = append(matrices, matrix{Block: b, rows: rows, cols: cols, outputs: rows, inputs: cols})
		default:
			matrices = append(matrices, matrix{Block: b, rows: rows, cols: cols, outputs: cols, inputs: rows})
		}
	}
	return matrices, rest
}

// total is the number of elements in all matrices.
func total(matrices []matrix) (n int) {
	for _, b := range matrices {
		n += b.Len
	}
	return n
}

// of is the part of a vector that is this matrix.
func of[T protocol.Float](v []T, b *matrix) []T { return v[b.Offset : b.Offset+b.Len] }

// view is the same as a matrix.
func view[T protocol.Float](v []T, b *matrix) linalg.Matrix[T] {
	return linalg.Matrix[T]{Rows: b.rows, Cols: b.cols, Data: of(v, b)}
}

// spoil makes x NaN where g is not finite and, since all coordinates of a matrix go together, everywhere if it is so
// anywhere. It reports whether it did. What is not finite must not get into a decomposition, which may not end.
func spoil[T protocol.Float](x, g []T) bool {
	nothing := T(0)
	for _, g := range g {
		nothing += 0 * g
	}
	if nothing == 0 {
		return false
	}
	for i := range x {
		x[i] = T(math.NaN())
	}
	return true
}
