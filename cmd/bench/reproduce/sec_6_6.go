package reproduce

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"

	"noisebench/protocol"
	"noisebench/results/report/figure"
)

const (
	products66 = 300 // of the Hessian in Lanczos' method at most
	draws66    = 50  // of Hutchinson's estimate
	columns66  = 100 // of the share of the diagonal
)

// marks66 are the steps after which a run is looked at, beside its start and its end.
var marks66 = []int{10, 100}

// networks66 are the networks, with the step sizes at which sgd, sign-sgd and adam end with the
// lowest loss of a search by thirds of a decade, and the number of training examples over which a
// point is looked at. An example of the transformer is a text of 64 characters.
var networks66 = []struct {
	problem         string
	steps, batch    int64
	sgd, sign, adam float64
	examples        int
}{
	{"digits-mlp", 1000, 32, 0.3, 1e-3, 6e-3, 2000},
	{"opticks-transformer", 800, 8, 0.3, 3e-3, 3e-3, 48},
}

// sec66 is no figure: it measures along the path of a network what chapter 6 says that the success
// of signs depends on, which Sec. 6.6 leaves open.
var sec66 = Item{
	Name:  "sec-6.6",
	Title: "densities, eigenvalues and the share of the diagonal along the path of a network",
	Time:  map[Size]string{Full: "5 min"},
	Departs: map[Size][]string{Full: {
		"networks, optimizers and step sizes are ours: the thesis asks the question and has no " +
			"experiment",
		"products with the Hessian are differences of gradients: where these cross a kink of " +
			"ReLU, it counts as curvature",
	}},
	Plans: func(Size) []protocol.Plan {
		no := false
		var plans []protocol.Plan
		for _, n := range networks66 {
			at := func(name string, α float64) protocol.OptimizerEntry {
				return protocol.OptimizerEntry{
					Optimizer: name, Set: protocol.Setting{protocol.StepSize: α},
				}
			}
			plans = append(plans, protocol.Plan{
				Name:        "sec-6.6-" + n.problem,
				Description: "the geometry along the path of a network",
				Problems: []protocol.ProblemEntry{{
					Problem: n.problem, Name: n.problem, With: allPublished,
					Budget: n.steps * n.batch, BatchSize: int(n.batch),
				}},
				Optimizers: []protocol.OptimizerEntry{
					at("sgd", n.sgd), at("sign-sgd", n.sign), at("adam", n.adam),
				},
				Replicates: 1, Evaluations: 4, OneShot: &no,
			})
		}
		return plans
	},
	Draw: draw66,
}

// geometry is what chapter 6 says that the success of signs at a point depends on. Noise is that of
// one example.
type geometry struct {
	steps                    int
	loss                     float64
	gradient, noise          float64 // densities φ of ∇f and of the deviations σ; NaN: no variance
	ratio                    float64 // ‖σ‖₂²/‖∇f‖₂²
	least, greatest          float64 // λmin and λmax
	mean, meanWithin         float64 // λ̄ and its standard error
	diagonal, diagonalWithin float64 // ρ_diag and its standard error
}

// quotient is λmax/λ̄; NaN where λ̄ is not above 0 by two standard errors.
func (g *geometry) quotient() float64 {
	if !(g.mean > 2*g.meanWithin) {
		return math.NaN()
	}
	return g.greatest / g.mean
}

// advantage is φ(∇f) ρ_diag λmax/λ̄. Where H has no negative eigenvalue, L∞ ≤ dλ̄/ρ_diag (Eq.
// 6.21), so that the decrease which is certain for a step by signs, ‖∇f‖₁²/(2L∞), is at least so many
// times that of gradient descent, ‖∇f‖₂²/(2L₂) (Lemma 6.2).
func (g *geometry) advantage() float64 { return g.gradient * g.diagonal * g.quotient() }

// geometryAt measures at a point. Randomness is the same at all points.
func geometryAt(f *objective, x []float64) (*geometry, error) {
	const seed = 1
	loss, gradient, variance, err := f.measure(x, f.noise())
	if err != nil {
		return nil, err
	}
	g := &geometry{loss: loss, gradient: density(gradient), noise: math.NaN(), ratio: math.NaN()}
	if variance != nil {
		sum, squares := 0.0, 0.0
		for j, s := range variance {
			variance[j] = math.Sqrt(s)
			sum += s
			squares += gradient[j] * gradient[j]
		}
		g.noise, g.ratio = density(variance), sum/squares
	}
	h := newHessian(x, func(x []float64) ([]float64, error) {
		_, gradient, _, err := f.measure(x, 0)
		return gradient, err
	})
	if g.least, g.greatest, err = h.extremes(seed, products66); err != nil {
		return nil, err
	}
	if g.mean, g.meanWithin, err = h.mean(seed, draws66); err != nil {
		return nil, err
	}
	g.diagonal, g.diagonalWithin, err = h.diagonalShare(seed, columns66)
	return g, err
}

