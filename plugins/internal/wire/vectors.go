package wire

import (
	"fmt"
	"slices"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// staging is shared memory for copies of a vector that does not lie in any.
type staging struct {
	mem  []byte
	free func()
}

func (l *staging) room(m *Memory, size int) []byte {
	if len(l.mem) < size {
		l.release()
		l.mem, l.free = m.Alloc(size)
	}
	return l.mem[:size]
}

func (l *staging) release() {
	if l.free != nil {
		l.free()
	}
	*l = staging{}
}

// The vectors of a call, each with staging memory of its own.
const (
	slotX = iota
	slotExamples
	slotSlices // the first of a measurement's
	slots      = slotSlices + protocol.NumSlices
)

// hand prepares v for a call: it refers to v, if the plugin can map its memory, or to a copy in
// shared memory, or has v travel in chunks, or puts v into the message. Vectors are handed in the
// order of the call's fields.
func (s *session) hand(call *pb.Call, v []byte, slot int, read bool) *pb.Vector {
	if s.conn.Transport != Messages {
		if p := s.place(call, v); p != nil {
			return p
		}
		copied := s.own[slot].room(s.conn.memory, len(v))
		if p := s.place(call, copied); p != nil {
			if read {
				copy(copied, v)
			}
			return p
		}
	}
	switch {
	case s.stream != nil && s.conn.chunks && len(v) > chunkSize:
		if read {
			s.stream.outgoing = append(s.stream.outgoing, v)
		} else {
			s.stream.incoming = append(s.stream.incoming, v)
		}
		return &pb.Vector{Chunked: uint64(len(v))}
	case read:
		return &pb.Vector{Inline: v}
	}
	return &pb.Vector{}
}

// handBoth is hand for a vector that the call reads and writes.
func (s *session) handBoth(call *pb.Call, v []byte, slot int) *pb.Vector {
	handed := s.hand(call, v, slot, true)
	if handed.GetChunked() > 0 {
		s.stream.incoming = append(s.stream.incoming, v)
	}
	return handed
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
	s.fresh = append(s.fresh, r)
	call.Regions = append(call.Regions, r.wire())
	return s.place(call, v)
}

// fetch completes v after a call that wrote it: from the copy that the plugin wrote, or from what
// came inside the reply. Chunks are in v already.
func (s *session) fetch(name string, v []byte, handed *pb.Vector, slot int, inline []byte) error {
	if handed.GetChunked() > 0 {
		return nil
	}
	if handed.GetRegion() == 0 {
		if len(inline) != len(v) {
			return s.fail(name, fmt.Errorf("a vector of %d bytes came back, want %d", len(inline), len(v)))
		}
		copy(v, inline)
		return nil
	}
	copy(v, s.staged(handed, slot))
	return nil
}

// staged returns the copy of a vector that was handed over in staging memory, or nil if it was
// handed over in place.
func (s *session) staged(handed *pb.Vector, slot int) []byte {
	mem := s.own[slot].mem
	if mem == nil {
		return nil
	}
	if r := s.conn.memory.find(mem); r == nil || r.id != handed.GetRegion() {
		return nil
	}
	return mem[:handed.GetSize()]
}

// check rejects vectors of the wrong length before they are sent; that is a mistake of the caller.
func (s *session) check(name string, vectors ...int) error {
	for _, n := range vectors {
		if n != s.dim {
			return fmt.Errorf("%s: %s: a vector has %d elements, want %d", s.what, name, n, s.dim)
		}
	}
	return nil
}

// checkSlices rejects a measurement whose slices for the quantities q have the wrong length.
func checkSlices[T protocol.Float](
	s *session, name string, m *protocol.Measurement[T], q protocol.Quantity,
) error {
	for _, v := range m.Slices() {
		if got, want := len(*v.At), v.Of.Elements(s.dim); q.Has(v.Of) && got != want {
			return fmt.Errorf("%s: %s: the slice for the %v has %d elements, want %d", s.what, name, v.Of,
				got, want)
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
