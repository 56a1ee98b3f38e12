package wire

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"noisebench/internal/text"
	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// Conn is the host's connection to a running plugin.
type Conn struct {
	*Process
	Transport Transport
	Sandbox   string // how the plugin is confined, for records; empty if it is built in

	described *pb.DescribeReply
	chunks    bool // large vectors on a stream travel in chunks
	memory    *Memory
	timeout   time.Duration // of a call
}

// Connect asks the plugin what it serves, and chooses the fastest transport up to most that both
// sides have. The plugin must answer within patience now, and within timeout to later calls.
func Connect(
	ctx context.Context, p *Process, memory *Memory, most Transport, patience, timeout time.Duration,
) (*Conn, error) {
	c := &Conn{Process: p, Transport: Messages, memory: memory, timeout: patience}
	defer context.AfterFunc(ctx, func() { p.Kill(context.Cause(ctx).Error()) })()
	request := &pb.DescribeRequest{}
	if most != Messages && memory.shared {
		content := make([]byte, 16)
		_, _ = rand.Read(content) // never fails
		if probe, err := newRegion(len(content)); err == nil && c.send(probe) == nil {
			defer probe.free()
			copy(probe.mem, content)
			request.Probe, request.ProbeContent = probe.wire(), content
		}
	}
	var err error
	c.described, err = ask(c, "", "Describe", func(ctx context.Context) (*pb.DescribeReply, error) {
		return p.Client.Describe(ctx, request, described)
	})
	if err != nil {
		return nil, err
	}
	p.hide()
	c.timeout = timeout
	can := func(capability pb.Capability) bool {
		return slices.Contains(c.described.GetCapabilities(), capability)
	}
	c.chunks = can(pb.Capability_CAPABILITY_CHUNKS)
	if request.Probe != nil && can(pb.Capability_CAPABILITY_MEMORY) {
		c.Transport = Shared
		if most == Doorbell && hasDoorbell && can(pb.Capability_CAPABILITY_DOORBELL) {
			c.Transport = Doorbell
		}
	}
	return c, nil
}

// Runs is how many runs the process carries at the same time; 0: any number.
func (c *Conn) Runs() int { return int(c.described.GetSessions()) }

// Reserve finds a process of the plugin that has room for one more run. release gives the room
// back.
type Reserve func() (c *Conn, release func(), err error)

// Definitions returns what the plugin serves. Each time that one of them is used it asks live for a
// connection, or reserve for one that carries a run, so that the definitions outlive this one.
func (c *Conn) Definitions(
	live func() (*Conn, error), reserve Reserve,
) (os []protocol.OptimizerDef, ps []protocol.ProblemDef) {
	for _, o := range c.described.GetOptimizers() {
		def := protocol.OptimizerDef{
			Name: o.GetName(), Version: o.GetVersion(), Doc: o.GetDoc(), Source: o.GetSource(),
			Hyperparameters: hyperparametersFromWire(o.GetHyperparameters()),
			Needs:           protocol.Quantity(o.GetNeeds()), ChoosesBatchSize: o.GetChoosesBatchSize(),
			Averages: o.GetAverages(), Trials: o.GetTrials(), FullBatch: o.GetFullBatch(),
			Reports: o.GetReports(), Saves: o.GetSaves(),
			Identity: protocol.Identity{Digest: o.GetDigest(), Environment: o.GetEnvironment()},
		}
		described := def
		if slices.Contains(o.GetDtypes(), pb.DType_DTYPE_FLOAT32) {
			def.New32 = newOptimizer[float32](reserve, &described)
		}
		if slices.Contains(o.GetDtypes(), pb.DType_DTYPE_FLOAT64) {
			def.New64 = newOptimizer[float64](reserve, &described)
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
			def.New32 = newProblem[float32](reserve, d.GetName())
		}
		if slices.Contains(d.GetDtypes(), pb.DType_DTYPE_FLOAT64) {
			def.New64 = newProblem[float64](reserve, d.GetName())
		}
		ps = append(ps, def)
	}
	return os, ps
}

// ask makes one call outside a session. A plugin that exceeds the time for it is killed. Errors are
// faults.
func ask[R any](c *Conn, what, call string, do func(context.Context) (R, error)) (R, error) {
	hanging := c.watch(call)
	defer hanging.Stop()
	reply, err := do(context.Background()) // the call ends with the process
	if err != nil {
		err = c.fault(what, call, c.cause(err))
	}
	return reply, err
}

// closeTimeout is the longest that a call of Close may take: it has nothing to compute, and the run
// that it ends is finished.
const closeTimeout = 10 * time.Second

// limit is the longest that a call may take.
func (c *Conn) limit(call string) time.Duration {
	if call == "Close" {
		return min(c.timeout, closeTimeout)
	}
	return c.timeout
}

// watch kills the plugin unless the call has ended in time.
func (c *Conn) watch(call string) *time.Timer {
	return time.AfterFunc(c.limit(call), func() { c.hang(call) })
}

func (c *Conn) hang(call string) {
	c.Kill(fmt.Sprintf("killed, because its %s did not answer within %v", call, c.limit(call)))
}

// described limits the answers outside of sessions, which carry no vectors.
var described = grpc.MaxCallRecvMsgSize(maxDescription)

// cause returns why the connection broke: the end of the process, if it has ended, else err itself.
func (c *Conn) cause(err error) error {
	if status.Code(err) == codes.ResourceExhausted {
		return fmt.Errorf("its answer is too long: %s", oneLine(status.Convert(err).Message()))
	}
	const grace = 500 * time.Millisecond // a connection may break a little earlier than its process
	select {
	case <-c.Done():
		return c.End()
	case <-time.After(grace):
		return errors.New(plain(err))
	}
}

// plain writes an error of the connection without gRPC's own words.
func plain(err error) string {
	s, is := status.FromError(err)
	said := text.OneLine(s.Message())
	switch {
	case !is:
		return text.OneLine(err.Error())
	case s.Code() == codes.Unavailable || s.Code() == codes.Canceled:
		return "it has closed the connection, though its process goes on"
	case s.Code() == codes.Unimplemented:
		return "it does not serve this call (" + said + ")"
	case said == "":
		return "its answer is an error without a text"
	}
	return said
}

// spec asks for the description of a problem.
func (c *Conn) spec(problem string, setting protocol.Setting) (protocol.ProblemSpec, error) {
	what := "problem " + problem
	reply, err := ask(c, what, "Spec", func(ctx context.Context) (*pb.SpecReply, error) {
		return c.Client.Spec(ctx, &pb.SpecRequest{Problem: problem, Setting: setting}, described)
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

// reported turns an error outside a run into what a call in the same process would have returned:
// the error itself (missing data, for example), or a fault if the code panicked.
func (c *Conn) reported(what, call string, e *pb.Error) error {
	if e.GetPanic() {
		return c.fault(what, call, errorFromWire(e))
	}
	return errorFromWire(e)
}
