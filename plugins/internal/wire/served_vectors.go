package wire

import (
	"fmt"
	"unsafe"

	pb "noisebench/plugins/internal/wire/noisebenchv1"
	"noisebench/protocol"
)

// place returns the bytes of a vector in shared memory.
func (s *served) place(v *pb.Vector) ([]byte, error) {
	mem := s.regions[v.GetRegion()]
	size, offset := v.GetSize(), v.GetOffset()
	if size > uint64(len(mem)) || offset > uint64(len(mem))-size || offset%8 != 0 {
		return nil, fmt.Errorf("a vector lies at [%d, +%d) of a region of %d bytes, want it inside and "+
			"aligned to 8 bytes",
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

// way is how a vector travels.
type way int

const (
	inPlace way = iota // in shared memory
	inMessage
	inChunks
)

// view returns the n elements of v: where they lie, if that is in shared memory, and else in
// scratch, which then holds what came inline or in chunks. A call's vectors are viewed in the order
// of its fields.
func view[T protocol.Float | int](s *served, v *pb.Vector, n int, a access, scratch *[]T) (
	elements []T, by way, err error,
) {
	if v.GetRegion() != 0 {
		b, err := s.place(v)
		if err != nil {
			return nil, inPlace, err
		}
		if elements = elementsOf[T](b); len(elements) != n {
			return nil, inPlace, fmt.Errorf("a vector has %d elements, want %d", len(elements), n)
		}
		return elements, inPlace, nil
	}
	if v.GetChunked() > 0 {
		by = inChunks
	} else {
		by = inMessage
	}
	if len(*scratch) != n {
		*scratch = nil // freed before there are two
		*scratch = make([]T, n)
	}
	room := bytesOf(*scratch)
	data := uint64(len(v.GetInline()))
	if by == inChunks {
		data = v.GetChunked()
	}
	switch {
	case (a == read || by == inChunks) && data != uint64(len(room)):
		return nil, by, fmt.Errorf("a vector has %d bytes, want %d", data, len(room))
	case a == read && by == inChunks:
		return *scratch, by, s.receive(room)
	case a == read:
		copy(room, v.GetInline())
	}
	return *scratch, by, nil
}

// back returns the bytes of v, which a call wrote, if they travel inside the reply, and remembers
// them if they travel in chunks. A call's vectors go back in the order of its fields.
func back[T protocol.Float](s *served, v []T, by way) []byte {
	switch by {
	case inMessage:
		return bytesOf(v)
	case inChunks:
		s.outgoing = append(s.outgoing, bytesOf(v))
	}
	return nil
}

// rooms are where the slices of a measurement lie that come or go inside messages.
type rooms[T protocol.Float] [protocol.NumSlices][]T

// carrier is a call that carries a measurement: pb.Measure or pb.Step.
type carrier interface {
	GetGradient() *pb.Vector
	GetVariance() *pb.Vector
	GetMore() []*pb.Vector
}

// lay lets m's slices for the quantities q be the vectors of a call. by tells how they travel.
func lay[T protocol.Float](
	s *served, m *protocol.Measurement[T], q protocol.Quantity, dim int, c carrier, a access,
	room *rooms[T],
) (by [protocol.NumSlices]way, err error) {
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
			return by, fmt.Errorf("the call has no vector for the %v", v.Of)
		case i > 1:
			at, more = more[0], more[1:]
		}
		if *v.At, by[i], err = view(s, at, v.Of.Elements(dim), a, &room[i]); err != nil {
			return by, err
		}
	}
	return by, nil
}

// same reports whether two slices are the same memory.
func same[T protocol.Float](a, b []T) bool {
	return len(a) == len(b) && unsafe.SliceData(a) == unsafe.SliceData(b)
}

// count is the number of 8-byte integers in v.
func count(v *pb.Vector) int {
	switch {
	case v.GetRegion() != 0:
		return int(v.GetSize() / 8)
	case v.GetChunked() > 0:
		return int(v.GetChunked() / 8)
	}
	return len(v.GetInline()) / 8
}
