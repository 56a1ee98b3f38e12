package nn

// The reference: each layer's definition as plain loops in float64, one example at a time. It
// shares no code with the engine. Gradients of examples are its central differences, which are good
// to about 1e-10 here, far below the rounding of float32 that the engine is judged by.

import (
	"math"

	"noisebench/protocol"
)

// picture is one example between two layers: v[(y w + x) c + channel].
type picture struct {
	h, w, c int
	v       []float64
}

func newPicture(h, w, c int) picture { return picture{h, w, c, make([]float64, h*w*c)} }

// at is 0 outside the image.
func (p picture) at(y, x, c int) float64 {
	if y < 0 || y >= p.h || x < 0 || x >= p.w {
		return 0
	}
	return p.v[(y*p.w+x)*p.c+c]
}

func (p picture) inside(y, x int) bool { return y >= 0 && y < p.h && x >= 0 && x < p.w }

// refRun is one pass of some examples.
type refRun struct {
	params  []float64 // those that no layer has used yet
	targets [][]float64
	number  int // of the current example, in the batch
	index   int // and in this pass
	loss    float64
}

func (r *refRun) take(n int) []float64 {
	p := r.params[:n]
	r.params = r.params[n:]
	return p
}

// refLayer is a layer's definition: what it makes of some examples.
type refLayer func(r *refRun, in []picture) []picture

// perExample is a layer that treats each example by itself.
func perExample(f func(r *refRun, in picture) picture) refLayer {
	return func(r *refRun, in []picture) []picture {
		params, out, first := r.params, make([]picture, len(in)), r.number
		for i := range in {
			r.params, r.number, r.index = params, first+i, i
			out[i] = f(r, in[i])
		}
		r.number = first
		return out
	}
}

// refData is a batch, or some examples of it from number first on.
type refData struct {
	first   int
	inputs  []picture
	targets [][]float64
}

func (d refData) example(i int) refData { return refData{i, d.inputs[i : i+1], d.targets[i : i+1]} }

// refLoss is the mean loss of the layers, the last of which sets it.
func refLoss(layers []refLayer, params []float64, data refData) float64 {
	r := &refRun{params: params, targets: data.targets, number: data.first}
	in := data.inputs
	for _, l := range layers {
		in = l(r, in)
	}
	if len(r.params) != 0 {
		panic("reference: parameters left over")
	}
	return r.loss / float64(len(in))
}

// refGradient is the gradient of refLoss by central differences.
func refGradient(layers []refLayer, params []float64, data refData) []float64 {
	g := make([]float64, len(params))
	const h = 1e-5
	for i, p := range params {
		params[i] = p + h
		g[i] = refLoss(layers, params, data) / (2 * h)
		params[i] = p - h
		g[i] -= refLoss(layers, params, data) / (2 * h)
		params[i] = p
	}
	return g
}

// refPad is TensorFlow's rule, written as in its documentation.
func refPad(n, size, stride int, padding Padding) (out, before int) {
	if padding == Valid {
		return int(math.Ceil(float64(n-size+1) / float64(stride))), 0
	}
	out = int(math.Ceil(float64(n) / float64(stride)))
	along := size - stride
	if n%stride != 0 {
		along = size - n%stride
	}
	return out, max(along, 0) / 2
}

func refConv(l Conv) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		stride := max(l.Stride, 1)
		h, top := refPad(in.h, l.Size, stride, l.Padding)
		w, left := refPad(in.w, l.Size, stride, l.Padding)
		weights := r.take(l.Size * l.Size * in.c * l.Channels)
		bias := make([]float64, l.Channels)
		if !l.NoBias {
			bias = r.take(l.Channels)
		}
		out := newPicture(h, w, l.Channels)
		for y := range h {
			for x := range w {
				for o := range l.Channels {
					sum := bias[o]
					for ky := range l.Size {
						for kx := range l.Size {
							for c := range in.c {
								sum += in.at(y*stride+ky-top, x*stride+kx-left, c) *
									weights[((ky*l.Size+kx)*in.c+c)*l.Channels+o]
							}
						}
					}
					out.v[(y*w+x)*l.Channels+o] = sum
				}
			}
		}
		return out
	})
}

