package simd

// A tile is a block of a matrix product: Rows × Columns elements, as many as fit into a processor's
// registers.
const (
	Rows    = 6
	Columns = 16
	Half    = Columns / 2 // the least that is computed
)

// Halves is the least multiple of Half that is not below n.
func Halves(n int) int { return (n + Half - 1) / Half * Half }

// Walk describes how the inner index t of a product A·B moves through A: in Segments equal
// stretches of Length elements that are Step apart, with Skip more from the end of one to the start
// of the next. With it the rows of A can be the patches of an image, which are never copied
// together. All of Segments and Length are at least 1.
//
// Rows of B are Down elements apart; 0 means Columns. A matrix of fewer columns need not be packed:
// then elements of the next row are taken for those that the panel lacks, and of the last one, up
// to Columns elements are read, whatever they are.
type Walk struct{ Segments, Length, Step, Skip, Down int }

// Len is the number of values that t takes.
func (w *Walk) Len() int { return w.Segments * w.Length }

func (w *Walk) down() int {
	if w.Down == 0 {
		return Columns
	}
	return w.Down
}

// Tile writes init + A·B to tiles of dst next to each other. They have columns, a multiple of Half:
// of the last panel of B, half of the columns may be left out.
//
//   - The rows of dst start stride apart; init is one row for all, nil stands for zeros. Where there
//     are no more than Columns columns, stride may be less: rows then write over those before them.
//   - Row r of A starts at a[rows[r]] and continues by w. It is read without a check of bounds.
//   - A panel of B has w.Len() rows of Columns elements. Panels start panel elements apart.
func Tile(
	dst []float32, stride, columns int, init []float32, w *Walk, a []float32, rows *[Rows]int,
	b []float32, panel int,
) {
	_ = dst[5*stride+columns-1]
	_ = b[(columns-1)/Columns*panel+w.Len()*w.down()-1]
	if assembly {
		var first *float32
		if init != nil {
			_ = init[columns-1]
			first = &init[0]
		}
		if assembly512 {
			tileAVX512(&dst[0], stride, columns, first, w.Segments, w.Length, w.Step, w.Skip, &a[0], rows,
				&b[0], w.down(), panel)
		} else {
			tileAVX2(&dst[0], stride, columns, first, w.Segments, w.Length, w.Step, w.Skip, &a[0], rows,
				&b[0], w.down(), panel)
		}
		return
	}
	for c := 0; c < columns; c += Columns {
		var acc [Rows][Columns]float32
		for r := range acc {
			if init != nil {
				copy(acc[r][:], init[c:])
			}
		}
		product(&acc, w, a, rows, b[c/Columns*panel:])
		for r := range acc {
			copy(dst[r*stride+c:][:min(Columns, columns-c)], acc[r][:])
		}
	}
}

// TileAdd adds A·B to tiles of dst and, where squares is not nil, the squares of the elements of
// A·B to tiles of squares, whose rows start squaresStride apart. The other arguments are those of
// [Tile].
func TileAdd(
	dst []float32, stride, columns int, squares []float32, squaresStride int, w *Walk, a []float32,
	rows *[Rows]int, b []float32, panel int,
) {
	_ = dst[5*stride+columns-1]
	_ = b[(columns-1)/Columns*panel+w.Len()*w.down()-1]
	var sq *float32
	if squares != nil {
		_ = squares[5*squaresStride+columns-1]
		sq = &squares[0]
	}
	if assembly {
		if assembly512 {
			tileAddAVX512(&dst[0], stride, columns, sq, squaresStride, w.Segments, w.Length, w.Step, w.Skip,
				&a[0], rows, &b[0], w.down(), panel)
		} else {
			tileAddAVX2(&dst[0], stride, columns, sq, squaresStride, w.Segments, w.Length, w.Step, w.Skip,
				&a[0], rows, &b[0], w.down(), panel)
		}
		return
	}
	for first := 0; first < columns; first += Columns {
		var acc [Rows][Columns]float32
		product(&acc, w, a, rows, b[first/Columns*panel:])
		for r := range acc {
			for c, v := range acc[r][:min(Columns, columns-first)] {
				dst[r*stride+first+c] += v
				if squares != nil {
					squares[r*squaresStride+first+c] += float32(v * v)
				}
			}
		}
	}
}

