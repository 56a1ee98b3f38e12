package wire

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// canned is a transport by which every call gets the same reply.
type canned struct{ reply *pb.Reply }

func (l canned) call(string, *pb.Call) (*pb.Reply, error) {
	return proto.Clone(l.reply).(*pb.Reply), nil
}

func (canned) close() {}

func lyingSession(reply *pb.Reply) *session {
	conn := &Conn{Process: &Process{name: "liar"}, Transport: Messages, memory: NewMemory(false)}
	return &session{conn: conn, what: "thing", dim: 2, caller: canned{reply}, release: func() {}}
}

func inline(bytes int) *pb.Vector {
	return &pb.Vector{Inline: make([]byte, bytes)}
}

func measured(change func(*pb.MeasureReply)) *pb.Reply {
	r := &pb.MeasureReply{Have: 7, BatchSize: 3, Gradient: make([]byte, 16), Variance: make([]byte, 16)}
	change(r)
	return &pb.Reply{Reply: &pb.Reply_Measure{Measure: r}}
}

func stepped(change func(*pb.StepReply)) *pb.Reply {
	r := &pb.StepReply{Request: &pb.Request{}, Reports: make([]float64, 1), X: make([]byte, 16)}
	change(r)
	return &pb.Reply{Reply: &pb.Reply_Step{Step: r}}
}

