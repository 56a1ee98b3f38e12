package simd

import (
	"math"

	"noisebench/protocol"
)

// The operations below work on vectors of dst's length, in assembly for float32. Arguments may be
// longer than dst.
//
// An optimizer's update written with them reads like its equations, and runs at the memory's speed
// if it goes block by block ([Block] elements), so that intermediate results stay in the
// first-level cache.

// Block is a good length of the pieces in which to process long vectors: an update with a dozen of
// them uses 24 KB of float32.
const Block = 512

// float32s returns x if it is a []float32 that assembly should work on, else nil.
func float32s[T protocol.Float](x []T) []float32 {
	if !assembly {
		return nil
	}
	s, _ := any(x).([]float32)
	return s
}

// vectors is the part of n elements that assembly works on.
func vectors(n int) int { return n &^ 7 }

// Add writes x + y to dst.
func Add[T protocol.Float](dst, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	i := 0
	if d, x, y := float32s(dst), float32s(x), float32s(y); len(d) >= 8 {
		i = vectors(len(d))
		addAVX2(&d[0], &x[0], &y[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = x[i] + y[i]
	}
}

// Sub writes x − y to dst.
func Sub[T protocol.Float](dst, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	i := 0
	if d, x, y := float32s(dst), float32s(x), float32s(y); len(d) >= 8 {
		i = vectors(len(d))
		subAVX2(&d[0], &x[0], &y[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = x[i] - y[i]
	}
}

// Mul writes the products x y of elements to dst.
func Mul[T protocol.Float](dst, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	i := 0
	if d, x, y := float32s(dst), float32s(x), float32s(y); len(d) >= 8 {
		i = vectors(len(d))
		mulAVX2(&d[0], &x[0], &y[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = x[i] * y[i]
	}
}

// Over writes the quotients x/y of elements to dst, and 0 where y is 0.
func Over[T protocol.Float](dst, x, y []T) {
	x, y = x[:len(dst)], y[:len(dst)]
	i := 0
	if d, x, y := float32s(dst), float32s(x), float32s(y); len(d) >= 8 {
		i = vectors(len(d))
		overAVX2(&d[0], &x[0], &y[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = over(x[i], y[i])
	}
}

func over[T protocol.Float](x, y T) T {
	if y == 0 {
		return 0
	}
	return x / y
}

// Sign writes −1, 0 or 1 to dst where x is below, at or above 0, and NaN where it is infinite or
// NaN.
func Sign[T protocol.Float](dst, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		signAVX2(&d[0], &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = over(x[i], T(math.Abs(float64(x[i]))))
	}
}

// Sqrt writes √x to dst.
func Sqrt[T protocol.Float](dst, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		sqrtAVX2(&d[0], &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = T(math.Sqrt(float64(x[i])))
	}
}

// tanhTable holds the limits of the argument and the coefficients of numerator and denominator, the
// highest power first.
var tanhTable = [13]float32{
	9, -9,
	-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
	1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03,
	1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03,
}

// Tanh writes tanh x to dst, to within a few units in the last place.
func Tanh(dst, x []float32) {
	x = x[:len(dst)]
	i := 0
	if assembly && len(dst) >= 8 {
		i = vectors(len(dst))
		tanhAVX2(&dst[0], &x[0], &tanhTable, i)
	}
	for ; i < len(dst); i++ {
		v := min(max(x[i], tanhTable[1]), tanhTable[0])
		v2 := v * v
		p, q := tanhTable[2], tanhTable[9]
		for _, c := range tanhTable[3:9] {
			p = float32(p*v2) + c
		}
		for _, c := range tanhTable[10:] {
			q = float32(q*v2) + c
		}
		dst[i] = float32(v*p) / q
	}
}

// expTable holds the limits of the argument, log₂ e, ½, ln 2 in two parts, the coefficients of a
// polynomial, the highest power first, 1, and the bias of a float32's exponent.
var expTable = [13]float32{
	89, -88.2, 1.44269504088896341, 0.5, 0.693359375, -2.12194440e-4,
	1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 1, 127,
}

// Exp writes eˣ to dst, to within a few units in the last place; 0 where that would be below about
// 2⁻¹²⁶ and infinity where it would be above 2¹²⁷·⁵ (Cephes' expf).
func Exp(dst, x []float32) {
	x = x[:len(dst)]
	i := 0
	if assembly && len(dst) >= 8 {
		i = vectors(len(dst))
		expAVX2(&dst[0], &x[0], &expTable, i)
	}
	t := &expTable
	for ; i < len(dst); i++ {
		v := min(max(x[i], t[1]), t[0])
		n := float32(math.Floor(float64(float32(v*t[2]) + t[3])))
		v -= float32(n * t[4])
		v -= float32(n * t[5])
		p := t[6]
		for _, c := range t[7:11] {
			p = float32(p*v) + c
		}
		p = float32(p*v) + t[3]
		p = float32(float32(float32(p*v)*v)+v) + t[11]
		dst[i] = p * math.Float32frombits(uint32(int32(n+t[12]))<<23)
	}
}

// shiftedExpTable holds log₂ e, ln 2 in two parts, 1/16, the coefficients of a polynomial, the
// highest power first, 1, 2, and the bits of a float64's bias: the constants of math.Exp.
var shiftedExpTable = [14]float64{
	math.Log2E, 0.69314718055966295651160180568695068359375,
	0.28235290563031577122588448175013436025525412068e-12, 0.0625,
	2.4801587301587301587e-5, 1.9841269841269841270e-4,
	1.3888888888888888889e-3, 8.3333333333333333333e-3,
	4.1666666666666666667e-2, 1.6666666666666666667e-1, 0.5, 1, 2, math.Float64frombits(1023),
}

// ShiftedExp writes e^(x + shift) to dst, in float64, with the bits of [math.Exp].
func ShiftedExp(dst []float64, x []float32, shift float64) {
	x = x[:len(dst)]
	i := 0
	if assembly && len(dst) >= 8 {
		i = vectors(len(dst))
		shiftedExpAVX2(&dst[0], &x[0], shift, &shiftedExpTable, i)
		for j, v := range x[:i] {
			// not a number, or the result may not be a normal one
			if v := float64(v) + shift; !(math.Abs(v) <= 700) {
				dst[j] = math.Exp(v)
			}
		}
	}
	for ; i < len(dst); i++ {
		dst[i] = math.Exp(float64(x[i]) + shift)
	}
}

// Scale writes a x to dst.
func Scale[T protocol.Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		scaleAVX2(&d[0], float32(a), &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = a * x[i]
	}
}

// Divide writes x/a to dst.
func Divide[T protocol.Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		divideAVX2(&d[0], float32(a), &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = x[i] / a
	}
}

// Shift writes a + x to dst.
func Shift[T protocol.Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		shiftAVX2(&d[0], float32(a), &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = a + x[i]
	}
}

// AtLeast writes the greater of a and x to dst, and NaN where x is NaN.
func AtLeast[T protocol.Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		atLeastAVX2(&d[0], float32(a), &x[0], i)
	}
	for ; i < len(dst); i++ {
		if a > x[i] {
			dst[i] = a
		} else {
			dst[i] = x[i]
		}
	}
}

// Axpy adds a x to dst.
func Axpy[T protocol.Float](dst []T, a T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		axpyAVX2(&d[0], float32(a), &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] += T(a * x[i])
	}
}

// Average moves dst to the average β dst + (1−β) x, computed as x + β (dst − x).
func Average[T protocol.Float](dst []T, β T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		averageAVX2(&d[0], float32(β), &x[0], i)
	}
	for ; i < len(dst); i++ {
		dst[i] = x[i] + T(β*(dst[i]-x[i]))
	}
}

// AverageSquare moves dst to the average β dst + (1−β) x², computed as x² + β (dst − x²).
func AverageSquare[T protocol.Float](dst []T, β T, x []T) {
	x = x[:len(dst)]
	i := 0
	if d, x := float32s(dst), float32s(x); len(d) >= 8 {
		i = vectors(len(d))
		averageSquareAVX2(&d[0], float32(β), &x[0], i)
	}
	for ; i < len(dst); i++ {
		square := T(x[i] * x[i])
		dst[i] = square + T(β*(dst[i]-square))
	}
}

// MaskPositive sets the elements of dst to 0 where x is not above 0.
func MaskPositive(dst, x []float32) {
	x = x[:len(dst)]
	i := 0
	if assembly && len(dst) >= 8 {
		i = vectors(len(dst))
		maskPositiveAVX2(&dst[0], &x[0], i)
	}
	for ; i < len(dst); i++ {
		if !(x[i] > 0) {
			dst[i] = 0
		}
	}
}

// Dot returns Σ x y over x's elements, summed in float32 in stretches of 4096 elements and in
// float64 over them.
func Dot(x, y []float32) float64 {
	y = y[:len(x)]
	sum := 0.0
	for len(x) > 0 {
		n := min(len(x), 4096)
		i := 0
		if assembly && n >= 32 {
			i = n &^ 31
			sum += float64(dotAVX2(&x[0], &y[0], i))
		}
		rest := float32(0)
		for ; i < n; i++ {
			rest += float32(x[i] * y[i])
		}
		sum += float64(rest)
		x, y = x[n:], y[n:]
	}
	return sum
}

// Sum returns the sum of x's elements. It adds every 32nd element one after the other and the 32
// sums in pairs, so that unlike other sums it has the same bits with assembly and without. It is
// meant for a [Block] or a few.
func Sum[T protocol.Float](x []T) T {
	if x := float32s(x); len(x) > 0 {
		var rest [32]float32
		whole := len(x) &^ 31
		copy(rest[:], x[whole:])
		return T(sumAVX2(&x[0], whole, &rest))
	}
	var sums [32]T
	for i, v := range x {
		sums[i&31] += v
	}
	for n := 16; n > 0; n /= 2 {
		for j := range n {
			sums[j] += sums[j+n]
		}
	}
	return sums[0]
}

// Spread writes the greater of 0 and a dst − b x² to dst, and NaN where that is NaN. It returns the
// sum, with the precision of [Dot].
func Spread(dst []float32, a float32, x []float32, b float32) float64 {
	x = x[:len(dst)]
	sum := 0.0
	for len(dst) > 0 {
		n := min(len(dst), 4096)
		i := 0
		if assembly && n >= 32 {
			i = n &^ 31
			sum += float64(spreadAVX2(&dst[0], a, &x[0], b, i))
		}
		rest := float32(0)
		for ; i < n; i++ {
			dst[i] = spread(a, dst[i], b, x[i])
			rest += dst[i]
		}
		sum += float64(rest)
		dst, x = dst[n:], x[n:]
	}
	return sum
}

func spread(a, s, b, x float32) float32 {
	if v := float32(a*s) - float32(b*float32(x*x)); !(v < 0) {
		return v
	}
	return 0
}
