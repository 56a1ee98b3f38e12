package reproduce

import (
	"math"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// verdicts judges fabricated runs: all claims hold or, where something is wrong with the runs,
// some do not.
func (m *mutants) verdicts(what string, wrong bool, item *Item, in *Input) {
	m.Helper()
	findings := item.Judge(in)
	if wrong {
		if m.see(item.Name, findings) == 0 {
			m.Errorf("%s: no claim turns", what)
		}
		return
	}
	for _, f := range findings {
		if !holds(f) {
			m.Errorf("%s: %s on %s is %s; %s", what, f.Text, f.On, f.Verdict, f.Note)
		}
	}
}

// The claims of Fig. 1.1 need the rate of gradient descent and the level of SGD.
func TestWrongRates(t *testing.T) {
	m := newMutants(t)
	for _, c := range []struct {
		what        string
		rate, level float64
		wrong       bool
	}{
		{"as in theory", 1 - α11/κ11, plateau11(), false},
		{"the rate of the other coordinate", 1 - α11, plateau11(), true},
		{"a rate without κ", 1 - α11/(κ11+1), plateau11(), true},
		{"half of the noise's variance", 1 - α11/κ11, plateau11() / 2, true},
		{"the bound in place of the level", 1 - α11/κ11, 1.2 * plateau11(), true},
	} {
		falls := func(share float64) float64 { return math.Pow(c.rate, 2*steps11*share) }
		plan := fig11.Plans(Full)[0]
		in := &Input{Size: Full, Done: []Done{{Plan: plan, Cells: []results.Cell{
			cellOf("exact", "sgd", course{loss: falls}, 10, steps11, steps11, nil),
			cellOf("noisy", "sgd", course{loss: constant(c.level)}, 10, steps11, steps11, nil),
		}}}}
		m.verdicts(c.what, c.wrong, &fig11, in)
	}
}

// The claims of Fig. 2.1 need two risks whose gap grows.
func TestWrongRisks(t *testing.T) {
	m := newMutants(t)
	for what, wrong := range map[string]func(uint64) (empirical, true_ []float64){
		"exchanged": func(seed uint64) (empirical, true_ []float64) {
			e, r := risks21(seed)
			return r, e
		},
		"the empirical risk twice": func(seed uint64) (empirical, true_ []float64) {
			e, _ := risks21(seed)
			return e, e
		},
		"a gap that stays": func(seed uint64) (empirical, true_ []float64) {
			e, _ := risks21(seed)
			for _, v := range e {
				true_ = append(true_, v+1)
			}
			return e, true_
		},
	} {
		m.change(what, &fig21, func(*Input) []Finding { return claims21(wrong) })
	}
}

// The claims of Fig. 4.2 follow from runs that are as the thesis has them.
func TestFig42(t *testing.T) {
	m := newMutants(t)
	curve := func(end, accuracy, growth float64) course {
		return course{
			loss:     func(s float64) float64 { return 2 + (end-2)*s },
			accuracy: func(s float64) float64 { return 0.1 + (accuracy-0.1)*s },
			batch:    func(s float64) float64 { return 100 + growth*s },
		}
	}
	type fabricatedRuns struct {
		what               string
		lead, loss, growth float64 // of CABS
		problem, ahead     string  // a method that is ahead of the others in accuracy
		wrong              bool
	}
	cases := []fabricatedRuns{
		{"as in the thesis", 0.014, 0.1, 1000, "", "", false},
		{"a lead of two thousandths", 0.002, 0.1, 1000, "", "", true},
		{"a higher training loss", 0.014, 0.3, 1000, "", "", true},
		{"a batch size that stays", 0.014, 0.1, 0, "", "", true},
		{"a batch size that falls", 0.014, 0.1, -50, "", "", true},
		{"CABS is ahead on MNIST", 0.014, 0.1, 1000, "mnist", cabs, true},
		{"the upper limit is reached", 0.014, 0.1, 2000, "", "", true},
	}
	for _, p := range chapter4Problems[1:] {
		for _, o := range chapter4Methods[1:] {
			cases = append(cases, fabricatedRuns{o + " is ahead on " + p, 0.014, 0.1, 1000, p, o, true})
		}
	}
	best := map[string]float64{"mnist": 0.99, "svhn": 0.95, "cifar10": 0.84, "cifar100": 0.5}
	for _, c := range cases {
		in := &Input{Size: Full}
		for _, plan := range chapter4(Full) {
			d := Done{Plan: plan}
			p := plan.Problems[0].Name
			for _, o := range chapter4Methods {
				run := curve(0.2, best[p], 0)
				switch {
				case p == c.problem && o == c.ahead:
					run = curve(0.1, best[p]+0.03, 1000)
				case o == cabs && p == "mnist":
					run = curve(0.3, best[p]-0.01, c.growth)
				case o == cabs:
					run = curve(c.loss, best[p]+c.lead, c.growth)
				}
				limit := protocol.Setting{"max_batch_size": 2048}
				d.Cells = append(d.Cells, cellOf(p, o, run, 10, 12, 1200, limit))
			}
			in.Done = append(in.Done, d)
		}
		m.verdicts(c.what, c.wrong, &fig42, in)
	}
}

// input63 are runs of Fig. 6.3. Sign descent ends advantage decades below gradient descent; turns
// is a factor on gradient descent's distance at φ = 1, bound one on L∞ at φ = 0, and turned one on
// L∞ elsewhere.
func input63(
	t *testing.T, advantage func(φ, q float64) float64, turns, bound, turned float64,
) *Input {
	t.Helper()
	problem, err := problemNamed("rotated-quadratic")
	if err != nil {
		t.Fatal(err)
	}
	d := Done{Plan: protocol.Plan{Name: "fig-6.3"}}
	run := func(square, along, λ, end, linf float64) *results.Record {
		r := &results.Record{Points: make([]results.Point, 2)}
		r.Points[0].Train.Metric = protocol.Number(square)
		r.Points[0].Train.Loss = protocol.Number((square + (λ-1)*along) / 2)
		r.Points[1].Train.Metric = protocol.Number(end)
		r.Spec.Constants = map[string]float64{"smoothness": λ, "smoothness_linf": linf}
		return r
	}
	for _, φ := range powers63 {
		for _, q := range ratios63 {
			λ := largest63(q)
			for r := range rotations63 {
				spec, err := problem.Spec(with63(φ, q, r))
				if err != nil {
					t.Fatal(err)
				}
				linf := spec.Constants["smoothness_linf"] * turned
				if φ == 0 {
					linf = (dim63 - 1 + λ) * bound
				}
				gd := results.Cell{Problem: name63(φ, q, r), Optimizer: "GD"}
				sign := results.Cell{Problem: name63(φ, q, r), Optimizer: "sign-GD"}
				for start := range starts63 {
					square, along := 10+float64(start)/10, 0.5+float64(r)/20
					end := math.Pow(1-1/λ, 2*steps63) * (square - along)
					if φ == 1 {
						end *= turns
					}
					other := end * math.Pow(10, -advantage(φ, q)*(1+float64(start)/100))
					gd.Runs = append(gd.Runs, run(square, along, λ, end, linf))
					sign.Runs = append(sign.Runs, run(square, along, λ, other, linf))
				}
				d.Cells = append(d.Cells, gd, sign)
			}
		}
	}
	return &Input{Size: Full, Done: []Done{d}}
}

// The claims of Fig. 6.3 follow from its runs.
func TestFig63(t *testing.T) {
	m := newMutants(t)
	top := ratios63[len(ratios63)-1]
	right := func(φ, q float64) float64 {
		if φ < 0.3 && q > 4 {
			return 2
		}
		return -2
	}
	for _, c := range []struct {
		what                 string
		advantage            func(φ, q float64) float64
		turns, bound, turned float64
		wrong                bool
	}{
		{"as in the thesis", right, 1, 1, 1, false},
		{"exchanged", func(φ, q float64) float64 { return -right(φ, q) }, 1, 1, 1, true},
		{"sign descent is always closer", func(_, _ float64) float64 { return 2 }, 1, 1, 1, true},
		{"gradient descent is always closer", func(_, _ float64) float64 { return -2 }, 1, 1, 1, true},
		{"sign descent does not turn", func(_, q float64) float64 { return right(0, q) }, 1, 1, 1, true},
		{"λmax does not matter", func(φ, _ float64) float64 { return right(φ, top) }, 1, 1, 1, true},
		{"gradient descent turns", right, 1.01, 1, 1, true},
		{"L∞ a bit off", right, 1, 1.001, 1, true},
		{"L∞ a bit off where the axes are turned", right, 1, 1, 1.001, true},
	} {
		m.verdicts(c.what, c.wrong, &fig63, input63(t, c.advantage, c.turns, c.bound, c.turned))
	}
}

// The claims of Figs. 7.3 and D.1 need NGD to be early and EFGD to be late, to turn, and to end
// where the thesis has it.
func TestWrongDescents(t *testing.T) {
	m := newMutants(t)
	const steps = 100
	run := func(optimum int, end, cosine float64) *descent {
		d := &descent{least: end}
		for k := range steps + 1 {
			loss := end
			if k < optimum {
				loss = 2 * end
			}
			d.losses = append(d.losses, loss)
			d.cosine = append(d.cosine, cosine)
		}
		return d
	}
	type descents = map[string]*descent
	slow, above := run(steps, 3, 0), run(5, 1, 0)
	above.least = 0.98
	late := descents{gd: slow, ngd: run(5, 1, 0), efgd: run(50, 1, -0.5)}
	for _, c := range []struct {
		what  string
		name  string
		all   descents
		wrong bool
	}{
		{"as in the thesis", "Boston", late, false},
		{"exchanged", "Boston", descents{gd: slow, ngd: run(50, 1, 0), efgd: run(5, 1, -0.5)}, true},
		{"EFGD is as early", "Boston", descents{gd: slow, ngd: run(5, 1, 0), efgd: run(5, 1, -0.5)}, true},
		{"both stop above the optimum", "Boston", descents{gd: slow, ngd: above, efgd: run(50, 1, -0.5)}, true},
		{"EFGD never turns", "Boston", descents{gd: slow, ngd: run(5, 1, 0), efgd: run(50, 1, 0.1)}, true},
		{"EFGD ends elsewhere", "Boston", descents{gd: slow, ngd: run(5, 1, 0), efgd: run(50, 1.001, -0.5)}, true},
		{"as in the thesis", "a1a", late, false},
		{"NGD is late", "a1a", descents{gd: slow, ngd: run(20, 1, 0), efgd: run(50, 1, -0.5)}, true},
		{"as in the thesis", "BreastCancer", descents{gd: slow, ngd: run(5, 0.01, 0), efgd: run(50, 1, 0.1)}, false},
		{"a factor of five", "BreastCancer", descents{gd: slow, ngd: run(5, 0.2, 0), efgd: run(50, 1, 0.1)}, true},
		{"EFGD turns", "BreastCancer", descents{gd: slow, ngd: run(5, 0.01, 0), efgd: run(50, 1, -0.1)}, true},
		{"as in the thesis", "Energy", late, false},
		{"exchanged", "Energy", descents{gd: slow, ngd: run(50, 1, 0), efgd: run(5, 1, -0.5)}, true},
		{"EFGD ends elsewhere", "a1a", descents{gd: slow, ngd: run(5, 1, 0), efgd: run(50, 1.001, -0.5)}, true},
		{"EFGD never turns", "Energy", descents{gd: slow, ngd: run(5, 1, 0), efgd: run(50, 1, 0.1)}, true},
	} {
		item := fig73
		item.Claims = func(*Input) []Finding { return claimsOf73(c.name, c.all) }
		if c.name == "Energy" {
			item = figD1
			item.Claims = func(*Input) []Finding { return claimsOfD1(c.name, c.all) }
		}
		m.verdicts(c.name+", "+c.what, c.wrong, &item, &Input{Size: Full})
	}
}
