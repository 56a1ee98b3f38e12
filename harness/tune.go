package harness

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"noisebench/protocol"
)

// fill returns as many settings as a sweep has runs, spread evenly over ranges [least, greatest] by
// a scrambled Halton sequence: on a logarithmic scale where the hyperparameter declares one,
// rounded for integers. It returns fewer if integer ranges have fewer combinations. The settings
// depend on the ranges and the tuning seed alone and are the same on every machine, since values
// are rounded to four digits, far above the rounding errors in which machines may differ.
func (s *sweep) fill(
	ranges map[string][]float64, tuning *protocol.Tuning,
) ([]protocol.Setting, error) {
	axes := make([]axis, len(s.listed))
	base := 1
	for i, name := range s.listed {
		base = nextPrime(base)
		k := slices.IndexFunc(s.declared,
			func(h protocol.Hyperparameter) bool { return h.Name == name })
		if k < 0 {
			_, err := protocol.Resolve(s.declared, protocol.Setting{name: ranges[name][0]})
			return nil, err
		}
		axes[i] = axis{
			s.declared[k], ranges[name][0], ranges[name][1],
			newHalton(base, tuning.SweepSeed(), uint64(i)),
		}
		if err := axes[i].check(); err != nil {
			return nil, err
		}
	}
	var points []protocol.Setting
	known := map[string]bool{}
	// Repeated settings are skipped. The number of attempts is bounded, since integer ranges may be
	// exhausted.
	for i := 0; len(points) < tuning.Runs && i < 100*tuning.Runs; i++ {
		values := protocol.Setting{}
		for _, a := range axes {
			values[a.Name] = a.at(i)
		}
		if text := values.String(); !known[text] {
			known[text] = true
			points = append(points, s.with(values))
		}
	}
	return points, nil
}

// axis is the range of one hyperparameter, with the sequence that fills it.
type axis struct {
	protocol.Hyperparameter
	least, greatest float64
	sequence        halton
}

// check returns an error if a value in the range is not allowed.
func (a *axis) check() error {
	if a.Logarithmic() && a.least <= 0 {
		return fmt.Errorf("tune.%s starts at %g, which has no logarithm, and the scale of %s is "+
			"logarithmic; start the range above 0",
			a.Name, a.least, a.Name)
	}
	for _, end := range []float64{a.least, a.greatest} {
		if err := a.Check(end); err != nil {
			return fmt.Errorf("tune.%s is [%g, %g]: %w", a.Name, a.least, a.greatest, err)
		}
	}
	return nil
}

// at returns element i of the sequence, mapped to the range.
func (a *axis) at(i int) float64 {
	least, greatest := a.least, a.greatest
	if a.Integer { // so that the ends have as much probability as the other integers
		least, greatest = least-0.5, greatest+0.5
	}
	u, v := a.sequence.at(i), 0.0
	if a.Logarithmic() {
		v = round(least*math.Pow(greatest/least, u), 'e', 3)
	} else {
		v = round(least+u*(greatest-least), 'f',
			max(0, 3-int(math.Floor(math.Log10(greatest-least)))))
	}
	if a.Integer {
		v = math.Round(v)
	}
	return min(max(v, a.least), a.greatest)
}

// round rounds v to a number of decimals, of the mantissa if the format is e.
func round(v float64, format byte, decimals int) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, format, decimals, 64), 64)
	if err != nil {
		panic("harness: " + err.Error()) // it was written by FormatFloat
	}
	return rounded
}

// halton is one coordinate of a scrambled Halton sequence: element i is the radical inverse of i in
// a prime base. Every digit, trailing zeros included, is permuted at random, since coordinates of
// large bases are correlated otherwise.
type halton struct {
	base   int
	digits [][]int // permutation of each digit, most significant first
}

func newHalton(base int, seed, key uint64) halton {
	h := halton{base: base}
	r := protocol.Stream(seed, protocol.PurposeTune, key)
	for unit := 1.0; unit > 0x1p-53; unit /= float64(base) {
		p := make([]int, base)
		for i := range p {
			p[i] = i
		}
		r.Shuffle(base, func(i, j int) { p[i], p[j] = p[j], p[i] })
		h.digits = append(h.digits, p)
	}
	return h
}

// at returns element i, in [0, 1].
func (h halton) at(i int) float64 {
	v, unit := 0.0, 1.0
	for _, p := range h.digits {
		unit /= float64(h.base)
		// the conversion prevents fused multiply-add, which only some machines have
		v += float64(unit * float64(p[i%h.base]))
		i /= h.base
	}
	return v
}

// nextPrime returns the least prime above n.
func nextPrime(n int) int {
	for p := n + 1; ; p++ {
		isPrime := p > 1
		for d := 2; d*d <= p; d++ {
			isPrime = isPrime && p%d != 0
		}
		if isPrime {
			return p
		}
	}
}
