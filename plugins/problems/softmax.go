package problems

import (
	"math"

	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// classes is the number of classes of both data sets of digits.
const classes = 10

// imageSet is a data set of grey images. Most pixels are black, so only the others are kept.
type imageSet struct {
	pixels int          // P, per image
	grey   [256]float64 // value of each grey level
	first  []int        // image n has the entries [first[n], first[n+1]) of at and level
	at     []uint16     // a pixel that is not black
	level  []uint8      // its grey level
	label  []uint8      // class, per image
	square []float64    // ‖(a, 1)‖², per image: the image's squared length, with a one for the bias

	train, validation, test []int // numbers of the images in each part
	trainPart               []int // the training examples on which points are evaluated
}

// newImageSet gathers lists of images. Their grey levels are divided by white.
func newImageSet(white float64, lists ...*data.ImageSet) *imageSet {
	set := &imageSet{pixels: lists[0].Size(), first: []int{0}}
	for level := range set.grey {
		set.grey[level] = float64(level) / white
	}
	for _, list := range lists {
		set.label = append(set.label, list.Labels...)
		for n := range list.Labels {
			square := 1.0
			for at, level := range list.Image(n) {
				if level != 0 {
					set.at = append(set.at, uint16(at))
					set.level = append(set.level, level)
					square += set.grey[level] * set.grey[level]
				}
			}
			set.first = append(set.first, len(set.at))
			set.square = append(set.square, square)
		}
	}
	return set
}

// softmax is multinomial logistic regression on images: x holds a weight for every pixel and class,
// wₚ꜀ = x[10p + c], and then the biases. With scores z = Wᵀa + b and probabilities p = softmax(z)
// of an image a of class y,
//
//	fᵢ = log Σ꜀ exp(z꜀) − z_y,   ∂fᵢ/∂wₚ꜀ = aₚ d꜀,   ∂fᵢ/∂b꜀ = d꜀,   d = p − e_y
//
// A bias is the weight of a pixel P that is always 1.
type softmax struct {
	*imageSet
	residual []float64 // d of each example in the batch, m×10
	sampled  []float64 // the same for drawn classes
	likely   bool      // the most likely classes are in the place of drawn ones
	gradient []float64 // where the caller wants none
	seen     []int     // number of examples in the batch in which a pixel is not black
	all      []int     // numbers of the training examples
}

// openSoftmax opens softmax regression on set for one run.
func openSoftmax(spec protocol.ProblemSpec, set *imageSet) *opened[float64] {
	return &opened[float64]{spec, &softmax{
		imageSet: set, gradient: make([]float64, spec.Dim), seen: make([]int, set.pixels),
		all: ascending(spec.Train),
	}}
}

// softmaxSpec fills in what follows from the number of pixels.
func softmaxSpec(pixels int, spec protocol.ProblemSpec) protocol.ProblemSpec {
	spec.Dim = (pixels + 1) * classes
	spec.DType = protocol.Float64
	spec.Measures = everything | protocol.Oracle | protocol.SampledGradient
	if spec.Dim <= protocol.MaxMatrixDim {
		spec.Measures |= protocol.Matrices &^ protocol.Covariance
	}
	spec.Metric = protocol.Metric{Name: "accuracy", HigherBetter: true}
	spec.Blocks = []protocol.Block{
		{
			Name: "weights", Len: pixels * classes, Shape: []int{pixels, classes}, Output: 1,
			Role: protocol.OutputLayer,
		},
		{
			Name: "biases", Offset: pixels * classes, Len: classes, Shape: []int{classes},
			Role: protocol.Bias,
		},
	}
	return spec
}

func (f *softmax) start(x []float64, _ uint64) { clear(x) }

func (f *softmax) measure(x []float64, batch protocol.Batch, want protocol.Quantity,
	m *protocol.Measurement[float64],
) {
	if want.Has(protocol.Oracle) {
		f.measure(x, protocol.Batch{Examples: f.all}, protocol.Gradient|protocol.Variance,
			&protocol.Measurement[float64]{
				Gradient: m.TrueGradient, Variance: m.TrueVariance,
			})
		n := float64(len(f.all))
		for j := range m.TrueVariance {
			m.TrueVariance[j] *= (n - 1) / n
		}
	}
	size := float64(len(batch.Examples))
	f.residual = f.residual[:0]
	m.Loss = 0
	second := 0.0 // Σ ‖∇fᵢ‖²
	for _, example := range batch.Examples {
		n := f.train[example]
		d := f.scores(x, n)
		m.Loss += residual(&d, f.label[n])
		f.residual = append(f.residual, d[:]...)
		for _, v := range d {
			second += v * v * f.square[n] // ‖∇fᵢ‖ = ‖d‖ ‖(a, 1)‖, as ∇fᵢ is an outer product
		}
	}
	m.Loss /= size
	if want == 0 {
		return
	}
	g := f.gradient
	if want.Has(protocol.Gradient) {
		g = m.Gradient
	}
	f.mean(batch, f.residual, g)
	if want.Has(protocol.VarianceNorm) {
		// (m−1) ‖s‖₁ = Σ ‖∇fᵢ‖² − m ‖g‖². Rounding may leave a trace below 0 where all examples are
		// equal.
		square := 0.0
		for _, v := range g {
			square += v * v
		}
		m.VarianceNorm = max(0, second-size*square) / (size - 1)
	}
	if want.Has(protocol.Variance) {
		f.variance(batch, g, m.Variance)
	}
	f.matrices(batch, want, m)
	if want.Has(protocol.SampledGradient) {
		f.sampled = f.sampled[:0]
		for i, example := range batch.Examples {
			d := f.drawn(batch, i, f.label[f.train[example]])
			f.sampled = append(f.sampled, d[:]...)
		}
		f.mean(batch, f.sampled, m.SampledGradient)
	}
}

// drawn returns p − e_ỹ of the i-th image of the batch, which has the class y, for a class ỹ that
// is drawn from p or, with likely, has the highest p.
func (f *softmax) drawn(batch protocol.Batch, i int, y uint8) [classes]float64 {
	p := [classes]float64(f.residual[i*classes:])
	p[y]++
	if f.likely {
		top, _ := best(&p)
		p[top]--
		return p
	}
	u := protocol.Stream(batch.Seed, protocol.PurposeLabel, uint64(batch.Position)+uint64(i)).Float64()
	drawn := 0
	for ; drawn < classes-1 && u >= p[drawn]; drawn++ {
		u -= p[drawn]
	}
	p[drawn]--
	return p
}

// matrices writes those that are wanted: (1/m) Σ (aaᵀ) ⊗ K with a small matrix K of the classes,
// for each image (Balles 2021, Eqs. D.16 and D.17). Scores are linear in x and the natural
// parameters of p, so that F, G and H are the same.
func (f *softmax) matrices(
	batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64],
) {
	// diag(p) − ppᵀ
	weights := func(k *[classes][classes]float64, d *[classes]float64, y uint8, _ int) {
		p := *d
		p[y]++
		for c, u := range p {
			for e, v := range p {
				k[c][e] = -u * v
			}
			k[c][c] += u
		}
		k[y][y] = -d[y] * p[y]
	}
	outer := func(k *[classes][classes]float64, d *[classes]float64) {
		for c, u := range d {
			for e, v := range d {
				k[c][e] = u * v
			}
		}
	}
	curvature(want, m, func(at []float64) { f.kronecker(at, batch, weights) })
	if want.Has(protocol.EmpiricalFisher) {
		f.kronecker(m.EmpiricalFisher, batch,
			func(k *[classes][classes]float64, d *[classes]float64, _ uint8, _ int) { outer(k, d) })
	}
	if want.Has(protocol.SampledFisher) {
		f.kronecker(m.SampledFisher, batch,
			func(k *[classes][classes]float64, _ *[classes]float64, y uint8, i int) {
				sampled := f.drawn(batch, i, y)
				outer(k, &sampled)
			})
	}
}

