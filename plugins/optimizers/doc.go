// Package optimizers contains the built-in optimizers, one per file.
//
// # The family
//
// Adam is a sign method with momentum and variance adaptation, and each of these can be used
// without the sign or without the other (Balles 2021, Sec. 5.2 and Fig. 5.1). Variance adaptation
// shrinks each coordinate of the step by a factor γ ∈ [0, 1] that decreases with the noise in that
// coordinate.
//
//	                         | sign                            | magnitude
//	plain                    | sign-sgd                        | sgd, asgd
//	with momentum            | m-sign-sgd                      | heavy-ball, nesterov, m-sgd
//	with variance adaptation | rmsprop                         | svag, svag-mb
//	with both                | adam, adamw, adam-star,         | m-svag, m-svag-mb
//	                         | adam-star-mb, adam-star-erf     |
//
// adagrad is rmsprop with a sum instead of the average. growing-batch-sgd is sgd with a batch size
// that grows by a fixed factor. cabs and competitor are sgd with a batch size that follows the
// noise. A constant batch size is a setting of a plan, not a separate optimizer. sam and
// line-search-sgd measure each batch more than once, and are charged for every measurement.
//
// # Variants of Adam
//
// Each changes one part of x ← x − α m / (√v + ε), and most equal adam or a sign method at some
// setting, which the tests check bit by bit.
//
//	m, the momentum    | nadam looks ahead, and adan by differences of gradients; ademamix has two
//	                   | averages; mars corrects g by the last gradient
//	v, the denominator | amsgrad and adamax take a maximum, adabelief the variance about m; adopt
//	                   | leaves out the last g; sophia-g divides by a Gauss–Newton diagonal from
//	                   | labels that the model draws, and clips
//	α, the step size   | adadelta replaces it by the size of past steps; radam does not use v in the
//	                   | first steps
//
// Optimizers with decoupled weight decay in their paper or in common use have it here, with default
// 0 unless the paper's code has another value. Biases and the scales of normalizations, told by the
// roles of blocks, do not decay.
//
// # Noise
//
// noise-scale adapts the batch size to tr Σ/‖∇f‖², adascale the step size to the gain of a large
// batch. Both estimate these without bias from one batch and its variance.
//
// # Steepest descent
//
// A step −α ‖g‖⋆ d, where d has norm 1 and gᵀd is the dual norm ‖g‖⋆, descends most steeply in the
// norm (Balles 2021, Table 6.1). With α = 1/L, L the smoothness in that norm, it decreases f by
// ‖∇f‖⋆²/(2L) at least (Lemma 6.2).
//
//	norm       | ‖g‖⋆     | d            | steepest descent            | smoothness L
//	ℓ₂         | ‖g‖₂     | g/‖g‖₂       | sgd (normalized-sgd, c = 0) | smoothness
//	ℓ∞         | ‖g‖₁     | sign(g)      | norm-scaled-sign-sgd        | smoothness_linf
//	ℓ₁         | max |gᵢ| | sign(gᵢ) eᵢ  | coordinate-sgd              | smoothness_l1
//	max ‖x_B‖₂ | Σ ‖g_B‖₂ | g_B/‖g_B‖₂   | block-normalized-sgd        |
//
// In each of them, ‖g‖⋆ is divided by (1−c) + c ‖g‖⋆: c = 0 is steepest descent, c = 1 normalised
// steepest descent (α d, which is sign-sgd in ℓ∞), and values between are soft normalisation,
// 1/(5L₀ + 4L₁‖g‖⋆) with α = 1/(5L₀ + 4L₁) and c = 4αL₁. The theory is for full gradients, with
// full_batch = 1 or all examples in a batch.
//
// # Curvature and oracles
//
// gd uses all training examples in every step, and so do rprop, which uses signs, l-bfgs, which
// estimates curvature from past steps and searches along each direction, and the methods with a
// matrix: x ← x − α (A + λI)⁻¹ ∇f. The matrices are those of chapter 7, for models whose d×d
// matrices can be measured.
//
//	A                          |
//	F, the Fisher matrix       | ngd
//	F of sampled labels        | mc-fisher-ngd (k for each example)
//	F̃, the empirical Fisher    | efgd
//	H, the Hessian             | newton
//
// stochastic-efgd is efgd on batches. matrix-svag is svag-mb with the covariance of gradients in
// place of their variances; its step is close to that of stochastic-efgd.
//
// ideal-svag, oracle-step-sgd and oracle-batch-sgd are the idealised methods from which theory
// derives svag, a step size and cabs: they know ∇f and σ² exactly (protocol.Oracle), and tables
// mark them.
//
// # Newer methods
//
// These methods are not in the thesis and are here for comparison: lion, schedule-free-sgd and
// schedule-free-adamw, and lars and lamb, which scale the step of each block. prodigy, dog and
// sps-max determine their own step size; their factor on it is not tuned. In all of them only
// weights decay, see weightDecay.
//
// Some depend on the shape and the role of the blocks. A block of two or more dimensions is a
// matrix, outputs × inputs:
//
//	matrices                       | optimizer     | the rest
//	of hidden layers               | muon          | AdamW, with a step size of its own
//	of hidden layers, norm is kept | adamh, muonh  | AdamW, with a step size of its own
//	all                            | soap, shampoo | AdamW
//
// If a problem declares no shapes, these are AdamW. Their products of float32 use the threads of
// the run, with the same bits for any number of threads.
//
// # Conventions
//
// Steps count from t = 0, and all state is zero before the first. Vectors are stored and computed
// in the element type, scalar coefficients in float64. An update is a few operations on vectors,
// block by block (see blocks), with temporary vectors of the length of a block. In formulas α is
// the product of the hyperparameter step_size and the factor of the schedule; only adamw and rprop
// use the factor, η, separately.
//
// Averages with bias correction are stored in corrected form (see decay), which gives the first
// gradient exactly the weight 1. 0/0 is 0: a coordinate with zero gradient does not move. NaN
// reaches x, and so does an infinite gradient, as NaN or infinity, since the harness must detect
// overflow.
//
// # References
//
//   - L. Balles, Noise-Aware Stochastic Optimization, dissertation, Tübingen 2021. Numbers of
//     equations and algorithms in this package refer to it unless another source is named.
//   - L. Balles, J. Romero, P. Hennig, Coupling Adaptive Batch Sizes with Learning Rates, UAI 2017.
//   - L. Balles, P. Hennig, Dissecting Adam: The Sign, Magnitude and Variance of Stochastic
//     Gradients, ICML 2018.
package optimizers

