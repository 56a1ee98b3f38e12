package reproduce

import (
	"fmt"
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/results"
)

func claims63(in *Input) []Finding {
	smooth := smoothness63(in)
	exact := 0.0
	for k, q := range ratios63 {
		λ := largest63(q)
		exact = max(exact, math.Abs(math.Pow(10, smooth[0][k])/((dim63-1+λ)/λ)-1))
	}
	top, last := ratios63[len(ratios63)-1], powers63[len(powers63)-1]
	zero := make([]float64, starts63)
	at := func(φ, q float64) (string, []float64) {
		on := fmt.Sprintf("φ = %g, λmax/λ̄ = %g, log10 of the quotient by starting point", φ, q)
		return on, advantages63(in, φ, q)
	}
	findings := []Finding{
		exactly("", "L∞/L₂ = (d−1+λmax)/λmax on axis-aligned quadratics", "φ = 0", exact < 1e-12,
			fmt.Sprintf("greatest departure %.1e", exact)),
		defined63(in),
		unturned63(in),
	}
	on, v := at(0, top)
	findings = append(findings, better("", "sign descent is closer on axis-aligned quadratics "+
		"with one large eigenvalue", on, v, zero, true))
	on, v = at(last, top)
	findings = append(findings, better("", "gradient descent is closer on turned ones", on, v,
		zero, false))
	most := slices.Repeat([]float64{math.Inf(-1)}, starts63)
	for _, φ := range powers63 {
		for k, v := range advantages63(in, φ, ratios63[0]) {
			most[k] = max(most[k], v)
		}
	}
	return append(findings, better("", "gradient descent is closer where no eigenvalue stands out",
		fmt.Sprintf("λmax/λ̄ = %g, greatest log10 of the quotient over φ, by starting point",
			ratios63[0]), most, zero, false))
}

// defined63 judges that the two norms' constants, of which the map shows the quotient and whose
// inverses are the step sizes, are those of the Hessian by their definitions: at each point of the
// grid for one of its rotations.
func defined63(in *Input) Finding {
	const text = "L∞ is the least L with ‖H(x−y)‖₁ ≤ L‖x−y‖∞, and L₂ the largest eigenvalue"
	worst := 0.0
	cells := cells63(in)
	for i, φ := range powers63 {
		for k, q := range ratios63 {
			r := (i + k) % rotations63
			w, err := openWhole("rotated-quadratic", with63(φ, q, r))
			if err != nil {
				return impossible(name63(φ, q, r), err)
			}
			var h []float64
			for j := range dim63 { // the gradient at a unit vector is a row of H
				x := make([]float64, dim63)
				x[j] = 1
				m, err := w.measure(x, w.batch, protocol.Gradient)
				if err != nil {
					return impossible(name63(φ, q, r), err)
				}
				h = append(h, m.Gradient...)
			}
			shown := cells[[2]string{name63(φ, q, r), "GD"}].Runs[0].Spec.Constants
			worst = max(worst,
				math.Abs(shown["smoothness_linf"]/maxSmoothness(h, dim63)-1),
				math.Abs(shown["smoothness"]/euclideanSmoothness(h, dim63)-1))
		}
	}
	return exactly("", text, "one rotation at each point of the grid", worst < 1e-12,
		fmt.Sprintf("greatest relative departure %.1e", worst))
}

// advantages63 are, for each starting point, log10 of GD's squared distance over sign descent's at
// a point of the grid, both averaged over rotations.
func advantages63(in *Input, φ, q float64) []float64 {
	cells := cells63(in)
	var v []float64
	for start := range starts63 {
		gd, sign := 0.0, 0.0
		for r := range rotations63 {
			gd += distance63(cells[[2]string{name63(φ, q, r), "GD"}].Runs[start])
			sign += distance63(cells[[2]string{name63(φ, q, r), "sign-GD"}].Runs[start])
		}
		v = append(v, math.Log10(gd/sign))
	}
	return v
}

// distance63 is ‖x_T − x*‖².
func distance63(r *results.Record) float64 {
	return float64(r.Points[len(r.Points)-1].Train.Metric)
}

// unturned63 judges that GD depends on the rotation by nothing but the direction of λmax, in which
// it is at the optimum after one step: ‖x_T‖² = (1−1/λmax)^(2T) (‖x₀‖² − (uᵀx₀)²) in every run,
// where the loss at the start, ½(‖x₀‖² + (λmax−1)(uᵀx₀)²), gives (uᵀx₀)². Over starting points x₀ ∼
// N(0, I) the mean is the same for all φ.
func unturned63(in *Input) Finding {
	worst := 0.0
	cells := cells63(in)
	for _, φ := range powers63 {
		for _, q := range ratios63 {
			λ := largest63(q)
			for r := range rotations63 {
				for _, run := range cells[[2]string{name63(φ, q, r), "GD"}].Runs {
					square, loss := float64(run.Points[0].Train.Metric),
						float64(run.Points[0].Train.Loss)
					along := (2*loss - square) / (λ - 1)
					want := math.Pow(1-1/λ, 2*steps63) * (square - along)
					worst = max(worst, math.Abs(distance63(run)-want)/max(want, 1e-20*square))
				}
			}
		}
	}
	return exactly("", "gradient descent does not depend on the rotation, but for the share of "+
		"x₀ along λmax: E‖x_T‖² = (d−1)(1−1/λmax)^(2T)", "every run", worst < 1e-6,
		fmt.Sprintf("greatest relative departure of ‖x_T‖² from its value in theory %.1e", worst))
}
