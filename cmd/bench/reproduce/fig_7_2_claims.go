package reproduce

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"noisebench/protocol"
	"noisebench/results/stats"
)

// matrices72 are the matrices of a case at its optimum, to which Newton's method leads from 0.
type matrices72 struct {
	optimum                                 []float64
	fisher, gaussNewton, empirical, hessian []float64 // 2 × 2
	differences                             []float64 // 2 × 2, of gradients: the Hessian
	// apart are, for each element of the upper triangle, the differences of F̃ and F of single
	// examples in units of the greatest that the element of F could be, √(F₁₁F₂₂); own are F's.
	// Both are by their definitions, from the loss and the gradient of the example alone.
	apart, own [3][]float64
	right      []float64 // 1 for each example whose loss is below log 2, for classes, else 0
}

// upper72 are the places of the elements of the upper triangle.
var upper72 = [3]int{0, 1, 3}

func newMatrices72(problem string, with protocol.Setting, examples float64) (*matrices72, error) {
	with = maps.Clone(with)
	with["examples"] = examples
	w, err := openWhole(problem, with)
	if err != nil {
		return nil, err
	}
	run := path{
		problem: problem, with: with, optimizer: "newton",
		set:   protocol.Setting{protocol.StepSize: 1},
		batch: w.spec.Train, budget: 20 * int64(w.spec.Train),
	}
	points, _, err := run.follow()
	if err != nil {
		return nil, err
	}
	r := &matrices72{optimum: points[len(points)-1]}
	all := protocol.Gradient | protocol.Fisher | protocol.GaussNewton | protocol.EmpiricalFisher |
		protocol.Hessian
	m, err := w.measure(r.optimum, w.batch, all)
	if err != nil {
		return nil, err
	}
	if most := maxNorm(m.Gradient); !(most < 1e-9) {
		return nil, fmt.Errorf("the gradient at the optimum has an element %.1e, want 0", most)
	}
	if r.differences, err = differences72(w, r.optimum); err != nil {
		return nil, err
	}
	r.fisher, r.gaussNewton, r.empirical, r.hessian = m.Fisher, m.GaussNewton, m.EmpiricalFisher,
		m.Hessian
	scale := math.Sqrt(m.Fisher[0] * m.Fisher[3])
	for i := range w.batch.Examples {
		batch := protocol.Batch{Examples: w.batch.Examples[i : i+1]}
		m, err := w.measure(r.optimum, batch, protocol.Gradient)
		if err != nil {
			return nil, err
		}
		expected := expected72(problem, m.Loss)
		for k, at := range upper72 {
			square := m.Gradient[at/2] * m.Gradient[at%2] / scale
			r.own[k] = append(r.own[k], expected*square)
			r.apart[k] = append(r.apart[k], (1-expected)*square)
		}
		right := 0.0
		if m.Loss < math.Ln2 {
			right = 1
		}
		r.right = append(r.right, right)
	}
	return r, nil
}

// expected72 is the factor on ggᵀ of an example with loss ℓ and gradient g that gives its Fisher
// matrix, the expectation of ggᵀ over targets that the model draws. Linear: g = (z−y)a and ℓ =
// ½(z−y)², and ỹ ∼ N(z, 1) gives aaᵀ = ggᵀ/(2ℓ). Logistic: the target has probability p = e^−ℓ, and
// the other one the gradient −g p/(1−p), so that it is p ggᵀ + (1−p) ggᵀ p²/(1−p)² = ggᵀ p/(1−p).
func expected72(problem string, loss float64) float64 {
	if problem == "linear-toy" {
		return 1 / (2 * loss)
	}
	return 1 / math.Expm1(loss)
}

// differences72 is the Hessian at a point by central differences of the gradient.
func differences72(w *whole, at []float64) ([]float64, error) {
	const h = 1e-4
	var rows []float64
	for j := range at {
		var g [2][]float64
		for k, step := range []float64{-h, h} {
			x := slices.Clone(at)
			x[j] += step
			m, err := w.measure(x, w.batch, protocol.Gradient)
			if err != nil {
				return nil, err
			}
			g[k] = m.Gradient
		}
		for i := range at {
			rows = append(rows, (g[1][i]-g[0][i])/(2*h))
		}
	}
	return rows, nil
}

// equal72 is the largest difference of matrices that counts as none, relative to √(F₁₁F₂₂).
const equal72 = 0.05

// equal judges that F̃ is F within equal72: all elements have to be. [Finding.opposite] is its
// negation.
func (m *matrices72) equal(on string) Finding {
	var f Finding
	yes, no := 0.0, 1.0
	for _, d := range m.apart {
		one := around("", "the empirical Fisher is the Fisher matrix where the model is right", on,
			d, 0, equal72)
		yes, no = max(yes, one.pFor), min(no, float64(len(m.apart))*one.pAgainst)
		if !(math.Abs(one.Delta) <= math.Abs(f.Delta)) || f.N == 0 {
			f = one
		}
	}
	f.pFor, f.pAgainst = yes, min(1, no)
	f.Note = fmt.Sprintf("the element with the greatest difference, in units of √(F₁₁F₂₂); equal "+
		"within %g", equal72)
	return f
}

