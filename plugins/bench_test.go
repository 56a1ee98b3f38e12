package plugins

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"noisebench/protocol"
)

// The loop of a run, at its least: measure, step. A step's problem and optimizer are as small as
// they can be, so that the difference to "in-process" is what the transport costs.
func BenchmarkStep(b *testing.B) {
	for _, dim := range []int{100, 3_274_634} {
		for _, runs := range []int{1, 2} {
			if runs == 2 && dim != 100 {
				continue
			}
			for _, transport := range []Transport{"in-process", Doorbell, Memory, Messages} {
				b.Run(fmt.Sprintf("dim=%d/runs=%d/%s", dim, runs, transport), func(b *testing.B) {
					benchmarkStep(b, dim, runs, transport)
				})
			}
		}
	}
}

func benchmarkStep(b *testing.B, dim, runs int, transport Transport) {
	problem, optimizer := tinyProblem, tinyOptimizer
	alloc := func(n int) ([]byte, func()) { return make([]byte, n), func() {} }
	if transport != "in-process" {
		h := newHost(b, Options{Transport: transport})
		problem = launch(b, h, "tiny").problem(b, "tiny")
		// The other plugin is a process of its own, as in a real run.
		optimizer = launch(b, h, "tiny-optimizer").optimizer(b, "tiny")
		alloc = h.Alloc
	}
	loop := func(n int, began func()) {
		mem, free := alloc(2 * dim * 4)
		defer free()
		all := unsafe.Slice((*float32)(unsafe.Pointer(&mem[0])), 2*dim)
		x, g := all[:dim], all[dim:]
		p, err := problem.New32(protocol.Setting{"dim": float64(dim)})
		if err != nil {
			b.Error(err)
			return
		}
		o, _, err := optimizer.New32(protocol.Start{Dim: dim, DType: protocol.Float32})
		if err != nil {
			b.Error(err)
			return
		}
		batch := protocol.Batch{Examples: make([]int, 128)}
		step := func() {
			m := protocol.Measurement[float32]{Gradient: g, StepScale: 1}
			if err := p.Measure(x, batch, protocol.Gradient, &m); err != nil {
				b.Error(err)
			}
			if _, err := o.Step(x, &m); err != nil {
				b.Error(err)
			}
		}
		step() // maps the memory
		began()
		for range n {
			step()
		}
		for _, v := range []any{p, o} {
			if c, ok := v.(io.Closer); ok {
				if err := c.Close(); err != nil {
					b.Error(err)
				}
			}
		}
	}
	var ready, done sync.WaitGroup
	ready.Add(runs)
	start := make(chan struct{})
	for range runs {
		done.Go(func() {
			loop(b.N, func() {
				ready.Done()
				<-start
			})
		})
	}
	ready.Wait()
	began := time.Now()
	close(start)
	done.Wait()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(b.N), "ns/step")
}

// tiny does as little as can be: it touches one element in a page's worth, so that a vector's size
// costs nothing but the transport's share.
type tiny struct{}

func (tiny) Init([]float32, uint64) error { return nil }

func (tiny) Measure(x []float32, batch protocol.Batch, _ protocol.Quantity, m *protocol.Measurement[float32]) error {
	for i := 0; i < len(x); i += 1024 {
		m.Gradient[i] = x[i] - float32(batch.Examples[0])
	}
	m.Have, m.BatchSize = protocol.Gradient, len(batch.Examples)
	return nil
}

func (tiny) Evaluate([]float32, protocol.Part) (protocol.Evaluation, error) {
	return protocol.Evaluation{}, nil
}

func (tiny) Step(x []float32, m *protocol.Measurement[float32]) (protocol.Request, error) {
	for i := 0; i < len(x); i += 1024 {
		x[i] -= 0.1 * m.Gradient[i]
	}
	return protocol.Request{}, nil
}

var tinyProblem = protocol.ProblemDef{
	Name: "tiny", Version: "1", Parameters: []protocol.Hyperparameter{protocol.Count("dim", "d", 100, 1)},
	Spec: func(s protocol.Setting) (protocol.ProblemSpec, error) {
		return protocol.ProblemSpec{
			Dim: int(s["dim"]), DType: protocol.Float32, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"},
			BatchSize: 1, Budget: 1,
		}, nil
	},
	New32: func(protocol.Setting) (protocol.Problem[float32], error) { return tiny{}, nil },
}

var tinyOptimizer = protocol.OptimizerDef{
	Name: "tiny", Version: "1", Needs: protocol.Gradient,
	New32: func(protocol.Start) (protocol.Optimizer[float32], protocol.Request, error) {
		return tiny{}, protocol.Request{}, nil
	},
}

// Opening a run: a problem and an optimizer, and closing them.
func BenchmarkOpen(b *testing.B) {
	for _, transport := range []Transport{Doorbell, Memory, Messages} {
		b.Run(string(transport), func(b *testing.B) {
			p := launch(b, newHost(b, Options{Transport: transport}), "tiny")
			problem, optimizer := p.problem(b, "tiny"), p.optimizer(b, "tiny")
			for b.Loop() {
				f, err := problem.New32(protocol.Setting{"dim": 100})
				if err != nil {
					b.Fatal(err)
				}
				o, _, err := optimizer.New32(protocol.Start{Dim: 100, DType: protocol.Float32})
				if err != nil {
					b.Fatal(err)
				}
				f.(io.Closer).Close()
				o.(io.Closer).Close()
			}
		})
	}
}

var largeDim = flag.Int("large-dim", 1_000_000, "the number of elements in BenchmarkLargeVector")

// A point in chunks, to a plugin (Evaluate) and from it (Init): the time, and the most memory that
// both processes ever had together, the one vector of each included. For a large model:
//
//	go test ./plugins -run '^$' -bench LargeVector -benchtime 3x -large-dim 100000000
func BenchmarkLargeVector(b *testing.B) {
	p := launch(b, newHost(b, Options{Transport: Messages}), "tiny")
	def := p.problem(b, "tiny")
	problem, err := def.New32(protocol.Setting{"dim": float64(*largeDim)})
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float32, *largeDim)
	for b.Loop() {
		if err := problem.Init(x, 1); err != nil {
			b.Fatal(err)
		}
		if _, err := problem.Evaluate(x, protocol.TrainPart); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/2, "s/vector")
	b.ReportMetric((peak(b, os.Getpid())+peak(b, p.first().PID()))/1e6, "peak-MB")
	if err := problem.(io.Closer).Close(); err != nil {
		b.Fatal(err)
	}
}

// peak is the most memory that a process had in use, in bytes.
func peak(b *testing.B, pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip("the system tells nothing about memory: ", err)
	}
	var kilobytes float64
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(text, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return 1024 * kilobytes
}
