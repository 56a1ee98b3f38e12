package reproduce

import (
	"math"
	"slices"
	"testing"

	"noisebench/protocol"
)

// mutants tells which claims turn when what they are about is changed: at least one has to with
// every change, and each of them with one of the changes, since what is claimed has to depend on
// what is drawn.
type mutants struct {
	*testing.T
	turned map[string]bool // by item, text and what the claim is about
}

func newMutants(t *testing.T) *mutants {
	m := &mutants{t, map[string]bool{}}
	t.Cleanup(func() {
		for claim, turned := range m.turned {
			if !turned {
				t.Errorf("no change turns the claim of %s", claim)
			}
		}
	})
	return m
}

// see counts the findings about a changed item that do not hold.
func (m *mutants) see(item string, findings []Finding) (failed int) {
	for _, f := range findings {
		claim := item + ": " + f.Text + ", on " + f.On
		holds := f.Verdict == Proved || f.Verdict == Confirmed
		if m.turned[claim] = m.turned[claim] || !holds; !holds {
			failed++
		}
	}
	return failed
}

// change judges other claims in the place of an item's.
func (m *mutants) change(what string, item *Item, claims func(*Input) []Finding) {
	m.Helper()
	changed := *item
	changed.Claims = claims
	if m.see(item.Name, changed.Judge(&Input{Size: Full})) == 0 {
		m.Errorf("%s: no claim of %s turns", what, item.Name)
	}
}

// A wrong curve in Figs. 6.1 and 6.2 turns a claim.
func TestWrongBounds(t *testing.T) {
	m := newMutants(t)
	for what, wrong := range map[string]bound61{
		"L∞ without the factor 2": func(a, b, d float64) func(x, y float64) float64 {
			return squareBound(a, b/2, d)
		},
		"L∞ too large": func(a, b, d float64) func(x, y float64) float64 {
			return squareBound(1.01*a, b, d)
		},
	} {
		m.change(what, &fig61, func(*Input) []Finding { return claims61(quadratic61, wrong) })
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
		m.change(what, &fig62, func(*Input) []Finding { return claims62(quadratic61, wrong) })
	}
	m.change("quadratics that are not turned", &fig61, func(*Input) []Finding {
		return claims61(func(λ, ω float64) (a, b, d float64) {
			a, b, d = quadratic61(λ, ω)
			return a, b / 2, d
		}, squareBound)
	})
	m.change("a negative eigenvalue", &fig62, func(*Input) []Finding {
		return claims62(func(λ, ω float64) (a, b, d float64) {
			a, b, d = quadratic61(λ+2, ω)
			return a - 2, b, d - 2
		}, separableBound)
	})
}

// A wrong curve in Figs. 5.2 and B.1, and wrong factors in Fig. 5.3, turn a claim.
func TestWrongFactors(t *testing.T) {
	m := newMutants(t)
	for k := range curves52 {
		for j, other := range curves52 {
			if j == k {
				continue
			}
			wrong := slices.Clone(curves52)
			wrong[k].f = other.f
			m.change("curve "+wrong[k].label, &fig52, func(*Input) []Finding { return claims52(wrong) })
		}
	}
	for what, wrong := range map[string][2]float64{
		"no adaptation":            {1, 1},
		"Adam's factors":           {adamFactor(0.5), adamFactor(1.5)},
		"coordinates exchanged":    {4. / 13, 4. / 5},
		"one coordinate a bit off": {4. / 5, 0.3},
	} {
		m.change(what, &fig53, func(*Input) []Finding { return claims53(wrong) })
	}
	for what, wrong := range map[string]func(float64) float64{
		"without the root of 2": func(η float64) float64 { return (1 - math.Erf(1/η)) / 2 },
		"both tails":            func(η float64) float64 { return 1 - signFactor(η) },
		"Adam's factor":         func(η float64) float64 { return (1 - adamFactor(η)) / 2 },
	} {
		m.change(what, &figB1, func(*Input) []Finding { return claimsB1(wrong) })
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
	m := newMutants(t)
	for _, c := range []struct {
		item     *Item
		name, by string
	}{
		{&fig22, "sgd", "sign-sgd"},
		{&fig71, "ngd", "efgd"},
		{&fig71, "efgd", "ngd"},
		{&fig74, "ngd", "efgd"},
		{&fig74, "efgd", "ngd"},
		{&table61, "sgd", "sign-sgd"},
		{&table61, "norm-scaled-sign-sgd", "sign-sgd"},
		{&table61, "coordinate-sgd", "sgd"},
		{&table61, "block-normalized-sgd", "sgd"},
	} {
		exchanged(c.name, c.by, func() {
			m.change(c.by+" in the place of "+c.name, c.item, c.item.Claims)
		})
	}
}

// Wrong matrices, and fewer right answers, turn a claim of Fig. 7.2.
func TestWrongMatrices(t *testing.T) {
	notShort(t)
	all := newMutants(t)
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
		m.right = slices.Clone(m.right)
		return &m, nil
	}
	verdicts := func(all *mutants, change func(*matrices72)) (failed int) {
		item := Item{Claims: func(*Input) []Finding {
			return claims72(func(problem string, with protocol.Setting, n float64) (*matrices72, error) {
				m, err := right(problem, with, n)
				if err == nil {
					change(m)
				}
				return m, err
			})
		}}
		return all.see(fig72.Name, item.Judge(&Input{Size: Full}))
	}
	// What fails as it is: the accuracy of the right model by the printed covariances, and what 5000
	// examples do not show.
	known := verdicts(&mutants{t, map[string]bool{}}, func(*matrices72) {})
	for what, change := range map[string]func(*matrices72){
		"empirical Fisher for Fisher": func(m *matrices72) { m.fisher = m.empirical },
		"another empirical Fisher":    func(m *matrices72) { m.empirical = m.fisher },
		"Fisher for empirical Fisher": func(m *matrices72) {
			for k := range m.apart {
				clear(m.apart[k])
			}
		},
		"half of the answers": func(m *matrices72) { clear(m.right[:len(m.right)/2]) },
	} {
		if n := verdicts(all, change); n <= known {
			t.Errorf("%s: %d claims fail, want more than %d", what, n, known)
		}
	}
}
