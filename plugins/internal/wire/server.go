package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// parentWatch is how often a plugin looks whether its host still lives.
const parentWatch = 500 * time.Millisecond

// Serve serves definitions to the host that started this process, until the host ends it or ends itself.
func Serve(optimizers []protocol.OptimizerDef, problems []protocol.ProblemDef) {
	go exitWithParent()
	s := newServer(optimizers, problems)
	// go-plugin diverts standard output and error into streams that may lose their last lines in a crash. Output goes
	// to the process's standard error instead, which the host reads to the end.
	stderr := os.Stderr
	s.redirect = func() { os.Stdout, os.Stderr = stderr, stderr }
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  handshake(),
		VersionedPlugins: pluginSets(s),
		Logger: hclog.New(&hclog.LoggerOptions{
			Level: hclog.Warn, Output: stderr, JSONFormat: true,
		}),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(opts,
				grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage),
				grpc.InitialWindowSize(windowSize), grpc.InitialConnWindowSize(windowSize),
				grpc.ReadBufferSize(bufferedBytes), grpc.WriteBufferSize(bufferedBytes))...)
		},
	})
}

// exitWithParent ends the process when its parent has ended, which a host that was killed cannot ask for.
func exitWithParent() {
	parent := os.Getppid()
	for os.Getppid() == parent {
		time.Sleep(parentWatch)
	}
	os.Exit(1)
}

// server is the plugin's side of the service.
type server struct {
	pb.UnimplementedPluginServer
	optimizers []protocol.OptimizerDef
	problems   []protocol.ProblemDef
	redirect   func() // done at the first call
	once       sync.Once
	mappings   mappings

	mu       sync.Mutex
	last     uint64 // session
	sessions map[uint64]*served
	specs    map[string]protocol.ProblemSpec // by problem and setting
}

func newServer(optimizers []protocol.OptimizerDef, problems []protocol.ProblemDef) *server {
	return &server{
		optimizers: optimizers, problems: problems,
		mappings: mappings{byID: map[uint64]*mapping{}},
		sessions: map[uint64]*served{}, specs: map[string]protocol.ProblemSpec{},
	}
}

func (s *server) Describe(_ context.Context, r *pb.DescribeRequest) (*pb.DescribeReply, error) {
	s.once.Do(s.redirect)
	reply := &pb.DescribeReply{}
	for i := range s.optimizers {
		reply.Optimizers = append(reply.Optimizers, optimizerToWire(&s.optimizers[i]))
	}
	for i := range s.problems {
		reply.Problems = append(reply.Problems, problemToWire(&s.problems[i]))
	}
	if probe := r.GetProbe(); probe != nil && littleEndian {
		if mem, err := s.mappings.acquire(probe); err == nil {
			if bytes.HasPrefix(mem, r.GetProbeContent()) {
				reply.Capabilities = append(reply.Capabilities, pb.Capability_CAPABILITY_MEMORY)
				if hasDoorbell {
					reply.Capabilities = append(reply.Capabilities, pb.Capability_CAPABILITY_DOORBELL)
				}
			}
			s.mappings.release(probe.GetId())
		}
	}
	return reply, nil
}

func (s *server) Spec(_ context.Context, r *pb.SpecRequest) (*pb.SpecReply, error) {
	var spec protocol.ProblemSpec
	err := guard(func() (err error) {
		spec, err = s.spec(r.GetProblem(), r.GetSetting())
		return err
	})
	if err != nil {
		return &pb.SpecReply{Error: err}, nil
	}
	return &pb.SpecReply{Spec: specToWire(&spec)}, nil
}