// No answer of a plugin can do more than fail the run.
func TestLies(t *testing.T) {
	x, g, v := make([]float64, 2), make([]float64, 2), make([]float64, 2)
	measure := func(s *session) error {
		m := protocol.Measurement[float64]{Gradient: g, Variance: v}
		p := &problem[float64]{session: s}
		return p.Measure(x, protocol.Batch{Examples: []int{1, 2, 3}}, protocol.Gradient|protocol.Variance, &m)
	}
	matrix := make([]float64, 4)
	curved := func(s *session) error {
		m := protocol.Measurement[float64]{Fisher: matrix, TrueGradient: g, TrueVariance: v}
		p := &problem[float64]{session: s}
		return p.Measure(x, protocol.Batch{Examples: []int{1, 2, 3}}, protocol.Fisher|protocol.Oracle, &m)
	}
	step := func(s *session) error {
		o := &optimizer[float64]{session: s, reports: make([]float64, 1)}
		_, err := o.Step(x, &protocol.Measurement[float64]{Have: protocol.Gradient, Gradient: g})
		return err
	}
	save := func(s *session) error {
		_, err := (&optimizer[float64]{session: s, saves: true}).SaveState()
		return err
	}
	restore := func(s *session) error { return (&optimizer[float64]{session: s, saves: true}).RestoreState(nil) }
	saved := func(piece int, size uint64) *pb.Reply {
		return &pb.Reply{Reply: &pb.Reply_Save{Save: &pb.SaveReply{Piece: make([]byte, piece), Size: size}}}
	}
	other := &pb.Reply{Reply: &pb.Reply_Close{Close: &pb.CloseReply{}}}
	for _, c := range []struct {
		name  string
		reply *pb.Reply
		call  func(*session) error
		want  string // no fault if empty
	}{
		{"truth", measured(func(*pb.MeasureReply) {}), measure, ""},
		{"nothing", &pb.Reply{}, measure, "another call"},
		{"another call", other, measure, "another call"},
		{"short gradient", measured(func(r *pb.MeasureReply) { r.Gradient = make([]byte, 8) }), measure, "8 bytes came back"},
		{"long variance", measured(func(r *pb.MeasureReply) { r.Variance = make([]byte, 17) }), measure, "17 bytes came back"},
		{"no variance", measured(func(r *pb.MeasureReply) { r.Have = 1 }), measure, "measured gradient, want"},
		{"unknown quantity", measured(func(r *pb.MeasureReply) { r.Have = 1 << 20 }), measure, "unknown"},
		{"another batch", measured(func(r *pb.MeasureReply) { r.BatchSize = math.MaxUint64 }), measure, "of -1 examples, want 3"},
		{"truth", measured(func(r *pb.MeasureReply) {
			r.Have, r.More = 8|512, [][]byte{make([]byte, 32), make([]byte, 16), make([]byte, 16)}
		}), curved, ""},
		{"half an oracle", measured(func(r *pb.MeasureReply) {
			r.Have, r.More = 8|512, [][]byte{make([]byte, 32), make([]byte, 16)}
		}), curved, "0 bytes came back, want 16"},
		{"no matrix", measured(func(r *pb.MeasureReply) { r.Have = 8 | 512 }), curved, "0 bytes came back, want 32"},
		{"truth", stepped(func(*pb.StepReply) {}), step, ""},
		{"another call", other, step, "another call"},
		{"no report", stepped(func(r *pb.StepReply) { r.Reports = nil }), step, "0 reports came back, want 1"},
		{"short x", stepped(func(r *pb.StepReply) { r.X = nil }), step, "0 bytes came back, want 16"},
		{"batch size", stepped(func(r *pb.StepReply) { r.Request.BatchSize = 1 << 40 }), step, "1099511627776 examples"},
		{"draw", stepped(func(r *pb.StepReply) { r.Request.Draw = 3 }), step, "draw 3"},
		{"want", stepped(func(r *pb.StepReply) { r.Request.Want = 1 << 20 }), step, "quantities 0x100000"},
		{"truth", saved(10, 10), save, ""},
		{"truth", saved(0, 0), save, ""},
		{"truth in pieces", saved(statePiece, 3*statePiece), save, ""},
		{"another call", other, save, "another call"},
		{"endless state", saved(0, 10), save, "a piece of 0 bytes came at 0 of 10"},
		{"huge state", saved(10, math.MaxUint64), save, "a piece of 10 bytes"},
		{"more than any state", saved(10, 1<<31), save, "at most 1073746048 bytes in all"},
		{"more than the state", saved(10, 9), save, "a piece of 10 bytes came at 0 of 9"},
		{"ends too late", saved(10, 15), save, "a piece of 10 bytes came at 10 of 15"},
		{"large piece", saved(statePiece+1, 1<<20), save, "a piece of 61441 bytes"},
		{"another call", other, restore, "another call"},
		{"evaluation", other, func(s *session) error {
			_, err := (&problem[float64]{session: s}).Evaluate(x, protocol.TestPart)
			return err
		}, "another call"},
		{"start", &pb.Reply{Reply: &pb.Reply_Init{Init: &pb.InitReply{X: make([]byte, 24)}}}, func(s *session) error {
			return (&problem[float64]{session: s}).Init(x, 1)
		}, "24 bytes came back, want 16"},
	} {
		s := lyingSession(c.reply)
		err := c.call(s)
		var fault *protocol.Fault
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v, want no error", c.name, err)
		case c.want != "" && (!errors.As(err, &fault) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want a Fault with %q", c.name, err, c.want)
		case c.want != "" && c.call(s) != err:
			t.Errorf("%s: the next call does not return the fault", c.name)
		}
	}
}

// An estimate cannot report its fault; the caller gets NaN, and the fault from Close.
func TestEstimateFault(t *testing.T) {
	s := lyingSession(&pb.Reply{Reply: &pb.Reply_Estimate{Estimate: &pb.EstimateReply{Out: make([]byte, 8)}}})
	out := []float64{1, 2}
	averager[float64]{&optimizer[float64]{session: s}}.Estimate(make([]float64, 2), out)
	if !math.IsNaN(out[0]) || !math.IsNaN(out[1]) {
		t.Errorf("out is %v, want NaN", out)
	}
	var fault *protocol.Fault
	if err := s.Close(); !errors.As(err, &fault) || fault.Call != "Estimate" {
		t.Errorf("Close returns %v, want the fault of Estimate", err)
	}
}

