package plugins

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"noisebench/protocol"
)

// The test binary is its own good and bad plugin: with a first argument "plugin:MODE" it serves,
// see serveMode.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if mode, is := strings.CutPrefix(os.Args[1], "plugin:"); is {
			serveMode(mode)
			return
		}
		if os.Args[1] == "host" {
			beHost()
			return
		}
	}
	os.Exit(m.Run())
}

// serveMode is the main function of the plugins that the tests launch.
func serveMode(mode string) {
	switch mode {
	case "good":
		Serve(definitions()...)
	case "impure":
		Serve(impureDefinitions()...)
	case "fate":
		seed, _ := strconv.ParseUint(os.Args[2], 10, 64)
		Serve(fateOf(seed).definitions()...)
	case "thief":
		host, _ := strconv.Atoi(os.Args[3])
		victim, _ := strconv.Atoi(os.Args[4])
		Serve(thief(os.Args[2], host, victim, os.Args[5]))
	case "tiny", "tiny-optimizer":
		Serve(tinyProblem, tinyOptimizer)
	case "silent":
		time.Sleep(time.Hour)
	case "noise":
		fmt.Println("hello from a print that came too early")
		Serve(definitions()...)
	case "prefix":
		fmt.Print("hello ")
		Serve(definitions()...)
	case "version 1", "version 9":
		fmt.Printf("1|%s|unix|/nowhere|grpc|\n", strings.Fields(mode)[1])
		time.Sleep(time.Hour)
	case "mute": // completes the handshake, then never answers
		l, err := net.Listen("unix", os.Getenv("PLUGIN_UNIX_SOCKET_DIR")+"/s")
		if err != nil {
			panic(err)
		}
		fmt.Printf("1|%d|unix|%s|grpc|\n", protocol.Version, l.Addr())
		time.Sleep(time.Hour)
	case "invalid":
		d := optimizerDef("heavy")
		d.New32, d.New64 = nil, nil
		Serve(d)
	case "stateless":
		d := optimizerDef("plain")
		d.Saves = true
		Serve(d)
	case "grandchild":
		c := exec.Command("/bin/sleep", "1000")
		c.Stdout, c.Stderr = os.Stdout, os.Stderr // as a careless plugin's child has them
		if err := c.Start(); err != nil {
			panic(err)
		}
		Serve(definitions()...)
	case "slow": // as a script that imports for long
		fmt.Fprintln(os.Stderr, "loading a large library")
		fmt.Print("and more")
		time.Sleep(time.Hour)
	case "escaping": // its grandchild leaves group, session and environment, and outlives its own parent
		c := exec.Command("/bin/sh", "-c", "setsid env -i sleep "+os.Args[2]+" &")
		if err := c.Run(); err != nil {
			panic(err)
		}
		Serve(definitions()...)
	default:
		panic("unknown mode " + mode)
	}
}

func definitions() []protocol.Definition {
	defs := []protocol.Definition{problemDef("bowl"), problemDef("other-bowl")}
	for _, name := range []string{
		"heavy", "plain", "crash", "panics", "hang", "stop", "errs", "unsupported", "prints", "nan", "greedy", "lost", "restless",
		"whole", "hungry",
	} {
		defs = append(defs, optimizerDef(name))
	}
	return defs
}

// bowl is a noisy quadratic: fᵢ(x) = ½ Σ hⱼ (xⱼ − cᵢⱼ)².
type bowl[T protocol.Float] struct {
	dim int
}

func (b *bowl[T]) center(i, j int) float64 { return math.Sin(float64(3*i + 7*j)) }

func (b *bowl[T]) Init(x []T, seed uint64) error {
	r := protocol.Stream(seed, protocol.PurposeInit)
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
	return nil
}

