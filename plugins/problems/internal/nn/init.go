package nn

import (
	"math"
	"math/rand/v2"
)

// Initializer draws the starting values of one block of parameters. fanIn is the number of inputs
// that one output depends on, fanOut the number of outputs that one input has an effect on.
type Initializer func(random *rand.Rand, w []float32, fanIn, fanOut int)

// Constant sets all parameters to c.
func Constant(c float32) Initializer {
	return func(_ *rand.Rand, w []float32, _, _ int) {
		for i := range w {
			w[i] = c
		}
	}
}

// Normal draws from N(0, σ²).
func Normal(σ float64) Initializer {
	return func(random *rand.Rand, w []float32, _, _ int) {
		for i := range w {
			w[i] = float32(σ * random.NormFloat64())
		}
	}
}

// TruncatedNormal draws from N(0, σ²) and again where |w| > 2σ, as TensorFlow's initializer of that
// name.
func TruncatedNormal(σ float64) Initializer {
	return func(random *rand.Rand, w []float32, _, _ int) {
		for i := range w {
			z := random.NormFloat64()
			for math.Abs(z) > 2 {
				z = random.NormFloat64()
			}
			w[i] = float32(σ * z)
		}
	}
}

// GlorotNormal draws from a normal distribution, truncated at two standard deviations, whose
// variance after truncation is 2/(fanIn + fanOut) (Glorot & Bengio 2010, as TensorFlow has it).
func GlorotNormal() Initializer {
	// 0.8796… is the standard deviation of N(0, 1) truncated at ±2.
	return func(random *rand.Rand, w []float32, fanIn, fanOut int) {
		σ := math.Sqrt(2 / float64(fanIn+fanOut))
		TruncatedNormal(σ/0.87962566103423978)(random, w, fanIn, fanOut)
	}
}

// GlorotUniform draws uniformly from ±√(6/(fanIn + fanOut)) (Glorot & Bengio 2010, Eq. 16).
func GlorotUniform() Initializer {
	return func(random *rand.Rand, w []float32, fanIn, fanOut int) {
		limit := math.Sqrt(6 / float64(fanIn+fanOut))
		for i := range w {
			w[i] = float32(limit * (2*random.Float64() - 1))
		}
	}
}

// HeNormal draws from N(0, 2/fanIn) (He et al. 2015, Eq. 10).
func HeNormal() Initializer {
	return func(random *rand.Rand, w []float32, fanIn, _ int) {
		σ := math.Sqrt(2 / float64(fanIn))
		for i := range w {
			w[i] = float32(σ * random.NormFloat64())
		}
	}
}
