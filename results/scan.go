package results

import (
	"bytes"
	"math"
	"strconv"

	"noisebench/protocol"
)

// parts are the values of a point besides that on the train part.
type parts struct{ validation, test Value }

// scanPoint reads a Point from exactly the bytes that Encode writes, several times faster than encoding/json: points
// are most of a file, and tables read all files. It reports false for anything else, such as a point with more names. Values
// of parts are put into what is left of slab's capacity, so that a record has few pieces of memory.
func scanPoint(b []byte, p *Point, slab *[]parts) bool {
	s := scanner{b, true}
	p.Mark = s.integer(`{"mark":`)
	p.Seen = s.integer(`,"seen":`)
	p.Step = int(s.integer(`,"step":`))
	p.BatchSize = int(s.integer(`,"batch_size":`))
	p.Train = s.value(`,"train":`)
	if len(s.rest) > len(`}`) {
		if len(*slab) == cap(*slab) {
			*slab = make([]parts, 0, max(1, len(*slab)))
		}
		*slab = append(*slab, parts{})
		at := &(*slab)[len(*slab)-1]
		if bytes.HasPrefix(s.rest, []byte(`,"validation"`)) {
			at.validation = s.value(`,"validation":`)
			p.Validation = &at.validation
		}
		if bytes.HasPrefix(s.rest, []byte(`,"test"`)) {
			at.test = s.value(`,"test":`)
			p.Test = &at.test
		}
	}
	s.literal(`}`)
	return s.ok && len(s.rest) == 0
}

type scanner struct {
	rest []byte
	ok   bool // so far
}

func (s *scanner) literal(want string) {
	if len(s.rest) < len(want) || string(s.rest[:len(want)]) != want {
		s.ok = false
		return
	}
	s.rest = s.rest[len(want):]
}

// word cuts off what comes before the next comma or brace.
func (s *scanner) word() []byte {
	for n, c := range s.rest {
		if c == ',' || c == '}' {
			word := s.rest[:n]
			s.rest = s.rest[n:]
			return word
		}
	}
	s.ok = false
	return nil
}

func (s *scanner) integer(name string) int64 {
	s.literal(name)
	v, err := strconv.ParseInt(string(s.word()), 10, 64)
	s.ok = s.ok && err == nil
	return v
}

func (s *scanner) value(name string) (v Value) {
	s.literal(name)
	v.Loss = s.number(`{"loss":`)
	v.Metric = s.number(`,"metric":`)
	s.literal(`}`)
	return v
}

func (s *scanner) number(name string) protocol.Number {
	s.literal(name)
	word := s.word()
	switch string(word) {
	case `"NaN"`:
		return protocol.Number(math.NaN())
	case `"+Inf"`:
		return protocol.Number(math.Inf(1))
	case `"-Inf"`:
		return protocol.Number(math.Inf(-1))
	}
	v, err := strconv.ParseFloat(string(word), 64)
	s.ok = s.ok && err == nil
	return protocol.Number(v)
}
