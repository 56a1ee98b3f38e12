package reproduce

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
)

// turned reports an error if all claims of a changed item still hold: what is claimed has to depend
// on what is drawn.
func turned(t *testing.T, what string, item *Item, claims func(*Input) []Finding) {
	t.Helper()
	changed := *item
	changed.Claims = claims
	for _, f := range changed.Judge(&Input{Size: Full}) {
		if f.Verdict != Proved && f.Verdict != Confirmed {
			return
		}
	}
	t.Errorf("%s: no claim of %s turns", what, item.Name)
}

// A wrong curve in Figs. 6.1 and 6.2 turns a claim.
func TestWrongBounds(t *testing.T) {
	for what, wrong := range map[string]bound61{
		"L∞ without the factor 2": func(a, b, d float64) func(x, y float64) float64 {
			return squareBound(a, b/2, d)
		},
		"L∞ too large": func(a, b, d float64) func(x, y float64) float64 {
			return squareBound(1.01*a, b, d)
		},
	} {
		turned(t, what, &fig61, func(*Input) []Finding { return claims61(wrong) })
	}
	for what, wrong := range map[string]bound61{
		"l of the diagonal alone": func(a, b, d float64) func(x, y float64) float64 {
			return func(x, y float64) float64 { return a*x*x + d*y*y }
		},
		"lengths exchanged": func(a, b, d float64) func(x, y float64) float64 {
			return separableBound(d, b, a)
		},
		"all of |b| for one axis": func(a, b, d float64) func(x, y float64) float64 {
			return func(x, y float64) float64 { return (a+2*math.Abs(b))*x*x + d*y*y }
		},
		"the square": squareBound,
	} {
		turned(t, what, &fig62, func(*Input) []Finding { return claims62(wrong) })
	}
}

// A wrong curve in Figs. 5.2 and B.1, and wrong factors in Fig. 5.3, turn a claim.
func TestWrongFactors(t *testing.T) {
	for k := range curves52 {
		for j, other := range curves52 {
			if j == k {
				continue
			}
			wrong := slices.Clone(curves52)
			wrong[k].f = other.f
			turned(t, "curve "+wrong[k].label, &fig52, func(*Input) []Finding { return claims52(wrong) })
		}
	}
	for what, wrong := range map[string][2]float64{
		"no adaptation":            {1, 1},
		"Adam's factors":           {adamFactor(0.5), adamFactor(1.5)},
		"coordinates exchanged":    {4. / 13, 4. / 5},
		"one coordinate a bit off": {4. / 5, 0.3},
	} {
		turned(t, what, &fig53, func(*Input) []Finding { return claims53(wrong) })
	}
	for what, wrong := range map[string]func(float64) float64{
		"without the root of 2": func(η float64) float64 { return (1 - math.Erf(1/η)) / 2 },
		"both tails":            func(η float64) float64 { return 1 - signFactor(η) },
		"Adam's factor":         func(η float64) float64 { return (1 - adamFactor(η)) / 2 },
	} {
		turned(t, what, &figB1, func(*Input) []Finding { return claimsB1(wrong) })
	}
}

// exchanged serves one optimizer under another's name while f runs.
func exchanged(name, by string, f func()) {
	before := allOptimizers
	defer func() { allOptimizers = before }()
	allOptimizers = func() []protocol.OptimizerDef {
		all := before()
		find := func(name string) int {
			return slices.IndexFunc(all, func(d protocol.OptimizerDef) bool { return d.Name == name })
		}
		other := all[find(by)]
		other.Name, other.Hyperparameters = name, all[find(name)].Hyperparameters
		all[find(name)] = other
		return all
	}
	f()
}

// Another optimizer under the name of the one that a claim is about turns the claim.
func TestWrongOptimizers(t *testing.T) {
	notShort(t)
	for _, c := range []struct {
		item     *Item
		name, by string
	}{
		{&fig22, "sgd", "sign-sgd"},
		{&fig71, "ngd", "efgd"},
		{&fig71, "efgd", "ngd"},
		{&fig74, "ngd", "efgd"},
		{&fig74, "efgd", "ngd"},
		{&table61, "norm-scaled-sign-sgd", "sign-sgd"},
		{&table61, "coordinate-sgd", "sgd"},
		{&table61, "block-normalized-sgd", "sgd"},
	} {
		exchanged(c.name, c.by, func() {
			turned(t, c.by+" in the place of "+c.name, c.item, c.item.Claims)
		})
	}
}

// Wrong matrices, and fewer right answers, turn a claim of Fig. 7.2.
func TestWrongMatrices(t *testing.T) {
	notShort(t)
	type key struct {
		problem string
		with    string
	}
	measured := map[key]*matrices72{}
	right := func(problem string, with protocol.Setting, _ float64) (*matrices72, error) {
		at := key{problem, with.String()}
		if measured[at] == nil {
			m, err := newMatrices72(problem, with, 5000)
			if err != nil {
				return nil, err
			}
			measured[at] = m
		}
		m := *measured[at]
		for k := range m.apart {
			m.apart[k] = slices.Clone(m.apart[k])
		}
		return &m, nil
	}
	const known = 1 // the accuracy of the right model by the printed covariances
	verdicts := func(change func(*matrices72)) (false int) {
		item := Item{Claims: func(*Input) []Finding {
			return claims72(func(problem string, with protocol.Setting, n float64) (*matrices72, error) {
				m, err := right(problem, with, n)
				if err == nil {
					change(m)
				}
				return m, err
			})
		}}
		for _, f := range item.Judge(&Input{Size: Full}) {
			if f.Verdict != Confirmed && f.Verdict != Proved {
				false++
			}
		}
		return false
	}
	for what, change := range map[string]func(*matrices72){
		"empirical Fisher for Fisher": func(m *matrices72) { m.fisher = m.empirical },
		"Fisher for empirical Fisher": func(m *matrices72) {
			for k := range m.apart {
				clear(m.apart[k])
			}
		},
		"half of the answers": func(m *matrices72) { m.accuracy /= 2 },
	} {
		if n := verdicts(change); n <= known {
			t.Errorf("%s: %d claims fail, want more than %d", what, n, known)
		}
	}
}
