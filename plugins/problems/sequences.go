package problems

import (
	"math/rand/v2"

	"noisebench/plugins/problems/internal/data"
	"noisebench/plugins/problems/internal/nn"
)

// sequences is a text cut into examples of the same number of characters. At each of them, the
// network is asked for the next. Where the last example would be incomplete, the end of the text is
// left out.
type sequences struct {
	set         *data.Set
	load        func() (*data.Text, error)
	train, test int // number of characters
	steps       int // characters of an example
}

var warAndPeace = sequences{data.WarAndPeace, data.ReadWarAndPeace, 2_612_948, 653_237, 50}

// opticks has 8763 sequences to train, the 48 after them for validation, and the next 48 to test.
var opticks = sequences{data.Opticks, data.ReadOpticks, data.OpticksTrain, 48*64 + 1, 64}

func (s sequences) files() *data.Set { return s.set }

func (s sequences) count() (train, test int) {
	return (s.train - 1) / s.steps, (s.test - 1) / s.steps
}

func (s sequences) shape() nn.Shape { return nn.Sequence(s.steps, 1) }

func (s sequences) open() (reader, error) {
	text, err := s.load()
	if err != nil {
		return nil, err
	}
	return &openText{text, s.steps}, nil
}

// openText reads sequences.
type openText struct {
	*data.Text
	steps int
}

func (o *openText) draws() bool { return false }

func (o *openText) read(test bool, n int, _ *rand.Rand, input, target []float32) {
	text := o.Train
	if test {
		text = o.Test
	}
	text = text[n*o.steps:]
	for i := range o.steps {
		input[i], target[i] = float32(text[i]), float32(text[i+1])
	}
}
