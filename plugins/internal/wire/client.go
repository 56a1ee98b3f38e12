package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// Road says how a plugin is reached.
type Road string

// The roads, from the fastest to the one that every plugin can go.
const (
	Doorbell Road = "doorbell" // vectors in shared memory, calls by doorbell
	Shared   Road = "memory"   // vectors in shared memory, calls on a stream
	Messages Road = "messages" // vectors inside the calls, calls on a stream
)

// Conn is the host's connection to a running plugin.
type Conn struct {
	*Process
	Road Road

	described *pb.DescribeReply
	memory    *Memory
	timeout   time.Duration // of a call
}

// Connect asks the plugin what it serves, and chooses the best road up to most that both sides can go. The plugin must
// answer within patience now, and within timeout to later calls.
func Connect(ctx context.Context, p *Process, memory *Memory, most Road, patience, timeout time.Duration,
) (*Conn, error) {
	c := &Conn{Process: p, Road: Messages, memory: memory, timeout: patience}
	defer context.AfterFunc(ctx, func() { p.Kill(context.Cause(ctx).Error()) })()
	request := &pb.DescribeRequest{}
	if most != Messages && memory.shared {
		content := make([]byte, 16)
		_, _ = rand.Read(content) // never fails
		if probe, err := newRegion(len(content)); err == nil {
			defer probe.free()
			copy(probe.mem, content)
			request.Probe, request.ProbeContent = probe.wire(), content
		}
	}
	var err error
	c.described, err = ask(c, "", "Describe", func(ctx context.Context) (*pb.DescribeReply, error) {
		return p.Client.Describe(ctx, request)
	})
	if err != nil {
		return nil, err
	}
	c.timeout = timeout
	can := func(capability pb.Capability) bool { return slices.Contains(c.described.GetCapabilities(), capability) }
	if request.Probe != nil && can(pb.Capability_CAPABILITY_MEMORY) {
		c.Road = Shared
		if most == Doorbell && hasDoorbell && can(pb.Capability_CAPABILITY_DOORBELL) {
			c.Road = Doorbell
		}
	}
	return c, nil
}

// Definitions returns what the plugin serves. Each time that one of them is used it asks live for a connection, so that
// the definitions outlive this one.
func (c *Conn) Definitions(live func() (*Conn, error)) (os []protocol.OptimizerDef, ps []protocol.ProblemDef) {
	for _, o := range c.described.GetOptimizers() {
		def := protocol.OptimizerDef{
			Name: o.GetName(), Version: o.GetVersion(), Doc: o.GetDoc(), Source: o.GetSource(),
			Hyperparameters: hyperparametersFromWire(o.GetHyperparameters()), Needs: protocol.Quantity(o.GetNeeds()),
			ChoosesBatchSize: o.GetChoosesBatchSize(), Averages: o.GetAverages(), Trials: o.GetTrials(), FullBatch: o.GetFullBatch(), Reports: o.GetReports(),
			Saves: o.GetSaves(), Identity: protocol.Identity{Digest: o.GetDigest(), Environment: o.GetEnvironment()},
		}
		described := def
		if slices.Contains(o.GetDtypes(), pb.DType_DTYPE_FLOAT32) {
			def.New32 = newOptimizer[float32](live, &described)
		}
		if slices.Contains(o.GetDtypes(), pb.DType_DTYPE_FLOAT64) {
			def.New64 = newOptimizer[float64](live, &described)
		}
		os = append(os, def)
	}
	for _, d := range c.described.GetProblems() {
		def := protocol.ProblemDef{
			Name: d.GetName(), Version: d.GetVersion(), Doc: d.GetDoc(), Source: d.GetSource(),
			Parameters: hyperparametersFromWire(d.GetParameters()),
			Identity:   protocol.Identity{Digest: d.GetDigest(), Environment: d.GetEnvironment()},
			Spec: func(setting protocol.Setting) (protocol.ProblemSpec, error) {
				now, err := live()
				if err != nil {
					return protocol.ProblemSpec{}, err
				}
				return now.spec(d.GetName(), setting)
			},
		}
		if slices.Contains(d.GetDtypes(), pb.DType_DTYPE_FLOAT32) {
			def.New32 = newProblem[float32](live, d.GetName())
		}
		if slices.Contains(d.GetDtypes(), pb.DType_DTYPE_FLOAT64) {
			def.New64 = newProblem[float64](live, d.GetName())
		}
		ps = append(ps, def)
	}
	return os, ps
}

