package problems

import (
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"noisebench/plugins/internal/pytorch"
	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

var (
	versus  = flag.String("pytorch", "", "compare this network, or all of them, with PyTorch (see benchmarks/networks.sh)")
	python  = flag.String("python", "/usr/bin/python3", "interpreter that has torch")
	turns   = flag.Int("turns", 10, "turns of either side")
	threads = flag.Int("threads", 2, "threads of either side")
	size    = flag.Int("batch", 0, "batch size; 0 means the network's own")
	format  = flag.String("format", "gradient", "layout of PyTorch's images: gradient (its default) or channels_last")
	peak    = flag.Bool("memory", false, "print the most memory that either process takes, in place of times")
)

//go:embed testdata/networks.py
var networksScript string

// TestAgainstPyTorch compares the time of a gradient, with variance and without, or the memory,
// with PyTorch's.
func TestAgainstPyTorch(t *testing.T) {
	if *versus == "" {
		t.Skip("without -pytorch")
	}
	found := false
	for _, n := range networks() {
		if *versus != "all" && *versus != n.name {
			continue
		}
		found = true
		if *size > 0 {
			n.batch = *size
		}
		if err := compare(n); err != nil {
			t.Errorf("%s: %v", n.name, err)
		}
	}
	if !found {
		t.Errorf("there is no network %q", *versus)
	}
}

func compare(n network) error {
	script, err := pytorch.Start(*python, networksScript, *threads)
	if err != nil {
		return err
	}
	defer script.Close()
	text, err := json.Marshal(map[string]any{
		"shape": []int{n.examples.shape().Height, n.examples.shape().Width, n.examples.shape().Channels},
		"batch": n.batch, "layers": describe(n.layers),
	})
	if err != nil {
		return err
	}
	if _, err := script.Ask(string(text) + "\n" + *format); err != nil {
		return err
	}
	ours := newNoise(n, *threads)
	if *peak {
		want := ours.net.Measures() &^ protocol.SampledGradient
		for range 2 {
			if _, err := script.Ask(*format); err != nil {
				return err
			}
			ours.time(want)
		}
		theirs, err := script.Ask("memory")
		if err != nil {
			return err
		}
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			return err
		}
		mine := 1024 * float64(usage.Maxrss)
		fmt.Printf("%s at %d: PyTorch %.0f MB, ours %.0f MB: %.2f\n", n.name, n.batch, theirs/1e6, mine/1e6, mine/theirs)
		return nil
	}
	ask := func() (float64, error) { return script.Ask(*format) }
	measure := func(want protocol.Quantity) func() (float64, error) {
		return func() (float64, error) { return ours.time(want), nil }
	}
	second := protocol.Gradient
	if ours.net.Measures().Has(protocol.Variance) {
		second |= protocol.Variance
	}
	theirs, times, err := pytorch.Turns(3, *turns, ask, measure(protocol.Gradient), measure(second))
	if err != nil {
		return err
	}
	fmt.Printf("%s at %d: PyTorch %.1f ms, gradient %.1f ms: %.2f (best %.2f)", n.name, n.batch, 1e3*pytorch.Median(theirs),
		1e3*pytorch.Median(times[0]), pytorch.Ratio(times[0], theirs), slices.Min(times[0])/slices.Min(theirs))
	if second != protocol.Gradient {
		fmt.Printf("; variance / gradient %.2f (best %.2f)", pytorch.Ratio(times[1], times[0]),
			slices.Min(times[1])/slices.Min(times[0]))
	}
	fmt.Printf("; two runs on one thread each: %.2f times the work of one\n", sideBySide(n, *turns))
	return nil
}

// sideBySide is the throughput of two runs at a time over that of one.
func sideBySide(n network, turns int) float64 {
	a, b := newNoise(n, 1), newNoise(n, 1)
	want := protocol.Gradient
	a.time(want)
	b.time(want)
	var alone, both []float64
	for range turns {
		alone = append(alone, a.time(want))
		start := time.Now()
		var wait sync.WaitGroup
		wait.Go(func() { a.time(want) })
		wait.Go(func() { b.time(want) })
		wait.Wait()
		both = append(both, time.Since(start).Seconds())
	}
	return 2 * pytorch.Ratio(alone, both)
}

// describe lists layers with their types and fields, but for starting values.
func describe(layers []nn.Layer) (list []map[string]any) {
	for _, l := range layers {
		v := reflect.ValueOf(l)
		d := map[string]any{"type": v.Type().Name()}
		for i := range v.NumField() {
			switch f := v.Field(i).Interface().(type) {
			case nn.Initializer:
			case []nn.Layer:
				d[v.Type().Field(i).Name] = describe(f)
			default:
				d[v.Type().Field(i).Name] = f
			}
		}
		list = append(list, d)
	}
	return list
}

// noise is a network with a batch of noise.
type noise struct {
	network
	net   *nn.Network
	x     []float32
	input []float32
	m     protocol.Measurement[float32]
}

func newNoise(n network, threads int) *noise {
	p := &noise{network: n, net: n.build()}
	p.net.SetThreads(threads)
	p.x = make([]float32, p.net.Dim())
	p.net.Init(p.x, 1)
	p.m.Gradient, p.m.Variance = make([]float32, len(p.x)), make([]float32, len(p.x))
	random := rand.New(rand.NewPCG(1, 2))
	p.input = make([]float32, 4096+n.examples.shape().Size())
	for i := range p.input {
		p.input[i] = float32(random.NormFloat64())
		if e, ok := n.layers[0].(nn.Embedding); ok {
			p.input[i] = float32(random.IntN(e.Words))
		}
	}
	return p
}

// time returns the seconds that one measurement takes.
func (p *noise) time(want protocol.Quantity) float64 {
	batch := protocol.Batch{Examples: make([]int, p.batch)}
	start := time.Now()
	p.net.Measure(p.x, batch, want, func(i int, input, target []float32) {
		copy(input, p.input[i*31%4096:])
		for j := range target {
			target[j] = float32((i + j) % 10)
		}
	}, &p.m)
	return time.Since(start).Seconds()
}
