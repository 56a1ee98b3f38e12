package wire

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"google.golang.org/grpc"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
)

// guard runs the author's code; what it reports, or its panic, comes back in a form that can
// travel.
func guard(f func() error) (e *pb.Error) {
	defer func() {
		if p := recover(); p != nil {
			// Not "panic: ": the process goes on, and its log must not look as if this were its
			// end.
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

	stream grpc.BidiStreamingServer[pb.Call, pb.Reply] // nil: there is a mailbox
	// bytes of the call's chunks that have not come
	left     uint64
	cut      error    // with which the chunks of the call ended
	outgoing [][]byte // vectors that follow the reply in chunks
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

func closeIt(v any) error {
	if c, ok := v.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
