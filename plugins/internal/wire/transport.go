package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
)

// Transport is the way in which a plugin is called.
type Transport string

// The transports, from the fastest to the one that every plugin has.
const (
	Doorbell Transport = "doorbell" // vectors in shared memory, calls by doorbell
	Shared   Transport = "memory"   // vectors in shared memory, calls on a stream
	Messages Transport = "messages" // vectors inside the calls, calls on a stream
)

// caller carries calls to their replies.
type caller interface {
	call(name string, c *pb.Call) (*pb.Reply, error)
	close()
}

// doorbell carries the calls of a session through a mailbox.
type doorbell struct {
	conn   *Conn
	post   *region
	box    *mailbox
	number uint32 // of the last call
}

func (d *doorbell) call(name string, c *pb.Call) (*pb.Reply, error) {
	d.number++
	if err := d.box.call.send(d.number, c); err != nil {
		return nil, err
	}
	var started time.Time
	got, err := d.box.reply.wait(d.number-1, func() error {
		select {
		case <-d.conn.Done():
			return d.conn.End()
		default:
		}
		if started.IsZero() {
			started = time.Now() // only now, after checkEvery, so that short calls read no clock
		} else if time.Since(started) > d.conn.limit(name) {
			d.conn.hang(name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if got != d.number {
		return nil, fmt.Errorf("rang with number %d, want %d", got, d.number)
	}
	reply := &pb.Reply{}
	if err := d.box.reply.receive(reply); err != nil {
		return nil, err
	}
	return reply, nil
}

func (d *doorbell) close() { d.post.free() }

// stream carries the calls of a session on a gRPC stream.
type stream struct {
	conn    *Conn
	session uint64
	stream  grpc.BidiStreamingClient[pb.Call, pb.Reply]
	cancel  context.CancelFunc

	outgoing, incoming [][]byte // vectors of the next call that travel in chunks
}

func openStream(c *Conn, session uint64) (*stream, error) {
	ctx, cancel := context.WithCancel(context.Background())
	s, err := c.Client.Session(ctx, grpc.ForceCodecV2(chunkCodec()))
	if err != nil {
		cancel()
		return nil, err
	}
	return &stream{conn: c, session: session, stream: s, cancel: cancel}, nil
}

func (s *stream) call(name string, c *pb.Call) (*pb.Reply, error) {
	hanging := s.conn.watch(name)
	defer hanging.Stop()
	c.Session = s.session
	outgoing, incoming := s.outgoing, s.incoming
	s.outgoing, s.incoming = nil, nil
	// An error of Send means that Recv knows a better one.
	if err := s.stream.Send(c); err == nil {
		_ = sendChunks(s.stream, outgoing, func(data []byte) any {
			return &pb.Call{Call: &pb.Call_Chunk{Chunk: &pb.Chunk{Data: data}}}
		})
	}
	reply, err := s.stream.Recv()
	if err != nil {
		return nil, s.conn.cause(err)
	}
	if reply.GetError() != nil {
		return reply, nil
	}
	for _, v := range incoming {
		var broken *chunkError
		if err := receiveChunks(s.stream, v); errors.As(err, &broken) {
			return nil, err
		} else if err != nil {
			return nil, s.conn.cause(err)
		}
	}
	return reply, nil
}

func (s *stream) close() { s.cancel() }