// opposite is the finding about a negated claim.
func (f Finding) opposite(text string) Finding {
	f.Text, f.pFor, f.pAgainst = text, f.pAgainst, f.pFor
	return f
}

// means judges that the matrices which are drawn are by their definitions the means of those of
// single examples, by which other claims are judged.
func (m *matrices72) means(on string) Finding {
	worst, scale := 0.0, math.Sqrt(m.fisher[0]*m.fisher[3])
	for k, at := range upper72 {
		own, apart := scale*stats.Mean(m.own[k]), scale*stats.Mean(m.apart[k])
		worst = max(worst, math.Abs(m.fisher[at]-own)/scale,
			math.Abs(m.empirical[at]-own-apart)/scale)
	}
	worst = max(worst, math.Abs(m.empirical[1]-m.empirical[2])/scale)
	return exactly("", "Fisher matrix and empirical Fisher are the means over the examples of "+
		"E[∇ℓ∇ℓᵀ], where the model draws the target, and of ∇ℓ∇ℓᵀ", on,
		worst < 1e-10, fmt.Sprintf("greatest relative difference %.1e", worst))
}

// multiple judges that F̃'s element is a multiple of F's that theory gives, within a tenth.
func (m *matrices72) multiple(text, on string, k int, factor float64) Finding {
	ratio, mean := make([]float64, len(m.apart[k])), stats.Mean(m.own[k])
	for i := range ratio {
		ratio[i] = (m.apart[k][i] + m.own[k][i]) / mean
	}
	return around("", text, on, ratio, factor, factor/10)
}

func claims72(newMatrices func(string, protocol.Setting, float64) (*matrices72, error)) []Finding {
	var findings []Finding
	const same = "the Fisher matrix is the generalised Gauss–Newton matrix, and the Hessian of a " +
		"linear model"
	const wrong = "the empirical Fisher is another where the model is wrong"
	for i, c := range cases72 {
		m, err := newMatrices(c.problem, c.with, judged72)
		if err != nil {
			findings = append(findings, impossible(c.title, err))
			continue
		}
		on := fmt.Sprintf("%s, %d examples", c.title, judged72)
		worst, scale := 0.0, math.Sqrt(m.fisher[0]*m.fisher[3])
		for k := range m.fisher {
			worst = max(worst, math.Abs(m.fisher[k]-m.differences[k])/scale,
				math.Abs(m.gaussNewton[k]-m.differences[k])/scale,
				math.Abs(m.hessian[k]-m.differences[k])/scale)
		}
		findings = append(findings, exactly("", same, on+", the Hessian by differences of gradients",
			worst < 1e-7, fmt.Sprintf("greatest relative difference %.1e", worst)), m.means(on))
		switch i { // in cases 1 and 2 theory says how much F̃ and F differ
		case 0, 3:
			findings = append(findings, m.equal(on))
		case 4, 5:
			findings = append(findings, m.equal(on).opposite(wrong))
		case 1:
			const text = "noise of twice the variance makes the empirical Fisher twice as large"
			findings = append(findings, m.multiple(text, on+", slope", 0, 2),
				m.multiple(text, on+", bias", 2, 2))
		case 2:
			const text = "a square that the model lacks makes the empirical Fisher diag(3.5, 1.5) F"
			findings = append(findings, m.multiple(text, on+", slope", 0, 3.5),
				m.multiple(text, on+", bias", 2, 1.5))
		}
	}
	return append(findings, accuracies72(newMatrices)...)
}

// accuracies72 judges the accuracies that the thesis has, by both readings of its covariances: 73 %
// of the right model, and at least 85 % of the two wrong ones. Its numbers are of 1000 examples, so
// that 73 % has a standard error of 1.4 points; two of them and the rounding count as no
// difference.
func accuracies72(
	newMatrices func(string, protocol.Setting, float64) (*matrices72, error),
) []Finding {
	var findings []Finding
	reading := []string{"covariances as printed", "covariances squared, as in the authors' code"}
	δ := 2*math.Sqrt(0.73*0.27/drawn72) + 0.005
	for squared, name := range reading {
		for i, c := range cases72[3:] {
			with := protocol.Setting{"squared": float64(squared)}
			maps.Copy(with, c.with)
			on := fmt.Sprintf("%s, %s, %d examples", c.title, name, judged72)
			m, err := newMatrices(c.problem, with, judged72)
			if err != nil {
				findings = append(findings, impossible(on, err))
				continue
			}
			var f Finding
			if i == 0 {
				text := fmt.Sprintf("the right model classifies 73 %%, within %.1f points", 100*δ)
				f = around("", text, on, m.right, 0.73, δ)
			} else {
				bound := slices.Repeat([]float64{0.85}, len(m.right))
				f = notWorse("", "the wrong models classify 85 % or more", on, m.right, bound, 0)
			}
			f.Note = fmt.Sprintf("accuracy %.1f %%", 100*stats.Mean(m.right))
			findings = append(findings, f)
		}
	}
	return findings
}