// ask makes one call outside a session. A plugin that exceeds the time for it is killed. Errors are faults.
func ask[R any](c *Conn, what, call string, do func(context.Context) (R, error)) (R, error) {
	hanging := c.watch(call)
	defer hanging.Stop()
	reply, err := do(context.Background()) // the call ends with the process
	if err != nil {
		err = c.fault(what, call, c.cause(err))
	}
	return reply, err
}

// watch kills the plugin unless the call has ended in time.
func (c *Conn) watch(call string) *time.Timer {
	return time.AfterFunc(c.timeout, func() { c.hang(call) })
}

func (c *Conn) hang(call string) {
	c.Kill(fmt.Sprintf("killed, because its %s did not answer within %v", call, c.timeout))
}

// cause says why the connection broke: the end of the process, if it has ended, else err itself.
func (c *Conn) cause(err error) error {
	const grace = 500 * time.Millisecond // a connection may break a little earlier than its process
	select {
	case <-c.Done():
		return c.End()
	case <-time.After(grace):
		return errors.New(oneLine(err.Error()))
	}
}

// spec asks for the description of a problem.
func (c *Conn) spec(problem string, setting protocol.Setting) (protocol.ProblemSpec, error) {
	what := "problem " + problem
	reply, err := ask(c, what, "Spec", func(ctx context.Context) (*pb.SpecReply, error) {
		return c.Client.Spec(ctx, &pb.SpecRequest{Problem: problem, Setting: setting})
	})
	if err != nil {
		return protocol.ProblemSpec{}, err
	}
	if e := reply.GetError(); e != nil {
		return protocol.ProblemSpec{}, c.reported(what, "Spec", e)
	}
	spec, err := specFromWire(reply.GetSpec())
	if err != nil {
		return spec, c.fault(what, "Spec", err)
	}
	return spec, nil
}

func (c *Conn) fault(what, call string, err error) error {
	who := c.name
	if what != "" {
		who += " (" + what + ")"
	}
	return &protocol.Fault{Plugin: who, Call: call, Err: err}
}

// reported turns an error outside a run into what a call in the same process would have returned: the error itself
// (data that are missing, say), or a fault if the code broke down.
func (c *Conn) reported(what, call string, e *pb.Error) error {
	if e.GetPanic() {
		return c.fault(what, call, errorFromWire(e))
	}
	return errorFromWire(e)
}

// newProblem returns the function that opens a problem for one run.
func newProblem[T protocol.Float](live func() (*Conn, error), name string,
) func(protocol.Setting) (protocol.Problem[T], error) {
	return func(setting protocol.Setting) (protocol.Problem[T], error) {
		c, err := live()
		if err != nil {
			return nil, err
		}
		s, _, err := c.open("problem "+name, &pb.OpenRequest{
			Dtype: dtypeToWire[protocol.DTypeOf[T]()], Setting: setting, What: &pb.OpenRequest_Problem{Problem: name},
		})
		if err != nil {
			return nil, err
		}
		return &problem[T]{session: s}, nil
	}
}

// newOptimizer returns the function that opens an optimizer for one run.
func newOptimizer[T protocol.Float](live func() (*Conn, error), def *protocol.OptimizerDef,
) func(protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
	return func(start protocol.Start) (protocol.Optimizer[T], protocol.Request, error) {
		c, err := live()
		if err != nil {
			return nil, protocol.Request{}, err
		}
		return openOptimizer[T](c, def, &start)
	}
}

