package problems

import "noisebench/plugins/problems/internal/nn"

func opticksLSTM() network {
	return onOpticks(network{
		name: "opticks-lstm",
		doc: `small LSTM that predicts characters (embedded)
Characters are embedded in 64 dimensions and go through one LSTM layer of 128 units and a linear map to 91 scores. Weights
start uniformly by Glorot's rule, biases at 0; the forget gate has 1 added. Each sequence starts from the state zero.`,
		source: "ours, after DeepOBS tolstoi_char_rnn (Schneider et al. 2019)",
		layers: []nn.Layer{
			nn.Embedding{Words: 91, Units: 64},
			nn.LSTM{Units: 128, ForgetBias: 1},
			nn.Conv{Size: 1, Channels: 91},
			nn.SoftmaxCrossEntropy{},
		},
		batch:  16,
		budget: 800 * 16,
	})
}
