package reproduce

import "math"

// fig52 compares the probability that a stochastic gradient has the right sign, for a normal gradient with noise-to-signal
// ratio η, with the factors that variance adaptation and Adam give (Balles 2021, Sec. 5.3, Eq. 5.10).
var fig52 = Item{
	Name:  "fig-5.2",
	Title: "the optimal factor of sign descent and its approximation",
	Time:  map[Size]string{Full: "at once"},
	Draw:  func(*Input) (*Output, error) { return &Output{Caption: "PLACEHOLDER"}, nil },
}

// signFactor is 2P(right sign) − 1 = erf(1/(√2 η)).
func signFactor(η float64) float64 { return math.Erf(1 / (math.Sqrt2 * η)) }
