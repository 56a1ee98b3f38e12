package simd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// portably runs f without assembly.
func portably(f func()) {
	defer func(was bool) { setAssembly(was) }(assembly)
	setAssembly(false)
	f()
}

// The values that float32 arithmetic treats specially, and some ordinary ones.
var special = []float32{
	0, float32(math.Copysign(0, -1)), 1, -1, 1e-45, math.MaxFloat32, float32(math.Inf(1)), float32(math.Inf(-1)),
	float32(math.NaN()), 3.25, -1e-20,
}

func vector(random *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	return v
}

// elementwise lists the operations on elements: what they write where dst, x and y are a, b and c,
// in the precision of T.
func elementwise[T float32 | float64]() map[string]func(dst, x, y []T) {
	return map[string]func(dst, x, y []T){
		"Add":           func(dst, x, y []T) { Add(dst, x, y) },
		"Sub":           func(dst, x, y []T) { Sub(dst, x, y) },
		"Mul":           func(dst, x, y []T) { Mul(dst, x, y) },
		"Over":          func(dst, x, y []T) { Over(dst, x, y) },
		"Sign":          func(dst, x, _ []T) { Sign(dst, x) },
		"Sqrt":          func(dst, x, _ []T) { Sqrt(dst, x) },
		"Scale":         func(dst, x, _ []T) { Scale(dst, 0.3, x) },
		"Divide":        func(dst, x, _ []T) { Divide(dst, 0.3, x) },
		"Shift":         func(dst, x, _ []T) { Shift(dst, 0.3, x) },
		"AtLeast":       func(dst, x, _ []T) { AtLeast(dst, 0, x) },
		"Axpy":          func(dst, x, _ []T) { Axpy(dst, 0.3, x) },
		"Average":       func(dst, x, _ []T) { Average(dst, 0.9, x) },
		"AverageSquare": func(dst, x, _ []T) { AverageSquare(dst, 0.9, x) },
	}
}

// same compares bits, except that any NaN equals any other.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// TestElementwise: assembly and portable code give the same bits, at all lengths, on all pairs of
// special values.
func TestElementwise(t *testing.T) {
	ops := elementwise[float32]()
	ops["MaskPositive"] = func(dst, x, _ []float32) { MaskPositive(dst, x) }
	ops["Tanh"] = func(dst, x, _ []float32) { Tanh(dst, x) }
	ops["Exp"] = func(dst, x, _ []float32) { Exp(dst, x) }
	random := rand.New(rand.NewPCG(1, 2))
	for name, op := range ops {
		for n := range 40 {
			dst, x, y := vector(random, n), vector(random, n+3), vector(random, n+3)
			if n == 39 {
				dst, x, y = nil, nil, nil
				for _, a := range special {
					for _, b := range special {
						dst, x, y = append(dst, a), append(x, b), append(y, a)
					}
				}
			}
			got, want := slices.Clone(dst), slices.Clone(dst)
			op(got, x, y)
			portably(func() { op(want, x, y) })
			for i := range want {
				if !same(got[i], want[i]) {
					t.Fatalf("%s of %d: element %d is %v, want %v (dst %v, x %v, y %v)",
						name, len(dst), i, got[i], want[i], dst[i], x[i], y[i])
				}
			}
		}
	}
}

