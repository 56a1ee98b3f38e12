// # Errata of the dissertation
//
// The list below states the choices of noisebench where the text of Balles 2021 contradicts itself,
// its code or mathematics. These choices affect computations:
//
//   - Sec. 5.3 starts averages at m̃₀ = 0 and divides by 1−β^(t+1), which gives the first gradient
//     a weight other than 1. Here m̃ is 0 before step 0, as in the algorithms. See decay.
//   - Sec. 5.4.4 has ρ(β,0) = 0. It is 1, one gradient tells nothing of its variance, and s = 0
//     there. See rho, unbias.
//   - β = 1 is allowed in Algs. 2 to 6, and divides by 0. Decay rates are in [0, 1) here. At β = 0
//     there is no variance estimate at any step, and m-svag is sgd.
//   - Footnote 5 of ch. 5 calls the first step of M-SVAG one of gradient descent. That of m-svag-mb
//     is not: its γ is m²/(m² + s/b) from the start.
//   - Eq. B.31 is not unbiased: it exceeds s/m by g²/(m(m−1)). m-svag-mb uses s/m.
//     TestT04BatchVariance.
//   - App. B.3.2 has (1+η)^(−1/2) for the factor of signs, Sec. 5.6 and Alg. 5 have (1+η²)^(−1/2),
//     which adam-star uses. One passage has the momentum-free form unexplored, the next one tests
//     it; there is adam-star only.
//   - Alg. 1 starts both of CABS's averages at 0, the authors' code that of the loss at 1, so that
//     its first batches are several times too small. Here both start at 0, and their biases cancel.
//     TestT08CABSConstant.
//   - That code estimates s with 1/m, Eq. 3.30 with 1/(m−1), and so do all problems.
//   - Alg. 1 gives no values for μ, m_min and m_max: those of cabs and competitor are the code's.
//     See batchRuleParameters.
//   - Eq. 4.17 needs θ < 1, and the experiments have θ = 1. competitor takes (0, 1]; at 1 its batch
//     size shrinks to m_min. TestT14CompetitorFixedPoint.
//   - Eq. C.2 loses the sign of the largest derivative. coordinate-sgd keeps it.
//   - ε is inside the root of Eq. 3.26 and outside that of Eq. 5.4. adagrad and adam follow either
//     as printed.
//   - Lemma 5.3 names RMSProp, which the text does not define: rmsprop is that of its authors,
//     without bias correction.
//   - Budgets are in steps in ch. 5 and in examples in ch. 4. They are in examples everywhere (rule
//     R3 of protocol).
//   - Both chapters select step sizes by the accuracy on test data and report that, at the best
//     evaluation. The default is selection on validation data (rule R6), and a plan may say
//     selection: test.
//   - Theory draws examples with replacement, the experiments shuffle epochs, and so does
//     noisebench. The variance of a batch's gradient is then less than s/m by the factor 1 − m/N,
//     which cabs and competitor ignore.
//   - Sec. 5.6 has two dense layers in P1 and App. B.1 one of 1024 units: p1-fashion-mnist counts
//     the output as the second. Its windows are 3 × 3 with stride 2 as printed, those of cabs-mnist
//     and DeepOBS 2 × 2.
//   - Sec. 7.4: texts sum over examples, experiments average. So do the matrices of the linear
//     models, and γ and λ of Table D.5 hold for those. Of the data sets in Table D.3 the columns of
//     features and samples are exchanged; BreastCancer is the WDBC of 569 × 30 (wdbc-logreg), Yacht
//     has 6 features and a bias, Wine's targets are the classes 0, 1, 2 and Energy's the heating
//     load.
//
// These affect statements that tests check, in the corrected form:
//
//   - Eqs. 4.3 and the text before have a bias for its square, Sec. 2.2 ‖∇f‖ ≥ 2μ(f−f*) for ‖∇f‖²
//     (Eq. 2.33), Sec. 5.3 η̂ and p for their squares. TestT25Constants, TestT09Minimisers.
//   - Eq. 3.17 adds αLC₀/(2mμ) in the first term; iterating Eq. 3.21 subtracts it, which bounds
//     tighter. Eq. 3.18 is no limit but a bound: on h/2 θ² the plateau is αC₀/(2m(2−αh)), equal to
//     it for αh = 1 only. TestT06Plateau.
//   - Eqs. 6.27 and 6.28 leave out the factor ½ of Lemma 6.2, whose proof adds where it should
//     subtract. TestT16SteepestDescent.
//   - Eqs. C.20 and C.68 bound Σ 1/(t+1) by log(T+1), which it exceeds; 1 + log T is right.
//     TestT16Normalised.
//   - App. C.2 says that λmax can exceed the greatest separable constant lᵢ. It cannot, as Sec.
//     6.4.4 says. TestT17Norms.
//   - Eq. C.59 equates Σ lᵢ with the sum over the diagonal, where it is that over all |Hᵢⱼ|; App.
//     C.9 sums over diagonal blocks only in a denominator that is meant to have all pairs.
//     TestT17Norms, TestT17Blocks.
//   - Fig. 6.3 calls the rotation θ and the text φ, as rotated-quadratic does; the text has λ̄/λmax
//     for the axis λmax/λ̄.
//   - The caption of Fig. 4.1 has values of η that the text takes for η². The caption is right.
//   - Sec. 4.4.4 lists six step sizes, the caption of Fig. 4.3 five: the largest was tuned and is
//     not plotted.
//   - Eq. 7.15 bounds the norm of ∇²R − G, not its square; signs before ∇² log p are missing in
//     App. D, where F has to be positive semidefinite; the gradient in Eq. D.33 is σ(f) − y, so
//     that the empirical Fisher matrix of logistic regression is the Fisher matrix at θ = 0
//     exactly.
//   - Table D.5's γ of EFGD on Boston housing has the wrong sign in the exponent: it is 10^1.25.
//     The caption of Table D.4 has steps of 0.25 for the exponents of γ, whose grid of 241 values
//     has 0.125.
//   - Sec. 8.1 has an increasing step size where an increasing batch size is meant.
package optimizers