func openOptimizer[T protocol.Float](c *Conn, def *protocol.OptimizerDef, start *protocol.Start) (
	protocol.Optimizer[T], protocol.Request, error,
) {
	what := "optimizer " + def.Name
	s, reply, err := c.open(what, &pb.OpenRequest{
		Dtype: dtypeToWire[protocol.DTypeOf[T]()], Setting: start.Setting,
		What: &pb.OpenRequest_Optimizer{Optimizer: startToWire(def.Name, start)},
	})
	if err != nil {
		return nil, protocol.Request{}, err
	}
	request, err := requestFromWire(reply.GetRequest())
	if err == nil && s.dim != start.Dim {
		err = fmt.Errorf("opened for points of %d elements, want %d", s.dim, start.Dim)
	}
	if err != nil {
		err = c.fault(what, "New", err)
		s.Close()
		return nil, protocol.Request{}, err
	}
	o := &optimizer[T]{session: s, saves: def.Saves, reports: make([]float64, len(def.Reports))}
	switch {
	case def.Averages && len(def.Reports) > 0:
		return struct {
			*optimizer[T]
			reporter[T]
			averager[T]
		}{o, reporter[T]{o}, averager[T]{o}}, request, nil
	case def.Averages:
		return struct {
			*optimizer[T]
			averager[T]
		}{o, averager[T]{o}}, request, nil
	case len(def.Reports) > 0:
		return struct {
			*optimizer[T]
			reporter[T]
		}{o, reporter[T]{o}}, request, nil
	}
	return o, request, nil
}

// session is the host's side of one open run.
type session struct {
	conn   *Conn
	what   string // "optimizer lion"
	dim    int
	road   road
	known  []*region     // that the plugin has been told of
	own    [slots]lender // for vectors that lie elsewhere
	broken error         // the first fault; every later call returns it
	lost   bool          // the road is broken, too
	closed bool
}

// road carries calls to their replies.
type road interface {
	call(name string, c *pb.Call) (*pb.Reply, error)
	close()
}

func (c *Conn) open(what string, r *pb.OpenRequest) (*session, *pb.OpenReply, error) {
	var post *region
	if c.Road == Doorbell {
		var err error
		if post, err = newRegion(mailboxSize); err != nil {
			return nil, nil, fmt.Errorf("open %s: %w", what, err)
		}
		r.Mailbox = post.wire()
	}
	reply, err := ask(c, what, "New", func(ctx context.Context) (*pb.OpenReply, error) {
		return c.Client.Open(ctx, r)
	})
	if err == nil && reply.GetError() != nil {
		err = c.reported(what, "New", reply.GetError())
	}
	var dim int
	if err == nil {
		if dim, err = whole(reply.GetDim()); err == nil && (dim < 1 || dim > math.MaxInt32) {
			err = c.fault(what, "New", fmt.Errorf("points have %d elements, want 1 to %d", dim, math.MaxInt32))
		}
	}
	s := &session{conn: c, what: what, dim: dim}
	if err == nil {
		if post != nil {
			s.road = &doorbell{conn: c, post: post, box: newMailbox(post.mem)}
			return s, reply, nil
		}
		s.road, err = openStream(c, reply.GetSession())
		if err == nil {
			return s, reply, nil
		}
		err = c.fault(what, "New", c.cause(err))
	}
	if post != nil {
		post.free()
	}
	return nil, nil, err
}

// do makes one call. Whatever goes wrong is a fault, and the session's end.
func (s *session) do(name string, call *pb.Call) (*pb.Reply, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	reply, err := s.road.call(name, call)
	s.lost = err != nil
	if e := reply.GetError(); e != nil {
		err = errorFromWire(e)
	}
	if err != nil {
		return nil, s.fail(name, err)
	}
	return reply, nil
}

