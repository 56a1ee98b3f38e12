package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

const mixerDim = 40

// mixer is a problem and an optimizer; each of its calls depends on every element that it reads.
type mixer struct{ steps int }

const allQuantities = protocol.Gradient | protocol.Variance | protocol.Matrices | protocol.Oracle | protocol.SampledGradient

func (mixer) Init(x []float64, seed uint64) error {
	for i := range x {
		x[i] = 1 / float64(uint64(i)+seed)
	}
	return nil
}

func (mixer) Measure(x []float64, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[float64]) error {
	sum := 0
	for i, e := range batch.Examples {
		sum += (i%7 + 1) * e
	}
	if sum == 13 {
		return errors.New("thirteen is out of stock")
	}
	for k, v := range m.Slices() {
		if want.Has(v.Of) {
			for i := range *v.At {
				(*v.At)[i] = x[i%len(x)]*float64(k+1) + float64(i+sum)/1e6
			}
		}
	}
	m.Have, m.BatchSize, m.Loss = want, len(batch.Examples), x[0]
	return nil
}

func (mixer) Evaluate(x []float64, _ protocol.Part) (e protocol.Evaluation, _ error) {
	for i, v := range x {
		e.Loss += float64(i+1) * v
	}
	return e, nil
}

func (o *mixer) Step(x []float64, m *protocol.Measurement[float64]) (protocol.Request, error) {
	o.steps++
	for k, v := range m.Slices() {
		for i, e := range *v.At {
			x[i%len(x)] += e * float64(k+o.steps) / float64(i+9)
		}
	}
	return protocol.Request{}, nil
}

func (o *mixer) Estimate(x, out []float64) {
	for i, v := range x {
		out[len(out)-1-i] = v
	}
}

func mixerServer() *server {
	s := newServer(
		[]protocol.OptimizerDef{{
			Name: "mixer", Version: "1", Needs: allQuantities, Averages: true,
			New64: func(protocol.Start) (protocol.Optimizer[float64], protocol.Request, error) {
				return &mixer{}, protocol.Request{}, nil
			},
		}},
		[]protocol.ProblemDef{{
			Name: "mixer", Version: "1",
			Spec: func(protocol.Setting) (protocol.ProblemSpec, error) {
				return protocol.ProblemSpec{
					Dim: mixerDim, DType: protocol.Float64, Measures: allQuantities, Metric: protocol.Metric{Name: "loss"}, BatchSize: 1, Budget: 1,
				}, nil
			},
			New64: func(protocol.Setting) (protocol.Problem[float64], error) { return mixer{}, nil },
		}},
	)
	s.redirect = func() {}
	return s
}

// older is a plugin of before there were chunks.
type older struct{ *server }

func (o older) Describe(ctx context.Context, r *pb.DescribeRequest) (*pb.DescribeReply, error) {
	reply, err := o.server.Describe(ctx, r)
	reply.Capabilities = slices.DeleteFunc(reply.Capabilities, func(c pb.Capability) bool { return c == pb.Capability_CAPABILITY_CHUNKS })
	return reply, err
}

