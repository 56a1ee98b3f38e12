package plugins

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"noisebench/protocol"
)

// trajectory runs a short loop and returns everything that is seen in it, as bits.
func trajectory[T protocol.Float](t *testing.T, problem protocol.Problem[T], open func(protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error), needs protocol.Quantity, vectors *vectors[T],
) []uint64 {
	t.Helper()
	x, out := vectors.x, vectors.out
	o, request, err := open(protocol.Start{
		Setting: protocol.Setting{"step_size": 0.1}, Dim: len(x), DType: protocol.DTypeOf[T](), BatchSize: 8, Train: 60000,
		Budget: 1 << 40, Seed: 7, Blocks: []protocol.Block{{Name: "all", Len: len(x)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var seen []uint64
	note := func(vs ...float64) {
		for _, v := range vs {
			seen = append(seen, math.Float64bits(v))
		}
	}
	noteAll := func(v []T) {
		for _, e := range v {
			note(float64(e))
		}
	}
	if err := problem.Init(x, 7); err != nil {
		t.Fatal(err)
	}
	noteAll(x)
	position := 20
	reports := make([]float64, 2)
	for step := range 6 {
		size := request.BatchSize
		if step == 4 {
			size = 9000 // more numbers than fit into a mailbox
		}
		batch := protocol.Batch{Examples: make([]int, size), Seed: 7, Position: int64(position)}
		for i := range batch.Examples {
			batch.Examples[i] = position
			position++
		}
		want := request.Want
		if want == 0 {
			want = needs
		}
		m := protocol.Measurement[T]{Step: step, Seen: int64(position), StepScale: 0.5}
		from := vectors.room.Slices()
		for i, v := range m.Slices() {
			if want.Has(v.Of) {
				*v.At = *from[i].At
			}
		}
		if err := problem.Measure(x, batch, want, &m); err != nil {
			t.Fatal(err)
		}
		m.Have &= want
		note(m.Loss, m.VarianceNorm, float64(m.Have), float64(m.BatchSize))
		for _, v := range m.Slices() {
			noteAll(*v.At)
		}
		if request, err = o.Step(x, &m); err != nil {
			t.Fatal(err)
		}
		note(float64(request.BatchSize), float64(request.Want))
		if request.Trial {
			note(1)
		}
		noteAll(x)
		if r, ok := o.(protocol.Reporter); ok {
			r.Report(reports)
			note(reports...)
		}
		if a, ok := o.(protocol.Averager[T]); ok {
			a.Estimate(x, out)
			noteAll(out)
		}
		e, err := problem.Evaluate(x, protocol.TestPart)
		if err != nil {
			t.Fatal(err)
		}
		note(e.Loss, e.Metric)
	}
	for _, v := range []any{problem, o} {
		if c, ok := v.(io.Closer); ok {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return seen
}

// vectors are what the harness allocates for a run.
type vectors[T protocol.Float] struct {
	x, out []T
	room   protocol.Measurement[T]
}

func newVectors[T protocol.Float](dim int, next func(elements int) []T) *vectors[T] {
	v := &vectors[T]{x: next(dim), out: next(dim)}
	for _, s := range v.room.Slices() {
		*s.At = next(s.Of.Elements(dim))
	}
	return v
}

func heap[T protocol.Float](dim int) *vectors[T] {
	return newVectors(dim, func(n int) []T { return make([]T, n) })
}

// shared takes the vectors from the host's memory, one after the other, odd lengths included.
func shared[T protocol.Float](t *testing.T, h *Host, dim int) *vectors[T] {
	var zero T
	size := int(unsafe.Sizeof(zero))
	mem, free := h.Alloc((7*dim + 6*dim*dim) * size)
	t.Cleanup(free)
	return newVectors(dim, func(n int) []T {
		v := unsafe.Slice((*T)(unsafe.Pointer(&mem[0])), n)
		mem = mem[n*size:]
		return v
	})
}

// R2: the same bits in process and on every transport, from shared memory and from the heap.
func TestTransportsAgree(t *testing.T) {
	const dim = 33 // odd: with float32 every second vector starts at an address that cannot be shared
	setting64, setting32 := protocol.Setting{"dim": dim, "bits": 64}, protocol.Setting{"dim": dim, "bits": 32}
	for _, name := range []string{"heavy", "plain", "prints", "nan", "whole"} {
		needs := optimizerDef(name).Needs
		local := problemDef("bowl")
		p64, _ := local.New64(setting64)
		p32, _ := local.New32(setting32)
		want64 := trajectory(t, p64, optimizerDef(name).New64, needs, heap[float64](dim))
		want32 := trajectory(t, p32, optimizerDef(name).New32, needs, heap[float32](dim))
		for _, transport := range []Transport{Doorbell, Memory, Messages} {
			t.Run(name+"/"+string(transport), func(t *testing.T) {
				h := newHost(t, Options{Transport: transport})
				p := launch(t, h, "good")
				if got := p.Transport(); got != transport {
					t.Fatalf("transport is %s, want %s", got, transport)
				}
				problem, optimizer := p.problem(t, "bowl"), p.optimizer(t, name)
				for where, v := range map[string]*vectors[float64]{"heap": heap[float64](dim), "shared": shared[float64](t, h, dim)} {
					remote, err := problem.New64(setting64)
					if err != nil {
						t.Fatal(err)
					}
					if got := trajectory(t, remote, optimizer.New64, needs, v); !slices.Equal(got, want64) {
						t.Errorf("float64, vectors on %s: the trajectory differs from that in process", where)
					}
				}
				for where, v := range map[string]*vectors[float32]{"heap": heap[float32](dim), "shared": shared[float32](t, h, dim)} {
					remote, err := problem.New32(setting32)
					if err != nil {
						t.Fatal(err)
					}
					if got := trajectory(t, remote, optimizer.New32, needs, v); !slices.Equal(got, want32) {
						t.Errorf("float32, vectors on %s: the trajectory differs from that in process", where)
					}
				}
			})
		}
	}
}

func TestDefinitionsTravel(t *testing.T) {
	h := newHost(t, Options{})
	p := launch(t, h, "good")
	ignore := cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".Spec", ".New32", ".New64", ".Origin":
			return true
		}
		return false
	}, cmp.Ignore())
	var got []protocol.Definition
	for _, d := range p.Problems {
		got = append(got, d)
	}
	for _, d := range p.Optimizers {
		got = append(got, d)
	}
	if diff := cmp.Diff(definitions(), got, ignore); diff != "" {
		t.Errorf("definitions (-served +described):\n%s", diff)
	}
	sum, err := SumFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if o := p.Optimizers[0].Origin; o.Plugin != "good" || o.SHA256 != sum || !filepath.IsAbs(o.Path) {
		t.Errorf("origin is %+v", o)
	}
	setting := protocol.Setting{"dim": 5, "bits": 32}
	wantSpec, _ := problemDef("bowl").Spec(setting)
	spec, err := p.problem(t, "bowl").Spec(setting)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantSpec, spec); diff != "" {
		t.Errorf("spec (-served +described):\n%s", diff)
	}
	again, err := h.Launch(t.Context(), "good", os.Args[0], "plugin:good")
	if err != nil || again != p {
		t.Errorf("a second Launch of the same argv gives %p, %v, want the same plugin", again, err)
	}
}

// step opens an optimizer and makes steps until an error, at most six.
func step(t *testing.T, def protocol.OptimizerDef) error {
	t.Helper()
	const dim = 10
	o, _, err := def.New64(protocol.Start{Setting: protocol.Setting{"step_size": 0.1}, Dim: dim, DType: protocol.Float64})
	if err != nil {
		return err
	}
	defer o.(io.Closer).Close()
	x, out := make([]float64, dim), make([]float64, dim)
	m := protocol.Measurement[float64]{Have: protocol.Gradient, BatchSize: 1, Gradient: make([]float64, dim), StepScale: 1}
	for range 6 {
		if _, err := o.Step(x, &m); err != nil {
			return err
		}
		if a, ok := o.(protocol.Averager[float64]); ok {
			a.Estimate(x, out)
		}
	}
	return nil
}

// Whatever an optimizer does, the host gets a Fault that names it, the call and the cause, and goes
// on.
func TestFaults(t *testing.T) {
	for _, transport := range []Transport{Doorbell, Messages} {
		h := newHost(t, Options{Transport: transport, CallTimeout: 400 * time.Millisecond})
		p := launch(t, h, "good")
		for _, c := range []struct{ name, call, text string }{
			{"crash", "Step", "the process ended: exit status 3; its last output: about to die"},
			{"panics", "Step", "panic: runtime error: index out of range [3] with length 0"},
			{"hang", "Step", "killed, because its Step did not answer within 400ms"},
			{"stop", "Step", "killed, because its Step did not answer within 400ms"},
			{"errs", "Step", "out of ideas"},
			{"unsupported", "Step", "third step: unsupported operation"},
			{"greedy", "Step", "request for a batch of -5 examples, want 0 to 2147483647"},
			{"lost", "Estimate", "the process ended: exit status 4"},
		} {
			t.Run(string(transport)+"/"+c.name, func(t *testing.T) {
				err := step(t, p.optimizer(t, c.name))
				var fault *protocol.Fault
				if !errors.As(err, &fault) {
					t.Fatalf("error is %v, want a Fault", err)
				}
				want := protocol.Fault{Plugin: "good (optimizer " + c.name + ")", Call: c.call, Err: errors.New(c.text)}
				if got := fault.Error(); got != want.Error() {
					t.Errorf("got  %s\nwant %s", got, want.Error())
				}
				if got := errors.Is(err, errors.ErrUnsupported); got != (c.name == "unsupported") {
					t.Errorf("errors.Is(err, ErrUnsupported) is %t", got)
				}
				// A failed run does not affect the next.
				if err := step(t, p.optimizer(t, "heavy")); err != nil {
					t.Errorf("after the fault, a good optimizer: %v", err)
				}
			})
		}
	}
}

// Errors when opening come back as they would in the same process.
func TestOpenErrors(t *testing.T) {
	h := newHost(t, Options{})
	p := launch(t, h, "good")
	bowl := p.problem(t, "bowl")
	if _, err := bowl.New64(protocol.Setting{"dim": 13, "bits": 64}); err == nil ||
		err.Error() != "data are missing; run: bench data get" {
		t.Errorf("New64 gives %v", err)
	}
	if _, err := bowl.Spec(protocol.Setting{"dim": 666, "bits": 64}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Spec gives %v, want ErrUnsupported", err)
	}
	if _, err := bowl.New32(protocol.Setting{"dim": 5, "bits": 64}); err == nil {
		t.Error("a float64 problem opens as float32")
	}
	b, err := bowl.New64(protocol.Setting{"dim": 5, "bits": 64})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Init(make([]float64, 6), 1); err == nil || !strings.Contains(err.Error(), "6 elements, want 5") {
		t.Errorf("Init with a vector too long gives %v", err)
	}
	x := make([]float64, 5)
	m := protocol.Measurement[float64]{Gradient: make([]float64, 5)}
	err = b.Measure(x, protocol.Batch{Examples: []int{1, 2, 13}}, protocol.Gradient, &m)
	var fault *protocol.Fault
	if !errors.As(err, &fault) || fault.Call != "Measure" || fault.Err.Error() != "thirteen is out of stock" {
		t.Errorf("Measure gives %v", err)
	}
	if err := b.(io.Closer).Close(); !errors.As(err, &fault) {
		t.Errorf("Close after a fault gives %v, want the fault", err)
	}
}

// A problem that puts vectors of its own into a measurement fails: what it wrote to them would not
// travel.
func TestReplacedVectors(t *testing.T) {
	for _, transport := range []Transport{Doorbell, Messages} {
		p := launch(t, newHost(t, Options{Transport: transport}), "good")
		b, err := p.problem(t, "bowl").New64(protocol.Setting{"dim": 5, "bits": 64})
		if err != nil {
			t.Fatal(err)
		}
		m := protocol.Measurement[float64]{Gradient: make([]float64, 5)}
		err = b.Measure(make([]float64, 5), protocol.Batch{Examples: []int{1, 2, 14}}, protocol.Gradient, &m)
		var fault *protocol.Fault
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), "it replaced the measurement's vectors") {
			t.Errorf("%s: Measure gives %v, want a Fault that says so", transport, err)
		}
	}
}