func (s *session) fail(name string, err error) error {
	if s.broken == nil {
		s.broken = s.conn.fault(s.what, name, err)
	}
	return s.broken
}

// wrong is the fault of an answer that is not what was asked for.
func (s *session) wrong(name string) error {
	return s.fail(name, errors.New("the answer belongs to another call"))
}

// Transport names the road, for the provenance in records.
func (s *session) Transport() string { return string(s.conn.Road) }

// Fault returns the session's fault, or nil: an Estimate cannot report its own.
func (s *session) Fault() error { return s.broken }

// Close ends the session at both sides. It returns the session's fault if there was one.
func (s *session) Close() error {
	if s.closed {
		return s.broken
	}
	s.closed = true
	if !s.lost {
		before := s.broken
		s.broken = nil // the plugin shall hear of the end in any case
		_, _ = s.do("Close", &pb.Call{Call: &pb.Call_Close{Close: &pb.Close{}}})
		if before != nil {
			s.broken = before
		}
	}
	s.road.close()
	for i := range s.own {
		s.own[i].release()
	}
	return s.broken
}

// lender lends shared memory of a session to vectors that do not lie in any.
type lender struct {
	mem  []byte
	free func()
}

func (l *lender) room(m *Memory, size int) []byte {
	if len(l.mem) < size {
		l.release()
		l.mem, l.free = m.Alloc(size)
	}
	return l.mem[:size]
}

func (l *lender) release() {
	if l.free != nil {
		l.free()
	}
	*l = lender{}
}

// The vectors of a call, each with a lender of its own.
const (
	slotX = iota
	slotExamples
	slotSlices // the first of a measurement's
	slots      = slotSlices + protocol.NumSlices
)

// hand prepares v for a call: it says where v lies, if the plugin can map that, or where a copy lies, or takes it
// along.
func (s *session) hand(call *pb.Call, v []byte, slot int, read bool) *pb.Vector {
	if s.conn.Road != Messages {
		if p := s.place(call, v); p != nil {
			return p
		}
		lent := s.own[slot].room(s.conn.memory, len(v))
		if p := s.place(call, lent); p != nil {
			if read {
				copy(lent, v)
			}
			return p
		}
	}
	if read {
		return &pb.Vector{Inline: v}
	}
	return &pb.Vector{}
}

// place names v as a range of shared memory, or returns nil if it lies in none.
func (s *session) place(call *pb.Call, v []byte) *pb.Vector {
	for _, r := range s.known {
		if offset, in := r.offset(v); in && offset%8 == 0 {
			return &pb.Vector{Region: r.id, Offset: offset, Size: uint64(len(v))}
		}
	}
	r := s.conn.memory.find(v)
	if r == nil || slices.Contains(s.known, r) {
		return nil
	}
	s.known = append(s.known, r)
	call.Regions = append(call.Regions, r.wire())
	return s.place(call, v)
}

// fetch completes v after a call that wrote it: from the copy that the plugin wrote, or from what came inside the
// reply.
func (s *session) fetch(name string, v []byte, handed *pb.Vector, slot int, inline []byte) error {
	if handed.GetRegion() == 0 {
		if len(inline) != len(v) {
			return s.fail(name, fmt.Errorf("a vector of %d bytes came back, want %d", len(inline), len(v)))
		}
		copy(v, inline)
		return nil
	}
	copy(v, s.lent(handed, slot))
	return nil
}

// lent returns the copy of a vector that was handed in memory of the session, or nil if it was handed where it lies.
func (s *session) lent(handed *pb.Vector, slot int) []byte {
	mem := s.own[slot].mem
	if mem == nil {
		return nil
	}
	if r := s.conn.memory.find(mem); r == nil || r.id != handed.GetRegion() {
		return nil
	}
	return mem[:handed.GetSize()]
}

