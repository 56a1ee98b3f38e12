package reproduce

import (
	"fmt"
	"math"
	"testing"

	"noisebench/protocol"
	"noisebench/results"
)

// course is a fabricated run: its loss on the train part and its accuracy on the test part at a
// share of the budget, and its batch size.
type course struct {
	loss, accuracy, batch func(share float64) float64
}

// fabricated is a record of a course with as many marks. Small shifts by seed stand for chance.
func fabricated(c course, seed uint64, marks int, budget int64, set protocol.Setting) *results.Record {
	wiggle := 1 + 0.01*math.Sin(float64(7*seed))
	r := &results.Record{Run: results.Run{Seed: seed, Budget: budget}}
	r.Run.Optimizer.Setting = set
	r.End.Status = results.OK
	r.Spec = protocol.ProblemSpec{
		Train: 10_000, Test: 10_000, Metric: protocol.Metric{Name: results.Accuracy, HigherBetter: true},
	}
	r.Trace = &results.Trace{Stride: 1}
	for k := range marks + 1 {
		share := float64(k) / float64(marks)
		v := results.Value{Loss: protocol.Number(c.loss(share) * wiggle)}
		test := v
		if c.accuracy != nil {
			test.Metric = protocol.Number(c.accuracy(share) + (wiggle-1)/100)
		}
		mark := int64(share * float64(budget))
		r.Points = append(r.Points, results.Point{Mark: mark, Seen: mark, Train: v, Test: &test})
		if c.batch != nil {
			r.Trace.Seen = append(r.Trace.Seen, mark)
			m := int(c.batch(share) * wiggle)
			if most, limited := set["max_batch_size"]; limited { // as CABS' are
				m = min(m, int(most))
			}
			r.Trace.BatchSize = append(r.Trace.BatchSize, m)
			r.End.MaxBatch = max(r.End.MaxBatch, m)
		}
	}
	return r
}

// cellOf is a cell of fabricated replicates.
func cellOf(problem, optimizer string, c course, seeds, marks int, budget int64, set protocol.Setting) results.Cell {
	cell := results.Cell{Problem: problem, Optimizer: optimizer, Setting: set}
	for seed := range uint64(seeds) {
		cell.Runs = append(cell.Runs, fabricated(c, seed, marks, budget, set))
	}
	return cell
}

func constant(v float64) func(float64) float64 { return func(float64) float64 { return v } }

// runs10 are runs of S-10: the level of constant batch sizes by that of theory, CABS' loss at the
// end, the powers of the examples by which it and that of idealised SVAG fall, the latter's loss at
// the end by its bound, and the growth of CABS' batch size in thousands.
type runs10 struct{ level, cabs, power, ideal, idealPower, growth float64 }

func (c runs10) input() *Input {
	in := &Input{Size: Full}
	for _, budget := range budgets10 {
		d := Done{Plan: plan10(budget)}
		add := func(name string, c course, set protocol.Setting) {
			d.Cells = append(d.Cells, cellOf(problem10(budget), name, c, 40, marks10, budget, set))
		}
		falls := func(end, power float64) func(float64) float64 {
			return func(share float64) float64 { return end * math.Pow(max(share, 1e-3), -power) }
		}
		own := course{
			loss:  falls(c.cabs, c.power),
			batch: func(share float64) float64 { return 16 + c.growth*share*1000 },
		}
		add(cabs, own, protocol.Setting{"max_batch_size": 2048})
		add(lifted10, own, protocol.Setting{"max_batch_size": float64(budget)})
		level := func(α float64, m int) float64 { return c.level * α * dim10 / (2 * float64(m) * (2 - α)) }
		for _, m := range batches10 {
			add(name10(α10, m), course{loss: constant(level(α10, m))}, nil)
		}
		add(name10(2*α10, 16), course{loss: constant(level(2*α10, 16))}, nil)
		bound := dim10 / (2 * float64(budget)) // dσ²/(2t) with σ² = 1/m and t the budget over m
		add(ideal10, course{loss: falls(c.ideal*bound, c.idealPower)}, nil)
		in.Done = append(in.Done, d)
	}
	return in
}

var theory10 = runs10{level: 1, cabs: 1e-7, power: 1, ideal: 0.3, idealPower: 1, growth: 1}

