package nn

import "noisebench/plugins/internal/simd"

// product is A·B with A read through offsets and walk, and a panel of B (see [simd.Tile]).
type product struct {
	walk simd.Walk
	a, b []float32
	rows *[simd.Rows]int
}

var zeros [simd.Columns]float32

// set writes init + A·B to the upper left rows × columns of a tile of dst; init is one row for all.
func (t *thread) set(dst []float32, stride, rows, columns int, init []float32, p *product) {
	if rows == simd.Rows && columns == simd.Columns {
		simd.Tile(dst, stride, init, 0, &p.walk, p.a, p.rows, p.b)
		return
	}
	simd.Tile(t.tile[:], simd.Columns, init, 0, &p.walk, p.a, p.rows, p.b)
	for r := range rows {
		copy(dst[r*stride:][:columns], t.tile[r*simd.Columns:])
	}
}

// add adds the upper left rows × columns of A·B to a tile of dst, and their squares to a tile of squares unless that is
// nil.
func (t *thread) add(dst []float32, stride int, squares []float32, squaresStride, rows, columns int, p *product) {
	if rows == simd.Rows && columns == simd.Columns {
		simd.TileAdd(dst, stride, squares, squaresStride, &p.walk, p.a, p.rows, p.b)
		return
	}
	simd.Tile(t.tile[:], simd.Columns, zeros[:], 0, &p.walk, p.a, p.rows, p.b)
	for r := range rows {
		for c, v := range t.tile[r*simd.Columns:][:columns] {
			dst[r*stride+c] += v
			if squares != nil {
				squares[r*squaresStride+c] += float32(v * v)
			}
		}
	}
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

// multiply writes bias + A·B to the rows × columns of dst, for a B in panels.
func (t *thread) multiply(dst []float32, rows, columns int, bias []float32, table []int, panels []float32, p *product) {
	depth := p.walk.Len()
	for c := 0; c < columns; c += simd.Columns {
		p.b = panels[c*depth:][:simd.Columns*depth]
		for r := 0; r < rows; r += simd.Rows {
			p.rows = tileRows(table, r/simd.Rows)
			t.set(dst[r*columns+c:], columns, min(simd.Rows, rows-r), min(simd.Columns, columns-c), bias[c:], p)
		}
	}
}

// one, with offsets oneRow and a walk that stands still, is a matrix A of ones, for sums over rows of B.
var (
	one    = []float32{1}
	oneRow = make([]int, simd.Rows)
)
