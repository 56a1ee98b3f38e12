"""Writes golden.json: trajectories of every optimizer, computed in decimal arithmetic with 60 digits.

    python3 golden.py

Needs Python 3.8 or later and nothing else. It is a second derivation from the published formulas and shares no
formula with the Go code where there is a choice: averages are sums over all past gradients with their weights
c(β,t,s), ρ and the variance of an average are sums over squared weights (Balles 2021, Eq. B.26), v − m² is the
weighted sum of squared deviations, and Nesterov's method is Sutskever's two-point form. Hyperparameters and inputs
are the exact values of the nearest float64; the inputs are short binary fractions, exact in float32 too.
"""

import json
import os
from decimal import ROUND_HALF_EVEN, Decimal, getcontext, localcontext
from fractions import Fraction

getcontext().prec = 60
ZERO, ONE = Decimal(0), Decimal(1)

# Four coordinates: changing sign, slowly varying, never a gradient, no gradient at first.
GRADIENTS = [
    [1.0, -2.0, 0.0, 0.0],
    [-0.5, -1.75, 0.0, 0.0],
    [0.75, -2.25, 0.0, 0.0],
    [1.25, -1.5, 0.0, 0.5],
    [-0.25, -1.625, 0.0, -0.125],
    [0.5, 0.375, 0.0, 0.25],
    [-1.5, -0.875, 0.0, 0.375],
    [0.875, -1.0, 0.0, -0.0625],
]
VARIANCES = [
    [40.0, 20.0, 0.0, 1.0],
    [36.5, 24.25, 0.0, 0.0],
    [50.0, 16.0, 0.0, 2.5],
    [44.75, 30.5, 0.0, 1.25],
    [38.0, 21.0, 0.0, 3.0],
    [61.25, 19.5, 0.0, 0.75],
    [47.0, 26.0, 0.0, 1.5],
    [42.5, 18.75, 0.0, 2.0],
]
SCALES = [1.0, 1.0, 1.0, 0.25, 0.25, 0.25, 0.125, 0.125]
BATCH_SIZES = [16, 16, 32, 24, 8, 40, 2, 64]
LOSSES = {
    "falling": [4.0, 2.5, 1.25, 0.5, 0.125, 0.0625, 0.03125, 0.03125],
    "negative": [2.0, 1.0, -0.5, -8.0, -4.0, 6.0, 9.0, 3.0],
    "searched": [4.0, 4.5, 3.96875, 3.0, 2.5, 2.5, 2.0, 1.5],
}
START = [1.0, -2.0, 0.5, 0.25]
SMOOTHNESS = 0.5  # as the test declares it
PLAN_BATCH_SIZE = 32

# What an oracle knows, and matrices: LLᵀ times a power of 2, and for the Hessian an indefinite one.
TRUE_GRADIENTS = [[u + 0.25 if u else 0.0 for u in g] for g in GRADIENTS]
TRUE_VARIANCES = [[u * 0.5 for u in s] for s in VARIANCES]
SAMPLED_GRADIENTS = [[u - 0.375 if i != 2 else 0.0 for i, u in enumerate(g)] for g in GRADIENTS]
FACTORS = [[[1.0 + ((t + i) % 3) / 4 if i == j else ((3 * t + 5 * i + 7 * j) % 5 - 2) / 8 if j < i else 0.0
             for j in range(4)] for i in range(4)] for t in range(8)]
PRODUCTS = [[[sum(a * b for a, b in zip(u, v)) for v in L] for u in L] for L in FACTORS]
MATRICES = {
    name: [[[c * A[i][j] - (shift if i == j else 0.0) for j in range(4)] for i in range(4)] for A in PRODUCTS]
    for name, c, shift in [
        ("fisher", 1.0, 0.0), ("empirical-fisher", 2.0, 0.0), ("sampled-fisher", 4.0, 0.0), ("hessian", 1.0, 2.0),
        ("covariance", 32.0, 0.0),
    ]
}


def exact(v):
    return [exact(u) for u in v] if isinstance(v, list) else Decimal(v)


G, S2, SCALE, X0 = exact(GRADIENTS), exact(VARIANCES), exact(SCALES), exact(START)
T, D = len(G), len(X0)


def weights(β, t):
    """c(β,t,s) for s = 0 … t: decaying, summing to 1."""
    raw = [β ** (t - s) for s in range(t + 1)]
    return [c / sum(raw) for c in raw]


def average(β, t, values):
    return sum(c * v for c, v in zip(weights(β, t), values))


def variance_of_average(β, t, variances):
    """Variance of Σ c g for independent g (Eq. B.33)."""
    return sum(c * c * v for c, v in zip(weights(β, t), variances))


def rho(β, t):
    return variance_of_average(β, t, [ONE] * (t + 1))


def past(i, t):
    return [G[s][i] for s in range(t + 1)]


def sign(v):
    return ZERO if v == 0 else v.copy_sign(v) / abs(v)


def over(a, b):
    return ZERO if b == 0 else a / b


def variance_estimate(β, t, i):
    """Σ c (g − m)² / (1 − Σ c²), the weighted form of Bessel's correction (Eq. 5.16); 0 for a single gradient."""
    m, ρ = average(β, t, past(i, t)), rho(β, t)
    return ZERO if ρ == 1 else average(β, t, [(g - m) ** 2 for g in past(i, t)]) / (1 - ρ)


# Each optimizer is a function of (hyperparameters, t, i, x_t) that returns x_{t+1} − x_t in coordinate i and, where
# there is variance adaptation, γ.


def sgd(h, t, i, x):
    return -h["step_size"] * SCALE[t] * G[t][i]


def velocity(h, t, i):
    return -sum(h["beta"] ** (t - s) * h["step_size"] * SCALE[s] * G[s][i] for s in range(t + 1))


def heavy_ball(h, t, i, x):
    return velocity(h, t, i)


def nesterov(h, t, i, x):
    """θ' = θ + v', measured at the look-ahead points y = θ + β v and y' = θ' + β v'."""
    before = velocity(h, t - 1, i) if t else ZERO
    after = velocity(h, t, i)
    θ = x - h["beta"] * before
    return (θ + after + h["beta"] * after) - x


def m_sgd(h, t, i, x):
    return -h["step_size"] * SCALE[t] * average(h["beta"], t, past(i, t))


def sign_sgd(h, t, i, x):
    return -h["step_size"] * SCALE[t] * sign(G[t][i])


def m_sign_sgd(h, t, i, x):
    return -h["step_size"] * SCALE[t] * sign(average(h["beta"], t, past(i, t)))


def adagrad(h, t, i, x):
    v = sum(g * g for g in past(i, t))
    return -h["step_size"] * SCALE[t] * over(G[t][i], (v + h["epsilon"]).sqrt())


def rmsprop(h, t, i, x):
    v = sum((1 - h["beta"]) * h["beta"] ** (t - s) * G[s][i] ** 2 for s in range(t + 1))
    return -h["step_size"] * SCALE[t] * over(G[t][i], v.sqrt() + h["epsilon"])


def adam_direction(h, t, i):
    m = average(h["beta1"], t, past(i, t))
    v = average(h["beta2"], t, [g * g for g in past(i, t)])
    return over(m, v.sqrt() + h["epsilon"])


def adam(h, t, i, x):
    return -h["step_size"] * SCALE[t] * adam_direction(h, t, i)


def adamw(h, t, i, x):
    return -SCALE[t] * (h["step_size"] * adam_direction(h, t, i) + h["weight_decay"] * x)


def svag(h, t, i, x):
    m2, s = average(h["beta"], t, past(i, t)) ** 2, variance_estimate(h["beta"], t, i)
    γ = over(m2, m2 + s)
    return -h["step_size"] * SCALE[t] * γ * G[t][i], γ


def m_svag(h, t, i, x):
    m, s = average(h["beta"], t, past(i, t)), variance_estimate(h["beta"], t, i)
    γ = over(m * m, m * m + rho(h["beta"], t) * s)
    return -h["step_size"] * SCALE[t] * γ * m, γ


def m_svag_mb(h, t, i, x):
    m = average(h["beta"], t, past(i, t))
    s = variance_of_average(h["beta"], t, [S2[u][i] / BATCH_SIZES[u] for u in range(t + 1)])
    γ = over(m * m, m * m + s)
    return -h["step_size"] * SCALE[t] * γ * m, γ


def adam_star(h, t, i, x):
    m, s = average(h["beta"], t, past(i, t)), variance_estimate(h["beta"], t, i)
    γ = over(m * m, m * m + rho(h["beta"], t) * s).sqrt()
    return -h["step_size"] * SCALE[t] * γ * sign(m), γ


def svag_mb(h, t, i, x):
    m2 = average(h["beta"], t, past(i, t)) ** 2
    r = average(h["beta"] ** 2, t, [S2[u][i] / BATCH_SIZES[u] for u in range(t + 1)])
    γ = over(m2, m2 + r)
    return -h["step_size"] * SCALE[t] * γ * G[t][i], γ