// check refuses vectors of the wrong length before they travel; that is a mistake of the caller.
func (s *session) check(name string, vectors ...int) error {
	for _, n := range vectors {
		if n != s.dim {
			return fmt.Errorf("%s: %s: a vector has %d elements, want %d", s.what, name, n, s.dim)
		}
	}
	return nil
}

// checkSlices refuses a measurement whose slices for the quantities q have the wrong length.
func checkSlices[T protocol.Float](s *session, name string, m *protocol.Measurement[T], q protocol.Quantity) error {
	for _, v := range m.Slices() {
		if got, want := len(*v.At), v.Of.Elements(s.dim); q.Has(v.Of) && got != want {
			return fmt.Errorf("%s: %s: the slice for the %v has %d elements, want %d", s.what, name, v.Of, got, want)
		}
	}
	return nil
}

// present returns the vectors that are not nil.
func present(all []*pb.Vector) (some []*pb.Vector) {
	for _, v := range all {
		if v != nil {
			some = append(some, v)
		}
	}
	return some
}

// problem is a protocol.Problem in another process.
type problem[T protocol.Float] struct{ *session }

func (p *problem[T]) Init(x []T, seed uint64) error {
	const name = "Init"
	if err := p.check(name, len(x)); err != nil {
		return err
	}
	call := &pb.Call{}
	at := p.hand(call, bytesOf(x), slotX, false)
	call.Call = &pb.Call_Init{Init: &pb.Init{Seed: seed, X: at}}
	reply, err := p.do(name, call)
	if err != nil {
		return err
	}
	r := reply.GetInit()
	if r == nil {
		return p.wrong(name)
	}
	return p.fetch(name, bytesOf(x), at, slotX, r.GetX())
}

func (p *problem[T]) Measure(x []T, batch protocol.Batch, want protocol.Quantity, m *protocol.Measurement[T]) error {
	const name = "Measure"
	if err := errors.Join(p.check(name, len(x)), checkSlices(p.session, name, m, want)); err != nil {
		return err
	}
	call := &pb.Call{}
	ask := &pb.Measure{
		X: p.hand(call, bytesOf(x), slotX, true), Examples: p.examples(call, batch.Examples),
		Seed: batch.Seed, Position: batch.Position, Want: uint32(want),
	}
	slices := m.Slices()
	var handed [protocol.NumSlices]*pb.Vector
	for i, v := range slices {
		if want.Has(v.Of) {
			handed[i] = p.hand(call, bytesOf(*v.At), slotSlices+i, false)
		}
	}
	ask.Gradient, ask.Variance, ask.More = handed[0], handed[1], present(handed[2:])
	call.Call = &pb.Call_Measure{Measure: ask}
	reply, err := p.do(name, call)
	if err != nil {
		return err
	}
	r := reply.GetMeasure()
	if r == nil {
		return p.wrong(name)
	}
	copy(bytesOf(x), p.lent(ask.X, slotX)) // a plugin that changes x shall be found out wherever x lies
	have := protocol.Quantity(r.GetHave())
	if !have.Valid() || !have.Has(want) {
		return p.fail(name, fmt.Errorf("measured %v, want %v", have, want))
	}
	if got := r.GetBatchSize(); got != uint64(len(batch.Examples)) {
		return p.fail(name, fmt.Errorf("measured a batch of %d examples, want %d", int64(got), len(batch.Examples)))
	}
	inline := [protocol.NumSlices][]byte{r.GetGradient(), r.GetVariance()}
	more := r.GetMore()
	for i, at := range handed {
		if i >= 2 && at != nil && len(more) > 0 {
			inline[i], more = more[0], more[1:]
		}
		if at != nil {
			if err := p.fetch(name, bytesOf(*slices[i].At), at, slotSlices+i, inline[i]); err != nil {
				return err
			}
		}
	}
	// A problem may have more than was wanted; only what was wanted has come along.
	m.Have, m.BatchSize = have&want, len(batch.Examples)
	m.Loss, m.VarianceNorm = r.GetLoss(), r.GetVarianceNorm()
	return nil
}