// CellBack gives the same bits with assembly and without, and the derivatives of a cell that
// float64 gives.
func TestCellBack(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for n := range 40 {
		start := make([][]float32, 8) // i, g, f, o, tanh, before, δh, δc
		for j := range start {
			start[j] = vector(random, n)
		}
		run := func() [][]float32 {
			v := make([][]float32, len(start))
			for j := range v {
				v[j] = slices.Clone(start[j])
			}
			CellBack(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
			return v
		}
		got := run()
		var plain [][]float32
		portably(func() { plain = run() })
		for j := range got {
			for e := range got[j] {
				if !same(got[j][e], plain[j][e]) {
					t.Errorf("of %d: element %d of vector %d is %v, want %v", n, e, j, got[j][e], plain[j][e])
				}
			}
		}
		for e := range n {
			at := func(j int) float64 { return float64(start[j][e]) }
			i, g, f, o, tanh := at(0), at(1), at(2), at(3), at(4)
			d := at(7) + at(6)*o*(1-tanh*tanh)
			size := math.Abs(at(7)) + math.Abs(at(6)*o)*(1+tanh*tanh) // of what d is the sum of
			for _, c := range []struct {
				j           int
				want, scale float64
			}{
				{0, d * g * i * (1 - i), size * math.Abs(g*i) * (1 + math.Abs(i))},
				{1, d * i * (1 - g*g), size * math.Abs(i) * (1 + g*g)},
				{2, d * at(5) * f * (1 - f), size * math.Abs(at(5)*f) * (1 + math.Abs(f))},
				{3, at(6) * tanh * o * (1 - o), math.Abs(at(6)*tanh*o) * (1 + math.Abs(o))},
				{7, d * f, size * math.Abs(f)},
			} {
				if v := float64(got[c.j][e]); !(math.Abs(v-c.want) <= c.scale*0x1p-20) {
					t.Errorf("of %d: element %d of vector %d is %v, want %v", n, e, c.j, v, c.want)
				}
			}
		}
	}
}

// A normalization's loops give the same bits as operations on one position's channels after the
// other, with assembly and without.
func TestNorm(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for c := 1; c < 20; c++ {
		for positions := range 4 {
			mean, inverse, scale, shift := vector(random, c), vector(random, c), vector(random, c), vector(random, c)
			x, δ := vector(random, c*positions), vector(random, c*positions)
			names := []string{"variance", "normalized", "sum", "product", "back", "added", "group"}
			each := func() []float32 { return make([]float32, len(x)) }
			start := [][]float32{
				vector(random, c), each(), vector(random, c), vector(random, c), each(), vector(random, c), each(),
			}
			clone := func() (v [][]float32) {
				for _, s := range start {
					v = append(v, slices.Clone(s))
				}
				return v
			}
			run := func() [][]float32 {
				v := clone()
				NormVariance(v[0], x, mean)
				Normalize(v[1], x, mean, inverse, scale, shift)
				NormSums(v[2], v[3], δ, x, mean, inverse)
				NormBack(v[4], δ, x, mean, inverse, scale, shift, v[0])
				NormAdd(v[5], x)
				GroupBack(v[6], δ, x, mean, inverse, scale, shift, v[0])
				return v
			}
			want, d, z := clone(), make([]float32, c), make([]float32, c)
			for at := 0; at < len(x); at += c {
				Sub(z, x[at:], mean)
				Mul(d, z, z)
				Add(want[0], want[0], d)
			}
			for at := 0; at < len(x); at += c {
				Sub(z, x[at:], mean)
				Mul(z, z, inverse)
				Mul(d, z, scale)
				Add(want[1][at:][:c], d, shift)
				Add(want[2], want[2], δ[at:])
				Mul(d, δ[at:], z)
				Add(want[3], want[3], d)
				Add(want[5], want[5], x[at:])
				Mul(d, z, want[0])
				Add(d, d, shift)
				group := want[6][at:][:c]
				Mul(group, δ[at:], scale)
				Sub(group, group, d)
				Mul(group, group, inverse)
				Sub(d, δ[at:], d)
				Mul(d, d, inverse)
				Mul(want[4][at:][:c], d, scale)
			}
			got := run()
			var plain [][]float32
			portably(func() { plain = run() })
			for j, name := range names {
				for e, v := range want[j] {
					if !same(got[j][e], v) || !same(plain[j][e], v) {
						t.Errorf("%d × %d: element %d of %s is %v, without assembly %v, want %v",
							positions, c, e, name, got[j][e], plain[j][e], v)
					}
				}
			}
		}
	}
}

// TestElementwisePrecision: in float32 each operation is within two roundings of the same in
// float64.
func TestElementwisePrecision(t *testing.T) {
	exact := elementwise[float64]()
	random := rand.New(rand.NewPCG(3, 4))
	for name, op := range elementwise[float32]() {
		dst, x, y := vector(random, 33), vector(random, 33), vector(random, 33)
		Mul(x, x, x) // so that Sqrt has valid arguments
		want := wide(dst)
		exact[name](want, wide(x), wide(y))
		before := slices.Clone(dst)
		op(dst, x, y)
		for i := range dst {
			scale := math.Abs(want[i]) + math.Abs(float64(before[i])) + float64(x[i])
			if math.Abs(float64(dst[i])-want[i]) > scale/(1<<22) {
				t.Errorf("%s: element %d is %v, want %v", name, i, dst[i], want[i])
			}
		}
	}
}

func wide(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, e := range v {
		w[i] = float64(e)
	}
	return w
}

func TestTanh(t *testing.T) {
	var x []float32
	for v := -12.0; v <= 12; v += 1.0 / 1024 {
		x = append(x, float32(v))
	}
	y := make([]float32, len(x))
	Tanh(y, x)
	for i, v := range x {
		want := math.Tanh(float64(v))
		if math.Abs(float64(y[i])-want) > 8*math.Abs(want)/(1<<24) {
			t.Errorf("tanh %v is %v, want %v", v, y[i], want)
		}
	}
}

func TestExp(t *testing.T) {
	var x []float32
	for v := -90.0; v <= 90; v += 1.0 / 256 {
		x = append(x, float32(v))
	}
	y := make([]float32, len(x))
	Exp(y, x)
	for i, v := range x {
		want := math.Exp(float64(v))
		switch {
		case want < 0x1p-126:
			want = 0
			if v > -87.7 { // either side of the limit
				continue
			}
		case want > 0x1p127*math.Sqrt2:
			want = math.Inf(1)
		}
		if !(float64(y[i]) == want || math.Abs(float64(y[i])-want) <= 4*want/(1<<24)) {
			t.Errorf("exp %v is %v, want %v", v, y[i], want)
		}
	}
	if Exp(y[:1], []float32{float32(math.NaN())}); y[0] == y[0] {
		t.Errorf("exp NaN is %v", y[0])
	}
}

// ShiftedExp has the bits of math.Exp, also where that is not a normal number.
func TestShiftedExp(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	x := slices.Clone(special)
	for range 4000 {
		x = append(x, float32(random.NormFloat64()), float32(40*random.NormFloat64()), float32(600*random.NormFloat64()))
	}
	for v := float32(700); v < 750; v += 1.0 / 64 {
		x = append(x, v, -v)
	}
	test := func(t *testing.T) {
		for _, shift := range []float64{0, -0.1, 3e-9, -1000.3, math.Inf(1), math.Inf(-1), math.NaN()} {
			for _, n := range []int{1, 7, 8, 9, 21, len(x)} {
				dst := make([]float64, n)
				ShiftedExp(dst, x, shift)
				for i, v := range dst {
					if want := math.Exp(float64(x[i]) + shift); math.Float64bits(v) != math.Float64bits(want) && (v == v || want == want) {
						t.Fatalf("e^(%v + %v) is %v, want %v", x[i], shift, v, want)
					}
				}
			}
		}
	}
	t.Run(Level(), test)
	portably(func() { t.Run(Level(), test) })
}

// PackTransposed writes every element to its place, and nothing else.
func TestPackTransposed(t *testing.T) {
	random := rand.New(rand.NewPCG(17, 18))
	test := func(t *testing.T) {
		for _, rows := range []int{1, 7, 8, 9, 16, 23, 33} {
			for _, n := range []int{1, 5, 8, 17, 40} {
				stride, panel := n+3, n*Columns+5
				src := vector(random, rows*stride)
				dst := make([]float32, (rows+Columns-1)/Columns*panel)
				want := make([]float32, len(dst))
				for r := range rows {
					for c := range n {
						want[r/Columns*panel+c*Columns+r%Columns] = src[r*stride+c]
					}
				}
				PackTransposed(dst, panel, src, rows, stride, n)
				if !slices.Equal(dst, want) {
					t.Errorf("%d × %d: got %v, want %v", rows, n, dst, want)
				}
			}
		}
	}
	t.Run(Level(), test)
	portably(func() { t.Run(Level(), test) })
}

// TestSums: Dot and Spread are within the rounding of their stretches.
func TestSums(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	test := func(t *testing.T) {
		for _, n := range []int{0, 1, 7, 31, 32, 33, 100, 4096, 4097, 10000} {
			x, y := vector(random, n), vector(random, n)
			want, scale := 0.0, 0.0
			for i := range x {
				want += float64(x[i]) * float64(y[i])
				scale += math.Abs(float64(x[i]) * float64(y[i]))
			}
			if got := Dot(x, y); math.Abs(got-want) > 16*scale/(1<<24) {
				t.Errorf("Dot of %d: %v, want %v", n, got, want)
			}
			sum, spread := 0.0, slices.Clone(y)
			got := Spread(spread, 3, x, 0.5)
			for i := range x {
				want := math.Max(0, 3*float64(y[i])-0.5*float64(x[i])*float64(x[i]))
				if math.Abs(float64(spread[i])-want) > 4*(3*math.Abs(float64(y[i]))+float64(x[i]*x[i]))/(1<<24) {
					t.Errorf("Spread of %d: element %d is %v, want %v", n, i, spread[i], want)
				}
				sum += want
			}
			if math.Abs(got-sum) > 16*(sum+1)/(1<<24) {
				t.Errorf("Spread of %d: sum is %v, want %v", n, got, sum)
			}
		}
	}
	t.Run(Level(), test)
	portably(func() { t.Run(Level(), test) })
	for _, n := range []int{1, 40} {
		v := make([]float32, n)
		v[n-1] = float32(math.NaN())
		if got := Spread(v, 1, make([]float32, n), 1); !math.IsNaN(got) || v[n-1] == v[n-1] {
			t.Errorf("Spread of NaN is %v, want NaN", got)
		}
	}
}

// TestSum: assembly and portable code give the same bits, within the rounding of n/32 + 5
// additions.
func TestSum(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for _, n := range []int{0, 1, 31, 32, 33, 100, Block, 3 * Block} {
		x := vector(random, n)
		got, exact, scale := Sum(x), 0.0, 0.0
		for _, v := range x {
			exact += float64(v)
			scale += math.Abs(float64(v))
		}
		portably(func() {
			if want := Sum(x); got != want {
				t.Errorf("Sum of %d is %v, want %v", n, got, want)
			}
		})
		if math.Abs(float64(got)-exact) > float64(n/32+5)*scale/(1<<24) || math.Abs(Sum(wide(x))-exact) > 1e-12 {
			t.Errorf("Sum of %d is %v and %v, want %v", n, got, Sum(wide(x)), exact)
		}
	}
}

// TestTile compares all implementations with float64, on walks with several segments, repeated rows
// and wide strides. Those in assembly give the same bits.
func TestTile(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, w := range []Walk{
		{1, 1, 0, 0, 0}, {1, 7, 1, 0, 0}, {3, 5, 1, 11, 0}, {5, 3, 4, 2, 16}, {2, 300, 1, 0, 5}, {4, 9, 0, 1, 40},
	} {
		for _, halves := range []int{1, 2, 3, 4, 7, 8} {
			t.Run(fmt.Sprint(w, halves), func(t *testing.T) { testTile(t, random, w, halves*Half) })
		}
	}
}

func testTile(t *testing.T, random *rand.Rand, w Walk, columns int) {
	rows := [Rows]int{0, 3, 3, 17, 40, 5}
	panels, panel := (columns+Columns-1)/Columns, w.Len()*w.down()+48
	stride, squaresStride := columns+3, columns+5
	a := vector(random, 41+w.Segments*(w.Length*w.Step+w.Skip))
	b := vector(random, panels*panel-48+Columns)
	x := vector(random, 6*stride)
	init, dst, squares := vector(random, columns), vector(random, 6*stride), vector(random, 6*squaresStride)

	product, scale := make([][]float64, Rows), make([][]float64, Rows)
	for r := range Rows {
		product[r], scale[r] = make([]float64, columns), make([]float64, columns)
		for c := range columns {
			at, i := rows[r], c/Columns*panel+c%Columns
			for range w.Segments {
				for range w.Length {
					v := float64(a[at]) * float64(b[i])
					product[r][c] += v
					scale[r][c] += math.Abs(v)
					at += w.Step
					i += w.down()
				}
				at += w.Skip
			}
		}
	}
	check := func(what string, got, before []float32, stride int, want func(r, c int) (v, scale float64)) {
		t.Helper()
		for i, g := range got {
			r, c := i/stride, i%stride
			if c >= columns {
				if g != before[i] {
					t.Fatalf("%s %s wrote to element %d, outside the tiles", Level(), what, i)
				}
				continue
			}
			v, scale := want(r, c)
			if !(math.Abs(float64(g)-v) <= 16*scale/(1<<24)) {
				t.Fatalf("%s %s at %d, %d is %v, want %v", Level(), what, r, c, g, v)
			}
		}
	}
	test := func() [][]float32 {
		from := slices.Clone(dst)
		Tile(from, stride, columns, init, &w, a, &rows, b, panel)
		check("Tile", from, dst, stride, func(r, c int) (float64, float64) {
			return float64(init[c]) + product[r][c], math.Abs(float64(init[c])) + scale[r][c]
		})
		if columns <= Columns {
			short := slices.Clone(dst)
			Tile(short, 3, columns, init, &w, a, &rows, b, panel)
			for i := range 5*3 + columns {
				r := min(i/3, Rows-1)
				if got, want := short[i], from[r*stride+i-3*r]; got != want {
					t.Fatalf("%s Tile of rows 3 apart has %v at %d, want %v", Level(), got, i, want)
				}
			}
		}
		plain := slices.Clone(dst)
		Tile(plain, stride, columns, nil, &w, a, &rows, b, panel)
		check("Tile from zeros", plain, dst, stride, func(r, c int) (float64, float64) { return product[r][c], scale[r][c] })
		sum, sq := slices.Clone(dst), slices.Clone(squares)
		TileAdd(sum, stride, columns, sq, squaresStride, &w, a, &rows, b, panel)
		check("TileAdd", sum, dst, stride, func(r, c int) (float64, float64) {
			from := float64(dst[r*stride+c])
			return from + product[r][c], math.Abs(from) + scale[r][c]
		})
		check("TileAdd's squares", sq, squares, squaresStride, func(r, c int) (float64, float64) {
			from := float64(squares[r*squaresStride+c])
			return from + product[r][c]*product[r][c], math.Abs(from) + scale[r][c]*scale[r][c]
		})
		again := slices.Clone(dst)
		TileAdd(again, stride, columns, nil, 0, &w, a, &rows, b, panel)
		if !slices.Equal(again, sum) {
			t.Errorf("%s TileAdd gives other bits without squares", Level())
		}
		results := [][]float32{from, plain, sum, sq}
		if columns%Columns > 0 {
			return results
		}
		const factor, weight = 3, 0.5
		spread, sums := slices.Clone(dst), [Columns]float32{1: 7}
		TileSpread(spread, stride, columns, x, factor, weight, &sums, &w, a, &rows, b, panel)
		of := func(r, c int) (float64, float64) {
			square := weight * float64(x[r*stride+c]) * float64(x[r*stride+c])
			return max(0, factor*product[r][c]-square), factor*scale[r][c] + square
		}
		check("TileSpread", spread, dst, stride, of)
		for k, got := range sums {
			want, scale := 0.0, 0.0
			if k == 1 {
				want = 7
			}
			for i := range Rows * panels {
				v, s := of(i%Rows, i/Rows*Columns+k)
				want, scale = want+v, scale+s
			}
			if !(math.Abs(float64(got)-want) <= 16*(scale+want)/(1<<24)) {
				t.Fatalf("%s TileSpread's sum %d is %v, want %v", Level(), k, got, want)
			}
		}
		return append(results, spread, sums[:])
	}
	best := test()
	without512(func() {
		for i, got := range test() {
			if !slices.Equal(got, best[i]) {
				t.Errorf("result %d has other bits without AVX-512", i)
			}
		}
	})
	portably(func() { test() })
}

func TestPack(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for _, n := range []int{1, 15, 16, 17, 32, 50} {
		for _, rows := range []int{1, 2, 23} {
			src, stride := vector(random, rows*(n+3)), n+3
			test := func() {
				dst := vector(random, (n+15)/16*16*rows)
				Pack(dst, src, rows, stride, n)
				for i, got := range dst {
					r, c := i/Columns%rows, i/(Columns*rows)*Columns+i%Columns
					want := float32(0)
					if c < n {
						want = src[r*stride+c]
					}
					if got != want {
						t.Fatalf("%s Pack of %d×%d: row %d, column %d is %v, want %v", Level(), rows, n, r, c, got, want)
					}
				}
			}
			test()
			portably(test)
		}
	}
}

// TestMaxPool checks both implementations on a definition, with ties and NaN.
func TestMaxPool(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for i, channels := range []int{1, 1, 6, 6, 13, 13, 8, 32} {
		beyond := i % 2 * 8 // elements after the window's last
		for _, w := range []Window{{1, 1, 99, 99}, {2, 2, 5 * channels, channels}, {3, 2, 4 * channels, channels}} {
			src := vector(random, (w.NY-1)*w.DY+(w.NX-1)*w.DX+channels+beyond)
			for i := range src {
				src[i] = float32(random.IntN(3)) // ties
				if random.IntN(20) == 0 {
					src[i] = float32(math.NaN())
				}
			}
			delta := vector(random, channels+beyond)
			test := func() {
				dst, taps := make([]float32, channels+beyond), make([]int32, channels+beyond)
				MaxPool(dst, taps, src, channels, w)
				back := make([]float32, len(src))
				MaxPoolBack(back, taps, delta, channels, w)
				for c := range channels {
					best, at, tap := math.Inf(-1), 0, 0
					for y := range w.NY {
						for x := range w.NX {
							i := y*w.DY + x*w.DX + c
							if v := float64(src[i]); v > best || v != v && best == best {
								best, at, tap = v, i, y*w.NX+x
							}
						}
					}
					if !same(dst[c], float32(best)) || int(taps[c]) != tap {
						t.Fatalf("%s MaxPool %v: channel %d is %v from tap %d, want %v from %d",
							Level(), w, c, dst[c], taps[c], best, tap)
					}
					if back[at] != delta[c] {
						t.Fatalf("%s MaxPoolBack %v: channel %d is %v, want %v", Level(), w, c, back[at], delta[c])
					}
					back[at] = 0
				}
				if slices.ContainsFunc(back, func(v float32) bool { return v != 0 }) {
					t.Fatalf("%s MaxPoolBack %v wrote elsewhere", Level(), w)
				}
			}
			test()
			portably(test)
		}
	}
}

const dimension = 3_274_634 // of a network that is often trained

func BenchmarkCopyMSVAG(b *testing.B) {
	from, to := vectors4(), vectors4()
	for b.Loop() {
		// An update reads four vectors and writes three of them: as much traffic as copying three
		// and reading one.
		for i := range 3 {
			copy(to[i], from[i])
		}
		Dot(from[3], from[3])
	}
}

func vectors4() (v [4][]float32) {
	for i := range v {
		v[i] = vector(rand.New(rand.NewPCG(1, uint64(i))), dimension)
	}
	return v
}

// BenchmarkMSVAG is the update of Balles 2021, Alg. 2.
func BenchmarkMSVAG(b *testing.B) {
	v := vectors4()
	x, ms, vs, gs := v[0], v[1], v[2], v[3]
	var m2, γ [Block]float32
	for b.Loop() {
		for i := 0; i < len(x); i += Block {
			n := min(Block, len(x)-i)
			x, m, v, g, m2, γ := x[i:][:n], ms[i:][:n], vs[i:][:n], gs[i:][:n], m2[:n], γ[:n]
			Average(m, 0.9, g)
			AverageSquare(v, 0.9, g)
			Mul(m2, m, m)
			Sub(γ, v, m2)
			AtLeast(γ, 0, γ)
			Scale(γ, 0.05, γ)
			Add(γ, m2, γ)
			Over(γ, m2, γ)
			Mul(γ, γ, m)
			Axpy(x, -0.01, γ)
		}
	}
}

// BenchmarkAdam is the update of Kingma & Ba 2015, Alg. 1.
func BenchmarkAdam(b *testing.B) {
	v := vectors4()
	x, ms, vs, gs := v[0], v[1], v[2], v[3]
	AtLeast(vs, 1e-3, vs)
	var step [Block]float32
	for b.Loop() {
		for i := 0; i < len(x); i += Block {
			n := min(Block, len(x)-i)
			x, m, v, g, step := x[i:][:n], ms[i:][:n], vs[i:][:n], gs[i:][:n], step[:n]
			Average(m, 0.9, g)
			AverageSquare(v, 0.999, g)
			Sqrt(step, v)
			Shift(step, 1e-8, step)
			Over(step, m, step)
			Axpy(x, -0.001, step)
		}
	}
}
