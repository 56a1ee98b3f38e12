// Package nn computes neural networks: the mean loss over a batch, its gradient, and the exact
// variance of the gradient over the batch's examples. It is for the test problems of package
// problems.
//
// A network is described as a paper does, and fits on one page:
//
//	net := nn.New(nn.Image(28, 28, 1),
//		nn.Conv{Size: 5, Channels: 32}, nn.ReLU{}, nn.MaxPool{Size: 3, Stride: 2},
//		nn.Conv{Size: 5, Channels: 64}, nn.ReLU{}, nn.MaxPool{Size: 3, Stride: 2},
//		nn.Dense{Units: 1024}, nn.ReLU{},
//		nn.Dense{Units: 10}, nn.SoftmaxCrossEntropy{},
//	)
//
// All its parameters are one vector of float32, in named blocks in the order of the layers. There
// is no automatic differentiation: each layer has its own way back, in one file.
//
// # The variance
//
// Deltas, the derivatives of the loss by what flows between two layers, are kept for each example.
// From them the second moment of the per-example gradients comes almost for free:
//
//   - Where an example uses weights once (Dense), its gradient is x δᵀ: the second moment is a
//     product of squares.
//   - Where it uses them at several positions (Conv, LSTM, Embedding), its gradient is a sum over
//     these, with products between positions in its square. It is computed example by example and
//     squared before it is added to the others.
//   - Where few parameters act on many elements (LayerNorm, GroupNorm), or each on one (Positions),
//     the gradients of all examples are kept.
//   - The sum ‖s‖₁ alone needs no second vector.
//
// A transformer is built of these: a linear map at each position is a Conv of size 1, and so are
// queries, keys and values together, which Attention, a layer without parameters, mixes; patches of
// an image are a Conv whose stride is its size.
//
// BatchNorm has no per-example gradients; see there.
//
// The sampled gradient is the gradient of the same losses at targets that are drawn from the
// network's own predictions, without the regulariser.
//
// # Threads and bits
//
// Work is cut into tasks in the same way whatever the number of threads: an example, or some of the
// parameters. Each element of a result is summed by one task in a fixed order. So results have the
// same bits on any number of threads, at the same simd.Level. Loss and gradient do not depend on
// what else is wanted either.
//
// # Memory
//
// Batches go through in slices of 128 examples, so that memory does not grow with larger batches
// (except with BatchNorm, which needs the batch as a whole). For each example of a slice, the
// outputs of layers are kept for the backward pass; activations, GELU and Residual work in place
// where they can, and normalizations compute their outputs before scale and shift again. MaxPool
// keeps where the maxima were, Dropout its mask, LSTM its gates and cells. Deltas are passed on:
// those between stages, sequences of layers that treat each example by itself, share memory with
// others that are not in use at the same time; those within a stage, and what else such layers need
// to sum gradients, are there for 16 examples at a time. Besides, the weights of Conv and LSTM are
// kept twice in another order. [Network.Memory] counts all but these: the network above takes 0.26
// MB for each example, and 39 MB for a slice.
package nn
