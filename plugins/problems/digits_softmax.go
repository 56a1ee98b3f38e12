package problems

import (
	"noisebench/plugins/problems/internal/data"
	"noisebench/protocol"
)

// The 1797 digits are cut at random, the same way in every run.
const (
	digitsTrain      = 1077
	digitsValidation = 360
	digitsTest       = 360
)

func digitsDef() protocol.ProblemDef {
	return protocol.ProblemDef{
		Name:    "digits-softmax",
		Version: "1",
		Doc: `softmax regression on small handwritten digits (8 × 8 pixels, embedded)
Pixels are divided by 16; weights and biases start at 0; no regulariser. 1077 training, 360 validation and 360 test
examples: an accuracy of 0.95 on the test part has a standard error of 0.011 from the choice of the examples alone. The
train part is all of the training examples.`,
		Source:     "data: Alpaydin and Kaynak 1998, as in scikit-learn's load_digits; split of our own",
		Parameters: []protocol.Hyperparameter{labelNoiseParameter(), likelyParameter()},
		Spec:       func(protocol.Setting) (protocol.ProblemSpec, error) { return digitsSpec(), nil },
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			set, err := digitsKept.Get(loadDigits)
			if err != nil {
				return nil, err
			}
			p := openSoftmax(digitsSpec(), set.noisy(s["label_noise"]))
			p.f.(*softmax).likely = s[likelyLabels] == 1
			return p, nil
		},
	}
}

func digitsSpec() protocol.ProblemSpec {
	return softmaxSpec(64, protocol.ProblemSpec{
		Train:      digitsTrain,
		Validation: digitsValidation,
		Test:       digitsTest,
		BatchSize:  32,
		Budget:     50 * digitsTrain,
		Data:       dataFiles(data.Digits),
	})
}

var digitsKept data.Kept[imageSet]

func loadDigits() (*imageSet, error) {
	images, err := data.ReadDigits()
	if err != nil {
		return nil, err
	}
	set := newImageSet(16, images)
	order := protocol.Stream(splitSeed, protocol.PurposeSplit).Perm(len(set.label))
	set.test, order = order[:digitsTest], order[digitsTest:]
	set.validation, set.train = order[:digitsValidation], order[digitsValidation:]
	set.trainPart = set.train
	return set, nil
}
