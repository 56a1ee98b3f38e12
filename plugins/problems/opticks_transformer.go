package problems

func opticksTransformer() network {
	return onOpticks(network{
		name: "opticks-transformer",
		doc: `small causal transformer that predicts characters (embedded)
Embeddings of characters and positions in 64 dimensions; two blocks, each of layer normalization, attention with four heads
and a linear map, and of layer normalization, a linear map to 256 units, GELU and one back, with residual connections; layer
normalization and a linear map to 91 scores. Weights start from N(0, 0.02²), those before a residual connection from
N(0, 0.02²/4), biases at 0.`,
		source: "form: Radford et al. 2019 (GPT-2), as in nanoGPT, with an output layer of its own; " +
			"data and sizes: ours",
		layers: gpt(91, 2, 4, 64),
		batch:  8,
		budget: 800 * 8,
	})
}