// Every claim of S-10 follows from its runs.
func TestS10(t *testing.T) {
	m := newMutants(t)
	m.verdicts("as in theory", false, &s10, theory10.input())
	for what, change := range map[string]func(*runs10){
		"plateaus twice as high":                           func(r *runs10) { r.level = 2 },
		"plateaus a fifth lower":                           func(r *runs10) { r.level = 0.8 },
		"CABS above the plateau of the largest batch size": func(r *runs10) { r.cabs = 2e-4 },
		"CABS above all plateaus":                          func(r *runs10) { r.cabs = 1 },
		"CABS on a plateau of its own":                     func(r *runs10) { r.power = 0 },
		"CABS' loss falls by less than half":               func(r *runs10) { r.power = 0.49 },
		"a batch size that stays":                          func(r *runs10) { r.growth = 0 },
		"the limit reached":                                func(r *runs10) { r.growth = 2.1 },
		"idealised SVAG like 1/√t":                         func(r *runs10) { r.idealPower = 0.5 },
		"idealised SVAG above its bound":                   func(r *runs10) { r.ideal = 1.1 },
	} {
		runs := theory10
		change(&runs)
		m.verdicts(what, true, &s10, runs.input())
	}
}

// A last batch that is cut to a few examples, which lifts CABS' loss to many times its level, turns no
// claim about levels.
func TestCutBatches(t *testing.T) {
	in := theory10.input()
	for i := range in.Done {
		for _, r := range in.Done[i].Cell(in.Done[i].Plan.Problems[0].Name, cabs).Runs {
			r.Points[len(r.Points)-1].Train.Loss = 0.01
		}
	}
	newMutants(t).verdicts("runs end with a few examples", false, &s10, in)
}

// courses5 are runs of P1 to P4 as the thesis describes them.
func courses5() map[string]map[string]course {
	curve := func(early, end, accuracy float64) course {
		return course{
			loss: func(s float64) float64 {
				switch {
				case s == 0:
					return 3
				case s <= 0.25:
					return early
				}
				return end
			},
			accuracy: func(s float64) float64 {
				if s == 0 {
					return 0.1
				}
				return accuracy
			},
		}
	}
	return map[string]map[string]course{
		"p1": {mSGD: curve(.5, .2, .9), mSVAG: curve(.5, .19, .9), adam: curve(.4, .1, .9), mSSD: curve(.4, .11, .9)},
		"p2": {mSGD: curve(.9, .2, .9), mSVAG: curve(.9, .19, .9), adam: curve(.5, .4, .9), mSSD: curve(.5, .41, .9)},
		"p3": {mSGD: curve(.9, .5, .7), mSVAG: curve(.8, .48, .73), adam: curve(.4, .1, .66), mSSD: curve(.4, .11, .66)},
		"p4": {mSGD: curve(.9, .5, .5), mSVAG: curve(.8, .48, .53), adam: curve(.9, .7, .48), mSSD: curve(.9, .7, .48)},
	}
}

func input5(courses map[string]map[string]course) *Input {
	in := &Input{Size: Full}
	for _, p := range []string{"p1", "p2", "p3", "p4"} {
		d := Done{Plan: protocol.Plan{Name: p}}
		for _, o := range []string{mSGD, mSSD, adam, mSVAG} {
			d.Cells = append(d.Cells, cellOf(p, o, courses[p][o], 10, 12, 1200, nil))
		}
		in.Done = append(in.Done, d)
	}
	return in
}

