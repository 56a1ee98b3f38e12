package optimizers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/optimize"
	"gonum.org/v1/gonum/optimize/functions"

	"noisebench/protocol"
)

// Directions are those of gonum's L-BFGS, for any number of pairs, before and after the oldest are
// dropped.
func TestLBFGSDirections(t *testing.T) {
	const dim = 6
	for _, memory := range []int{1, 2, 5, 20} {
		random := rand.New(rand.NewPCG(5, uint64(memory)))
		theirs := &optimize.LBFGS{Store: memory}
		ours := newInverseHessian[float64](memory, dim)
		x, g, want, got := make([]float64, dim), make([]float64, dim), make([]float64, dim), make([]float64, dim)
		for n := range 12 {
			oldX, oldG := slices.Clone(x), slices.Clone(g)
			for i := range x {
				x[i] = random.NormFloat64()
				// of a convex quadratic
				g[i] = float64(i+1)*x[i] + 0.1*x[(i+1)%dim] + 0.1*x[(i+dim-1)%dim]
			}
			at := &optimize.Location{X: x, Gradient: g}
			if n == 0 {
				theirs.InitDirection(at, want)
			} else {
				theirs.NextDirection(at, want)
				ours.add(x, oldX, g, oldG)
			}
			ours.direction(got, g)
			near(t, fmt.Sprintf("direction %d from up to %d pairs", n, memory), got, want, 1e-12)
			if ours.n != min(n, memory) {
				t.Errorf("after %d steps there are %d pairs of up to %d", n, ours.n, memory)
			}
		}
	}
}

// A pair without curvature is left out, and costs the oldest one its place.
func TestLBFGSLeavesOutPairs(t *testing.T) {
	h := newInverseHessian[float64](2, 2)
	zero := []float64{0, 0}
	h.add([]float64{1, 0}, zero, []float64{2, 0}, zero)
	h.add([]float64{0, 1}, zero, []float64{0, 4}, zero)
	d := make([]float64, 2)
	h.direction(d, []float64{1, 1})
	near(t, "direction", d, []float64{-0.5, -0.25}, 1e-15)
	h.add([]float64{1, 1}, zero, []float64{-1, 0}, zero)
	h.direction(d, []float64{1, 1})
	near(t, "direction from the last pair", d, []float64{-0.25, -0.25}, 1e-15)
	if h.n != 1 {
		t.Errorf("there are %d pairs, want 1", h.n)
	}
}

// function is f with its gradient.
type function func(x, g []float64) float64

// descend runs l-bfgs on f from x and returns the accepted points, the values of f that were
// measured, and what was asked.
func descend(t *testing.T, setting protocol.Setting, f function, x []float64, looks int) (
	points [][]float64, values []float64, requests []protocol.Request,
) {
	t.Helper()
	o, request := open[float64](t, "l-bfgs", setting, len(x))
	g, at := make([]float64, len(x)), make([]float64, len(x))
	for range looks {
		requests = append(requests, request)
		values = append(values, f(x, g))
		request = step(t, o, x, &protocol.Measurement[float64]{
			Have: protocol.Gradient, BatchSize: 1000, Loss: values[len(values)-1], Gradient: g, StepScale: 1,
		})
		o.(protocol.Averager[float64]).Estimate(x, at)
		if len(points) == 0 || !slices.Equal(at, points[len(points)-1]) {
			points = append(points, slices.Clone(at))
		}
	}
	return points, values, requests
}

// With exact line searches l-bfgs minimizes a quadratic of d dimensions in d steps, whose gradients
// are orthogonal, as conjugate gradients do.
func TestLBFGSQuadratic(t *testing.T) {
	for _, dim := range []int{1, 2, 5, 10} {
		f := func(x, g []float64) (f float64) {
			for i := range x {
				h := float64(1 + i*i)
				g[i] = h*(x[i]-1) + 0.25*(x[(i+1)%dim]-1) + 0.25*(x[(i+dim-1)%dim]-1)
				f += (x[i] - 1) * g[i] / 2
			}
			return f
		}
		points, values, _ := descend(t, protocol.Setting{"curvature": 1e-6}, f, make([]float64, dim), 4*dim)
		if len(points) < dim+1 {
			t.Fatalf("%d looks in %d dimensions led to %d points", 4*dim, dim, len(points))
		}
		g, last := make([]float64, dim), make([]float64, dim)
		f(points[0], last)
		for k, x := range points[1:dim] {
			f(x, g)
			if cosine := dot(g, last) / (euclidean(g) * euclidean(last)); math.Abs(cosine) > 2e-6 {
				t.Errorf("gradient %d of %d has the cosine %g with the one before", k+1, dim, cosine)
			}
			copy(last, g)
		}
		if end := f(points[dim], g); !(end <= 1e-9*values[0]) {
			t.Errorf("in %d dimensions f falls from %g to %g in %d steps", dim, values[0], end, dim)
		}
	}
}