def adam_star_mb(h, t, i, x):
    m = average(h["beta"], t, past(i, t))
    s = variance_of_average(h["beta"], t, [S2[u][i] / BATCH_SIZES[u] for u in range(t + 1)])
    γ = over(m * m, m * m + s).sqrt()
    return -h["step_size"] * SCALE[t] * γ * sign(m), γ


def erf(z):
    """The error function by its Taylor series, with digits to spare for what cancels."""
    if z > 12:
        return Decimal(1)  # to 63 digits
    with localcontext() as context:
        context.prec = 200
        total, power, n = Decimal(0), z, 0
        while abs(power) > Decimal("1e-150"):
            total += power / (2 * n + 1)
            n += 1
            power *= -z * z / n
        return 2 * total / pi().sqrt()


def pi():
    """Machin: π/4 = 4 arctan(1/5) − arctan(1/239)."""
    def arctan(q):
        total, power, n = Decimal(0), 1 / Decimal(q), 0
        while abs(power) > Decimal("1e-190"):
            total += power / (2 * n + 1)
            power *= -1 / Decimal(q * q)
            n += 1
        return total

    return 4 * (4 * arctan(5) - arctan(239))


def adam_star_erf(h, t, i, x):
    m, s = average(h["beta"], t, past(i, t)), variance_estimate(h["beta"], t, i)
    variance = rho(h["beta"], t) * s
    γ = Decimal(m != 0) if variance <= 0 else erf(abs(m) / (2 * variance).sqrt())
    return -h["step_size"] * SCALE[t] * γ * sign(m), γ


# Steepest descent: x' − x = −α_t ‖g‖⋆/((1−c) + c ‖g‖⋆) d. That d is a steepest direction is checked by ‖d‖ = 1 and
# gᵀd = ‖g‖⋆.


def root_of_squares(v):
    return sum(u * u for u in v).sqrt()


def steepest(dual, direction, norm):
    def step(h, t, i, x):
        g = G[t]
        u, d = dual(g), direction(g)
        assert abs(norm(d) - 1) < Decimal("1e-50") and abs(sum(a * b for a, b in zip(g, d)) - u) < Decimal("1e-50")
        c = h["normalization"]
        return -h["step_size"] * SCALE[t] * Decimal(t + 1) ** -h["decay"] * u / (1 - c + c * u) * d[i]

    return step


def largest(v):
    return max(abs(u) for u in v)


def largest_alone(g):
    at = [abs(u) for u in g].index(largest(g))
    return [sign(u) if i == at else ZERO for i, u in enumerate(g)]


normalized_sgd = steepest(root_of_squares, lambda g: [u / root_of_squares(g) for u in g], root_of_squares)
norm_scaled_sign_sgd = steepest(lambda g: sum(abs(u) for u in g), lambda g: [sign(u) for u in g], largest)
coordinate_sgd = steepest(largest, largest_alone, lambda d: sum(abs(u) for u in d))

BLOCKS = [("first", 0, 1), ("second", 1, 2), ("third", 3, 1)]


def norms_of_blocks(v):
    return [root_of_squares(v[at : at + n]) for _, at, n in BLOCKS]


block_normalized_sgd = steepest(
    lambda g: sum(norms_of_blocks(g)),
    lambda g: [over(g[at + k], u) for (_, at, n), u in zip(BLOCKS, norms_of_blocks(g)) for k in range(n)],
    lambda d: max(norms_of_blocks(d)),
)


# Two looks at each batch: the even measurements are of new batches, the odd ones of the same batches at trial points.


def sam(h, t, i, x):
    g = G[t - t % 2]
    away = h["rho"] * g[i] / root_of_squares(g)
    return -away - h["step_size"] * SCALE[t] * G[t][i] if t % 2 else away


def searches(h, t, losses):
    """The step sizes that the search has tried after measurement t, for each batch so far, with its number."""
    batches = [[0, [h["step_size"] * SCALE[0]]]]
    accepted = False
    for now in range(1, t + 1):
        start, tried = batches[-1]
        if accepted:
            batches.append([now, [min(h["step_size"] * SCALE[now], h["growth"] * tried[-1])]])
            accepted = False
            continue
        least = Decimal(losses[start]) - h["armijo"] * tried[-1] * sum(u * u for u in G[start])
        accepted = Decimal(losses[now]) <= least
        if not accepted:
            tried.append(tried[-1] * h["shrink"])
    return batches, accepted


def line_search_sgd(losses):
    def step(h, t, i, x):
        def moved(t):
            batches, _ = searches(h, t, losses)
            return sum(-tried[-1] * G[start][i] for start, tried in batches)

        return moved(t) - (moved(t - 1) if t else ZERO)

    return step


def accepted_step_sizes(h, losses):
    out = []
    for t in range(T):
        batches, accepted = searches(h, t, losses)
        last = batches if accepted else batches[:-1]
        out.append([last[-1][1][-1] if last else ZERO])
    return out


# Methods with matrices: x' − x = −α (A + λI)⁻¹ g by Cramer's rule.


def determinant(a):
    if not a:
        return ONE
    return sum((-1) ** j * v * determinant([row[:j] + row[j + 1 :] for row in a[1:]]) for j, v in enumerate(a[0]))


def damped(name):
    def step(h, t, i, x):
        a = exact(MATRICES[name][t])
        a = [[v + (h["damping"] if j == k else 0) for k, v in enumerate(row)] for j, row in enumerate(a)]
        replaced = [row[:i] + [g] + row[i + 1 :] for row, g in zip(a, G[t])]
        return -h["step_size"] * SCALE[t] * determinant(replaced) / determinant(a)

    return step


def several_labels(h, t, i, x):
    """Every k-th measurement ends a step, by the gradient there and the mean of the last k matrices."""
    k = int(h["labels"])
    if t % k < k - 1:
        return ZERO
    last = [exact(MATRICES["sampled-fisher"][u]) for u in range(t - k + 1, t + 1)]
    a = [[sum(A[j][l] for A in last) / k + (h["damping"] if j == l else 0) for l in range(D)] for j in range(D)]
    replaced = [row[:i] + [g] + row[i + 1 :] for row, g in zip(a, G[t])]
    return -h["step_size"] * SCALE[t] * determinant(replaced) / determinant(a)


def matrix_svag(h, t, i, x):
    m = [average(h["beta"], t, past(j, t)) for j in range(D)]
    shares = [[[v / BATCH_SIZES[u] for v in row] for row in exact(MATRICES["covariance"][u])] for u in range(t + 1)]
    a = [[average(h["beta"] ** 2, t, [S[j][k] for S in shares]) + m[j] * m[k] + (h["damping"] if j == k else 0)
          for k in range(D)] for j in range(D)]
    replaced = [row[:i] + [v] + row[i + 1 :] for row, v in zip(a, m)]
    along = sum(v * g for v, g in zip(m, G[t]))
    return -h["step_size"] * SCALE[t] * along * determinant(replaced) / determinant(a)


# Oracles know the mean μ and the variance σ² of one example's gradient. That of a batch of m has mean square μ² + σ²/m.


def relative_noise(t):
    """η²"""
    return sum(exact(TRUE_VARIANCES[t])) / sum(u * u for u in exact(TRUE_GRADIENTS[t]))


def ideal_svag(h, t, i, x):
    μ, σ2 = Decimal(TRUE_GRADIENTS[t][i]), Decimal(TRUE_VARIANCES[t][i])
    γ = over(μ * μ, μ * μ + σ2 / BATCH_SIZES[t])
    return -h["step_size"] * SCALE[t] * γ * G[t][i], γ


def oracle_step_sgd(h, t, i, x):
    γ = 1 / (1 + relative_noise(t) / BATCH_SIZES[t])
    return -h["step_size"] * SCALE[t] * γ * G[t][i], γ


def oracle_rule(h, t, losses):
    γ = h["step_size"] * SCALE[t] * Decimal(SMOOTHNESS)
    return 2 * γ * relative_noise(t) / (2 - γ), True


# The batch-size rules. Dividing both averages by 1 − μ^(t+1) does not change the quotient.


def from_zero(μ, t, values):
    return (1 - μ) * sum(μ ** (t - s) * values[s] for s in range(t + 1))


def rule(h, t, losses, numerator_factor, second):
    μ = h["mu"]
    norms = [sum(S2[s]) for s in range(t + 1)]
    σ2, y = from_zero(μ, t, norms), from_zero(μ, t, second)
    value = numerator_factor * σ2 / y
    return value, average(μ, t, norms), average(μ, t, second), y > 0


def cabs_rule(h, t, losses):
    return rule(h, t, losses, h["step_size"] * SCALE[t], [Decimal(f) for f in losses[: t + 1]])


def growing_rule(h, t, losses):
    return h["min_batch_size"] * h["growth"] ** (t + 1), True