// The claims of Sec. 5.6 follow from runs that are as it says, and two optimizers that are
// exchanged turn some.
func TestFig54(t *testing.T) {
	m := newMutants(t)
	for _, f := range fig54.Judge(input5(courses5())) {
		if f.Verdict != Confirmed || f.Basis != InFull {
			t.Errorf("%s on %s is %s (%s)", f.Text, f.On, f.Verdict, f.Basis)
		}
	}
	for _, c := range [][3]string{
		{"p1", mSGD, adam},
		{"p1", mSVAG, mSSD},
		{"p2", adam, mSGD},
		{"p2", mSSD, mSVAG},
		{"p3", mSGD, mSVAG},
		{"p3", mSGD, adam},
		{"p3", mSVAG, mSSD},
		{"p4", mSGD, mSVAG},
		{"p4", adam, mSVAG},
	} {
		courses := courses5()
		of := courses[c[0]]
		of[c[1]], of[c[2]] = of[c[2]], of[c[1]]
		m.verdicts(fmt.Sprint(c), true, &fig54, input5(courses))
	}
	// Little less than what words stand for is not enough.
	accuracy := func(p, o string, change float64) map[string]map[string]course {
		courses := courses5()
		bad, right := courses[p][o], courses[p][o].accuracy
		bad.accuracy = func(s float64) float64 { return right(s) + change }
		courses[p][o] = bad
		return courses
	}
	for p := range courses5() {
		for o, change := range map[string]float64{adam: -0.005, mSSD: -0.005, mSVAG: -0.021} {
			m.verdicts(fmt.Sprintf("%s %+g on %s", o, change, p), true, &fig54,
				input5(accuracy(p, o, change)))
		}
	}
	for _, p := range []string{"p1", "p2"} {
		m.verdicts("M-SVAG worse by half a point on "+p, true, &fig54, input5(accuracy(p, mSVAG, -0.005)))
		m.verdicts("M-SVAG worse by little on "+p, false, &fig54, input5(accuracy(p, mSVAG, -0.001)))
	}
	for _, o := range []string{adam, mSSD} {
		courses := courses5()
		bad := courses["p3"][o]
		bad.loss = constant(0.26)
		courses["p3"][o] = bad
		m.verdicts(o+" with half of the loss on p3", true, &fig54, input5(courses))
	}
}

// The claims of Figs. B.2 and B.3 follow from runs that are as the thesis has them.
func TestFigsB2B3(t *testing.T) {
	type runs = map[string]map[string]course
	curve := func(early, half, end, accuracy float64) course {
		return course{
			loss: func(s float64) float64 {
				switch {
				case s == 0:
					return 3
				case s <= 0.25:
					return early
				case s <= 0.5:
					return half
				}
				return end
			},
			accuracy: func(s float64) float64 { return 0.1 + (accuracy-0.1)*min(1, 12*s) },
		}
	}
	input := func(all runs) *Input {
		in := &Input{Size: Full}
		for p, of := range all {
			d := Done{Plan: protocol.Plan{Name: p}}
			for o, c := range of {
				d.Cells = append(d.Cells, cellOf(p, o, c, 10, 12, 1200, nil))
			}
			in.Done = append(in.Done, d)
		}
		return in
	}
	right := map[*Item]func() runs{
		&figB2: func() runs {
			return runs{
				"p2": {
					svag: curve(.5, .3, .2, .92), mSVAG: curve(.5, .3, .2, .9),
					adamSS: curve(.5, .3, .1, .9), adam: curve(.5, .3, .2, .9),
				},
				"p3": {
					svag: curve(.5, .45, .4, .714), mSVAG: curve(.8, .44, .3, .72),
					adamSS: curve(.5, .3, .2, .7), adam: curve(.5, .3, .2, .7),
				},
			}
		},
		&figB3: func() runs {
			return runs{
				"p1": {mSVAG: curve(.5, .3, .2, .9), svagMB: curve(.5, .3, .2, .9)},
				"p2": {mSVAG: curve(.5, .3, .2, .9), svagMB: curve(.5, .3, .2, .9)},
			}
		},
	}
	m := newMutants(t)
	for item, runs := range right {
		m.verdicts("as in the thesis", false, item, input(runs()))
	}
	for _, c := range [][3]string{{"p2", svag, mSVAG}, {"p2", adamSS, adam}, {"p3", svag, mSVAG}} {
		all := right[&figB2]()
		of := all[c[0]]
		of[c[1]], of[c[2]] = of[c[2]], of[c[1]]
		m.verdicts(fmt.Sprint(c), true, &figB2, input(all))
	}
	worse := curve(.5, .3, .2, .5)
	all := right[&figB2]()
	all["p3"][adamSS] = worse
	m.verdicts("Adam* is worse on P3", true, &figB2, input(all))
	all = right[&figB2]()
	all["p3"][svag] = curve(.5, .45, .4, .7)
	m.verdicts("SVAG is two points worse on P3", true, &figB2, input(all))
	for _, p := range problemsB3 {
		all := right[&figB3]()
		all[p][svagMB] = worse
		m.verdicts("variances of minibatches are worse on "+p, true, &figB3, input(all))
		all = right[&figB3]()
		all[p][svagMB] = curve(.5, .3, .2, .905)
		m.verdicts("variances of minibatches are half a point better on "+p, true, &figB3, input(all))
	}
}