// inlineExamples is the greatest number of examples that travel inside the call: 32 KiB, half of a mailbox's slot.
const inlineExamples = 4096

func (p *problem[T]) examples(call *pb.Call, examples []int) *pb.Vector {
	if len(examples) > inlineExamples {
		return p.hand(call, bytesOf(examples), slotExamples, true)
	}
	return &pb.Vector{Inline: bytesOf(examples)}
}

func (p *problem[T]) Evaluate(x []T, part protocol.Part) (protocol.Evaluation, error) {
	const name = "Evaluate"
	if err := p.check(name, len(x)); err != nil {
		return protocol.Evaluation{}, err
	}
	call := &pb.Call{}
	at := p.hand(call, bytesOf(x), slotX, true)
	call.Call = &pb.Call_Evaluate{Evaluate: &pb.Evaluate{X: at, Part: string(part)}}
	reply, err := p.do(name, call)
	if err != nil {
		return protocol.Evaluation{}, err
	}
	r := reply.GetEvaluate()
	if r == nil {
		return protocol.Evaluation{}, p.wrong(name)
	}
	copy(bytesOf(x), p.lent(at, slotX))
	return protocol.Evaluation{Loss: r.GetLoss(), Metric: r.GetMetric()}, nil
}

// optimizer is a protocol.Optimizer in another process.
type optimizer[T protocol.Float] struct {
	*session
	saves   bool      // the definition says so
	reports []float64 // of the last step
	left    []byte    // what the last call left in the copy of x that the plugin can reach, if there is one
}

func (o *optimizer[T]) Step(x []T, m *protocol.Measurement[T]) (protocol.Request, error) {
	const name = "Step"
	if err := errors.Join(o.check(name, len(x)), checkSlices(o.session, name, m, m.Have)); err != nil {
		return protocol.Request{}, err
	}
	if err := o.unmoved(name); err != nil {
		return protocol.Request{}, err
	}
	call := &pb.Call{}
	tell := &pb.Step{
		X: o.hand(call, bytesOf(x), slotX, true), Have: uint32(m.Have), BatchSize: uint64(m.BatchSize), Loss: m.Loss,
		VarianceNorm: m.VarianceNorm, Step: uint64(m.Step), Seen: m.Seen, StepScale: m.StepScale,
	}
	slices := m.Slices()
	var handed [protocol.NumSlices]*pb.Vector
	for i, v := range slices {
		if m.Have.Has(v.Of) {
			handed[i] = o.hand(call, bytesOf(*v.At), slotSlices+i, true)
		}
	}
	tell.Gradient, tell.Variance, tell.More = handed[0], handed[1], present(handed[2:])
	call.Call = &pb.Call_Step{Step: tell}
	reply, err := o.do(name, call)
	if err != nil {
		return protocol.Request{}, err
	}
	r := reply.GetStep()
	if r == nil {
		return protocol.Request{}, o.wrong(name)
	}
	if len(r.GetReports()) != len(o.reports) {
		return protocol.Request{}, o.fail(name,
			fmt.Errorf("%d reports came back, want %d", len(r.GetReports()), len(o.reports)))
	}
	request, err := requestFromWire(r.GetRequest())
	if err != nil {
		return protocol.Request{}, o.fail(name, err)
	}
	copy(o.reports, r.GetReports())
	o.left = append(o.left[:0], o.lent(tell.X, slotX)...)
	if len(o.left) > 0 {
		copy(bytesOf(x), o.left)
		return request, nil
	}
	return request, o.fetch(name, bytesOf(x), tell.X, slotX, r.GetX())
}

// unmoved returns a fault if the plugin has changed its copy of x since the last call.
func (o *optimizer[T]) unmoved(name string) error {
	if o.broken == nil && !bytes.HasPrefix(o.own[slotX].mem, o.left) {
		return o.fail(name, errors.New("x was changed between calls; only Step may change it, before it returns"))
	}
	return nil
}

