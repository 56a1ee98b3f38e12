package wire

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec that chunkCodec is made of
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
)

// maxChunk is the most that a chunk may have, in bytes.
const maxChunk = 1 << 20

// chunkSize is how much of a vector one chunk carries, in bytes: with its frame it fits into a
// buffer that gRPC uses again. It is smaller in tests.
var chunkSize = maxChunk - 1<<10

// chunkField is the number of the field chunk in Call and Reply, and dataField that of data in
// Chunk.
const (
	chunkField protowire.Number = 15
	dataField  protowire.Number = 1
)

// messenger is a stream of either side.
type messenger interface {
	SendMsg(m any) error
	RecvMsg(m any) error
}

// sendChunks sends vectors in chunks, each as the message that wrap makes of it.
func sendChunks(s messenger, vectors [][]byte, wrap func(data []byte) any) error {
	for _, v := range vectors {
		for len(v) > 0 {
			n := min(len(v), chunkSize)
			if err := s.SendMsg(wrap(v[:n])); err != nil {
				return err
			}
			v = v[n:]
		}
	}
	return nil
}

// chunkError is a violation of the contract's rules on chunks.
type chunkError struct{ text string }

func (e *chunkError) Error() string { return e.text }

// receiveChunks fills v with the chunks that come next.
func receiveChunks(s messenger, v []byte) error {
	for at := 0; at < len(v); {
		c := chunk{into: v[at:]}
		if err := s.RecvMsg(&c); err != nil {
			return err
		}
		if !c.is || c.size < 1 || c.size > min(maxChunk, len(v)-at) {
			return &chunkError{fmt.Sprintf("a chunk of %d bytes came at %d of a vector of %d "+
				"bytes, want 1 to %d",
				c.size, at, len(v), min(maxChunk, len(v)-at))}
		}
		at += c.size
	}
	return nil
}

// chunk receives a chunk into a vector, without memory for the message in between.
type chunk struct {
	into []byte
	size int  // of the chunk's data; they are in into if they fit
	is   bool // the message was a chunk
}

func (c *chunk) unmarshal(message []byte) error {
	field, kind, n := protowire.ConsumeTag(message)
	if n < 0 {
		return protowire.ParseError(n)
	}
	if field != chunkField || kind != protowire.BytesType {
		return nil
	}
	inner, n := protowire.ConsumeBytes(message[n:])
	if n < 0 {
		return protowire.ParseError(n)
	}
	c.is = true
	if len(inner) == 0 {
		return nil
	}
	field, kind, n = protowire.ConsumeTag(inner)
	if n < 0 || field != dataField || kind != protowire.BytesType {
		return errors.New("a chunk has no data")
	}
	data, n := protowire.ConsumeBytes(inner[n:])
	if n < 0 {
		return protowire.ParseError(n)
	}
	if c.size = len(data); c.size <= len(c.into) {
		copy(c.into, data)
	}
	return nil
}

// codec is that of protocol buffers, and reads chunks.
type codec struct{ encoding.CodecV2 }

func chunkCodec() encoding.CodecV2 { return codec{encoding.GetCodecV2("proto")} }

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	into, is := v.(*chunk)
	if !is {
		return c.CodecV2.Unmarshal(data, v)
	}
	message := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer message.Free()
	return into.unmarshal(message.ReadOnlyData())
}

// announced is how many bytes of chunks follow a call: those of the vectors that it reads.
func announced(call *pb.Call) (bytes uint64) {
	var vectors []*pb.Vector
	switch c := call.GetCall().(type) {
	case *pb.Call_Measure:
		vectors = []*pb.Vector{c.Measure.GetX(), c.Measure.GetExamples()}
	case *pb.Call_Evaluate:
		vectors = []*pb.Vector{c.Evaluate.GetX()}
	case *pb.Call_Step:
		vectors = append([]*pb.Vector{c.Step.GetX(), c.Step.GetGradient(), c.Step.GetVariance()},
			c.Step.GetMore()...)
	case *pb.Call_Estimate:
		vectors = []*pb.Vector{c.Estimate.GetX()}
	}
	for _, v := range vectors {
		bytes += v.GetChunked()
	}
	return bytes
}

// receive fills room with the chunks of the call's next vector.
func (s *served) receive(room []byte) error {
	if s.stream == nil {
		return errors.New("a call by doorbell announces chunks, which come on a stream only")
	}
	s.left -= uint64(len(room))
	if s.cut = receiveChunks(s.stream, room); s.cut != nil {
		return s.cut
	}
	return nil
}

// skipChunks discards the chunks of a call that was answered without them, by an error. An error of
// its own ends the stream.
func (s *served) skipChunks() error {
	if s.cut != nil {
		return s.cut
	}
	room := make([]byte, min(s.left, maxChunk))
	for s.left > 0 {
		c := chunk{into: room}
		if err := s.stream.RecvMsg(&c); err != nil {
			return err
		}
		if !c.is || c.size < 1 || uint64(c.size) > s.left {
			return &chunkError{fmt.Sprintf("a chunk of %d bytes came, want 1 to %d", c.size, s.left)}
		}
		s.left -= uint64(c.size)
	}
	return nil
}
