package problems

import (
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// tiny replaces a network's data by few generated examples, and images by ones of 3/8 their size,
// or half of that where the network has to draw them.
func tiny(n network) network {
	shrink := func(c pictures, parts int) pictures {
		c.size.Height, c.size.Width, c.side = c.size.Height*3/parts, c.size.Width*3/parts, c.side*3/parts
		return c
	}
	switch c := n.examples.(type) {
	case pictures:
		parts := 8
		if n.name == "fmnist-vit" { // two patches each way
			parts = 6
		}
		n.examples = shrink(c, parts)
	case portraits:
		c.pictures = shrink(c.pictures, 16)
		n.examples = c
		n.layers = resized(n.layers, c.shape().Size())
	}
	return few(n)
}

// few replaces a network's data by few generated examples of the same form.
func few(n network) network {
	const train, test = 60, 20
	switch c := n.examples.(type) {
	case portraits:
		n.examples = c.pictures
		n = few(n)
		n.examples = portraits{n.examples.(pictures)}
	case pictures:
		classes := n.classes()
		c.train, c.test, c.every = train, test, 0
		c.load = func() (*data.Images, error) {
			random := rand.New(rand.NewPCG(1, 2))
			list := func(n int) data.ImageSet {
				set := data.ImageSet{Height: c.size.Height, Width: c.size.Width, Channels: c.size.Channels}
				for range n {
					set.Labels = append(set.Labels, uint8(random.IntN(classes)))
					for range c.size.Size() {
						set.Pixels = append(set.Pixels, uint8(random.IntN(256)))
					}
				}
				return set
			}
			return &data.Images{Train: list(train), Test: list(test)}, nil
		}
		n.examples = c
	case sequences:
		c.train, c.test = train*c.steps+1, test*c.steps+1
		c.load = func() (*data.Text, error) {
			random := rand.New(rand.NewPCG(1, 2))
			ids := make([]uint8, c.train+c.test)
			for i := range ids {
				ids[i] = uint8(random.IntN(83))
			}
			return &data.Text{Train: ids[:c.train], Test: ids[c.train:]}, nil
		}
		n.examples = c
	}
	return n
}

// slim makes a network a sixteenth as wide, and leaves its form and the number of classes as they
// are.
func slim(n network) network {
	n.layers = resized(slimLayers(n.layers), n.classes())
	return n
}

// resized gives a network so many outputs.
func resized(layers []nn.Layer, outputs int) []nn.Layer {
	layers = slices.Clone(layers)
	for i := len(layers) - 1; ; i-- {
		switch l := layers[i].(type) {
		case nn.Dense:
			l.Units = outputs
			layers[i] = l
			return layers
		case nn.Conv:
			l.Channels = outputs
			layers[i] = l
			return layers
		}
	}
}

func slimLayers(layers []nn.Layer) (thin []nn.Layer) {
	width := func(n int) int { return (n + 15) / 16 }
	for i, layer := range layers {
		switch l := layer.(type) {
		case nn.Dense:
			if !bound(layers[i+1:]) {
				l.Units = width(l.Units)
			}
			layer = l
		case nn.Conv:
			l.Channels = width(l.Channels)
			layer = l
		case nn.Deconv: // half of that: the next layer has most of the parameters
			l.Channels = width(l.Channels / 2)
			layer = l
		case nn.GroupNorm:
			l.Groups = 1
			layer = l
		case nn.LSTM:
			l.Units = width(l.Units)
			layer = l
		case nn.Embedding:
			l.Units = width(l.Units)
			layer = l
		case nn.Residual:
			layer = nn.Residual{Layers: slimLayers(l.Layers), Shortcut: slimLayers(l.Shortcut)}
		}
		thin = append(thin, layer)
	}
	return thin
}

// bound reports whether what follows a layer settles its width.
func bound(layers []nn.Layer) bool {
	for _, l := range layers {
		switch l.(type) {
		case nn.Latent, nn.Reshape:
			return true
		case nn.LeakyReLU:
		default:
			return false
		}
	}
	return false
}

// forNetworks runs a test for every network, with tiny data and slim layers.
func forNetworks(t *testing.T, test func(t *testing.T, n network)) {
	for _, n := range networks() {
		t.Run(n.name, func(t *testing.T) { test(t, slim(tiny(n))) })
	}
}

// openNetwork opens a network for one run.
func openNetwork(t testing.TB, n network) (protocol.Problem[float32], protocol.ProblemSpec) {
	t.Helper()
	def := n.def()
	spec, err := def.Spec(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := def.New32(nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, spec
}

// begin is the starting point of seed 1.
func begin(t testing.TB, p protocol.Problem[float32], spec protocol.ProblemSpec) []float32 {
	t.Helper()
	x := make([]float32, spec.Dim)
	if err := p.Init(x, 1); err != nil {
		t.Fatal(err)
	}
	return x
}

func measureNetwork(t testing.TB, p protocol.Problem[float32], x []float32, batch protocol.Batch,
	want protocol.Quantity,
) *protocol.Measurement[float32] {
	t.Helper()
	m := &protocol.Measurement[float32]{Gradient: make([]float32, len(x)), Variance: make([]float32, len(x))}
	if err := p.Measure(x, batch, want, m); err != nil {
		t.Fatal(err)
	}
	return m
}

// all runs the conformance suite on every network, instead of one of each kind: a quarter of an
// hour.
var all = flag.Bool("all", false, "run the conformance suite on every network")

func TestNetworkConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("the conformance suite measures thousands of batches")
	}
	t.Run("batch normalization", func(t *testing.T) { // a wide residual network takes minutes
		n := tiny(svhnWRN164())
		n.layers = []nn.Layer{
			nn.Conv{Size: 3, Channels: 3, Stride: 3, NoBias: true},
			nn.BatchNorm{Epsilon: 1e-5},
			nn.ReLU{},
			nn.AveragePool{},
			nn.Dense{Units: 10},
			nn.SoftmaxCrossEntropy{},
		}
		if err := protocoltest.Problem(n.def(), nil); err != nil {
			t.Error(err)
		}
	})
	kinds := []string{"mnist-mlp", "mnist-vae", "tolstoi-char-rnn", "p1-fashion-mnist", "cabs-cifar10", "opticks-transformer", "fmnist-resnet8", "fmnist-vit"}
	forNetworks(t, func(t *testing.T, n network) {
		if !*all && !slices.Contains(kinds, n.name) {
			t.Skip("left to -all")
		}
		if err := protocoltest.Problem(n.def(), nil); err != nil {
			t.Error(err)
		}
	})
}

// Numbers that the sources give, or that follow from them, written out one by one.
func TestNetworkSpecs(t *testing.T) {
	type numbers struct {
		dim, train, test, batch int
		budget                  int64
	}
	const mnistPass, cifarPass, svhnPass, textPass, opticksPass = 50_000, 40_000, 47_225, 39_194, 8763
	want := map[string]numbers{
		"cabs-mnist":          {3_274_634, mnistPass, 10_000, 128, 1_000_000},
		"cabs-svhn":           {731_594, svhnPass, 26_032, 128, 4_722_500},
		"cabs-cifar10":        {1_068_298, cifarPass, 10_000, 128, 4_000_000},
		"cabs-cifar100":       {891_620, cifarPass, 10_000, 128, 4_000_000},
		"p1-fashion-mnist":    {3_274_634, mnistPass, 10_000, 64, 384_000},
		"p2-cifar10":          {895_210, cifarPass, 10_000, 128, 5_120_000},
		"p3-cifar100":         {8_972_340, cifarPass, 10_000, 128, 10_240_000},
		"p4-war-and-peace":    {284_499, textPass, 13_064, 50, 10_000_000},
		"digits-mlp":          {8970, 1077, 360, 32, 30 * 1077},
		"fmnist-lenet5":       {61_706, 59_000, 1000, 32, 48_000},
		"fmnist-resnet8":      {19_714, 59_500, 500, 32, 32_000},
		"mnist-autoencoder":   {437_664, 59_000, 1000, 64, 96_000},
		"fmnist-vit":          {27_914, 59_500, 500, 16, 40_000},
		"opticks-transformer": {115_840, opticksPass, 48, 8, 6400},
		"opticks-lstm":        {116_379, opticksPass, 48, 16, 12_800},
		"opticks-nanogpt":     {824_832, opticksPass, 48, 12, 24_000},
		"mnist-mlp":           {1_336_610, mnistPass, 10_000, 128, 100 * mnistPass},
		"fmnist-mlp":          {1_336_610, mnistPass, 10_000, 128, 100 * mnistPass},
		"mnist-2c2d":          {3_274_634, mnistPass, 10_000, 128, 100 * mnistPass},
		"fmnist-2c2d":         {3_274_634, mnistPass, 10_000, 128, 100 * mnistPass},
		"mnist-vae":           {10_151_489, mnistPass, 10_000, 64, 50 * mnistPass},
		"fmnist-vae":          {10_151_489, mnistPass, 10_000, 64, 100 * mnistPass},
		"cifar10-3c3d":        {895_210, cifarPass, 10_000, 128, 100 * cifarPass},
		"cifar100-3c3d":       {918_340, cifarPass, 10_000, 128, 100 * cifarPass},
		"svhn-3c3d":           {895_210, svhnPass, 26_032, 128, 100 * svhnPass},
		"cifar100-allcnnc":    {1_387_108, cifarPass, 10_000, 256, 350 * cifarPass},
		"svhn-wrn164":         {2_748_890, svhnPass, 26_032, 128, 160 * svhnPass},
		"tolstoi-char-rnn":    {284_499, textPass, 13_064, 50, 200 * textPass},
	}
	for _, n := range networks() {
		spec := n.spec(n.build(), n.validation(nil))
		got := numbers{spec.Dim, spec.Train, spec.Test, spec.BatchSize, spec.Budget}
		if got != want[n.name] {
			t.Errorf("%s has %+v, want %+v", n.name, got, want[n.name])
		}
		if spec.Validation != spec.Test {
			t.Errorf("%s has %d validation examples, want %d", n.name, spec.Validation, spec.Test)
		}
		if c := n.cost(); c.parameters != spec.Dim {
			t.Errorf("%s is stated to have %d parameters, and has %d", n.name, c.parameters, spec.Dim)
		}
		normalised := strings.Contains(n.name, "wrn") || n.name == "p3-cifar100"
		if offers := spec.Measures.Has(everything); offers == normalised {
			t.Errorf("%s measures %v", n.name, spec.Measures)
		}
		metric := protocol.Metric{Name: "accuracy", HigherBetter: true}
		if strings.HasSuffix(n.name, "-vae") || n.name == "mnist-autoencoder" || strings.HasPrefix(n.name, "opticks-") {
			metric = protocol.Metric{Name: "loss"}
		}
		if spec.Metric != metric {
			t.Errorf("%s is ranked by %+v, want %+v", n.name, spec.Metric, metric)
		}
		delete(want, n.name)
	}
	for name := range want {
		t.Errorf("there is no %s", name)
	}
}

func TestNetworkSchedules(t *testing.T) {
	for _, n := range networks() {
		schedule := protocol.Schedule{Drops: n.schedule}
		scale := func(step int64) float64 { return schedule.Factor(step*int64(n.batch), n.batch, n.budget) }
		want := map[int64]float64{}
		switch n.name {
		case "p3-cifar100":
			want = map[int64]float64{23_999: 1, 24_000: 0.2, 47_999: 0.2, 48_000: 0.04, 63_999: 0.04, 64_000: 0.008}
		case "p4-war-and-peace":
			want = map[int64]float64{124_999: 1, 125_000: 0.1, 199_999: 0.1}
		default:
			if len(n.schedule) > 0 {
				t.Errorf("%s has a schedule", n.name)
			}
		}
		for step, s := range want {
			near(t, n.name, scale(step), s, 1e-12)
		}
	}
}

// P1 by hand: what a product costs times the number of products, one fewer for the first layer.
func TestNetworkCost(t *testing.T) {
	const (
		conv1  = 2 * 28 * 28 * 25 * 32
		conv2  = 2 * 14 * 14 * 25 * 32 * 64
		dense1 = 2 * 7 * 7 * 64 * 1024
		dense2 = 2 * 1024 * 10
		kept   = 28*28 + 28*28*32 + 2*14*14*32 + 14*14*64 + 2*7*7*64 + 2*(1024+10) // pools and dense layers twice
		passed = 7*7*64 + 3*1024 - 10                                              // at the first dense layer, in the last one's place, too
	)
	want := cost{3_274_634, nn.Cost{FLOPs: 2*conv1 + 3*(conv2+dense1+dense2), Bytes: 4 * (kept + passed)}}
	if got := p1FashionMNIST().cost(); got != want {
		t.Errorf("P1 costs %+v, want %+v", got, want)
	}
	// 50 steps of two layers with 256 × 512 weights each and of 128 × 83 at the end; the embedding
	// is no product.
	if got, want := tolstoiCharRNN().cost().FLOPs, 50*3*2*(2*256*512+128*83); got != want {
		t.Errorf("the LSTM costs %d FLOP, want %d", got, want)
	}
	// The autoencoder, in the same way. Each element of a transposed convolution's input meets the
	// window once.
	{
		const (
			conv1   = 2 * 14 * 14 * 16 * 64
			conv2   = 2 * 7 * 7 * 16 * 64 * 64
			dense   = 2 * (7*7*64*16 + 8*24 + 24*49 + 14*14*64*784)
			deconv1 = 2 * 7 * 7 * 16 * 64
			deconv2 = 2 * 14 * 14 * 16 * 64 * 64
		)
		want := 2*conv1 + 3*(2*conv2+dense+deconv1+2*deconv2)
		if got := mnistVAE().cost(); got.parameters != 10_151_489 || got.FLOPs != want {
			t.Errorf("the autoencoder costs %+v, want %d FLOP", got, want)
		}
	}
}

// A portrait's target is the image as the network sees it.
func TestPortraits(t *testing.T) {
	n := tiny(mnistVAE())
	r, err := n.examples.open()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := n.examples.(portraits).pictures.open()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []bool{false, true} {
		size := n.examples.shape().Size()
		input, target, want := make([]float32, size), make([]float32, size), make([]float32, size)
		r.read(test, 7, nil, input, target)
		plain.read(test, 7, nil, want, make([]float32, 1))
		if !slices.Equal(input, want) || !slices.Equal(target, want) {
			t.Errorf("input %v and target %v, want %v", input, target, want)
		}
	}
}

// Mean and variance of the autoencoder are drawn as for a layer each: ±√(6/(3136 + 8)).
func TestAutoencoderStart(t *testing.T) {
	p, spec := openNetwork(t, few(mnistVAE()))
	x := begin(t, p, spec)
	for _, b := range spec.Blocks {
		if b.Name != "dense1/weights" {
			continue
		}
		w := x[b.Offset:][:b.Len]
		limit := math.Sqrt(6.0 / (7*7*64 + 8))
		near(t, "the greatest weight", float64(max(slices.Max(w), -slices.Min(w))), limit, 1e-3*limit)
		return
	}
	t.Error("there is no layer dense1")
}

// Where a starting point has small scores, the loss is near that of equal probabilities.
func TestNetworkInitialLoss(t *testing.T) {
	for _, n := range networks() {
		if !strings.HasPrefix(n.name, "cabs-") && n.name != "tolstoi-char-rnn" {
			continue
		}
		t.Run(n.name, func(t *testing.T) {
			classes := float64(n.classes())
			n = tiny(n)
			n.l2 = 0
			p, spec := openNetwork(t, n)
			e, err := p.Evaluate(begin(t, p, spec), protocol.ValidationPart)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "loss", e.Loss, math.Log(classes), 0.03*math.Log(classes))
		})
	}
}