// spec asks a problem for its description once per setting.
func (s *server) spec(name string, setting protocol.Setting) (protocol.ProblemSpec, error) {
	def, err := s.problem(name)
	if err != nil {
		return protocol.ProblemSpec{}, err
	}
	key := name + " " + setting.String()
	s.mu.Lock()
	spec, known := s.specs[key]
	s.mu.Unlock()
	if known {
		return spec, nil
	}
	if spec, err = def.Spec(setting); err != nil {
		return spec, err
	}
	if err := spec.Check(); err != nil {
		return spec, fmt.Errorf("the spec of problem %s makes no sense: %w", name, err)
	}
	s.mu.Lock()
	s.specs[key] = spec
	s.mu.Unlock()
	return spec, nil
}

func (s *server) problem(name string) (*protocol.ProblemDef, error) {
	i := slices.IndexFunc(s.problems, func(d protocol.ProblemDef) bool { return d.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("this plugin has no problem %q", name)
	}
	return &s.problems[i], nil
}

func (s *server) optimizer(name string) (*protocol.OptimizerDef, error) {
	i := slices.IndexFunc(s.optimizers, func(d protocol.OptimizerDef) bool { return d.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("this plugin has no optimizer %q", name)
	}
	return &s.optimizers[i], nil
}

func (s *server) Open(_ context.Context, r *pb.OpenRequest) (*pb.OpenReply, error) {
	session := &served{mappings: &s.mappings, regions: map[uint64][]byte{}}
	reply := &pb.OpenReply{}
	reply.Error = guard(func() error { return s.open(session, r, reply) })
	if reply.Error != nil {
		session.end()
		return &pb.OpenReply{Error: reply.Error}, nil
	}
	s.mu.Lock()
	s.last++
	reply.Session = s.last
	if session.mailbox == nil {
		s.sessions[reply.Session] = session
	}
	s.mu.Unlock()
	if session.mailbox != nil {
		go func() {
			defer session.end()
			for range 10 {
				runtime.Gosched() // waiting by doorbell holds a processor, which the reply to Open needs first
			}
			if err := session.mailbox.serve(session.answer); err != nil {
				fmt.Fprintf(os.Stderr, "[ERROR] session ended: %v\n", err)
			}
		}()
	}
	return reply, nil
}

func (s *server) open(session *served, r *pb.OpenRequest, reply *pb.OpenReply) error {
	if m := r.GetMailbox(); m != nil {
		if m.GetSize() < mailboxSize {
			return fmt.Errorf("the mailbox has %d bytes, want %d", m.GetSize(), mailboxSize)
		}
		if err := session.mention([]*pb.Region{m}); err != nil {
			return err
		}
		session.mailbox = newMailbox(session.regions[m.GetId()])
	}
	var err error
	switch {
	case r.GetOptimizer() != nil:
		err = s.openOptimizer(session, r, reply)
	default:
		err = s.openProblem(session, r, reply)
	}
	return err
}

func (s *server) openProblem(session *served, r *pb.OpenRequest, reply *pb.OpenReply) error {
	def, err := s.problem(r.GetProblem())
	if err != nil {
		return err
	}
	spec, err := s.spec(def.Name, r.GetSetting())
	if err != nil {
		return err
	}
	if got := dtypeFromWire[r.GetDtype()]; got != spec.DType {
		return fmt.Errorf("problem %s was opened as %q, its spec says %s", def.Name, got, spec.DType)
	}
	reply.Dim = uint64(spec.Dim)
	switch {
	case spec.DType == protocol.Float32 && def.New32 != nil:
		session.handler, err = serveProblem(session, spec.Dim, r.GetSetting(), def.New32)
	case spec.DType == protocol.Float64 && def.New64 != nil:
		session.handler, err = serveProblem(session, spec.Dim, r.GetSetting(), def.New64)
	default:
		return fmt.Errorf("problem %s has the dtype %s but no function that opens it", def.Name, spec.DType)
	}
	return err
}

func (s *server) openOptimizer(session *served, r *pb.OpenRequest, reply *pb.OpenReply) error {
	def, err := s.optimizer(r.GetOptimizer().GetName())
	if err != nil {
		return err
	}
	start, err := startFromWire(r)
	if err != nil {
		return err
	}
	var request protocol.Request
	reply.Dim = uint64(start.Dim)
	switch {
	case start.DType == protocol.Float32 && def.New32 != nil:
		session.handler, request, err = serveOptimizer(session, def, start, def.New32)
	case start.DType == protocol.Float64 && def.New64 != nil:
		session.handler, request, err = serveOptimizer(session, def, start, def.New64)
	default:
		return fmt.Errorf("optimizer %s does not offer %q: %w", def.Name, start.DType, errors.ErrUnsupported)
	}
	reply.Request = requestToWire(request)
	return err
}

// Session answers the calls of one session on a stream.
func (s *server) Session(stream grpc.BidiStreamingServer[pb.Call, pb.Reply]) error {
	var session *served
	defer func() {
		if session != nil {
			session.end()
		}
	}()
	for {
		call, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if session == nil {
			s.mu.Lock()
			session = s.sessions[call.GetSession()]
			delete(s.sessions, call.GetSession())
			s.mu.Unlock()
			if session == nil {
				return status.Errorf(codes.NotFound, "session %d is not open, or has a stream already", call.GetSession())
			}
		}
		if err := stream.Send(session.answer(call)); err != nil {
			return err
		}
		if call.GetClose() != nil {
			return nil
		}
	}
}

// guard runs the author's code; what it reports, or its panic, comes back in a form that can travel.
func guard(f func() error) (e *pb.Error) {
	defer func() {
		if p := recover(); p != nil {
			// Not "panic: ": the process goes on, and its log must not look as if this were its end.
			fmt.Fprintf(os.Stderr, "[ERROR] panic in a plugin's code: %v\n%s", p, debug.Stack())
			e = errorToWire(fmt.Errorf("panic: %v", p))
			e.Panic = true
		}
	}()
	if err := f(); err != nil {
		return errorToWire(err)
	}
	return nil
}

// served is one open session.
type served struct {
	mappings *mappings
	regions  map[uint64][]byte // that the session has mentioned
	mailbox  *mailbox          // nil: calls come on a stream
	handler  handler
	ended    bool
}

// handler is a problem or an optimizer that answers calls.
type handler interface {
	handle(call *pb.Call, reply *pb.Reply) error
	io.Closer
}

var errNotMine = errors.New("this call does not go to what the session has opened")

func (s *served) answer(call *pb.Call) *pb.Reply {
	reply := &pb.Reply{}
	e := guard(func() error {
		if err := s.mention(call.GetRegions()); err != nil {
			return err
		}
		if call.GetClose() == nil {
			return s.handler.handle(call, reply)
		}
		reply.Reply = &pb.Reply_Close{Close: &pb.CloseReply{}}
		s.ended = true
		return s.handler.Close()
	})
	if e != nil {
		return &pb.Reply{Error: e}
	}
	return reply
}

// mention maps regions for the time of the session.
func (s *served) mention(regions []*pb.Region) error {
	for _, r := range regions {
		if s.regions[r.GetId()] != nil {
			continue
		}
		mem, err := s.mappings.acquire(r)
		if err != nil {
			return err
		}
		s.regions[r.GetId()] = mem
	}
	return nil
}

// end closes what the host did not close, and unmaps.
func (s *served) end() {
	if s.handler != nil && !s.ended {
		s.ended = true
		guard(s.handler.Close)
	}
	for id := range s.regions {
		s.mappings.release(id)
	}
	s.regions = nil
}

// place returns the bytes of a vector in shared memory.
func (s *served) place(v *pb.Vector) ([]byte, error) {
	mem := s.regions[v.GetRegion()]
	size, offset := v.GetSize(), v.GetOffset()
	if size > uint64(len(mem)) || offset > uint64(len(mem))-size || offset%8 != 0 {
		return nil, fmt.Errorf("a vector lies at [%d, +%d) of a region of %d bytes, want it inside and aligned to 8 bytes",
			offset, size, len(mem))
	}
	return mem[offset : offset+size : offset+size], nil
}

// access says what happens to a vector in a call.
type access bool

const (
	read    access = true
	written access = false // only
)

// view returns the n elements of v: where they lie, if that is in shared memory, and else in scratch, which then holds
// what came inline. inline reports that what the call writes goes into the reply.
func view[T protocol.Float | int](s *served, v *pb.Vector, n int, a access, scratch *[]T) (
	elements []T, inline bool, err error,
) {
	if v.GetRegion() != 0 {
		b, err := s.place(v)
		if err != nil {
			return nil, false, err
		}
		if elements = elementsOf[T](b); len(elements) != n {
			return nil, false, fmt.Errorf("a vector has %d elements, want %d", len(elements), n)
		}
		return elements, false, nil
	}
	if len(*scratch) != n {
		*scratch = make([]T, n)
	}
	if a == read {
		data, room := v.GetInline(), bytesOf(*scratch)
		if len(data) != len(room) {
			return nil, false, fmt.Errorf("a vector has %d bytes, want %d", len(data), len(room))
		}
		copy(room, data)
	}
	return *scratch, true, nil
}

// inlined returns the bytes of v if they travel inside the reply.
func inlined[T protocol.Float](v []T, inline bool) []byte {
	if inline {
		return bytesOf(v)
	}
	return nil
}

func closeIt(v any) error {
	if c, ok := v.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// servedProblem answers the calls to a problem.
type servedProblem[T protocol.Float] struct {
	*served
	problem  protocol.Problem[T]
	dim      int
	x        []T // for vectors that come or go inside messages
	room     rooms[T]
	examples []int
}

func serveProblem[T protocol.Float](s *served, dim int, setting protocol.Setting,
	open func(protocol.Setting) (protocol.Problem[T], error),
) (handler, error) {
	p, err := open(setting)
	if err != nil {
		return nil, err
	}
	return &servedProblem[T]{served: s, problem: p, dim: dim}, nil
}

func (p *servedProblem[T]) Close() error { return closeIt(p.problem) }

func (p *servedProblem[T]) handle(call *pb.Call, reply *pb.Reply) error {
	switch c := call.GetCall().(type) {
	case *pb.Call_Init:
		x, inline, err := view(p.served, c.Init.GetX(), p.dim, written, &p.x)
		if err != nil {
			return err
		}
		if err := p.problem.Init(x, c.Init.GetSeed()); err != nil {
			return err
		}
		reply.Reply = &pb.Reply_Init{Init: &pb.InitReply{X: inlined(x, inline)}}
		return nil
	case *pb.Call_Measure:
		m, err := p.measure(c.Measure)
		reply.Reply = &pb.Reply_Measure{Measure: m}
		return err
	case *pb.Call_Evaluate:
		x, _, err := view(p.served, c.Evaluate.GetX(), p.dim, read, &p.x)
		if err != nil {
			return err
		}
		e, err := p.problem.Evaluate(x, protocol.Part(c.Evaluate.GetPart()))
		if err != nil {
			return err
		}
		reply.Reply = &pb.Reply_Evaluate{Evaluate: &pb.EvaluateReply{Loss: e.Loss, Metric: e.Metric}}
		return nil
	}
	return errNotMine
}

func (p *servedProblem[T]) measure(c *pb.Measure) (*pb.MeasureReply, error) {
	x, _, err := view(p.served, c.GetX(), p.dim, read, &p.x)
	if err != nil {
		return nil, err
	}
	examples, _, err := view(p.served, c.GetExamples(), count(c.GetExamples()), read, &p.examples)
	if err != nil {
		return nil, err
	}
	var m protocol.Measurement[T]
	want := protocol.Quantity(c.GetWant())
	inline, err := lay(p.served, &m, want, p.dim, c, written, &p.room)
	if err != nil {
		return nil, err
	}
	given := m
	batch := protocol.Batch{Examples: examples, Seed: c.GetSeed(), Position: c.GetPosition()}
	if err := p.problem.Measure(x, batch, want, &m); err != nil {
		return nil, err
	}
	reply := &pb.MeasureReply{
		Have: uint32(m.Have), BatchSize: uint64(m.BatchSize), Loss: m.Loss, VarianceNorm: m.VarianceNorm,
	}
	before := given.Slices()
	for i, v := range m.Slices() {
		if !same(*v.At, *before[i].At) {
			return nil, fmt.Errorf("it replaced the measurement's vectors (that of the %v has length %d, want %d); write to their elements", v.Of, len(*v.At), len(*before[i].At))
		}
		switch b := inlined(*v.At, inline[i]); {
		case i == 0:
			reply.Gradient = b
		case i == 1:
			reply.Variance = b
		case want.Has(v.Of):
			reply.More = append(reply.More, b)
		}
	}
	return reply, nil
}

// rooms are where the slices of a measurement lie that come or go inside messages.
type rooms[T protocol.Float] [protocol.NumSlices][]T

// carrier is a call that carries a measurement: pb.Measure or pb.Step.
type carrier interface {
	GetGradient() *pb.Vector
	GetVariance() *pb.Vector
	GetMore() []*pb.Vector
}

// lay lets m's slices for the quantities q be the vectors of a call. inline tells which of them travel in the message.
func lay[T protocol.Float](s *served, m *protocol.Measurement[T], q protocol.Quantity, dim int, c carrier, a access,
	room *rooms[T],
) (inline [protocol.NumSlices]bool, err error) {
	more := c.GetMore()
	for i, v := range m.Slices() {
		if !q.Has(v.Of) {
			continue
		}
		at := c.GetGradient()
		switch {
		case i == 1:
			at = c.GetVariance()
		case i > 1 && len(more) == 0:
			return inline, fmt.Errorf("the call has no vector for the %v", v.Of)
		case i > 1:
			at, more = more[0], more[1:]
		}
		if *v.At, inline[i], err = view(s, at, v.Of.Elements(dim), a, &room[i]); err != nil {
			return inline, err
		}
	}
	return inline, nil
}

// same reports whether two slices are the same memory.
func same[T protocol.Float](a, b []T) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// count is the number of 8-byte integers in v.
func count(v *pb.Vector) int {
	if v.GetRegion() != 0 {
		return int(v.GetSize() / 8)
	}
	return len(v.GetInline()) / 8
}

// servedOptimizer answers the calls to an optimizer.
type servedOptimizer[T protocol.Float] struct {
	*served
	optimizer protocol.Optimizer[T]
	averager  protocol.Averager[T] // nil unless the definition says so
	reports   []float64            // of the last step
	dim       int
	x, out    []T // for vectors that come or go inside messages
	room      rooms[T]
	reporter  protocol.Reporter
	saves     bool
	saved     []byte // the state of which the host is fetching the pieces
	restored  []byte // the pieces of a state that have come
}

func serveOptimizer[T protocol.Float](s *served, def *protocol.OptimizerDef, start protocol.Start,
	open func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error),
) (handler, protocol.Request, error) {
	o, request, err := open(start)
	if err != nil {
		return nil, request, err
	}
	h := &servedOptimizer[T]{served: s, optimizer: o, dim: start.Dim}
	averager, averages := o.(protocol.Averager[T])
	reporter, reports := o.(protocol.Reporter)
	if averages != def.Averages {
		return h, request, fmt.Errorf("optimizer %s: its definition says averages %t, but a method Estimate is there: %t",
			def.Name, def.Averages, averages)
	}
	if reports != (len(def.Reports) > 0) {
		return h, request, fmt.Errorf("optimizer %s: its definition names %d reports, but a method Report is there: %t",
			def.Name, len(def.Reports), reports)
	}
	_, stateful := o.(protocol.Stateful)
	_, saver := o.(protocol.Saver)
	if def.Saves && !stateful && !saver {
		return h, request, fmt.Errorf("optimizer %s: its definition says that it saves, but it has no method State", def.Name)
	}
	h.averager, h.reporter, h.reports, h.saves = averager, reporter, make([]float64, len(def.Reports)), def.Saves
	return h, request, nil
}

func (o *servedOptimizer[T]) Close() error { return closeIt(o.optimizer) }

func (o *servedOptimizer[T]) handle(call *pb.Call, reply *pb.Reply) error {
	switch c := call.GetCall().(type) {
	case *pb.Call_Step:
		s, err := o.step(c.Step)
		reply.Reply = &pb.Reply_Step{Step: s}
		return err
	case *pb.Call_Estimate:
		if o.averager == nil {
			return errNotMine
		}
		x, _, err := view(o.served, c.Estimate.GetX(), o.dim, read, &o.x)
		if err != nil {
			return err
		}
		out, inline, err := view(o.served, c.Estimate.GetOut(), o.dim, written, &o.out)
		if err != nil {
			return err
		}
		o.averager.Estimate(x, out)
		reply.Reply = &pb.Reply_Estimate{Estimate: &pb.EstimateReply{Out: inlined(out, inline)}}
		return nil
	case *pb.Call_Save:
		s, err := o.save(c.Save.GetOffset())
		reply.Reply = &pb.Reply_Save{Save: s}
		return err
	case *pb.Call_Restore:
		reply.Reply = &pb.Reply_Restore{Restore: &pb.RestoreReply{}}
		return o.restore(c.Restore.GetPiece(), c.Restore.GetSize())
	}
	return errNotMine
}

// save returns the piece of the state that begins at offset. The state is taken at 0 and let go with its last piece.
func (o *servedOptimizer[T]) save(offset uint64) (*pb.SaveReply, error) {
	if !o.saves {
		return nil, errNotMine
	}
	if offset == 0 {
		var err error
		if o.saved, err = protocol.SaveState(o.optimizer); err != nil {
			return nil, err
		}
	}
	size := uint64(len(o.saved))
	if offset > size {
		return nil, fmt.Errorf("the state was asked for from byte %d on and has %d", offset, size)
	}
	end := min(offset+statePiece, size)
	piece := o.saved[offset:end]
	if end == size {
		o.saved = nil
	}
	return &pb.SaveReply{Piece: piece, Size: size}, nil
}

// restore restores the state with its last piece.
func (o *servedOptimizer[T]) restore(piece []byte, size uint64) error {
	if !o.saves {
		return errNotMine
	}
	if have := uint64(len(o.restored) + len(piece)); have > size || len(piece) == 0 && size > 0 {
		return fmt.Errorf("pieces of a state of %d bytes have %d together, the last %d", size, have, len(piece))
	}
	o.restored = append(o.restored, piece...)
	if uint64(len(o.restored)) < size {
		return nil
	}
	state := o.restored
	o.restored = nil
	return protocol.RestoreState(o.optimizer, state)
}

func (o *servedOptimizer[T]) step(c *pb.Step) (*pb.StepReply, error) {
	x, inline, err := view(o.served, c.GetX(), o.dim, read, &o.x)
	if err != nil {
		return nil, err
	}
	batch, err := whole(c.GetBatchSize())
	if err != nil {
		return nil, err
	}
	step, err := whole(c.GetStep())
	if err != nil {
		return nil, err
	}
	m := protocol.Measurement[T]{
		Have: protocol.Quantity(c.GetHave()), BatchSize: batch, Loss: c.GetLoss(), VarianceNorm: c.GetVarianceNorm(),
		Step: step, Seen: c.GetSeen(), StepScale: c.GetStepScale(),
	}
	if _, err := lay(o.served, &m, m.Have, o.dim, c, read, &o.room); err != nil {
		return nil, err
	}
	request, err := o.optimizer.Step(x, &m)
	if err != nil {
		return nil, err
	}
	if o.reporter != nil {
		o.reporter.Report(o.reports)
	}
	return &pb.StepReply{Request: requestToWire(request), Reports: o.reports, X: inlined(x, inline)}, nil
}