def competitor_rule(h, t, losses):
    return rule(h, t, losses, 1 / h["theta"] ** 2, [sum(g * g for g in G[s]) for s in range(t + 1)])


def batch_sizes(rule, h, losses):
    least = int(h.get("min_batch_size", 1))
    sizes, reports = [int(h.get("min_batch_size", PLAN_BATCH_SIZE))], []
    for t in range(T):
        value, *averages, valid = rule(h, t, losses)
        reports.append([value, *averages] + ([Decimal(not valid)] if averages else []))
        if not valid:
            sizes.append(sizes[-1])
            continue
        if not value.is_finite():
            sizes.append(int(h["max_batch_size"]))
            continue
        rounded = int(value.quantize(ONE, ROUND_HALF_EVEN))
        assert abs(abs(value - rounded) - Decimal("0.5")) > Decimal("0.001"), "too near to a tie to compare"
        sizes.append(min(max(rounded, least), int(h["max_batch_size"])))
    return sizes, reports


# Variants of Adam. λ is decoupled and by role: of the blocks in ROLES only the weights, coordinates 0 and 1, decay.

ROLES = [("weights", 0, 2, "weight"), ("bias", 2, 1, "bias"), ("scale", 3, 1, "scale")]


def λ(h, i):
    return h["weight_decay"] if i < 2 or h["decay_all"] == 1 else ZERO


def decoupled(direction):
    def step(h, t, i, x):
        return -h["step_size"] * SCALE[t] * (direction(h, t, i) + λ(h, i) * x)

    return step


def from_zero_weights(β, t):
    """The weights of an average that starts at 0 and is not corrected."""
    return [(1 - β) * β ** (t - s) for s in range(t + 1)]


def uncorrected(β, t, values):
    return sum(c * v for c, v in zip(from_zero_weights(β, t), values))


def product(values):
    out = ONE
    for v in values:
        out *= v
    return out


def squares_of(i, t):
    return [g * g for g in past(i, t)]


def adamw_by_role(h, t, i, x):
    return -SCALE[t] * (h["step_size"] * adam_direction(h, t, i) + λ(h, i) * x)


@decoupled
def nadam(h, t, i):
    μ = [h["beta1"] * (1 - Decimal("0.5") * Decimal(0.96) ** (n * h["momentum_decay"])) for n in range(1, t + 3)]
    m = uncorrected(h["beta1"], t, past(i, t))
    v = average(h["beta2"], t, squares_of(i, t))
    ahead = μ[t + 1] * m / (1 - product(μ))
    return over((1 - μ[t]) * G[t][i] / (1 - product(μ[:-1])) + ahead, v.sqrt() + h["epsilon"])


@decoupled
def radam(h, t, i):
    β, n = h["beta2"], t + 1
    m, v = average(h["beta1"], t, past(i, t)), uncorrected(β, t, squares_of(i, t))
    # The length of a simple average with the same centre of mass, as 2 (centre) + 1.
    longest = 2 * β / (1 - β) + 1
    length = longest - 2 * n * β**n / (1 - β**n)
    if length <= 5:
        return m
    r2 = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return over(m * (r2 * (1 - β**n)).sqrt(), v.sqrt() + h["epsilon"])


@decoupled
def amsgrad(h, t, i):
    greatest = max(uncorrected(h["beta2"], s, squares_of(i, s)) for s in range(t + 1))
    v = greatest / (1 - h["beta2"] ** (t + 1))
    return over(average(h["beta1"], t, past(i, t)), v.sqrt() + h["epsilon"])


@decoupled
def adamax(h, t, i):
    v = max(h["beta2"] ** (t - s) * (abs(G[s][i]) + h["epsilon"]) for s in range(t + 1))
    return over(average(h["beta1"], t, past(i, t)), v)


def adadelta(h, t, i, x):
    Δ = []
    for s in range(t + 1):
        v = uncorrected(h["rho"], s, squares_of(i, s))
        w = uncorrected(h["rho"], s - 1, [u * u for u in Δ]) if s else ZERO
        Δ.append(G[s][i] * over((w + h["epsilon"]).sqrt(), (v + h["epsilon"]).sqrt()))
    return -h["step_size"] * SCALE[t] * Δ[t]


@decoupled
def adabelief(h, t, i):
    β1, β2, ε = h["beta1"], h["beta2"], h["epsilon"]
    m = [uncorrected(β1, s, past(i, s)) for s in range(t + 1)]
    s = sum(β2 ** (t - s) * ((1 - β2) * (G[s][i] - m[s]) ** 2 + ε) for s in range(t + 1))
    return over(m[t] / (1 - β1 ** (t + 1)), (s / (1 - β2 ** (t + 1))).sqrt() + ε)


def rprop(h, t, i, x):
    Δ, last = h["step_size"], ZERO
    for g in past(i, t):
        same = sign(g) * sign(last)
        Δ *= {1: h["growth"], -1: h["shrink"], 0: ONE}[int(same)]
        Δ = min(max(Δ, h["min_step"]), h["max_step"])
        last = ZERO if same < 0 else g
    return -SCALE[t] * Δ * sign(last)


def adan(h, t, i, x):
    g = past(i, t)
    differences = [g[s] - g[max(s - 1, 0)] for s in range(t + 1)]
    m, δ = average(h["beta1"], t, g), average(h["beta2"], t, differences)
    v = average(h["beta3"], t, [(u + h["beta2"] * d) ** 2 for u, d in zip(g, differences)])
    α = h["step_size"] * SCALE[t]
    return (x - α * over(m + h["beta2"] * δ, v.sqrt() + h["epsilon"])) / (1 + α * λ(h, i)) - x


def adopt(h, t, i, x):
    if t == 0:
        return ZERO
    u = []
    for s in range(1, t + 1):
        v = h["beta2"] ** (s - 1) * G[0][i] ** 2
        v += sum((1 - h["beta2"]) * h["beta2"] ** (s - 1 - r) * G[r][i] ** 2 for r in range(1, s))
        bound = Decimal(s).sqrt().sqrt()
        u.append(max(-bound, min(bound, over(G[s][i], max(v.sqrt(), h["epsilon"])))))
    return -h["step_size"] * SCALE[t] * (uncorrected(h["beta1"], t - 1, u) + λ(h, i) * x)


def ademamix(budget):
    def half_life(β):
        return Decimal("0.5").ln() / β.ln()

    @decoupled
    def direction(h, t, i):
        used = [Decimal(sum(BATCH_SIZES[: s + 1])) / budget for s in range(t + 1)]
        used = [min(u, ONE) for u in used]
        lives = [(1 - u) * half_life(h["beta1"]) + u * half_life(h["beta3"]) for u in used]
        β = [Decimal("0.5") ** (1 / life) for life in lives]
        slow = sum((1 - β[s]) * product(β[s + 1 :]) * G[s][i] for s in range(t + 1))
        v = average(h["beta2"], t, squares_of(i, t))
        return over(average(h["beta1"], t, past(i, t)) + h["slow"] * used[t] * slow, v.sqrt() + h["epsilon"])

    return direction


def mars(blocks):
    def corrected(h, s, i):
        at, n = next((at, n) for _, at, n, *_ in blocks if at <= i < at + n)
        c = [
            g + h["gamma"] * h["beta1"] / (1 - h["beta1"]) * (g - (G[s - 1][k] if s else 0)) for k, g in enumerate(G[s])
        ]
        norm = root_of_squares(c[at : at + n])
        return c[i] * min(ONE, h["clip"] / norm) if h["clip"] and norm else c[i]

    @decoupled
    def direction(h, t, i):
        c = [corrected(h, s, i) for s in range(t + 1)]
        return over(average(h["beta1"], t, c), average(h["beta2"], t, [u * u for u in c]).sqrt() + h["epsilon"])

    return direction


@decoupled
def sophia_g(h, t, i):
    m = uncorrected(h["beta1"], t, past(i, t))
    times = range(0, t + 1, int(h["interval"]))
    ĝ = [BATCH_SIZES[s] * Decimal(SAMPLED_GRADIENTS[s][i]) ** 2 for s in times]
    curvature = h["rho"] * uncorrected(h["beta2"], len(ĝ) - 1, ĝ)
    return max(-ONE, min(ONE, over(m, max(curvature, h["epsilon"]))))


# Noise against the gradient: ‖g‖² − ‖s‖₁/m estimates ‖∇f‖² without bias.


def true_square(s):
    return sum(g * g for g in G[s]) - sum(S2[s]) / BATCH_SIZES[s]


def noise_scale_rule(h, t, losses):
    second = [true_square(s) for s in range(t + 1)]
    value, *averages, positive = rule(h, t, losses, ONE, second)
    return value if positive else Decimal("Infinity"), *averages, True


def gain(h, t):
    b = h["base_batch_size"]
    θ = 1 - PLAN_BATCH_SIZE / b / 1000
    σ2, μ2 = average(θ, t, [sum(S2[s]) / b for s in range(t + 1)]), average(θ, t, [true_square(s) for s in range(t + 1)])
    S = BATCH_SIZES[t] / b
    return (σ2 + max(μ2, ZERO)) / (σ2 / S + max(μ2, ZERO))


