package problems

import (
	"math"
	"math/rand/v2"

	"noisebench/plugins/problems/internal/nn"
)

func tolstoiCharRNN() network {
	return network{
		name: "tolstoi-char-rnn",
		doc: `LSTM that predicts the next character of War and Peace (data: bench data fetch war-and-peace)
83 characters are embedded in 128 dimensions and go through two LSTM layers of 128 units, with dropout of 0.2 on input
and output of each, to a dense layer of 83 units. An example is a sequence of 50 characters, each to be predicted from
those before it; the loss is the mean over the 50. Each sequence starts from the state zero. No regulariser.
Ours: the state starts from zero, where DeepOBS carries it from batch to batch; sequences come in random order.`,
		source:   "DeepOBS tolstoi_char_rnn (Schneider et al. 2019)",
		examples: warAndPeace,
		layers:   characterLSTM(),
		batch:    50,
		budget:   passes(200, warAndPeace),
	}
}

// characterLSTM starts as TensorFlow's get_variable and LSTMCell do.
func characterLSTM() []nn.Layer {
	const characters, units, rate = 83, 128, 0.2
	return []nn.Layer{
		nn.Embedding{Words: characters, Units: units},
		nn.Dropout{Rate: rate},
		nn.LSTM{Units: units, ForgetBias: 1},
		nn.Dropout{Rate: rate}, // on the first layer's output
		nn.Dropout{Rate: rate}, // on the second layer's input
		nn.LSTM{Units: units, ForgetBias: 1},
		nn.Dropout{Rate: rate},
		// dense, at each step
		nn.Conv{Size: 1, Channels: characters, Bias: uniform(math.Sqrt(6 / (2. * characters)))},
		nn.SoftmaxCrossEntropy{},
	}
}

// uniform draws from [−limit, limit).
func uniform(limit float64) nn.Initializer {
	return func(random *rand.Rand, w []float32, _, _ int) {
		for i := range w {
			w[i] = float32(limit * (2*random.Float64() - 1))
		}
	}
}