import (
	"noisebench/plugins/internal/linalg"
	"noisebench/protocol"
)

// SetThreads sets the number of threads that each run of a built-in optimizer uses in this process,
// for optimizers that are opened afterwards. With n < 1, which is the default, it is GOMAXPROCS.
// Results do not depend on it.
func SetThreads(n int) { linalg.SetThreads(n) }

// All returns the definitions of all built-in optimizers, ordered from basic to advanced.
func All() []protocol.OptimizerDef {
	return []protocol.OptimizerDef{
		sgd, heavyBall, nesterov, mSGD, signSGD, mSignSGD,
		normalizedSGD, normScaledSignSGD, coordinateSGD, blockNormalizedSGD,
		adaGrad, rmsProp, adam, adamW,
		nadam, radam, amsGrad, adamax, adaDelta, adaBelief, adan, adopt, adEMAMix, mars,
		lion, lars, lamb, muon, muonH, adamH, soap, shampoo, // by the blocks of a network
		// that need no schedule, or no step size
		scheduleFreeSGD, scheduleFreeAdamW, prodigy, dog, spsMax,
		svag, mSVAG, svagMB, mSVAGmb, matrixSVAG, adamStar, adamStarMB, adamStarErf,
		cabs, competitor, growingBatchSGD, noiseScale, adaScale,
		asgd, lineSearchSGD, sam,
		gd, rprop, lBFGS,
		ngd, efgd, stochasticEFGD, mcFisherNGD, newton, sophiaG,
		idealSVAG, oracleStepSGD, oracleBatchSGD,
	}
}