// A plugin's forbidden change to x is seen even if x does not lie in shared memory: the conformance
// tests rely on that.
func TestMovedPoints(t *testing.T) {
	p := launch(t, newHost(t, Options{}), "good")
	if p.Transport() == Messages {
		t.Skip("there is no shared memory here")
	}
	b, err := p.problem(t, "bowl").New64(protocol.Setting{"dim": 5, "bits": 64})
	if err != nil {
		t.Fatal(err)
	}
	x := make([]float64, 5)
	if _, err := b.Evaluate(x, "moved"); err != nil || x[0] != 1 {
		t.Errorf("Evaluate moves x[0] by %g (error %v), want the 1 that the plugin moved it by", x[0], err)
	}
	o, _, err := p.optimizer(t, "restless").New64(protocol.Start{
		Dim: 5, DType: protocol.Float64, BatchSize: 8, Setting: protocol.Setting{"step_size": 0.1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); err == nil && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
		_, err = o.Step(x, &protocol.Measurement[float64]{Have: protocol.Gradient, Gradient: make([]float64, 5), BatchSize: 8})
	}
	if err == nil || !strings.Contains(err.Error(), "x was changed between calls") {
		t.Errorf("an optimizer that moves x between steps: error is %v", err)
	}
}

// A process that has ended by itself is not reported as closed by the host, which cleans up after
// it.
func TestEndBeforeStop(t *testing.T) {
	h := newHost(t, Options{})
	p := launch(t, h, "good")
	conn, err := p.live()
	if err != nil {
		t.Fatal(err)
	}
	_ = step(t, p.optimizer(t, "crash"))
	conn.Stop()
	if got, want := conn.End().Error(), "the process ended: exit status 3; its last output: about to die"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestNoPlugin(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte("just text\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "locked")
	if err := os.WriteFile(locked, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(dir, "module.py")
	if err := os.WriteFile(module, []byte("def f(x, g, state): pass\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	h := newHost(t, Options{StartTimeout: time.Second})
	for _, c := range []struct {
		argv []string
		want string
	}{
		{[]string{"/bin/true"}, "it ended without a handshake (exit status 0)"},
		{[]string{"/bin/cat"}, "it ended without a handshake (exit status 0)"},
		{[]string{"/bin/ls", "/no/such/file"}, "ls ended without a handshake (exit status 2); its last output: /bin/ls: cannot access"},
		{[]string{text}, "is not a program for this machine"},
		{[]string{locked}, "chmod +x " + locked},
		{[]string{module}, "name what it defines, as python:" + module + ":NAME, or"},
		{[]string{script}, "or the interpreter that it names"},
		{[]string{dir}, "is a folder; give the executable itself"},
		{[]string{filepath.Join(dir, "nothing")}, "there is no file"},
		{[]string{"no-such-program"}, "there is no executable no-such-program in PATH"},
		{[]string{"/bin/sleep", "100"}, "no handshake within 1s"},
		{[]string{os.Args[0], "plugin:silent"}, "no handshake within 1s"},
		{[]string{os.Args[0], "plugin:slow"}, "its output so far: loading a large library / and more; allow more time by --start-timeout"},
		{[]string{os.Args[0], "plugin:mute"}, "completed the handshake, but did not answer within 1s"},
		{[]string{os.Args[0], "plugin:noise"}, `its first line is "hello from a print that came too early"`},
		{[]string{os.Args[0], "plugin:prefix"}, `its first line is "hello 1|2|`},
		{[]string{os.Args[0], "plugin:version 1"}, "speaks contract version 1, this noisebench speaks version 2; rebuild the plugin"},
		{[]string{os.Args[0], "plugin:version 9"}, "speaks contract version 9, this noisebench speaks version 2; use a noisebench of its version"},
		{[]string{os.Args[0], "plugin:invalid"}, "optimizer heavy: has neither New32 nor New64"},
	} {
		began := time.Now()
		_, err := h.Launch(t.Context(), "x", c.argv...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v (after %v):\ngot  %v\nwant one line with %s", c.argv, time.Since(began), err, c.want)
		}
	}
}

func TestInvalidDefinitions(t *testing.T) {
	good := optimizerDef("heavy")
	change := func(f func(d *protocol.OptimizerDef)) protocol.OptimizerDef {
		d := good
		f(&d)
		return d
	}
	long := strings.Repeat("a", 300)
	entries := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprint(i)] = ""
		}
		return m
	}
	noSpec := problemDef("bowl")
	noSpec.Spec = nil
	for _, c := range []struct {
		defs []protocol.Definition
		want string
	}{
		{nil, "there is nothing to serve"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Name = "" })}, "has no name"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Name = "My Opt" })}, "lower case"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Version = "" })}, "no version"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Needs = 1 << 20 })}, "known quantities"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Reports = []string{"a", "a"} })}, "each once"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.New32, d.New64 = nil, nil })}, "neither New32"},
		{[]protocol.Definition{good, good}, `two definitions are named optimizer "heavy"`},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) {
			d.Hyperparameters = []protocol.Hyperparameter{protocol.Fraction("beta", "β", 1)}
		})}, "beta is 1, want a value in [0, 1)"},
		{[]protocol.Definition{noSpec}, "has no Spec"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Name = long })}, "has a name of 300 bytes, want at most 256"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Version = long })}, "its version has 300 bytes"},
		{
			[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Doc = strings.Repeat(long, 1000) })},
			"optimizer heavy: its Doc has 300000 bytes, want at most 65536",
		},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Source = strings.Repeat(long, 1000) })}, "its Source has 300000"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Digest = long })}, "its digest has 300 bytes"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Environment = entries(1001) })}, "its environment has 1001 entries"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) { d.Reports = []string{long} })}, "report 1 has a name of 300 bytes"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) {
			d.Hyperparameters = make([]protocol.Hyperparameter, 1001)
		})}, "has 1001 hyperparameters, want at most 1000"},
		{[]protocol.Definition{change(func(d *protocol.OptimizerDef) {
			d.Hyperparameters = []protocol.Hyperparameter{{Name: "a", Grid: make([]float64, 100001)}}
		})}, "hyperparameter a: its grid has 100001 settings, want at most 100000"},
		{slices.Repeat([]protocol.Definition{good}, 10001), "there are 10001 optimizers and problems, want at most 10000"},
	} {
		if _, _, err := sortOut(c.defs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if _, _, err := sortOut(definitions()); err != nil {
		t.Error(err)
	}
}

func TestLogs(t *testing.T) {
	var log syncBuffer
	h := newHost(t, Options{Logger: hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Debug})})
	p := launch(t, h, "good")
	if err := step(t, p.optimizer(t, "prints")); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(log.String(), "[DEBUG] good: xxxx"); n != 1000 {
		t.Errorf("%d of 1000 lines are in the log under the plugin's name", n)
	}
}

