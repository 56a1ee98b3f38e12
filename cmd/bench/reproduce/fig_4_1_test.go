package reproduce

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"
)

// The numbers of Fig. 4.1: at η = 4 and m = 100 the central 99 % are 3.08 decades on the mean of
// 200 streams, though the one that is drawn has 2.4.
func TestDecades(t *testing.T) {
	notShort(t)
	got := stat.Mean(streamed41(4, 100, estimate41, decades41), nil)
	if math.Abs(got-3.08) > 0.005 {
		t.Errorf("%.3f decades, want 3.08", got)
	}
}

func TestWrongEstimates(t *testing.T) {
	notShort(t)
	m := newMutants(t)
	for what, wrong := range map[string]func([]float64) float64{
		"no square":            func(x []float64) float64 { m, v := stat.MeanVariance(x, nil); return v / math.Abs(m) },
		"η in per cent":        func(x []float64) float64 { return 100 * math.Sqrt(estimate41(x)) },
		"variance by 1/m":      func(x []float64) float64 { return estimate41(x) * (1 - 1/float64(len(x))) },
		"variance of the mean": func(x []float64) float64 { return estimate41(x) / float64(len(x)) },
	} {
		m.change(what, &fig41, func(*Input) []Finding { return claims41(wrong) })
	}
}