func (b *bowl[T]) Measure(x []T, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T]) error {
	if len(x) != b.dim {
		return fmt.Errorf("%d elements, want %d", len(x), b.dim)
	}
	if len(batch.Examples) > 2 && batch.Examples[2] == 13 {
		return errors.New("thirteen is out of stock")
	}
	m.Loss, m.VarianceNorm = 0, 0
	n := float64(len(batch.Examples))
	for j := range x {
		var sum, squares float64
		for _, i := range batch.Examples {
			d := float64(x[j]) - b.center(i, j)
			g := d / float64(1+j)
			m.Loss += 0.5 * d * g / n
			sum += g
			squares += g * g
		}
		s := (squares - sum*sum/n) / max(1, n-1)
		if want.Has(protocol.Gradient) {
			m.Gradient[j] = T(sum / n)
		}
		if want.Has(protocol.Variance) {
			m.Variance[j] = T(s)
		}
		m.VarianceNorm += s
	}
	// Of the rest, only the bits matter.
	for k, v := range m.Slices() {
		if v.Of > protocol.Variance && want.Has(v.Of) {
			for i := range *v.At {
				(*v.At)[i] = T(b.center(k, i)) * x[i%len(x)]
			}
		}
	}
	m.Have = want | protocol.Gradient | protocol.VarianceNorm | protocol.Variance
	m.BatchSize = len(batch.Examples)
	if len(batch.Examples) > 2 && batch.Examples[2] == 14 {
		m.Gradient = append([]T(nil), m.Gradient...)
	}
	return nil
}

func (b *bowl[T]) Evaluate(x []T, part protocol.Part) (protocol.Evaluation, error) {
	if part == "moved" {
		x[0]++
	}
	var loss float64
	for j := range x {
		loss += float64(x[j]) * float64(x[j])
	}
	return protocol.Evaluation{Loss: loss, Metric: loss + float64(len(part))}, nil
}

func problemDef(name string) protocol.ProblemDef {
	return protocol.ProblemDef{
		Name: name, Version: "1", Doc: "a bowl", Source: "this test",
		Parameters: []protocol.Hyperparameter{protocol.Count("dim", "d", 100, 1), protocol.Count("bits", "64 or 32", 64, 32)},
		Spec: func(s protocol.Setting) (protocol.ProblemSpec, error) {
			if s["dim"] == 666 {
				return protocol.ProblemSpec{}, fmt.Errorf("no such dimension: %w", errors.ErrUnsupported)
			}
			dtype := protocol.Float64
			if s["bits"] == 32 {
				dtype = protocol.Float32
			}
			return protocol.ProblemSpec{
				Dim: int(s["dim"]), DType: dtype, Train: 60000,
				Measures: protocol.Gradient | protocol.VarianceNorm | protocol.Variance,
				Metric:   protocol.Metric{Name: "loss"}, BatchSize: 8, Budget: 1000,
				Schedule:  []protocol.Drop{{At: 0.5, Factor: 0.1}},
				Blocks:    []protocol.Block{{Name: "all", Len: int(s["dim"])}},
				Data:      []protocol.DataFile{{Name: "none", SHA256: "00"}},
				Constants: map[string]float64{"smoothness": 1, "optimum": -1},
			}, nil
		},
		New32: func(s protocol.Setting) (protocol.Problem[float32], error) { return &bowl[float32]{int(s["dim"])}, nil },
		New64: func(s protocol.Setting) (protocol.Problem[float64], error) {
			if s["dim"] == 13 {
				return nil, errors.New("data are missing; run: bench data get")
			}
			return &bowl[float64]{int(s["dim"])}, nil
		},
	}
}

// heavy is momentum with an averaged estimate and two reports. Its name decides how it misbehaves
// at the third step.
type heavy[T protocol.Float] struct {
	name     string
	alpha    float64
	v, mean  []T
	steps    int
	gradient float64
}

