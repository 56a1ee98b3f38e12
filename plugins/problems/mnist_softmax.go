package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

const (
	mnistTrain      = 50_000
	mnistValidation = 10_000 // held out of MNIST's 60,000 training images at random, the same way in every run
	mnistTest       = 10_000 // MNIST's own
)

func mnistDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "mnist-softmax",
		Version: "1",
		Doc: `softmax regression on full MNIST (needs the data set: bench data fetch mnist)
Pixels are divided by 255; weights and biases start at 0; no regulariser. 50,000 training examples, 10,000 validation
examples held out of MNIST's training set, and its 10,000 test examples. The train part is 10,000 of the training
examples.`,
		Source: "DeepOBS mnist_logreg (Schneider et al. 2019), in float64 and with a validation part",
		Spec:   func(protocol.Setting) (protocol.ProblemSpec, error) { return mnistSpec(), nil },
		New64: func(protocol.Setting) (protocol.Problem[float64], error) {
			set, err := mnistKept.Get(loadMNIST)
			if err != nil {
				return nil, err
			}
			return openSoftmax(mnistSpec(), set), nil
		},
	}
}

func mnistSpec() protocol.ProblemSpec {
	return softmaxSpec(28*28, protocol.ProblemSpec{
		Train:      mnistTrain,
		Validation: mnistValidation,
		Test:       mnistTest,
		BatchSize:  128,
		Budget:     50 * mnistTrain,
		Data:       dataFiles(data.MNIST),
	})
}

var mnistKept data.Kept[imageSet]

func loadMNIST() (*imageSet, error) {
	images, err := data.ReadMNIST()
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