// The loss of a batch is the mean over its examples, each augmented by its own place in the run,
// and again so; other seeds and positions augment it in another way.
func TestNetworkAugmentation(t *testing.T) {
	forNetworks(t, func(t *testing.T, n network) {
		p, spec := openNetwork(t, n)
		x := begin(t, p, spec)
		batch := protocol.Batch{Examples: []int{5, 17, 5}, Seed: 3, Position: 1000}
		loss := func(b protocol.Batch) float64 { return measureNetwork(t, p, x, b, 0).Loss }
		whole := loss(batch)
		if again := loss(batch); again != whole {
			t.Errorf("loss is %g and was %g", again, whole)
		}
		if spec.Measures.Has(everything) { // without batch normalization
			mean := 0.0
			for i := range batch.Examples {
				one := protocol.Batch{Examples: batch.Examples[i : i+1], Seed: 3, Position: 1000 + int64(i)}
				mean += loss(one) / 3
			}
			near(t, "loss", whole, mean, 1e-6*mean)
		}
		images, _ := n.examples.(pictures) // those of portraits are not augmented
		dropout := slices.ContainsFunc(n.layers, func(l nn.Layer) bool { _, ok := l.(nn.Dropout); return ok })
		random := images.side > 0 || dropout
		other := batch
		other.Seed = 4
		if differs := loss(other) != whole; differs != random {
			t.Errorf("another seed changes the loss: %t, want %t", differs, random)
		}
		other = batch
		other.Position = 2000
		if differs := loss(other) != whole; differs != random {
			t.Errorf("another position changes the loss: %t, want %t", differs, random)
		}
	})
}