func (h *heavy[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	h.steps++
	request := protocol.Request{BatchSize: 8 + h.steps%3, Trial: h.steps%2 == 0}
	if h.steps == 3 {
		switch h.name {
		case "crash":
			fmt.Fprintln(os.Stderr, "about to die")
			os.Exit(3)
		case "panics":
			var none []int
			none[h.steps] = 1
		case "hang":
			select {}
		case "hungry":
			for all := [][]byte{}; ; {
				all = append(all, bytes.Repeat([]byte{1}, 16<<20))
			}
		case "stop":
			_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			select {}
		case "restless":
			go func() {
				for range time.Tick(time.Millisecond) {
					x[0]++
				}
			}()
		case "errs":
			return request, errors.New("out of ideas")
		case "unsupported":
			return request, fmt.Errorf("third step: %w", errors.ErrUnsupported)
		case "prints":
			if !strings.HasPrefix(os.Args[1], "plugin:") {
				break
			}
			for range 1000 {
				fmt.Println(strings.Repeat("x", 1000))
			}
			fmt.Println(strings.Repeat("y", 200<<10)) // longer than any line buffer
		case "nan":
			x[0], x[1], x[2] = T(math.NaN()), T(math.Inf(1)), T(math.Inf(-1))
		case "greedy":
			request.BatchSize = -5
		}
	}
	h.gradient = 0
	for i := range x {
		h.v[i] = 0.9*h.v[i] + m.Gradient[i]
		x[i] -= T(h.alpha*m.StepScale) * h.v[i]
		h.mean[i] += (x[i] - h.mean[i]) / T(h.steps)
		h.gradient += float64(m.Gradient[i]) * float64(m.Gradient[i])
		if m.Have.Has(protocol.Variance) {
			h.gradient += float64(m.Variance[i])
		}
	}
	for k, v := range m.Slices() {
		if v.Of > protocol.Variance && m.Have.Has(v.Of) {
			for i, e := range *v.At {
				x[(i+k)%len(x)] += e * T(h.alpha) / T(1+i)
			}
		}
	}
	return request, nil
}

func (h *heavy[T]) State() []any { return []any{&h.v, &h.mean, &h.steps, &h.gradient} }

func (h *heavy[T]) Report(values []float64) { values[0], values[1] = h.gradient, float64(h.steps) }

func (h *heavy[T]) Estimate(_, out []T) {
	if h.name == "lost" {
		os.Exit(4)
	}
	copy(out, h.mean)
}

// plain hides what heavy has beside Step.
type plain[T protocol.Float] struct{ h *heavy[T] }

func (p plain[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	return p.h.Step(x, m)
}

func newHeavy[T protocol.Float](name string) func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return func(s protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
		h := &heavy[T]{name: name, alpha: s.Setting["step_size"], v: make([]T, s.Dim), mean: make([]T, s.Dim)}
		first := protocol.Request{BatchSize: 16, Want: protocol.Gradient | protocol.Variance}
		if name == "whole" {
			first.Want = 0
		}
		if name == "plain" {
			return plain[T]{h}, first, nil
		}
		return h, first, nil
	}
}

func optimizerDef(name string) protocol.OptimizerDef {
	d := protocol.OptimizerDef{
		Name: name, Version: "1", Doc: "heavy ball", Source: "this test",
		Hyperparameters: []protocol.Hyperparameter{protocol.StepSizeParameter(0.1)},
		Needs:           protocol.Gradient, ChoosesBatchSize: true,
		Averages: true, Saves: true, Reports: []string{"gradient", "steps"},
		New32: newHeavy[float32](name), New64: newHeavy[float64](name),
	}
	switch name {
	case "plain":
		d.Averages, d.Saves, d.Reports = false, false, nil
	case "whole":
		d.Needs = protocol.Gradient | protocol.Variance | protocol.Matrices | protocol.Oracle |
			protocol.SampledGradient
	}
	return d
}

// newHost returns a host that the test closes, with times fit for tests.
func newHost(t testing.TB, o Options) *Host {
	t.Helper()
	o.Env = append(o.Env, "GORACE=atexit_sleep_ms=0") // else every plugin sleeps for a second at its end, with -race
	h, err := NewHost(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return h
}

// launch starts the test binary as a plugin.
func launch(t testing.TB, h *Host, mode string) *Plugin {
	t.Helper()
	p, err := h.Launch(context.Background(), mode, os.Args[0], "plugin:"+mode)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func find[D any](t testing.TB, all []D, name string, nameOf func(D) string) D {
	t.Helper()
	for _, d := range all {
		if nameOf(d) == name {
			return d
		}
	}
	t.Fatalf("no definition named %s", name)
	panic("unreachable")
}

func (p *Plugin) optimizer(t testing.TB, name string) protocol.OptimizerDef {
	return find(t, p.Optimizers, name, func(d protocol.OptimizerDef) string { return d.Name })
}

func (p *Plugin) problem(t testing.TB, name string) protocol.ProblemDef {
	return find(t, p.Problems, name, func(d protocol.ProblemDef) string { return d.Name })
}
