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
			r.Trace.BatchSize = append(r.Trace.BatchSize, int(c.batch(share)*wiggle))
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

// input10 are runs of S-10 as the theory has them: CABS' loss as given, constant batch sizes on
// their plateaus, idealised SVAG with a loss in proportion to a power of the steps.
func input10(level, cabsLoss, growth, power float64) *Input {
	in := &Input{Size: Full}
	for _, budget := range budgets10 {
		d := Done{Plan: plan10(budget)}
		problem := problem10(budget)
		add := func(name string, c course, most float64) {
			set := protocol.Setting{"max_batch_size": most}
			cell := cellOf(problem, name, c, 40, marks10, budget, set)
			for _, r := range cell.Runs { // the sizes are limited, as CABS' are
				for k, m := range r.Trace.BatchSize {
					r.Trace.BatchSize[k] = min(m, int(most))
				}
			}
			d.Cells = append(d.Cells, cell)
		}
		grows := func(share float64) float64 { return 16 + growth*share*1000 }
		add(cabs, course{loss: constant(cabsLoss), batch: grows}, 2048)
		add(lifted10, course{loss: constant(cabsLoss), batch: grows}, float64(budget))
		for _, m := range batches10 {
			plateau := level * α10 * dim10 / (2 * float64(m) * (2 - α10))
			add(name10(α10, m), course{loss: constant(plateau)}, 0)
		}
		add(name10(2*α10, 16), course{loss: constant(level * 2 * α10 * dim10 / (32 * (2 - 2*α10)))}, 0)
		add(ideal10, course{loss: func(s float64) float64 { return math.Pow(s+1e-3, -power) }}, 0)
		in.Done = append(in.Done, d)
	}
	return in
}

// Every claim of S-10 follows from its runs.
func TestS10(t *testing.T) {
	m := newMutants(t)
	for _, c := range []struct {
		what                      string
		level, cabs, grows, power float64
		fails                     bool
	}{
		{"as in theory", 1, 1e-7, 1, 1, false},
		{"plateaus twice as high", 2, 1e-7, 1, 1, true},
		{"CABS above the plateau of the largest batch size", 1, 2e-4, 1, 1, true},
		{"CABS above all plateaus", 1, 1, 1, 1, true},
		{"a batch size that stays", 1, 1e-7, 0, 1, true},
		{"the limit reached", 1, 1e-7, 2.1, 1, true},
		{"idealised SVAG like 1/√t", 1, 1e-7, 1, 0.5, true},
	} {
		m.verdicts(c.what, c.fails, &s10, input10(c.level, c.cabs, c.grows, c.power))
	}
}

// courses5 are runs of P1 to P4 as the thesis describes them.
func courses5() map[string]map[string]course {
	curve := func(early, end, accuracy float64) course {
		return course{
			loss: func(s float64) float64 {
				switch {
				case s == 0:
					return 3
				case s <= 0.5:
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
	for p := range courses5() {
		for _, o := range []string{adam, mSVAG} {
			courses := courses5()
			bad := courses[p][o]
			bad.accuracy = constant(0.3)
			courses[p][o] = bad
			m.verdicts(o+" with a third of the answers on "+p, true, &fig54, input5(courses))
		}
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
					svag: curve(.5, .45, .4, .7), mSVAG: curve(.8, .6, .3, .72),
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
	for _, p := range problemsB3 {
		all := right[&figB3]()
		all[p][svagMB] = worse
		m.verdicts("variances of minibatches are worse on "+p, true, &figB3, input(all))
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