// geometries66 makes the run of an optimizer of the plan again, and measures along its path over so
// many training examples.
func geometries66(d *Done, problem, optimizer string, examples int) ([]*geometry, error) {
	cell := d.Cell(problem, optimizer)
	if cell == nil || len(cell.Runs) == 0 {
		return nil, fmt.Errorf("%s has no run on %s", optimizer, problem)
	}
	run := cell.Runs[0].Run
	f, err := openObjective(run.Problem.Name, run.Problem.Parameters, examples)
	if err != nil {
		return nil, err
	}
	p := path{
		problem: run.Problem.Name, with: run.Problem.Parameters, optimizer: run.Optimizer.Name,
		set: run.Optimizer.Setting, seed: run.Seed, batch: run.BatchSize, budget: run.Budget,
		at: marks66,
	}
	points, record, err := p.follow()
	if err != nil {
		return nil, err
	}
	steps := append([]int{0}, marks66...)
	steps = append(steps, int(record.End.Steps))
	if len(points) != len(steps) {
		return nil, fmt.Errorf("%s on %s ended after %d steps, before the last mark", optimizer,
			problem, record.End.Steps)
	}
	var all []*geometry
	for k, x := range points {
		g, err := geometryAt(f, x)
		if err != nil {
			return nil, fmt.Errorf("%s on %s after %d steps: %w", optimizer, problem, steps[k], err)
		}
		g.steps = steps[k]
		all = append(all, g)
	}
	return all, nil
}

// panels66 are what is drawn.
var panels66 = []struct {
	title string
	of    func(*geometry) float64
}{
	{"training loss", func(g *geometry) float64 { return g.loss }},
	{"density of the gradient φ(∇f)", func(g *geometry) float64 { return g.gradient }},
	{"density of the noise φ(σ)", func(g *geometry) float64 { return g.noise }},
	{"λmax/λ̄", (*geometry).quotient},
	{"share of the diagonal ρ", func(g *geometry) float64 { return g.diagonal }},
	{"φ(∇f) ρ λmax/λ̄", (*geometry).advantage},
}

func draw66(in *Input) (*Output, error) {
	out := &Output{}
	for k := range in.Done {
		if err := out.add66(&in.Done[k], networks66[k].examples); err != nil {
			return nil, err
		}
	}
	out.Caption = fmt.Sprintf("What chapter 6 says that the success of signs depends on, along "+
		"one run of each optimizer. φ(v) = ‖v‖₁²/(d‖v‖₂²) is a density; σ are the standard "+
		"deviations of one example's gradient; the least and the greatest eigenvalue of the "+
		"Hessian H are by Lanczos' method (the least is λmin or above), the mean one, λ̄ = "+
		"tr(H)/d, by Hutchinson's with %d draws, and the share ρ = Σᵢ|Hᵢᵢ|/Σᵢⱼ|Hᵢⱼ| is from %d "+
		"random columns, both ± their standard errors; there is no quotient where λ̄ is not "+
		"above 0 by two errors. Where no eigenvalue is negative, φ(∇f) ρ λmax/λ̄ is the least "+
		"quotient of the decrease that is certain for a step by signs and of that for gradient "+
		"descent.",
		draws66, columns66)
	return out, nil
}

// add66 adds the picture and the table of a plan.
func (out *Output) add66(d *Done, examples int) error {
	problem := d.Plan.Problems[0].Name
	table := Table{
		Title: fmt.Sprintf("%s, over at most %d training examples", problem, examples),
		Header: []string{
			"optimizer", "steps", "loss", "φ(∇f)", "φ(σ)", "‖σ‖²/‖∇f‖²", "λmin", "λmax", "λ̄",
			"λmax/λ̄", "ρ", "φ(∇f) ρ λmax/λ̄",
		},
	}
	var rows [][]*figure.Panel
	for k, of := range panels66 {
		panel := figure.NewPanel(of.title, "steps + 1", "")
		figure.LogX(panel)
		figure.LogY(panel)
		if k%3 == 0 {
			rows = append(rows, nil)
		}
		rows[k/3] = append(rows[k/3], panel)
	}
	var legend []figure.Entry
	for k, o := range d.Plan.Optimizers {
		all, err := geometries66(d, problem, o.Name, examples)
		if err != nil {
			return err
		}
		for j, of := range panels66 {
			l := &figure.Line{Style: style(k)}
			for _, g := range all {
				l.X, l.Y = append(l.X, float64(g.steps+1)), append(l.Y, of.of(g))
			}
			rows[j/3][j%3].Add(l, &figure.Marks{X: l.X, Y: l.Y, Style: dots(k)})
		}
		for _, g := range all {
			table.Rows = append(table.Rows, g.row(o.Name))
		}
		legend = append(legend, figure.Entry{Label: o.Name, Style: style(k)})
	}
	out.Pictures = append(out.Pictures, Picture{
		Name: problem, Figure: figure.New(figure.Page, 4.4*vg.Inch, rows, legend...),
	})
	out.Tables = append(out.Tables, table)
	return nil
}

func (g *geometry) row(optimizer string) []string {
	three := func(v float64) string {
		if math.IsNaN(v) {
			return "–"
		}
		return fmt.Sprintf("%.3g", v)
	}
	return []string{
		optimizer, fmt.Sprint(g.steps), three(g.loss), three(g.gradient), three(g.noise),
		three(g.ratio), three(g.least), three(g.greatest),
		fmt.Sprintf("%.3g ± %.1g", g.mean, g.meanWithin), three(g.quotient()),
		fmt.Sprintf("%.3g ± %.1g", g.diagonal, g.diagonalWithin), three(g.advantage()),
	}
}
