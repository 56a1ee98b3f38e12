// Package optimizers holds the optimizers that come with noisebench, one in each file.
//
// # The family
//
// Adam is a sign method with two additions, momentum and variance adaptation, and either can be had without the sign or
// without the other (Balles 2021, Sec. 5.2 and Fig. 5.1). Variance adaptation shrinks each coordinate of the step by a
// factor γ ∈ [0, 1] that falls as the noise in that coordinate grows.
//
//	          | plain     | with momentum               | with variance adaptation | with both
//	sign      | sign-sgd  | m-sign-sgd                  | rmsprop                  | adam, adamw, adam-star
//	magnitude | sgd, asgd | heavy-ball, nesterov, m-sgd | svag                     | m-svag, m-svag-mb
//
// adagrad is rmsprop with a sum in place of the average. cabs and competitor are sgd with a batch size that follows the
// noise. A constant batch size is a setting of a plan and no optimizer of its own. sam and line-search-sgd look at each
// batch more than once, and pay for every look.
//
// # Variants of Adam
//
// Each changes one part of x ← x − α m / (√v + ε), and most are equal to adam or a sign method at some setting, which the
// tests check bit by bit.
//
//	m, the momentum    | nadam looks ahead, adan by differences of gradients; ademamix has two; mars corrects g by the last one
//	v, the denominator | amsgrad and adamax take a maximum, adabelief the variance about m, adopt leaves out the last g
//	α, the step size   | adadelta replaces it by the size of past steps, radam keeps v out of the first ones
//	v, by curvature    | sophia-g divides by a Gauss–Newton diagonal from labels that the model draws, and clips
//
// Those that have decoupled weight decay in their paper or in common use have it here, 0 by default unless the paper's
// code has another value. It is by role: biases and the scales of normalizations do not decay.
//
// # Noise
//
// noise-scale lets the batch size follow tr Σ/‖∇f‖², adascale the step size follow the gain that a large batch brings, each
// estimated without bias from one batch and its variance.
//
// # Steepest descent
//
// A step −α ‖g‖⋆ d, where d has norm 1 and gᵀd is the dual norm ‖g‖⋆, descends most steeply in the norm (Balles 2021,
// Table 6.1). With α = 1/L, L the smoothness in that norm, it decreases f by ‖∇f‖⋆²/(2L) at least (Lemma 6.2).
//
//	norm       | ‖g‖⋆     | d            | steepest descent            | smoothness L
//	ℓ₂         | ‖g‖₂     | g/‖g‖₂       | sgd (normalized-sgd, c = 0) | smoothness
//	ℓ∞         | ‖g‖₁     | sign(g)      | norm-scaled-sign-sgd        | smoothness_linf
//	ℓ₁         | max |gᵢ| | sign(gᵢ) eᵢ  | coordinate-sgd              | smoothness_l1
//	max ‖x_B‖₂ | Σ ‖g_B‖₂ | g_B/‖g_B‖₂   | block-normalized-sgd        |
//
// In each of them ‖g‖⋆ is divided by (1−c) + c ‖g‖⋆: c = 0 is steepest descent, c = 1 normalised steepest descent (α d,
// which is sign-sgd in ℓ∞), and what lies between is soft normalisation, 1/(5L₀ + 4L₁‖g‖⋆) with α = 1/(5L₀ + 4L₁) and
// c = 4αL₁. All of it is stated for full gradients: full_batch is 1 then, or the batch size is the number of examples.
//
// # Curvature and oracles
//
// gd takes all training examples in every step, and so do rprop, which goes by signs, l-bfgs, which infers curvature from
// past steps and searches along each direction, and the methods with a matrix: x ← x − α (A + λI)⁻¹ ∇f. The matrices
// are those of chapter 7, for models whose d×d matrices can be measured.
//
//	A                          |
//	F, the Fisher matrix       | ngd
//	F of sampled labels        | mc-fisher-ngd
//	F̃, the empirical Fisher    | efgd
//	H, the Hessian             | newton
//
// ideal-svag, oracle-step-sgd and oracle-batch-sgd are what theory derives svag, a step size and cabs from: they know ∇f
// and σ² exactly (protocol.Oracle), and tables mark them.
//
// # Newer methods
//
// These came after the thesis, and are here to be compared with: lion, schedule-free-sgd and schedule-free-adamw, and lars and
// lamb, whose steps have a length for each block. prodigy, dog and sps-max find their own step size: what they have in its place
// is not tuned. Weights alone decay in all of them, see weightDecay.
//
// Some go by the shape and the role of the blocks. A block of two or more dimensions is a matrix, outputs × inputs:
//
//	matrices                       | optimizer     | the rest
//	of hidden layers               | muon          | AdamW, with a step size of its own
//	of hidden layers, norm is kept | adamh, muonh  | AdamW, with a step size of its own
//	all                            | soap, shampoo | AdamW
//
// Where a problem names no shapes, these are AdamW. Their products of float32 take the threads that a run may use, and have the
// same bits on any number of them.
//
// # Conventions
//
// Steps count from t = 0 and all state is zero before the first. Vectors are kept and computed in the element type,
// scalar coefficients in float64. An update is a few operations on vectors, block by block (see blocks), and what it
// needs for one block only is a field of that length. The step size α of every step is the hyperparameter step_size
// times the factor of the schedule, and α in a formula means this product; only adamw and rprop have the factor, η, apart.
//
// An average with bias correction is kept without a separate correction (see decay), which gives the first gradient
// the weight 1 exactly. 0/0 is 0: a coordinate without a gradient does not move. NaN goes through to x, and so does an
// infinite gradient, as NaN or infinity: overflow is for the harness to see, not for an optimizer to hide.
//
// # References
//
//   - L. Balles, Noise-Aware Stochastic Optimization, dissertation, Tübingen 2021. It is the source of all numbers of
//     equations and algorithms in this package by which no other source stands.
//   - L. Balles, J. Romero, P. Hennig, Coupling Adaptive Batch Sizes with Learning Rates, UAI 2017.
//   - L. Balles, P. Hennig, Dissecting Adam: The Sign, Magnitude and Variance of Stochastic Gradients, ICML 2018.
package optimizers

import (
	"noisebench/plugins/internal/linalg"
	"noisebench/protocol"
)

// SetThreads sets the number of threads that each run of a built-in optimizer uses in this process.
// It holds for optimizers opened afterwards. With n < 1, which is the default, it is GOMAXPROCS.
// Results do not depend on it.
func SetThreads(n int) { linalg.SetThreads(n) }

// All returns the definitions of all built-in optimizers, in the order in which they are best learnt.
func All() []protocol.OptimizerDef {
	return []protocol.OptimizerDef{
		sgd, heavyBall, nesterov, mSGD, signSGD, mSignSGD,
		normalizedSGD, normScaledSignSGD, coordinateSGD, blockNormalizedSGD,
		adaGrad, rmsProp, adam, adamW,
		nadam, radam, amsGrad, adamax, adaDelta, adaBelief, adan, adopt, adEMAMix, mars,
		lion, lars, lamb, muon, muonH, adamH, soap, shampoo, // by the blocks of a network
		scheduleFreeSGD, scheduleFreeAdamW, prodigy, dog, spsMax, // without a schedule or a step size
		svag, mSVAG, mSVAGmb, adamStar,
		cabs, competitor, noiseScale, adaScale,
		asgd, lineSearchSGD, sam,
		gd, rprop, lBFGS,
		ngd, efgd, mcFisherNGD, newton, sophiaG,
		idealSVAG, oracleStepSGD, oracleBatchSGD,
	}
}
