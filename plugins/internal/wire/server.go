package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// parentWatch is how often a plugin checks that its host is still running.
const parentWatch = 500 * time.Millisecond

// Serve serves definitions to the host that started this process, until the host ends it or ends
// itself.
func Serve(optimizers []protocol.OptimizerDef, problems []protocol.ProblemDef) {
	go exitWithParent()
	s := newServer(optimizers, problems)
	if socket, err := strconv.Atoi(os.Getenv(descriptorsKey)); err == nil {
		_ = os.Unsetenv(descriptorsKey) // what this process starts does not inherit the socket
		s.mappings.inbox, _ = newInbox(socket)
	}
	// go-plugin diverts standard output and error into streams that may lose their last lines in a
	// crash. Output goes to the process's standard error instead, which the host reads to the end.
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
				grpc.ForceServerCodecV2(chunkCodec()), grpc.MaxRecvMsgSize(maxMessage),
				grpc.MaxSendMsgSize(maxMessage), grpc.InitialWindowSize(windowSize),
				grpc.InitialConnWindowSize(windowSize), grpc.ReadBufferSize(bufferedBytes),
				grpc.WriteBufferSize(bufferedBytes))...)
		},
	})
}

// exitWithParent ends the process when its parent has ended: a host that was killed cannot ask it
// to.
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
	reply := &pb.DescribeReply{Capabilities: []pb.Capability{pb.Capability_CAPABILITY_CHUNKS}}
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
	invalid := false
	err := guard(func() (err error) {
		spec, err = s.spec(r.GetProblem(), r.GetSetting())
		invalid = errors.Is(err, errInvalidSpec)
		return err
	})
	if err != nil {
		err.Panic = err.Panic || invalid // a mistake of the author, too, and none of the user
		return &pb.SpecReply{Error: err}, nil
	}
	return &pb.SpecReply{Spec: specToWire(&spec)}, nil
}

var errInvalidSpec = errors.New("spec is invalid")

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
		return spec, fmt.Errorf("the %w: %w", errInvalidSpec, err)
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
		return fmt.Errorf("problem %s has the dtype %s but no function that opens it", def.Name,
			spec.DType)
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
		return fmt.Errorf("optimizer %s does not offer %q: %w", def.Name, start.DType,
			errors.ErrUnsupported)
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
				return status.Errorf(codes.NotFound, "session %d is not open, or has a stream already",
					call.GetSession())
			}
			session.stream = stream
		}
		session.left, session.outgoing = announced(call), nil
		reply := session.answer(call)
		if err := session.skipChunks(); err != nil {
			return err
		}
		if err := stream.Send(reply); err != nil {
			return err
		}
		if reply.GetError() == nil {
			err := sendChunks(stream, session.outgoing, func(data []byte) any {
				return &pb.Reply{Reply: &pb.Reply_Chunk{Chunk: &pb.Chunk{Data: data}}}
			})
			if err != nil {
				return err
			}
		}
		if call.GetClose() != nil {
			return nil
		}
	}
}
