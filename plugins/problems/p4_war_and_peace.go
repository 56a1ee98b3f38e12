package problems

import "noisebench/protocol"

func p4WarAndPeace() network {
	return network{
		name: "p4-war-and-peace",
		doc: `P4 of the M-SVAG experiments: an LSTM that predicts characters (data: bench data fetch war-and-peace)
The network and the examples of tolstoi-char-rnn. The budget is 200,000 steps with batches of 50 sequences; the step
size drops to a tenth after 125,000 of them.
Ours, as in DeepOBS tolstoi_char_rnn: embedding, starting point and dropout; that each sequence starts from zero.`,
		source:   "Balles 2021, Sec. 5.6 and App. B.1",
		examples: warAndPeace,
		layers:   characterLSTM(),
		batch:    50,
		budget:   200_000 * 50,
		schedule: []protocol.Drop{{At: 125. / 200, Factor: 0.1}},
	}
}