def adascale(h, t, i, x):
    return -gain(h, t) * h["step_size"] * SCALE[t] * G[t][i]


# L-BFGS: the inverse Hessian as a matrix, by BFGS's own formula from each of the last pairs, and the line search as a
# list of what it has seen.


def inner(u, v):
    return sum(a * b for a, b in zip(u, v))


def bfgs_direction(pairs, g):
    """−H g with H' = (I − ρ s yᵀ) H (I − ρ y sᵀ) + ρ s sᵀ, from γ I."""
    n = range(len(g))
    s, y = pairs[-1]
    H = [[inner(s, y) / inner(y, y) if i == j else ZERO for j in n] for i in n]
    for s, y in pairs:
        ρ = 1 / inner(s, y)
        V = [[(1 if i == j else 0) - ρ * y[i] * s[j] for j in n] for i in n]
        HV = [[inner(row, [V[k][j] for k in n]) for j in n] for row in H]
        H = [[sum(V[k][i] * HV[k][j] for k in n) + ρ * s[i] * s[j] for j in n] for i in n]
    return [-inner(row, g) for row in H]


def lowest(a, b):
    """Where the cubic through two trials (η, φ, slope) has its minimum, from its coefficients; None if it has none."""
    Δ, rise = b[0] - a[0], (b[1] - a[1]) / (b[0] - a[0])
    c2, c3 = (3 * rise - 2 * a[2] - b[2]) / Δ, (a[2] + b[2] - 2 * rise) / Δ**2
    root = c2 * c2 - 3 * c3 * a[2]
    return None if root < 0 else a[0] + (root.sqrt() - c2) / (3 * c3)


def along(h, seen):
    """What a search does after the trials seen, of which the first is that at 0: None if it accepts the last one, else η."""
    start, low, high, widths = seen[0], seen[0], None, []
    for now in seen[1:]:
        before = low
        if now[1] > start[1] + h["armijo"] * now[0] * start[2] or now[1] > low[1]:
            high = now
        elif abs(now[2]) <= -h["curvature"] * start[2]:
            return None
        else:
            if now[2] * ((high[0] - low[0]) if high else 1) >= 0:
                high = low
            low = now
        if high is None:
            η = lowest(before, now)
            stride = now[0] - before[0]
            η = now[0] + (4 * stride if η is None else min(max(η - now[0], stride * Decimal(1.1)), 4 * stride))
            continue
        width, η = abs(high[0] - low[0]), lowest(low, high)
        outside = η is None or not min(low[0], high[0]) < η < max(low[0], high[0])
        if outside or len(widths) > 1 and width > widths[-2] * 2 / 3:
            η = (low[0] + high[0]) / 2
        widths.append(width)
    return η


def l_bfgs(losses):
    def points(h):
        x, out, steps, pairs, seen = X0, [], [], [], None
        for t in range(T):
            g, φ = G[t], Decimal(losses[t])
            η = None
            if seen:
                seen.append((trial, φ, inner(d, g)))
                η = along(h, seen)
            if η is None:
                here = [u + trial * v for u, v in zip(x, d)] if seen else x
                if seen:
                    s, y = [a - b for a, b in zip(here, x)], [a - b for a, b in zip(g, old)]
                    pairs = (pairs + [(s, y)] if inner(s, y) > 0 else pairs)[-int(h["memory"]) :]
                    steps.append(trial)
                x, old = here, g
                d = bfgs_direction(pairs, g) if pairs else [-u for u in g]
                η = h["step_size"] * SCALE[t] / (ONE if pairs else root_of_squares(g))
                seen = [(ZERO, φ, inner(d, g))]
                assert seen[0][2] < 0
            trial = η
            out.append(([u + trial * v for u, v in zip(x, d)], x, steps[-1] if steps else ZERO))
        return out

    return points


def run_l_bfgs(setting, losses):
    rows = l_bfgs(LOSSES[losses])({k: Decimal(v) for k, v in setting.items()})
    return {"optimizer": "l-bfgs", "setting": setting, "losses": losses, "x": [x for x, _, _ in rows],
            "estimates": [x for _, x, _ in rows], "reports": [[η] for _, _, η in rows]}


def run(name, step, setting, losses="falling", rule=None, averages=False, blocks=None, reports=None, budget=0):
    h = {k: Decimal(v) for k, v in setting.items()}
    x, trajectory, reports = list(X0), [], reports(h, LOSSES[losses]) if reports else []
    for t in range(T):
        steps = [step(h, t, i, x[i]) for i in range(D)]
        if isinstance(steps[0], tuple):
            reports.append([sum(γ for _, γ in steps) / D])
            steps = [δ for δ, _ in steps]
        x = [u + δ for u, δ in zip(x, steps)]
        trajectory.append(x)
    out = {"optimizer": name, "setting": setting, "losses": losses, "x": trajectory}
    if blocks:
        out["blocks"] = [
            {"name": name, "offset": at, "len": n, **{"role": r for r in role}} for name, at, n, *role in blocks
        ]
    if budget:
        out["budget"] = budget
    if averages:
        out["estimates"] = [[sum(x[i] for x in trajectory[: t + 1]) / (t + 1) for i in range(D)] for t in range(T)]
    if rule:
        out["batch_sizes"], reports = batch_sizes(rule, h, LOSSES[losses])
    if reports and all(v.is_finite() for row in reports for v in row):
        out["reports"] = reports
    return out