func refDense(l Dense) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		weights := r.take(len(in.v) * l.Units)
		out := newPicture(1, 1, l.Units)
		if !l.NoBias {
			copy(out.v, r.take(l.Units))
		}
		for c, v := range in.v {
			for o := range out.v {
				out.v[o] += v * weights[c*l.Units+o]
			}
		}
		return out
	})
}

func refMap(f func(float64) float64) refLayer {
	return perExample(func(_ *refRun, in picture) picture {
		out := newPicture(in.h, in.w, in.c)
		for i, v := range in.v {
			out.v[i] = f(v)
		}
		return out
	})
}

func refReLU(v float64) float64 { return math.Max(v, 0) }

func refMaxPool(l MaxPool) refLayer {
	return perExample(func(_ *refRun, in picture) picture {
		stride := l.Stride
		if stride == 0 {
			stride = l.Size
		}
		h, top := refPad(in.h, l.Size, stride, l.Padding)
		w, left := refPad(in.w, l.Size, stride, l.Padding)
		out := newPicture(h, w, in.c)
		for y := range h {
			for x := range w {
				for c := range in.c {
					best := math.Inf(-1)
					for ky := range l.Size {
						for kx := range l.Size {
							if y, x := y*stride+ky-top, x*stride+kx-left; in.inside(y, x) {
								best = math.Max(best, in.at(y, x, c))
							}
						}
					}
					out.v[(y*w+x)*in.c+c] = best
				}
			}
		}
		return out
	})
}

var refSoftmaxCrossEntropy = perExample(func(r *refRun, in picture) picture {
	positions := in.h * in.w
	for p := range positions {
		sum := 0.0
		for c := range in.c {
			sum += math.Exp(in.v[p*in.c+c])
		}
		r.loss += (math.Log(sum) - in.v[p*in.c+int(r.targets[r.index][p])]) / float64(positions)
	}
	return in
})

func refSquaredLoss(l SquaredLoss) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		factor := l.Factor
		if factor == 0 {
			factor = 0.5
		}
		for i, v := range in.v {
			r.loss += factor * (v - r.targets[r.index][i]) * (v - r.targets[r.index][i])
		}
		return in
	})
}

func refReshape(l Reshape) refLayer {
	return perExample(func(_ *refRun, in picture) picture { return picture{l.Height, l.Width, l.Channels, in.v} })
}

// refLatent draws as Latent's comment says.
var refLatent = perExample(func(r *refRun, in picture) picture {
	random := protocol.Stream(testSeed, "latent", uint64(testPosition+r.number), 0)
	n := len(in.v) / 2
	out := newPicture(1, 1, n)
	for j := range n {
		μ, variance := in.v[j], math.Exp(in.v[n+j])
		out.v[j] = μ + math.Sqrt(variance)*random.NormFloat64()
		r.loss += (variance + μ*μ - 1 - math.Log(variance)) / 2 // divergence of N(μ, variance) from N(0, 1)
	}
	return out
})

func refAveragePool(l AveragePool) refLayer {
	return perExample(func(_ *refRun, in picture) picture {
		size, stride := l.Size, l.Stride
		if stride == 0 {
			stride = size
		}
		h, top := 1, 0
		w, left := 1, 0
		if size == 0 {
			size = max(in.h, in.w)
		} else {
			h, top = refPad(in.h, size, stride, l.Padding)
			w, left = refPad(in.w, size, stride, l.Padding)
		}
		out := newPicture(h, w, in.c)
		for y := range h {
			for x := range w {
				for c := range in.c {
					sum, n := 0.0, 0.0
					for ky := range size {
						for kx := range size {
							if y, x := y*stride+ky-top, x*stride+kx-left; in.inside(y, x) {
								sum += in.at(y, x, c)
								n++
							}
						}
					}
					out.v[(y*w+x)*in.c+c] = sum / n
				}
			}
		}
		return out
	})
}

func refLeaky(slope float64) func(float64) float64 {
	return func(v float64) float64 {
		if v > 0 {
			return v
		}
		return slope * v
	}
}

func refSigmoid(v float64) float64 { return 1 / (1 + math.Exp(-v)) }

// refDropout draws as Dropout's comment says.
func refDropout(l Dropout, layer uint64) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		random := protocol.Stream(testSeed, "dropout", uint64(testPosition+r.number), layer)
		out := newPicture(in.h, in.w, in.c)
		for i, v := range in.v {
			if random.Float64() >= l.Rate {
				out.v[i] = v / (1 - l.Rate)
			}
		}
		return out
	})
}