// Rosenbrock's function and others of gonum's are minimized with the default setting, about as fast
// as gonum does.
func TestLBFGSFunctions(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     interface{ Func([]float64) float64 }
		grad  func(g, x []float64)
		x     []float64
		looks int
	}{
		{"Rosenbrock", functions.ExtendedRosenbrock{}, functions.ExtendedRosenbrock{}.Grad, []float64{-1.2, 1}, 100},
		{"Rosenbrock in 10", functions.ExtendedRosenbrock{}, functions.ExtendedRosenbrock{}.Grad, slices.Repeat([]float64{-1.2, 1}, 5), 200},
		{"Beale", functions.Beale{}, functions.Beale{}.Grad, []float64{1, 1}, 50},
		{"Wood", functions.Wood{}, functions.Wood{}.Grad, []float64{-3, -1, -3, -1}, 200},
		{"Brown, badly scaled", functions.BrownBadlyScaled{}, functions.BrownBadlyScaled{}.Grad, []float64{1, 1}, 100},
		{"Powell, singular", functions.ExtendedPowellSingular{}, functions.ExtendedPowellSingular{}.Grad, []float64{3, -1, 0, 3}, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := func(x, g []float64) float64 {
				c.grad(g, x)
				return c.f.Func(x)
			}
			points, values, _ := descend(t, nil, f, slices.Clone(c.x), c.looks)
			end := c.f.Func(points[len(points)-1])
			if !(end <= 1e-10*max(values[0], 1)) {
				t.Errorf("f falls from %g to %g at %v", values[0], end, points[len(points)-1])
			}
			for i, x := range points[1:] {
				if now, before := c.f.Func(x), c.f.Func(points[i]); !(now <= before) {
					t.Errorf("step %d leads from %g up to %g", i, before, now)
				}
			}
		})
	}
}

// A loss that is not finite is a step too long. Before there are pairs all such steps are trials,
// and after that those which follow the first; the point that is judged is the last accepted one.
func TestLBFGSTooFar(t *testing.T) {
	f := func(x, g []float64) float64 { // x − ln x, defined for x > 0
		g[0] = 1 - 1/x[0]
		if x[0] <= 0 {
			return math.Inf(1)
		}
		return x[0] - math.Log(x[0])
	}
	points, values, requests := descend(t, protocol.Setting{protocol.StepSize: 64}, f, []float64{8}, 40)
	if !math.IsInf(values[1], 1) {
		t.Fatalf("the first trial has the loss %v, want one that is too far", values[1])
	}
	near(t, "x", points[len(points)-1], []float64{1}, 1e-7)
	plain := 0
	for n, r := range requests {
		if r.Draw != protocol.All {
			t.Errorf("request %d is %+v, want all examples", n, r)
		}
		if math.IsInf(values[n], 1) && !r.Trial && n < 3 {
			t.Errorf("measurement %d, %v, is no trial", n, values[n])
		}
		if n > 0 && !r.Trial {
			plain++
		}
	}
	if plain < 4 {
		t.Errorf("%d of %d points are judged", plain, len(requests))
	}
}

// Where nothing helps the search is given up, at the best point that it saw, and a new one begins.
func TestLBFGSGivesUp(t *testing.T) {
	looks := 0
	f := func(x, g []float64) float64 { // a gradient that lies
		g[0] = 1
		looks++
		return 1 + x[0]*x[0]
	}
	points, _, requests := descend(t, nil, f, []float64{0}, 2*maxTrials+4)
	if len(points) != 1 || points[0][0] != 0 {
		t.Errorf("points are %v, want 0 alone", points)
	}
	var plain []int
	for n, r := range requests {
		if !r.Trial {
			plain = append(plain, n)
		}
	}
	if want := []int{0, maxTrials + 1, 2*maxTrials + 2}; !slices.Equal(plain, want) {
		t.Errorf("measurements without trial are %v, want %v", plain, want)
	}

	// The best point of a search that never ends is one with a lower f.
	w := wolfe{c1: 1e-4, c2: 0.5}
	w.begin(0, -1, 1)
	for n := range maxTrials {
		η := w.η
		v := w.judge(-η/2, -0.75) // falls for ever
		if want := tryNext; n < maxTrials-1 && (v != want || w.η < 2*η) {
			t.Fatalf("trial %d at %g leads to verdict %v at %g", n, η, v, w.η)
		}
		if n == maxTrials-1 && (v != givenUp || w.η != η) {
			t.Errorf("the last trial, at %g, leads to verdict %v at %g", η, v, w.η)
		}
	}
}

// Where the gradient is 0 nothing moves, and nothing is searched.
func TestLBFGSAtRest(t *testing.T) {
	points, _, requests := descend(t, nil, func(_, g []float64) float64 { clear(g); return 1 }, []float64{3, 4}, 5)
	if len(points) != 1 || !slices.Equal(points[0], []float64{3, 4}) {
		t.Errorf("points are %v, want (3, 4) alone", points)
	}
	for _, r := range requests {
		if r.Trial {
			t.Errorf("request is %+v, want no trial", r)
		}
	}
	_, _, err := tryOpen[float64](t, "l-bfgs", nil, protocol.Start{Dim: 1})
	if err == nil || !strings.Contains(err.Error(), "endless") {
		t.Errorf("error is %v, want one about endless data", err)
	}
}

// The cubic's minimum, of cubics that are known.
func TestCubic(t *testing.T) {
	on := func(c3, c2, c1, at float64) trial {
		return trial{at, c3*at*at*at + c2*at*at + c1*at, 3*c3*at*at + 2*c2*at + c1}
	}
	for _, c := range []struct{ c3, c2, c1, a, b, want float64 }{
		{0, 1, -4, 0, 1, 2},         // (x−2)²
		{0, 1, -4, 5, -1, 2},        // from the other side
		{1, 0, -3, 0, 4, 1},         // x³ − 3x
		{1, 0, -3, 1.5, 0, 1},       // has its maximum at −1
		{-1, 0, 3, 0, -0.5, -1},     // 3x − x³
		{1, 0, 3, 0, 1, math.NaN()}, // rises everywhere
	} {
		got := cubic(on(c.c3, c.c2, c.c1, c.a), on(c.c3, c.c2, c.c1, c.b))
		if math.IsNaN(c.want) {
			if !math.IsNaN(got) {
				t.Errorf("%+v: minimum is %v, want none", c, got)
			}
			continue
		}
		near(t, fmt.Sprintf("minimum of %+v", c), []float64{got}, []float64{c.want}, 1e-13)
	}
}