sizes = {"mu": 0.95, "min_batch_size": 16, "max_batch_size": 2048}
small = {"mu": 0.5, "min_batch_size": 2, "max_batch_size": 64}
adam_set = {"step_size": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
adam_zero = {"step_size": 0.06, "beta1": 0.8, "beta2": 0.6, "epsilon": 0.0}
plain = {"normalization": 0.0, "decay": 0.0}
normalised = {"normalization": 1.0, "decay": 0.5}
soft = {"normalization": 0.4, "decay": 0.25}
search = {"armijo": 0.1, "shrink": 0.5, "growth": 1.1}
RUNS = [
    run("sgd", sgd, {"step_size": 0.1}),
    run("heavy-ball", heavy_ball, {"step_size": 0.01, "beta": 0.9}),
    run("nesterov", nesterov, {"step_size": 0.01, "beta": 0.9}),
    run("m-sgd", m_sgd, {"step_size": 0.1, "beta": 0.9}),
    run("m-sgd", m_sgd, {"step_size": 0.3, "beta": 0.999}),
    run("sign-sgd", sign_sgd, {"step_size": 0.001}),
    run("m-sign-sgd", m_sign_sgd, {"step_size": 0.001, "beta": 0.9}),
    run("normalized-sgd", normalized_sgd, {"step_size": 0.1, **normalised}),
    run("normalized-sgd", normalized_sgd, {"step_size": 0.3, **soft}),
    run("norm-scaled-sign-sgd", norm_scaled_sign_sgd, {"step_size": 0.001, **plain}),
    run("norm-scaled-sign-sgd", norm_scaled_sign_sgd, {"step_size": 0.3, **soft}),
    run("coordinate-sgd", coordinate_sgd, {"step_size": 0.1, **plain}),
    run("coordinate-sgd", coordinate_sgd, {"step_size": 0.3, **soft}),
    run("block-normalized-sgd", block_normalized_sgd, {"step_size": 0.01, **plain}, blocks=BLOCKS),
    run("block-normalized-sgd", block_normalized_sgd, {"step_size": 0.3, **soft}, blocks=BLOCKS),
    run("adagrad", adagrad, {"step_size": 0.01, "epsilon": 1e-10}),
    run("adagrad", adagrad, {"step_size": 0.3, "epsilon": 0.0}),
    run("rmsprop", rmsprop, {"step_size": 0.001, "beta": 0.9, "epsilon": 1e-8}),
    run("rmsprop", rmsprop, {"step_size": 0.03, "beta": 0.6, "epsilon": 0.0}),
    run("adam", adam, adam_set),
    run("adam", adam, adam_zero),
    run("adamw", adamw, {**adam_set, "weight_decay": 1e-5}),
    run("adamw", adamw, {**adam_zero, "weight_decay": 0.125}),
    run("svag", svag, {"step_size": 0.1, "beta": 0.9}),
    run("svag", svag, {"step_size": 0.3, "beta": 0.5}),
    run("m-svag", m_svag, {"step_size": 0.1, "beta": 0.9}),
    run("m-svag", m_svag, {"step_size": 0.3, "beta": 0.5}),
    run("m-svag-mb", m_svag_mb, {"step_size": 0.1, "beta": 0.9}),
    run("m-svag-mb", m_svag_mb, {"step_size": 0.3, "beta": 0.5}),
    run("adam-star", adam_star, {"step_size": 0.001, "beta": 0.9}),
    run("adam-star", adam_star, {"step_size": 0.06, "beta": 0.5}),
    run("svag-mb", svag_mb, {"step_size": 0.1, "beta": 0.9}),
    run("svag-mb", svag_mb, {"step_size": 0.3, "beta": 0.5}),
    run("adam-star-mb", adam_star_mb, {"step_size": 0.001, "beta": 0.9}),
    run("adam-star-mb", adam_star_mb, {"step_size": 0.06, "beta": 0.5}),
    run("adam-star-erf", adam_star_erf, {"step_size": 0.001, "beta": 0.9}),
    run("adam-star-erf", adam_star_erf, {"step_size": 0.06, "beta": 0.5}),
    run("growing-batch-sgd", sgd, {"step_size": 0.1, "growth": 1.3, "min_batch_size": 2, "max_batch_size": 7},
        rule=growing_rule),
    run("cabs", sgd, {"step_size": 5.3, **sizes}, rule=cabs_rule),
    run("cabs", sgd, {"step_size": 0.7, **small}, losses="negative", rule=cabs_rule),
    run("competitor", sgd, {"step_size": 0.1, "theta": 0.8, **sizes}, rule=competitor_rule),
    run("competitor", sgd, {"step_size": 0.1, "theta": 1.0, **small}, rule=competitor_rule),
    run("asgd", sgd, {"step_size": 0.1}, averages=True),
    run("line-search-sgd", line_search_sgd(LOSSES["searched"]), {"step_size": 0.5, **search}, losses="searched",
        reports=accepted_step_sizes),
    run("line-search-sgd", line_search_sgd(LOSSES["falling"]), {"step_size": 0.1, **search, "growth": 2.0},
        reports=accepted_step_sizes),
    run("sam", sam, {"step_size": 0.1, "rho": 0.05}),
    run("sam", sam, {"step_size": 0.3, "rho": 2.0}),
    run("gd", sgd, {"step_size": 0.1}),
    run("ngd", damped("fisher"), {"step_size": 0.5, "damping": 0.0}),
    run("ngd", damped("fisher"), {"step_size": 1.0, "damping": 0.125}),
    run("efgd", damped("empirical-fisher"), {"step_size": 1.0, "damping": 1e-8}),
    run("stochastic-efgd", damped("empirical-fisher"), {"step_size": 0.5, "damping": 0.125}),
    run("matrix-svag", matrix_svag, {"step_size": 0.1, "beta": 0.9, "damping": 0.0}),
    run("matrix-svag", matrix_svag, {"step_size": 0.3, "beta": 0.5, "damping": 0.125}),
    run("mc-fisher-ngd", damped("sampled-fisher"), {"step_size": 1.0, "damping": 0.01}),
    run("mc-fisher-ngd", several_labels, {"step_size": 1.0, "damping": 0.01, "labels": 2}),
    run("mc-fisher-ngd", several_labels, {"step_size": 0.5, "damping": 0.125, "labels": 3}),
    run("newton", damped("hessian"), {"step_size": 1.0, "damping": 0.0}),
    run("newton", damped("hessian"), {"step_size": 0.5, "damping": 0.25}),
    run("ideal-svag", ideal_svag, {"step_size": 0.1}),
    run("oracle-step-sgd", oracle_step_sgd, {"step_size": 0.1}),
    run("oracle-batch-sgd", sgd, {"step_size": 3.5, "max_batch_size": 2048}, rule=oracle_rule),
    run("oracle-batch-sgd", sgd, {"step_size": 0.01, "max_batch_size": 4}, rule=oracle_rule),
]


decays = {"weight_decay": 0.0, "decay_all": 0}
decaying = {"weight_decay": 0.5, "decay_all": 0}
all_decay = {"weight_decay": 0.25, "decay_all": 1}
nadam_set = {**adam_set, "step_size": 0.002, "momentum_decay": 4e-3}
short = {**adam_zero, "beta2": 0.75}
adan_set = {"step_size": 0.001, "beta1": 0.98, "beta2": 0.92, "beta3": 0.99, "epsilon": 1e-8}
adopt_set = {"step_size": 0.001, "beta1": 0.9, "beta2": 0.9999, "epsilon": 1e-6}
mix_set = {**adam_set, "beta3": 0.9999, "slow": 2.0}
mars_set = {"step_size": 0.003, "beta1": 0.95, "beta2": 0.99, "epsilon": 1e-8, "gamma": 0.025, "clip": 1.0}
sophia_set = {"step_size": 1e-4, "beta1": 0.965, "beta2": 0.99, "rho": 0.04, "epsilon": 1e-15, "interval": 10}
l_bfgs_set = {"step_size": 1.0, "memory": 10, "armijo": 1e-4, "curvature": 0.9}
rprop_set = {"step_size": 0.01, "shrink": 0.5, "growth": 1.2, "min_step": 1e-6, "max_step": 50.0}
RUNS += [
    run("adamw", adamw_by_role, {**adam_zero, "weight_decay": 0.125, "decay_all": 0}, blocks=ROLES),
    run("adamw", adamw_by_role, {**adam_zero, "weight_decay": 0.125, "decay_all": 1}, blocks=ROLES),
    run("nadam", nadam, {**nadam_set, **decays}),
    run("nadam", nadam, {**adam_zero, "momentum_decay": 0.5, **decaying}, blocks=ROLES),
    run("radam", radam, {**adam_set, **decays}),
    run("radam", radam, {**adam_zero, "beta2": 0.875, **decaying}, blocks=ROLES),
    run("radam", radam, {**short, "epsilon": 0.01, **decays}),
    run("amsgrad", amsgrad, {**adam_set, **decays}),
    run("amsgrad", amsgrad, {**adam_zero, **decaying}, blocks=ROLES),
    run("adamax", adamax, {**adam_set, **decays}),
    run("adamax", adamax, {**adam_zero, **all_decay}, blocks=ROLES),
    run("adadelta", adadelta, {"step_size": 1.0, "rho": 0.9, "epsilon": 1e-6}),
    run("adadelta", adadelta, {"step_size": 0.25, "rho": 0.5, "epsilon": 0.25}),
    run("adabelief", adabelief, {**adam_set, "epsilon": 1e-16, **decays}),
    run("adabelief", adabelief, {**adam_zero, "epsilon": 0.125, **decaying}, blocks=ROLES),
    run("rprop", rprop, rprop_set),
    run("rprop", rprop, {**rprop_set, "step_size": 0.25, "growth": 1.5, "min_step": 0.1875, "max_step": 0.3125}),
    run("adan", adan, {**adan_set, **decays}),
    run("adan", adan, {**adan_set, "step_size": 0.06, "beta1": 0.5, "beta2": 0.25, "epsilon": 0.0, **decaying}, blocks=ROLES),
    run("adopt", adopt, {**adopt_set, **decays}),
    run("adopt", adopt, {**adopt_set, "step_size": 0.06, "beta1": 0.5, "beta2": 0.75, **decaying}, blocks=ROLES),
    run("ademamix", ademamix(1 << 20), {**mix_set, **decays}),
    run("ademamix", ademamix(160), {**mix_set, "step_size": 0.06, "beta2": 0.5, "beta3": 0.99, **decaying}, blocks=ROLES,
        budget=160),
    run("mars", mars([("all", 0, 4)]), {**mars_set, **decays}),
    run("mars", mars(ROLES), {**mars_set, "step_size": 0.06, "beta1": 0.5, "gamma": 0.5, "clip": 1.5, **decaying}, blocks=ROLES),
    run("mars", mars(ROLES), {**mars_set, "step_size": 0.06, "clip": 0.0, **all_decay}, blocks=ROLES),
    run("noise-scale", sgd, {"step_size": 0.1, **sizes}, rule=noise_scale_rule),
    run("noise-scale", sgd, {"step_size": 0.1, **small}, rule=noise_scale_rule),
    run("adascale", adascale, {"step_size": 0.1, "base_batch_size": 16}, reports=lambda h, _: [[gain(h, t)] for t in range(T)]),
    run("adascale", adascale, {"step_size": 0.3, "base_batch_size": 1}, reports=lambda h, _: [[gain(h, t)] for t in range(T)]),
    run("sophia-g", sophia_g, {**sophia_set, "weight_decay": 0.1, "decay_all": 0}, blocks=ROLES),
    run("sophia-g", sophia_g, {**sophia_set, "step_size": 0.06, "beta1": 0.5, "beta2": 0.75, "rho": 0.125, "interval": 3,
                               **decays}),
    run_l_bfgs(l_bfgs_set, "searched"),
    run_l_bfgs({**l_bfgs_set, "memory": 2}, "falling"),
    run_l_bfgs({**l_bfgs_set, "step_size": 0.25, "curvature": 0.1}, "falling"),
]


def exact_rho(β, t):
    """ρ summed term by term in exact fractions for short averages, in decimals for long ones."""
    if t <= 9:
        β = Fraction(β)
        raw = [β**s if s else Fraction(1) for s in range(t + 1)]
        ρ = sum(c * c for c in raw) / sum(raw) ** 2
        return Decimal(ρ.numerator) / Decimal(ρ.denominator)
    term, total, squares = ONE, ZERO, ZERO
    for _ in range(t + 1):
        total, squares, term = total + term, squares + term * term, term * Decimal(β)
    return squares / total**2


RHO = [
    {"beta": β, "t": t, "rho": exact_rho(β, t)}
    for β in (0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 0.999999, 0.999999999)
    for t in (0, 1, 2, 9, 100, 20000)
]


# Optimizers of whole points: functions of (hyperparameters, problem, t, [x_0 … x_t]) that return x_{t+1} and, where
# evaluation judges another point, that. The problem of matrices has blocks; its gradients are those above in other clothes:
# short binary fractions.


class Problem:
    def __init__(self, start, gradients, blocks=()):
        self.start, self.gradients, self.blocks = exact(start), exact(gradients), blocks

    def block(self, i):
        return next((b for b in self.blocks if b["offset"] <= i < b["offset"] + b["len"]), {})

    def decays(self, h, i):
        return h["decay_all"] == 1 or self.block(i).get("role") not in ("bias", "scale")

    def past(self, t, i):
        return [g[i] for g in self.gradients[: t + 1]]


WIDE_BLOCKS = [
    {"name": "hidden", "offset": 0, "len": 6, "shape": [2, 3], "output": 1, "role": "weight"},
    {"name": "bias", "offset": 6, "len": 2, "role": "bias"},
    {"name": "convolution", "offset": 8, "len": 8, "shape": [2, 2, 2], "output": 2},
    {"name": "scale", "offset": 16, "len": 1, "role": "scale"},
    {"name": "outputs", "offset": 17, "len": 4, "shape": [2, 2], "role": "output"},
]
WIDE_START = [((5 * i + 3) % 11 - 5) / 4 for i in range(21)]
WIDE_GRADIENTS = [[((7 * t + 5 * i + 3 * t * i + i * i) % 17 - 8) / 8 for i in range(21)] for t in range(T)]
PLAIN, WIDE = Problem(START, GRADIENTS), Problem(WIDE_START, WIDE_GRADIENTS, WIDE_BLOCKS)


def trace(name, step, setting, problem=PLAIN):
    h = {k: Decimal(v) for k, v in setting.items()}
    points, estimates = [problem.start], []
    for t in range(T):
        x = step(h, problem, t, points)
        if isinstance(x, tuple):
            x, estimate = x
            estimates.append(estimate)
        points.append(x)
    out = {"optimizer": name, "setting": setting, "losses": "falling", "x": points[1:], "wide": problem is WIDE}
    if problem.blocks:
        out["blocks"] = problem.blocks
    if estimates:
        out["estimates"] = estimates
    return out


def coordinatewise(direction, step_size="step_size"):
    """x' = x − α (direction + λ x) with λ 0 where nothing decays."""

    def step(h, p, t, points):
        return [
            x - h[step_size] * SCALE[t] * (direction(h, p, t, i) + (h["weight_decay"] * x if p.decays(h, i) else 0))
            for i, x in enumerate(points[t])
        ]

    return step


def lion_direction(h, p, t, i):
    β1, β2, g = h["beta1"], h["beta2"], p.past(t, i)
    m = sum((1 - β2) * β2 ** (t - 1 - s) * g[s] for s in range(t))
    return sign(β1 * m + (1 - β1) * g[t])


# Matrices are lists of rows, outputs × inputs.


def transpose(a):
    return [list(row) for row in zip(*a)]


def times(a, b):
    return [[sum(u * v for u, v in zip(row, column)) for column in transpose(b)] for row in a]


def plus(a, b, factor=ONE):
    return [[u + factor * v for u, v in zip(p, q)] for p, q in zip(a, b)]


def scaled(c, a):
    return [[c * u for u in row] for row in a]


def frobenius(a):
    return root_of_squares([u for row in a for u in row])


def is_matrix(b, hidden):
    return "shape" in b and b.get("role") not in ("bias", "scale") and not (hidden and b.get("role") in ("embedding", "output"))


def numbers_of(b):
    """The numbers of a block's elements in x, as a matrix."""
    outputs = b["shape"][b.get("output", 0)]
    if b.get("output", 0) == 0:
        return [[b["offset"] + o * (b["len"] // outputs) + i for i in range(b["len"] // outputs)] for o in range(outputs)]
    return [[b["offset"] + i * outputs + o for i in range(b["len"] // outputs)] for o in range(outputs)]


def on_matrices(matrix_step, rest_step, hidden):
    """matrix_step(h, p, t, points of W, gradients so far, numbers) returns W', rest_step is a step for all coordinates."""

    def step(h, p, t, points):
        x = rest_step(h, p, t, points)
        for b in p.blocks:
            if is_matrix(b, hidden):
                at = numbers_of(b)
                pick = lambda v: [[v[i] for i in row] for row in at]
                w = matrix_step(h, p, t, [pick(v) for v in points], [pick(g) for g in p.gradients[: t + 1]], b)
                for row, new in zip(at, w):
                    for i, v in zip(row, new):
                        x[i] = v
        return x

    return step


def newton_schulz(u):
    tall = len(u) > len(u[0])
    x = transpose(u) if tall else u
    x = scaled(1 / (frobenius(x) + Decimal(1e-7)), x)
    for _ in range(5):
        a = times(x, transpose(x))
        b = plus(scaled(Decimal(-4.7750), a), times(a, a), Decimal(2.0315))
        x = plus(scaled(Decimal(3.4445), x), times(b, x))
    return transpose(x) if tall else x


def muon_direction(h, t, gradients):
    μ = h["momentum"]
    u = scaled(1 - μ, gradients[t])
    for s, g in enumerate(gradients):
        u = plus(u, g, (1 - μ) * μ ** (t - s + 1))
    return scaled(max(ONE, Decimal(len(u)) / len(u[0])).sqrt(), newton_schulz(u))


def decayed(h, p, b):
    return h["weight_decay"] if p.decays(h, b["offset"]) else ZERO


def muon_matrix(h, p, t, w, gradients, b):
    α = h["step_size"] * SCALE[t]
    return plus(scaled(1 - α * decayed(h, p, b), w[t]), muon_direction(h, t, gradients), -α)


def adam_of(prefix):
    def direction(h, p, t, i):
        m = average(h[prefix + "beta1"], t, p.past(t, i))
        v = average(h[prefix + "beta2"], t, [g * g for g in p.past(t, i)])
        return over(m, v.sqrt() + h[prefix + "epsilon"])

    return direction


muon = on_matrices(muon_matrix, coordinatewise(adam_of("adam_"), "adam_step_size"), hidden=True)

lion_set = {"step_size": 0.001, "beta1": 0.9, "beta2": 0.99, "weight_decay": 0.0, "decay_all": 0}
muon_set = {
    "step_size": 0.02, "adam_step_size": 0.003, "momentum": 0.95, "adam_beta1": 0.9, "adam_beta2": 0.95,
    "adam_epsilon": 1e-10, "weight_decay": 0.0, "decay_all": 0,
}
RUNS += [
    trace("lion", coordinatewise(lion_direction), lion_set),
    trace("lion", coordinatewise(lion_direction), {**lion_set, "step_size": 0.03, "beta1": 0.5, "weight_decay": 0.5}, WIDE),
    trace("muon", muon, muon_set, WIDE),
    trace("muon", muon, {**muon_set, "step_size": 0.1, "momentum": 0.5, "weight_decay": 0.25, "decay_all": 1}, WIDE),
    trace("muon", coordinatewise(adam_of("adam_")), {**muon_set, "weight_decay": 0.25}),
]


# Schedule-Free methods: y is the point, and x, which evaluation judges, is never computed: y is moved in place.


def schedule_free(adam):
    def step(h, p, t, points):
        y, z, most, total, v = list(p.start), list(p.start), ZERO, ZERO, [ZERO] * len(p.start)
        for k in range(t + 1):
            γ = h["step_size"] * SCALE[k] * min(ONE, Decimal(k + 1) / (h["warmup"] or 1))
            d = p.gradients[k]
            if adam:
                γ *= (1 - h["beta2"] ** (k + 1)).sqrt()
                v = [h["beta2"] * u + (1 - h["beta2"]) * g * g for u, g in zip(v, d)]
                d = [over(g, u.sqrt() + h["epsilon"]) for g, u in zip(d, v)]
            d = [g + (h["weight_decay"] * u if p.decays(h, i) else 0) for i, (g, u) in enumerate(zip(d, y))]
            most = max(most, γ)
            total += most**2
            c = most**2 / total
            y = [(1 - c) * a + c * b + γ * (h["beta"] * (1 - c) - 1) * g for a, b, g in zip(y, z, d)]
            z = [b - γ * g for b, g in zip(z, d)]
        return y, [a / h["beta"] + (1 - 1 / h["beta"]) * b for a, b in zip(y, z)]

    return step


free_set = {"step_size": 0.5, "beta": 0.9, "warmup": 0, "weight_decay": 0.0, "decay_all": 0}
free_adam_set = {**free_set, "step_size": 0.0025, "beta2": 0.999, "epsilon": 1e-8}
RUNS += [
    trace("schedule-free-sgd", schedule_free(False), free_set),
    trace("schedule-free-sgd", schedule_free(False), {**free_set, "beta": 0.5, "warmup": 3, "weight_decay": 0.25}, WIDE),
    trace("schedule-free-adamw", schedule_free(True), free_adam_set),
    trace("schedule-free-adamw", schedule_free(True), {**free_adam_set, "epsilon": 0.25}),
    trace("schedule-free-adamw", schedule_free(True),
          {**free_adam_set, "step_size": 0.1, "beta2": 0.75, "epsilon": 0.0, "warmup": 5, "weight_decay": 0.5}, WIDE),
]


# Methods with both sides of a matrix.


def eigen(a):
    """Eigenvalues, the greatest first, and eigenvectors as rows, by Jacobi's rotations."""
    n = len(a)
    a, vectors = [list(row) for row in a], [[Decimal(i == j) for j in range(n)] for i in range(n)]
    while max([abs(a[i][j]) for i in range(n) for j in range(i)], default=ZERO) > Decimal("1e-55"):
        for p in range(n):
            for q in range(p + 1, n):
                if abs(a[p][q]) < Decimal("1e-58"):
                    continue
                θ = (a[q][q] - a[p][p]) / (2 * a[p][q])
                tangent = (ONE if θ >= 0 else -ONE) / (abs(θ) + (θ * θ + 1).sqrt())
                c = 1 / (tangent * tangent + 1).sqrt()
                s = tangent * c
                rotation = [[Decimal(i == j) for j in range(n)] for i in range(n)]
                rotation[p][p], rotation[q][q], rotation[p][q], rotation[q][p] = c, c, s, -s
                a = times(times(transpose(rotation), a), rotation)
                vectors = times(transpose(rotation), vectors)
    order = sorted(range(n), key=lambda i: -a[i][i])
    return [a[i][i] for i in order], [vectors[i] for i in order]


def gram_schmidt(columns):
    out = []
    for v in columns:
        for q in out:
            along = sum(a * b for a, b in zip(q, v))
            v = [a - along * b for a, b in zip(v, q)]
        out.append([a / root_of_squares(v) for a in v])
    return out


def identity(n):
    return [[Decimal(i == j) for j in range(n)] for i in range(n)]


def soap_matrix(h, p, t, w, gradients, b):
    """The bases hold one vector in each row: Q_Lᵀ and Q_Rᵀ."""
    sides = [len(w[0]), len(w[0][0])]
    kept = [n <= h["max_side"] for n in sides]
    bases = [identity(n) for n in sides]
    v = scaled(ZERO, w[0])
    x = w[0]
    for k in range(t + 1):
        g = gradients[k]
        if k > 0:
            m = [[average(h["beta1"], k - 1, [G[i][j] for G in gradients[1 : k + 1]]) for j in range(sides[1])]
                 for i in range(sides[0])]
            turned = [times(times(bases[0], a), transpose(bases[1])) for a in (g, m)]
            v = [[h["beta2"] * a + (1 - h["beta2"]) * u * u for a, u in zip(*rows)] for rows in zip(v, turned[0])]
            n = [[over(u, (a / (1 - h["beta2"] ** k)).sqrt() + h["epsilon"]) for u, a in zip(*rows)]
                 for rows in zip(turned[1], v)]
            α = h["step_size"] * SCALE[k]
            x = plus(x, times(times(transpose(bases[0]), n), bases[1]), -α)
            x = scaled(1 - α * decayed(h, p, b), x)
        for side in range(2):
            if not kept[side] or k % int(h["every"]) != 0:
                continue
            grams = [times(G, transpose(G)) if side == 0 else times(transpose(G), G) for G in gradients[: k + 1]]
            a = [[average(h["beta2"], k, [M[i][j] for M in grams]) for j in range(sides[side])] for i in range(sides[side])]
            if k == 0:
                bases[side] = eigen(a)[1]
                continue
            images = [[sum(u * c for u, c in zip(row, q)) for row in a] for q in bases[side]]
            rates = [sum(u * c for u, c in zip(q, image)) for q, image in zip(bases[side], images)]
            order = sorted(range(sides[side]), key=lambda i: -rates[i])
            bases[side] = gram_schmidt([images[i] for i in order])
            v = [v[i] for i in order] if side == 0 else [[row[i] for i in order] for row in v]
    return x


soap = on_matrices(soap_matrix, coordinatewise(adam_of("")), hidden=False)
soap_set = {
    "step_size": 0.003, "beta1": 0.95, "beta2": 0.95, "epsilon": 1e-8, "every": 10, "max_side": 3, "weight_decay": 0.01,
    "decay_all": 0,
}
RUNS += [
    trace("soap", soap, soap_set, WIDE),
    trace("soap", soap, {**soap_set, "step_size": 0.05, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.25, "every": 2,
                         "weight_decay": 0.25}, WIDE),
    trace("soap", soap, {**soap_set, "step_size": 0.05, "epsilon": 0.0, "max_side": 2, "every": 1}, WIDE),
    trace("soap", coordinatewise(adam_of("")), soap_set),
]


def inverse_root(a, δ, order):
    values, vectors = eigen(a)
    roots = [(max(u, ZERO) + δ) ** (-1 / Decimal(order)) for u in values]
    return [[sum(r * q[i] * q[j] for r, q in zip(roots, vectors)) for j in range(len(a))] for i in range(len(a))]


def shampoo_matrix(h, p, t, w, gradients, b):
    sides, every = [len(w[0]), len(w[0][0])], int(h["every"])
    entries = [(i, j) for i in range(sides[0]) for j in range(sides[1])]
    m, adam = scaled(ZERO, w[0]), scaled(ZERO, w[0])
    for i, j in entries:
        past = [G[i][j] for G in gradients]
        m[i][j] = average(h["beta1"], t, past)
        adam[i][j] = over(m[i][j], average(h["beta2"], t, [g * g for g in past]).sqrt() + h["epsilon"])
    α, last = h["step_size"] * SCALE[t], (t + 1) // every * every - 1
    direction = adam
    if last >= 0:
        kept = [n <= h["max_side"] for n in sides]
        direction = m
        for side in range(2):
            if kept[side]:
                grams = [times(G, transpose(G)) if side == 0 else times(transpose(G), G) for G in gradients[: last + 1]]
                n = range(sides[side])
                a = [[average(h["beta2"], last, [M[i][j] for M in grams]) for j in n] for i in n]
                root = inverse_root(a, h["delta"], 2 * sum(kept))
                direction = times(root, direction) if side == 0 else times(direction, root)
        direction = scaled(over(frobenius(adam), frobenius(direction)), direction)
    return plus(scaled(1 - α * decayed(h, p, b), w[t]), direction, -α)


shampoo = on_matrices(shampoo_matrix, coordinatewise(adam_of("")), hidden=False)
shampoo_set = {
    "step_size": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "delta": 1e-12, "every": 5, "max_side": 1024,
    "weight_decay": 0.0, "decay_all": 0,
}
RUNS += [
    trace("shampoo", shampoo, shampoo_set, WIDE),
    trace("shampoo", shampoo, {**shampoo_set, "step_size": 0.05, "beta1": 0.5, "beta2": 0.75, "epsilon": 0.25, "every": 2,
                               "delta": 0.25, "max_side": 3, "weight_decay": 0.25}, WIDE),
    trace("shampoo", coordinatewise(adam_of("")), shampoo_set),
]


# Methods that find their own step size. Averages are sums over all past gradients, each with the d of its step.


def prodigy(h, p, t, points):
    β1, β2, d, dims = h["beta1"], h["beta2"], [h["d0"]], range(len(p.start))
    β3 = β2.sqrt()
    for k in range(t + 1):
        weight = [β3 ** (k - s) * d[s] ** 2 / h["d0"] * h["factor"] * SCALE[s] for s in range(k + 1)]
        r = sum(c * g[i] * (p.start[i] - y[i]) for c, g, y in zip(weight, p.gradients, points) for i in dims)
        s1 = sum(abs(sum(c * g[i] for c, g in zip(weight, p.gradients))) for i in dims)
        d.append(max(d[-1], over(r, s1)))
    if s1 == 0:
        return list(points[t])
    x = []
    for i, y in enumerate(points[t]):
        m = sum((1 - β1) * β1 ** (t - s) * d[s] * p.gradients[s][i] for s in range(t + 1))
        v = sum((1 - β2) * β2 ** (t - s) * (d[s] * p.gradients[s][i]) ** 2 for s in range(t + 1))
        decay = h["weight_decay"] if p.decays(h, i) else ZERO
        x.append(y - d[t] * h["factor"] * SCALE[t] * (over(m, v.sqrt() + d[t + 1] * h["epsilon"]) + decay * y))
    return x


def dog(h, p, t, points):
    away = [root_of_squares([a - b for a, b in zip(y, p.start)]) for y in points]
    r = max([h["distance"] * (1 + root_of_squares(p.start))] + away)
    G = h["epsilon"] + sum(g * g for row in p.gradients[: t + 1] for g in row)
    x = [y - h["factor"] * SCALE[t] * over(r, G.sqrt()) * g for y, g in zip(points[t], p.gradients[t])]
    # The weight of x_k in the mean is its share times what later shares leave of it.
    share = lambda k: (h["averaging"] + 1) / (h["averaging"] + k)
    mean = [ZERO] * len(x)
    for k in range(1, t + 2):
        rest = ONE
        for later in range(k + 1, t + 2):
            rest *= 1 - share(later)
        mean = [a + share(k) * rest * b for a, b in zip(mean, (points + [x])[k])]
    return x, mean


def sps_max(losses):
    def step(h, p, t, points):
        bound, γ = h["bound"], ZERO
        for k in range(t + 1):
            wanted = (Decimal(losses[k]) - h["f_star"]) / (h["c"] * sum(g * g for g in p.gradients[k]))
            γ = ZERO if wanted < 0 else min(wanted, bound)
            if γ > 0 and h["growth"] > 0:
                bound = h["growth"] ** (Decimal(BATCH_SIZES[k]) / 1000) * γ
        return [y - SCALE[t] * γ * g for y, g in zip(points[t], p.gradients[t])]

    return step


# Steps with a length that is given for each block.


def layer(p, b, v):
    return v[b["offset"] : b["offset"] + b["len"]]


def adapts(h, b):
    return h["decay_all"] == 1 or b.get("role") not in ("bias", "scale")


def lars(h, p, t, points):
    """x_{t+1} − x_t = −Σ β^(t−s) α_s ρ_s (g_s + λ x_s)"""
    x = list(points[t])
    for b in p.blocks or [{"offset": 0, "len": len(x)}]:
        λ = h["weight_decay"] if adapts(h, b) else ZERO
        for s in range(t + 1):
            w, g = layer(p, b, points[s]), layer(p, b, p.gradients[s])
            a, c = root_of_squares(w), root_of_squares(g)
            ρ = h["trust"] * a / (c + λ * a) if adapts(h, b) and a != 0 and c != 0 else ONE
            for i in range(b["len"]):
                x[b["offset"] + i] -= h["beta"] ** (t - s) * h["step_size"] * SCALE[s] * ρ * (g[i] + λ * w[i])
    return x


def lamb(h, p, t, points):
    x = list(points[t])
    for b in p.blocks or [{"offset": 0, "len": len(x)}]:
        λ = h["weight_decay"] if adapts(h, b) else ZERO
        at = range(b["offset"], b["offset"] + b["len"])
        u = [adam_of("")(h, p, t, i) + λ * points[t][i] for i in at]
        a, c = root_of_squares([points[t][i] for i in at]), root_of_squares(u)
        ρ = a / c if adapts(h, b) and a != 0 and c != 0 else ONE
        for i, v in zip(at, u):
            x[i] -= h["step_size"] * SCALE[t] * ρ * v
    return x


def hyperball(direction):
    """On the sphere about 0 the way goes along a chord, then back to the sphere along the radius."""

    def step(h, p, t, w, gradients, b):
        u = direction(h, t, gradients)
        if frobenius(u) == 0 or frobenius(w[t]) == 0:
            return w[t]
        unit = plus(scaled(1 / frobenius(w[t]), w[t]), u, -h["step_size"] * SCALE[t] / frobenius(u))
        return scaled(frobenius(w[0]) / frobenius(unit), unit)

    return step


def adam_matrix(h, t, gradients):
    p = [[Problem([], []) for _ in row] for row in gradients[0]]
    for i, row in enumerate(p):
        for j, one in enumerate(row):
            one.gradients = [[g[i][j]] for g in gradients]
    return [[adam_of("")(h, one, t, 0) for one in row] for row in p]


muonh = on_matrices(hyperball(muon_direction), coordinatewise(adam_of("adam_"), "adam_step_size"), hidden=True)
adamh = on_matrices(hyperball(adam_matrix), coordinatewise(adam_of(""), "adam_step_size"), hidden=True)

prodigy_set = {
    "factor": 1.0, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "d0": 1e-6, "weight_decay": 0.0, "decay_all": 0,
}
dog_set = {"factor": 1.0, "distance": 1e-6, "epsilon": 1e-8, "averaging": 8.0}
sps_set = {"bound": 1.0, "c": 0.5, "growth": 2.0, "f_star": 0.0}
lars_set = {"step_size": 1.0, "beta": 0.9, "trust": 0.001, "weight_decay": 5e-4, "decay_all": 0}
lamb_set = {"step_size": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-6, "weight_decay": 0.01, "decay_all": 0}
adamh_set = {
    "step_size": 0.018, "adam_step_size": 0.003, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.0,
    "decay_all": 0,
}
RUNS += [
    trace("prodigy", prodigy, prodigy_set),
    trace("prodigy", prodigy, {**prodigy_set, "factor": 0.5, "beta1": 0.5, "beta2": 0.75, "d0": 0.015625,
                               "epsilon": 0.25, "weight_decay": 0.25}, WIDE),
    trace("dog", dog, dog_set),
    trace("dog", dog, {**dog_set, "factor": 0.5, "distance": 0.125, "epsilon": 0.0, "averaging": 1.5}, WIDE),
    trace("sps-max", sps_max(LOSSES["falling"]), sps_set),
    {**trace("sps-max", sps_max(LOSSES["negative"]), {"bound": 0.25, "c": 0.2, "growth": 4.0, "f_star": -2.0}),
     "losses": "negative"},
    {**trace("sps-max", sps_max(LOSSES["searched"]), {**sps_set, "growth": 0.0}), "losses": "searched"},
    trace("lars", lars, lars_set),
    trace("lars", lars, {**lars_set, "step_size": 0.5, "beta": 0.5, "trust": 0.25, "weight_decay": 0.125}, WIDE),
    trace("lamb", lamb, lamb_set),
    trace("lamb", lamb, {**lamb_set, "step_size": 0.1, "beta1": 0.5, "beta2": 0.75, "weight_decay": 0.25}, WIDE),
    trace("lamb", lamb, {**lamb_set, "step_size": 0.1, "epsilon": 0.25, "decay_all": 1}, WIDE),
    trace("muonh", muonh, {**muon_set, "step_size": 0.018}, WIDE),
    trace("muonh", muonh, {**muon_set, "step_size": 0.25, "momentum": 0.5, "adam_epsilon": 0.25,
                           "weight_decay": 0.25}, WIDE),
    trace("adamh", adamh, adamh_set, WIDE),
    trace("adamh", adamh, {**adamh_set, "step_size": 0.25, "beta1": 0.5, "epsilon": 0.25, "weight_decay": 0.25}, WIDE),
]


def text(v):
    """Decimals as JSON numbers with 25 digits, everything else as it is."""
    if isinstance(v, Decimal):
        return float(v) if v == 0 else Number(v)
    if isinstance(v, list):
        return [text(u) for u in v]
    if isinstance(v, dict):
        return {k: text(u) for k, u in v.items()}
    return v


class Number(float):
    def __new__(cls, v):
        self = super().__new__(cls, v)
        self.digits = format(v, ".25g").replace("E", "e")
        return self

    def __repr__(self):
        return self.digits


def dump(v, indent=""):
    """JSON with one vector on each line."""
    if isinstance(v, dict):
        body = ",\n".join(f"{indent}  {json.dumps(k)}: {dump(u, indent + '  ')}" for k, u in v.items())
        return "{\n" + body + "\n" + indent + "}"
    if isinstance(v, list) and v and isinstance(v[0], (list, dict)):
        return "[\n" + ",\n".join(indent + "  " + dump(u, indent + "  ") for u in v) + "\n" + indent + "]"
    if isinstance(v, list):
        return "[" + ", ".join(dump(u) for u in v) + "]"
    return repr(v) if isinstance(v, float) else json.dumps(v)


if __name__ == "__main__":
    problem = {
        "start": START, "gradients": GRADIENTS, "variances": VARIANCES, "step_scales": SCALES,
        "batch_sizes": BATCH_SIZES, "losses": LOSSES,
        "true_gradients": TRUE_GRADIENTS, "true_variances": TRUE_VARIANCES, "matrices": MATRICES,
        "sampled_gradients": SAMPLED_GRADIENTS,
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json")
    with open(path, "w", encoding="utf-8") as f:
        wide = {"start": WIDE_START, "gradients": WIDE_GRADIENTS}
        f.write(dump(text({"problem": problem, "wide": wide, "runs": RUNS, "rho": RHO})) + "\n")
