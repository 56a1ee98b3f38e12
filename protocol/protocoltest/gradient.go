package protocoltest

import (
	"fmt"
	"math"
	"slices"

	"noisebench/protocol"
)

// allCoordinates is the dimension up to which each coordinate is checked separately; above
// manyCoordinates fewer lines are checked.
const (
	allCoordinates  = 128
	manyCoordinates = 10_000
)

// checkGradient compares the gradient with the loss along lines: those of single coordinates, and
// those of the gradient itself, restricted to the blocks and to a partition of the coordinates into
// random groups.
func (s *problemSuite[T]) checkGradient(f *findings, a protocol.Problem[T], at place[T]) {
	m := s.measure(f, a, at, protocol.Gradient, runSeed)
	if m == nil {
		return
	}
	panels := 20
	if s.spec.Dim > manyCoordinates {
		panels = 10
	}
	all := make([]int, s.spec.Dim)
	for i := range all {
		all[i] = i
	}
	var noise float64
	whole, err := s.line(a, at, m.Gradient, all)
	if err == nil {
		noise, err = whole.noise()
	}
	if err != nil {
		f.add(err)
		return
	}
	resolved, wrong := false, 0
	for _, group := range s.groups(m.Gradient) {
		var c comparison
		line, err := s.line(a, at, m.Gradient, group.coordinates)
		if err == nil {
			c, err = line.compare(noise, panels)
		}
		if err != nil {
			f.add(err)
			return
		}
		resolved = resolved || c.resolved()
		if !c.wrong() {
			continue
		}
		// An error estimate may occasionally be wrong, but a wrong gradient is also wrong at
		// neighbouring points.
		confirmed := true
		for range 2 {
			near := place[T]{s.perturb(at.x, 0.01), at.examples, at.position}
			if line, err = s.line(a, near, m.Gradient, group.coordinates); err == nil {
				c, err = line.compare(noise, 2*panels)
			}
			confirmed = confirmed && err == nil && c.wrong()
		}
		if confirmed {
			f.addf("the integral of the gradient along %s is %g, want the difference of the "+
				"loss, %g ± %.1g%s", group.name,
				c.claimed, c.actual, c.err, ratio(c.claimed, c.actual))
			if wrong++; wrong == mostFindings {
				return
			}
		}
	}
	if !resolved {
		f.addf("errors of 0.1 %% in the gradient would not show along any line tried: the " +
			"gradient could not be checked")
	}
}

// line returns the line through a place along g restricted to some coordinates. Half its length is
// at most half the norm of x in these coordinates.
func (s *problemSuite[T]) line(
	a protocol.Problem[T], at place[T], g []T, coordinates []int,
) (*line[T], error) {
	measure := func(x []T, want protocol.Quantity) (*protocol.Measurement[T], error) {
		var found findings
		if m := s.measure(&found, a, place[T]{x, at.examples, at.position}, want,
			runSeed); m != nil {
			return m, nil
		}
		return nil, found.errs[0]
	}
	l := &line[T]{x: at.x, v: make([]float64, len(at.x))}
	l.loss = func(x []T) (float64, error) {
		m, err := measure(x, 0)
		if err != nil {
			return 0, err
		}
		return m.Loss, nil
	}
	l.gradient = func(x []T) ([]T, error) {
		m, err := measure(x, protocol.Gradient)
		if err != nil {
			return nil, err
		}
		return m.Gradient, nil
	}
	var length, size float64
	for _, i := range coordinates {
		length = math.Hypot(length, float64(g[i]))
		size = math.Hypot(size, float64(at.x[i]))
	}
	half := 0.5 * max(size, rms(at.x)*math.Sqrt(float64(len(coordinates))))
	for _, i := range coordinates {
		if length > 0 {
			l.v[i] = half * float64(g[i]) / length
		} else {
			l.v[i] = half / math.Sqrt(float64(len(coordinates)))
		}
	}
	return l, l.shorten()
}

// group is a set of coordinates.
type group struct {
	name        string
	coordinates []int
}

// groups chooses the coordinates to check, separately or together.
func (s *problemSuite[T]) groups(g []T) []group {
	d := len(g)
	var groups []group
	alone := func(i int) {
		groups = append(groups, group{fmt.Sprintf("coordinate "+
			"%d", i), []int{i}})
	}
	if d <= allCoordinates {
		for i := range d {
			alone(i)
		}
		return groups
	}
	parts, few := 32, 32
	if d > manyCoordinates {
		parts, few = 8, 8
	}
	order := s.random.Perm(d)
	for i := range parts {
		groups = append(groups, group{
			fmt.Sprintf("%d random coordinates", d/parts),
			order[i*d/parts : (i+1)*d/parts],
		})
	}
	for _, b := range s.spec.Blocks {
		block := group{"block " + b.Name, make([]int, b.Len)}
		for i := range block.coordinates {
			block.coordinates[i] = b.Offset + i
		}
		groups = append(groups, block)
		alone(slices.MaxFunc(block.coordinates, func(i, j int) int { return byMagnitude(g, i, j) }))
	}
	for _, i := range order[:few] {
		alone(i)
	}
	slices.SortFunc(order, func(i, j int) int { return byMagnitude(g, j, i) })
	for _, i := range order[:few] {
		alone(i)
	}
	return groups
}

func byMagnitude[T protocol.Float](g []T, i, j int) int {
	a, b := math.Abs(float64(g[i])), math.Abs(float64(g[j]))
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return i - j
}
