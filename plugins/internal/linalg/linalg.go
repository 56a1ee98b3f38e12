// Package linalg multiplies matrices in either width. Products of float32 use the tiles of package simd, those of float64
// gonum. A result depends on nothing but the arguments: the order of every sum is fixed.
package linalg

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"noisebench/plugins/internal/simd"
	"noisebench/protocol"
)

// Matrix is a view of numbers as a matrix without gaps between its rows.
type Matrix[T protocol.Float] struct {
	Rows, Cols int
	Data       []T
	Transposed bool // Data holds the transpose, row by row
}

// New returns a matrix of zeros.
func New[T protocol.Float](rows, cols int) Matrix[T] {
	return Matrix[T]{Rows: rows, Cols: cols, Data: make([]T, rows*cols)}
}

// T is the transpose, a view of the same numbers.
func (m Matrix[T]) T() Matrix[T] {
	return Matrix[T]{Rows: m.Cols, Cols: m.Rows, Data: m.Data, Transposed: !m.Transposed}
}

// Copy writes src to dst, row by row.
func Copy[T protocol.Float](dst, src Matrix[T]) {
	if !src.Transposed {
		copy(dst.Data, src.Data)
		return
	}
	const square = 16 // of elements, that stay in the cache until their neighbours are copied
	for i := 0; i < dst.Rows; i += square {
		for j := 0; j < dst.Cols; j += square {
			for r := i; r < min(i+square, dst.Rows); r++ {
				for c := j; c < min(j+square, dst.Cols); c++ {
					dst.Data[r*dst.Cols+c] = src.Data[c*dst.Rows+r]
				}
			}
		}
	}
}

// Multiplier has the room that products need. Its zero value is ready.
type Multiplier[T protocol.Float] struct {
	packed []float32 // a part of B
	tile   [simd.Rows * wide]float32
}

const (
	deep = 256              // rows of B that are packed at once
	wide = 8 * simd.Columns // and columns
)

// Multiply writes A·B to dst, which is not transposed and overlaps neither.
func (w *Multiplier[T]) Multiply(dst, a, b Matrix[T]) { w.product(dst, a, b, false) }

// Gram writes AᵀA to dst, which is not transposed and does not overlap A. It is symmetric to the bit.
func (w *Multiplier[T]) Gram(dst, a Matrix[T]) {
	w.product(dst, a.T(), a, true)
	n := dst.Cols
	const square = 16
	for i := 0; i < n; i += square {
		for j := i; j < n; j += square {
			for r := i; r < min(i+square, n); r++ {
				for c := max(j, r+1); c < min(j+square, n); c++ {
					dst.Data[c*n+r] = dst.Data[r*n+c]
				}
			}
		}
	}
}

// product writes A·B to dst; upper: it may leave out what lies below the diagonal.
func (w *Multiplier[T]) product(dst, a, b Matrix[T], upper bool) {
	if d, ok := any(dst.Data).([]float32); ok {
		w.product32(d, any(a).(Matrix[float32]), any(b).(Matrix[float32]), upper)
		return
	}
	tA, a64 := general(any(a).(Matrix[float64]))
	tB, b64 := general(any(b).(Matrix[float64]))
	_, c64 := general(any(dst).(Matrix[float64]))
	blas64.Gemm(tA, tB, 1, a64, b64, 0, c64)
}

// general is how gonum sees a matrix.
func general(m Matrix[float64]) (blas.Transpose, blas64.General) {
	if m.Transposed {
		return blas.Trans, blas64.General{Rows: m.Cols, Cols: m.Rows, Stride: m.Rows, Data: m.Data}
	}
	return blas.NoTrans, blas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Cols, Data: m.Data}
}

// product32 goes through B in parts that are packed into the form of the tiles and stay in the cache while all rows of A
// meet them.
func (w *Multiplier[T]) product32(dst []float32, a, b Matrix[float32], upper bool) {
	if w.packed == nil {
		w.packed = make([]float32, deep*wide)
	}
	for j := 0; j < b.Cols; j += wide {
		columns := min(wide, b.Cols-j)
		rows := a.Rows
		if upper {
			rows = min(rows, j+columns)
		}
		for k := 0; k < b.Rows; k += deep {
			depth := min(deep, b.Rows-k)
			pack(w.packed, b, k, depth, j, columns)
			for i := 0; i < rows; i += simd.Rows {
				from := 0
				if upper {
					from = max(0, i-j) / simd.Columns * simd.Columns
				}
				w.tiles(dst, a, i, k, depth, b.Cols, j+from, columns-from, from/simd.Columns)
			}
		}
	}
}

// pack writes the part of B with depth rows from k and columns from j to dst, as [simd.Pack] does.
func pack(dst []float32, b Matrix[float32], k, depth, j, columns int) {
	if !b.Transposed {
		simd.Pack(dst, b.Data[k*b.Cols+j:], depth, b.Cols, columns)
		return
	}
	for c := range (columns + simd.Columns - 1) / simd.Columns * simd.Columns {
		panel := dst[c/simd.Columns*depth*simd.Columns+c%simd.Columns:]
		if c >= columns {
			for t := range depth {
				panel[t*simd.Columns] = 0
			}
			continue
		}
		for t, v := range b.Data[(j+c)*b.Rows+k:][:depth] {
			panel[t*simd.Columns] = v
		}
	}
}

// tiles computes up to simd.Rows rows of dst, from row i, for the packed columns from j on, which start at the given panel.
// The first depth sets them, later ones add.
func (w *Multiplier[T]) tiles(dst []float32, a Matrix[float32], i, k, depth, stride, j, columns, panel int) {
	var at [simd.Rows]int
	count := min(simd.Rows, a.Rows-i)
	walk := simd.Walk{Segments: 1, Length: depth, Step: 1}
	if a.Transposed {
		walk.Step = a.Rows
	}
	for r := range at {
		row := i + min(r, count-1)
		if a.Transposed {
			at[r] = k*a.Rows + row
		} else {
			at[r] = row*a.Cols + k
		}
	}
	b, length := w.packed[panel*depth*simd.Columns:], depth*simd.Columns
	to := dst[i*stride+j:]
	whole := 0
	if count == simd.Rows {
		whole = columns / simd.Columns
	}
	switch {
	case whole == 0:
	case k == 0:
		simd.Tile(to, stride, whole, nil, &walk, a.Data, &at, b, length)
	default:
		simd.TileAdd(to, stride, whole, nil, 0, &walk, a.Data, &at, b, length)
	}
	rest := columns - whole*simd.Columns
	if rest == 0 {
		return
	}
	panels := (rest + simd.Columns - 1) / simd.Columns
	simd.Tile(w.tile[:], wide, panels, nil, &walk, a.Data, &at, b[whole*length:], length)
	for r := range count {
		row, tile := to[r*stride+whole*simd.Columns:][:rest], w.tile[r*wide:]
		if k == 0 {
			copy(row, tile)
		} else {
			simd.Add(row, row, tile)
		}
	}
}
