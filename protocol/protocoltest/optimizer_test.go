package protocoltest_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"noisebench/protocol"
	"noisebench/protocol/protocoltest"
)

// rule is an optimizer made of one function.
type rule[T protocol.Float] func(x []T, m *protocol.Measurement[T]) (protocol.Request, error)

func (r rule[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) { return r(x, m) }

// opening opens an optimizer in either precision.
type opening[T protocol.Float] func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error)

func define(needs protocol.Quantity, open32 opening[float32], open64 opening[float64]) protocol.OptimizerDef {
	return protocol.OptimizerDef{
		Name: "toy", Version: "1", Doc: "a toy", Source: "this file", Needs: needs,
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		New32:           open32, New64: open64,
	}
}

func openSGD[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	alpha := s.Setting[protocol.StepSize]
	return rule[T](func(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
		for j, g := range m.Gradient {
			x[j] -= T(alpha*m.StepScale) * g
		}
		return protocol.Request{}, nil
	}), protocol.Request{}, nil
}

// openAdam has decoupled weight decay in the form of Loshchilov and Hutter, which StepScale scales
// and the step size does not.
func openAdam[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	alpha, mean, square := s.Setting[protocol.StepSize], make([]float64, s.Dim), make([]float64, s.Dim)
	return rule[T](func(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
		t := float64(m.Step + 1)
		for j, v := range m.Gradient {
			g := float64(v)
			mean[j] = 0.9*mean[j] + 0.1*g
			square[j] = 0.999*square[j] + 0.001*g*g
			step := mean[j] / (1 - math.Pow(0.9, t)) / (math.Sqrt(square[j]/(1-math.Pow(0.999, t))) + 1e-8)
			x[j] -= T(m.StepScale * (alpha*step + 1e-3*float64(x[j])))
		}
		return protocol.Request{}, nil
	}), protocol.Request{}, nil
}

// openCoupled chooses m = α ‖s‖₁ / f (Balles, Romero and Hennig 2017, Eq. 24) within [2, 512].
func openCoupled[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	alpha := s.Setting[protocol.StepSize]
	return rule[T](func(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
		for j, g := range m.Gradient {
			x[j] -= T(alpha*m.StepScale) * g
		}
		size := 100 * alpha * m.VarianceNorm / m.Loss
		if !(size > 2) || m.Loss <= 0 {
			size = 2
		}
		return protocol.Request{BatchSize: int(min(size, 512))}, nil
	}), protocol.Request{BatchSize: 2}, nil
}

// implicit is SGD with the step of a quadratic of curvature 1: StepScale 0.5 is not half the step.
func openImplicit[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return rule[T](func(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
		alpha := s.Setting[protocol.StepSize] * m.StepScale
		for j, g := range m.Gradient {
			x[j] -= T(alpha/(1+alpha)) * g
		}
		return protocol.Request{}, nil
	}), protocol.Request{}, nil
}

// openNoisy adds noise to the steps of SGD.
func openNoisy[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	r := protocol.Stream(s.Seed, protocol.PurposeOwn)
	sgd, first, err := openSGD[T](s)
	return rule[T](func(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
		q, err := sgd.Step(x, m)
		x[0] += T(1e-3 * m.StepScale * s.Setting[protocol.StepSize] * r.NormFloat64())
		return q, err
	}), first, err
}

// lineSearch halves its step from 1 on until the loss of the same examples decreases.
type lineSearch[T protocol.Float] struct {
	from, direction []T
	loss, step      float64
}

func openLineSearch[T protocol.Float](protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return &lineSearch[T]{step: 0}, protocol.Request{}, nil
}

