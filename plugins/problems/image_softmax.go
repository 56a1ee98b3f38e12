package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// MNIST and Fashion-MNIST have the same sizes.
const (
	mnistTrain = 50_000
	// held out of the 60,000 published training images at random, the same way in every run
	mnistValidation = 10_000
	mnistTest       = 10_000 // the published ones
)

func mnistDef() protocol.ProblemDef {
	return imageSoftmax(protocol.ProblemDef{
		Name:   "mnist-softmax",
		Doc:    "softmax regression on full MNIST (needs the data set: bench data fetch mnist)",
		Source: "DeepOBS mnist_logreg (Schneider et al. 2019), in float64 and with a validation part",
	}, mnist, &mnistKept)
}

func fashionDef() protocol.ProblemDef {
	return imageSoftmax(protocol.ProblemDef{
		Name: "fmnist-softmax",
		Doc: "softmax regression on Fashion-MNIST (needs the data set: bench data " +
			"fetch fashion-mnist)",
		Source: "DeepOBS fmnist_logreg (Schneider et al. 2019), in float64 and with a validation part",
	}, fashionMNIST, &fashionKept)
}

func imageSoftmax(
	def protocol.ProblemDef, images album, kept *data.Kept[imageSet],
) protocol.ProblemDef {
	spec := func() protocol.ProblemSpec {
		return softmaxSpec(28*28, protocol.ProblemSpec{
			Train:      mnistTrain,
			Validation: mnistValidation,
			Test:       mnistTest,
			BatchSize:  128,
			Budget:     50 * mnistTrain,
			Data:       dataFiles(images.set),
		})
	}
	def.Version = "1"
	def.Doc += `
Pixels are divided by 255; weights and biases start at 0; no regulariser. 50,000 training examples, 10,000 validation
examples held out of the published training set, and the 10,000 published test examples. The train part is 10,000 of the
training examples.`
	def.Spec = func(protocol.Setting) (protocol.ProblemSpec, error) { return spec(), nil }
	def.Parameters = []protocol.Hyperparameter{labelNoiseParameter()}
	def.New64 = func(s protocol.Setting) (protocol.Problem[float64], error) {
		set, err := kept.Get(func() (*imageSet, error) { return loadAlbum(images) })
		if err != nil {
			return nil, err
		}
		return openSoftmax(spec(), set.noisy(s["label_noise"])), nil
	}
	return def
}

var mnistKept, fashionKept data.Kept[imageSet]

func loadAlbum(a album) (*imageSet, error) {
	images, err := a.load()
	if err != nil {
		return nil, err
	}
	set := newImageSet(255, &images.Train, &images.Test)
	order := protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(mnistValidation + mnistTrain)
	set.validation, set.train = order[:mnistValidation], order[mnistValidation:]
	set.trainPart = set.train[:mnistTest]
	for n := range mnistTest {
		set.test = append(set.test, mnistValidation+mnistTrain+n)
	}
	return set, nil
}
