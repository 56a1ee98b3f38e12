package nn

import "noisebench/plugins/internal/simd"

// product is A·B with A read through offsets and walk, and panels of B (see [simd.Tile]).
type product struct {
	walk  simd.Walk
	a, b  []float32
	panel int // from one panel of b to the next
	rows  *[simd.Rows]int
}

// beside is how many tiles next to each other a thread has room for.
const beside = 2

// set writes init + A·B to the upper left rows × columns of tiles of dst; init is one row for all,
// nil stands for zeros.
func (t *thread) set(dst []float32, stride, rows, columns int, init []float32, p *product) {
	c := direct(rows, columns)
	if c > 0 {
		simd.Tile(dst, stride, c, init, &p.walk, p.a, p.rows, p.b, p.panel)
	}
	for ; c < columns; c += beside * simd.Columns {
		n := min(columns-c, beside*simd.Columns)
		from := init
		if init != nil {
			from = init[c:]
		}
		t.compute(c, n, from, p)
		for r := range rows {
			copy(dst[r*stride+c:][:n], t.tile[r*beside*simd.Columns:])
		}
	}
}

// direct is how many columns of a product are computed where they belong: panels, and half of one
// if that is all that is left.
func direct(rows, columns int) int {
	switch {
	case rows < simd.Rows:
		return 0
	case columns%simd.Half == 0:
		return columns
	}
	return columns / simd.Columns * simd.Columns
}

// compute writes init + A·B to t.tile for n columns of B from c on.
func (t *thread) compute(c, n int, init []float32, p *product) {
	b := p.b[c/simd.Columns*p.panel:]
	simd.Tile(t.tile[:], beside*simd.Columns, simd.Halves(n), init, &p.walk, p.a, p.rows, b, p.panel)
}

// add adds the upper left rows × columns of A·B to tiles of dst, and their squares to tiles of
// squares unless that is nil.
func (t *thread) add(
	dst []float32, stride int, squares []float32, squaresStride, rows, columns int, p *product,
) {
	c := direct(rows, columns)
	if squares != nil {
		c = c / simd.Columns * simd.Columns // what is left is squared apart: two roundings, not one
	}
	if c > 0 {
		simd.TileAdd(dst, stride, c, squares, squaresStride, &p.walk, p.a, p.rows, p.b, p.panel)
	}
	for ; c < columns; c += beside * simd.Columns {
		n := min(columns-c, beside*simd.Columns)
		t.compute(c, n, nil, p)
		for r := range rows {
			row := t.tile[r*beside*simd.Columns:][:n]
			simd.Add(dst[r*stride+c:][:n], dst[r*stride+c:], row)
			if squares != nil {
				sq := squares[r*squaresStride+c:][:n]
				simd.Mul(row, row, row)
				simd.Add(sq, sq, row)
			}
		}
	}
}

// spread writes the greater of 0 and factor (A·B) − weight x² to the upper left rows × columns of
// tiles of dst, and returns the sum, or adds some of it to t.sums. x lies like dst.
func (t *thread) spread(
	dst, x []float32, stride, rows, columns int, factor, weight float32, p *product,
) float64 {
	c, sum := 0, 0.0
	if whole := columns / simd.Columns * simd.Columns; rows == simd.Rows && whole > 0 {
		simd.TileSpread(dst, stride, whole, x, factor, weight, &t.sums, &p.walk, p.a, p.rows, p.b,
			p.panel)
		c = whole
	}
	for ; c < columns; c += beside * simd.Columns {
		n := min(columns-c, beside*simd.Columns)
		t.compute(c, n, nil, p)
		for r := range rows {
			row := dst[r*stride+c:][:n]
			copy(row, t.tile[r*beside*simd.Columns:])
			sum += simd.Spread(row, factor, x[r*stride+c:], weight)
		}
	}
	return sum
}

// takeSums returns the sum of t.sums and sets them to 0.
func (t *thread) takeSums() float64 {
	sum := 0.0
	for i, v := range t.sums {
		sum += float64(v)
		t.sums[i] = 0
	}
	return sum
}

// tiles is the number of tiles that cover n rows, panels the number that cover n columns.
func tiles(n int) int  { return (n + simd.Rows - 1) / simd.Rows }
func panels(n int) int { return (n + simd.Columns - 1) / simd.Columns }

// table lists the offsets of n rows, and the last one again where a tile has more.
func table(n int, offset func(i int) int) []int {
	list := make([]int, tiles(n)*simd.Rows)
	for i := range list {
		list[i] = offset(min(i, n-1))
	}
	return list
}

// tileRows are the offsets of the i-th tile.
func tileRows(table []int, i int) *[simd.Rows]int { return (*[simd.Rows]int)(table[i*simd.Rows:]) }

// multiply writes bias + A·B to the rows × columns of dst, for a B in panels. A nil bias stands for
// zeros.
func (t *thread) multiply(
	dst []float32, rows, columns int, bias []float32, table []int, panels []float32, p *product,
) {
	p.b, p.panel = panels, p.walk.Len()*simd.Columns
	wide := simd.Halves(columns)
	for r := 0; r < rows; r += simd.Rows {
		p.rows = tileRows(table, r/simd.Rows)
		// Where a tile is wider than dst, the rows after it overwrite the surplus.
		if columns < simd.Columns && (r+simd.Rows-1)*columns+wide <= rows*columns {
			simd.Tile(dst[r*columns:], columns, wide, bias, &p.walk, p.a, p.rows, p.b, p.panel)
			continue
		}
		t.set(dst[r*columns:], columns, min(simd.Rows, rows-r), columns, bias, p)
	}
}

// one, with offsets oneRow and a walk that does not move, is a matrix A of ones, for sums over rows
// of B.
var (
	one    = []float32{1}
	oneRow = make([]int, simd.Rows)
)
