package wire

import (
	"context"
	"errors"
	"fmt"
	"math"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
)

// session is the host's side of one open run.
type session struct {
	conn   *Conn
	what   string // "optimizer lion"
	dim    int
	caller caller
	stream *stream        // the caller, if it is one
	known  []*region      // that this call or earlier ones mention
	fresh  []*region      // of these, those that this call mentions first
	own    [slots]staging // for vectors that lie elsewhere
	broken error          // the first fault; every later call returns it
	lost   bool           // the transport is broken, too
	closed bool

	seconds float64 // that the plugin's code says it took for measurements or steps
	release func()  // gives back the room in the process
}

// open opens a run on the process. It calls release when the run ends, or if it does not begin.
func (c *Conn) open(
	what string, r *pb.OpenRequest, release func(),
) (s *session, reply *pb.OpenReply, err error) {
	defer func() {
		if err != nil {
			release()
		}
	}()
	var post *region
	if c.Transport == Doorbell {
		// If the system has no shared memory left, or this process no descriptors, calls go on a
		// stream.
		if post, _ = newRegion(mailboxSize); post != nil {
			r.Mailbox = post.wire()
		}
	}
	reply, err = ask(c, what, "New", func(ctx context.Context) (*pb.OpenReply, error) {
		if post != nil {
			if err := c.send(post); err != nil {
				return nil, err
			}
		}
		return c.Client.Open(ctx, r, described)
	})
	if err == nil && reply.GetError() != nil {
		err = c.reported(what, "New", reply.GetError())
	}
	var dim int
	if err == nil {
		if dim, err = whole(reply.GetDim()); err == nil && (dim < 1 || dim > math.MaxInt32) {
			err = c.fault(what, "New",
				fmt.Errorf("points have %d elements, want 1 to %d", dim, math.MaxInt32))
		}
	}
	s = &session{conn: c, what: what, dim: dim, release: release}
	if err == nil {
		if post != nil {
			s.caller = &doorbell{conn: c, post: post, box: newMailbox(post.mem)}
			return s, reply, nil
		}
		s.stream, err = openStream(c, reply.GetSession())
		if err == nil {
			s.caller = s.stream
			return s, reply, nil
		}
		err = c.fault(what, "New", c.cause(err))
	}
	if post != nil {
		post.free()
	}
	return nil, nil, err
}

// do makes one call. Every error is a fault, and ends the session.
func (s *session) do(name string, call *pb.Call) (*pb.Reply, error) {
	if s.broken != nil {
		if s.stream != nil {
			s.stream.outgoing, s.stream.incoming = nil, nil
		}
		return nil, s.broken
	}
	for _, r := range s.fresh {
		if err := s.conn.send(r); err != nil {
			return nil, s.fail(name, s.conn.cause(err))
		}
	}
	s.fresh = s.fresh[:0]
	reply, err := s.caller.call(name, call)
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

// wrong is the fault of an answer to another call than the one made.
func (s *session) wrong(name string) error {
	return s.fail(name, errors.New("the answer belongs to another call"))
}

// Transport names the transport, for the provenance in records.
func (s *session) Transport() string { return string(s.conn.Transport) }

// Sandbox says how the plugin is confined, for the provenance in records; empty if it is built in.
func (s *session) Sandbox() string { return s.conn.Sandbox }

// OwnSeconds is the time that the plugin's own code took for measurements or steps so far, the
// transport apart; 0: the plugin does not say.
func (s *session) OwnSeconds() float64 { return s.seconds }

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
		s.broken = nil // the plugin is notified of the end in any case
		_, _ = s.do("Close", &pb.Call{Call: &pb.Call_Close{Close: &pb.Close{}}})
		if before != nil {
			s.broken = before
		}
	}
	s.caller.close()
	for i := range s.own {
		s.own[i].release()
	}
	s.release()
	return s.broken
}
