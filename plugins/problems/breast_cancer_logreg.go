package problems

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"

	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// The 569 tumours are cut at random, the same way in every run.
const (
	breastCancerDim        = 30 + 1 // features and a one for the bias
	breastCancerTrain      = 341
	breastCancerValidation = 114
	breastCancerTest       = 114
)

func breastCancerDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "breast-cancer-logreg",
		Version: "1",
		Doc: `logistic regression on the Wisconsin breast cancer data (569 × 30, embedded)
fᵢ(x) = log(1 + exp(−tᵢ xᵀaᵢ)) + λ/2 ‖x‖² with tᵢ = +1 (benign) or −1. Features are shifted and scaled to mean 0 and
variance 1 on the training examples; a one is appended for the bias, which is regularised like the weights, so that f
is strongly convex with modulus λ. Runs start at 0, where the loss is log 2. 341 training, 114 validation and 114 test
examples: an accuracy of 0.97 on the test part has a standard error of 0.016 from the choice of the examples alone. The
train part is all of the training examples.`,
		Source: "data: Wolberg et al. 1993 (WDBC), as in scikit-learn; standardisation and " +
			"split of our own",
		Parameters: []protocol.Hyperparameter{
			protocol.NonNegative("l2", "factor λ of the regulariser λ/2 ‖x‖²", 1e-3),
			labelNoiseParameter(),
		},
		Spec: breastCancerSpec,
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			spec, err := breastCancerSpec(s)
			if err != nil {
				return nil, err
			}
			tables, err := breastCancerKept.Get(loadBreastCancer)
			if err != nil {
				return nil, err
			}
			noisy := *tables
			noisy.train = noisy.train.noisy(s["label_noise"])
			return openSum(spec, &breastCancer{&noisy, s["l2"]}), nil
		},
	}
}

func breastCancerSpec(s protocol.Setting) (protocol.ProblemSpec, error) {
	tables, err := breastCancerKept.Get(loadBreastCancer)
	if err != nil {
		return protocol.ProblemSpec{}, err
	}
	return protocol.ProblemSpec{
		Dim:        breastCancerDim,
		DType:      protocol.Float64,
		Train:      breastCancerTrain,
		Validation: breastCancerValidation,
		Test:       breastCancerTest,
		Measures:   everything | protocol.Oracle | protocol.SampledGradient,
		Metric:     protocol.Metric{Name: "accuracy", HigherBetter: true},
		BatchSize:  32,
		Budget:     100 * breastCancerTrain,
		Blocks:     linearBlocks(breastCancerDim, true),
		Data:       dataFiles(data.BreastCancer),
		Constants: map[string]float64{
			// The Hessian (1/N) Σ σ(1−σ) aᵢaᵢᵀ + λI is largest at x = 0, where σ(1−σ) = ¼, and
			// tends to λI far out.
			"smoothness":       tables.largest/4 + s["l2"],
			"strong_convexity": s["l2"],
		},
	}, nil
}

// breastCancerPart is one part of the data.
type breastCancerPart struct {
	a [][]float64 // standardised features and a one
	t []float64   // +1 benign, −1 malignant
}

// breastCancerTables is what all runs share.
type breastCancerTables struct {
	train, validation, test breastCancerPart
	largest                 float64 // largest eigenvalue of (1/N) Σ aᵢaᵢᵀ over the training examples
}

var breastCancerKept data.Kept[breastCancerTables]

func loadBreastCancer() (*breastCancerTables, error) {
	rows, labels, err := data.ReadBreastCancer()
	if err != nil {
		return nil, err
	}
	order := protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(len(rows))
	testing, order := order[:breastCancerTest], order[breastCancerTest:]
	validating, training := order[:breastCancerValidation], order[breastCancerValidation:]
	for j := range breastCancerDim - 1 {
		standardise(rows, j, training)
	}
	part := func(numbers []int) (p breastCancerPart) {
		for _, n := range numbers {
			p.a = append(p.a, append(rows[n], 1))
			p.t = append(p.t, 2*float64(labels[n])-1)
		}
		return p
	}
	tables := &breastCancerTables{
		train: part(training), validation: part(validating), test: part(testing),
	}

	second := mat.NewSymDense(breastCancerDim, nil)
	for _, a := range tables.train.a {
		second.SymRankOne(second, 1.0/breastCancerTrain, mat.NewVecDense(breastCancerDim, a))
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(second, false) {
		panic("problems: the eigenvalues of the breast cancer data did not converge")
	}
	tables.largest = eigen.Values(nil)[breastCancerDim-1] // they ascend
	return tables, nil
}

// standardise shifts and scales column j of all rows to mean 0 and variance 1 over the training
// rows.
func standardise(rows [][]float64, j int, training []int) {
	size := float64(len(training))
	mean, variance := 0.0, 0.0
	for _, n := range training {
		mean += rows[n][j] / size
	}
	for _, n := range training {
		variance += (rows[n][j] - mean) * (rows[n][j] - mean) / size
	}
	for _, row := range rows {
		row[j] = (row[j] - mean) / math.Sqrt(variance)
	}
}

// breastCancer is the function.
type breastCancer struct {
	*breastCancerTables
	l2 float64 // λ
}

func (f *breastCancer) start(x []float64, _ uint64) { clear(x) }

// shared is f₀(x) = λ/2 ‖x‖².
func (f *breastCancer) shared(x, g []float64) float64 {
	floats.ScaleTo(g, f.l2, x)
	return floats.Dot(x, g) / 2
}

// example is fᵢ(x) = log(1 + exp(−t xᵀa)), with ∇fᵢ(x) = −t σ(−t xᵀa) a.
func (f *breastCancer) example(x []float64, batch protocol.Batch, i int, g []float64) float64 {
	n := batch.Examples[i]
	a, t := f.train.a[n], f.train.t[n]
	margin := t * floats.Dot(x, a)
	floats.ScaleTo(g, -t/(1+math.Exp(margin)), a)
	return logistic(margin)
}

// sampled has the slope of bernoulli, which counts its targets from 0.
func (f *breastCancer) sampled(
	x []float64, batch protocol.Batch, i int, random *rand.Rand, g []float64,
) {
	a := f.train.a[batch.Examples[i]]
	floats.ScaleTo(g, bernoulli.draw(floats.Dot(x, a), random), a)
}

// logistic is log(1 + exp(−margin)), accurate for small losses and without overflow for large ones.
func logistic(margin float64) float64 {
	return max(0, -margin) + math.Log1p(math.Exp(-math.Abs(margin)))
}

// evaluate counts a tumour as right if it is benign and xᵀa > 0, or malignant and xᵀa ≤ 0.
func (f *breastCancer) evaluate(x []float64, part protocol.Part) protocol.Evaluation {
	p := &f.train
	switch part {
	case protocol.ValidationPart:
		p = &f.validation
	case protocol.TestPart:
		p = &f.test
	}
	loss, right := 0.0, 0
	for n, a := range p.a {
		score := floats.Dot(x, a)
		loss += logistic(p.t[n] * score)
		if score > 0 && p.t[n] > 0 || score <= 0 && p.t[n] < 0 {
			right++
		}
	}
	size := float64(len(p.a))
	return protocol.Evaluation{
		Loss:   loss/size + f.l2/2*floats.Dot(x, x),
		Metric: float64(right) / size,
	}
}
