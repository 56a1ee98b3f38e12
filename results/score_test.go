package results

import (
	"math"
	"testing"

	"noisebench/protocol"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// curve makes a record whose points have the given metrics; a nil slice is a part that the problem
// lacks.
func curve(status Status, higherBetter bool, train, validation, test []float64) *Record {
	r := &Record{End: End{Status: status}}
	r.Spec.Metric = protocol.Metric{Name: "m", HigherBetter: higherBetter}
	r.Spec.Validation, r.Spec.Test = len(validation), len(test)
	value := func(metrics []float64, i int) *Value {
		if metrics == nil {
			return nil
		}
		return &Value{Loss: protocol.Number(metrics[i]), Metric: protocol.Number(metrics[i])}
	}
	for i := range train {
		r.Points = append(r.Points, Point{
			Step: i, Train: *value(train, i), Validation: value(validation, i), Test: value(test, i),
		})
	}
	return r
}

func TestScore(t *testing.T) {
	const best, final = protocol.Best, protocol.Final
	const train, validation, test = protocol.TrainPart, protocol.ValidationPart, protocol.TestPart
	f, v, x := []float64{9, 3, 2, 1}, []float64{8, 4, 4, 5}, []float64{7, 5, 3, 6}
	accuracy, fell := []float64{.1, .8, .9, .7}, []float64{.1, .8, .05, nan}
	blewUp := []float64{5, 1, 60, inf}
	for _, c := range []struct {
		name      string
		r         *Record
		rule      protocol.ReportRule
		selection protocol.Part
		part      protocol.Part
		want      float64
	}{
		{"best on validation, earliest of equals", curve(OK, false, f, v, x), best, validation, test, 5},
		{"best validation value", curve(OK, false, f, v, x), best, validation, validation, 4},
		{"best on test", curve(OK, false, f, v, x), best, test, test, 3},
		{"final", curve(OK, false, f, v, x), final, validation, test, 6},
		{"higher is better", curve(OK, true, accuracy, accuracy, accuracy), best, validation, test, .9},
		{"no validation part: last point", curve(OK, false, f, nil, x), best, validation, test, 6},
		{"no validation part: selection by objective", curve(OK, false, f, nil, x), best, validation, validation, 1},
		{"no test part: objective", curve(OK, false, f, nil, nil), best, test, test, 1},
		{"no test part, best on validation", curve(OK, false, f, v, nil), best, validation, test, 3},
		{"NaN is never best, and a run with it has diverged", curve(OK, false, f, []float64{8, 4, nan, 5}, x), best, validation, test, 7},
		{"NaN at all points but the first", curve(OK, false, f, v, []float64{2, nan, nan, nan}), best, validation, test, 2},
		{"infinite at all points but the first, higher better", curve(OK, true, f, v, []float64{.1, inf, inf, -inf}), best, validation, test, .1},
		{"not finite at the end", curve(OK, false, []float64{2, 1, inf}, nil, nil), final, train, train, 2},
		{"diverged: start is worse", curve(Diverged, false, []float64{5, 1, 2, nan}, nil, nil), best, validation, test, 5},
		{"diverged: end is worse", curve(Diverged, false, blewUp, nil, nil), best, validation, test, 60},
		{"diverged: accuracy", curve(Diverged, true, []float64{.1, .8, .7, nan}, nil, nil), best, validation, test, .1},
		{"diverged, accuracy fell", curve(Diverged, true, fell, nil, nil), best, validation, test, .05},
		{"diverged at once", curve(Diverged, false, []float64{5, nan}, nil, nil), best, validation, test, 5},
		{"failed", curve(Failed, false, []float64{5, 1}, nil, nil), best, validation, test, nan},
		{"no points", curve(OK, false, nil, nil, nil), best, validation, test, nan},
	} {
		got := c.r.Score(c.rule, c.selection, c.part)
		if got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s: score is %g, want %g", c.name, got, c.want)
		}
	}
	if p := curve(OK, false, nil, nil, nil).Pick(best, validation); p != nil {
		t.Errorf("record without points: picked %v, want nil", p)
	}
}

func TestUnstable(t *testing.T) {
	float32s := func(train ...float64) *Record {
		r := curve(OK, false, train, nil, nil)
		r.Spec.DType = protocol.Float32
		return r
	}
	metric := curve(OK, false, []float64{5, 4, 3}, nil, []float64{5, 4, 3})
	metric.Points[1].Test.Metric = protocol.Number(nan)
	for _, c := range []struct {
		name                      string
		r                         *Record
		unstable, still, diverged bool
	}{
		{"falls in the end", curve(OK, false, []float64{5, 9, 4}, nil, nil), false, false, false},
		{"comes back to the start", curve(OK, false, []float64{5, 1, 5}, nil, nil), true, false, false},
		{"rises", curve(OK, false, []float64{5, 5.1}, nil, nil), true, false, false},
		{"not finite", curve(OK, false, []float64{5, 1, nan}, nil, nil), true, false, true},
		{"not finite on its way", curve(OK, false, []float64{5, -inf, 4}, nil, nil), true, false, true},
		{"a metric that is not finite", metric, true, false, true},
		{"nothing", curve(OK, false, nil, nil, nil), true, false, false},
		{"the start alone", curve(OK, false, []float64{5}, nil, nil), true, false, false},
		{"diverged", curve(Diverged, false, []float64{5, 1, 1}, nil, nil), true, false, true},
		{"diverged before it moved", curve(Diverged, false, []float64{5, 5}, nil, nil), true, false, true},
		{"failed", curve(Failed, false, []float64{5, nan}, nil, nil), true, false, false},
		{"does not move", curve(OK, false, []float64{5, 5, 5}, nil, nil), false, true, false},
		{"moves by rounding alone", curve(OK, false, []float64{5, 5 * (1 + 1e-15), 5 * (1 + 2e-15)}, nil, nil), false, true, false},
		{"rises a little", curve(OK, false, []float64{5, 5 * (1 + 1e-10)}, nil, nil), true, false, false},
		{"rises by rounding of float32", float32s(5, 5*(1+1e-7)), false, true, false},
		{"rises more than that", float32s(5, 5*(1+1e-5)), true, false, false},
		{"does not move from 0", curve(OK, false, []float64{0, 0}, nil, nil), false, true, false},
		{"does not move below 0", curve(OK, false, []float64{-3, -3}, nil, nil), false, true, false},
	} {
		if got := c.r.Unstable(); got != c.unstable {
			t.Errorf("%s: unstable is %t, want %t", c.name, got, c.unstable)
		}
		if got := c.r.Still(); got != c.still {
			t.Errorf("%s: still is %t, want %t", c.name, got, c.still)
		}
		if got := c.r.Diverged(); got != c.diverged {
			t.Errorf("%s: diverged is %t, want %t", c.name, got, c.diverged)
		}
	}
}