// kronecker writes (1/m) Σ (aaᵀ) ⊗ K, where small writes the K of the i-th image of the batch,
// which has the residual d and the class y.
func (f *softmax) kronecker(dst []float64, batch protocol.Batch,
	small func(k *[classes][classes]float64, d *[classes]float64, y uint8, i int),
) {
	clear(dst)
	dim := len(f.gradient)
	size := float64(len(batch.Examples))
	var k [classes][classes]float64
	for i, example := range batch.Examples {
		n := f.train[example]
		small(&k, (*[classes]float64)(f.residual[i*classes:]), f.label[n], i)
		from, to := f.first[n], f.first[n+1]
		entry := func(e int) (pixel int, a float64) {
			if e == to {
				return f.pixels, 1 // the bias
			}
			return int(f.at[e]), f.grey[f.level[e]]
		}
		for e := from; e <= to; e++ {
			p, a := entry(e)
			for h := from; h <= e; h++ {
				q, b := entry(h)
				w := a * b / size
				for c := range k {
					row := (*[classes]float64)(dst[(p*classes+c)*dim+q*classes:])
					for j, v := range k[c] {
						row[j] += w * v
					}
				}
			}
		}
	}
	for i := range dim {
		for j := range i {
			dst[j*dim+i] = dst[i*dim+j]
		}
	}
}