func TestSpecLies(t *testing.T) {
	good := func() *pb.Spec {
		return specToWire(&protocol.ProblemSpec{
			Dim: 2, DType: protocol.Float64, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"},
			BatchSize: 1, Budget: 10, Blocks: []protocol.Block{{Name: "all", Len: 2}},
		})
	}
	if _, err := specFromWire(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*pb.Spec){
		"large dim":      func(s *pb.Spec) { s.Dim = 1 << 33 },
		"constant":       func(s *pb.Spec) { s.Constants = map[string]float64{"optimum": math.NaN()} },
		"huge dim":       func(s *pb.Spec) { s.Dim = math.MaxUint64 },
		"no dtype":       func(s *pb.Spec) { s.Dtype = 77 },
		"huge batch":     func(s *pb.Spec) { s.BatchSize = 1 << 63 },
		"negative":       func(s *pb.Spec) { s.Budget = -1 },
		"blocks":         func(s *pb.Spec) { s.Blocks[0].Len = 3 },
		"huge block":     func(s *pb.Spec) { s.Blocks[0].Offset = math.MaxUint64 },
		"null in blocks": func(s *pb.Spec) { s.Blocks = []*pb.Block{nil} },
	} {
		s := good()
		change(s)
		if _, err := specFromWire(s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := specFromWire(nil); err == nil {
		t.Error("no spec: no error")
	}
}

// Blocks arrive as they were sent, and those that do not fit are the fault of the plugin, by its
// name.
func TestBlocksTravel(t *testing.T) {
	blocks := []protocol.Block{
		{Name: "conv", Len: 3 * 3 * 2 * 4, Shape: []int{3, 3, 2, 4}, Output: 3, Role: protocol.Weight},
		{Name: "bias", Offset: 72, Len: 4, Shape: []int{4}, Role: protocol.Bias},
		{Name: "scale", Offset: 76, Len: 4, Role: protocol.Scale},
		{Name: "words", Offset: 80, Len: 10, Shape: []int{5, 2}, Output: 1, Role: protocol.Embedding},
		{Name: "last", Offset: 90, Len: 10, Shape: []int{2, 5}, Role: protocol.OutputLayer},
	}
	spec := protocol.ProblemSpec{
		Dim: 100, DType: protocol.Float64, Measures: protocol.Gradient, Metric: protocol.Metric{Name: "loss"}, BatchSize: 1, Budget: 10,
		Blocks: blocks,
	}
	got, err := specFromWire(specToWire(&spec))
	if err != nil || !reflect.DeepEqual(got.Blocks, blocks) {
		t.Errorf("a spec arrives with blocks %+v and error %v, want %+v", got.Blocks, err, blocks)
	}
	start, err := startFromWire(&pb.OpenRequest{
		What: &pb.OpenRequest_Optimizer{Optimizer: startToWire("toy", &protocol.Start{Dim: 100, Blocks: blocks})},
	})
	if err != nil || !reflect.DeepEqual(start.Blocks, blocks) {
		t.Errorf("a start arrives with blocks %+v and error %v, want %+v", start.Blocks, err, blocks)
	}
	for _, c := range []struct {
		change func(*pb.Block)
		want   string
	}{
		{func(b *pb.Block) { b.Shape[3] = 5 }, `block "conv" has shape [3 3 2 5]`},
		{func(b *pb.Block) { b.Shape = []uint64{0} }, `block "conv" has shape [0]`},
		{func(b *pb.Block) { b.Shape[0] = math.MaxUint64 }, "a whole number is 18446744073709551615"},
		{func(b *pb.Block) { b.Shape = []uint64{1 << 62, 1 << 62, 72} }, `block "conv" has shape`},
		{func(b *pb.Block) { b.Output = 2 }, "has output axis 2, want 0 or the last"},
		{func(b *pb.Block) { b.Output = math.MaxUint64 }, "a whole number is 18446744073709551615"},
		{func(b *pb.Block) { b.Role = "filter" }, `has role "filter", want weight, bias`},
	} {
		sent := specToWire(&spec)
		c.change(sent.Blocks[0])
		conn := &Conn{Process: &Process{name: "careless", Client: speccing{spec: sent}}, timeout: time.Hour}
		_, err := conn.spec("net", nil)
		var fault *protocol.Fault
		if !errors.As(err, &fault) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "careless (problem net)") {
			t.Errorf("error is %v, want a Fault of careless (problem net) with %s", err, c.want)
		}
	}
}

// speccing is a plugin that answers Spec alone.
type speccing struct {
	pb.PluginClient
	spec *pb.Spec
}

func (s speccing) Spec(context.Context, *pb.SpecRequest, ...grpc.CallOption) (*pb.SpecReply, error) {
	return &pb.SpecReply{Spec: s.spec}, nil
}

// The largest messages that carry a state fit into a mailbox.
func TestStatePiecesFit(t *testing.T) {
	piece := make([]byte, statePiece)
	call := &pb.Call{
		Session: math.MaxUint64, Call: &pb.Call_Restore{Restore: &pb.Restore{Piece: piece, Size: math.MaxUint64}},
	}
	reply := &pb.Reply{Reply: &pb.Reply_Save{Save: &pb.SaveReply{Piece: piece, Size: math.MaxUint64}}}
	if a, b := proto.Size(call), proto.Size(reply); max(a, b) > slotSize {
		t.Errorf("they have %d and %d bytes, want at most %d", a, b, slotSize)
	}
}

// An author's error becomes one line without control characters.
func TestErrorText(t *testing.T) {
	got := errorFromWire(errorToWire(errors.New("no\tdata \x1b[31mhere\n  today\n"))).Error()
	if want := "no data [31mhere today"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The line with which the Go runtime begins to report a fatal error is found however long the
// stacks after it are.
func TestTail(t *testing.T) {
	for _, c := range []struct {
		written []string
		want    string
	}{
		{[]string{""}, ""},
		{[]string{"one\ntwo\nthree\nfour\n"}, "two / three / four"},
		{[]string{"pan", "ic: in", " pieces\n", strings.Repeat("goroutine 1\n", tailSize)}, "panic: in pieces"},
		{[]string{"panic: old\n", "fatal error: stack ", "overflow\r\n\n"}, "fatal error: stack overflow"},
		{[]string{"SIGSEGV: segmentation violation\nPC=0x47\ncs 0x33\n"}, "SIGSEGV: segmentation violation"},
		{[]string{"don't panic: all is well\n"}, "don't panic: all is well"},
		{[]string{"panic: " + strings.Repeat("x", 1000) + "\n"}, "panic: " + strings.Repeat("x", 300-len("panic: "))},
	} {
		var l tail
		for _, w := range c.written {
			l.write([]byte(w))
		}
		if got := l.String(); got != c.want {
			t.Errorf("%.60q: got %q, want %q", c.written, got, c.want)
		}
	}
}

// The plugin's side looks at places before it touches them.
func TestPlaces(t *testing.T) {
	s := &served{regions: map[uint64][]byte{1: make([]byte, 64)}}
	for _, c := range []struct {
		region, offset, size uint64
		ok                   bool
	}{
		{1, 0, 64, true},
		{1, 56, 8, true},
		{1, 64, 0, true},
		{1, 0, 65, false},
		{1, 64, 8, false},
		{1, 4, 8, false}, // alignment
		{1, math.MaxUint64 - 7, 16, false},
		{1, 8, math.MaxUint64, false},
		{2, 0, 8, false},
	} {
		b, err := s.place(&pb.Vector{Region: c.region, Offset: c.offset, Size: c.size})
		if (err == nil) != c.ok || uint64(len(b)) != c.size && c.ok {
			t.Errorf("place %+v: %d bytes, %v", c, len(b), err)
		}
	}
	place := &pb.Vector{Region: 1, Size: 24}
	var scratch []float64
	for name, v := range map[string]*pb.Vector{
		"short place":  place,
		"long inline":  inline(40),
		"short inline": inline(31),
		"nothing":      {},
	} {
		if _, _, err := view(s, v, 4, read, &scratch); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Memory finds a slice where it lies, and nowhere else.
func TestMemoryFind(t *testing.T) {
	m := NewMemory(true)
	a, freeA := m.Alloc(10000)
	b, freeB := m.Alloc(10000)
	if m.find(a) == nil {
		t.Skip("this system has no shared memory")
	}
	for name, c := range map[string]struct {
		v  []byte
		in *region
	}{
		"all of a": {a, m.find(a)}, "part of a": {a[100:200], m.find(a)}, "end of b": {b[9999:], m.find(b)},
		"heap": {make([]byte, 8), nil},
	} {
		if got := m.find(c.v); got != c.in {
			t.Errorf("%s: found %p, want %p", name, got, c.in)
		}
	}
	ra := m.find(a)
	freeA()
	if _, in := ra.offset(a[:8:8]); in {
		t.Error("a freed region is still found")
	}
	if m.find(b) == nil {
		t.Error("b is lost with a")
	}
	freeB()
	if len(m.regions) != 0 {
		t.Errorf("%d regions are left", len(m.regions))
	}
}

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		timeout time.Duration
		call    string
		want    time.Duration
	}{{time.Minute, "Step", time.Minute}, {time.Minute, "Close", closeTimeout}, {time.Second, "Close", time.Second}} {
		if got := (&Conn{timeout: c.timeout}).limit(c.call); got != c.want {
			t.Errorf("of %v, %s may take %v, want %v", c.timeout, c.call, got, c.want)
		}
	}
}

// A mailbox carries messages, and survives a peer that writes nonsense.
func TestMailbox(t *testing.T) {
	if !hasDoorbell {
		t.Skip("this system has no doorbell")
	}
	r, err := newRegion(mailboxSize)
	if err != nil {
		t.Fatal(err)
	}
	defer r.free()
	host, plugin := newMailbox(r.mem), newMailbox(r.mem)
	var served sync.WaitGroup
	served.Go(func() {
		err := plugin.serve(func(c *pb.Call) *pb.Reply {
			if c.GetClose() != nil {
				return &pb.Reply{}
			}
			return &pb.Reply{Reply: &pb.Reply_Evaluate{Evaluate: &pb.EvaluateReply{Loss: float64(c.GetInit().GetSeed())}}}
		})
		if err != nil {
			t.Error(err)
		}
	})
	number := uint32(0)
	call := func(c *pb.Call) *pb.Reply {
		number++
		if err := host.call.send(number, c); err != nil {
			t.Fatal(err)
		}
		if got, err := host.reply.wait(number-1, func() error { return nil }); err != nil || got != number {
			t.Fatalf("reply %d, %v, want %d", got, err, number)
		}
		var reply pb.Reply
		if err := host.reply.receive(&reply); err != nil {
			t.Fatal(err)
		}
		return &reply
	}
	for seed := range uint64(1000) {
		reply := call(&pb.Call{Call: &pb.Call_Init{Init: &pb.Init{Seed: seed}}})
		if got := reply.GetEvaluate().GetLoss(); got != float64(seed) {
			t.Fatalf("call %d was answered with %g", seed, got)
		}
	}
	call(&pb.Call{Call: &pb.Call_Close{Close: &pb.Close{}}})
	served.Wait()

	big := &pb.Call{Call: &pb.Call_Init{Init: &pb.Init{X: inline(slotSize)}}}
	if err := host.call.send(number+1, big); err == nil {
		t.Error("a message larger than the slot was sent")
	}
	*host.reply.length = slotSize + 1
	if err := host.reply.receive(&pb.Reply{}); err == nil {
		t.Error("a length beyond the slot was believed")
	}
	gone := errors.New("gone")
	if _, err := host.reply.wait(number, func() error { return gone }); err != gone {
		t.Errorf("waiting for a dead peer gives %v, want %v", err, gone)
	}
	*host.call.number = 77
	if err := plugin.serve(nil); err == nil {
		t.Error("a wrong call number was answered")
	}
}