func TestAlloc(t *testing.T) {
	h := newHost(t, Options{})
	for _, size := range []int{0, 1, 63, 64, 4096, 1 << 20} {
		mem, free := h.Alloc(size)
		if len(mem) != size || cap(mem) != size {
			t.Errorf("Alloc(%d) has len %d and cap %d", size, len(mem), cap(mem))
		}
		if at := uintptr(unsafe.Pointer(unsafe.SliceData(mem))); at%64 != 0 {
			t.Errorf("Alloc(%d) lies at %#x, want a multiple of 64", size, at)
		}
		for i, b := range mem {
			if b != 0 {
				t.Fatalf("Alloc(%d): byte %d is %d, want 0", size, i, b)
			}
		}
		free()
		free() // harmless
	}
}

// alive reports whether any process of a group is left, zombies aside.
func alive(group int) bool { return syscall.Kill(-group, 0) == nil }

func mustOpen(t *testing.T, p *Plugin) protocol.Problem[float64] {
	t.Helper()
	b, err := p.problem(t, "bowl").New64(protocol.Setting{"dim": 100, "bits": 64})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sliced cuts four vectors from memory.
func sliced(mem []byte, dim int) *vectors[float64] {
	all := unsafe.Slice((*float64)(unsafe.Pointer(&mem[0])), len(mem)/8)
	next := func() (v []float64) { v, all = all[:dim], all[dim:]; return v }
	v := &vectors[float64]{x: next(), out: next()}
	v.room.Gradient, v.room.Variance = next(), next()
	return v
}