// reporter adds the method that makes an optimizer a protocol.Reporter.
type reporter[T protocol.Float] struct{ o *optimizer[T] }

func (r reporter[T]) Report(values []float64) { copy(values, r.o.reports) }

// averager adds the method that makes an optimizer a protocol.Averager.
type averager[T protocol.Float] struct{ o *optimizer[T] }

// Estimate fills out with NaN if it fails; the fault comes back from the next Step and from Close.
func (a averager[T]) Estimate(x, out []T) {
	if err := a.o.estimate(x, out); err != nil {
		for i := range out {
			out[i] = T(math.NaN())
		}
	}
}

func (o *optimizer[T]) estimate(x, out []T) error {
	const name = "Estimate"
	if err := o.check(name, len(x), len(out)); err != nil {
		return o.fail(name, err)
	}
	if err := o.unmoved(name); err != nil {
		return err
	}
	call := &pb.Call{}
	from := o.hand(call, bytesOf(x), slotX, true)
	at := o.hand(call, bytesOf(out), slotSlices, false)
	call.Call = &pb.Call_Estimate{Estimate: &pb.Estimate{X: from, Out: at}}
	reply, err := o.do(name, call)
	if err != nil {
		return err
	}
	o.left = append(o.left[:0], o.lent(from, slotX)...)
	copy(bytesOf(x), o.left)
	r := reply.GetEstimate()
	if r == nil {
		return o.wrong(name)
	}
	return o.fetch(name, bytesOf(out), at, slotSlices, r.GetOut())
}

// SaveState makes every optimizer in another process a protocol.Saver; those that do not declare that they save refuse.
func (o *optimizer[T]) SaveState() ([]byte, error) {
	const name = "Save"
	if !o.saves {
		return nil, o.savesNot(name)
	}
	if err := o.unmoved(name); err != nil {
		return nil, err
	}
	var state []byte
	for {
		reply, err := o.do(name, &pb.Call{Call: &pb.Call_Save{Save: &pb.Save{Offset: uint64(len(state))}}})
		if err != nil {
			return nil, err
		}
		r := reply.GetSave()
		if r == nil {
			return nil, o.wrong(name)
		}
		piece, size := uint64(len(r.GetPiece())), r.GetSize()
		have := uint64(len(state))
		if size > maxState || piece > statePiece || have+piece > size || piece == 0 && have < size {
			return nil, o.fail(name, fmt.Errorf("a piece of %d bytes came at %d of %d, want 1 to %d bytes up to the state's end and at most "+
				"%d bytes in all", piece, have, size, statePiece, int64(maxState)))
		}
		if have == 0 {
			state = make([]byte, 0, size)
		}
		if state = append(state, r.GetPiece()...); uint64(len(state)) == size {
			return state, nil
		}
	}
}

// RestoreState implements protocol.Saver. After an error the session is of no more use.
func (o *optimizer[T]) RestoreState(state []byte) error {
	const name = "Restore"
	if !o.saves {
		return o.savesNot(name)
	}
	if err := o.unmoved(name); err != nil {
		return err
	}
	for rest := state; ; {
		piece := rest[:min(len(rest), statePiece)]
		rest = rest[len(piece):]
		reply, err := o.do(name, &pb.Call{Call: &pb.Call_Restore{Restore: &pb.Restore{Piece: piece, Size: uint64(len(state))}}})
		if err != nil {
			return err
		}
		if reply.GetRestore() == nil {
			return o.wrong(name)
		}
		if len(rest) == 0 {
			return nil
		}
	}
}

func (o *optimizer[T]) savesNot(name string) error {
	return fmt.Errorf("%s: %s: its definition does not declare that it saves: %w", o.what, name, errors.ErrUnsupported)
}