func (l *lineSearch[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	switch {
	case l.step == 0:
		l.from, l.direction, l.loss, l.step = slices.Clone(x), slices.Clone(m.Gradient), m.Loss, 1
	case !(m.Loss > l.loss) || l.step < 1e-3:
		l.step = 0
		return protocol.Request{}, nil
	default:
		l.step /= 2
	}
	for j := range x {
		x[j] = l.from[j] - T(l.step)*l.direction[j]
	}
	return protocol.Request{Draw: protocol.Again, Trial: true}, nil
}

// averaged is SGD that reports the norm of its last step and estimates the optimum by the mean of
// its iterates.
type averaged[T protocol.Float] struct {
	sgd    protocol.Optimizer[T]
	sum    []float64
	steps  int
	length float64
}

func openAveraged[T protocol.Float](s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	sgd, first, err := openSGD[T](s)
	return &averaged[T]{sgd: sgd, sum: make([]float64, s.Dim)}, first, err
}

func (a *averaged[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	before := slices.Clone(x)
	q, err := a.sgd.Step(x, m)
	a.steps++
	a.length = 0
	for j, v := range x {
		a.sum[j] += float64(v)
		a.length = math.Hypot(a.length, float64(v-before[j]))
	}
	return q, err
}

func (a *averaged[T]) Report(values []float64) { values[0] = a.length }

func (a *averaged[T]) Estimate(x, out []T) {
	for j := range out {
		if out[j] = x[j]; a.steps > 0 {
			out[j] = T(a.sum[j] / float64(a.steps))
		}
	}
}

func TestGoodOptimizers(t *testing.T) {
	coupled := define(protocol.Gradient|protocol.VarianceNorm, openCoupled[float32], openCoupled[float64])
	coupled.ChoosesBatchSize = true
	search := define(protocol.Gradient, openLineSearch[float32], openLineSearch[float64])
	search.Hyperparameters, search.Trials = nil, true
	average := define(protocol.Gradient, openAveraged[float32], openAveraged[float64])
	average.Averages, average.Reports = true, []string{"length"}
	for name, def := range map[string]protocol.OptimizerDef{
		"SGD":              define(protocol.Gradient, openSGD[float32], openSGD[float64]),
		"float64 only":     define(protocol.Gradient, nil, openSGD[float64]),
		"Adam":             define(protocol.Gradient, openAdam[float32], openAdam[float64]),
		"implicit SGD":     define(protocol.Gradient, openImplicit[float32], openImplicit[float64]),
		"noisy SGD":        define(protocol.Gradient, openNoisy[float32], openNoisy[float64]),
		"coupled":          coupled,
		"line search":      search,
		"averaged SGD":     average,
		"more than it has": define(protocol.Gradient|protocol.Variance, openSGD[float32], openSGD[float64]),
	} {
		t.Run(name, func(t *testing.T) {
			if err := protocoltest.Optimizer(def); err != nil {
				t.Error(err)
			}
		})
	}
}

// step is the mistake of a broken optimizer, made in each step after that of SGD.
type step func(x []float64, m *measurement) (protocol.Request, error)

// after opens SGD that does more after its step; begin is called once per opening.
func after(begin func(protocol.Start) step) opening[float64] {
	return func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		sgd, first, err := openSGD[float64](s)
		more := begin(s)
		return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
			if _, err := sgd.Step(x, m); err != nil {
				return protocol.Request{}, err
			}
			return more(x, m)
		}), first, err
	}
}

// simply opens SGD that does more after its step, and has no state.
func simply(more func(x []float64, m *measurement)) opening[float64] {
	return after(func(protocol.Start) step {
		return func(x []float64, m *measurement) (protocol.Request, error) {
			more(x, m)
			return protocol.Request{}, nil
		}
	})
}

// asking opens SGD with constant requests.
func asking(q protocol.Request) opening[float64] {
	return after(func(protocol.Start) step {
		return func([]float64, *measurement) (protocol.Request, error) { return q, nil }
	})
}

// mover moves x outside Step.
type mover struct {
	protocol.Optimizer[float64]
	x []float64
}

func (m *mover) Step(x []float64, at *measurement) (protocol.Request, error) {
	m.x = x
	return m.Optimizer.Step(x, at)
}