// scores returns z of image n.
func (f *softmax) scores(x []float64, n int) [classes]float64 {
	b := (*[classes]float64)(x[f.pixels*classes:])
	z0, z1, z2, z3, z4, z5, z6, z7, z8, z9 := b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8],
		b[9]
	levels := f.level[f.first[n]:f.first[n+1]]
	for k, p := range f.at[f.first[n]:f.first[n+1]] {
		a, w := f.grey[levels[k]], (*[classes]float64)(x[int(p)*classes:])
		// Written out, the sums stay in registers.
		z0 += a * w[0]
		z1 += a * w[1]
		z2 += a * w[2]
		z3 += a * w[3]
		z4 += a * w[4]
		z5 += a * w[5]
		z6 += a * w[6]
		z7 += a * w[7]
		z8 += a * w[8]
		z9 += a * w[9]
	}
	return [classes]float64{z0, z1, z2, z3, z4, z5, z6, z7, z8, z9}
}

// best returns the class and the value of the highest score, the first of equals.
func best(z *[classes]float64) (int, float64) {
	top, highest := 0, z[0]
	for c, v := range z {
		if v > highest {
			top, highest = c, v
		}
	}
	return top, highest
}

// residual turns scores z into d = p − e_y and returns the loss. Nothing overflows, and small
// losses and residuals keep their relative accuracy: with the highest score z_k, the loss is
// log1p(Σ_{c≠k} exp(z꜀ − z_k)) + z_k − z_y, and d_y = −Σ_{c≠y} p꜀.
func residual(z *[classes]float64, y uint8) float64 {
	k, highest := best(z)
	up := highest - z[y]
	rest := 0.0
	for c, v := range z {
		z[c] = math.Exp(v - highest)
		if c != k {
			rest += z[c]
		}
	}
	others := 0.0
	for c := range z {
		z[c] /= 1 + rest
		if c != int(y) {
			others += z[c]
		}
	}
	z[y] = -others
	return math.Log1p(rest) + up
}

// mean writes g = (1/m) Σ ∇fᵢ, where residual has d of each example.
func (f *softmax) mean(batch protocol.Batch, residual, g []float64) {
	clear(g)
	size := float64(len(batch.Examples))
	bias := (*[classes]float64)(g[f.pixels*classes:])
	for i, example := range batch.Examples {
		n := f.train[example]
		d := (*[classes]float64)(residual[i*classes:])
		d0, d1, d2, d3, d4 := d[0]/size, d[1]/size, d[2]/size, d[3]/size, d[4]/size
		d5, d6, d7, d8, d9 := d[5]/size, d[6]/size, d[7]/size, d[8]/size, d[9]/size
		levels := f.level[f.first[n]:f.first[n+1]]
		for k, p := range f.at[f.first[n]:f.first[n+1]] {
			a, w := f.grey[levels[k]], (*[classes]float64)(g[int(p)*classes:])
			w[0] += a * d0
			w[1] += a * d1
			w[2] += a * d2
			w[3] += a * d3
			w[4] += a * d4
			w[5] += a * d5
			w[6] += a * d6
			w[7] += a * d7
			w[8] += a * d8
			w[9] += a * d9
		}
		for c, v := range d {
			bias[c] += v / size
		}
	}
}

// variance writes s = 1/(m−1) Σ (∇fᵢ − g)² (Balles 2021, Eq. 3.30). An example in which pixel p is
// black has ∂fᵢ/∂wₚ꜀ = 0 and contributes g², so that the black pixels need only be counted. All
// terms are squares: nothing cancels.
func (f *softmax) variance(batch protocol.Batch, g, s []float64) {
	clear(s)
	clear(f.seen)
	bias := f.pixels * classes
	for i, example := range batch.Examples {
		n := f.train[example]
		d := (*[classes]float64)(f.residual[i*classes:])
		levels := f.level[f.first[n]:f.first[n+1]]
		for k, p := range f.at[f.first[n]:f.first[n+1]] {
			f.seen[p]++
			a := f.grey[levels[k]]
			mean, square := (*[classes]float64)(g[int(p)*classes:]), (*[classes]float64)(s[int(p)*classes:])
			for c, v := range d {
				e := a*v - mean[c]
				square[c] += e * e
			}
		}
		for c, v := range d {
			e := v - g[bias+c]
			s[bias+c] += e * e
		}
	}
	size := len(batch.Examples)
	for p, seen := range f.seen {
		black := float64(size - seen)
		for j := p * classes; j < (p+1)*classes; j++ {
			s[j] += black * g[j] * g[j]
		}
	}
	for j := range s {
		s[j] /= float64(size - 1)
	}
}

// evaluate counts an image as right if its own class has the highest score, the first of equals.
func (f *softmax) evaluate(x []float64, part protocol.Part) protocol.Evaluation {
	images := f.trainPart
	switch part {
	case protocol.ValidationPart:
		images = f.validation
	case protocol.TestPart:
		images = f.test
	}
	loss, right := 0.0, 0
	for _, n := range images {
		z := f.scores(x, n)
		top, _ := best(&z)
		one := residual(&z, f.label[n])
		if top == int(f.label[n]) && !math.IsNaN(one) {
			right++
		}
		loss += one
	}
	size := float64(len(images))
	return protocol.Evaluation{Loss: loss / size, Metric: float64(right) / size}
}
