// This program compares the time of a gradient with PyTorch's, for two networks that both compute on the same number of
// threads: P1 of Balles 2021, App. B.1, at batch size 64, and fmnist_2c2d of DeepOBS (Schneider et al. 2019) at 128.
//
//	go run ./plugins/problems/internal/nn/benchmarks [-threads 2] [-pairs 40] [-python /usr/bin/python3]
//
// benchmarks/networks.sh says what PyTorch needs. The two take turns, so that whatever else the machine does hits both;
// ratios are medians over such turns, then of the shortest times. It also prints how many times the work of one run on
// one thread two of them do in the same time.
package main

import (
	"bufio"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"noisebench/plugins/problems/internal/nn"
	"noisebench/protocol"
)

//go:embed pytorch.py
var script string

func main() {
	log.SetFlags(0)
	threads := flag.Int("threads", 2, "threads of either side")
	pairs := flag.Int("pairs", 40, "turns of either side")
	python := flag.String("python", "/usr/bin/python3", "interpreter that has torch")
	flag.Parse()
	torch, err := start(*python, *threads)
	if err != nil {
		log.Fatalf("start %s: %v", *python, err)
	}
	for _, p := range []*problem{newProblem("P1", 3, 64), newProblem("fmnist_2c2d", 2, 128)} {
		p.net.SetThreads(*threads)
		if err := compare(p, torch, *pairs); err != nil {
			log.Fatalf("%s: %v", p.name, err)
		}
		fmt.Printf("  two runs on one thread each: %.2f times the work of one\n", sideBySide(p, *pairs))
	}
}

const second = protocol.Gradient | protocol.Variance

// compare lets both sides take turns and prints medians.
func compare(p *problem, torch *python, pairs int) error {
	const warmUp = 3
	var theirs, gradient, variance []float64
	for i := range pairs + warmUp {
		t, err := torch.time(p.name)
		if err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond) // OpenMP's threads spin for a while when they have nothing to do
		first, other := protocol.Gradient, second
		if i%2 == 1 {
			first, other = other, first
		}
		g, v := p.time(first), p.time(other)
		if i%2 == 1 {
			g, v = v, g
		}
		if i >= warmUp {
			theirs, gradient, variance = append(theirs, t), append(gradient, g), append(variance, v)
		}
	}
	fmt.Printf("%s: PyTorch %.1f ms (best %.1f), gradient %.1f ms (best %.1f), with variance %.1f ms (best %.1f)\n",
		p.name,
		1e3*median(theirs), 1e3*slices.Min(theirs), 1e3*median(gradient), 1e3*slices.Min(gradient),
		1e3*median(variance), 1e3*slices.Min(variance))
	for _, r := range []struct {
		name string
		a, b []float64
	}{
		{"gradient / PyTorch's", gradient, theirs},
		{"with variance / PyTorch's gradient", variance, theirs},
		{"with variance / gradient", variance, gradient},
	} {
		fmt.Printf("  %s: %.2f (best %.2f)\n", r.name, ratio(r.a, r.b), slices.Min(r.a)/slices.Min(r.b))
	}
	return nil
}

// ratio is the median of the pairs' ratios.
func ratio(a, b []float64) float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return median(r)
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// sideBySide is the throughput of two runs at a time over that of one.
func sideBySide(p *problem, pairs int) float64 {
	a, b := newProblem(p.name, p.pool, p.batch), newProblem(p.name, p.pool, p.batch)
	a.net.SetThreads(1)
	b.net.SetThreads(1)
	a.time(second)
	b.time(second)
	var alone, both []float64
	for range pairs {
		alone = append(alone, a.time(second))
		start := time.Now()
		var wait sync.WaitGroup
		wait.Go(func() { a.time(second) })
		wait.Go(func() { b.time(second) })
		wait.Wait()
		both = append(both, time.Since(start).Seconds())
	}
	return 2 * ratio(alone, both)
}

// problem is a network with a batch of noise.
type problem struct {
	name        string
	pool, batch int
	net         *nn.Network
	x           []float32
	images      [][]float32
	m           protocol.Measurement[float32]
}

func newProblem(name string, pool, batch int) *problem {
	w, b := nn.TruncatedNormal(0.05), nn.Constant(0.05)
	p := &problem{name: name, pool: pool, batch: batch, net: nn.New(
		nn.Image(28, 28, 1),
		nn.Conv{Size: 5, Channels: 32, Weights: w, Bias: b}, nn.ReLU{}, nn.MaxPool{Size: pool, Stride: 2},
		nn.Conv{Size: 5, Channels: 64, Weights: w, Bias: b}, nn.ReLU{}, nn.MaxPool{Size: pool, Stride: 2},
		nn.Dense{Units: 1024, Weights: w, Bias: b}, nn.ReLU{},
		nn.Dense{Units: 10, Weights: w, Bias: b}, nn.SoftmaxCrossEntropy{},
	)}
	p.x = make([]float32, p.net.Dim())
	p.net.Init(p.x, 1)
	p.m.Gradient, p.m.Variance = make([]float32, len(p.x)), make([]float32, len(p.x))
	random := rand.New(rand.NewPCG(1, 2))
	for range batch {
		image := make([]float32, 28*28)
		for i := range image {
			image[i] = float32(random.NormFloat64())
		}
		p.images = append(p.images, image)
	}
	return p
}

// time returns the seconds that one measurement takes.
func (p *problem) time(want protocol.Quantity) float64 {
	batch := protocol.Batch{Examples: make([]int, p.batch)}
	start := time.Now()
	p.net.Measure(p.x, batch, want, func(i int, input, target []float32) {
		copy(input, p.images[i])
		target[0] = float32(i % 10)
	}, &p.m)
	return time.Since(start).Seconds()
}

// python is the other side.
type python struct {
	in  io.Writer
	out *bufio.Reader
}

func start(path string, threads int) (*python, error) {
	cmd := exec.Command(path, "-c", script)
	cmd.Env = append(os.Environ(), fmt.Sprintf("OMP_NUM_THREADS=%d", threads))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &python{in, bufio.NewReader(out)}, cmd.Start()
}

// time asks for one gradient.
func (p *python) time(name string) (float64, error) {
	if _, err := fmt.Fprintln(p.in, name); err != nil {
		return 0, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return 0, fmt.Errorf("pytorch.py ended: %w", err)
	}
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}
