package problems

import (
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
)

// The optimum of a linear regression is half the mean square of what is left of the targets when
// their projection on the columns of the design is taken away, one orthogonal direction after
// another, some of which (Energy has one) are zero.
func TestLeastSquares(t *testing.T) {
	for name, read := range map[string]func() ([][]float64, error){
		"boston": readBoston, "energy": readEnergy, "powerplant": readPowerPlant, "wine": readWine, "yacht": readYacht,
	} {
		rows, err := read()
		if err != nil {
			t.Fatal(err)
		}
		d := newDesign(gaussian, rows, true)
		var directions [][]float64
		left := slices.Clone(d.y)
		project := func(v []float64) {
			for range 2 { // the second time takes away what rounding left
				for _, q := range directions {
					floats.AddScaled(v, -floats.Dot(q, v), q)
				}
			}
		}
		for _, column := range d.columns {
			q := slices.Clone(column)
			before := floats.Norm(q, 2)
			project(q)
			if after := floats.Norm(q, 2); after > 1e-10*before {
				floats.Scale(1/after, q)
				directions = append(directions, q)
			}
		}
		project(left)
		want := floats.Dot(left, left) / 2 / float64(len(left))
		if got := d.constants["optimum"]; math.Abs(got-want) > 1e-9*want {
			t.Errorf("%s: the optimum is %v, want %v (%d of %d columns are independent)", name, got, want, len(directions), len(d.columns))
		}
	}
}
