package reproduce

import (
	"math"
	"testing"
)

// turned reports an error if all claims of a changed item still hold: what is claimed has to depend on
// what is drawn.
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
