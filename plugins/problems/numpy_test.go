package problems

import "testing"

// The wanted numbers are those that numpy.random.RandomState(42) gives. Do not change them.
func TestNumpyRandom(t *testing.T) {
	random := newNumpyRandom(42)
	for i, want := range []float64{0.3745401188473625, 0.9507143064099162, 0.7319939418114051} {
		if got := random.uniform(); got != want {
			t.Errorf("uniform number %d is %v, want %v", i, got, want)
		}
	}
	random = newNumpyRandom(42)
	for i, want := range []float64{0.4967141530112327, -0.13826430117118466, 0.6476885381006925, 1.5230298564080254} {
		if got := random.normal(); got != want {
			t.Errorf("normal number %d is %v, want %v", i, got, want)
		}
	}
}
