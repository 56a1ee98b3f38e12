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
	turned map[string]bool    // by item, text and what the claim is about
	before map[string]Verdict // of claims that do not hold unchanged
}

func newMutants(t *testing.T) *mutants {
	m := &mutants{t, map[string]bool{}, map[string]Verdict{}}
	t.Cleanup(func() {
		for claim, turned := range m.turned {
			if !turned {
				t.Errorf("no change turns the claim of %s", claim)
			}
		}
	})
	return m
}

// see counts the findings about a changed item that do not hold; of those that do not hold
// unchanged, the ones whose verdict is another.
func (m *mutants) see(item string, findings []Finding) (turned int) {
	for _, f := range findings {
		claim := item + ": " + f.Text + ", on " + f.On
		turns := !holds(f)
		if before, ok := m.before[claim]; ok {
			turns = f.Verdict != before
		}
		if m.turned[claim] = m.turned[claim] || turns; turns {
			turned++
		}
	}
	return turned
}

// unchanged takes note of the findings about an unchanged item that do not hold.
func (m *mutants) unchanged(item string, findings []Finding) {
	for _, f := range findings {
		if !holds(f) {
			m.before[item+": "+f.Text+", on "+f.On] = f.Verdict
		}
	}
}

func holds(f Finding) bool { return f.Verdict == Proved || f.Verdict == Confirmed }

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

// Directions that are a bit off turn a claim of Fig. 7.1.
func TestWrongDirections(t *testing.T) {
	m := newMutants(t)
	for what, damping := range map[string]map[string]float64{
		"NGD with much damping":   {ngd: 0.1, efgd: λ71},
		"EFGD with damping alone": {ngd: 0.1, efgd: 1e6},
	} {
		m.change(what, &fig71, func(*Input) []Finding {
			return claims71(func(w *whole, x []float64) (map[string][]float64, error) {
				all, err := directions71(w, x)
				if err != nil {
					return nil, err
				}
				const needs = protocol.Gradient | protocol.Fisher | protocol.EmpiricalFisher
				at, err := w.measure(x, w.batch, needs)
				for method, λ := range damping {
					if err == nil {
						set := protocol.Setting{protocol.StepSize: 1, "damping": λ}
						all[method], err = stepOf(optimizers7[method], set, nil, len(x), at)
					}
				}
				return all, err
			})
		})
	}
}

// Wrong matrices, and fewer right answers, turn a claim of Fig. 7.2.
func TestWrongMatrices(t *testing.T) {
	notShort(t)
	m := newMutants(t)
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
	judged := func(squared bool, change func(*matrices72)) []Finding {
		item := Item{Claims: func(*Input) []Finding {
			return claims72(func(problem string, with protocol.Setting, n float64) (*matrices72, error) {
				if _, ok := with["squared"]; ok && squared {
					with["squared"] = 1
				}
				m, err := right(problem, with, n)
				if err == nil {
					change(m)
				}
				return m, err
			})
		}}
		return item.Judge(&Input{Size: Full})
	}
	// What fails as it is: the accuracy of the right model by the printed covariances, and what 5000
	// examples do not show.
	m.unchanged(fig72.Name, judged(false, func(*matrices72) {}))
	see := func(what string, findings []Finding) {
		if m.see(fig72.Name, findings) == 0 {
			t.Errorf("%s: no claim turns", what)
		}
	}
	for what, change := range map[string]func(*matrices72){
		"empirical Fisher for Fisher":       func(m *matrices72) { m.fisher = m.empirical },
		"empirical Fisher for Hessian":      func(m *matrices72) { m.hessian = m.empirical },
		"empirical Fisher for Gauss–Newton": func(m *matrices72) { m.gaussNewton = m.empirical },
		"another empirical Fisher":          func(m *matrices72) { m.empirical = m.fisher },
		"Fisher for empirical Fisher": func(m *matrices72) {
			for k := range m.apart {
				clear(m.apart[k])
			}
		},
		"an empirical Fisher twice as large": func(m *matrices72) {
			for k := range m.apart {
				for i, own := range m.own[k] {
					m.apart[k][i] = 2*m.apart[k][i] + own
				}
			}
		},
		"half of the answers": func(m *matrices72) { clear(m.right[:len(m.right)/2]) },
	} {
		see(what, judged(false, change))
	}
	see("squared covariances", judged(true, func(*matrices72) {}))
}