func refResidual(layers, shortcut []refLayer) refLayer {
	return func(r *refRun, in []picture) []picture {
		a, b := in, in
		for _, l := range layers {
			a = l(r, a)
		}
		for _, l := range shortcut {
			b = l(r, b)
		}
		out := make([]picture, len(in))
		for i := range out {
			out[i] = newPicture(a[i].h, a[i].w, a[i].c)
			for j := range out[i].v {
				out[i].v[j] = a[i].v[j] + b[i].v[j]
			}
		}
		return out
	}
}

func refBatchNorm(l BatchNorm) refLayer {
	return func(r *refRun, in []picture) []picture {
		channels := in[0].c
		γ, β := r.take(channels), r.take(channels)
		out := make([]picture, len(in))
		for i := range out {
			out[i] = newPicture(in[i].h, in[i].w, channels)
		}
		for c := range channels {
			n, mean, variance := 0.0, 0.0, 0.0
			for _, p := range in {
				for i := c; i < len(p.v); i += channels {
					n++
					mean += p.v[i]
				}
			}
			mean /= n
			for _, p := range in {
				for i := c; i < len(p.v); i += channels {
					variance += (p.v[i] - mean) * (p.v[i] - mean) / n
				}
			}
			for k, p := range in {
				for i := c; i < len(p.v); i += channels {
					out[k].v[i] = γ[c]*(p.v[i]-mean)/math.Sqrt(variance+l.Epsilon) + β[c]
				}
			}
		}
		return out
	}
}

func refEmbedding(l Embedding) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		w := r.take(l.Words * l.Units)
		out := newPicture(in.h, in.w, l.Units)
		for p, word := range in.v {
			for u := range l.Units {
				out.v[p*l.Units+u] = w[int(word)*l.Units+u]
			}
		}
		return out
	})
}

func refLSTM(l LSTM) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		n := l.Units
		w, b := r.take((in.c+n)*4*n), r.take(4*n)
		h, c := make([]float64, n), make([]float64, n)
		out := newPicture(in.h, in.w, n)
		for t := range in.h * in.w {
			z := append([]float64(nil), b...)
			for k := range in.c + n {
				v := 0.0
				if k < in.c {
					v = in.v[t*in.c+k]
				} else {
					v = h[k-in.c]
				}
				for j := range z {
					z[j] += v * w[k*4*n+j]
				}
			}
			for u := range n {
				c[u] = refSigmoid(z[2*n+u]+float64(l.ForgetBias))*c[u] + refSigmoid(z[u])*math.Tanh(z[n+u])
				h[u] = refSigmoid(z[3*n+u]) * math.Tanh(c[u])
				out.v[t*n+u] = h[u]
			}
		}
		return out
	})
}

// refDeconv spreads each element over its window; the border that the convolution of the opposite
// way adds is cut.
func refDeconv(l Deconv) refLayer {
	return perExample(func(r *refRun, in picture) picture {
		stride := max(l.Stride, 1)
		h, w, top, left := (in.h-1)*stride+l.Size, (in.w-1)*stride+l.Size, 0, 0
		if l.Padding == Same {
			h, w = in.h*stride, in.w*stride
			_, top = refPad(h, l.Size, stride, Same)
			_, left = refPad(w, l.Size, stride, Same)
		}
		weights, bias := r.take(l.Size*l.Size*in.c*l.Channels), r.take(l.Channels)
		out := newPicture(h, w, l.Channels)
		for i := range out.v {
			out.v[i] = bias[i%l.Channels]
		}
		for y := range in.h {
			for x := range in.w {
				for ky := range l.Size {
					for kx := range l.Size {
						oy, ox := y*stride+ky-top, x*stride+kx-left
						if !out.inside(oy, ox) {
							continue
						}
						turned := (l.Size-1-ky)*l.Size + l.Size - 1 - kx
						for c := range in.c {
							for o := range l.Channels {
								out.v[(oy*w+ox)*l.Channels+o] += in.at(y, x, c) * weights[(turned*in.c+c)*l.Channels+o]
							}
						}
					}
				}
			}
		}
		return out
	})
}
