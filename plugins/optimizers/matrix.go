package optimizers

import (
	"math"

	"noisebench/plugins/internal/linalg"
	"noisebench/protocol"
)

// matrix is a block of x that is a matrix, outputs × inputs. In a block of more dimensions all axes
// but that of the outputs are inputs (the taps and channels of a convolution). It is stored in
// row-major order with the outputs as rows or, in the built-in networks, as columns. The methods
// for matrices are equivariant under transposition.
type matrix struct {
	protocol.Block
	rows, cols      int // as stored
	outputs, inputs int
}

// splitMatrices divides the blocks into matrices and others. With hidden, only matrices of hidden
// layers count, not embeddings and the output layer. Biases and scales never count.
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
			matrices = append(matrices,
				matrix{Block: b, rows: rows, cols: cols, outputs: rows, inputs: cols})
		default:
			matrices = append(matrices,
				matrix{Block: b, rows: rows, cols: cols, outputs: cols, inputs: rows})
		}
	}
	return matrices, rest
}

// total returns the number of elements of all matrices.
func total(matrices []matrix) (n int) {
	for _, b := range matrices {
		n += b.Len
	}
	return n
}

// of returns the part of a vector that belongs to this matrix.
func of[T protocol.Float](v []T, b *matrix) []T { return v[b.Offset : b.Offset+b.Len] }

// view returns the same part as a matrix.
func view[T protocol.Float](v []T, b *matrix) linalg.Matrix[T] {
	return linalg.Matrix[T]{Rows: b.rows, Cols: b.cols, Data: of(v, b)}
}

// spoil makes all of x NaN if any element of g is not finite, since the coordinates of a matrix are
// updated together. It reports whether it did. Values that are not finite must not reach a
// decomposition, which might not terminate.
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