// Evaluations take the mean over the part's examples as they are.
func TestNetworkEvaluation(t *testing.T) {
	forNetworks(t, func(t *testing.T, n network) {
		p, spec := openNetwork(t, n)
		x := begin(t, p, spec)
		evaluation := func(x []float32, part protocol.Part) protocol.Evaluation {
			e, err := p.Evaluate(x, part)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		other := slices.Clone(x)
		for i := range other {
			other[i] *= 1.5
		}
		for _, part := range []protocol.Part{protocol.TrainPart, protocol.ValidationPart, protocol.TestPart} {
			before := evaluation(x, part)
			if evaluation(other, part) == before {
				t.Errorf("%s: two points are evaluated as the same", part)
			}
			if after := evaluation(x, part); after != before {
				t.Errorf("%s: a point is evaluated as %v and as %v", part, before, after)
			}
		}
		if images, ok := n.examples.(pictures); !ok || (images.view != view{}) || !spec.Measures.Has(everything) {
			return
		}
		batch := protocol.Batch{}
		for i := range 20 {
			batch.Examples = append(batch.Examples, i)
		}
		loss := measureNetwork(t, p, x, batch, 0).Loss
		near(t, "loss on the train part", evaluation(x, protocol.TrainPart).Loss, loss, 1e-6*loss)
	})
}

// Gradient and variance at a batch of two: the suite in full, and slower, is
// TestNetworkConformance.
func TestNetworkVariance(t *testing.T) {
	forNetworks(t, func(t *testing.T, n network) {
		p, spec := openNetwork(t, n)
		if !spec.Measures.Has(everything) {
			t.Skip("no variance")
		}
		x := begin(t, p, spec)
		m := measureNetwork(t, p, x, protocol.Batch{Examples: []int{1, 2}, Seed: 3}, everything)
		a := measureNetwork(t, p, x, protocol.Batch{Examples: []int{1}, Seed: 3}, protocol.Gradient).Gradient
		b := measureNetwork(t, p, x, protocol.Batch{Examples: []int{2}, Seed: 3, Position: 1}, protocol.Gradient).Gradient
		square, total, gap := 0.0, 0.0, 0.0
		for j := range a {
			d := float64(a[j]) - float64(b[j])
			square += float64(a[j])*float64(a[j]) + float64(b[j])*float64(b[j])
			total += d * d / 2 // (a − g)² + (b − g)² with g = (a + b)/2
			gap += math.Abs(float64(m.Variance[j]) - d*d/2)
		}
		near(t, "‖s‖₁", m.VarianceNorm, total, 1e-5*square)
		near(t, "distance from s", gap, 0, 1e-5*square)
	})
}

func TestNetworkSplits(t *testing.T) {
	n := tiny(mnistMLP())
	p, spec := openNetwork(t, n)
	f := p.(*opened[float32]).f.(*learner)
	numbers := slices.Concat(f.train, f.validation)
	slices.Sort(numbers)
	for i, got := range numbers {
		if got != i {
			t.Fatalf("published training example %d is in no part or in two", i)
		}
	}
	if len(f.train) != spec.Train || len(f.validation) != spec.Validation || len(numbers) != 60 {
		t.Errorf("parts have %d and %d examples, want %d and %d", len(f.train), len(f.validation), spec.Train,
			spec.Validation)
	}
	if !slices.Equal(f.trainPart, f.train[:20]) {
		t.Errorf("the train part is %v, want the first 20 of %v", f.trainPart, f.train)
	}
}

// Without validation examples, a network is trained on all that are published; with fewer, on more.
func TestNetworkValidation(t *testing.T) {
	for _, n := range []network{tiny(mnistMLP()), few(opticksLSTM())} {
		for _, held := range []int{0, 7, 20} {
			def := n.def()
			at, spec, err := def.At(protocol.Setting{"validation": float64(held)})
			if err != nil {
				t.Fatal(err)
			}
			p, err := def.New32(at)
			if err != nil {
				t.Fatal(err)
			}
			f := p.(*opened[float32]).f.(*learner)
			numbers := slices.Concat(f.train, f.validation)
			slices.Sort(numbers)
			if spec.Train != 60-held || spec.Validation != held || spec.Test != 20 || len(f.train) != 60-held ||
				len(f.trainPart) != 20 || !slices.Equal(numbers, ascending(60)) {
				t.Errorf("%s with %d validation examples has parts of %d, %d and %d, and trains on %v", n.name, held, spec.Train,
					spec.Validation, spec.Test, f.train)
			}
			if n.inOrder && held > 0 && f.validation[0] != 60-held {
				t.Errorf("%s holds out the examples %v, want the last %d", n.name, f.validation, held)
			}
			if _, err := p.Evaluate(make([]float32, spec.Dim), protocol.ValidationPart); (err != nil) != (held == 0) {
				t.Errorf("%s with %d validation examples: evaluated on them with error %v", n.name, held, err)
			}
			if recorded := len(at) > 0; recorded != (held != 20) {
				t.Errorf("%s with %d validation examples has the complete setting %v", n.name, held, at)
			}
		}
		if _, _, err := new(n.def()).At(protocol.Setting{"validation": 21}); err == nil {
			t.Errorf("%s takes more validation than test examples", n.name)
		}
	}
}

// A sampled album shows every k-th test image.
func TestSampledAlbum(t *testing.T) {
	n := tiny(fashionLeNet5())
	c := n.examples.(pictures)
	all, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	c.album = c.sampled(5)
	if train, test := c.count(); train != 60 || test != 4 {
		t.Errorf("there are %d and %d images, want 60 and 4", train, test)
	}
	some, err := c.open()
	if err != nil {
		t.Fatal(err)
	}
	size := c.shape().Size()
	for i := range 4 {
		for _, test := range []bool{false, true} {
			n := i
			if test {
				n = 5 * i
			}
			got, want, class, wantClass := make([]float32, size), make([]float32, size), make([]float32, 1), make([]float32, 1)
			some.read(test, i, nil, got, class)
			all.read(test, n, nil, want, wantClass)
			if !slices.Equal(got, want) || class[0] != wantClass[0] {
				t.Errorf("test %t: image %d is not image %d of all", test, i, n)
			}
		}
	}
}

// The digits that digits-mlp is tested on are those of digits-softmax, divided by 16.
func TestDigitsSplit(t *testing.T) {
	set, err := loadDigits()
	if err != nil {
		t.Fatal(err)
	}
	r, err := digitsMLP().examples.open()
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range set.test {
		input, class, want := make([]float32, 64), make([]float32, 1), make([]float32, 64)
		r.read(true, i, nil, input, class)
		for k := set.first[n]; k < set.first[n+1]; k++ {
			want[set.at[k]] = float32(set.grey[set.level[k]])
		}
		if !slices.Equal(input, want) || class[0] != float32(set.label[n]) {
			t.Fatalf("test example %d is a %g with pixels %v, want a %d with %v", i, class[0], input, set.label[n], want)
		}
	}
}

// A text's validation part follows its train part, and its train part is spread over the training
// examples.
func TestNetworkSplitsInOrder(t *testing.T) {
	p, _ := openNetwork(t, slim(opticksTransformer()))
	f := p.(*opened[float32]).f.(*learner)
	if !slices.Equal(f.train, ascending(8763)) || f.validation[0] != 8763 || f.validation[47] != 8810 || len(f.validation) != 48 {
		t.Errorf("training examples are %v…%v and validation examples %v", f.train[:3], f.train[len(f.train)-3:], f.validation)
	}
	part := slices.Clone(f.trainPart)
	slices.Sort(part)
	if len(slices.Compact(part)) != 48 || part[0] > 1600 || part[47] < 7200 || part[47] > 8762 {
		t.Errorf("the train part is %v", part)
	}
}

func TestSequences(t *testing.T) {
	text := &data.Text{Train: []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9}, Test: []uint8{11, 12, 13, 14, 15}}
	s := sequences{load: func() (*data.Text, error) { return text, nil }, train: 9, test: 5, steps: 4}
	if train, test := s.count(); train != 2 || test != 1 {
		t.Fatalf("there are %d and %d examples, want 2 and 1", train, test)
	}
	r, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		test          bool
		n             int
		input, target []float32
	}{
		{false, 0, []float32{1, 2, 3, 4}, []float32{2, 3, 4, 5}},
		{false, 1, []float32{5, 6, 7, 8}, []float32{6, 7, 8, 9}},
		{true, 0, []float32{11, 12, 13, 14}, []float32{12, 13, 14, 15}},
	} {
		input, target := make([]float32, 4), make([]float32, 4)
		r.read(c.test, c.n, nil, input, target)
		if !slices.Equal(input, c.input) || !slices.Equal(target, c.target) {
			t.Errorf("example %d is %v with targets %v, want %v and %v", c.n, input, target, c.input, c.target)
		}
	}
}

