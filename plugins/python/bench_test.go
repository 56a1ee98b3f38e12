package python

import (
	"fmt"
	"io"
	"os/exec"
	"slices"
	"testing"
	"time"
	"unsafe"

	"noisebench/plugins"
	"noisebench/protocol"
)

// bare times steps of torch.optim.Adam on one tensor, without noisebench, and prints microseconds a
// step.
const bare = `
import sys, time, torch
torch.set_num_threads(1)
d, n = int(sys.argv[1]), int(sys.argv[2])
p = torch.nn.Parameter(torch.zeros(d)); p.grad = torch.ones(d)
o = torch.optim.Adam([p])
times = []
for _ in range(n):
    began = time.perf_counter(); o.step(); times.append(time.perf_counter() - began)
print(1e6 * sorted(times)[n // 2])
`

// BenchmarkStep compares steps of PyTorch's Adam through the package, by the host's clock, with
// bare ones. See benchmarks/python.sh.
func BenchmarkStep(b *testing.B) {
	python := interpreter(b, "torch")
	for _, d := range []int{100, 1_340_000} {
		for _, transport := range transports {
			b.Run(fmt.Sprintf("%d/%s", d, transport), func(b *testing.B) {
				p, host := launchAlone(b, plugins.Options{Transport: transport}, "torch")
				timeAlone := func() (alone float64) {
					out, err := exec.Command(python, "-c", bare, fmt.Sprint(d), "250").Output()
					if err != nil {
						b.Fatal(err)
					}
					if _, err := fmt.Sscan(string(out), &alone); err != nil {
						b.Fatal(err)
					}
					return alone
				}
				before := timeAlone()
				def := optimizerOf(b, p.Optimizers, "torch-adam")
				setting, err := protocol.Resolve(def.Hyperparameters, nil)
				if err != nil {
					b.Fatal(err)
				}
				o, _, err := def.New32(protocol.Start{Setting: setting, Dim: d, DType: protocol.Float32, BatchSize: 8, Budget: 1 << 40})
				if err != nil {
					b.Fatal(err)
				}
				defer o.(io.Closer).Close()
				x, m := vector(b, host, d), &protocol.Measurement[float32]{Have: protocol.Gradient, BatchSize: 8, StepScale: 1}
				m.Gradient = vector(b, host, d)
				steps := make([]float64, 0, b.N)
				for b.Loop() {
					began := time.Now()
					if _, err := o.Step(x, m); err != nil {
						b.Fatal(err)
					}
					steps = append(steps, float64(time.Since(began).Nanoseconds())/1e3)
				}
				step, alone := median(steps), (before+timeAlone())/2
				b.ReportMetric(0, "ns/op") // which has the bare steps in it
				b.ReportMetric(step, "µs/step")
				b.ReportMetric(alone, "µs-bare/step")
				b.ReportMetric(step-alone, "µs-more/step")
				b.ReportMetric(step/alone, "×bare")
			})
		}
	}
}

// vector returns zeros in memory that plugins can map.
func vector(b *testing.B, host *plugins.Host, d int) []float32 {
	mem, free := host.Alloc(4 * d)
	b.Cleanup(free)
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(mem))), d)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
