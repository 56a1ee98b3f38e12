package problems

func opticksNanoGPT() network {
	return onOpticks(network{
		name: "opticks-nanogpt",
		doc: `causal transformer of the size that nanoGPT advises for CPUs (embedded)
As opticks-transformer, with 128 dimensions, four blocks, and N(0, 0.02²/8) before a residual connection; batches of 12
sequences, 2000 steps.
Ours: the text, fixed sequences where nanoGPT draws their starts, biases, an output layer of its own.`,
		source: "nanoGPT, README, section on CPUs",
		layers: gpt(91, 4, 4, 128),
		batch:  12,
		budget: 2000 * 12,
	})
}
