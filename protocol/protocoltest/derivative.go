package protocoltest

import (
	"math"
	"slices"

	"noisebench/protocol"
)

// A gradient is compared with the loss by the line integral
//
//	f(x+v) − f(x−v) = ∫ ∇f(x+tv)·v dt,  t from −1 to 1,
//
// rather than a quotient of small differences: v is as long as possible, so that rounding errors of
// the loss have little effect even in float32, and the identity also holds across kinks such as
// those of rectified units.

// line is the segment from x−v to x+v, with functions that measure on it.
type line[T protocol.Float] struct {
	x        []T
	v        []float64
	loss     func(x []T) (float64, error)
	gradient func(x []T) ([]T, error)
}

// comparison is the result for one line.
type comparison struct {
	claimed float64 // the integral of the gradient
	actual  float64 // the difference of the loss
	err     float64 // of claimed − actual, estimated
}

// wrong reports whether the gradient is wrong on the line. A NaN or infinity is wrong.
func (c comparison) wrong() bool { return !(math.Abs(c.claimed-c.actual) <= c.err) }

// resolved reports whether an error of 0.1 % in the gradient would have been detected.
func (c comparison) resolved() bool { return c.err < 0.9e-3*math.Abs(c.claimed) }

// at returns the point x+tv, rounded to T.
func (l *line[T]) at(t float64) []T {
	y := slices.Clone(l.x)
	for i, vi := range l.v {
		if vi != 0 {
			y[i] = T(float64(y[i]) + t*vi)
		}
	}
	return y
}

// shorten halves v until the rates of change of the loss at both ends and in the middle agree
// within a factor of 2. If they never do, for example because the rate vanishes in the middle, the
// line ends at a thousandth of its length.
func (l *line[T]) shorten() error {
	for range 10 {
		var rates [3]float64
		for i := range rates {
			g, err := l.gradient(l.at(float64(i - 1)))
			if err != nil {
				return err
			}
			for j, vj := range l.v {
				rates[i] += float64(g[j]) * vj
			}
		}
		low, high := rates[0]/rates[1], rates[2]/rates[1]
		if 0.5 <= low && low <= 2 && 0.5 <= high && high <= 2 {
			return nil
		}
		for i := range l.v {
			l.v[i] /= 2
		}
	}
	return nil
}

// panel is the part of the line from a to b, where gap is the difference between the gradient's
// integral and the loss' difference.
type panel struct {
	a, b, integral, err, gap float64
	size                     float64 // the integral of Σ |gᵢvᵢ|, the scale of rounding errors
}

// The nodes of the Kronrod rule of 7 points on [−1, 1] from the middle outwards, its weights, and
// the weights of the Gauss rule of 3 points within it (Kronrod, 1965; QUADPACK, Piessens et al.
// 1983, for the idea of the error estimate).
var (
	nodes   = [4]float64{0, 0.434243749346802558, 0.774596669241483377, 0.960491268708020283}
	kronrod = [4]float64{
		0.450916538658474142, 0.401397414775962223, 0.268488089868333441,
		0.104656226026467265,
	}
	gauss = [4]float64{8.0 / 9, 0, 5.0 / 9, 0}
)

// integrate integrates over one panel. The rates of change are taken along way, which is v after
// rounding.
func (l *line[T]) integrate(a, b float64, way []float64) (panel, error) {
	p := panel{a: a, b: b}
	before, err := l.loss(l.at(a))
	if err != nil {
		return p, err
	}
	after, err := l.loss(l.at(b))
	if err != nil {
		return p, err
	}
	coarse := 0.0
	for i, node := range nodes {
		for _, sign := range []float64{-1, 1} {
			if i == 0 && sign > 0 {
				continue
			}
			g, err := l.gradient(l.at((a+b)/2 + sign*node*(b-a)/2))
			if err != nil {
				return p, err
			}
			rate, size := 0.0, 0.0
			for j, w := range way {
				rate += float64(g[j]) * w
				size += math.Abs(float64(g[j]) * w)
			}
			p.integral += kronrod[i] * rate * (b - a) / 2
			p.size += kronrod[i] * size * (b - a) / 2
			coarse += gauss[i] * rate * (b - a) / 2
		}
	}
	p.err = math.Abs(p.integral - coarse)
	p.gap = after - before - p.integral
	return p, nil
}

// compare integrates over panels until an error of 0.1 % would be detected and there is none, or
// the number of panels reaches most. It splits the panel with the greatest error or gap. So a gap
// caused by a kink between the nodes decreases, and one caused by a wrong gradient remains. noise
// is the standard deviation of the loss' rounding error.
func (l *line[T]) compare(noise float64, most int) (comparison, error) {
	low, high := l.at(-1), l.at(1)
	way := make([]float64, len(l.v))
	for i := range way {
		way[i] = (float64(high[i]) - float64(low[i])) / 2
	}
	panels := make([]panel, 0, most)
	split := []float64{-1, 1} // the panels to add
	for {
		for i := range len(split) - 1 {
			p, err := l.integrate(split[i], split[i+1], way)
			if err != nil {
				return comparison{}, err
			}
			panels = append(panels, p)
		}
		var c comparison
		var size, square float64
		worst := 0
		for i, p := range panels {
			c.claimed += p.integral
			c.actual += p.integral + p.gap
			size += p.size
			square += p.err * p.err
			if max(p.err, math.Abs(p.gap)) > max(panels[worst].err, math.Abs(panels[worst].gap)) {
				worst = i
			}
		}
		// Errors of panels are independent if caused by kinks, and overestimated if the loss is
		// smooth.
		integration := 2 * math.Sqrt(square)
		c.err = integration + 6*noise + 32*epsilon[T]()*size
		if len(panels) >= most || !c.wrong() && integration <= 1e-4*math.Abs(c.claimed)+noise {
			return c, nil
		}
		p := panels[worst]
		split = []float64{p.a, (p.a + p.b) / 2, p.b}
		panels = slices.Delete(panels, worst, worst+1)
	}
}

// noise estimates the standard deviation of the loss' rounding error from third differences at
// closely spaced points, in which smooth parts cancel (Moré and Wild 2011, Estimating computational
// noise, Sec. 3: σ² ≈ mean (Δ³f)²/20). Since kinks disturb an estimate, it is the median of five
// along the line.
func (l *line[T]) noise() (float64, error) {
	x, err := l.gradient(l.x)
	if err != nil {
		return 0, err
	}
	spacing := math.Sqrt(epsilon[T]()) / 4
	var estimates [5]float64
	size := 0.0
	for k := range estimates {
		var table [9]float64
		for i := range table {
			y := l.at(float64(k-2)/2 + float64(i)*spacing)
			if table[i], err = l.loss(y); err != nil {
				return 0, err
			}
			size = max(size, math.Abs(table[i]))
			for j, yj := range y { // rounding error of the point
				table[i] -= float64(x[j]) * (float64(yj) - float64(l.x[j]))
			}
		}
		for order := range 3 {
			for i := range len(table) - 1 - order {
				table[i] = table[i+1] - table[i]
			}
		}
		for _, v := range table[:6] {
			estimates[k] += v * v / 6 / 20
		}
	}
	slices.Sort(estimates[:])
	return max(math.Sqrt(estimates[2]), epsilon[T]()/2*size), nil
}