// The claims of Fig. 4.3 follow from sweeps in which CABS' losses differ least.
func TestFig43(t *testing.T) {
	m := newMutants(t)
	spread := func(o string, seed int) float64 { // of the logarithm of the loss, per step size
		if o == cabs {
			return 0.1 + 0.01*float64(seed)
		}
		return 0.5 + 0.01*float64(seed)
	}
	input := func(exchanged string) *Input {
		in := &Input{Size: Full}
		for seed := range seeds43 {
			for _, plan := range chapter4(Full) {
				d := Done{Plan: plan}
				p := plan.Problems[0].Name
				for _, o := range chapter4Methods {
					as := o
					switch exchanged {
					case "":
					case o:
						as = cabs
					default:
						if o == cabs {
							as = exchanged
						}
					}
					cell := results.Cell{Problem: p, Optimizer: o}
					for k, α := range chapter4Steps {
						loss := math.Exp(spread(as, seed) * float64(k))
						set := protocol.Setting{protocol.StepSize: α}
						cell.Tuning = append(cell.Tuning, fabricated(course{loss: constant(loss)}, 0, 1, 100, set))
					}
					d.Cells = append(d.Cells, cell)
				}
				in.Done = append(in.Done, d)
			}
		}
		return in
	}
	m.verdicts("as in the thesis", false, &fig43, input(""))
	for _, o := range chapter4Methods[1:] {
		m.verdicts(o+" for CABS", true, &fig43, input(o))
	}
}

// A gain that is less than the words claim is not "clear", and half of the loss is "much" less.
func TestStrongWords(t *testing.T) {
	courses := courses5()
	gain := courses["p3"][mSVAG]
	gain.accuracy = func(s float64) float64 { return 0.1 + 0.605*min(1, 12*s) }
	courses["p3"][mSVAG] = gain // 70.5 % against 70 %
	found := false
	for _, f := range fig54.Judge(input5(courses)) {
		if f.Claim == "S-06" && f.On == "P3, "+endAccuracy && f.Verdict == Contradicted {
			found = true
		}
	}
	if !found {
		t.Error("half a point is called clearly better")
	}
}

// A row of Table D.5 is judged by the setting where one is best, and by the loss where several tie.
func TestRows(t *testing.T) {
	boston := set("Boston")
	published := publishedSetting(boston, ngd)
	other := protocol.Setting{protocol.StepSize: 1, "damping": 1e-3}
	for _, c := range []struct {
		what         string
		theirs, ours float64
		selected     protocol.Setting
		want         Verdict
	}{
		{"the published one is best", 1, 2, published, Confirmed},
		{"another is best", 2, 1, other, Contradicted},
		{"a tie", 1, 1, other, Confirmed},
		{"a tie to rounding", 1 + 1e-12, 1, other, Confirmed},
		{"not quite a tie", 1 + 1e-6, 1, other, Contradicted},
	} {
		cell := results.Cell{Problem: "Boston", Optimizer: ngd, Setting: c.selected}
		cell.Tuning = []*results.Record{
			fabricated(course{loss: constant(c.theirs)}, 0, 1, 100, published),
			fabricated(course{loss: constant(c.ours)}, 0, 1, 100, other),
		}
		d := Done{Plan: plan7("Boston", Full), Cells: []results.Cell{cell}}
		if f := judgeRow(&d, boston, ngd); f.Verdict != c.want || f.Basis != InFull {
			t.Errorf("%s: %s (%s), want %s", c.what, f.Verdict, f.Basis, c.want)
		}
	}
}

