// This program compares the time of steps of optimizers for matrices with PyTorch's, on the blocks
// of DeepOBS' fmnist_2c2d (Schneider et al. 2019): two convolutions of 5 × 5, a hidden and an
// output layer, 3.27 million float32 in all.
//
//	go run ./plugins/optimizers/benchmarks [-threads 2] [-pairs 5] [-python /usr/bin/python3] [name …]
//
// benchmarks/optimizers.sh says what PyTorch needs. The two take turns of ten steps, so that
// whatever else the machine does hits both, and so that a turn of soap has one new basis; the first
// turn of either, with its eigenvectors, is told apart.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"noisebench/plugins/internal/pytorch"
	"noisebench/plugins/optimizers"
	"noisebench/protocol"
)

//go:embed pytorch.py
var script string

const steps = 10

func main() {
	log.SetFlags(0)
	threads := flag.Int("threads", 2, "threads of either side")
	pairs := flag.Int("pairs", 5, "turns of either side")
	python := flag.String("python", "/usr/bin/python3", "interpreter that has torch")
	flag.Parse()
	optimizers.SetThreads(*threads)
	torch, err := pytorch.Start(*python, script, *threads)
	if err != nil {
		log.Fatal(err)
	}
	names := flag.Args()
	if len(names) == 0 {
		names = []string{"adamw", "muon", "soap"}
	}
	for _, name := range names {
		if err := compare(name, torch, *pairs); err != nil {
			log.Fatalf("%s: %v", name, err)
		}
	}
}

// compare lets both sides take turns and prints the median time of a step.
func compare(name string, torch *pytorch.Script, pairs int) error {
	o, err := newRun(name)
	if err != nil {
		return err
	}
	ask := func() (float64, error) { return torch.Ask(name) }
	t, m, err := pytorch.Turns(0, 1, ask, o.time)
	if err != nil {
		return err
	}
	fmt.Printf("%s: first %d steps: PyTorch %.2f s, ours %.2f s\n", name, steps, t[0], m[0][0])
	theirs, times, err := pytorch.Turns(0, pairs, ask, o.time)
	if err != nil {
		return err
	}
	ours := times[0]
	const each = 1e3 / steps
	fmt.Printf("%s: a step takes PyTorch %.2f ms (best %.2f), ours %.2f ms (best %.2f); ours / "+
		"PyTorch's: %.2f (best %.2f)\n",
		name, each*pytorch.Median(theirs), each*slices.Min(theirs), each*pytorch.Median(ours),
		each*slices.Min(ours), pytorch.Ratio(ours, theirs), slices.Min(ours)/slices.Min(theirs))
	return nil
}

// run is our side.
type run struct {
	optimizer protocol.Optimizer[float32]
	x         []float32
	batches   [2]protocol.Measurement[float32]
}

func newRun(name string) (*run, error) {
	i := slices.IndexFunc(optimizers.All(), func(d protocol.OptimizerDef) bool {
		return d.Name == name
	})
	if i < 0 {
		return nil, fmt.Errorf("there is no optimizer %q", name)
	}
	definition := optimizers.All()[i]
	setting, err := protocol.Resolve(definition.Hyperparameters, nil)
	if err != nil {
		return nil, err
	}
	begin := protocol.Start{
		Setting: setting, DType: protocol.Float32, BatchSize: 128, Train: 60000, Budget: 1 << 40,
	}
	for i, shape := range [][]int{
		{5, 5, 1, 32}, {32}, {5, 5, 32, 64}, {64}, {3136, 1024}, {1024}, {1024, 10}, {10},
	} {
		b := protocol.Block{
			Name: strconv.Itoa(i), Offset: begin.Dim, Len: 1, Shape: shape, Output: len(shape) - 1,
		}
		for _, n := range shape {
			b.Len *= n
		}
		switch {
		case len(shape) == 1:
			b.Role = protocol.Bias
		case i == 6:
			b.Role = protocol.OutputLayer
		default:
			b.Role = protocol.Weight
		}
		begin.Blocks, begin.Dim = append(begin.Blocks, b), begin.Dim+b.Len
	}
	r := &run{x: make([]float32, begin.Dim)}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range r.batches {
		r.batches[i] = protocol.Measurement[float32]{
			BatchSize: 128, StepScale: 1, Gradient: make([]float32, begin.Dim),
		}
		for j := range r.x {
			r.x[j], r.batches[i].Gradient[j] = 1, float32(random.NormFloat64())
		}
	}
	r.optimizer, _, err = definition.New32(begin)
	return r, err
}

// time returns the seconds that a turn takes.
func (r *run) time() (float64, error) {
	start := time.Now()
	for i := range steps {
		if _, err := r.optimizer.Step(r.x, &r.batches[i%2]); err != nil {
			return 0, err
		}
	}
	return time.Since(start).Seconds(), nil
}