// connected serves s in this process and returns a connection by messages to it. No message may
// have more bytes than limit.
func connected(t *testing.T, s pb.PluginServer, limit int) *Conn {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(grpc.ForceServerCodecV2(chunkCodec()), grpc.MaxRecvMsgSize(limit))
	pb.RegisterPluginServer(g, s)
	go func() { _ = g.Serve(listener) }()
	t.Cleanup(g.Stop)
	client, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(limit)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	p := &Process{name: "mixer", Client: pb.NewPluginClient(client), cmd: &command{config: Config{Dir: t.TempDir()}}}
	c, err := Connect(t.Context(), p, NewMemory(false), Messages, time.Minute, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mix makes calls with vectors of all kinds and returns all that comes of them.
func mix(t *testing.T, problem protocol.Problem[float64], optimizer protocol.Optimizer[float64]) (seen []float64) {
	t.Helper()
	x, out := make([]float64, mixerDim), make([]float64, mixerDim)
	if err := problem.Init(x, 3); err != nil {
		t.Fatal(err)
	}
	for step, want := range []protocol.Quantity{
		protocol.Gradient, allQuantities, protocol.Variance | protocol.Oracle, protocol.Matrices, allQuantities,
	} {
		m := protocol.Measurement[float64]{Step: step, StepScale: 1}
		for _, v := range m.Slices() {
			if want.Has(v.Of) {
				*v.At = make([]float64, v.Of.Elements(mixerDim))
			}
		}
		batch := protocol.Batch{Examples: make([]int, 1+step*3000)} // from 4097 on they do not travel in the call
		for i := range batch.Examples {
			batch.Examples[i] = i + step
		}
		if err := problem.Measure(x, batch, want, &m); err != nil {
			t.Fatal(err)
		}
		for _, v := range m.Slices() {
			seen = append(seen, *v.At...)
		}
		if _, err := optimizer.Step(x, &m); err != nil {
			t.Fatal(err)
		}
		optimizer.(protocol.Averager[float64]).Estimate(x, out)
		e, err := problem.Evaluate(x, protocol.TestPart)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(append(append(seen, x...), out...), e.Loss)
	}
	for _, v := range []any{problem, optimizer} {
		if c, is := v.(io.Closer); is {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	return seen
}

// Vectors in chunks have the bits of vectors in messages, in messages that no vector would fit
// into; a plugin that has no chunks gets messages.
func TestChunks(t *testing.T) {
	defer func(size int) { chunkSize = size }(chunkSize)
	chunkSize = 100 // no vector has a multiple of that
	want := mix(t, mixer{}, &mixer{})
	for name, c := range map[string]*Conn{
		"chunks":            connected(t, mixerServer(), 36<<10), // 4096 examples are inline
		"an older plugin's": connected(t, older{mixerServer()}, maxMessage),
	} {
		if c.chunks != (name == "chunks") {
			t.Errorf("%s: chunks %t", name, c.chunks)
		}
		lend := func() (*Conn, func(), error) { return c, func() {}, nil }
		os, ps := c.Definitions(func() (*Conn, error) { return c, nil }, lend)
		open := func() (protocol.Problem[float64], protocol.Optimizer[float64]) {
			problem, err := ps[0].New64(protocol.Setting{})
			if err != nil {
				t.Fatal(err)
			}
			optimizer, _, err := os[0].New64(protocol.Start{Dim: mixerDim, DType: protocol.Float64})
			if err != nil {
				t.Fatal(err)
			}
			return problem, optimizer
		}
		problem, optimizer := open()
		if got := mix(t, problem, optimizer); !slices.Equal(got, want) {
			t.Errorf("%s: what comes back differs from that in process", name)
		}
		// An error comes back without chunks, and ends the session as ever.
		problem, optimizer = open()
		x, g := make([]float64, mixerDim), make([]float64, mixerDim)
		for range 2 {
			err := problem.Measure(x, protocol.Batch{Examples: []int{13}}, protocol.Gradient, &protocol.Measurement[float64]{Gradient: g})
			if err == nil || !strings.Contains(err.Error(), "thirteen is out of stock") {
				t.Errorf("%s: error %v, want that of the problem", name, err)
			}
		}
		if err := problem.(io.Closer).Close(); err == nil || !strings.Contains(err.Error(), "thirteen") {
			t.Errorf("%s: Close returns %v, want the session's fault", name, err)
		}
		if err := optimizer.(io.Closer).Close(); err != nil {
			t.Error(err)
		}
	}
}

// A plugin that refuses a call before it has read the chunks reads them all the same.
func TestUnreadChunks(t *testing.T) {
	defer func(size int) { chunkSize = size }(chunkSize)
	chunkSize = 100
	c := connected(t, mixerServer(), maxMessage)
	s, err := c.Client.Session(t.Context(), grpc.ForceCodecV2(chunkCodec()))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := c.Client.Open(t.Context(), &pb.OpenRequest{Dtype: pb.DType_DTYPE_FLOAT64, What: &pb.OpenRequest_Problem{Problem: "mixer"}})
	if err != nil {
		t.Fatal(err)
	}
	vector := make([]byte, 8*mixerDim)
	for _, wrong := range []*pb.Call{
		{Call: &pb.Call_Evaluate{Evaluate: &pb.Evaluate{X: &pb.Vector{Chunked: uint64(len(vector)) - 8}}}},
		{Call: &pb.Call_Step{Step: &pb.Step{X: &pb.Vector{Chunked: uint64(len(vector)) - 8}}}}, // to a problem
	} {
		wrong.Session = opened.GetSession()
		if err := s.Send(wrong); err != nil {
			t.Fatal(err)
		}
		if err := sendChunks(s, [][]byte{vector[8:]}, func(data []byte) any {
			return &pb.Call{Call: &pb.Call_Chunk{Chunk: &pb.Chunk{Data: data}}}
		}); err != nil {
			t.Fatal(err)
		}
		if reply, err := s.Recv(); err != nil || reply.GetError() == nil {
			t.Fatalf("the plugin answers %v, %v; want an error", reply, err)
		}
	}
	call := &stream{conn: c, stream: s, outgoing: [][]byte{vector}}
	reply, err := call.call("Evaluate", &pb.Call{Call: &pb.Call_Evaluate{Evaluate: &pb.Evaluate{X: &pb.Vector{Chunked: uint64(len(vector))}}}})
	if err != nil || reply.GetEvaluate() == nil {
		t.Errorf("the next call is answered by %v, %v", reply, err)
	}
}

// sequence is a stream of messages that a peer sends.
type sequence []*pb.Reply

func (s *sequence) SendMsg(any) error { return nil }

func (s *sequence) RecvMsg(m any) error {
	if len(*s) == 0 {
		return io.EOF
	}
	data, err := proto.Marshal((*s)[0])
	if err != nil {
		return err
	}
	*s = (*s)[1:]
	half := len(data) / 2 // as it may come from the network
	return chunkCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(data[:half]), mem.SliceBuffer(data[half:])}, m)
}

func TestChunkLies(t *testing.T) {
	of := func(data ...byte) *pb.Reply {
		return &pb.Reply{Reply: &pb.Reply_Chunk{Chunk: &pb.Chunk{Data: data}}}
	}
	for name, c := range map[string]struct {
		messages sequence
		want     string
	}{
		"truth":         {sequence{of(1, 2), of(3)}, ""},
		"too much":      {sequence{of(1, 2), of(3, 4)}, "a chunk of 2 bytes came at 2 of a vector of 3 bytes, want 1 to 1"},
		"nothing":       {sequence{of(1, 2), of()}, "a chunk of 0 bytes came at 2"},
		"another reply": {sequence{of(1, 2), {Reply: &pb.Reply_Close{Close: &pb.CloseReply{}}}}, "a chunk of 0 bytes came at 2"},
		"too large":     {sequence{of(make([]byte, maxChunk+1)...)}, "a chunk of 1048577 bytes"},
		"the end":       {sequence{of(1, 2)}, "EOF"},
	} {
		v := make([]byte, 3)
		err := receiveChunks(&c.messages, v)
		if c.want == "" && (err != nil || !slices.Equal(v, []byte{1, 2, 3})) {
			t.Errorf("%s: got %v, %v", name, v, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(fmt.Sprint(err), c.want)) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}