func TestMissingData(t *testing.T) {
	t.Setenv("NOISEBENCH_DATA", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for _, n := range networks() {
		_, err := n.def().New32(nil)
		if err == nil { // found elsewhere, or read by another test
			continue
		}
		if want := "bench data fetch " + n.examples.files().Name; !errors.Is(err, data.ErrMissing) ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s without data: %v", n.name, err)
		}
	}
}

// Every network at its full size: the gradient at two examples is finite and that of the seed's
// point.
func TestNetworkFullSize(t *testing.T) {
	if testing.Short() {
		t.Skip("the wide residual networks need some gigabytes and seconds")
	}
	for _, n := range networks() {
		t.Run(n.name, func(t *testing.T) {
			p, spec := openNetwork(t, few(n))
			x := begin(t, p, spec)
			m := measureNetwork(t, p, x, protocol.Batch{Examples: []int{0, 1}}, protocol.Gradient)
			square := 0.0
			for _, g := range m.Gradient {
				square += float64(g) * float64(g)
			}
			if !protocol.Finite(m.Loss) || !protocol.Finite(square) || square == 0 {
				t.Errorf("loss is %g and the gradient's square %g", m.Loss, square)
			}
		})
	}
}

// BenchmarkNetworks times one batch of the default size, for each network and each set of
// quantities.
func BenchmarkNetworks(b *testing.B) {
	for _, n := range networks() {
		n = few(n)
		p, spec := openNetwork(b, n)
		x := begin(b, p, spec)
		batch := protocol.Batch{Seed: 1, Examples: make([]int, spec.BatchSize)}
		for i := range batch.Examples {
			batch.Examples[i] = i % spec.Train
		}
		m := &protocol.Measurement[float32]{Gradient: make([]float32, len(x)), Variance: make([]float32, len(x))}
		for _, want := range []protocol.Quantity{
			protocol.Gradient, protocol.Gradient | protocol.VarianceNorm, protocol.Gradient | protocol.Variance,
		} {
			if !spec.Measures.Has(want) {
				continue
			}
			b.Run(n.name+"/"+want.String(), func(b *testing.B) {
				for b.Loop() {
					if err := p.Measure(x, batch, want, m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The data sets have as many examples as the specifications state without reading them.
func TestCounts(t *testing.T) {
	for _, a := range []album{digits, mnist, fashionMNIST, cifar10, cifar100, svhn} {
		t.Run(a.set.Name, func(t *testing.T) {
			images, err := a.load()
			if errors.Is(err, data.ErrMissing) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if images.Train.Len() != a.train || images.Test.Len() != a.test || images.Train.Size() != a.size.Size() {
				t.Errorf("there are %d and %d images of %d bytes, want %d, %d and %d", images.Train.Len(), images.Test.Len(),
					images.Train.Size(), a.train, a.test, a.size.Size())
			}
		})
	}
	t.Run(opticks.set.Name, func(t *testing.T) {
		text, err := opticks.load()
		if err != nil {
			t.Fatal(err)
		}
		if rest := len(text.Test) - opticks.test; len(text.Train) != opticks.train || rest < 0 || rest >= opticks.steps {
			t.Errorf("there are %d and %d characters, want %d and %d with an incomplete sequence left", len(text.Train), len(text.Test),
				opticks.train, opticks.test)
		}
	})
	t.Run(warAndPeace.set.Name, func(t *testing.T) {
		text, err := warAndPeace.load()
		if errors.Is(err, data.ErrMissing) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(text.Train) != warAndPeace.train || len(text.Test) != warAndPeace.test || len(text.Symbols) != 83 {
			t.Errorf("there are %d and %d characters, %d of them different, want %d, %d and 83", len(text.Train),
				len(text.Test), len(text.Symbols), warAndPeace.train, warAndPeace.test)
		}
	})
}
