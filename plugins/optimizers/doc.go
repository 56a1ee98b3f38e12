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
// noise. A constant batch size is a setting of a plan and no optimizer of its own.
//
// # Conventions
//
// Steps count from t = 0 and all state is zero before the first. Vectors are kept and computed in the element type,
// scalar coefficients in float64. An update is a few operations on vectors, block by block (see blocks), and what it
// needs for one block only is a field of that length. The step size α of every step is the hyperparameter step_size
// times the factor of the schedule, and α in a formula means this product; only adamw has the factor, η, apart.
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

import "noisebench/protocol"

// All returns the definitions of all built-in optimizers, in the order in which they are best learnt.
func All() []protocol.OptimizerDef {
	return []protocol.OptimizerDef{
		sgd, heavyBall, nesterov, mSGD, signSGD, mSignSGD,
		adaGrad, rmsProp, adam, adamW,
		svag, mSVAG, mSVAGmb, adamStar,
		cabs, competitor,
		asgd,
	}
}