func (m *mover) Report(values []float64) {
	values[0] = 0
	m.x[0] += 0.5
}

// estimator calls a function as Estimate.
type estimator struct {
	protocol.Optimizer[float64]
	estimate func(x, out []float64)
}

func (e estimator) Estimate(x, out []float64) { e.estimate(x, out) }

// reporter calls a function as Report.
type reporter struct {
	protocol.Optimizer[float64]
	report func(values []float64)
}

func (r reporter) Report(values []float64) { r.report(values) }

func wrap(f func(protocol.Optimizer[float64]) protocol.Optimizer[float64]) opening[float64] {
	return func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
		sgd, first, err := openSGD[float64](s)
		return f(sgd), first, err
	}
}

func reporting(report func(values []float64)) opening[float64] {
	return wrap(func(o protocol.Optimizer[float64]) protocol.Optimizer[float64] { return reporter{o, report} })
}

func estimating(estimate func(x, out []float64)) opening[float64] {
	return wrap(func(o protocol.Optimizer[float64]) protocol.Optimizer[float64] { return estimator{o, estimate} })
}

func TestBrokenOptimizers(t *testing.T) {
	notShort(t)
	var opened atomic.Int64
	shared := make([]float64, 100)
	var watched atomic.Int64
	for name, c := range map[string]struct {
		open   opening[float64]
		change func(*protocol.OptimizerDef)
		want   []string
	}{
		"global randomness in place of the seed": {
			open: simply(func(x []float64, _ *measurement) { x[2] += 1e-9 * rand.Float64() }),
			want: []string{"repeatable"},
		},
		"every run has another seed": {
			open: after(func(protocol.Start) step {
				r := protocol.Stream(uint64(opened.Add(1)), protocol.PurposeOwn)
				return func(x []float64, _ *measurement) (protocol.Request, error) {
					x[2] += 1e-9 * r.Float64()
					return protocol.Request{}, nil
				}
			}),
			want: []string{"repeatable"},
		},
		"momentum shared between runs": {
			// Cleared when a run is opened, so that runs one after another are right.
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				clear(shared)
				return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
					if m.Step == 0 && s.Dim != 7 {
						shared[99]++
					}
					for j, g := range m.Gradient {
						x[j] -= s.Setting[protocol.StepSize] * m.StepScale * (g + shared[99])
					}
					return protocol.Request{}, nil
				}), protocol.Request{}, nil
			},
			want: []string{"runs-apart"},
		},
		"x moved by Report": {
			open:   wrap(func(o protocol.Optimizer[float64]) protocol.Optimizer[float64] { return &mover{Optimizer: o} }),
			change: func(d *protocol.OptimizerDef) { d.Reports = []string{"nothing"} },
			want:   []string{"unwatched", "point-unchanged"},
		},
		"x moved by Estimate": {
			open: estimating(func(x, out []float64) {
				copy(out, x)
				x[0] += 0.5
			}),
			change: func(d *protocol.OptimizerDef) { d.Averages = true },
			want:   []string{"unwatched", "point-unchanged", "observers"},
		},
		"gradient changed": {
			open: simply(func(_ []float64, m *measurement) { m.Gradient[0] *= 2 }),
			want: []string{"inputs-unchanged"},
		},
		"a number of the measurement changed": {
			open: simply(func(_ []float64, m *measurement) { m.Loss = 0 }),
			want: []string{"inputs-unchanged"},
		},
		"gradient kept": {
			open: after(func(s protocol.Start) step {
				var kept []float64
				return func(x []float64, m *measurement) (protocol.Request, error) {
					if kept != nil {
						x[0] -= s.Setting[protocol.StepSize] * m.StepScale * 0.1 * kept[0]
					}
					kept = m.Gradient
					return protocol.Request{}, nil
				}
			}),
			want: []string{"keeps-no-slices"},
		},
		"x kept": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				var kept []float64
				return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
					if kept == nil {
						kept = x
					}
					for j, g := range m.Gradient {
						kept[j] -= s.Setting[protocol.StepSize] * m.StepScale * g
					}
					return protocol.Request{}, nil
				}), protocol.Request{}, nil
			},
			want: []string{"keeps-no-slices"},
		},
		"writes behind x": {
			open: simply(func(x []float64, _ *measurement) { _ = append(x, 1) }),
			want: []string{"within-bounds"},
		},
		"not finite on a quadratic": {
			open: simply(func(x []float64, m *measurement) { x[0] += math.Inf(m.Step % 2) }),
			want: []string{"finite", "step-scale", "starts", "blocks"},
		},
		"divides by a gradient of 0": {
			open: simply(func(x []float64, m *measurement) {
				x[0] += 1e-9 * m.StepScale * m.Gradient[0] / math.Abs(m.Gradient[0])
			}),
			want: []string{"finite"},
		},
		"batch size from a loss of 0": {
			open: after(func(protocol.Start) step {
				return func(_ []float64, m *measurement) (protocol.Request, error) {
					return protocol.Request{BatchSize: int(math.Round(100 / m.Loss))}, nil
				}
			}),
			change: func(d *protocol.OptimizerDef) { d.ChoosesBatchSize = true },
			want:   []string{"requests"},
		},
		"NaN of the gradient swallowed": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
					for j, g := range m.Gradient {
						switch {
						case g > 0:
							x[j] -= s.Setting[protocol.StepSize] * m.StepScale
						case g < 0:
							x[j] += s.Setting[protocol.StepSize] * m.StepScale
						}
					}
					return protocol.Request{}, nil
				}), protocol.Request{}, nil
			},
			want: []string{"nan-propagates"},
		},
		"NaN as an error": {
			open: after(func(protocol.Start) step {
				return func(_ []float64, m *measurement) (protocol.Request, error) {
					if math.IsNaN(m.Loss) {
						return protocol.Request{}, errors.New("diverged")
					}
					return protocol.Request{}, nil
				}
			}),
			want: []string{"steps"},
		},
		"panic in the middle": {
			open: simply(func(x []float64, m *measurement) { _ = x[m.Step] }),
			want: []string{"steps"},
		},
		"schedule ignored": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				sgd, first, err := openSGD[float64](s)
				return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
					fixed := *m
					fixed.StepScale = 1
					return sgd.Step(x, &fixed)
				}), first, err
			},
			want: []string{"step-scale"},
		},
		"schedule applied twice": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				sgd, first, err := openSGD[float64](s)
				return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
					twice := *m
					twice.StepScale *= m.StepScale
					return sgd.Step(x, &twice)
				}), first, err
			},
			want: []string{"step-scale"},
		},
		"schedule looked at once": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				sgd, first, err := openSGD[float64](s)
				scale := 0.0
				return rule[float64](func(x []float64, m *measurement) (protocol.Request, error) {
					once := *m
					if m.Step == 0 {
						scale = m.StepScale
					}
					once.StepScale = scale
					return sgd.Step(x, &once)
				}), first, err
			},
			want: []string{"step-scale"},
		},
		"step size not used": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				s.Setting = protocol.Setting{protocol.StepSize: 0.02}
				return openSGD[float64](s)
			},
			want: []string{"step-scale"},
		},
		"negative batch size": {
			open:   asking(protocol.Request{BatchSize: -1}),
			change: func(d *protocol.OptimizerDef) { d.ChoosesBatchSize = true },
			want:   []string{"run", "requests"},
		},
		"unknown draw":     {open: asking(protocol.Request{Draw: 3}), want: []string{"run", "requests"}},
		"unknown quantity": {open: asking(protocol.Request{Want: 1 << 20}), want: []string{"run", "requests"}},
		"undeclared need": {
			open: asking(protocol.Request{Want: protocol.Gradient | protocol.Variance}), want: []string{"run", "requests"},
		},
		"variance of one example": {
			open: asking(protocol.Request{BatchSize: 1}),
			change: func(d *protocol.OptimizerDef) {
				d.ChoosesBatchSize = true
				d.Needs |= protocol.VarianceNorm
			},
			want: []string{"run", "requests"},
		},
		"all of endless data":   {open: asking(protocol.Request{Draw: protocol.All}), want: []string{"requests"}},
		"undeclared batch size": {open: asking(protocol.Request{BatchSize: 3}), want: []string{"run", "requests"}},
		"declared batch size": {
			open: openSGD[float64], change: func(d *protocol.OptimizerDef) { d.ChoosesBatchSize = true },
			want: []string{"requests"},
		},
		"never judged": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				o, _, err := asking(protocol.Request{Trial: true})(s)
				return o, protocol.Request{Trial: true}, err
			},
			change: func(d *protocol.OptimizerDef) { d.Trials = true },
			want:   []string{"requests"},
		},
		"undeclared trial": {open: asking(protocol.Request{Trial: true}), want: []string{"run", "requests"}},
		"again, first of all": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				o, _, err := openSGD[float64](s)
				return o, protocol.Request{Draw: protocol.Again}, err
			},
			want: []string{"run", "requests"},
		},
		"reports undeclared": {open: reporting(func([]float64) {}), want: []string{"run"}},
		"reports declared only": {
			open: openSGD[float64], change: func(d *protocol.OptimizerDef) { d.Reports = []string{"a"} }, want: []string{"run"},
		},
		"average undeclared": {open: estimating(func(x, out []float64) { copy(out, x) }), want: []string{"run"}},
		"average declared only": {
			open: openSGD[float64], change: func(d *protocol.OptimizerDef) { d.Averages = true }, want: []string{"run"},
		},
		"too few reports": {
			open:   reporting(func(values []float64) { values[0] = 1 }),
			change: func(d *protocol.OptimizerDef) { d.Reports = []string{"a", "b"} },
			want:   []string{"observers"},
		},
		"too many reports": {
			open: reporting(func(values []float64) {
				values[0] = 1
				_ = append(values, 2)
			}),
			change: func(d *protocol.OptimizerDef) { d.Reports = []string{"a"} },
			want:   []string{"observers"},
		},
		"reports that count the calls": {
			open:   reporting(func(values []float64) { values[0] = float64(watched.Add(1)) }),
			change: func(d *protocol.OptimizerDef) { d.Reports = []string{"a"} },
			want:   []string{"repeatable", "observers"},
		},
		"estimate incomplete": {
			open:   estimating(func(x, out []float64) { copy(out[1:], x[1:]) }),
			change: func(d *protocol.OptimizerDef) { d.Averages = true },
			want:   []string{"observers"},
		},
		"estimate of no steps": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				o, first, err := openAveraged[float64](s)
				return estimator{o, func(_, out []float64) {
					for j := range out {
						out[j] = o.(*averaged[float64]).sum[j] / float64(o.(*averaged[float64]).steps)
					}
				}}, first, err
			},
			change: func(d *protocol.OptimizerDef) { d.Averages = true },
			want:   []string{"observers"},
		},
		"setting changed": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				s.Setting[protocol.StepSize] = 0.02
				return openSGD[float64](s)
			},
			want: []string{"run"},
		},
		"nothing opened": {
			open: func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				return nil, protocol.Request{}, nil
			},
			want: []string{"run"},
		},
		"a value on the grid refused": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				if s.Setting["beta"] == 0.5 {
					return nil, protocol.Request{}, errors.New("no")
				}
				return openSGD[float64](s)
			},
			want: []string{"settings"},
		},
		"panic at a bound": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				if s.Setting["beta"] == 0 {
					panic("no")
				}
				return openSGD[float64](s)
			},
			want: []string{"settings"},
		},
		"expects blocks": {
			open: func(s protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				_ = s.Blocks[0]
				return openSGD[float64](s)
			},
			want: []string{"starts", "blocks"},
		},
		"expects full batches": {
			open: after(func(s protocol.Start) step {
				return func(_ []float64, m *measurement) (protocol.Request, error) {
					if m.BatchSize != s.BatchSize {
						return protocol.Request{}, errors.New("batch too small")
					}
					return protocol.Request{}, nil
				}
			}),
			want: []string{"steps"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			def := define(protocol.Gradient, nil, c.open)
			beta := protocol.Fraction("beta", "decay rate β", 0.9)
			beta.Tuned, beta.Grid = true, []float64{0.5, 0.9}
			def.Hyperparameters = append(def.Hyperparameters, beta)
			if c.change != nil {
				c.change(&def)
			}
			if got := failing(t, protocoltest.OptimizerChecks(def)); !slices.Equal(got, c.want) {
				t.Errorf("failing checks are %v, want %v", got, c.want)
			}
		})
	}
}