// TileSpread writes the greater of 0 and factor (A·B) − weight x² to tiles of dst, as [Spread]
// does, and adds the sums of their columns to sums: the k-th of each panel to the k-th sum. x lies
// like dst. columns is a multiple of Columns; the other arguments are those of [Tile].
func TileSpread(
	dst []float32, stride, columns int, x []float32, factor, weight float32, sums *[Columns]float32,
	w *Walk, a []float32, rows *[Rows]int, b []float32, panel int,
) {
	_, _ = dst[5*stride+columns-1], x[5*stride+columns-1]
	_ = b[(columns-1)/Columns*panel+w.Len()*w.down()-1]
	if assembly {
		if assembly512 {
			tileSpreadAVX512(&dst[0], stride, columns, &x[0], factor, weight, sums, w.Segments, w.Length,
				w.Step, w.Skip, &a[0], rows, &b[0], w.down(), panel)
		} else {
			tileSpreadAVX2(&dst[0], stride, columns, &x[0], factor, weight, sums, w.Segments, w.Length,
				w.Step, w.Skip, &a[0], rows, &b[0], w.down(), panel)
		}
		return
	}
	for first := 0; first < columns; first += Columns {
		var acc [Rows][Columns]float32
		product(&acc, w, a, rows, b[first/Columns*panel:])
		for c := range Columns {
			for r := range acc {
				at := r*stride + first + c
				acc[r][c] = spread(factor, acc[r][c], weight, x[at])
				dst[at] = acc[r][c]
			}
			sums[c] += ((acc[0][c] + acc[1][c]) + (acc[2][c] + acc[3][c])) + (acc[4][c] + acc[5][c])
		}
	}
}

// product adds A·B to acc.
func product(acc *[Rows][Columns]float32, w *Walk, a []float32, rows *[Rows]int, b []float32) {
	at := 0
	for range w.Segments {
		for range w.Length {
			row := b[:min(Columns, len(b))]
			b = b[min(w.down(), len(b)):]
			for r := range acc {
				e := a[rows[r]+at]
				for c := range row {
					acc[r][c] += float32(e * row[c])
				}
			}
			at += w.Step
		}
		at += w.Skip
	}
}

// Pack copies a matrix of rows × n elements, whose rows start stride apart, to dst in the form of B
// that the tiles need: panels of Columns columns, each with its rows one after the other, and zeros
// in the columns that the last panel lacks.
func Pack(dst, src []float32, rows, stride, n int) {
	panel := rows * Columns
	whole := n / Columns
	if whole > 0 && rows > 0 {
		_, _ = dst[whole*panel-1], src[(rows-1)*stride+whole*Columns-1]
		if assembly {
			packAVX2(&dst[0], panel, &src[0], stride, rows, whole)
		} else {
			for r := range rows {
				for p := range whole {
					copy(dst[p*panel+r*Columns:][:Columns], src[r*stride+p*Columns:])
				}
			}
		}
	}
	if rest := n % Columns; rest > 0 {
		for r := range rows {
			row := dst[whole*panel+r*Columns:][:Columns]
			copy(row, src[r*stride+whole*Columns:][:rest])
			clear(row[rest:])
		}
	}
}

// PackTransposed copies the transpose of a matrix of rows × n elements, whose rows start stride
// apart, to dst in panels that start panel elements apart: each has n rows of Columns elements. The
// columns that the last panel lacks are left as they are.
func PackTransposed(dst []float32, panel int, src []float32, rows, stride, n int) {
	for r := 0; r < rows; {
		half := dst[r/Columns*panel+r%Columns:]
		count, c := min(8, rows-r), 0
		if assembly && count == 8 && n >= 8 {
			c = vectors(n)
			_, _ = half[(c-1)*Columns+7], src[(r+7)*stride+c-1]
			packTransposedAVX2(&half[0], &src[r*stride], stride, c)
		}
		for i := range count {
			for k := c; k < n; k++ {
				half[k*Columns+i] = src[(r+i)*stride+k]
			}
		}
		r += count
	}
}