// A row of a grid that lacks the published setting, or in which several settings tie, is judged by the
// loss at the published one.
func TestRowsByLoss(t *testing.T) {
	a1a := set("a1a")
	published := publishedSetting(a1a, ngd)
	run := func(loss, step float64) *results.Record {
		at := protocol.Setting{protocol.StepSize: step, "damping": 1}
		return fabricated(course{loss: constant(loss)}, 0, 1, 100, at)
	}
	for _, c := range []struct {
		what   string
		theirs float64
		tuning []*results.Record
		inGrid bool
		want   Verdict
	}{
		{"beside a coarse grid, better", 1, []*results.Record{run(1.1, 1)}, false, Confirmed},
		{"beside a coarse grid, equal", 1, []*results.Record{run(1, 1)}, false, Confirmed},
		{"beside a coarse grid, a bit worse", 1 + 1e-6, []*results.Record{run(1, 1)}, false, Contradicted},
		{"two others tie", 1 + 1e-6, []*results.Record{run(1, 1), run(1, 2)}, true, Contradicted},
		{"three tie", 1, []*results.Record{run(1, 1), run(1, 2)}, true, Confirmed},
	} {
		theirs := fabricated(course{loss: constant(c.theirs)}, 0, 1, 100, published)
		cell := results.Cell{
			Problem: "a1a", Optimizer: ngd, Tuning: c.tuning,
			Setting: c.tuning[0].Run.Optimizer.Setting,
		}
		d := Done{Plan: plan7("a1a", Reduced)}
		basis := InFull
		if c.inGrid {
			cell.Tuning = append(cell.Tuning, theirs)
		} else {
			basis = Smaller
			beside := results.Cell{Problem: "a1a", Optimizer: ngd + asPublished}
			beside.Runs = []*results.Record{theirs}
			d.Cells = append(d.Cells, beside)
		}
		d.Cells = append(d.Cells, cell)
		if f := judgeRow(&d, a1a, ngd); f.Verdict != c.want || f.Basis != basis {
			t.Errorf("%s: %s (%s), want %s (%s)", c.what, f.Verdict, f.Basis, c.want, basis)
		}
	}
}

// Each of the 21 rows of Table D.5 is judged, and another loss at its published setting turns it.
func TestAllRows(t *testing.T) {
	m := newMutants(t)
	input := func(theirs float64) *Input {
		in := &Input{Size: Full}
		for _, s := range dataSets {
			d := Done{Plan: plan7(s.name, Full)}
			for _, method := range allMethods7 {
				published, other := publishedSetting(s, method), publishedSetting(s, method)
				other[protocol.StepSize] *= 10
				cell := results.Cell{Problem: s.name, Optimizer: method, Setting: published}
				if theirs > 1 {
					cell.Setting = other
				}
				cell.Tuning = []*results.Record{
					fabricated(course{loss: constant(theirs)}, 0, 1, 100, published),
					fabricated(course{loss: constant(1)}, 0, 1, 100, other),
				}
				d.Cells = append(d.Cells, cell)
			}
			in.Done = append(in.Done, d)
		}
		return in
	}
	if n := len(tableD5.Judge(input(0.5))); n != 21 {
		t.Errorf("%d rows are judged, want 21", n)
	}
	m.verdicts("the published settings are best", false, &tableD5, input(0.5))
	m.verdicts("others are best", true, &tableD5, input(1.5))
}

// No two claims of an item are about one comparison: the losses and accuracies of all runs differ at
// random, so that equal differences are differences of the same values.
func TestNoRepeats(t *testing.T) {
	random := protocol.Stream(0, protocol.PurposeNoise)
	shake := func(v *results.Value) {
		v.Loss *= protocol.Number(1 + 0.01*random.Float64())
		v.Metric += protocol.Number(0.001 * random.Float64())
	}
	for item, in := range map[*Item]*Input{&fig54: input5(courses5()), &s10: theory10.input()} {
		for i := range in.Done {
			for _, cell := range in.Done[i].Cells {
				for _, r := range cell.Runs {
					for k := range r.Points {
						shake(&r.Points[k].Train)
						shake(r.Points[k].Test)
					}
					for k := range r.Trace.BatchSize {
						r.Trace.BatchSize[k] += random.IntN(100)
					}
				}
			}
		}
		made := map[string]string{}
		for _, f := range item.Judge(in) {
			if math.IsNaN(f.Delta) {
				continue
			}
			difference := fmt.Sprintf("%.9g", math.Abs(f.Delta))
			claim := f.Text + " on " + f.On
			if before, ok := made[difference]; ok {
				t.Errorf("%s: %s, and %s, are about one comparison", item.Name, before, claim)
			}
			made[difference] = claim
		}
	}
}