func TestPrecisionsDisagree(t *testing.T) {
	def := define(protocol.Gradient, openSGD[float32], openAdam[float64])
	if got, want := failing(t, protocoltest.OptimizerChecks(def)), []string{"precisions-agree"}; !slices.Equal(got, want) {
		t.Errorf("failing checks are %v, want %v", got, want)
	}
	if err := protocoltest.Optimizer(def); err == nil {
		t.Error("Optimizer returns no error")
	}
}

func TestBrokenOptimizerDefs(t *testing.T) {
	for name, change := range map[string]func(*protocol.OptimizerDef){
		"name":           func(d *protocol.OptimizerDef) { d.Name = "My_Optimizer" },
		"version":        func(d *protocol.OptimizerDef) { d.Version = "" },
		"doc":            func(d *protocol.OptimizerDef) { d.Doc = "" },
		"source":         func(d *protocol.OptimizerDef) { d.Source = "" },
		"needs":          func(d *protocol.OptimizerDef) { d.Needs = 1 << 20 },
		"no constructor": func(d *protocol.OptimizerDef) { d.New32, d.New64 = nil, nil },
		"equal reports":  func(d *protocol.OptimizerDef) { d.Reports = []string{"a", "a"} },
		"equal parameters": func(d *protocol.OptimizerDef) {
			d.Hyperparameters = append(d.Hyperparameters, d.Hyperparameters[0])
		},
		"parameter's name": func(d *protocol.OptimizerDef) { d.Hyperparameters[0].Name = "Step-Size" },
		"parameter's doc":  func(d *protocol.OptimizerDef) { d.Hyperparameters[0].Doc = "" },
		"default":          func(d *protocol.OptimizerDef) { d.Hyperparameters[0].Default = 0 },
		"grid":             func(d *protocol.OptimizerDef) { d.Hyperparameters[1].Grid = []float64{0.9, 1} },
		"grid's default":   func(d *protocol.OptimizerDef) { d.Hyperparameters[1].Grid = []float64{0.5, 0.99} },
		"no grid":          func(d *protocol.OptimizerDef) { d.Hyperparameters[1].Grid = nil },
		"unused grid":      func(d *protocol.OptimizerDef) { d.Hyperparameters[1].Tuned = false },
	} {
		t.Run(name, func(t *testing.T) {
			def := define(protocol.Gradient, openSGD[float32], openSGD[float64])
			beta := protocol.Fraction("beta", "decay rate β", 0.9)
			beta.Tuned, beta.Grid = true, []float64{0.5, 0.9}
			def.Hyperparameters = append(def.Hyperparameters, beta)
			change(&def)
			if got := failing(t, protocoltest.OptimizerChecks(def)); !slices.Equal(got, []string{"definition"}) {
				t.Errorf("failing checks are %v, want definition", got)
			}
		})
	}
}
