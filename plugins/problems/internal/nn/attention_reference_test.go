package nn

import "math"

func refLayerNorm(l LayerNorm) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		γ, β := r.take(in.c), r.take(in.c)
		out := newPicture(in.h, in.w, in.c)
		for p := 0; p < len(in.v); p += in.c {
			refNormalize(out.v[p:][:in.c], in.v[p:][:in.c], l.Epsilon)
		}
		for i := range out.v {
			out.v[i] = out.v[i]*γ[i%in.c] + β[i%in.c]
		}
		return out
	})
}

func refGroupNorm(l GroupNorm) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		γ, β := r.take(in.c), r.take(in.c)
		out := newPicture(in.h, in.w, in.c)
		size := in.c / l.Groups
		for g := range l.Groups {
			var at []int
			for i := range in.v {
				if i%in.c/size == g {
					at = append(at, i)
				}
			}
			x := make([]float64, len(at))
			for k, i := range at {
				x[k] = in.v[i]
			}
			refNormalize(x, x, l.Epsilon)
			for k, i := range at {
				out.v[i] = x[k]*γ[i%in.c] + β[i%in.c]
			}
		}
		return out
	})
}

func refNormalize(dst, x []float64, ε float64) {
	if ε == 0 {
		ε = 1e-5
	}
	mean, variance, n := 0.0, 0.0, float64(len(x))
	for _, v := range x {
		mean += v / n
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / n
	}
	for i, v := range x {
		dst[i] = (v - mean) / math.Sqrt(variance+ε)
	}
}

func refGELU(v float64) float64 {
	return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v)))
}

var refPositions = perExample(func(r *refRun, in picture) picture {
	w := r.take(len(in.v))
	out := newPicture(in.h, in.w, in.c)
	for i, v := range in.v {
		out.v[i] = v + w[i]
	}
	return out
})

func refAttention(l Attention) refLayer {
	return perExample(func(_ *refRun, in picture) picture {
		d := in.c / 3
		size, n := d/l.Heads, in.h*in.w
		out := newPicture(in.h, in.w, d)
		for h := range l.Heads {
			element := func(which, t, k int) float64 { return in.v[t*in.c+which*d+h*size+k] }
			for t := range n {
				to := n
				if l.Causal {
					to = t + 1
				}
				weights, sum := make([]float64, to), 0.0
				for s := range to {
					for k := range size {
						weights[s] += element(0, t, k) * element(1, s, k) / math.Sqrt(float64(size))
					}
					weights[s] = math.Exp(weights[s])
					sum += weights[s]
				}
				for s, w := range weights {
					for k := range size {
						out.v[t*d+h*size+k] += w / sum * element(2, s, k)
					}
				}
			}
		}
		return out
	})
}
